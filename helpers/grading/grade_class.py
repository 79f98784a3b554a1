"""Grade a whole class: which work is left, who does it, and what came of it, which is kept: a run that was killed goes on."""

import contextlib
import dataclasses
import hashlib
import json
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from helpers.environment import installed
from helpers.grading.records import ENDED, GradingError, Key, LessonResult, Match, Submission
from helpers.grading.run import Runner, wanted_imports
from helpers.grading.sandbox import SandboxError
from helpers.project import ROOT
from helpers.whole_files import write_whole

SCHEDULER_TIMEOUT = "20s"
VERSIONS = {"python": platform.python_version(),
            **{name: installed(name) or "" for name in ("ipython", "numpy", "tensorflow", "keras")}}
"""Of Python and the packages that results can depend on; empty where one is not installed."""
COURSE = hashlib.sha256(repr([(path.relative_to(ROOT).as_posix(), path.read_bytes())
                              for path in sorted((ROOT / "helpers").rglob("*.py"))]).encode()).hexdigest()
"""Changes with any of the course's own modules, which keys and checks use."""


def work_name(data: bytes, key: Key, options) -> str:
    """Return the name of a file's result: it changes when the file, the key, the options, the course or its packages change."""
    parts = [hashlib.sha256(data).hexdigest(), key.digest, sorted(vars(options).items()), VERSIONS, COURSE]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


@contextlib.contextmanager
def _cluster(scheduler):
    """Provide the executor of a Dask cluster."""
    try:
        import distributed

        client = distributed.Client(scheduler, timeout=SCHEDULER_TIMEOUT)
    except ImportError:
        raise GradingError("--scheduler needs Dask: pip install distributed") from None
    except (OSError, TimeoutError, ValueError) as error:
        raise GradingError(f"no Dask scheduler answers at {scheduler!r}: {error}") from error
    with client, client.get_executor() as pool:
        yield pool


def graded(work: dict[str, tuple[str, list[Match]]], keys: dict[str, Key], runner: Runner, jobs: int = 1,
           scheduler: str | None = None, alone: bool = False) -> Iterator[tuple[str, LessonResult | SandboxError]]:
    """Yield each name of some work (lesson, matches) with its result as it is finished, or with why this machine could not do it.

    Whose worker was ended, and what failed for no fault of a student's, is tried once more while nothing else runs here.
    """
    left = {}
    # Threads suffice, because the work is done by other processes.
    with _cluster(scheduler) if scheduler else ThreadPoolExecutor(jobs) as pool:
        # A key must give its own answers on this machine before it grades, and with another seed it makes them.
        keys = keys if alone else {lesson: runner.key_answers(key, pool.map) for lesson, key in keys.items()}
        futures = {pool.submit(runner.lesson, keys[lesson], matches, alone): name for name, (lesson, matches) in work.items()}
        try:
            for future in as_completed(futures):
                name = futures[future]
                result: Any = future.cancelled() or future.exception() or future.result()  # a lost cluster cancels
                if alone and not isinstance(result, (LessonResult, SandboxError)):
                    raise result
                if alone or (isinstance(result, LessonResult) and all(one.status not in ENDED for one in result.exercises)):
                    yield name, result
                else:
                    left[name] = work[name]
        finally:
            for future in futures:
                future.cancel()
    if left:
        yield from graded(left, keys, runner, alone=True)


def grade_class(submissions: Sequence[Submission], keys: dict[str, Key], runner: Runner, store: Path, *, jobs: int = 1,
                scheduler: str | None = None, say: Callable[[str], None] = print,
                progress: Callable[[int, int], None] = lambda done, of: None) -> list[LessonResult | None]:
    """Grade what `collect` has found and no run before has graded, and return for each submission its result.

    There is None where a submission has a problem, and where this machine could not run it, which it will `say` in a line.

    Parameters
    ----------
    store : Path
        The folder in which results are kept as each is finished, and found again.
    jobs : int
        How many submissions at a time, unless the workers of a Dask `scheduler` (its address) do the work.
    progress : callable, optional
        Called with (done, all) at the beginning and after each piece of work.

    Raises
    ------
    GradingError
        When no work can be graded: a key fails here, no worker starts, no scheduler answers.
    """
    names = [work_name(one.data, keys[one.lesson], runner.options) if one.lesson and not one.problem else ""
             for one in submissions]
    named, results = {name: one for name, one in zip(names, submissions) if name}, {}  # equal files are graded once
    for name in named:
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):  # what cannot be read is graded again
            results[name] = LessonResult.from_dict(json.loads((store / f"{name}.json").read_text(encoding="utf-8")))
    progress(len(results), len(named))
    work = {name: (str(one.lesson), list(one.matches)) for name, one in named.items() if name not in results}
    if work:
        keys = {lesson: keys[lesson] for lesson in sorted({lesson for lesson, _ in work.values()})}
        runner.warm(wanted_imports(list(keys.values()), [match for _, matches in work.values() for match in matches]))
        for name, result in graded(work, keys, runner, jobs, scheduler):
            if isinstance(result, SandboxError):
                say(f"{named[name].path} is not graded yet: {result}. The same command tries it again.")
                continue
            written = json.dumps(dataclasses.asdict(result), indent=1, sort_keys=True)
            write_whole(store / f"{name}.json", f"{written}\n", private=True)
            results[name] = result
            progress(len(results), len(named))
    return [results.get(name) for name in names]
