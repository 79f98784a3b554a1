"""A worker: cells mean in it what they mean in a notebook, and nothing that it does or says stops or fools the grader."""

import contextlib
import json
import time

import pytest

from helpers.grading import worker as inside
from helpers.grading import workers as outside
from helpers.grading.records import DEAD, FLOOD, TIME_OUT, CellRun
from helpers.grading.sandbox import SandboxError
from helpers.grading.worker import MOST_NUMBERS, pasted, recorded
from tests.grading.running import SANDBOX, new_workers
from tests.submissions.attacks import PIPES

FORGED = '{"number": NUMBER, "status": "ok", "detail": "", "result": "42", "printed": "", "calls": []}'
NO_TEXT = FORGED.replace('"42"', "0")


@pytest.fixture(scope="module")
def workers():
    made = new_workers()
    yield made
    made.close()


@pytest.fixture
def worker(workers):
    made = workers.start()
    yield made
    made.close()


def ran(worker, *sources, seconds=60):
    return [worker.run(source, seconds) for source in sources]


@pytest.mark.parametrize("source, result, printed", [
    ("1 + 1", "2", ""),
    ("x = 3\nprint(x)", None, "3\n"),
    ("[1.5, 'a']", "[1.5, 'a']", ""),
    ("1;", None, ""),
    ("None", None, ""),
    ("!echo from the shell", None, "from the shell\n"),
    ("words = !echo one two\nwords", "['one two']", ""),
    ("import asyncio\nawait asyncio.sleep(0.01, 'awaited')", "'awaited'", ""),
    ("%%capture said\nprint('hidden')", None, ""),
    ("%precision 2\n3.14159", "3.14", ""),
    ("display([1])\n2", "2", "[1]\n"),
    ("get_ipython().run_line_magic('pwd', '')", None, ""),
    ("_ = 5\nget_ipython() is not None", "True", ""),
    ("import numpy as np\nnp.arange(3)", "array([0, 1, 2])", ""),
    ("import subprocess\nsubprocess.run(['echo', 'x'], stdin=subprocess.DEVNULL).returncode", "0", ""),
    ("import asyncio\nasyncio.get_running_loop().is_running()", "True", ""),
    ("import sys\nsys.stdout.fileno(), sys.stdout.isatty(), sys.stderr.write('not kept')", "(1, False, 8)", ""),
])
def test_a_cell_means_what_it_means_in_a_notebook(worker, source, result, printed):
    run, = ran(worker, source)
    assert run.status == "ok", run.detail
    if "pwd" not in source:
        assert run.result == result and run.printed == printed


def test_a_cell_of_one_line_means_what_it_means_in_a_notebook(worker):
    folder, _, typed = ran(worker, "pwd", "In [1]: x = 3", "x")
    assert (folder.result, typed.result) == ("'/tmp'", "3")


def test_names_tasks_and_results_live_on_between_cells(worker):
    *_, last = ran(worker, "import asyncio\nasync def late():\n    await asyncio.sleep(0.01)\n    return 7",
                   "task = asyncio.create_task(late())", "8", "(_, await task)")
    assert last.result == "(8, 7)"


def test_magics_that_lessons_use(worker):
    inline, timed, figure = ran(
        worker, "%matplotlib inline", "%%time\nx = 4\nx",
        "import matplotlib.pyplot as plt\nimport matplotlib\nplt.plot([1, 2])\nplt.show()\nmatplotlib.get_backend(), x")
    assert inline.status == "ok" and timed.result == "4" and "Wall time" in timed.printed
    assert "inline" in figure.result and "4" in figure.result and "<Figure size" in figure.printed


@pytest.mark.parametrize("source, words", [
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("def f(:", "SyntaxError: invalid syntax"),
    ("input('your name? ')", r"RuntimeError: input\(\) cannot be answered while a notebook is graded: give the value"),
    ("import sys\nsys.exit(3)", "SystemExit: 3"),
    ("exit()", "SystemExit"),
    ("%no_such_magic", "UsageError"),
    ("class E(Exception):\n    def __str__(self):\n        return 1 / 0\nraise E", "^E$"),
    ("raise ValueError('x' * 10**7)", r"^ValueError: x{1000,2000} \.\.\.$"),
])
def test_an_error_is_told_and_the_worker_goes_on(worker, source, words):
    import re
    run, after = ran(worker, source, "6 * 7")
    assert run.status == "error" and run.result is None and re.search(words, run.detail), run
    assert after.result == "42"


