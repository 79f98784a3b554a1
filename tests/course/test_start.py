"""The two commands: what they refuse, and that they do nothing twice."""

import importlib.util
import os
import subprocess
import sys

import pytest

from helpers import start
from tests.support.open_course import open_course
from tests.support.readme_commands import commands


def test_an_unknown_task_is_named():
    with pytest.raises(SystemExit, match=r"'opne' is not known"):
        start.main(["opne"])


@pytest.fixture
def recorded(monkeypatch, tmp_path):
    """Record the commands instead of running them; an environment appears when venv is asked for it."""
    calls, failing = [], []

    def run(command, remedy):
        calls.append([str(part) for part in command])
        if failing and failing[0] in calls[-1]:
            raise SystemExit(remedy)
        if "venv" in calls[-1]:
            python = start.python_of(tmp_path / "env")
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(start, "_run", run)
    monkeypatch.setattr(start, "_has_pip", lambda python: python.exists())
    monkeypatch.setattr(start, "try_tensorflow", lambda python: calls.append(["try TensorFlow"]))
    monkeypatch.setattr(start.shutil, "which", lambda program: None)
    return tmp_path / "env", calls, failing


def test_what_is_installed_is_not_installed_again(recorded):
    environment, calls, _ = recorded
    start.install(environment)
    assert ["venv" in calls[0], "pip" in calls[1], calls[2:]] == [True, True, [["try TensorFlow"]]]
    start.install(environment)
    assert len(calls) == 3


def test_tests_need_more_than_a_student_has_and_not_the_other_way_round(recorded):
    environment, calls, _ = recorded
    start.install(environment)
    start.install(environment, "test")
    installed = [call[call.index("--editable") + 1] for call in calls if "--editable" in call]
    assert installed == [".", ".[test]"]
    start.install(environment, "test")
    start.install(environment)
    assert sum("--editable" in call for call in calls) == 2


