"""Grade exercises by what comes of them in workers; no exercise loses points by another, and no student by another student."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import threading
from collections.abc import Iterator, Sequence

from helpers.grading.answer_keys import defined_names, imported_modules, in_own_scope, needs_tensorflow
from helpers.grading.errors import KeyNotebookError, SandboxError
from helpers.grading.match import lesson_definitions
from helpers.grading.records import ENDED, PARTLY, RIGHT, WRONG, CellRun, CheckResult, ExerciseResult, Key, LessonResult, Match
from helpers.grading.sandbox.confine import MEGABYTE, Limits
from helpers.grading.workers import Workers

SHOWN = 2000
"""Characters of an output that feedback shows."""
SEEDING = "import random as _one, numpy as _two\n_one.seed(0)\n_two.random.seed(0)\ndel _one, _two"
"""So that code which draws from the common generators draws the same in every run: equal work gets equal feedback."""
CLEARING = "get_ipython().reset()"
"""IPython's own way to forget every name of the exercise before."""
HINT_SECONDS = 10
"""What the lesson's own check, or a second run of a hidden one, may take; feedback has less to say where that is too little."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|[\x00-\x08\x0b-\x1f\x7f]")


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
        What the hidden inputs are drawn from, where not from the seed that the keys store.
    """

    timeout: float = 60.0
    memory: int = 2048
    sandbox: str = "bwrap"
    seed: int | None = None

    def limits(self) -> Limits:
        """Return what a worker may take."""
        # Processor time is a last resort: no worker runs so many cells that all cores could be busy for so long.
        return Limits(memory=self.memory * MEGABYTE, seconds=(os.cpu_count() or 1) * max(600, int(20 * self.timeout)))


def shown(text: str) -> str:
    """Return a text as feedback shows it: without colors and control characters, without addresses, not too long."""
    text = _ADDRESS.sub("0x...", _CONTROL.sub("", text))
    return text if len(text) <= SHOWN else text[:SHOWN] + " ..."