@pytest.mark.parametrize("source, result", [
    ("print('x' * 5 * 10**6)\n5", "5"),
    ("for _ in range(100):\n    print('x' * 10**5)\n6", "6"),
    ("print('\\u0001' * 10**6)\nprint('\\U0001F600' * 10**6)\n7", "7"),
    ("print('\\ud800')\n8", "8"),
    # More than a worker's memory.
    ("for _ in range(1000):\n    print('x' * 10**6)\n9", "9"),
])
def test_what_is_printed_is_cut_and_the_answer_still_counts(worker, source, result):
    run, = ran(worker, source)
    assert (run.status, run.result) == ("ok", result)
    assert len(run.printed) <= inside.MOST_PRINTED + 4


def test_the_longest_honest_reply_is_allowed_whatever_its_letters(worker):
    long = inside.MOST_RESULT
    run, = ran(worker, f"print('\\U0001F600' * 10**6)\n'\\u0001' * {long}")
    assert run.status == "ok" and len(run.result) == long + len(" ...")
    largest = json.dumps({"result": "\x01" * long, "printed": "\x01" * inside.MOST_PRINTED,
                          "detail": "\x01" * inside.MOST_DETAIL})
    assert len(largest) < outside.LARGEST_REPLY


@pytest.mark.parametrize("source, status", [
    # F1: half a reply, and then nobody who reads.
    (PIPES + "os.write(replies, b'{\"number\": ')\nimport time\ntime.sleep(600)", TIME_OUT),
    (PIPES + "os.close(requests)\nwhile True: pass", TIME_OUT),
    ("import time\nwhile True:\n    try:\n        time.sleep(600)\n    except BaseException:\n        pass", TIME_OUT),
    # F5: no end of bytes.
    (PIPES + "while True:\n    os.write(replies, b'x' * 10**6)", FLOOD),
    (PIPES + "while True:\n    os.write(replies, b'\\n')", DEAD),
    (PIPES + "os.write(replies, b'[' * 10**5 + b'\\n')", DEAD),
    (PIPES + "os.write(replies, b'null\\n')", DEAD),
    (PIPES + "os.write(replies, b'\\xff\\xfe\\n')", DEAD),
    (PIPES + f"os.write(replies, {FORGED.replace('NUMBER', '1').replace('ok', 'right')!r}.encode() + b'\\n')", DEAD),
    (PIPES + f"os.write(replies, {NO_TEXT.replace('NUMBER', '1')!r}.encode() + b'\\n')", DEAD),
    (PIPES + "os.close(replies)", DEAD),
    ("import os\nos._exit(0)", DEAD),
    ("import os\nif os.fork() == 0:\n    import time; time.sleep(600)\nos._exit(0)", DEAD),
    ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", DEAD),
])
def test_nothing_that_a_worker_says_or_leaves_unsaid_stops_the_grader(workers, source, status):
    worker, begin = workers.start(), time.monotonic()
    run, = ran(worker, source, seconds=3)
    worker.close()
    assert run.status == status and not run.result, run
    assert time.monotonic() - begin < 120  # not the ten minutes of its child, and not for ever
    other = workers.start()
    assert ran(other, "1")[0].result == "1"
    other.close()


def test_a_cell_larger_than_the_pipe_does_not_block_the_grader(worker):
    large = "x = 1\n" + "#" * 10**6
    stop, blocked = ran(worker, PIPES + "os.kill(os.getpid(), 0)\nlarge = 1", large)
    assert blocked.status == "ok"
    run = worker.run("import signal, os\nos.kill(os.getpid(), signal.SIGSTOP)\n" + "#" * 10**6, 2)
    assert stop.status == "ok" and run.status == TIME_OUT


def test_a_forged_reply_is_a_text_like_any_other(worker):
    """Whoever writes into the pipe gains what printing gains: one text, for this cell; what comes besides ends this worker."""
    forged = FORGED.replace("NUMBER", "1") + "\n"
    first = worker.run(PIPES + f"os.write(replies, {forged.encode()!r})\nimport time\ntime.sleep(0.5)", 10)
    assert first == CellRun(result="42")
    time.sleep(1)
    second = worker.run("1", 10)
    assert (second.status, second.result, second.detail) == (DEAD, None, "the worker spoke out of turn")


