"""Grade on this machine, several submissions at a time. Threads suffice: the work is done by the kernels, which are processes."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

from helpers.grading.answer_keys import needs_tensorflow


def halves(key):
    """Return a key twice, with the exercises that need no TensorFlow and with those that do; either may have none."""
    heavy = {exercise.name: needs_tensorflow([*exercise.sources(), exercise.solution]) for exercise in key.exercises}
    return tuple(dataclasses.replace(key, exercises=tuple(one for one in key.exercises if heavy[one.name] is wanted))
                 for wanted in (False, True))


LIGHT, HEAVY, WHOLE = range(3)


class Parts:
    """Which part of whose work comes next: whole works as soon as they can be graded, and until then what needs no TensorFlow.

    Parameters
    ----------
    names : iterable of str
        Of the works.
    ready : callable
        Whether what needs TensorFlow can be graded without waiting.

    Examples
    --------
    >>> parts = Parts("abc", lambda: parts.left == ["c"])
    >>> [parts.take() for _ in range(6)]
    [('a', 0), ('b', 0), ('a', 1), ('b', 1), ('c', 2), None]
    """

    def __init__(self, names, ready):
        self.left, self._begun = list(names), []
        self._ready, self._lock = ready, threading.Lock()

    def take(self):
        """Return the name of a work and which part of it, or None when there is no more."""
        with self._lock:
            if self.left and not self._ready():
                self._begun.append(self.left.pop(0))
                return self._begun[-1], LIGHT
            if self._begun:
                return self._begun.pop(0), HEAVY
            return (self.left.pop(0), WHOLE) if self.left else None


def joined(key, results):
    """Return the results of a submission's parts as one, in the order of the key."""
    exercises = {one["exercise"]: one for result in results for one in result["exercises"]}
    expected = {name: answer for result in results for name, answer in result["expected"].items()}
    return {
        "lesson": key.lesson, "points": key.points, "earned": sum(result["earned"] for result in results),
        "exercises": [exercises[exercise.name] for exercise in key.exercises],
        "expected": {check.name: expected[check.name] for exercise in key.exercises for check in exercise.checks},
    }


def by_threads(work, keys, runner, jobs):
    """Grade submissions, first what needs no TensorFlow, because that is still being imported.

    Parameters
    ----------
    work : dict of str to (str, list of Graft)
        Lesson and solutions of each submission, by the name of the work.
    keys : dict of str to Key
        The keys of these lessons, as they were read: each is run here before the work that it grades.
    runner : Runner
        What runs exercises.
    jobs : int
        How many at a time.

    Yields
    ------
    name : str
        Of the work.
    result : dict
        What came of it.

    Raises
    ------
    KeyNotebookError
        When a key fails here.
    """
    parts = {lesson: halves(key) for lesson, key in keys.items()}
    answered = {lesson: runner.key_answers(light, jobs) for lesson, (light, _) in parts.items()}
    with ThreadPoolExecutor(jobs) as pool:
        # First in the queue, so that whoever waits for them waits for something that runs.
        coming = {lesson: pool.submit(runner.key_answers, heavy, jobs) for lesson, (_, heavy) in parts.items()}
        parts_left = Parts(work, lambda: all(answers.done() for answers in coming.values()))

        def graded():
            taken = parts_left.take()
            if taken is None:
                return None
            name, part = taken
            lesson, grafts = work[name]
            exercises = [] if part == HEAVY else [*answered[lesson].exercises]
            exercises += [] if part == LIGHT else coming[lesson].result().exercises
            mine = {exercise.name for exercise in exercises}
            key = dataclasses.replace(keys[lesson], exercises=tuple(exercises))
            return name, part, runner.lesson(key, [graft for graft in grafts if graft.exercise in mine])

        # As many as there can be: a work that comes whole leaves one of them nothing to do.
        futures = [pool.submit(graded) for _ in 2 * list(work)]
        finished = {name: [] for name in work}
        try:
            for future in as_completed(futures):
                if future.result() is None:
                    continue
                name, part, result = future.result()
                finished[name].append(result)
                if part == WHOLE or len(finished[name]) == 2:
                    yield name, joined(keys[work[name][0]], finished.pop(name))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
