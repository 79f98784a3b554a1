"""Grade on this machine, several submissions at a time. Threads suffice: the work is done by the kernels, which are processes."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

from helpers.grading.keys import needs_tensorflow


def halves(key):
    """Return a key twice, with the exercises that need no TensorFlow and with those that do; either may have none."""
    heavy = {exercise.name: needs_tensorflow([*exercise.sources(), exercise.solution]) for exercise in key.exercises}
    return tuple(dataclasses.replace(key, exercises=tuple(one for one in key.exercises if heavy[one.name] is wanted))
                 for wanted in (False, True))


class Halves:
    """Which half of whose work comes next: what needs TensorFlow as soon as that can be graded, and the rest until then.

    Parameters
    ----------
    names : iterable of str
        Of the works.
    ready : callable
        Whether what needs TensorFlow can be graded without waiting.

    Examples
    --------
    >>> halves = Halves("ab", lambda: halves.left[0] == ["b"])
    >>> [halves.take() for _ in range(4)]
    [('a', 0), ('a', 1), ('b', 1), ('b', 0)]
    """

    def __init__(self, names, ready):
        self.left = list(names), list(names)
        self._ready, self._lock = ready, threading.Lock()

    def take(self):
        """Return the name of a work and which half of it; there are two for each name."""
        with self._lock:
            light, heavy = self.left
            half = int(not light or (bool(heavy) and self._ready()))
            return self.left[half].pop(0), half


def joined(key, results):
    """Return the results of both halves of a submission as one, in the order of the key."""
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
        next_half = Halves(work, lambda: all(answers.done() for answers in coming.values()))

        def graded():
            name, half = next_half.take()
            lesson, grafts = work[name]
            key = coming[lesson].result() if half else answered[lesson]
            mine = {exercise.name for exercise in key.exercises}
            return name, runner.lesson(key, [graft for graft in grafts if graft.exercise in mine])

        futures = [pool.submit(graded) for _ in 2 * list(work)]
        finished = {name: [] for name in work}
        try:
            for future in as_completed(futures):
                name, result = future.result()
                finished[name].append(result)
                if len(finished[name]) == 2:
                    yield name, joined(keys[work[name][0]], finished.pop(name))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
