"""The set-up cell fetches the course where only the notebook is there, and leaves things alone where it is not needed."""

import os
import subprocess
import sys

import pytest

from helpers.course.setup_cell import setup_cell
from helpers.project import ROOT

# What Colab has: the packages, but not the course. The editable installation is taken off the import path first.
WITHOUT_THE_COURSE = f"""
import sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.path = [folder for folder in sys.path if folder not in ({str(ROOT)!r}, "")]
for name in [name for name in sys.modules if name.split(".")[0] == "helpers"]:
    del sys.modules[name]
"""


def run(source, folder, **environment):
    return subprocess.run([sys.executable, "-c", source], cwd=folder, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **environment})


@pytest.fixture
def repository():
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("not a git checkout, so there is nothing to fetch from")
    return f"file://{ROOT}"


def test_it_fetches_the_course_once(tmp_path, repository):
    source = WITHOUT_THE_COURSE + setup_cell("from helpers import shapes\nprint(shapes.conv_output_length(28, kernel=5))")
    source += "\nimport helpers; print(helpers.__file__)"
    for _ in range(2):   # the second time as a reader who runs the cell again
        done = run(source, tmp_path, COURSE_REPOSITORY=repository)
        assert done.returncode == 0, done.stderr
        number, place = done.stdout.split()
        assert number == "24" and "course" in place and (tmp_path / "course" / "README.md").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course"]


def test_an_address_that_does_not_answer_is_named(tmp_path):
    done = run(WITHOUT_THE_COURSE + setup_cell(""), tmp_path, COURSE_REPOSITORY=f"file://{tmp_path}/nowhere")
    assert done.returncode != 0 and "nowhere" in done.stderr


def test_in_a_clone_nothing_is_fetched(tmp_path, repository):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "helpers").symlink_to(ROOT / "helpers")
    done = run(WITHOUT_THE_COURSE + setup_cell("print(helpers.__version__)"), tmp_path / "notebooks",
               COURSE_REPOSITORY="file:///nowhere")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "notebooks" / "course").exists()
