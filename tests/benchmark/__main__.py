"""Run the benchmark: see the package."""

import argparse

import helpers.quiet_start  # noqa: F401
from helpers.course.results_page import PAGE
from helpers.tables import Table
from tests.benchmark.entries import find_entries, rows_of, time_in_turn
from tests.benchmark.results_page import HEADERS, updated


def main():
    """Read the command line and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description="Ratios of times, taken in one run.")
    parser.add_argument("word", nargs="?", default="", help="only entries whose name contains this word")
    parser.add_argument("--rounds", type=int, default=3, help="how often each way is timed (default: 3)")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md, with the date and the machine")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, not {options.rounds}")
    if options.word and options.write:
        parser.error("--write writes the whole table; leave the word out")
    entries = find_entries(options.word)
    if not entries:
        parser.error(f"no entry contains {options.word!r}; there are: {', '.join(one.name for one in find_entries())}")
    rows = []
    for one in entries:
        rows += rows_of(one, time_in_turn(one.prepare(), options.rounds))
    print(Table(rows, HEADERS))
    if options.write:
        PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
