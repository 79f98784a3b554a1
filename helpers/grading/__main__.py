"""Grade a class, or prepare what a class needs.

    python -m helpers.grading SUBMISSIONS --out RESULTS                 grades, feedback and a gradebook
    python -m helpers.grading graft SUBMISSIONS --out FOLDER            notebooks for `pytest --nbval FOLDER`, without a sandbox
    python -m helpers.grading handout FOLDER --repository OWNER/REPO    the course without keys, solutions and tests
"""

import argparse
import contextlib
import os
import secrets
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from helpers.course.handout import write_handout
from helpers.grading.answer_keys import KEYS, read_keys
from helpers.grading.collect import collect
from helpers.grading.grade_class import VERSIONS, grade_class
from helpers.grading.records import NOTHING_TO_DO, GradingError
from helpers.grading.report import spelled_out, write_grafts, write_report
from helpers.grading.roster import read_roster
from helpers.grading.run import Runner, wanted_imports
from helpers.grading.sandbox import bubblewrap
from helpers.grading.workers import Options, bounds
from helpers.whole_files import write_whole


def parser():
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m helpers.grading")
    commands = made.add_subparsers(dest="command", required=True)
    grade = commands.add_parser("grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for one in (grade, commands.add_parser("graft", description="Write notebooks for plain nbval.")):
        one.add_argument("submissions", type=Path, help="one folder for each student, or all files side by side")
        one.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
        one.add_argument("--keys", type=Path, default=KEYS, help="a folder of key notebooks (default: the course's own)")
        one.add_argument("--roster", type=Path, metavar="FILE", help="the class as Canvas or Moodle exports it, a CSV file")
    # One more than there are cores: a worker that starts or ends also waits.
    jobs = 1 + (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    grade.add_argument("--jobs", type=int, default=jobs, help="submissions at a time (default: processor cores and one more)")
    grade.add_argument("--timeout", type=float, default=60, help="seconds that one cell may take (default: 60)")
    grade.add_argument("--memory", type=int, default=2048, help="megabytes that one exercise may take (default: 2048)")
    grade.add_argument("--sandbox", choices=["bwrap", "none"], default="bwrap",
                       help="bwrap (default) locks each worker in with bubblewrap; none runs student code with your own rights")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, whose workers do the work")
    grade.add_argument("--reveal", action="store_true", help="show the expected answers in the students' feedback")
    grade.add_argument("--seed", type=int,
                       help="what hidden inputs are drawn from (default: the seed kept in the folder --out, else a fresh one)")
    handout = commands.add_parser("handout", description="Write the student edition.")
    handout.add_argument("folder", type=Path, help="a new folder, or an earlier handout")
    handout.add_argument("--repository", metavar="OWNER/REPO", help="where on GitHub students will find it")
    return made


def check(options):
    """Raise a GradingError about what cannot work, before anything is started."""
    if options.out.resolve().is_relative_to(options.submissions.resolve()):
        raise GradingError(f"--out {options.out} lies in {options.submissions} and would be graded as a student next time: "
                           "put it elsewhere")
    if options.command == "grade":
        for name, least in (("jobs", 1), ("timeout", 0.1), ("memory", 64), ("seed", 0)):
            value = getattr(options, name)
            if value is not None and not value >= least:  # nor what is no number
                raise GradingError(f"--{name} must be at least {least}, not {value}")
        if options.sandbox == "bwrap":
            bubblewrap.find(options.submissions, options.out, options.keys)


def chosen_seed(out, seed=None):
    """Return the seed that is given, else the one that a run into the same folder has kept, else a fresh one; keep it."""
    path = out / "seed.txt"
    try:
        seed = int(path.read_text(encoding="ascii")) if seed is None else seed
    except (OSError, ValueError):
        seed = secrets.randbelow(2**31)
    try:
        write_whole(path, f"{seed}\n", private=True)
    except OSError as error:
        raise GradingError(f"--out {out} cannot be written to ({error.strerror}): name another folder") from error
    return seed


def read(options, keys, say, *meet):
    """Read the class, say what was noticed, and return it."""
    say(f"Reading {options.submissions} ...")
    the_class = collect(options.submissions, keys, read_roster(options.roster) if options.roster else None, *meet)
    for line in (*the_class.remarks, *(f"Not graded: {one.path}: {one.problem}" for one in the_class.submissions
                                       if one.problem not in ("", NOTHING_TO_DO))):
        say(line)
    return the_class


def run(options, console):
    """Do what the command line asks for."""
    def say(line):
        console.print(spelled_out(line), markup=False, highlight=False, soft_wrap=True)

    if options.command == "handout":
        return say(write_handout(options.folder, options.repository))
    check(options)
    if options.command == "graft":
        keys = read_keys(options.keys)
        count = write_grafts(read(options, keys, say).submissions, keys, options.out)
        return say(f"{count} notebooks. Run: python -m pytest --nbval {options.out}")
    seed = chosen_seed(options.out, options.seed)
    keys = read_keys(options.keys, seed=seed)
    with contextlib.closing(Runner((), Options(options.timeout, options.memory, options.sandbox))) as runner:
        the_class = read(options, keys, say, lambda met: runner.warm(wanted_imports(met)))
        say(f"Seed {seed}: --seed {seed} draws the same hidden inputs again.")
        if options.sandbox == "none":
            say("No sandbox: student code runs with your rights and can read and change all that you can, this class's grades "
                "and keys among it.")
        with Progress(console=console) as bar:
            task = bar.add_task("", total=None)
            results = grade_class(the_class.submissions, keys, runner, options.out / "work", jobs=options.jobs, say=say,
                                  scheduler=options.scheduler, progress=lambda done, of: bar.update(
                                      task, completed=done, total=of, description=f"{done} of {of} graded"))
    facts = {"seed": seed, "limits": bounds(options.sandbox), "seconds a cell": options.timeout,
             "megabytes an exercise": options.memory, "versions": VERSIONS}
    written = write_report(options.out, the_class, results, options.reveal, facts)
    say(f"{sum(result is not None for result in results)} of {len(results)} files graded. Read {written}")


def main(arguments=None):
    """Read the command line; an error is one sentence."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] not in ("grade", "graft", "handout"):
        arguments.insert(0, "grade")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal's encoding lacks is spelled out
            stream.reconfigure(errors="backslashreplace")
    try:
        run(parser().parse_args(arguments), Console())
        return 0
    except GradingError as error:
        print(f"helpers.grading: {spelled_out(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept: the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
