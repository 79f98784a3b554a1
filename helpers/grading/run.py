"""Run exercises in kernels: set-up, the student's cell, the hidden cells; each exercise in a kernel of its own."""

from __future__ import annotations

import dataclasses
import functools
import re
from concurrent.futures import ThreadPoolExecutor

from helpers.grading.client import CellRun, Client
from helpers.grading.errors import KeyNotebookError, SandboxError
from helpers.grading.keys import needs_tensorflow
from helpers.grading.sandbox.bubblewrap import MEGABYTE, Limits
from helpers.grading.score import agrees
from helpers.grading.watch import Watch, memory_of

SHOWN = 2000
"""Characters of an output that feedback shows."""
SEEDING = "import random as _one, numpy as _two\n_one.seed(0)\n_two.random.seed(0)\ndel _one, _two"
"""So that code which draws from the common generators draws the same in every run: equal work gets equal feedback."""
ASK = "from helpers.exercises import case, check"
"""What a lesson's own check needs in front of it."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_COLOR = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclasses.dataclass(frozen=True)
class Options:
    """What decides how work is graded; part of the name under which a result is kept.

    Parameters
    ----------
    timeout : float
        Seconds that a cell may take.
    memory : int
        Megabytes that an exercise may take.
    sandbox : {"bwrap", "none"}
        Whether student code is locked in.
    seed : int or None
        Another seed for the hidden inputs.
    """

    timeout: float = 60.0
    memory: int = 2048
    sandbox: str = "bwrap"
    seed: int | None = None

    def limits(self):
        """Return what a kernel may take."""
        return Limits(memory=self.memory * MEGABYTE, seconds=max(60, int(4 * self.timeout)))


def shown(text):
    """Return a text as feedback shows it: without colors, without the addresses that differ from run to run, not too long."""
    text = _ADDRESS.sub("0x...", _COLOR.sub("", text))
    return text if len(text) <= SHOWN else text[:SHOWN] + " ..."


class Runner:
    """Runs exercises; one for each process.

    Parameters
    ----------
    kernels : Kernels
        Where kernels come from.
    options : Options
        How long a cell may take, and how much memory.
    """

    def __init__(self, kernels, options):
        self.kernels, self.options, self.watch = kernels, options, Watch()

    def _kernel(self, tensorflow):
        """Return a kernel that answers, and its client. A kernel that cannot enter its sandbox is replaced by a slower one."""
        for _ in range(3):
            kernel = self.kernels.start(tensorflow)
            client = Client(kernel)
            try:
                if client.wait_until_ready():
                    return kernel, client
                error = SandboxError("a kernel did not start within a minute")
            except SandboxError as refused:
                error = refused
            client.close()
            kernel.end()
            self.kernels.refused(kernel, error)
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
            When the set-up fails: no student's fault.
        """
        kernel, client = self._kernel(needs_tensorflow([*setup, solution, *checks]))
        # The set-up is the key's: what it loads is not counted against the student. Sent as one cell, which saves as many
        # conversations with the kernel as there are cells.
        runs, lost, watched = [], None, False
        try:
            run = client.run("\n".join([SEEDING, *setup]), max(self.options.timeout, 60))
            if run.status != "ok":
                raise KeyNotebookError(f"the set-up of an exercise failed: {shown(run.detail)}")
            if self.options.sandbox == "bwrap":
                watched = True
                self.watch.add(kernel, self.options.memory * MEGABYTE, memory_of(kernel.processes, 1 << 62))
            for source in (solution, *checks):
                run = lost or client.run(source, self.options.timeout)
                if run.status not in ("ok", "error"):
                    if watched and self.watch.remove(kernel):
                        run = dataclasses.replace(
                            run, status="memory", detail=f"took more than {self.options.memory} MB of memory"
                        )
                    watched, lost = False, dataclasses.replace(run, results=[], stdout="")
                runs.append(run)
            more = None if lost else then(runs[1:])
            last = client.run(more, self.options.timeout) if more else None
        finally:
            self.watch.remove(kernel)
            client.close()
            kernel.end()
        return runs[0], runs[1:], last

    def exercise(self, exercise, graft):
        """Grade one exercise.

        Returns
        -------
        dict
            Only what is plain: it is kept as JSON.
        """
        result = {"exercise": exercise.name, "title": exercise.title, "points": exercise.points, "earned": 0, "note": graft.note,
                  "status": "not attempted", "printed": "", "checks": [], "hint": ""}
        if graft.source is None:
            result["status"] = "missing" if "missing" in graft.note else "not attempted"
            result["checks"] = [_check(check, None) for check in exercise.checks]
            return result

        def hint(runs):
            """Ask the lesson's own check, where points were lost: it tells what was tried, what came, and a hint."""
            right = all(_check(check, run)["right"] for check, run in zip(exercise.checks, runs))
            return None if right or not exercise.visible else f"{ASK}\n{exercise.visible}"

        solution, runs, last = self.cells(exercise.setup, graft.source, [check.source for check in exercise.checks], hint)
        if last and last.status == "ok" and last.results:
            result["hint"] = shown(last.results[-1])
        result["printed"] = shown(solution.stdout)
        if solution.status != "ok":
            result["note"] = "; ".join(filter(None, [graft.note, f"your cell: {shown(solution.detail)}"]))
        result["checks"] = [_check(check, run) for check, run in zip(exercise.checks, runs)]
        result["earned"] = sum(check["earned"] for check in result["checks"])
        ended = [run.status for run in [solution, *runs] if run.status not in ("ok", "error")]
        result["status"] = ended[0] if ended else ("right" if result["earned"] == result["points"] else
                                                   "partly right" if result["earned"] else "wrong")
        return result

    def lesson(self, key, grafts):
        """Grade one student's work on one lesson."""
        exercises = {exercise.name: exercise for exercise in key.exercises}
        results = [self.exercise(exercises[graft.exercise], graft) for graft in grafts]
        return {
            "lesson": key.lesson, "points": key.points, "earned": sum(one["earned"] for one in results), "exercises": results,
            "expected": {check.name: check.expected for exercise in key.exercises for check in exercise.checks},
        }

    def key_answers(self, key, jobs=1):
        """Run the key itself in the sandbox, and return it with the answers that this machine gives.

        Parameters
        ----------
        key : Key
            The lesson's key.
        jobs : int
            Exercises at a time.

        Raises
        ------
        KeyNotebookError
            When the key fails here, or, with its own seed, does not give its stored answers: then nobody could.
        """
        with ThreadPoolExecutor(jobs) as pool:
            return dataclasses.replace(
                key, exercises=tuple(pool.map(functools.partial(self._answered, key.lesson), key.exercises))
            )

    def _answered(self, lesson, exercise):
        try:
            solution, runs, _ = self.cells(exercise.setup, exercise.solution, [check.source for check in exercise.checks])
        except KeyNotebookError as error:
            raise KeyNotebookError(f"the key of {lesson}, exercise {exercise.name}: {error}") from error
        checks = []
        for check, run in zip(exercise.checks, runs):
            if solution.status != "ok" or run.status != "ok" or len(run.results) != 1:
                failed = solution if solution.status != "ok" else run
                raise KeyNotebookError(f"the key of {lesson} fails here, in {check.name}: {shown(failed.detail) or 'no result'}")
            if self.options.seed is None and not agrees(run.results, check.expected):
                raise KeyNotebookError(
                    f"the key of {lesson} does not give its own stored answer here, in {check.name}: run the key "
                    "again with this machine's packages, or install the course's versions"
                )
            checks.append(dataclasses.replace(check, expected=run.results[0]))
        return dataclasses.replace(exercise, checks=tuple(checks))

    def close(self):
        """End what runs."""
        self.watch.close()
        self.kernels.close()


def _check(check, run):
    """Return what feedback and score need of one hidden cell."""
    run = run or CellRun(status="not run")
    right = run.status == "ok" and agrees(run.results, check.expected)
    if run.status == "ok":
        came = run.results[-1] if run.results else "nothing"
    else:
        came = run.detail
    return {
        "name": check.name,
        "points": check.points,
        "earned": check.points if right else 0,
        "right": right,
        "status": run.status,
        "came": shown(came),
        "tried": check.source,
    }
