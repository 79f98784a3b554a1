"""What an entry of the benchmark is, and how entries are found and timed."""

import importlib
import pkgutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import tests.benchmark

ENTRIES = []


@dataclass(frozen=True)
class Entry:
    """One piece of work, done in several ways.

    Parameters
    ----------
    name : str
        What is measured, in words.
    prepare : callable
        Returns a dict: for each way a function without arguments that does the work once, or the seconds themselves, as a list,
        where one run measures all ways. The first is the one the course uses. The one called `baseline` is what all are
        divided by.
    baseline : str
        The way that the others are compared with.
    limit : float, optional
        How many times the baseline the course's way may take.
    pieces : tuple of int and str, optional
        How many pieces of what each way works through, for those that do it one after another.
    """

    name: str
    prepare: Callable
    baseline: str
    limit: float | None = None
    pieces: tuple | None = None


def entry(name, *, baseline, limit=None, pieces=None):
    """Register the function below as the `prepare` of an entry."""
    def register(prepare):
        ENTRIES.append(Entry(name, prepare, baseline, limit, pieces))
        return prepare
    return register


def find_entries(word=""):
    """Import all modules of this package whose name begins with `measure_` and return their entries."""
    for module in pkgutil.iter_modules(tests.benchmark.__path__):
        if module.name.startswith("measure_"):
            importlib.import_module(f"tests.benchmark.{module.name}")
    return [one for one in ENTRIES if word.lower() in one.name.lower()]


def time_in_turn(ways, rounds):
    """Time each way once per round, one after another, so that a busy moment of the machine hits all of them.

    Each way runs once before, untimed: graphs are traced and memory is taken in the first run.

    Parameters
    ----------
    ways : dict of str to callable
        The work; or lists of seconds, which are returned as they are.
    rounds : int
        How often.

    Returns
    -------
    dict of str to list of float
        Seconds.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    if ways and not any(callable(way) for way in ways.values()):
        return ways
    seconds = {name: [] for name in ways}
    for way in ways.values():
        way()
    for number in range(rounds):
        names = list(ways) if number % 2 == 0 else list(ways)[::-1]
        for name in names:
            start = time.perf_counter()
            ways[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def rows_of(one, seconds):
    """Return the rows of the table for one entry: way, median seconds, ratio to the baseline, remarks.

    The ratio is the median over the rounds of the ratio within a round.
    """
    if one.baseline not in seconds:
        raise ValueError(f"{one.name}: the baseline {one.baseline!r} is none of {', '.join(seconds)}")
    rows = []
    for number, (name, times) in enumerate(seconds.items()):
        ratio = statistics.median(mine / base for mine, base in zip(times, seconds[one.baseline]))
        median, remarks = statistics.median(times), []
        if number == 0 and one.limit is not None:
            remarks.append(f"limit {one.limit:g}: {'kept' if ratio <= one.limit else 'EXCEEDED'}")
        if one.pieces:
            count, what = one.pieces
            remarks.append(f"{60 * count / median:.0f} {what} a minute")
        rows.append((one.name if number == 0 else "", name, f"{median:.2f}", f"{ratio:.2f}", "; ".join(remarks)))
    return rows
