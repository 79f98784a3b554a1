"""README.md keeps up with the project: results, credits, lessons, files it names, and the top of the project."""

import re
import subprocess

import nbformat
import pytest

from helpers.course import measure, readme_results
from helpers.course.readme_results import updated
from helpers.project import ROOT, read_toml
from helpers.results import problems

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOP = {"README.md", "requirements.txt", "pyproject.toml", "LICENSE", "notebooks", "helpers", "data", "img", "tests", ".ci",
       ".binder", ".gitignore", ".gitattributes", ".github"}


def test_the_results_are_those_that_the_lessons_are_held_to():
    assert updated(README) == README, "run: python -m helpers.course.readme_results"


def test_what_was_measured_keeps_the_ranges():
    expected, found = read_toml(ROOT / "data" / "expected_results.toml"), measure.measured()
    assert sorted(found) == measure.lessons(), "run: python -m helpers.course.measure"
    for lesson, sources in found.items():
        assert sorted(sources) == sorted(measure.SOURCES), f"run: python -m helpers.course.measure {lesson}"
        for source, one in sources.items():
            assert problems(one["results"], expected.get(lesson, {}).get(source, {})) == []


def test_a_lesson_is_measured(tmp_path):
    path = tmp_path / "lesson.ipynb"
    source = "import numpy as np\nresults = {'one': np.float32(0.5), 'two': [np.float64(1), 2]}\nprint('done')"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    found = measure.measure(path, "sample")
    assert found["results"] == {"one": 0.5, "two": [1, 2]} and found["seconds"] >= 0 and "cores of" in found["machine"]


def test_results_of_one_kind_share_a_row(monkeypatch):
    expected = {"04_x": {"real": {f"{one}_parameters": {"equal": 1000 * n} for n, one in enumerate("abc", 1)}
                         | {"best": {"each": [0.5, 1.0]}}}}
    monkeypatch.setattr(readme_results, "read_toml", lambda path: expected)
    kept = {"a_parameters": 1000, "b_parameters": 2000, "c_parameters": 3000, "best": [0.75, 0.85]}
    for results, words in [(kept, ["(3 networks) | 1,000, 2,000, 3,000 | exactly 1,000, 2,000, 3,000 |", "| mean 0.8000, from"]),
                           ({"best": 0.75}, ["| not yet | exactly", "| best | 0.7500 | 0.5000 to 1.0000 |"])]:
        found = {"04_x": {"real": {"results": results, "seconds": 61}}}
        monkeypatch.setattr(readme_results, "measured", lambda found=found: found)
        assert all(part in readme_results.table() for part in words)
    assert readme_results.minutes("04_x", readme_results.measured()) == "- / 2"


def test_a_readme_without_a_place_for_results_is_refused():
    with pytest.raises(ValueError, match="results: begin"):
        updated("# Course")


def test_every_requirement_is_credited():
    credits = README.partition("## Credits")[2].lower()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for extra in read_toml(ROOT / "pyproject.toml")["project"]["optional-dependencies"].values():
        lines += [line for line in extra if not line.startswith("convnet-course[")]
    names = [re.match(r"[A-Za-z0-9_-]+", line).group() for line in lines if line and line[0].isalnum()]
    assert len(names) > 10
    assert [name for name in names if name.lower().removesuffix("-cpu") not in credits] == []


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