class Turns:
    """Many at a time, or one alone."""

    def __init__(self):
        self._changed, self._running, self._alone = threading.Condition(), 0, False

    @contextlib.contextmanager
    def one(self, alone: bool = False) -> Iterator[None]:
        """Wait for a turn, and hold it during a block; nobody else holds one while somebody is alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone)
            self._alone, self._running = alone, self._running + 1
            self._changed.wait_for(lambda: not alone or self._running == 1)
        try:
            yield
        finally:
            with self._changed:
                self._alone, self._running = self._alone and not alone, self._running - 1
                self._changed.notify_all()


class Runner:
    """Runs exercises; one for each process.

    Parameters
    ----------
    modules : sequence of str
        What workers find imported.
    options : Options
        How work is graded.
    """

    def __init__(self, modules: Sequence[str], options: Options):
        self.modules, self.options, self._turns = list(modules), options, Turns()
        self.workers = Workers(options.sandbox, modules, options.limits())
        self._key_calls = {}
        self._lock = threading.Lock()

    def lesson(self, key: Key, matches: Sequence[Match]) -> LessonResult:
        """Grade one student's work on one lesson, by a key with the answers that hold here: see `key_answers`.

        Raises
        ------
        KeyNotebookError
            When the key's own cells fail here, also without any student's.
        SandboxError
            When this machine could not run it for another reason, which is not the student's either.
        """
        return LessonResult(key.lesson, key.seed, self._series(key, matches, self._graded))

    def key_answers(self, key: Key) -> Key:
        """Run the key itself in the sandbox, and return it with the answers that this machine gives.

        Raises
        ------
        KeyNotebookError
            When the key fails here, or, with its own seed, does not give its stored answers: then nobody could.
        """
        solutions = [Match(exercise.name, exercise.solution) for exercise in key.exercises]
        exercises = []
        for exercise, result in zip(key.exercises, self._series(key, solutions, self._answered)):
            self._must_be_right(key, result)
            exercises.append(dataclasses.replace(exercise, checks=tuple(
                dataclasses.replace(check, expected=came.got) for check, came in zip(exercise.checks, result.checks))))
        return dataclasses.replace(key, exercises=tuple(exercises))

    def _series(self, key, matches, attempt):
        """Return the results of a series of exercises.

        A worker that has given nothing but right results serves the next exercise too, which saves its start. What is not right
        there is tried again in a new worker, so that nobody loses a point by an exercise before. Where a worker was ended, or the
        key's own cells failed, it is tried once more while nothing else runs, so that nobody loses one by a busy machine.
        """
        exercises = {exercise.name: exercise for exercise in key.exercises}
        results = []
        with self._turns.one(), contextlib.ExitStack() as stack:
            worker = None
            for match in matches:
                exercise = exercises[match.exercise]
                if match.source is None:
                    results.append(ExerciseResult(exercise.name, exercise.title, exercise.points, 0, match.status, match.note))
                    continue
                for used in (True, False) if worker else (False,):
                    worker = worker or stack.enter_context(contextlib.closing(self.workers.start()))
                    result = attempt(worker, key, exercise, match, used)
                    if result and result.status == RIGHT:
                        break
                    stack.close()
                    worker = None
                    if result and result.status in ENDED:
                        break
                results.append(result)
        return [result if result and result.status not in ENDED else self._alone(key, exercises[match.exercise], match, attempt)
                for match, result in zip(matches, results)]

    def _alone(self, key, exercise, match, attempt):
        """Return what comes of an exercise while nothing else runs."""
        solution = Match(exercise.name, exercise.solution)
        with self._turns.one(alone=True):
            for _ in range(2):
                with contextlib.closing(self.workers.start()) as worker:
                    if result := attempt(worker, key, exercise, match):
                        return result
                with contextlib.closing(self.workers.start()) as worker:
                    self._must_be_right(key, self._answered(worker, key, exercise, solution))
        raise SandboxError(f"the key's cells before exercise {exercise.name} failed here, and they did not before: this machine "
                           "may be too busy, or short of memory")

    def _cells(self, worker, exercise, match, used=False, record=False):
        """Run the cells of one exercise; return what came of the key's set-up, the student's cell and the hidden ones."""
        # Sent as one cell, which saves as many conversations as there are cells.
        setup = worker.run("\n".join([*([CLEARING] if used else []), SEEDING, *exercise.setup]), max(self.options.timeout, 60))
        if setup.status != "ok":
            return setup, CellRun("not run"), []
        sources = [*(["\n".join(match.before)] if match.before else []), match.source, *_hidden(exercise)]
        runs = []
        wanted = sorted(defined_names(exercise.solution)) if record else []
        for source in sources:
            lost = bool(runs) and runs[-1].status in ENDED
            runs.append(dataclasses.replace(runs[-1], printed="") if lost else worker.run(source, self.options.timeout, wanted))
        if match.before and runs[0].status == "error" and runs[1].status == "ok":
            runs[1] = dataclasses.replace(runs[1], status="error", detail=runs[0].detail)
        solution, *checks = runs[bool(match.before):]
        return setup, solution, checks

    def _answered(self, worker, key, exercise, match, used=False):
        """Return what comes of the key's own solution. Under its own seed it must give the answers that it stores."""
        setup, solution, runs = self._cells(worker, exercise, match, used)
        result = _judged(exercise, match, solution, runs,
                         lambda check, run: run.result is not None and (key.seed is not None or run.result == check.expected))
        if setup.status != "ok" or solution.status != "ok":
            failed, result.earned = (setup if setup.status != "ok" else solution), 0
            result.status, result.error = (failed.status if failed.status in ENDED else WRONG), shown(failed.detail)
        return result

    def _must_be_right(self, key, result):
        """Refuse a key that does not work here."""
        wrong = [check for check in result.checks if not check.right]
        if not result.error and not wrong:
            return
        said = (f"fails here before its hidden cells: {result.error}" if result.error else
                f"fails here, in {wrong[0].name}: {shown(wrong[0].got)}" if wrong[0].status != "ok" else
                f"does not give its own stored answer here, in {wrong[0].name}: run the key again with this machine's packages, "
                "or install the course's versions")
        raise KeyNotebookError(f"the key of {key.lesson}, exercise {result.exercise}, {said}")

    def _graded(self, worker, key, exercise, match, used=False):
        """Return what comes of a student's solution, or None where the key's own cells failed."""
        setup, solution, runs = self._cells(worker, exercise, match, used)
        if setup.status != "ok":
            return None
        result = _judged(exercise, match, solution, runs, lambda check, run: run.result == check.expected)
        if result.status in (PARTLY, WRONG) and not used:
            self._explain(worker, key, exercise, result)
        for check in result.checks:
            check.got = shown(check.got)
        result.printed = shown(solution.printed)
        result.error = "" if solution.status == "ok" else shown(solution.detail)
        return result

    def _explain(self, worker, key, exercise, result):
        """Add the lesson's own hint, and for each hidden check the first call that gave something else than the key's."""
        seconds, wanted = min(HINT_SECONDS, self.options.timeout), sorted(defined_names(exercise.solution))
        for number, (source, came) in enumerate(zip(_hidden(exercise), result.checks)):
            if not came.right:
                again = worker.run(f"{SEEDING}\n{source}", seconds, wanted)
                if again.status in ENDED:
                    return
                pairs = zip(again.calls, self._calls_of_key(exercise)[number])
                # What the key gave is told only where it was called in the same way.
                came.call = next((dataclasses.replace(call, expected=of_key.got if call.called == of_key.called else "")
                                  for call, of_key in pairs if call != of_key), None)
        if exercise.visible:
            own = [source for source in lesson_definitions(key, exercise.visible) if not defined_names(source) & set(wanted)]
            said = worker.run("\n".join([*own, exercise.visible]), seconds)
            result.hint = shown(said.result or said.printed) if said.status == "ok" else ""

    def _calls_of_key(self, exercise):
        """Return the calls that each hidden check makes of the key's functions; they are recorded once."""
        with self._lock:
            if exercise not in self._key_calls:
                with contextlib.closing(self.workers.start()) as worker:
                    *_, runs = self._cells(worker, exercise, Match(exercise.name, exercise.solution), record=True)
                self._key_calls[exercise] = [run.calls for run in runs]
            return self._key_calls[exercise]

    def close(self) -> None:
        """End what runs."""
        self.workers.close()


