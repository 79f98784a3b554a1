"""The pages keep up with the project: measurements, credits, lessons, commands, files they name, version, top of the project."""

import contextlib
import functools
import importlib.util
import io
import json
import re
import runpy
import shlex
import subprocess
import sys

import nbformat
import pytest

import helpers
from helpers.course import measure, results_page
from helpers.project import ROOT, read_toml
from helpers.results import problems
from tests.grading.running import NO_SANDBOX
from tests.submissions.building import LESSON, solved
from tests.support.readme_commands import commands, marked

README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "helpers" / "grading" / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", ".github/CONTRIBUTING.md", "notebooks/RESULTS.md",
                                  "data/README.md", "helpers/grading/README.md", "helpers/grading/TEACHING.md",
                                  "helpers/grading/THREATS.md")]
TOP = {"README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "requirements.txt", "pyproject.toml", "notebooks", "helpers",
       "data", "img", "tests", ".ci", ".binder", ".gitignore", ".gitattributes", ".github"}


def test_the_pages_show_what_was_measured():
    assert list(results_page.outdated()) == [], "run: python -m helpers.course.results_page"


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
    expected = {"03_lenet": {"real": {f"{one}_parameters": {"equal": 1000 * n} for n, one in enumerate("abc", 1)}
                             | {"best": {"each": [0.5, 1.0]}}}}
    monkeypatch.setattr(results_page, "read_toml", lambda path: expected)
    kept = {"a_parameters": 1000, "b_parameters": 2000, "c_parameters": 3000, "best": [0.75, 0.85]}
    for results, words in [(kept, ["(3 networks) | 1,000, 2,000, 3,000 | exactly 1,000, 2,000, 3,000 |", "| mean 0.8000, from"]),
                           ({"best": 0.75}, ["| not yet | exactly", "| best | 0.7500 | 0.5000 to 1.0000 |"])]:
        found = {"03_lenet": {"real": {"results": results, "seconds": 61, "date": "2026-01-02", "machine": "a machine"}}}
        monkeypatch.setattr(results_page, "measured", lambda found=found: found)
        assert all(part in results_page.tables() for part in [*words, "](03_lenet.ipynb)", "Measured on 2026-01-02: a machine."])
    assert results_page.minutes("03_lenet", results_page.measured()) == "- / 2"
    row = "| [3. LeNet](notebooks/03_lenet.ipynb) | convolve | 9 / 9 | Colab |\n"
    assert results_page.with_minutes(row) == row.replace("9 / 9", "- / 2")


def test_a_lesson_that_was_not_measured_says_so(monkeypatch):
    monkeypatch.setattr(results_page, "read_toml", lambda path: {"03_lenet": {"real": {"best": {"each": [0.5, 1.0]}}}})
    monkeypatch.setattr(results_page, "measured", dict)
    assert "| best | not yet | 0.5000 to 1.0000 |" in results_page.tables() and "Measured on" not in results_page.tables()


def test_a_page_without_a_place_for_results_is_refused():
    with pytest.raises(ValueError, match="results: begin"):
        results_page.with_results("# Results")


def test_the_check_says_what_to_run(monkeypatch):
    results_page.main(["--check"])
    monkeypatch.setattr(results_page, "tables", lambda: "")
    with pytest.raises(SystemExit, match=r"RESULTS\.md: behind the measurements; run: python -m helpers\.course\.results_page"):
        results_page.main(["--check"])


def test_every_requirement_is_credited():
    credits = README.partition("## Credits")[2].lower()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for extra in read_toml(ROOT / "pyproject.toml")["project"].get("optional-dependencies", {}).values():
        lines += extra
    names = {re.match(r"[A-Za-z0-9_-]+", line).group().lower() for line in lines if line and line[0].isalnum()}
    assert len(names) > 10
    # tensorflow-cpu is TensorFlow under the name of a smaller package; an extra may name the course's other extras.
    assert [name for name in sorted(names - {"tensorflow-cpu", "convnet-course"}) if name not in credits] == []


def test_a_stranger_sees_the_first_command_at_once():
    before = README.partition("<!-- command: open -->")[0]
    assert len(before.splitlines()) <= 15 and len(before.split()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith(("http", "#"))]
    assert [target for target in targets if not (page.parent / target).exists()] == []
    assert targets or page.name not in ("README.md", "RESULTS.md") or page.parent.name == "data"


@functools.cache
def help_of(module):
    """Return what a command of the course says when it is asked for help; in this process, which has imported TensorFlow."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said), pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "argv", [module, "--help"])
        runpy.run_module(module, run_name="__main__")
    assert not ended.value.code
    return said.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists(page):
    """Modules are there, their options known, and the files they are given exist."""
    for module, rest in re.findall(r"python3? -m ([\w.]+)([^`\n]*)", page.read_text(encoding="utf-8")):
        assert importlib.util.find_spec(module), f"{page.name}: python -m {module}"
        for word in shlex.split(rest, comments=True):
            if word.startswith("--"):
                assert word in help_of(module), f"{page.name}: python -m {module} {word}"
            elif "/" in word and word != "OWNER/REPO":
                assert (ROOT / word).exists(), f"{page.name}: python -m {module} {word}"


def test_every_option_that_the_guide_explains_exists():
    options = re.findall(r"^\| `(--\w+)", GUIDE, re.MULTILINE)
    assert len(options) >= 8 and [option for option in options if option not in help_of("helpers.grading")] == []


def test_the_guides_commands_run(tmp_path):
    found = marked(GUIDE, "helpers/grading/README.md")
    assert set(found) == {"grade"} and found["grade"] in README
    (tmp_path / "class" / "Ada").mkdir(parents=True)
    (tmp_path / "class" / "Ada" / "lesson.ipynb").write_text(json.dumps(solved()), encoding="utf-8")
    places = {".venv/bin/python": sys.executable, "SUBMISSIONS": str(tmp_path / "class"), "RESULTS": str(tmp_path / "results")}

    def run(command, *more):
        words = [places.get(word, word) for word in shlex.split(command)]
        done = subprocess.run([*words, *more], cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr

    run(found["grade"], *(["--sandbox", "none"] if NO_SANDBOX else []))
    for name in ("index.html", "grades.csv", "moodle-grades.csv", "results.json", "feedback", "work"):
        assert (tmp_path / "results" / name).exists() and name in GUIDE
    assert list((tmp_path / "results" / "feedback").glob(f"ada-*/{LESSON}.html"))


def test_the_workflows_run_the_readmes_commands():
    for name, wanted in [("tests", f'{commands()["test"]} -m "not slow"'), ("tests", "python3 -m tests.support.open_course"),
                         ("pages", 'python3 -m helpers.course.links "$GITHUB_REPOSITORY"'),
                         ("weekly", "python3 -m helpers.course.web_book --links")]:
        text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
        assert f"run: {wanted}\n" in text
        assert all((ROOT / place).exists() for place in re.findall(r"\btests/\S+", text))


def test_the_version_stands_in_one_place():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"(?m)^version: (.+)$", citation) == [helpers.__version__]
    release = helpers.__version__.partition(".dev")[0]
    newest = re.search(r"(?m)^## ([^\s,:]+)(, unreleased)?", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert newest.group(1) == release and bool(newest.group(2)) == (".dev" in helpers.__version__)


def test_the_top_of_the_project_holds_nothing_to_wonder_about():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {name.split("/")[0] for name in listed.stdout.split()} <= TOP
