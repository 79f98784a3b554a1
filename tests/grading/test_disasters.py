"""What must not end or spoil a run: hostile files, lost templates, folders that cannot be read, systems without a sandbox."""

import contextlib
import re
import subprocess
import sys

import pytest

from helpers.grading.records import MEMORY, RIGHT, Check, Exercise, Key, Match
from helpers.grading.run import Runner, wanted_imports
from helpers.grading.sandbox import SandboxError
from helpers.grading.workers import MOST_RESTARTS, Options, Worker, Workers
from helpers.project import ROOT
from tests.grading.running import needs_sandbox, new_workers, ran
from tests.submissions import make
from tests.submissions.building import as_bytes, first, solved

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


@needs_sandbox
@pytest.mark.parametrize("moment", ["before", "while a worker runs"])
def test_a_fork_server_that_is_killed_costs_nobody_a_point(monkeypatch, moment):
    key = Key("01_one", (ONE, TWO))
    runner, run = Runner(wanted_imports([key]), Options(memory=512)), Worker.run
    runner.start().close()
    first = runner._process

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
def test_a_fork_server_is_begun_early_and_again_for_other_imports():
    with contextlib.closing(Workers((), Options())) as made:
        made.warm(["import math", "import json"])
        first = made._process
        made.warm(["import math", "import json"])
        made.start().close()
        assert made._process is first and first.poll() is None
        made.warm(["import json", "import calendar"])
        looks = "import sys; 'calendar' in sys.modules"
        assert first.poll() is not None and [one.result for one in ran(made, looks)] == ["True"]


@needs_sandbox
def test_a_lesson_that_is_met_and_not_graded_costs_nobody_else_a_point():
    with contextlib.closing(Workers((), Options())) as made:
        made.warm(["import no_such_module", "import math"])
        made.warm(["import math"])
        assert [one.result for one in ran(made, "1 + 1")] == ["2"]


@needs_sandbox
def test_a_fork_server_that_is_killed_while_it_imports_is_started_again():
    with contextlib.closing(Workers(["import time", "time.sleep(0.5)"], Options())) as made:
        made.warm(made.imports)
        made._process.kill()
        made._process.wait()
        assert [one.result for one in ran(made, "1 + 1")] == ["2"]


def test_a_fork_server_that_is_started_again_takes_no_folder_from_its_workers():
    looks = "import tempfile\nfolder = tempfile.gettempdir()"
    with contextlib.closing(Workers((), Options(sandbox="none"))) as made, contextlib.closing(made.start()) as worker:
        worker.run(looks, 60)
        made._process.kill()
        made._process.wait()
        made.start().close()
        assert worker.run("import os\nos.path.isdir(folder)", 60).result == "True"


@needs_sandbox
def test_memory_taken_after_a_right_answer_ends_its_worker():
    key = Key("01_one", (ONE, TWO))
    runner = Runner(wanted_imports([key]), Options(memory=256))
    work = [Match("one", HOARDS_LATER + ONE.solution), Match("two", TWO.solution)]
    try:
        got = runner.lesson(key, work)
        again = runner.lesson(key, work, alone=True)
    finally:
        runner.close()
    assert [one.status for one in got.exercises] == [RIGHT, MEMORY] and [one.status for one in again.exercises] == [RIGHT, RIGHT]


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
