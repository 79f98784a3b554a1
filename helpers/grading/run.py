"""Grade exercises by what comes of them in kernels; no exercise loses points by another, and no student by another student."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from concurrent.futures import ThreadPoolExecutor

from helpers.grading.answer_keys import needs_tensorflow
from helpers.grading.client import CellRun
from helpers.grading.errors import KeyNotebookError, SandboxError
from helpers.grading.kernel_session import Serving, Session
from helpers.grading.sandbox.bubblewrap import MEGABYTE, Limits
from helpers.grading.score import agrees
from helpers.grading.watch import Watch

SHOWN = 2000
"""Characters of an output that feedback shows."""
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
        # Processor time is a last resort: no kernel runs so many cells that all cores could be busy for so long.
        return Limits(memory=self.memory * MEGABYTE, seconds=(os.cpu_count() or 1) * max(600, int(20 * self.timeout)))


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

    def exercise(self, exercise, graft, serving=None):
        """Grade one exercise.

        A kernel that has given nothing but right results serves the same student's next exercise too, which saves its start. What
        is not right there is tried again in a new kernel, so that nobody loses a point by an exercise before.

        Parameters
        ----------
        exercise : Exercise
            With the answers that hold here.
        graft : Graft
            The student's cell.
        serving : Serving, optional
            This student's kernel that serves on.

        Returns
        -------
        dict
            Only what is plain: it is kept as JSON.
        """
        if graft.source is None:
            return {**_result(exercise, graft, [None] * len(exercise.checks)),
                    "status": "missing" if "missing" in graft.note else "not attempted"}
        tensorflow = _needs_tensorflow(exercise, graft)
        session = serving.take(tensorflow) if serving else self._session(tensorflow)
        while True:
            result = None
            try:
                result = self._in_session(exercise, graft, session, session.used or session.tensorflow != tensorflow)
            except SandboxError as error:
                session.refused(error)
            finally:
                if serving and result and result["status"] == "right":
                    serving.keep(session)
                else:
                    session.end()
            if result:
                return result
            session = self._session(tensorflow)

    def _session(self, tensorflow):
        return Session(self.kernels, self.options, self.watch, tensorflow)

    @staticmethod
    def _in_session(exercise, graft, session, shared):
        """Return what came of an exercise, or None where that is not right and what it shares a kernel with may be the reason."""

        def hint(runs):
            """Ask the lesson's own check, where points were lost: it tells what was tried, what came, and a hint."""
            right = all(_check(check, run)["right"] for check, run in zip(exercise.checks, runs))
            return None if right or shared or not exercise.visible else f"{ASK}\n{exercise.visible}"

        try:
            solution, runs, last = session.cells(exercise.setup, graft.source, exercise.hidden(), hint)
        except KeyNotebookError:
            if not shared:
                raise
            return None
        result = _result(exercise, graft, runs)
        if last and last.status == "ok" and last.results:
            result["hint"] = shown(last.results[-1])
        result["printed"] = shown(solution.stdout)
        if solution.status != "ok":
            result["note"] = "; ".join(filter(None, [graft.note, f"your cell: {shown(solution.detail)}"]))
        ended = [run.status for run in [solution, *runs] if run.status not in ("ok", "error")]
        result["status"] = ended[0] if ended else ("right" if result["earned"] == result["points"] else
                                                   "partly right" if result["earned"] else "wrong")
        return None if shared and result["status"] != "right" else result

    def lesson(self, key, grafts):
        """Grade one student's work on one lesson."""
        exercises = {exercise.name: exercise for exercise in key.exercises}
        serving = Serving(self._session, any(_needs_tensorflow(exercises[one.exercise], one) for one in grafts if one.source))
        try:
            results = [self.exercise(exercises[graft.exercise], graft, serving) for graft in grafts]
        finally:
            serving.end()
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
        session = self._session(needs_tensorflow([*exercise.sources(), exercise.solution]))
        try:
            solution, runs, _ = session.cells(exercise.setup, exercise.solution, exercise.hidden())
        except KeyNotebookError as error:
            raise KeyNotebookError(f"the key of {lesson}, exercise {exercise.name}: {error}") from error
        finally:
            session.end()
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


def _needs_tensorflow(exercise, graft):
    return needs_tensorflow([*exercise.sources(), graft.source])


def _result(exercise, graft, runs):
    """Return the beginning of a result: the points, and what is known before anything about a kernel is."""
    checks = [_check(check, run) for check, run in zip(exercise.checks, runs)]
    return {"exercise": exercise.name, "title": exercise.title, "points": exercise.points,
            "earned": sum(check["earned"] for check in checks), "note": graft.note, "status": "", "printed": "", "checks": checks,
            "hint": ""}


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
