"""Binder builds the course from .binder/: what repo2docker reads there, by its own file detection where it is installed.

repo2docker is no requirement of the course. To test with it, install it anywhere and name that Python:

    python -m venv r2d && r2d/bin/python -m pip install jupyter-repo2docker
    COURSE_REPO2DOCKER_PYTHON=$PWD/r2d/bin/python python -m pytest tests/course/test_binder.py
"""

import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest

from helpers import start
from helpers.project import ROOT

BINDER = ROOT / ".binder"
DETECT = """
import json
from repo2docker.app import Repo2Docker

application = Repo2Docker()
for kind in application.buildpacks:
    pack = kind(application.base_image)
    if pack.detect():
        break
print(json.dumps({"pack": type(pack).__name__, "folder": pack.binder_dir, "python": pack.python_version,
                  "commands": [command for _, command in pack.get_preassemble_scripts() + pack.get_assemble_scripts()]}))
"""


def test_system_packages_are_those_that_the_course_can_use():
    # graphviz draws networks, bubblewrap locks up what is graded.
    assert set((BINDER / "apt.txt").read_text(encoding="utf-8").split()) == {"graphviz", "bubblewrap"}


def test_its_python_is_one_of_the_courses():
    version = re.fullmatch(r"python-(\d+)\.(\d+)\n?", (BINDER / "runtime.txt").read_text(encoding="utf-8"))
    start.check_python(tuple(map(int, version.groups())))


def test_its_requirements_are_those_of_the_course():
    # pip reads the path after -r from the file it stands in, so this is the file at the top, and its "-e ." the course itself.
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").split("\n")
    assert [line for line in lines if line] == ["-r ../requirements.txt"]
    assert (BINDER / "../requirements.txt").resolve() == ROOT / "requirements.txt"


def test_repo2docker_accepts_it():
    python = os.environ.get("COURSE_REPO2DOCKER_PYTHON") or (importlib.util.find_spec("repo2docker") and sys.executable)
    if not python:
        pytest.skip("COURSE_REPO2DOCKER_PYTHON names no Python with jupyter-repo2docker (see the top of this file)")
    done = subprocess.run([python, "-c", DETECT], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["pack"], found["folder"], found["python"]) == ("PythonBuildPack", ".binder", "3.12")
    packages, install = found["commands"]
    assert re.search(r"apt-get install .*\bbubblewrap\b.*\bgraphviz\b", packages)
    # After the course was copied: otherwise "-e ." would find nothing.
    assert re.search(r'pip install .*-r "?\.binder/requirements\.txt', install)
