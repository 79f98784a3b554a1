"""Exercises are run one by one, with any seed; a key that does not work here is refused; nobody pays for others."""

import contextlib
import dataclasses
import json
import time

import pytest

from helpers.grading import grade_class as classes
from helpers.grading.answer_keys import _in_own_scope, read_keys
from helpers.grading.records import (
    DEAD,
    ENDED,
    MEMORY,
    MISSING,
    NOT_ATTEMPTED,
    PARTLY,
    RIGHT,
    TIME_OUT,
    WRONG,
    CellRun,
    Check,
    Exercise,
    Key,
    KeyNotebookError,
    LessonResult,
    Match,
)
from helpers.grading.run import SHOWN, Runner, shown, wanted_imports
from helpers.grading.sandbox import SandboxError
from helpers.grading.workers import Options, Worker
from tests.grading.running import SANDBOX
from tests.submissions.building import LESSON

OPTIONS = Options(timeout=30, memory=1024, sandbox=SANDBOX)
SEEDED = Exercise("draw", "Draw", ("import random\nSEED = 20",), "def draw(low):\n    return low + 1", None,
                  (Check("draw-hidden-1", "draw(random.Random(SEED).randrange(10**6))", 1, "741895"),
                   Check("draw-hidden-2", "print('seen')\ndraw(2)", 2, "3")))
PLAIN = Exercise("double", "Double", ("import math",), "def double(x):\n    return 2 * x", None,
                 (Check("double-hidden-1", "math.floor(double(21))", 2, "42"),))
LEAVES = "\ndef draw(low):\n    return low + 1"


def new_key(*exercises, **more):
    return Key("01_one", exercises, **more)


