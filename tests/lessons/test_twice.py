"""Whoever runs a cell a second time, where it stands, gets the same again.

This trains every lesson twice, so it runs where COURSE_TWICE is set, once a week.
"""

import copy
import os

import nbformat
import pytest

from helpers.course.notebook_format import execute
from helpers.project import ROOT


def results(cell):
    return [output["data"].get("text/plain") for output in cell.outputs if output.output_type == "execute_result"]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("COURSE_TWICE"), reason="trains every lesson twice: set COURSE_TWICE=1")
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_cell_can_be_run_twice(path):
    notebook, pairs = nbformat.read(path, as_version=4), []
    for cell in [cell for cell in notebook.cells if cell.cell_type == "code"]:
        again = copy.deepcopy(cell)
        again["id"] = f"{cell['id']}-again"
        notebook.cells.insert(notebook.cells.index(cell) + 1, again)
        pairs.append((cell, again))
    execute(notebook, "sample")
    for first, second in pairs:
        if "nbval-check-output" in first.metadata.get("tags", []):
            assert results(first) == results(second), first.source
