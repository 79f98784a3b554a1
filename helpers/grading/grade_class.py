"""Grade a whole class: which work is left, who does it, and what came of it."""

from __future__ import annotations

import functools
import pickle
import threading

from helpers.grading.answer_keys import imported_modules, needs_tensorflow
from helpers.grading.errors import GradingError
from helpers.grading.graft import Graft, graft
from helpers.grading.kernels import Kernels
from helpers.grading.run import Runner
from helpers.grading.store import work_name
from helpers.grading.threads import by_threads


def new_runner(keys, options, say=print, warm=True):
    """Return a runner whose warm kernels have imported what these keys import."""
    exercises = [exercise for key in keys.values() for exercise in key.exercises]
    kernels = Kernels(
        options.sandbox, imported_modules({one for each in exercises for one in each.setup}), options.limits(), say, warm
    )
    for tensorflow in sorted(
        {needs_tensorflow([*exercise.sources(), exercise.solution]) for exercise in exercises}, reverse=True
    ):
        kernels.prepare(tensorflow)
    return Runner(kernels, options)


SCHEDULER_TIMEOUT = "20s"
_starting = threading.Lock()


@functools.lru_cache(maxsize=1)
def _runner_of_worker(pickled):
    """Return the runner of a Dask worker: one for all the work that it gets."""
    return new_runner(*pickle.loads(pickled))


def _on_worker(pickled, key, grafts):
    with _starting:
        runner = _runner_of_worker(pickled)
    return runner.lesson(key, grafts)


def _by_dask(work, keys, runner, options, scheduler):
    """Yield (name, result) as a Dask cluster finishes work; before that, run the keys here."""
    try:
        import distributed
    except ImportError:
        raise GradingError("--scheduler needs Dask: pip install distributed") from None
    try:
        client = distributed.Client(scheduler, timeout=SCHEDULER_TIMEOUT)
    except (OSError, TimeoutError, ValueError) as error:
        raise GradingError(f"no Dask scheduler answers at {scheduler!r}: {error}") from error
    with client:
        keys = {lesson: runner.key_answers(key) for lesson, key in keys.items()}
        pickled = pickle.dumps((keys, options))
        futures = {client.submit(_on_worker, pickled, keys[lesson], grafts, pure=False, key=f"grade-{name}"): name
                   for name, (lesson, grafts) in work.items()}
        for future in distributed.as_completed(futures):
            try:
                result = future.result()
            except distributed.KilledWorker as error:
                raise GradingError(f"workers of the Dask cluster were lost: {error}. What is finished is kept") from error
            yield futures[future], result


def _grafted(key, submission):
    """Return what will run of a submission. This is done here, outside the sandbox, so no student's code may stop it."""
    try:
        return graft(key, submission.cells)
    except Exception as error:
        note = f"this notebook could not be taken apart ({type(error).__name__})"
        return [Graft(exercise.name, None, note) for exercise in key.exercises]


def grade_class(submissions, keys, options, store, *, jobs=1, scheduler=None, say=print, progress=None, warm=True):
    """Grade what is not graded yet.

    Parameters
    ----------
    submissions : list of Submission
        As `collect` returns them.
    keys : dict of str to Key
        All keys.
    options : Options
        How work is graded.
    store : Store
        Where results are kept, and found.
    jobs : int
        How many submissions at a time.
    scheduler : str, optional
        The address of a Dask scheduler, whose workers do the work instead.
    say : callable
        Takes a line for the instructor.
    progress : callable, optional
        Called with (done, all, students) at the beginning and after each piece of work.
    warm : bool
        Whether to fork kernels from warm templates.

    Returns
    -------
    list of dict or None
        For each submission its result, or None where it has none because of its problem.
    """
    names = [None if one.problem else work_name(one.data, keys[one.lesson], options) for one in submissions]
    results, work, students = {}, {}, {}
    for name, one in zip(names, submissions):
        if name is None:
            continue
        students.setdefault(name, []).append(one.student)
        if name not in results and name not in work:
            kept = store.get(name)
            if kept is None:
                work[name] = one
            else:
                results[name] = kept
    progress, of = progress or (lambda done, of, who: None), len(results) + len(work)
    progress(len(results), of, [])
    if work:
        needed = {one.lesson: keys[one.lesson] for one in work.values()}
        # First of all, so that the warm kernels import while the submissions are taken apart.
        runner = new_runner(needed, options, say, warm)
        try:
            work = {name: (one.lesson, _grafted(keys[one.lesson], one)) for name, one in work.items()}
            # A key must give its own answers on this machine before it grades, and with another seed it makes them.
            finished = _by_dask(work, needed, runner, options, scheduler) if scheduler else by_threads(work, needed, runner, jobs)
            for name, result in finished:
                store.put(name, result)
                results[name] = result
                progress(len(results), of, students[name])
        finally:
            runner.close()
    return [results.get(name) for name in names]