@pytest.fixture(scope="module")
def runner():
    made = Runner(wanted_imports([new_key(SEEDED)]), OPTIONS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def answered(runner):
    """The exercise with the answers that the key gives here: what Random(20) draws is Python's affair."""
    return runner.key_answers(new_key(SEEDED, seed=20)).exercises[0]


@pytest.fixture
def started(runner, monkeypatch):
    """How many workers have been started."""
    counted, start = [], runner.start
    monkeypatch.setattr(runner, "start", lambda: counted.append(1) or start())
    return counted


def graded(runner, exercise, source, before=()):
    return runner.lesson(new_key(exercise), [Match(exercise.name, source, before)]).exercises[0]


def twice(runner, key, *matches):
    """What comes of work that is tried once more, alone, where it was ended or this machine could not run it."""
    (_, result), = classes.graded({"work": (key.lesson, list(matches))}, {key.lesson: key}, runner)
    return result


@pytest.mark.parametrize("source, earned, status", [
    (SEEDED.solution, 3, RIGHT),
    ("def draw(low):\n    return 3", 2, PARTLY),
    ("def draw(low):\n    return low", 0, WRONG),
    ("def draw(low):\n    return '3'", 0, WRONG),
    ("def draw(low):\n    return low + 1.0", 0, WRONG),
    ("x = 1", 0, WRONG),
    ("def draw(:", 0, WRONG),
    ("import os\ndef draw(low):\n    return 3 if low == 2 else os._exit(1)", 0, DEAD),
    ("import os\ndef draw(low):\n    return low + 1 if low > 2 else os._exit(1)", 1, DEAD),
    ("%%time\ndef draw(low):\n    return low + 1", 3, RIGHT),
    ("import random\nSEED, plain = 1, None\nrandom.Random = None\ndef draw(low):\n    return low + 1", 2, PARTLY),
    # F16
    ("def draw(low):\n    print('x' * 5 * 10**6)\n    return low + 1", 3, RIGHT),
])
def test_each_hidden_cell_is_worth_its_own_points(runner, answered, source, earned, status):
    got = graded(runner, answered, source)
    assert (got.earned, got.status, got.points) == (earned, status, 3)
    result = LessonResult("01_one", None, [got])
    assert LessonResult.from_dict(json.loads(json.dumps(dataclasses.asdict(result)))) == result


@pytest.mark.parametrize("status", [NOT_ATTEMPTED, MISSING])
def test_where_there_is_nothing_to_run_nothing_runs(runner, started, status):
    got = runner.lesson(new_key(SEEDED), [Match("draw", None, (), status, "why")]).exercises[0]
    assert (got.status, got.note, got.earned, got.points, got.checks) == (status, "why", 0, 3, []) and not started


def test_what_the_code_needs_from_other_cells_runs_before_it(runner, answered):
    magic = "%%time\ndef draw(low):\n    return low + ONE"
    assert graded(runner, answered, magic, ("import math", "ONE = math.ceil(0.5)")).status == RIGHT
    got = graded(runner, answered, magic, ("ONE = 1 / 0",))
    assert got.earned == 0 and got.error == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("source", ["draw = wrapped(draw)", "def draw(low):\n    return low + 1"])
def test_a_function_that_was_defined_before_may_get_another_definition(runner, answered, source):
    before = ("def draw(low):\n    return low", "def wrapped(function):\n    return lambda low: function(low) + 1")
    assert graded(runner, answered, source, before).status == RIGHT


def test_what_came_is_kept_for_the_feedback(runner, answered):
    got = graded(runner, answered, "print('hello\\x1b[31m')\ndef draw(low):\n    return object()")
    assert got.printed == "hello\n" and "0x..." in got.checks[0].got
    got = graded(runner, answered, "def draw(low):\n    raise ValueError('no idea')")
    assert got.checks[1].got == "ValueError: no idea"
    got = graded(runner, answered, "1 / 0")
    assert got.error == "ZeroDivisionError: division by zero" and got.checks[1].got.startswith("NameError")
    assert len(shown("x" * 10**6)) < SHOWN + 10 and shown("a\x00\x07b\x1b]0;c") == "ab]0;c"


ITS_SETUP = "import numpy as np\nSEED = 1\ndef plain(x):\n    return np.round(x, 3).tolist()"
CALLED = Exercise("mean", "Mean", (ITS_SETUP,), "def mean(x, axis=0):\n    return x.mean(axis)", None, tuple(
    Check(f"mean-hidden-{number}", _in_own_scope(source, (ITS_SETUP,)), 1, "") for number, source in enumerate([
        "random = np.random.default_rng(SEED)\nplain(mean(np.ones((2, 2))) + mean(random.random((2, 2)), axis=1))",
        "round(mean(np.array([1.0, 3.0])).item(), 4)",
        "round(sum(mean(np.arange(300.0) + one).item() for one in (0, 1)), 3)"], 1)),
    "def check(f):\n    return 'Hint: divide'\ncheck(mean)")


def test_feedback_shows_the_first_call_that_differs_and_the_lessons_hint(runner):
    key = runner.key_answers(new_key(CALLED, seed=1))
    got = runner.lesson(key, [Match("mean", "def mean(x, axis=0):\n    return (x.sum(axis) + 1e-12) / 2")]).exercises[0]
    first, second, third = got.checks
    assert got.status == PARTLY and (first.earned, second.earned) == (1, 1) and first.call is None
    assert third.call.called.startswith("mean(np.array([ 0., 1., ..., 298., 299.]") and "(300,)" in third.call.called
    assert (third.call.got, third.call.expected) == ("np.float64(22425.0)", "np.float64(149.5)")
    assert got.hint == "'Hint: divide'"
    got = runner.lesson(key, [Match("mean", "def mean(x, axis=0):\n    return x.mean()")]).exercises[0]
    assert got.checks[0].call.called == "mean(np.array([[1., 1.], [1., 1.]]))"
    assert (got.checks[0].call.got, got.checks[0].call.expected) == ("np.float64(1.0)", "np.array([1.0, 1.0])")
    for check in got.checks:
        assert check.call is None or not any(name in check.call.called for name in ("SEED", "plain", "random"))
    got = runner.lesson(key, [Match("mean", "def mean(x, axis=0):\n    return x[0] if x.ndim == 2 else 1 / 0")]).exercises[0]
    assert got.checks[1].call.got == "ZeroDivisionError: division by zero"
    got = runner.lesson(key, [Match("mean", "mean = 3")]).exercises[0]
    assert [check.call for check in got.checks] == [None] * 3
    assert "True" not in str(got.hint) and "expected" not in got.hint


def test_a_lesson_shows_its_own_hint_and_no_error_of_its_own_names(runner):
    """The lesson's own check runs behind what the lesson itself defines."""
    key = read_keys()[LESSON]
    wrong = [Match(exercise.name, f"def {exercise.name}(*arguments, **named):\n    return 1") for exercise in key.exercises]
    result = runner.lesson(runner.key_answers(key), wrong)
    assert all(one.earned == 0 and one.hint for one in result.exercises)
    assert not any(word in one.hint for one in result.exercises for word in ("NameError", "ImportError", "SEED"))


@pytest.mark.parametrize("first, second, earned, workers", [
    (SEEDED.solution, PLAIN.solution, [3, 2], 1),
    ("def draw(low):\n    return 3", PLAIN.solution, [2, 2], 2),
    (SEEDED.solution, "def double(x):\n    return x", [3, 0], 2),
    # Names are not shared, or points would depend on whether the exercise before was right.
    ("def double(x):\n    return 2 * x" + LEAVES, "1", [3, 0], 2),
    ("x = 2" + LEAVES, "def double(y):\n    return x * y", [3, 0], 2),
    ("import sys\nsys.modules['math'] = None" + LEAVES, PLAIN.solution, [3, 2], 2),
    ("get_ipython().display_formatter.format = None" + LEAVES, PLAIN.solution, [0, 2], 2),
    ("import math\nmath.floor = round" + LEAVES, PLAIN.solution, [3, 2], 1),
    ("import math\nmath.floor = str" + LEAVES, PLAIN.solution, [3, 2], 2),
    # Ended by what came before: once more, alone.
    ("import math, os\nmath.floor = os._exit" + LEAVES, PLAIN.solution, [3, 2], 3),
    ("import os\nget_ipython().reset = lambda: os._exit(3)" + LEAVES, PLAIN.solution, [3, 2], 2),
    (None, PLAIN.solution, [0, 2], 1),
])
def test_what_is_right_shares_a_worker_and_nothing_else_does(runner, answered, started, monkeypatch, first, second, earned,
                                                             workers):
    key, matches = new_key(answered, PLAIN), [Match("draw", first), Match("double", second)]
    got = runner.lesson(key, matches)
    got = runner.lesson(key, matches, alone=True) if got.exercises[1].status in ENDED else got
    assert [one.earned for one in got.exercises] == earned and got.earned == sum(earned)
    assert len(started) == workers


def test_what_was_ended_is_run_again_in_a_worker_of_its_own_each(runner, answered, started):
    key, matches = new_key(answered, PLAIN), [Match("draw", SEEDED.solution), Match("double", PLAIN.solution)]
    again = runner.lesson(key, matches, alone=True)
    assert [one.status for one in again.exercises] == [RIGHT, RIGHT] and len(started) == 2


def test_tensorflow_is_ready_where_keys_ask_for_it():
    heavy = Exercise("ones", "Ones", ("import keras",), "def ones():\n    return keras.ops.ones(2)", None,
                     (Check("ones-hidden-1", "ones().numpy().tolist()", 2, "[1.0, 1.0]"),))
    runner = Runner(wanted_imports([new_key(heavy)]), OPTIONS)
    try:
        assert graded(runner, heavy, heavy.solution).status == RIGHT
        worker = runner.start()
        assert worker.run("import sys\n'tensorflow' in sys.modules", 60).result == "True"
        # It runs an operation as it is, which is faster, and whose error names nothing but the operation.
        wrong = worker.run("import tensorflow as tf\ntf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))", 60).detail
        assert wrong.startswith("InvalidArgumentError: Matrix size-incompatible")
        worker.close()
    finally:
        runner.close()


@pytest.mark.parametrize("change, words", [
    ({"checks": (Check("draw-hidden-1", "draw(1)", 1, "3"),)}, "does not give its own stored answer here, in draw-hidden-1"),
    ({"checks": (Check("draw-hidden-1", "1 / 0", 1, "3"),)}, "fails here, in draw-hidden-1: ZeroDivisionError"),
    ({"checks": (Check("draw-hidden-1", "None", 1, "3"),)}, "does not give its own stored answer here, in draw-hidden-1"),
    ({"solution": "1 / 0"}, "fails here, before its hidden cells: ZeroDivisionError"),
    ({"setup": ("import no_such_module",)}, "exercise draw, fails here, before its hidden cells: ModuleNotFoundError"),
    ({"setup": ("import os\nos._exit(1)",)}, "fails here, before its hidden cells: the worker ended itself with code 1")])
def test_a_key_that_does_not_work_here_is_refused(runner, change, words):
    with pytest.raises(KeyNotebookError, match=words):
        runner.key_answers(new_key(dataclasses.replace(SEEDED, **change)))


def test_a_cell_that_takes_too_long_costs_its_exercise_and_is_tried_twice(answered, monkeypatch):
    quick, lesson, tried = Runner(wanted_imports([new_key(SEEDED)]), dataclasses.replace(OPTIONS, timeout=2)), Runner.lesson, []
    monkeypatch.setattr(Runner, "lesson", lambda *more: tried.append(more) or lesson(*more))
    with contextlib.closing(quick):
        begin = time.monotonic()
        got = twice(quick, new_key(answered, PLAIN), Match("draw", "while True:\n    pass"), Match("double", PLAIN.solution))
        assert time.monotonic() - begin >= 4 and len(tried) == 2
    slow, other = got.exercises
    assert (slow.status, slow.earned, slow.error, other.status) == (TIME_OUT, 0, "ran longer than 2 seconds", RIGHT)


SLOW = CellRun(TIME_OUT, "ran longer than 30 seconds")


def failing(monkeypatch, when, times, run=SLOW):
    """Let some of what runs fail, as it does on a machine that is too busy."""
    left, real = [times], Worker.run

    def fake(worker, source, *arguments):
        if when(source) and left[0]:
            left[0] -= 1
            return run
        return real(worker, source, *arguments)

    monkeypatch.setattr(Worker, "run", fake)
    return left


@pytest.mark.parametrize("run", [SLOW, CellRun(MEMORY, "took more"), CellRun(DEAD, "the worker was ended by signal 9")])
def test_what_the_machine_ends_once_costs_nothing(runner, answered, monkeypatch, run):
    """F9: a time-out beside others is tried once more alone."""
    for times, status in ((1, RIGHT), (2, run.status)):
        failing(monkeypatch, lambda source: "of a student" in source, times, run)
        assert twice(runner, new_key(answered), Match("draw", f"# of a student\n{SEEDED.solution}")).exercises[0].status == status


def test_a_set_up_that_fails_once_is_neither_the_students_nor_the_keys_fault(runner, answered, monkeypatch):
    """Where it fails: before the key's own solution, before the student's, and in the second look at the key."""
    work = Match("draw", SEEDED.solution)
    for skipped, times in ((0, 1), (1, 1), (1, 2)):
        seen = []
        failing(monkeypatch, lambda source, seen=seen, skipped=skipped: (
            "SEED = 20" in source and "draw" not in source and (seen.append(1) or len(seen) > skipped)), times)
        assert twice(runner, new_key(answered), work).exercises[0].status == RIGHT and len(seen) > skipped + times
        monkeypatch.undo()


def test_a_set_up_that_fails_for_students_only_is_the_machines_fault(runner, answered, monkeypatch):
    real, turn = runner._cells, []

    def cells(worker, exercise, match, *more, **named):
        turn.append(match.source)
        if match.source != SEEDED.solution:
            return SLOW, CellRun("not run"), []
        return real(worker, exercise, match, *more, **named)

    monkeypatch.setattr(runner, "_cells", cells)
    said = twice(runner, new_key(answered), Match("draw", "x = 1"))
    assert isinstance(said, SandboxError) and "failed here, and a moment later did not: this machine may be" in str(said)
    assert turn == [SEEDED.solution] + ["x = 1", SEEDED.solution] * 2


def test_a_set_up_that_always_fails_is_the_keys_fault(runner, answered):
    broken = new_key(dataclasses.replace(answered, setup=("1 / 0",)))
    for run in (lambda: twice(runner, broken, Match("draw", "x = 1")), lambda: runner.lesson(broken, [Match("draw", "x = 1")])):
        with pytest.raises(KeyNotebookError, match="fails here, before its hidden cells: ZeroDivisionError"):
            run()


def test_what_is_ended_is_tried_again_while_nothing_else_runs(runner, answered, monkeypatch):
    """F9: all others are finished before, and no two run beside each other."""
    running, seen, lesson = [], [], Runner.lesson

    def watched(made, key, matches, alone=False):
        running.append(alone)
        seen.append((alone, len(running)))
        try:
            time.sleep(0.05)
            return lesson(made, key, matches, alone)
        finally:
            running.pop()

    monkeypatch.setattr(Runner, "lesson", watched)
    ends, right = Match("draw", "import os\nos._exit(1)"), Match("draw", SEEDED.solution)
    work = {number: ("01_one", [ends if number % 3 == 0 else right]) for number in range(9)}
    results = dict(classes.graded(work, {"01_one": new_key(answered)}, runner, jobs=3))
    assert [results[number].exercises[0].status for number in range(9)] == [DEAD, RIGHT, RIGHT] * 3
    assert [again for again, _ in seen] == [False] * 9 + [True] * 3
    assert max(count for _, count in seen[:9]) > 1 and {count for _, count in seen[9:]} == {1}
