"""A student on Colab: only the notebook is there, the set-up cell fetches the course, the versions are Colab's.

Make the environment once, with Python 3.12, and name its Python in COURSE_COLAB_PYTHON:

    python3.12 -m venv colab && colab/bin/python -m pip install -r tests/lessons/colab.txt
    COURSE_COLAB_PYTHON=$PWD/colab/bin/python python -m pytest tests/lessons/test_colab.py

The course is fetched from this very checkout, as it was last committed. Without the variable the tests skip; that the set-up cell
fetches the course under any versions is tested in test_setup_cell.py.
"""

import json
import os
import shutil
import subprocess

import pytest

from helpers.project import ROOT

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# Runs in the other environment: executes the cells up to the first code cell, or all, and tells what it met.
RUN = """
import json, sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read("lesson.ipynb", as_version=4)
if sys.argv[1] == "set-up":
    first = next(number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    del notebook.cells[first + 1:]
notebook.cells.append(nbformat.v4.new_code_cell('''
import json, sys
import helpers, keras, tensorflow
print(json.dumps([sys.version.split()[0], tensorflow.__version__, keras.__version__, helpers.__file__]))'''))
NotebookClient(notebook, timeout=1200, kernel_name="python3").execute()
code = [cell for cell in notebook.cells if cell.cell_type == "code"]
outputs = [output for cell in code for output in cell.outputs]
print(json.dumps({"facts": json.loads(code[-1].outputs[-1]["text"]), "cells": len(code),
                  "red": [output["text"] for output in outputs if output.get("name") == "stderr"],
                  "kinds": sorted({kind for output in outputs for kind in output.get("data", {})})}))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    python = os.environ.get("COURSE_COLAB_PYTHON")
    if not python:
        pytest.skip("COURSE_COLAB_PYTHON names no Python with Colab's versions (see the top of this file)")
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("not a git checkout, so there is nothing to fetch from")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "COURSE_PANELS")}

    def run(name, cells):
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder / "lesson.ipynb")
        done = subprocess.run([python, "-c", RUN, cells], cwd=folder, capture_output=True, text=True, timeout=1800,
                              env={**environment, "COURSE_REPOSITORY": f"file://{ROOT}", "COURSE_DATA": "sample"})
        assert done.returncode == 0, done.stderr[-3000:]
        met = json.loads(done.stdout.splitlines()[-1])
        python_version, tensorflow_version, keras_version, place = met["facts"]
        assert python_version.startswith("3.12."), "Colab has Python 3.12"
        assert tensorflow_version.startswith("2.19.") and keras_version.startswith("3.10.")
        assert os.path.realpath(folder / place).startswith(str(folder / "course")), place
        assert (folder / "course" / "README.md").exists() and met["red"] == []
        return met

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_the_set_up_cell_fetches_the_course(run, name):
    assert run(name, "set-up")["cells"] == 2


@pytest.mark.slow
def test_a_lesson_runs_from_top_to_bottom_with_its_panel(run):
    met = run("01_mnist_softmax", "all")
    assert met["cells"] > 30 and "application/vnd.jupyter.widget-view+json" in met["kinds"]
