"""Grade exercises by what comes of them in workers; no exercise loses points by another, and no student by another student."""

import ast
import contextlib
import dataclasses
import functools
import re
from collections.abc import Callable, Sequence

from helpers.grading.reading import defined_names
from helpers.grading.records import ENDED, PARTLY, RIGHT, CheckResult, ExerciseResult, Key, KeyNotebookError, LessonResult, Match
from helpers.grading.sandbox import SandboxError
from helpers.grading.workers import Workers

SHOWN = 2000  # characters of an output that feedback shows
SEEDING = "import random as _one, numpy as _two\n_one.seed(0)\n_two.random.seed(0)\ndel _one, _two"
"""So that code which draws from the common generators draws the same in every run: equal work gets equal feedback."""
CLEARING = "get_ipython().reset()"  # IPython's own way to forget every name of an exercise before
HINT_SECONDS = 10  # what the lesson's own check may take; feedback has no hint where that is too little
WITH_TENSORFLOW = re.compile(r"\b(tensorflow|keras)\b|\bhelpers\b[\w\s.,(]{0,200}\b(layers|pretrained|progress)\b")
"""What asks for TensorFlow, or for a module of the course that imports it at once."""
_KERAS = """import sys; sys.modules |= dict.fromkeys({aside}); import keras; _ = [*map(sys.modules.pop, {aside})]
# TensorFlow makes and optimizes a function for each operation that runs alone, unless it is told not to.
sys.modules.get("tensorflow.python.pywrap_tfe", sys).TFE_ContextOptionsSetRunEagerOpAsFunction = lambda *_: None"""
_ASIDE = {"matplotlib": "visualization", "pandas": "pandas|as_frame", "scipy": "(?!)", "sklearn": "wrappers"}
"""What Keras would import too, or wrap, which takes long, and the words of code that needs it to; "(?!)" finds none."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|[\x00-\x08\x0b-\x1f\x7f]")


def shown(text: str) -> str:
    """Return a text as feedback shows it: without colors and control characters, without addresses, not too long."""
    text = _ADDRESS.sub("0x...", _CONTROL.sub("", text))
    return text if len(text) <= SHOWN else text[:SHOWN] + " ..."


class Runner(Workers):
    """Runs exercises in workers, from which it is made as `Workers` are; one for each process."""

    def __reduce__(self):
        return _runner, (self.imports, self.options)  # a cluster's worker makes one there, for all the work that it gets

    def lesson(self, key: Key, matches: Sequence[Match], alone: bool = False) -> LessonResult:
        """Grade one student's work on one lesson, by a key with the answers that hold here: see `key_answers`.

        A worker that has given nothing but right results serves the next exercise too, which saves its start, unless each is to
        have one `alone`. What is not right there is tried again in a new one: nobody loses a point by an exercise before.
        Raises KeyNotebookError when the key's own cells fail here, also without any student's, and SandboxError when this machine
        could not run it for another reason, which is not the student's either.
        """
        exercises, results, worker = {one.name: one for one in key.exercises}, [], None
        with contextlib.ExitStack() as stack:
            for match in matches:
                exercise = exercises[match.exercise]
                result = ExerciseResult(exercise.name, exercise.title, exercise.points, 0, match.status, match.note)
                for used in () if match.source is None else (True, False) if worker else (False,):
                    worker = worker or stack.enter_context(contextlib.closing(self.start()))
                    result = self._graded(worker, key, exercise, match, used)
                    if result.status != RIGHT or alone:
                        stack.close()
                        worker = None
                    # A time-out would only take as long again.
                    if result.status == RIGHT or result.status in ENDED:
                        break
                results.append(result)
        return LessonResult(key.lesson, key.seed, results)

    def key_answers(self, key: Key, each: Callable = map) -> Key:
        """Run the key itself in the sandbox, several exercises at a time if `each` does; return it with this machine's answers.

        Raises KeyNotebookError when it fails here twice, or, with its own seed, does not give its stored answers: nobody could.
        """
        return dataclasses.replace(key, exercises=tuple(each(functools.partial(self._answered, key), key.exercises)))

    def _answered(self, key, exercise, again=True):
        """Return an exercise with the answers that its own solution gives here, and the calls that come before them."""
        with contextlib.closing(self.start()) as worker:
            setup, solution, runs = self._cells(worker, exercise, Match("", exercise.solution))
        places = ["before its hidden cells"] * 2 + [f"in {check.name}" for check in exercise.checks]
        failed = [f"fails here, {place}: {shown(run.detail)}" for place, run in zip(places, (setup, solution, *runs))
                  if run.status != "ok"]
        failed += [f"does not give its own stored answer here, in {check.name}: run the key again with this machine's packages, "
                   "or install the course's versions" for check, run in zip(exercise.checks, runs)
                   if run.result is None or (key.seed is None and run.result != check.expected)]
        if failed and again:
            return self._answered(key, exercise, again=False)
        if failed:
            raise KeyNotebookError(f"the key of {key.lesson}, exercise {exercise.name}, {failed[0]}")
        return dataclasses.replace(exercise, checks=tuple(
            dataclasses.replace(check, expected=str(run.result), calls=tuple(run.calls))
            for check, run in zip(exercise.checks, runs)))

    def _cells(self, worker, exercise, match):
        """Run the cells of one exercise; return what came of the key's set-up, the student's cell and the hidden ones."""
        # Sent as one cell, which saves as many conversations as there are cells.
        setup = worker.run("\n".join([CLEARING, SEEDING, *exercise.setup]), max(self.options.timeout, 60))
        before = worker.run("\n".join(match.before), self.options.timeout) if match.before else setup
        solution = worker.run(match.source, self.options.timeout)
        # Feedback tells calls of what the student is to write, and a hidden cell gives none of these names another value.
        names = sorted(defined_names(exercise.solution))
        checks = [worker.run(check.source, self.options.timeout, names) for check in exercise.checks]
        if before.status == "error" and solution.status == "ok":
            solution = dataclasses.replace(before, printed=solution.printed)
        return setup, solution, checks

    def _graded(self, worker, key, exercise, match, used):
        """Return what comes of a student's solution, with the lesson's own hint where it ran in a new worker."""
        setup, solution, runs = self._cells(worker, exercise, match)
        result = ExerciseResult(exercise.name, exercise.title, exercise.points, note=match.note, printed=shown(solution.printed))
        if setup.status != "ok" and used:
            return result
        if setup.status != "ok":
            self._answered(key, exercise)
            raise SandboxError(f"the key's cells before exercise {exercise.name} failed here, and a moment later did not: this "
                               "machine may be too busy, or short of memory")
        result.error = "" if solution.status == "ok" else shown(solution.detail)
        for check, run in zip(exercise.checks, runs):
            got = run.detail if run.status != "ok" else "nothing" if run.result is None else run.result
            earned = check.points if run.status == "ok" and run.result == check.expected else 0
            # What the key gave is told only where it was called in the same way.
            differing = [dataclasses.replace(call, expected=of_key.got if call.called == of_key.called else "")
                         for call, of_key in zip(run.calls, check.calls) if call != of_key and not earned]
            result.checks.append(CheckResult(check.name, check.points, earned, run.status, shown(got), *differing[:1]))
        result.earned = sum(check.earned for check in result.checks)
        result.status = next((run.status for run in (solution, *runs) if run.status in ENDED),
                             RIGHT if result.earned == result.points else PARTLY if result.earned else result.status)
        if result.status not in (RIGHT, *ENDED) and exercise.visible and not used:
            said = worker.run(exercise.visible, min(HINT_SECONDS, self.options.timeout))
            result.hint = shown(said.result or said.printed) if said.status == "ok" else ""
        return result


@functools.lru_cache(maxsize=1)
def _runner(imports, options):
    return Runner(imports, options)


def wanted_imports(keys: Sequence[Key], matches: Sequence[Match] = ()) -> list[str]:
    """Return the imports that a warm process should run for these keys, and for what students make of them."""
    exercises = [exercise for key in keys for exercise in key.exercises]
    imports = {ast.unparse(node) for one in exercises for source in one.setup for node in ast.walk(ast.parse(source))
               if isinstance(node, (ast.Import, ast.ImportFrom))}
    sources = [text for one in exercises for text in (*one.setup, one.solution, *(check.source for check in one.checks))]
    sources += [text for one in matches for text in (*one.before, one.source or "")]
    if any("matplotlib" in one for one in sources):
        imports.add("import matplotlib.pyplot")  # a worker would look for the system's fonts each time
    aside = [name for name, words in _ASIDE.items() if not any(re.search(words, one) for one in sources)]
    return [*([_KERAS.format(aside=aside)] if any(map(WITH_TENSORFLOW.search, sources)) else []), *sorted(imports)]
