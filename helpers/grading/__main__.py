"""Grade a class: `python -m helpers.grading SUBMISSIONS --out RESULTS`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from helpers.grading.answer_keys import KEYS, read_keys, with_seed
from helpers.grading.collect import collect
from helpers.grading.errors import GradingError
from helpers.grading.grade_class import grade_class
from helpers.grading.report import write_report
from helpers.grading.run import Options
from helpers.grading.sandbox import bubblewrap
from helpers.grading.store import Store


def parser():
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m helpers.grading", description="Grade a class's notebooks, fairly and safely.")
    made.add_argument(
        "submissions", type=Path, help="a folder with one folder for each student, or with all notebooks side by side"
    )
    made.add_argument("--out", type=Path, required=True, metavar="RESULTS", help="the folder for grades, results and feedback")
    made.add_argument(
        "--jobs",
        type=int,
        # One more than there are cores: a kernel that starts or ends also waits.
        default=1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
        help="submissions at a time (default: the processor cores and one more)",
    )
    made.add_argument("--timeout", type=float, default=60, help="seconds that one cell may take (default: 60)")
    made.add_argument("--memory", type=int, default=2048, help="megabytes that one exercise may take (default: 2048)")
    made.add_argument("--sandbox", choices=["bwrap", "none"], default="bwrap",
                      help="bwrap (default) locks each kernel in with bubblewrap; none runs student code with your own rights")
    made.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, whose workers do the work")
    made.add_argument("--reveal", action="store_true", help="show the expected answers in the students' feedback")
    made.add_argument("--seed", type=int, help="draw the hidden inputs afresh; the key computes their answers")
    made.add_argument("--keys", type=Path, default=KEYS, help="the folder of key notebooks (default: helpers/grading/keys)")
    return made


def check(options):
    """Refuse what cannot work before anything is started.

    Raises
    ------
    GradingError
        With what to write instead.
    """
    for name, least in (("jobs", 1), ("timeout", 0.1), ("memory", 64)):
        if getattr(options, name) < least:
            raise GradingError(f"--{name} must be at least {least}, not {getattr(options, name)}")
    if options.out.resolve().is_relative_to(options.submissions.resolve()):
        raise GradingError(f"--out {options.out} lies in {options.submissions} and would be graded as a student next time: "
                           "put it elsewhere")
    if options.seed is not None and options.seed < 0:
        raise GradingError(f"--seed must not be negative, got {options.seed}")
    if options.sandbox == "bwrap":
        bubblewrap.refuse_visible(options.submissions, options.out, options.keys)


def run(options, console):
    """Do the whole pipeline; return the exit code."""
    check(options)
    keys = read_keys(options.keys)
    if options.seed is not None:
        keys = {lesson: with_seed(key, options.seed) for lesson, key in keys.items()}
    if options.sandbox == "none":
        console.print("[bold]No sandbox[/bold]: student code runs with your rights and can read and change all that you can, "
                      "this class's grades and keys among it.")
    submissions = collect(options.submissions, keys).submissions
    chosen = Options(options.timeout, options.memory, options.sandbox, options.seed)
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=None)

        def progress(done, of, students):
            bar.update(task, completed=done, total=of, description=", ".join(students)[:60])

        results = grade_class(
            submissions,
            keys,
            chosen,
            Store(options.out / "work"),
            jobs=options.jobs,
            scheduler=options.scheduler,
            say=lambda line: console.print(line, markup=False),
            progress=progress,
        )
    # Stand-in until report's branch is joined.
    old = [one and {**one.as_dict(), "points": one.points, "earned": one.earned, "expected": {}} for one in results]
    for one in filter(None, old):
        for exercise in one["exercises"]:
            for came in exercise["checks"]:
                came.update(right=came["earned"] == came["points"], came=came["got"], tried="")
    students = [dataclasses.replace(one, student=one.student.name) for one in submissions]
    written = write_report(options.out, students, old, keys, reveal=options.reveal)
    for one in submissions:
        if one.problem:
            console.print(f"Not graded: {one.path}: {one.problem}", markup=False)
    console.print(
        f"{sum(result is not None for result in results)} of {len(submissions)} submissions graded. Read {written}", markup=False
    )
    return 0


def main(arguments=None):
    """Read the command line; an error is one sentence."""
    options = parser().parse_args(arguments)
    console = Console(stderr=False)
    try:
        return run(options, console)
    except GradingError as error:
        print(f"helpers.grading: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept: the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
