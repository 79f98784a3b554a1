"""The command line: today's command and the new ones, what is refused with a remedy, and terminals that know ASCII only."""

import json
import os
import subprocess
import sys

import pytest

from helpers.grading import __main__ as command
from helpers.grading.records import RIGHT, GradingError, Student, Submission
from helpers.project import ROOT
from tests.grading.generated_class import KEYS, class_of, lesson_result

LESSON = "01_mnist_softmax"


@pytest.fixture
def stubbed(monkeypatch):
    """The command with a class and results made up: what it was called with, by name."""
    seen = {}
    student = Student("ada", "ada")
    work = [
        (Submission(student, LESSON, "ada/x.ipynb"), lesson_result(LESSON, (RIGHT,) * 5)),
        (Submission(student, None, "ada/\x1b[31mnotes.ipynb", problem="the file is empty"), None),
        (Submission(student, None, "ada/00.ipynb", problem="not graded; nothing to do: this lesson has no exercises"), None),
    ]
    the_class, results = class_of(work, remarks=["one folder too deep"])

    def collect(folder, keys, roster, meet=None):
        seen.update(folder=folder, roster=roster)
        return the_class

    def grade_class(submissions, keys, runner, store, **more):
        more["progress"](0, 1)
        seen.update(options=runner.options, keys=keys, **more)
        return results

    monkeypatch.setattr(command, "collect", collect)
    monkeypatch.setattr(command, "grade_class", grade_class)
    monkeypatch.setattr(command, "read_keys", lambda folder, seed=None: seen.update(seed=seed) or KEYS)
    monkeypatch.setattr(command, "bounds", lambda sandbox: "cgroup v2")
    monkeypatch.setattr(command, "read_roster", lambda path: f"roster {path.name}")
    monkeypatch.setattr(command.bubblewrap, "find", lambda *paths: None)
    return seen


def test_today_s_command_grades(stubbed, tmp_path, capsys):
    assert command.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs", "3", "--roster", "class.csv"]) == 0
    assert stubbed["folder"] == tmp_path / "in" and stubbed["jobs"] == 3 and stubbed["roster"] == "roster class.csv"
    said = capsys.readouterr().out
    assert "one folder too deep" in said and f"1 of 3 files graded. Read {tmp_path / 'out' / 'index.html'}" in said
    assert (
        "Not graded: ada/\\x1b[31mnotes.ipynb: the file is empty" in said
        and "nothing to do" not in said
        and "\x1b[31m" not in said
    )
    kept = json.loads((tmp_path / "out" / "results.json").read_text())
    assert kept["seed"] == stubbed["seed"] and kept["limits"] == "cgroup v2" and kept["versions"]["keras"]


@pytest.mark.parametrize("words", [["grade", "in", "--out", "out"], ["--out", "out", "in"]])
def test_the_word_grade_may_be_there_or_not(stubbed, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert command.main(words) == 0 and stubbed["folder"].name == "in"


def test_a_seed_is_drawn_once_told_and_kept_for_the_next_run(stubbed, tmp_path, capsys):
    run = [str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    command.main(run)
    first = stubbed["seed"]
    assert f"Seed {first}: --seed {first} draws the same hidden inputs again." in capsys.readouterr().out
    command.main(run)
    assert stubbed["seed"] == first, "a run that was stopped goes on"
    command.main([*run, "--seed", "5"])
    command.main(run)
    assert stubbed["seed"] == 5
    command.main([str(tmp_path / "in"), "--out", str(tmp_path / "other")])
    assert stubbed["seed"] not in (5, first)


def test_a_seed_that_cannot_be_read_is_drawn_anew(tmp_path):
    (tmp_path / "seed.txt").write_text("nonsense")
    seed = command.chosen_seed(tmp_path)
    assert (tmp_path / "seed.txt").read_text() == f"{seed}\n" and command.chosen_seed(tmp_path) == seed


@pytest.mark.parametrize(
    "more, said",
    [
        (["--jobs", "0"], "--jobs must be at least 1, not 0"),
        (["--timeout", "0"], "--timeout must be at least 0.1, not 0"),
        (["--timeout", "nan"], "--timeout must be at least 0.1, not nan"),
        (["--memory", "1"], "--memory must be at least 64, not 1"),
        (["--seed", "-1"], "--seed must be at least 0, not -1"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_starts(stubbed, tmp_path, capsys, more, said):
    assert command.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), *more]) == 2
    assert said in capsys.readouterr().err and not stubbed and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_results_where_nothing_can_be_written_are_refused(stubbed, tmp_path, capsys, name):
    (tmp_path / "file").write_text("mine")
    assert command.main([str(tmp_path / "in"), "--out", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert f"--out {tmp_path / name} cannot be written to (" in said and "name another folder" in said
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("name", ["grade", "graft"])
def test_results_inside_the_submissions_are_refused(stubbed, tmp_path, capsys, name):
    assert command.main([name, str(tmp_path), "--out", str(tmp_path / "results")]) == 2
    assert "would be graded as a student next time: put it elsewhere" in capsys.readouterr().err and not stubbed


def test_an_error_is_one_sentence_without_control_characters(stubbed, tmp_path, capsys, monkeypatch):
    def refuse(*_):
        raise GradingError("the folder 'x\x1b[2J\udcff' does not exist")

    monkeypatch.setattr(command, "collect", refuse)
    assert command.main([str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == "helpers.grading: the folder 'x\\x1b[2J\\udcff' does not exist\n"


def test_ctrl_c_says_that_nothing_is_lost(stubbed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "grade_class", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    assert command.main([str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 130
    assert "the same command goes on from here" in capsys.readouterr().err


def test_no_sandbox_is_said_in_plain_words(stubbed, tmp_path, capsys):
    command.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--sandbox", "none"])
    assert "No sandbox: student code runs with your rights" in capsys.readouterr().out
    assert stubbed["options"].sandbox == "none"


def test_graft_and_handout_are_commands(stubbed, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "write_grafts", lambda submissions, keys, folder: len(submissions))
    assert command.main(["graft", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 0
    assert f"3 notebooks. Run: python -m pytest --nbval {tmp_path / 'out'}" in capsys.readouterr().out
    assert command.main(["handout", str(tmp_path / "course"), "--repository", "nonsense"]) == 2
    assert "is not of the form OWNER/REPO" in capsys.readouterr().err


def test_help_names_every_command_and_option(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0 and all(f"helpers.grading {words}" in said for words in ("SUBMISSIONS", "graft", "handout"))
    for option in ("jobs", "timeout", "memory", "seed", "reveal", "scheduler", "sandbox", "keys", "roster", "repository"):
        assert f"--{option}" in said


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse file names that are not UTF-8")
def test_a_terminal_that_knows_only_ascii_and_odd_names_stop_nothing(tmp_path):
    folder = os.fsencode(tmp_path / "in")
    for name in (b"\xff\xfe", "Zoë".encode(), b"esc\x1b[31m", b"x" * 240):
        os.makedirs(os.path.join(folder, name))
        with open(os.path.join(folder, name, b"a.ipynb"), "wb") as file:
            file.write(b"{")
    run = subprocess.run(
        [sys.executable, "-m", "helpers.grading", tmp_path / "in", "--out", tmp_path / "out", "--sandbox", "none"],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", "LC_ALL": "C"},
    )
    assert run.returncode == 0, run.stderr
    assert b"0 of 4 files graded" in run.stdout and b"\x1b" not in run.stdout and run.stdout.isascii()
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == 4
