"""A student on Colab: only the notebook is there, the set-up cell fetches the course, the versions are Colab's.

The versions stand in colab.txt beside this file. CI makes such an environment (.ci/run). To make one yourself, with the Python
that colab.txt names:

    python3.13 -m venv colab && colab/bin/python -m pip install -r tests/lessons/colab.txt
    COURSE_COLAB_PYTHON=$PWD/colab/bin/python python -m pytest tests/lessons/test_colab.py

The course is fetched from this very checkout, as it was last committed, and runs on the sample, or on what COURSE_DATA asks for.
Without the variable these tests skip; that the set-up cell fetches the course under any versions is tested in test_setup_cell.py.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers.project import ROOT, required

# Exact versions only; the others may be any of a series. "# python==3.13" is one of them.
VERSIONS = dict(re.findall(r"(?m)^(?:# )?([\w-]+)==([\d.]+)$", Path(__file__).with_name("colab.txt").read_text(encoding="utf-8")))
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WITH_A_PANEL = [name for name in LESSONS if "panel(" in (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")]
# Runs in the other environment: executes a lesson and tells what it met.
RUN = """
import json, sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read("lesson.ipynb", as_version=4)
notebook.cells.append(nbformat.v4.new_code_cell('''
import importlib.metadata, json, platform
import helpers
found = {name: importlib.metadata.version(name) for name in %r}
print(json.dumps([{**found, "python": platform.python_version()}, helpers.__file__]))''' % json.loads(sys.argv[1])))
NotebookClient(notebook, timeout=2400, kernel_name="python3").execute()
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

    packages = json.dumps([name for name in VERSIONS if name != "python"])

    def run(name):
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder / "lesson.ipynb")
        done = subprocess.run([python, "-c", RUN, packages], cwd=folder, capture_output=True, text=True, timeout=3600,
                              env={**environment, "COURSE_REPOSITORY": f"file://{ROOT}"})
        assert done.returncode == 0, done.stderr[-3000:]
        met = json.loads(done.stdout.splitlines()[-1])
        found, place = met["facts"]
        wrong = {package: version for package, version in found.items()
                 if version != VERSIONS[package] and not version.startswith(VERSIONS[package] + ".")}
        assert not wrong, f"COURSE_COLAB_PYTHON has other versions than tests/lessons/colab.txt: {wrong}"
        assert os.path.realpath(folder / place).startswith(str(folder / "course")), place
        assert (folder / "course" / "README.md").exists() and met["red"] == []
        return met

    return run


def test_the_versions_of_colab_are_in_one_file():
    assert {"python", "tensorflow", "keras", "numpy", "h5py", "ipywidgets", "ipykernel", "ipython"} <= set(VERSIONS)
    # The course must not ask for more than Colab has.
    assert [package for package, needed in required().items()
            if package in VERSIONS and tuple(map(int, VERSIONS[package].split("."))) < needed] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_fetches_the_course_and_runs(run, name):
    met = run(name)
    assert met["cells"] > 8
    if name in WITH_A_PANEL:
        assert "application/vnd.jupyter.widget-view+json" in met["kinds"]
