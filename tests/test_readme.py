"""README.md keeps up with the project: results, credits, lessons, files it names, and the top of the project."""

import re
import subprocess

import pytest

from helpers.project import ROOT
from tests.tools.readme_results import updated

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOP = {"README.md", "requirements.txt", "pyproject.toml", "LICENSE", "notebooks", "helpers", "data", "img", "tests", ".ci",
       ".binder", ".gitignore", ".gitattributes", ".github"}


def test_the_results_are_those_that_the_lessons_are_held_to():
    assert updated(README) == README, "run: python -m tests.tools.readme_results"


def test_a_readme_without_a_place_for_results_is_refused():
    with pytest.raises(ValueError, match="results: begin"):
        updated("# Course")


def test_every_requirement_is_credited():
    credits = README.partition("## Credits")[2].lower()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = [re.match(r"[A-Za-z0-9_-]+", line).group() for line in lines if line and line[0].isalnum()]
    assert len(names) > 10
    assert [name for name in names if name.lower() not in credits] == []
    assert lines[-1] == "-e ."


def test_every_lesson_is_listed():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"(notebooks/{path.name})" in README


def test_every_file_it_names_is_there():
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", README) if not target.startswith(("http", "#"))]
    assert targets and [target for target in targets if not (ROOT / target).exists()] == []


def test_the_top_of_the_project_holds_nothing_to_wonder_about():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {name.split("/")[0] for name in listed.stdout.split()} <= TOP
