"""Exercises are run one by one, in parallel, on a cluster, with another seed; a key that does not work here is refused."""

import ast
import dataclasses
import json

import pytest

from helpers.grading.answer_keys import Check, Exercise, Key, read_keys, with_seed
from helpers.grading.errors import GradingError, KeyNotebookError
from helpers.grading.find_submissions import collect
from helpers.grading.grade_class import grade_class, new_runner
from helpers.grading.graft import Graft
from helpers.grading.run import Options
from helpers.grading.store import Store
from tests.grading.test_sandbox import NO_SANDBOX
from tests.submissions.building import LESSON, full, solved, without
from tests.submissions.make import write

SANDBOX = "none" if NO_SANDBOX else "bwrap"
OPTIONS = Options(timeout=60, memory=1024, sandbox=SANDBOX)
SEEDED = Exercise("draw", "Draw", ("import random\nSEED = 20",), "def draw(low):\n    return low + 1", None,
                  (Check("draw-hidden-1", "draw(random.Random(SEED).randrange(10**6))", 1, "741895"),
                   Check("draw-hidden-2", "print('seen')\ndraw(2)", 2, "3")))


def new_key(*exercises):
    return Key("01_one", exercises, "digest")


@pytest.fixture(scope="module")
def runner():
    made = new_runner({"01_one": new_key(SEEDED)}, OPTIONS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def answered(runner):
    """The exercise with the answers that the key gives here: what Random(20) draws is Python's affair."""
    free = dataclasses.replace(runner.options, seed=20)
    made = new_runner({"01_one": new_key(SEEDED)}, free)
    yield made.key_answers(new_key(SEEDED)).exercises[0]
    made.close()


def graded(runner, exercise, source):
    return runner.exercise(exercise, Graft(exercise.name, source))


@pytest.mark.parametrize(
    "source, earned, status",
    [
        (SEEDED.solution, 3, "right"),
        ("def draw(low):\n    return 3", 2, "partly right"),
        ("def draw(low):\n    return low", 0, "wrong"),
        ("x = 1", 0, "wrong"),
        ("def draw(:", 0, "wrong"),
        (None, 0, "not attempted"),
        ("import os\ndef draw(low):\n    return 3 if low == 2 else os._exit(1)", 0, "dead"),
        ("import os\ndef draw(low):\n    return low + 1 if low > 2 else os._exit(1)", 1, "dead"),
    ],
)
def test_each_hidden_cell_is_worth_its_own_points(runner, answered, source, earned, status):
    got = graded(runner, answered, source)
    assert (got["earned"], got["status"], got["points"]) == (earned, status, 3)
    json.dumps(got)


def test_what_came_is_kept_for_the_feedback(runner, answered):
    got = graded(runner, answered, "print('hello')\ndef draw(low):\n    return object()")
    assert got["printed"] == "hello\n" and "0x..." in got["checks"][0]["came"]
    got = graded(runner, answered, "def draw(low):\n    raise ValueError('no idea')")
    assert got["checks"][1]["came"] == "ValueError: no idea"
    got = graded(runner, answered, "1 / 0")
    assert got["note"] == "your cell: ZeroDivisionError: division by zero" and got["checks"][1]["came"].startswith("NameError")


def test_a_cell_that_takes_too_long_costs_its_exercise(answered):
    quick = new_runner({"01_one": new_key(SEEDED)}, dataclasses.replace(OPTIONS, timeout=3))
    try:
        got = graded(quick, answered, "while True:\n    pass")
    finally:
        quick.close()
    assert (got["status"], got["earned"], got["note"]) == ("time-out", 0, "your cell: ran longer than 3 seconds")


PLAIN = Exercise("double", "Double", ("import math",), "def double(x):\n    return 2 * x", None,
                 (Check("double-hidden-1", "math.floor(double(21))", 2, "42"),))
LEAVES = "\ndef draw(low):\n    return low + 1"


@pytest.mark.parametrize(
    "first, second, earned, kernels",
    [
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
        ("import math, os\nmath.floor = os._exit" + LEAVES, PLAIN.solution, [3, 2], 2),
        ("import os\nget_ipython().reset = lambda: os._exit(3)" + LEAVES, PLAIN.solution, [3, 2], 2),
        (None, PLAIN.solution, [0, 2], 1),
    ],
)
def test_what_is_right_shares_a_kernel_and_nothing_else_does(runner, answered, monkeypatch, first, second, earned, kernels):
    started = []
    start = runner.kernels.start
    monkeypatch.setattr(runner.kernels, "start", lambda tensorflow: started.append(tensorflow) or start(tensorflow))
    got = runner.lesson(new_key(answered, PLAIN), [Graft("draw", first), Graft("double", second)])
    assert [one["earned"] for one in got["exercises"]] == earned and got["earned"] == sum(earned)
    assert started == kernels * [False]


LOOKS = "import sys\ndef draw(low):\n    return low + 1 + any(name.startswith('tensorf') for name in sys.modules)"
HEAVY = Exercise("ones", "Ones", ("import helpers.quiet_start, keras",), "def ones():\n    return keras.ops.ones(2)", None,
                 (Check("ones-hidden-1", "ones().numpy().tolist()", 2, "[1.0, 1.0]"),))


@pytest.mark.parametrize("light, heavy, earned, kernels", [
    (SEEDED.solution, HEAVY.solution, [3, 2], [True]),
    # Nobody has to be right in a kernel that is not what the exercise asks for.
    (LOOKS, HEAVY.solution, [3, 2], [True, False, True]),
    ("def draw(low):\n    return 3", HEAVY.solution, [2, 2], [True, False, True]),
    (SEEDED.solution, "def ones():\n    return 1", [3, 0], [True, True]),
    (SEEDED.solution, None, [3, 0], [False]),
    (None, HEAVY.solution, [0, 2], [True])])
def test_a_whole_work_needs_one_kernel(runner, answered, monkeypatch, light, heavy, earned, kernels):
    started, start = [], runner.kernels.start
    monkeypatch.setattr(runner.kernels, "start", lambda tensorflow: started.append(tensorflow) or start(tensorflow))
    got = runner.lesson(new_key(answered, HEAVY), [Graft("draw", light), Graft("ones", heavy)])
    assert [one["earned"] for one in got["exercises"]] == earned and started == kernels


@pytest.mark.parametrize("change, words", [
    ({"checks": (Check("draw-hidden-1", "draw(1)", 1, "3"),)}, "does not give its own stored answer here, in draw-hidden-1"),
    ({"checks": (Check("draw-hidden-1", "1 / 0", 1, "3"),)}, "fails here, in draw-hidden-1: ZeroDivisionError"),
    ({"solution": "1 / 0"}, "fails here, in draw-hidden-1: ZeroDivisionError"),
    ({"setup": ("import no_such_module",)}, "set-up of an exercise failed: ModuleNotFoundError")])
def test_a_key_that_does_not_work_here_is_refused(runner, change, words):
    with pytest.raises(KeyNotebookError, match=words):
        runner.key_answers(new_key(dataclasses.replace(SEEDED, **change)))


def grade(folder, out, keys, options=OPTIONS, **more):
    submissions = collect(folder, keys)
    results = grade_class(submissions, keys, options, Store(out), **more)
    return {one.student: result and {part["exercise"]: part["earned"] for part in result["exercises"]}
            for one, result in zip(submissions, results)}


@pytest.mark.parametrize("seed", [None, 4711])
def test_answers_learnt_by_heart_earn_nothing_with_another_seed(tmp_path, seed):
    key, name = read_keys()[LESSON], "tempered_softmax"
    told = [ast.literal_eval(check.expected) for check in key.exercises[0].checks]
    assert key.exercises[0].name == name and len(told) == 2
    learnt = (f"answers = [np.array(one) for one in {[*told[0][1:], told[1]]}]\n"
              f"def {name}(scores, temperature=1.0):\n    return answers.pop(0)")
    work = solved(**{name: learnt})
    (tmp_path / "in" / "zoe").mkdir(parents=True)
    (tmp_path / "in" / "zoe" / "x.ipynb").write_text(json.dumps(work))
    keys = {LESSON: key if seed is None else with_seed(key, seed)}
    got = grade(tmp_path / "in", tmp_path / "out", keys, dataclasses.replace(OPTIONS, seed=seed), jobs=2)
    assert got == {"zoe": full() if seed is None else without(name)}


def test_the_same_work_is_graded_once_and_kept(tmp_path, monkeypatch):
    keys = {LESSON: read_keys()[LESSON]}
    write(tmp_path / "in", ["ada-perfect", "lars-broken-json"])
    (tmp_path / "in" / "ada-perfect").rename(tmp_path / "in" / "ada")
    write(tmp_path / "in", ["ada-perfect"])
    steps = []
    got = grade(tmp_path / "in", tmp_path / "out", keys, progress=lambda *step: steps.append(step))
    assert got == {"ada": full(), "ada-perfect": full(), "lars-broken-json": None}
    assert [(done, of) for done, of, _ in steps] == [(0, 1), (1, 1)] and steps[1][2] == ["ada", "ada-perfect"]
    monkeypatch.setattr("helpers.grading.grade_class.new_runner", lambda *_: pytest.fail("done again"))
    assert grade(tmp_path / "in", tmp_path / "out", keys) == got


def test_a_dask_cluster_does_the_work(tmp_path):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    keys = {LESSON: read_keys()[LESSON]}
    write(tmp_path / "in", ["ada-perfect", "ben-partly", "emil-only-last"])
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        there = grade(tmp_path / "in", tmp_path / "out", keys, scheduler=cluster.scheduler_address)
    assert there == grade(tmp_path / "in", tmp_path / "again", keys, jobs=2)
    assert len(there) == 3 and there["ada-perfect"] == full()


def test_a_cluster_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.grading.grade_class.SCHEDULER_TIMEOUT", "1s")
    pytest.importorskip("distributed", reason="Dask is not installed")
    write(tmp_path / "in", ["ada-perfect"])
    with pytest.raises(GradingError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        grade(tmp_path / "in", tmp_path / "out", {LESSON: read_keys()[LESSON]}, scheduler="tcp://127.0.0.1:9")
