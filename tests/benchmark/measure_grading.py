"""A class of 30 perfect submissions of one lesson: the grader beside plain nbval, one notebook after another."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from helpers.grading.answer_keys import KEYS
from helpers.project import ROOT
from tests.benchmark.entries import entry
from tests.submissions.building import as_bytes, is_solution, solved

COUNT, TIMED = 30, 5
BASELINE = f"nbval, one notebook after another (timed on {TIMED})"


def new_class(folder, lesson, count):
    """Write perfect submissions, no two files alike, and the same work put into the key for nbval; return the folder."""
    key = nbformat.read(KEYS / f"{lesson}.ipynb", as_version=4)
    for number in range(count):
        work = solved(lesson)
        for cell in work["cells"]:
            if is_solution(cell):
                cell["source"] = f"# student {number}\n" + "".join(cell["source"])
        place = folder / "submissions" / f"student-{number:02d}"
        place.mkdir(parents=True)
        (place / f"{lesson}.ipynb").write_bytes(as_bytes(work))
        answers = {cell["metadata"]["exercise"]: cell["source"] for cell in work["cells"] if is_solution(cell)}
        for cell in key.cells:
            if is_solution(cell):
                cell.source = answers[cell.metadata["exercise"]]
        (folder / "grafted").mkdir(exist_ok=True)
        nbformat.write(key, folder / "grafted" / f"student_{number:02d}.ipynb")
    return folder


def graded(folder, lesson, count):
    """Return a function that grades the class from the beginning and sees that nobody lost a point."""
    def run():
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([sys.executable, "-m", "helpers.grading", folder / "submissions", "--out", out], cwd=ROOT, check=True,
                           stdout=subprocess.DEVNULL)
            results = json.loads(Path(out, "results.json").read_text())
        points = results["lessons"][lesson]["points"]
        assert [one["result"]["earned"] for one in results["submissions"]] == [points] * count
    return run


def with_nbval(folder):
    """Return a function that runs nbval on each notebook of a folder, one after another."""
    def run():
        for path in sorted((folder / "grafted").glob("*.ipynb")):
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-current-env", path]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, "COURSE_DATA": "sample", "PYTHONPATH": str(ROOT)})
    return run


def seconds_of(work):
    """Return how long a function takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ways(lesson, count=COUNT, timed=TIMED):
    """Time both ways of grading a class once; nbval runs the first few notebooks, and the rest is taken to be like them."""
    with tempfile.TemporaryDirectory() as folder:
        graded_class = graded(new_class(Path(folder, "all"), lesson, count), lesson, count)
        nbval = with_nbval(new_class(Path(folder, "some"), lesson, timed))
        # Before and after, so that a busy moment of the machine hits both.
        before, ours, after = seconds_of(nbval), seconds_of(graded_class), seconds_of(nbval)
    return {f"the grader, {count} submissions": [ours], BASELINE: [(before + after) / 2 * count / timed]}


@entry("grading, lesson 01", baseline=BASELINE, limit=0.05, pieces=(COUNT, "submissions"))
def softmax():
    """NumPy only."""
    return ways("01_mnist_softmax")


@entry("grading, lesson 03", baseline=BASELINE, limit=0.05, pieces=(COUNT, "submissions"))
def lenet():
    """With a network in TensorFlow."""
    return ways("03_lenet")