def test_a_change_of_what_is_needed_is_installed(recorded, monkeypatch, tmp_path):
    environment, calls, _ = recorded
    (tmp_path / "helpers").mkdir()
    for name in ("requirements.txt", "helpers/constraints.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((start.ROOT / name).read_bytes())
    monkeypatch.setattr(start, "ROOT", tmp_path)
    for name in (None, "requirements.txt", "helpers/constraints.txt", "pyproject.toml"):
        if name:
            (tmp_path / name).write_text("changed", encoding="utf-8")
        before = len(calls)
        start.install(environment)
        assert "--editable" in calls[before if name else before + 1]


@pytest.mark.parametrize(("ends_with", "fallen_back"), [(0, False), (2, True)])
def test_uv_installs_where_it_is_found_and_pip_where_it_fails(recorded, monkeypatch, capsys, ends_with, fallen_back):
    environment, calls, _ = recorded
    monkeypatch.setattr(start.shutil, "which", lambda program: f"/bin/{program}")
    run = []
    monkeypatch.setattr(start.subprocess, "run", lambda command, **options: run.append(command) or
                        start.subprocess.CompletedProcess(command, ends_with))
    start.install(environment)
    assert run[0][:5] == ["/bin/uv", "pip", "install", "--python", str(start.python_of(environment))]
    assert run[0][-1] == "helpers/constraints.txt"
    assert any("-m pip install" in " ".join(call) for call in calls) == fallen_back
    assert ("trying with pip" in capsys.readouterr().out) == fallen_back


def test_a_newer_python_gets_the_newest_versions(recorded, monkeypatch):
    """The tested ones may have no packages for it."""
    environment, calls, failing = recorded
    failing.append("pip")
    monkeypatch.setattr(start.platforms, "newer_python", lambda: "use the tested Python")
    with pytest.raises(SystemExit, match="use the tested Python"):
        start.install(environment)
    assert "--constraint" not in calls[-1]


def test_a_failed_installation_is_done_again(recorded):
    environment, calls, failing = recorded
    failing.append("pip")
    with pytest.raises(SystemExit, match="online"):
        start.install(environment)
    failing.clear()
    start.install(environment)
    assert sum("pip" in call for call in calls) == 2


@pytest.mark.parametrize(("folders", "files"), [
    ((), ()), (("lib/python3.12/site-packages", "bin.new"), ()), (("lib",), ("pyvenv.cfg", "lib/rubbish"))])
def test_half_an_environment_is_made_anew(recorded, folders, files):
    environment, calls, _ = recorded
    environment.mkdir()
    for name in folders:
        (environment / name).mkdir(parents=True)
    for name in files:
        (environment / name).touch()
    start.install(environment)
    assert not (environment / "lib").exists() and "venv" in calls[0]


@pytest.mark.parametrize("place", ["", "chapters/thesis.txt"], ids=["a file", "a folder"])
def test_what_holds_something_else_is_left_alone(recorded, place):
    environment, calls, _ = recorded
    (environment / place).parent.mkdir(parents=True, exist_ok=True)
    (environment / place).write_text("years of work")
    with pytest.raises(SystemExit, match=r"(?s)COURSE_VENV.*env, which holds something else.*Set COURSE_VENV to a new or empty"):
        start.install(environment)
    assert (environment / place).read_text() == "years of work" and calls == []


def test_an_environment_that_lacks_pip_is_completed_and_not_removed(recorded, monkeypatch):
    """As one does that was interrupted between its interpreter and pip, or that a tool made without pip."""
    environment, calls, _ = recorded
    python = start.python_of(environment)
    python.parent.mkdir(parents=True)
    for file in (python, environment / "pyvenv.cfg", environment / "kept"):
        file.touch()
    monkeypatch.setattr(start, "_has_pip", lambda python: False)
    monkeypatch.setattr(start, "_run", lambda command, remedy: calls.append([str(part) for part in command]))
    start.install(environment)
    assert ["venv" in call for call in calls] == [True, False, False] and (environment / "kept").exists()


def test_pip_is_asked_for(tmp_path):
    assert start._has_pip(sys.executable) == (importlib.util.find_spec("pip") is not None)
    assert not start._has_pip(tmp_path / "python")


def test_a_step_that_fails_is_named():
    with pytest.raises(SystemExit, match=r"(?s)This step failed: .*exit\(3\).*Do this"):
        start._run([sys.executable, "-c", "raise SystemExit(3) # exit(3)"], "Do this")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_a_command_that_ends_early_is_named():
    """And not covered up by the attempt to end it."""
    with pytest.raises(SystemExit, match=r"'exit 3' ended with 3 before JupyterLab was up"):
        open_course("exit 3")


def test_readme_gives_both_commands():
    assert set(commands()) == {"open", "test"}


@pytest.mark.parametrize("text", [
    "", "<!-- command: open -->\n```sh\na\n```\n",
    "<!-- command: open -->\n```sh\na\nb\n```\n<!-- command: test -->\n```sh\nc\n```\n",
    "<!-- command: open -->\n```sh\na\n```\n" * 2 + "<!-- command: test -->\n```sh\nc\n```\n"])
def test_a_readme_without_them_is_refused(text):
    with pytest.raises(ValueError, match=r"README\.md"):
        commands(text)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="no folder here in which even root cannot write")
def test_where_the_home_cannot_be_written_programs_keep_their_files_elsewhere(recorded, monkeypatch, tmp_path):
    ran = []
    monkeypatch.setenv("COURSE_VENV", str(recorded[0]))
    monkeypatch.setattr(start.subprocess, "run", lambda command, **options: ran.append(options["env"]) or
                        subprocess.CompletedProcess(command, 0))
    for home in ("/proc", str(tmp_path)):
        monkeypatch.setenv("HOME", home)
        monkeypatch.delenv("MPLCONFIGDIR", raising=False)
        with pytest.raises(SystemExit):
            start.main(["open"])
    assert ran[0]["MPLCONFIGDIR"].startswith(str(recorded[0])) and ran[0]["JUPYTER_DATA_DIR"].startswith(str(recorded[0]))
    assert "MPLCONFIGDIR" not in ran[1]
