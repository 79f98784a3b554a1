"""All lessons from top to bottom on the offline sample, beside the time that their trainings take.

What the lessons take beyond that is starting kernels, loading TensorFlow, reading data, drawing, and everything computed by hand.
A training is a cell that shows the course's progress line.
"""

import datetime
import time

import nbformat

from helpers.course.notebook_format import execute
from helpers.project import ROOT
from tests.benchmark.entries import entry


def is_training(cell):
    """Say whether a cell that has run showed a progress line: its bar stays in the output."""
    return any("\N{FULL BLOCK}" in str(output.get("data", {}).get("text/plain", "")) for output in cell.get("outputs", []))


def seconds_of(cell):
    """Return how long a cell ran, from the kernel's own messages."""
    times = cell.metadata["execution"]
    start, end = (datetime.datetime.fromisoformat(times[key].replace("Z", "+00:00"))
                  for key in ("iopub.status.busy", "iopub.status.idle"))
    return (end - start).total_seconds()


def run(paths):
    """Run lessons one after another; return the seconds of everything and those of the trainings."""
    training, start = 0.0, time.perf_counter()
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        execute(notebook)
        training += sum(seconds_of(cell) for cell in notebook.cells if cell.cell_type == "code" and is_training(cell))
    return time.perf_counter() - start, training


@entry("the whole course, run once", baseline="the trainings in it")
def whole_course():
    """One run measures both, so rounds do not apply."""
    everything, training = run(sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")))
    return {"all lessons, each in a fresh kernel": [everything], "the trainings in it": [training]}