def _hidden(exercise):
    """Return what runs in a worker for each hidden check."""
    return [in_own_scope(check.source, exercise.setup[:exercise.common]) for check in exercise.checks]


def _judged(exercise, match, solution, runs, right):
    """Return the points for what came of the hidden cells; right(check, run) says whether one gave the answer."""
    result = ExerciseResult(exercise.name, exercise.title, exercise.points, note=match.note)
    for check, run in zip(exercise.checks, runs or [CellRun("not run")] * len(exercise.checks)):
        came = CheckResult(check.name, check.points, status=run.status, got=run.detail)
        if run.status == "ok":
            came.got = "nothing" if run.result is None else run.result
            came.earned = check.points if right(check, run) else 0
        result.checks.append(came)
    result.earned = sum(came.earned for came in result.checks)
    ended = [run.status for run in [solution, *runs] if run.status in ENDED]
    result.status = ended[0] if ended else RIGHT if result.earned == result.points else PARTLY if result.earned else WRONG
    return result


def wanted_modules(keys: Sequence[Key], matches: Sequence[Match] = ()) -> list[str]:
    """Return what a warm process should import for these keys, and for what students make of them."""
    exercises = [exercise for key in keys for exercise in key.exercises]
    modules = imported_modules({source for exercise in exercises for source in exercise.setup})
    sources = [text for one in exercises for text in (*one.setup, one.solution, *(check.source for check in one.checks))]
    sources += [text for one in matches for text in (*one.before, one.source or "")]
    return [*(["helpers.quiet_start"] if needs_tensorflow(sources) else []), *modules]
