"""What must not end or spoil a run: hostile files, lost templates, folders that cannot be read, systems without a sandbox."""

import errno
import os
import re
import subprocess
import sys

import pytest

from helpers.grading import __main__ as command
from helpers.grading.answer_keys import HEAVY_HELPERS, LARGEST_CELL, needs_tensorflow, read_keys
from helpers.grading.errors import SandboxError
from helpers.grading.find_submissions import collect
from helpers.grading.graft import graft
from helpers.grading.notebooks import Cell
from helpers.grading.records import RIGHT, Check, Exercise, Key, Match
from helpers.grading.report import write_report
from helpers.grading.run import Options, Runner, wanted_modules
from helpers.grading.workers import MOST_RESTARTS, Worker
from helpers.project import ROOT
from tests.grading.running import needs_sandbox, new_workers
from tests.submissions import make
from tests.submissions.building import LESSON, as_bytes, first, handed_out, solved

KEYS = read_keys()
EXERCISE = KEYS[LESSON].exercises[0]
HELPED = EXERCISE.solution.replace("scores / temperature", "helper(scores) / temperature")
ONE = Exercise("one", "One", ("import os",), "def one():\n    return 1", None, (Check("one-hidden-1", "one()", 1, "1"),))
TWO = Exercise("two", "Two", ("import os, time",), "def two():\n    return 2", None,
               (Check("two-hidden-1", "while os.path.exists('/tmp/go'):\n    time.sleep(0.1)\ntwo()", 1, "2"),))
HOARDS_LATER = """
import os, time
forget = get_ipython().reset
def reset():
    open('/tmp/go', 'w').close()
    forget()
get_ipython().reset = reset
for _ in range(4):
    if os.fork() == 0:
        while not os.path.exists('/tmp/go'):
            time.sleep(0.01)
        hoard = bytearray(os.urandom(2**20)) * 200
        time.sleep(600)
        os._exit(0)
"""


def helped_by(source):
    """Return what is grafted where the student's solution needs a function from another cell."""
    cells = [Cell("code", source), Cell("code", HELPED, EXERCISE.name, frozenset({"exercise-solution"}))]
    return graft(KEYS[LESSON], cells)[0]


@pytest.mark.parametrize("source, taken", [
    ("@d(" + "+".join("x" * 400) + ")\ndef helper(x):\n    return x", True),
    ("@d(" + "+".join("x" * 20_000) + ")\ndef helper(x):\n    return x", False),
    ("x = " + "-" * 50_000 + "1\ndef helper(x):\n    return x", False),
    ("\n".join(f"def f{number}(x): return x" for number in range(5_000)) + "\ndef helper(x): return x", True),
    ("import os; import sys\r\ndef helper(x):\r\n    return '\u2028\x0c', x\rlater = 1", True),
    ("def helper(x):\n    return x\n" + "#" * LARGEST_CELL, False),
])
def test_no_cell_stops_the_grader_that_takes_it_apart(source, taken):
    got = helped_by(source)
    assert got.source.endswith(HELPED) and ("helper" in got.note) is taken
    assert ("def helper(x):" in got.source) is taken and "later" not in got.source


def test_a_cell_that_is_too_large_is_said():
    cells = [Cell("code", EXERCISE.solution + "#" * LARGEST_CELL, EXERCISE.name, frozenset({"exercise-solution"}))]
    got = graft(KEYS[LESSON], cells)[0]
    assert got.source is None and got.note.endswith("missing; cells of more than 200,000 characters were not read")


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(tmp_path, monkeypatch):
    for student in ("ada", "ben"):
        (tmp_path / student).mkdir()
        (tmp_path / student / "x.ipynb").write_bytes(as_bytes(handed_out()))
    scandir = os.scandir

    def refused(path):
        if str(path).endswith("ben"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    ada, ben = collect(tmp_path, KEYS)
    assert not ada.problem
    assert ben.student == "ben" and ben.problem.startswith("the folder cannot be read (Permission denied): copy it")


def test_results_inside_the_submissions_are_refused(tmp_path, capsys):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "x.ipynb").write_bytes(as_bytes(solved()))
    assert command.main([str(tmp_path), "--out", str(tmp_path / "results"), "--sandbox", "none"]) == 2
    assert "would be graded as a student next time: put it elsewhere" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["ada"]