def test_a_reply_to_a_cell_that_was_not_asked_is_none(worker):
    forged = FORGED.replace("NUMBER", "2") + "\n"
    run = worker.run(PIPES + f"os.write(replies, {forged.encode()!r})", 10)
    assert (run.status, run.result) == (DEAD, None)


def test_how_a_worker_ended_is_told(workers):
    for source, words in (("import os\nos._exit(4)", "ended itself with code 4"),
                          ("import ctypes\nctypes.string_at(0)", "ended by signal 11")):
        worker = workers.start()
        assert words in worker.run(source, 10).detail
        worker.close()


def test_a_module_that_is_not_there_is_said_at_every_start():
    with contextlib.closing(new_workers(["no_such_module"])) as made:
        for _ in range(2):
            with pytest.raises(SandboxError, match=r"has ended: ModuleNotFoundError: No module named 'no_such_module'"):
                made.start()


def test_without_fork_it_is_said_where_to_grade(monkeypatch):
    monkeypatch.delattr("os.fork")
    with pytest.raises(SandboxError, match=r"workers are forked, which .* cannot do: grade in WSL 2, or on Linux or macOS"):
        new_workers(sandbox="none")


def test_without_a_sandbox_workers_run_too():
    made = new_workers(sandbox="none")
    worker = made.start()
    one, two, end = ran(worker, "print(1)\n2", "1 / 0", "import os\nos._exit(4)")
    worker.close()
    made.close()
    assert (one.printed, one.result, two.detail) == ("1\n", "2", "ZeroDivisionError: division by zero")
    assert (end.status, end.detail) == (DEAD, "the worker ended itself with code 4")
    assert outside.bounds("none") == "no sandbox" and (SANDBOX == "none" or outside.bounds("bwrap").startswith("bubblewrap; "))


def test_calls_are_told_as_they_can_be_pasted():
    import numpy as np
    class Odd:
        def __repr__(self):
            return 1 / 0

    for value in (np.arange(6.0).reshape(2, 3), np.array([1, 2], dtype=np.float32), [1.5, "it's", (None,), {"a": True}],
                  [np.ones(2), (np.array([True]),)], np.array([["a", "b"]]), np.float32(0.5), 7, np.arange(200.0) / 7):
        again = eval(pasted(value), {"np": np})
        assert type(again) is type(value)
        np.testing.assert_equal(again, value)
    assert pasted(Odd()) == "<Odd>" and pasted("nan array(") == "'nan array('"
    assert pasted(np.array([np.nan, -np.inf])) == "np.array([ np.nan, -np.inf])"
    large = pasted(np.zeros(MOST_NUMBERS + 1))
    assert f"({MOST_NUMBERS + 1},)" in large and "..." in large and len(large) < 200
    assert pasted(0.1 + 0.2) == "0.30000000000000004" and pasted(0.1 + 0.2, rounded=True) == "0.3"
    assert "0x" not in pasted(object()) and pasted(np.mean) == "mean"


def test_only_calls_from_outside_are_told_and_the_functions_come_back():
    names = {"inner": lambda x: x + 1, "number": 3, "Kind": int}
    names["outer"] = outer = lambda x, *, y=0: names["inner"](x) / y
    with recorded(names, ["inner", "outer", "number", "Kind", "missing"]) as calls:
        assert names["outer"](1, y=2) == 1
        with pytest.raises(ZeroDivisionError):
            names["outer"](1)
        names["inner"](5)
    assert calls == [("outer(1, y=2)", "1.0"), ("outer(1)", "ZeroDivisionError: division by zero"), ("inner(5)", "6")]
    assert names["outer"] is outer


def test_a_worker_tells_the_calls_that_are_asked_for(worker):
    ran(worker, "import numpy as np\ndef twice(x):\n    return 2 * x")
    run = worker.run("twice(np.ones(2))\ntwice(3)", 10, ["twice"])
    assert [(call.called, call.got) for call in run.calls] == [("twice(np.array([1., 1.]))", "np.array([2.0, 2.0])"),
                                                               ("twice(3)", "6")]
    assert worker.run("twice(3)", 10).calls == []
