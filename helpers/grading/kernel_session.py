"""One kernel and the exercises that run in it, one after another, each with names of its own."""

from __future__ import annotations

import dataclasses

from helpers.grading.client import Client
from helpers.grading.errors import KeyNotebookError, SandboxError
from helpers.grading.sandbox.bubblewrap import MEGABYTE
from helpers.grading.watch import memory_of

SEEDING = "import random as _one, numpy as _two\n_one.seed(0)\n_two.random.seed(0)\ndel _one, _two"
"""So that code which draws from the common generators draws the same in every run: equal work gets equal feedback."""
CLEARING = "get_ipython().reset()"
"""IPython's own way to forget every name of the exercise before."""


class Session:
    """A kernel that answers.

    Parameters
    ----------
    kernels : Kernels
        Where it comes from. One that cannot enter its sandbox is replaced by a slower one.
    options : Options
        How long a cell may take, and how much memory.
    watch : Watch
        What looks at its memory.
    tensorflow : bool
        Whether the code that will run asks for TensorFlow or Keras.

    Raises
    ------
    SandboxError
        When no kernel starts.
    """

    def __init__(self, kernels, options, watch, tensorflow):
        self._kernels, self._options, self._watch, self.tensorflow = kernels, options, watch, tensorflow
        self.used = self._watched = False
        """`used`: whether an exercise has run here, which the next one could feel."""
        for _ in range(3):
            self._kernel = kernels.start(tensorflow)
            self._client = Client(self._kernel)
            try:
                if self._client.wait_until_ready():
                    return
                error = SandboxError("a kernel did not start within a minute")
            except SandboxError as refused:
                error = refused
            self.end()
            self.refused(error)
        raise error

    def cells(self, setup, solution, checks, then=lambda runs: None):
        """Run the cells of one exercise.

        Parameters
        ----------
        setup : sequence of str
            Cells of the key's before the solution.
        solution : str
            The student's.
        checks : sequence of str
            Hidden cells.
        then : callable
            Takes what came of the hidden cells and returns one more cell to run, or None.

        Returns
        -------
        solution : CellRun
            What came of the student's cell.
        checks : list of CellRun
            What came of the hidden ones. After the kernel's end they all carry its reason.
        last : CellRun or None
            What came of the one more.

        Raises
        ------
        KeyNotebookError
            When the set-up fails: no student's fault, unless the session was used.
        """
        first, self.used = [CLEARING] if self.used else [], True
        # The set-up is the key's: what it loads is not counted against the student. Sent as one cell, which saves as many
        # conversations with the kernel as there are cells.
        run = self._client.run("\n".join([*first, SEEDING, *setup]), max(self._options.timeout, 60))
        if run.status != "ok":
            raise KeyNotebookError(f"the set-up of an exercise failed: {run.detail}")
        self._watch_memory()
        runs, lost = [], None
        for source in (solution, *checks):
            run = lost or self._client.run(source, self._options.timeout)
            if not lost and run.status not in ("ok", "error"):
                if self._watched and self._watch.remove(self._kernel):
                    run = dataclasses.replace(run, status="memory", detail=f"took more than {self._options.memory} MB of memory")
                lost = dataclasses.replace(run, results=[], stdout="")
            runs.append(run)
        more = None if lost else then(runs[1:])
        return runs[0], runs[1:], self._client.run(more, self._options.timeout) if more else None

    def _watch_memory(self):
        """Watch from the first student's cell to the kernel's end: what one exercise leaves running counts with the next."""
        if self._options.sandbox == "bwrap" and not self._watched:
            self._watch.add(self._kernel, self._options.memory * MEGABYTE, memory_of(self._kernel.processes, 1 << 62))
            self._watched = True

    def refused(self, error):
        """Take note that the kernel's sandbox failed, no student's fault; raises the error where no slower kernel is left."""
        self._kernels.refused(self._kernel, error)

    def end(self):
        """End the kernel and everything it has started."""
        self._watch.remove(self._kernel)
        self._client.close()
        self._kernel.end()


class Serving:
    """The kernel that one student's exercises share for as long as they are right.

    Parameters
    ----------
    new : callable
        Takes whether TensorFlow is wanted, and returns a `Session`.
    tensorflow : bool
        Whether an exercise that needs TensorFlow is among them. Then the first kernel has it ready for all.
    """

    def __init__(self, new, tensorflow):
        self._new, self._tensorflow, self._kept = new, tensorflow, None

    def take(self, tensorflow):
        """Return a session for an exercise that needs TensorFlow, or not."""
        session, self._kept = self._kept, None
        if session and tensorflow and not session.tensorflow:
            session.end()
            session = None
        session = session or self._new(tensorflow or self._tensorflow)
        # Whoever has something wrong is likely to have more, and that is tried in the smallest kernel that will do.
        self._tensorflow = False
        return session

    def keep(self, session):
        """Let a session serve the next exercise too."""
        self._kept = session

    def end(self):
        """End the session that is left."""
        if self._kept:
            self._kept.end()