def test_each_file_has_a_feedback_page_of_its_own(tmp_path):
    for name in ("a/hw", "b/hw", f"c/{LESSON}"):
        path = tmp_path / "in" / "ada" / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(as_bytes(handed_out()) if name.startswith("c") else b"{")
    submissions = collect(tmp_path / "in", KEYS)
    result = {"lesson": LESSON, "points": 1, "earned": 0, "exercises": [], "expected": {}}
    write_report(tmp_path / "out", submissions, [None if one.problem else result for one in submissions], KEYS)
    pages = sorted(path.name for path in (tmp_path / "out" / "feedback" / "ada").iterdir())
    assert len(submissions) == len(pages) == 3 and f"{LESSON}.html" in pages
    assert "0 of 1 points" in (tmp_path / "out" / "feedback" / "ada" / f"{LESSON}.html").read_text()


@pytest.mark.parametrize("source", ["import keras", "from tensorflow import nn", "from helpers import plots, layers",
                                    "from helpers.batches import single_threaded_batches", "import helpers.pretrained"])
def test_what_imports_tensorflow_is_known(source):
    assert needs_tensorflow([source]) and not needs_tensorflow(["import numpy", "from helpers import shapes"])


def test_every_helper_that_imports_tensorflow_is_known():
    imports = re.compile(r"^(import|from) (keras|tensorflow)\b", re.MULTILINE)
    found = {path.stem for path in (ROOT / "helpers").glob("*.py") if imports.search(path.read_text(encoding="utf-8"))}
    assert found and found <= set(HEAVY_HELPERS)


@needs_sandbox
@pytest.mark.parametrize("moment", ["before", "while a worker runs"])
def test_a_fork_server_that_is_killed_costs_nobody_a_point(monkeypatch, moment):
    key = Key("01_one", (ONE, TWO))
    runner, run = Runner(wanted_modules([key]), Options(memory=512)), Worker.run
    runner.workers.start().close()
    first = runner.workers._process

    def kill():
        if first.poll() is None:
            first.kill()
            first.wait()

    def killed_meanwhile(*arguments):
        kill()
        return run(*arguments)

    if moment == "before":
        kill()
    else:
        monkeypatch.setattr(Worker, "run", killed_meanwhile)
    try:
        got = runner.lesson(key, [Match("one", ONE.solution), Match("two", "x = 1"), ])
        again = runner.lesson(key, [Match("two", TWO.solution)])
    finally:
        runner.close()
    assert [one.status for one in got.exercises] == [RIGHT, "wrong"] and again.exercises[0].status == RIGHT
    assert first.poll() is not None


@needs_sandbox
def test_a_fork_server_that_is_always_killed_ends_the_run_in_words():
    made = new_workers()
    for _ in range(MOST_RESTARTS + 1):
        try:
            made.start().close()
        except SandboxError:
            break
        made._process.kill()
        made._process.wait()
    with pytest.raises(SandboxError, match="the process that starts workers"):
        made.start()
    made.close()


@needs_sandbox
def test_memory_taken_after_a_right_answer_ends_its_worker():
    key = Key("01_one", (ONE, TWO))
    runner = Runner(wanted_modules([key]), Options(memory=256))
    try:
        got = runner.lesson(key, [Match("one", HOARDS_LATER + ONE.solution), Match("two", TWO.solution)])
    finally:
        runner.close()
    assert [one.status for one in got.exercises] == [RIGHT, RIGHT]


def test_each_protection_that_threats_names_has_its_test():
    text = (ROOT / "helpers" / "grading" / "THREATS.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    named = [set(re.findall(r"`((?:test_\w+|[a-z]+-[a-z-]+…?))`", row.rsplit("|", 2)[1])) for row in rows]
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "grading").glob("test_*.py"))
    students = {one.name for one in make.students()}
    assert len(rows) >= 12 and all(named)
    for name in set().union(*named):
        if name.startswith("test_"):
            assert f"def {name}(" in tests, name
        else:
            assert any(one.startswith(name.rstrip("…")) for one in students), name


def test_without_linux_the_grader_says_so(tmp_path):
    """Other packages are imported first: they may ask for the system in their own ways."""
    code = (
        "import sys, helpers.grading.__main__\n"
        "for name in [name for name in sys.modules if name.startswith('helpers')]:\n    del sys.modules[name]\n"
        "sys.modules['resource'], sys.platform = None, 'darwin'\n"
        "from helpers.grading.__main__ import main\n"
        f"sys.exit(main([{str(tmp_path)!r}, '--out', {str(tmp_path) + '-results'!r}]))"
    )
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "x.ipynb").write_bytes(as_bytes(solved(**{first(): None})))
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 2 and "the sandbox needs Linux, and this is darwin" in run.stderr, run.stderr
