"""How much memory a lesson takes: the peak of its kernel, beside what a free Binder can give to one lesson.

    python -m tests.benchmark.memory                        all lessons on the sample
    python -m tests.benchmark.memory 01_mnist_softmax --real

Binder gives 2 GB to the server and all open kernels. The peak is read from /proc, so it can be measured on Linux alone. Ends
with 1 when a lesson exceeds its limit.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

from helpers.course.measure import lessons
from helpers.course.notebook_format import execute
from helpers.project import ROOT
from helpers.tables import Table

LIMITS = {"sample": 1.2, "real": 1.5}
"""Gigabytes for one kernel."""
MARK = "peak memory: "
TELL = f"import pathlib\nprint({MARK!r} + pathlib.Path('/proc/self/status').read_text())"


def peak(path, source="sample"):
    """Run a lesson in a kernel of its own and return the most memory that the kernel held, in gigabytes.

    Parameters
    ----------
    path : path-like
        The notebook.
    source : {"sample", "real"}
        The data.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    execute(notebook, source)
    status = "".join(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream").partition(MARK)[2]
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) / 1e9


def row(name, gigabytes, limit):
    """Return one row of the table."""
    return name, f"{gigabytes:.2f}", f"{limit:.1f}", "kept" if gigabytes <= limit else "EXCEEDED"


def main(arguments=None):
    """Read the command line, print one table, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.memory", description="Peak memory of each lesson's kernel.")
    parser.add_argument("lessons", nargs="*", metavar="lesson", help=f"default: all of {', '.join(lessons())}")
    parser.add_argument("--real", action="store_true", help="on real data, which must be at hand")
    options = parser.parse_args(arguments)
    if not Path("/proc/self/status").exists():
        parser.error("this system has no /proc; measure on Linux, as Binder does")
    unknown = sorted(set(options.lessons) - set(lessons()))
    if unknown:
        parser.error(f"no lesson is called {', '.join(unknown)}; there are: {', '.join(lessons())}")
    source = "real" if options.real else "sample"
    rows = [row(name, peak(ROOT / "notebooks" / f"{name}.ipynb", source), LIMITS[source])
            for name in options.lessons or lessons()]
    print(Table(rows, ["lesson", f"GB, {source}", "limit", ""]))
    return int(any(last == "EXCEEDED" for *_, last in rows))


if __name__ == "__main__":
    sys.exit(main())
