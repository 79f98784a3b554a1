"""The set-up cell fetches the course where only the notebook is there, and leaves things alone where it is not needed."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from helpers.course.lint import LONGEST_IMPORTS
from helpers.course.setup_cell import FOLDED, IMPORTS, setup_cell
from helpers.project import ROOT

# What Colab has: the packages, but not the course. The editable installation is taken off the import path first.
WITHOUT_THE_COURSE = f"""
import sys
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.path = [folder for folder in sys.path if folder not in ({str(ROOT)!r}, "")]
for name in [name for name in sys.modules if name.split(".")[0] == "helpers"]:
    del sys.modules[name]
"""
# And what takes long and is tested elsewhere: the import of TensorFlow.
STAND_INS = """
from unittest import mock
sys.modules.update(tensorflow=mock.MagicMock(__spec__=sys.__spec__), keras=mock.MagicMock(__spec__=sys.__spec__))
sys.modules["keras"].config.backend.return_value = "tensorflow"
"""
PROGRAM = WITHOUT_THE_COURSE + STAND_INS + setup_cell("ada/convnet") + "\nimport helpers; print(helpers.__file__)"


def run(source, folder, **environment):
    return subprocess.run([sys.executable, "-c", source], cwd=folder, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **environment})


def last_line(done):
    """Return the last line of what a reader sees in red: the error."""
    assert done.returncode != 0, done.stdout
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def repository():
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("not a git checkout, so there is nothing to fetch from")
    return f"file://{ROOT}"


def place_of(done, folder):
    """Return the part of the path below a folder from which the course was imported."""
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()).relative_to(folder).parts


def test_it_fetches_the_course_once(tmp_path, repository):
    for _ in range(2):   # the second time as a reader who runs the cell again
        done = run(PROGRAM, tmp_path, COURSE_REPOSITORY=repository)
        assert place_of(done, tmp_path)[0] == "course" and (tmp_path / "course" / "README.md").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course"]


def test_in_a_clone_nothing_is_fetched_and_no_foreign_module_of_the_name_is_taken(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("helpers", "pyproject.toml", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "notebooks" / "helpers.py").write_text("mine = True", encoding="utf-8")
    imported = "sys.path.insert(0, '')\nimport helpers\nassert helpers.mine\n"
    done = run(PROGRAM.replace(STAND_INS, STAND_INS + imported), tmp_path / "notebooks",
               COURSE_REPOSITORY="file:///nowhere")
    assert place_of(done, tmp_path)[0] == "helpers"
    assert not (tmp_path / "notebooks" / "course").exists()


def test_a_foreign_module_of_the_name_does_not_keep_the_course_from_being_fetched(tmp_path, repository):
    (tmp_path / "helpers.py").write_text("mine = True", encoding="utf-8")
    assert place_of(run(PROGRAM, tmp_path, COURSE_REPOSITORY=repository), tmp_path)[0] == "course"


def test_an_address_that_does_not_answer_is_named(tmp_path):
    said = last_line(run(PROGRAM, tmp_path, COURSE_REPOSITORY=f"file://{tmp_path}/nowhere"))
    assert said == (f"RuntimeError: The course could not be fetched: file://{tmp_path}/nowhere did not answer. "
                    "Is this machine online?")
    assert list(tmp_path.iterdir()) == []


def test_without_git_it_says_so(tmp_path):
    assert last_line(run(PROGRAM, tmp_path, PATH=str(tmp_path))).endswith("git is missing. Get it at https://git-scm.com.")


def test_a_folder_in_the_way_is_left_alone(tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert last_line(run(PROGRAM, tmp_path)).endswith("the folder course is in the way. Rename it.")
    assert (tmp_path / "course" / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_an_address_that_was_never_set_is_not_asked(tmp_path):
    said = last_line(run(WITHOUT_THE_COURSE + setup_cell("OWNER/REPO"), tmp_path))
    assert said.endswith("its address was never set. Open the whole course.")


def test_it_fits_the_page():
    assert max(map(len, setup_cell("a-long-name-of-somebody/and-of-a-course").splitlines())) <= 88


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_lesson_opens_with_it_folded(path):
    first, second = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"][:2]
    assert (first.source, dict(first.metadata)) == (setup_cell(), FOLDED)
    assert second.metadata["name"] == IMPORTS
    assert all(isinstance(line, (ast.Import, ast.ImportFrom)) for line in ast.parse(second.source).body)
    assert sum(bool(line.strip()) for line in second.source.splitlines()) <= LONGEST_IMPORTS
