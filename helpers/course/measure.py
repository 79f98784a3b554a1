"""Run lessons in fresh kernels and keep what they found and how long they took, for the pages that show it.

    python -m helpers.course.measure                      all lessons, on the sample and on real data
    python -m helpers.course.measure 04_sign_language     one of them; the others stay as they were measured

Real data must be at hand (`python -m helpers.data` tells). What is kept stands in data/measured_results.json: for each lesson
and source the seconds by the wall clock, the date, the machine, and the lesson's own dict `results`. Measure on a machine that
does nothing else. `python -m helpers.course.results_page` then carries the numbers to the pages.
"""

import argparse
import datetime
import json
import sys
import time

import nbformat
from nbclient.exceptions import CellExecutionError

from helpers.course.machine import machine
from helpers.course.notebook_format import execute
from helpers.project import ROOT

PLACE = ROOT / "data" / "measured_results.json"
SOURCES = ("sample", "real")
MARK = "measured results: "
TELL = f"import json\nprint({MARK!r} + json.dumps(globals().get('results', {{}}), default=lambda one: one.item()))"


def lessons():
    """Return the names of all lessons, in order."""
    return sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def measured():
    """Return what was measured so far, by lesson and source."""
    return json.loads(PLACE.read_text(encoding="utf-8")) if PLACE.exists() else {}


def measure(path, source):
    """Run one lesson.

    Parameters
    ----------
    path : path-like
        The notebook.
    source : {"sample", "real"}
        The data.

    Returns
    -------
    dict
        ``seconds``, ``date``, ``machine`` and ``results``, a number or a list of numbers (one per seed) by name.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails; a result out of its range fails the lesson's last table.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    start = time.perf_counter()
    execute(notebook, source)
    seconds = time.perf_counter() - start
    told = "".join(output.text for output in notebook.cells[-1].outputs if output.output_type == "stream")
    return {"seconds": round(seconds), "date": str(datetime.date.today()), "machine": machine(),
            "results": json.loads(told.partition(MARK)[2])}


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="lesson", help=f"which ones (default: all): {', '.join(lessons())}")
    parser.add_argument("--source", choices=SOURCES, help="only on this data")
    options = parser.parse_args()
    unknown = [name for name in options.lessons if name not in lessons()]
    if unknown:
        parser.error(f"no lesson is called {', '.join(unknown)}; there are: {', '.join(lessons())}")
    for name in options.lessons or lessons():
        for source in [options.source] if options.source else SOURCES:
            try:
                found = measure(ROOT / "notebooks" / f"{name}.ipynb", source)
            except CellExecutionError as error:
                sys.exit(f"{name}, {source}: {str(error)[-2000:]}\nNothing was kept of this run.")
            # Kept at once and read again each time: a run of all lessons takes a quarter of an hour and may be stopped.
            everything = measured()
            everything.setdefault(name, {})[source] = found
            PLACE.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            print(f"{name}, {source}: {found['seconds']} s")


if __name__ == "__main__":
    main()
