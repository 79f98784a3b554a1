"""The code keeps one style, ruff's with the settings of pyproject.toml; and the linter that says so can fail."""

import collections
import re
import shutil
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from helpers.course import lint, lint_code
from helpers.project import ROOT


def test_ruff_is_content():
    assert lint_code.style() == []


def test_a_breach_of_style_is_named_with_its_remedy(tmp_path):
    (tmp_path / "sloppy.py").write_text("import os\n", encoding="utf-8")
    found = lint_code.style([str(tmp_path / "sloppy.py")])
    assert any("F401" in line for line in found) and "ruff check --fix" in found[-1]


def test_a_wrong_type_is_named(tmp_path):
    assert lint_code.types() == []
    (tmp_path / "wrong.py").write_text("def twice(x):\n    return len(3) * x\n", encoding="utf-8")
    said, = lint_code.types([str(tmp_path / "wrong.py")])
    assert 'wrong.py:2: error: Argument 1 to "len" has incompatible type "int"' in said


def test_a_file_that_is_too_long_is_named(tmp_path):
    assert lint_code.lengths() == []
    (tmp_path / "deep").mkdir()
    for name, lines in (("long", 321), ("deep/longer", 500), ("short", 320)):
        (tmp_path / f"{name}.py").write_text("x = 1\n" * lines, encoding="utf-8")
    found = lint_code.lengths([tmp_path.name], tmp_path.parent)
    assert [line.partition(",")[0] for line in found] == [f"{tmp_path.name}/deep/longer.py: 500 lines",
                                                          f"{tmp_path.name}/long.py: 321 lines"]


def test_addresses_and_pages_are_looked_at(monkeypatch, tmp_path):
    assert lint_code.addresses() == [] and lint_code.pages() == []
    monkeypatch.setattr(lint_code.links, "course_settings", lambda: {"repository": "ada/course", "branch": "main"})
    assert any("run: python -m helpers.course.links" in line for line in lint_code.addresses())
    monkeypatch.setattr(lint_code.results_page, "tables", lambda: "")
    long = tmp_path / "README.md"
    long.write_text("word " * 1100 + "<!-- a comment does not count -->", encoding="utf-8")
    assert lint_code.pages(long) == ["RESULTS.md lags behind the measurements; run: python -m helpers.course.results_page"]
    long.write_text("word " * 1101, encoding="utf-8")
    assert "README.md has 1101 words, wanted at most 1100" in lint_code.pages(long)[1]


def test_files_that_github_reads_keep_their_schemas(tmp_path):
    assert lint_code.schemas() == []
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    shutil.copy(ROOT / "CITATION.cff", tmp_path)
    for name, right, wrong in [("workflows/tests.yml", "runs-on:", "run-on:"), ("dependabot.yml", "version: 2", "version: 3"),
                               ("ISSUE_TEMPLATE/lesson.yml", "type: input", "type: inputs")]:
        path = tmp_path / ".github" / name
        text = path.read_text(encoding="utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\ntitle: A course\n", encoding="utf-8")
    found = "\n".join(lint_code.schemas(tmp_path))
    assert all(name in found for name in ("tests.yml", "dependabot.yml", "lesson.yml", "CITATION.cff"))
    assert "pages.yml" not in found and "grading.yml" not in found
    (tmp_path / "CITATION.cff").unlink()
    assert "CITATION.cff is missing" in lint_code.schemas(tmp_path)


def test_one_command_looks_at_everything(monkeypatch, capsys):
    monkeypatch.setattr(lint_code, "complaints", lambda: ["code: something"])
    monkeypatch.setattr("sys.argv", ["lint"])
    with pytest.raises(SystemExit) as ended:
        lint.main()
    assert ended.value.code == 1 and "code: something" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["lint", str(ROOT / "notebooks" / "00_start_here.ipynb")])
    with pytest.raises(SystemExit) as ended:
        lint.main()
    assert ended.value.code == 0 and "1 notebooks in form" in capsys.readouterr().out


def test_a_missing_package_is_said(monkeypatch):
    missing = subprocess.CompletedProcess([], 1, stdout="", stderr="No module named ruff")
    monkeypatch.setattr(lint_code.subprocess, "run", lambda *arguments, **options: missing)
    assert lint_code.style() == ['ruff is not installed: python -m pip install -e ".[test]"']
    missing.stderr = "No module named mypy"
    assert lint_code.types() == ['mypy is not installed: python -m pip install -e ".[test]"']
    monkeypatch.setitem(sys.modules, "check_jsonschema", None)
    assert lint_code.schemas() == ['check-jsonschema is not installed: python -m pip install -e ".[test]"']


def test_no_two_files_differ_by_case_alone():
    """Windows and macOS would keep only one of them; and no name is one that Windows refuses."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = listed.stdout.split("\0")[:-1]
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents}
    folded = collections.Counter(name.casefold() for name in (*names, *folders))
    assert len(names) > 100 and [name for name, count in folded.items() if count > 1] == []
    parts = {part for name in names for part in name.split("/")}
    assert [part for part in parts if re.search(r'[<>:"|?*\\]|[. ]$', part)
            or re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part)] == []
