"""The rooms of the house: which code may import which, what must stand without the tests, and no lesson under an old name."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers.project import ROOT
from tests.support.lesson_code import FRONT, code_of, imported

STAFF = ("helpers.course", "helpers.grading", "tests")
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
OLD_NAMES = re.compile("|".join(("02_" + "lenet", "03_" + "sign", "04_" + "four", "05_" + "alexnet", "06_" + "transfer")))


def of_staff(source):
    """Return the modules of the staff's rooms that a piece of code imports."""
    return sorted({name for name in imported(source) if name.startswith(STAFF)})


def test_an_import_from_a_staff_room_is_seen():
    """Both ways of writing it; a front room is none of them."""
    assert of_staff("from helpers import course\nimport helpers.grading.run\nfrom helpers import shapes") == [
        "helpers.course", "helpers.grading.run"]


@pytest.mark.parametrize("path", FRONT, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_front_rooms_do_not_import_staff(path):
    assert not of_staff(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lesson", LESSONS)
def test_lessons_do_not_import_staff(lesson):
    assert not of_staff(code_of(lesson))


def test_no_file_carries_a_lesson_under_an_old_name():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert files
    named = [name for name in files if OLD_NAMES.search(name)]
    for name in files:
        path = ROOT / name
        if path.is_file() and path.suffix not in (".h5", ".npz", ".png"):
            named += [f"{name}: {found}" for found in OLD_NAMES.findall(path.read_text(encoding="utf-8"))]
    assert not named


@pytest.mark.slow
def test_the_course_stands_without_its_tests(tmp_path):
    """Lesson 0, a closing table and a key's grading need nothing from tests/."""
    copy = tmp_path / "course"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("tests", ".git", ".venv", "build", "*.egg-info", "__pycache__"))
    program = """
import json, os, pathlib
from IPython.core.interactiveshell import InteractiveShell
from helpers.results import closing_table
measured = json.loads(pathlib.Path("data/measured_results.json").read_text())["05_frameworks"]["real"]["results"]
closing_table(measured, lesson="05_frameworks", data="real")
from helpers.grading.answer_keys import KEYS, read_keys
assert sorted(read_keys(KEYS)) == sorted(path.stem for path in pathlib.Path("notebooks").glob("*.ipynb"))[1:]
import helpers.grading.__main__, helpers.course.lint, helpers.course.measure, helpers.course.web_book
os.chdir("notebooks")
for cell in json.loads(pathlib.Path("00_start_here.ipynb").read_text())["cells"]:
    if cell["cell_type"] == "code":
        InteractiveShell.instance().run_cell("".join(cell["source"])).raise_error()
print("stands", pathlib.Path(helpers.__file__).parent.parent)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=copy, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(copy), "COURSE_DATA": "sample"})
    assert done.returncode == 0 and f"stands {copy}" in done.stdout, done.stderr[-3000:]
