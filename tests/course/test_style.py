"""The code keeps one style, ruff's with the settings of pyproject.toml; and the linter that says so can fail."""

import subprocess

import pytest

from helpers.course import lint, lint_code
from helpers.project import ROOT


def test_ruff_is_content():
    assert lint_code.style() == []


def test_a_breach_of_style_is_named_with_its_remedy(tmp_path):
    (tmp_path / "sloppy.py").write_text("import os\n", encoding="utf-8")
    found = lint_code.style([str(tmp_path / "sloppy.py")])
    assert any("F401" in line for line in found) and "ruff check --fix" in found[-1]


def test_a_file_that_is_too_long_is_named(tmp_path):
    assert lint_code.lengths() == []
    (tmp_path / "deep").mkdir()
    for name, lines in (("long", 321), ("deep/longer", 500), ("short", 320)):
        (tmp_path / f"{name}.py").write_text("x = 1\n" * lines, encoding="utf-8")
    found = lint_code.lengths([tmp_path.name], tmp_path.parent)
    assert [line.partition(",")[0] for line in found] == [f"{tmp_path.name}/deep/longer.py: 500 lines",
                                                          f"{tmp_path.name}/long.py: 321 lines"]


def test_addresses_and_readme_are_looked_at(monkeypatch):
    assert lint_code.addresses() == [] and lint_code.readme() == []
    monkeypatch.setattr(lint_code.links, "course_settings", lambda: {"repository": "ada/course", "branch": "main"})
    assert any("run: python -m helpers.course.links" in line for line in lint_code.addresses())
    monkeypatch.setattr(lint_code.readme_results, "table", lambda: "")
    assert "readme_results" in lint_code.readme()[0]


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


def test_a_missing_ruff_is_said(monkeypatch):
    missing = subprocess.CompletedProcess([], 1, stdout="", stderr="No module named ruff")
    monkeypatch.setattr(lint_code.subprocess, "run", lambda *arguments, **options: missing)
    assert lint_code.style() == ["ruff is not installed: python -m pip install -e '.[test]'"]
