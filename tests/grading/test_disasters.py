"""What must not end or spoil a run: hostile files, lost templates, folders that cannot be read, systems without a sandbox."""

import errno
import os
import re
import subprocess
import sys

import pytest

from helpers.grading import grade_class as classes
from helpers.grading import store
from helpers.grading.answer_keys import HEAVY_HELPERS, LARGEST_CELL, Check, Exercise, Key, needs_tensorflow, read_keys
from helpers.grading.errors import GradingError, SandboxError
from helpers.grading.find_submissions import Submission, collect
from helpers.grading.grade_class import new_runner
from helpers.grading.graft import Graft, graft
from helpers.grading.kernel_session import Session
from helpers.grading.notebooks import Cell
from helpers.grading.run import Options
from helpers.grading.sandbox.warm import Template, WarmKernel
from helpers.project import ROOT
from tests.grading.test_sandbox import LIMITS, needs_sandbox
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


def test_a_notebook_that_cannot_be_taken_apart_costs_nobody_else(monkeypatch):
    monkeypatch.setattr(classes, "graft", lambda *_: (_ for _ in ()).throw(RecursionError))
    got = classes._grafted(KEYS[LESSON], Submission("ada", LESSON, "ada/x.ipynb", b"{}"))
    assert [one.source for one in got] == [None] * len(KEYS[LESSON].exercises)
    assert got[0].note == "this notebook could not be taken apart (RecursionError)"


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


def test_results_are_not_taken_over_from_another_version_of_the_course(monkeypatch):
    before = store.work_name(b"x", KEYS[LESSON], Options())
    assert store.work_name(b"x", KEYS[LESSON], Options()) == before
    monkeypatch.setattr(store, "_course", lambda: "changed")
    assert store.work_name(b"x", KEYS[LESSON], Options()) != before


@pytest.mark.parametrize("source", ["import keras", "from tensorflow import nn", "from helpers import plots, layers",
                                    "from helpers.batches import single_threaded_batches", "import helpers.pretrained"])
def test_what_imports_tensorflow_is_known(source):
    assert needs_tensorflow([source]) and not needs_tensorflow(["import numpy", "from helpers import shapes"])


def test_every_helper_that_imports_tensorflow_is_known():
    imports = re.compile(r"^(import|from) (keras|tensorflow)\b", re.MULTILINE)
    found = {path.stem for path in (ROOT / "helpers").glob("*.py") if imports.search(path.read_text(encoding="utf-8"))}
    assert found and found <= set(HEAVY_HELPERS)


def lesson_of(runner, *sources):
    key = Key("01_one", (ONE, TWO), "digest")
    return [one["status"] for one in runner.lesson(key, [Graft("one", sources[0]), Graft("two", sources[1])])["exercises"]]


@needs_sandbox
def test_memory_taken_after_a_right_answer_ends_its_kernel(monkeypatch):
    runner = new_runner({"01_one": Key("01_one", (ONE, TWO), "digest")}, Options(memory=512))
    started, start = [], runner.kernels.start
    monkeypatch.setattr(runner.kernels, "start", lambda tensorflow: started.append(tensorflow) or start(tensorflow))
    try:
        assert lesson_of(runner, HOARDS_LATER + ONE.solution, TWO.solution) == ["right", "right"]
    finally:
        runner.close()
    assert len(started) == 2


@needs_sandbox
@pytest.mark.parametrize("moment", ["before", "while a kernel runs"])
def test_a_template_that_is_killed_costs_nobody_a_point(monkeypatch, moment):
    said = []
    runner = new_runner({"01_one": Key("01_one", (ONE, TWO), "digest")}, Options(), said.append)
    cells, template = Session.cells, runner.kernels._template(False)

    def killed_meanwhile(*arguments):
        if template._process.poll() is None:
            template._process.kill()
            template._process.wait()
        return cells(*arguments)

    runner.kernels.start(False).end()
    if moment == "before":
        template._process.kill()
        template._process.wait()
    else:
        monkeypatch.setattr(Session, "cells", killed_meanwhile)
    try:
        assert lesson_of(runner, ONE.solution, TWO.solution) == ["right", "right"]
    finally:
        runner.close()
    assert len(said) == 1 and said[0].startswith("No warm kernels on this machine")


@needs_sandbox
def test_a_path_too_long_for_a_socket_is_said(monkeypatch, tmp_path):
    template = Template()
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    try:
        with pytest.raises(GradingError, match="set TMPDIR to a folder with a shorter path") as raised:
            WarmKernel(template, LIMITS)
    finally:
        template.close()
    assert not isinstance(raised.value, SandboxError) and os.listdir(long) == []


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
