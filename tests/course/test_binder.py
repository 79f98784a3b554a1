"""Binder builds the course from .binder/: what repo2docker finds there, and that it is what the course needs.

repo2docker is no requirement of the course. CI installs it (.ci/run); to test with it, install it anywhere and name that Python:

    python -m venv r2d && r2d/bin/python -m pip install jupyter-repo2docker
    COURSE_REPO2DOCKER_PYTHON=$PWD/r2d/bin/python python -m pytest tests/course/test_binder.py
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.project import ROOT, python_versions, required

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


def requirements(path):
    """Yield the requirements that pip finds in a file and the files that it includes: paths count from the file they stand in."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            yield from requirements(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith(("#", "-")):
            yield line


def programs_that_lessons_run():
    """Return the programs of the system that front rooms look for, besides git, which Binder has."""
    front = [path for path in (ROOT / "helpers").glob("*.py") if path.name not in ("start.py", "quiet_start.py")]
    return set(re.findall(r'shutil\.which\("(\w+)"\)', "".join(path.read_text(encoding="utf-8") for path in front)))


def test_lessons_need_no_package_of_the_system():
    assert programs_that_lessons_run() == set() and not (BINDER / "apt.txt").exists()


def test_it_installs_what_a_student_needs_in_the_tested_versions():
    lines = list(requirements(BINDER / "requirements.txt"))
    assert {re.match(r"[\w-]+", line).group() for line in lines} == set(required())
    assert len(lines) == len(set(lines))
    constraints = re.findall(r"(?m)^-c (.*)$", (BINDER / "requirements.txt").read_text(encoding="utf-8"))
    assert [(BINDER / name).resolve() for name in constraints] == [ROOT / "helpers" / "constraints.txt"]


def test_its_python_is_one_that_was_tested():
    major, minor = re.fullmatch(r"python-(\d+)\.(\d+)\n?", Path(BINDER, "runtime.txt").read_text(encoding="utf-8")).groups()
    oldest, newest = python_versions()
    assert oldest <= (int(major), int(minor)) <= newest


def test_repo2docker_finds_it():
    python = os.environ.get("COURSE_REPO2DOCKER_PYTHON") or (importlib.util.find_spec("repo2docker") and sys.executable)
    if not python:
        pytest.skip("COURSE_REPO2DOCKER_PYTHON names no Python with jupyter-repo2docker (see the top of this file)")
    done = subprocess.run([python, "-c", DETECT], cwd=ROOT, capture_output=True, text=True, timeout=120,
                          env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["pack"], found["folder"]) == ("PythonBuildPack", ".binder")
    assert f"python-{found['python']}" == (BINDER / "runtime.txt").read_text(encoding="utf-8").strip()
    assert re.search(r'pip install .*-r "?\.binder/requirements\.txt', "\n".join(found["commands"]))
