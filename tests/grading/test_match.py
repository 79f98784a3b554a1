"""Right in the notebook is right in the grader: a student's code is found wherever it stands, with what it needs."""

import ast
import itertools
import random

import pytest

from helpers.grading import match as matching
from helpers.grading import reading
from helpers.grading.answer_keys import read_keys
from helpers.grading.match import MOST_CARRIED, MOST_CODE, match, tell_lesson
from helpers.grading.reading import LARGEST_CELL, Statement, defined_names, statements, used_names
from helpers.grading.records import MISSING, NOT_ATTEMPTED, Cell, Check, Exercise, Key
from tests.support.exercise_cells import run

SOLVED = "def alpha(x):\n    return 2 * x"
STUB = "def alpha(x):\n    return ..."
CHECK = "check(alpha, case('two', 1, expected=2))"
TRAIN = "def train(seed):\n    model.fit(seed)\n    return model"


def named(source, name="alpha", kind="code", tag="solution"):
    return Cell(kind, source, name, frozenset([f"exercise-{tag}"]), f"{name}-{tag}")


def cell(source, kind="code"):
    return Cell(kind, source)


LESSON = (
    cell("import numpy as np\nfrom helpers.data import load_mnist\nfrom helpers.exercises import case, check"),
    cell("mnist = load_mnist()\nx_train = mnist.x_train / 255"),
    cell("pixels = np.array([1.0, 2.0])\npixels"),
    cell("def double(x):\n    return x + x"),
    cell(TRAIN), cell("model = train(0)"), cell("W = np.zeros(3)"),
    named(STUB), named(CHECK, tag="check"),
    named("def beta(x):\n    return ...", "beta"),
)


def exercise(name, *setup):
    return Exercise(name, name, ("import numpy as np\nSEED = 20\ndef plain(x): return x", *setup),
                    f"def {name}(x):\n    return 1", f"def {name}(x):\n    return ...",
                    (Check(f"{name}-hidden-1", f"{name}(1)", 1, "1"),), CHECK)


KEY = Key("01_one", (exercise("alpha"), exercise("beta")), LESSON)


def matched(*cells, key=KEY, name="alpha"):
    return next(one for one in match(key, cells) if one.exercise == name)


def gives(one, x=3, setup=KEY.exercises[0].setup):
    """Run what was matched behind the key's set-up, as a worker does, and call the function."""
    namespace = {}
    for source in (*setup, *one.before, one.source):
        exec(compile(source, "cell", "exec"), namespace)
    return namespace[one.exercise](x)


def test_a_students_cell_takes_the_place_of_the_keys():
    one = matched(named(SOLVED), cell("def beta(x): pass", "markdown"))
    assert (one.source, one.before, one.status, one.note) == (SOLVED, (), "", "") and gives(one) == 6
    assert matched(named(SOLVED), name="beta").status == MISSING


@pytest.mark.parametrize("source", [STUB, "def alpha( x ):\n  return ...\n", f"# to do\n{STUB}", f"%%time\n{STUB}",
                                    'def alpha(x, y):\n    """As an older edition had it."""\n    return ...'])
def test_an_untouched_stub_is_not_attempted(source):
    one = matched(named(source))
    assert (one.status, one.source) == (NOT_ATTEMPTED, None)
    assert matched(cell(source)).status == NOT_ATTEMPTED


@pytest.mark.parametrize("cells", list(itertools.permutations([named(SOLVED), named(STUB)])))
def test_of_copies_the_last_changed_one_counts(cells):
    one = matched(*cells)
    assert one.source == SOLVED and "2 cells" in one.note
    assert matched(named("first"), named("second")).source == "second"


def test_a_cell_that_is_not_python_is_still_the_students_answer():
    one = matched(named("def alpha(:"), named(STUB, "beta"))
    assert (one.source, one.before) == ("def alpha(:", ())


# Each kind: the cells, and the answer of alpha(3) in the notebook.
KINDS = {
    "cell without metadata": [cell("import math\n" + SOLVED)],
    "new cell below the untouched stub": [named(STUB), cell(SOLVED)],
    "new cell below the check": [named(STUB), named(CHECK, tag="check"), cell(SOLVED)],
    "answer in the check's cell": [named(STUB), named(SOLVED + "\n" + CHECK, tag="check")],
    "split cell": [named("TWO = 2\ndef half(x):\n    return x / 2"), named("def alpha(x):\n    return 2 * TWO * half(x)")],
    "wrapped in another cell": [named("def alpha(x):\n    return x"), cell("def twice(f):\n    return lambda x: 2 * f(x)"),
                                cell("alpha = twice(alpha)")],
    "constant": [cell("factor = 2"), named("def alpha(x):\n    return factor * x")],
    "constant made from others": [cell("import math"), cell("one = math.floor(1.5)\ntwo, three = one + 1, 3"),
                                  named("def alpha(x):\n    return two * x")],
    "constant of the lesson": [named("def alpha(x):\n    return int(pixels[1]) * x")],
    "constant below": [named("def alpha(x):\n    return factor * x"), cell("factor = 2")],
    "constant that changes later": [cell("factor = 2"), named("def alpha(x):\n    return factor * x"), cell("factor = 9")],
    "list that is filled": [cell("steps = []"), cell("for k in range(3):\n    steps.append(k)"), cell("steps[0] = 5"),
                            named("def alpha(x):\n    return steps[2] * x")],
    "lambda": [cell("double_it = lambda x: 2 * x"), named("def alpha(x):\n    return double_it(x)")],
    "partial": [cell("import functools, operator\ndouble_it = functools.partial(operator.mul, 2)"),
                named("def alpha(x):\n    return double_it(x)")],
    "star import": [cell("from math import *"), named("def alpha(x):\n    return floor(2.5) * x")],
    "helper in a cell with a magic": [cell("%matplotlib inline\n!ls\ndef twice(x):\n    return 2 * x"),
                                      named("def alpha(x):\n    return twice(x)")],
    "helper under %%time": [cell("%%time\ndef twice(x):\n    return 2 * x"), named("def alpha(x):\n    return twice(x)")],
    "helper under if": [cell("if True:\n    def twice(x):\n        return 2 * x"), named("def alpha(x):\n    return twice(x)")],
    "import under try": [cell("try:\n    import nowhere_at_all as m\nexcept ImportError:\n    import math as m"),
                         named("def alpha(x):\n    return m.floor(2.5) * x")],
    "helper that shares its name with a parameter": [
        cell("def twice(x):\n    return 2 * x"),
        named("def other(twice):\n    return twice\ndef alpha(x):\n    return twice(x)")],
    "class": [cell("class Twice:\n    def of(self, x):\n        return 2 * x"), named("def alpha(x):\n    return Twice().of(x)")],
    "decorator": [cell("import functools as tools"), named("@tools.cache\ndef alpha(x):\n    return 2 * x")],
    "default value": [cell("factor = 2"), named("def alpha(x, by=factor):\n    return by * x")],
    "global counter": [cell("calls = 0"), named("def alpha(x):\n    global calls\n    calls += 1\n    return 2 * x")],
    "helper of a helper": [cell("two = 2\ndef twice(x):\n    return two * x\ndef again(x):\n    return twice(x)"),
                           named("def alpha(x):\n    return again(x)")],
    "functions that call each other": [
        cell("def odd(n):\n    return n > 0 and even(n - 1)\ndef even(n):\n    return n == 0 or odd(n - 1)"),
        named("def alpha(x):\n    return 2 * x * odd(1)")],
    "lesson's function": [named("def alpha(x):\n    return double(x)")],
    "lesson's function extended": [cell("def double(x, times=1):\n    return x + x * times"),
                                   named("def alpha(x):\n    return double(x, times=1)")],
    "own name of the key's": [cell("SEED = 2"), named("def alpha(x):\n    return SEED * x")],
    "another exercise's function": [named("def alpha(x):\n    return beta(x)"), named("def beta(x):\n    return 2 * x", "beta")],
    "lines that show something with data": [named("print(x_train[:3])\ny = alpha_of = x_train\n" + SOLVED + "\nalpha(y)")],
    "old edition of the lesson": [cell("def double(x):\n    y = x + x\n    return y"),
                                  named("def alpha(x):\n    return double(x)")],
    "scratch paper further down": [named(SOLVED), named(CHECK, tag="check"), cell("def alpha(x):\n    return None")],
    "second try with a second check": [
        named("def alpha(x):\n    return None"), named(CHECK, tag="check"), cell(SOLVED), cell(CHECK)],
    "cell of another lesson's variable": [named(SOLVED), cell("alpha = 3", "raw")],
    "array": [cell("table = np.arange(4)\ntable[2] = 5\ntable -= 3"), named("def alpha(x):\n    return int(table[2]) * x")],
    "counter": [cell("two = 0"), cell("two += 1"), cell("two += 1"), named("def alpha(x):\n    return two * x")],
    "value that an if leaves": [cell("two = 2"), cell("if two > 5:\n    two = 9"), named("def alpha(x):\n    return two * x")],
    "value that a loop changes": [cell("two = 0"), cell("for _ in range(2):\n    two += 1"), cell("two\nprint(two)"),
                                  named("def alpha(x):\n    return two * x")],
    "loop's own names elsewhere": [cell("for k in unknown_data:\n    raise SystemExit"),
                                   named("for k in range(3):\n    two = k\ndef alpha(x):\n    return two * x")],
    "generator of random numbers": [cell("rng = np.random.default_rng(0)"),
                                    named("def alpha(x):\n    return 2 * x + 0 * rng.random()")],
    "walrus and with": [cell("import contextlib\nwith contextlib.nullcontext(2) as factor:\n    pass"),
                        named("def alpha(x):\n    return factor * x")],
}


@pytest.mark.parametrize("kind", KINDS)
def test_right_in_the_notebook_is_right_in_the_grader(kind):
    one = matched(*KINDS[kind])
    assert one.status == "" and gives(one) == 6, one


@pytest.mark.parametrize("above", ["%%time\n", "%matplotlib inline\n", "!pip install numpy\n", "if True:\n    !pip install x\n",
                                   "files = !ls\n", "%time y = 1\n", "help?\n"])
def test_magics_in_the_exercises_cell_keep_the_function(above):
    one = matched(cell("two = 2"), named(above + "def alpha(x):\n    return two * x"))
    assert one.before == ("two = 2",) and "def alpha" in one.source and "install" not in one.source


@pytest.mark.parametrize("kind, word", [("markdown", "a Markdown cell"), ("raw", "a raw cell")])
def test_an_exercise_that_is_no_code_any_more_is_named(kind, word):
    one = matched(named(SOLVED, kind=kind))
    assert one.status == MISSING and one.note == f"the cell alpha-solution is {word}; turn it back into code"
    assert gives(matched(named(SOLVED, kind=kind), cell(SOLVED))) == 6


@pytest.mark.parametrize("name", ["model", "mnist", "x_train", "mine"])
def test_what_takes_training_or_data_is_left_and_said(name):
    one = matched(cell("mine = train(3)[0]"), named(f"def alpha(x):\n    return {name}"))
    assert one.before == () and name in one.note.split("takes data or training: ")[1].split(", ")


def test_a_function_that_trains_is_taken_but_nothing_that_runs_it():
    one = matched(cell("runs = [train(seed) for seed in range(3)]"), named("def alpha(x):\n    return train if x else runs"))
    assert one.before == (TRAIN,) and "takes data or training: model, runs" in one.note


def test_only_what_is_used_is_taken_and_the_key_gives_what_the_lesson_gives():
    one = matched(*LESSON[:7], cell("import os\nother = 1\ndef spare(): pass"),
                  named("def alpha(x):\n    return np.sum(double(x))"))
    assert one.before == ("def double(x):\n    return x + x",) and one.note == ""
    given = Key("01_one", (exercise("alpha", "def double(x): return 0"),), LESSON)
    assert matched(*LESSON[:7], named("def alpha(x):\n    return double(x)"), key=given).before == ()


def test_a_name_that_is_nowhere_defined_is_said():
    assert matched(named("def Alpha(x):\n    return 1")).note == "your notebook does not define: alpha"
    assert matched(named("%%writefile alpha.py\ndef alpha(x):\n    return 1")).note == "your notebook does not define: alpha"


def test_what_was_taken_is_said():
    one = matched(cell("import math\nhalf = 0.5"), named("def alpha(x):\n    return math.floor(half)"))
    assert one.note == "taken along from your other cells: half, math"


@pytest.mark.parametrize("lesson, exercise", [(lesson, one.name) for lesson, key in read_keys().items() for one in key.exercises])
def test_every_visible_check_runs_behind_the_key_alone_on_a_wrong_answer(lesson, exercise):
    one = next(one for one in read_keys()[lesson].exercises if one.name == exercise)
    feedback = run([*one.setup, f"def {exercise}(*arguments, **named):\n    return 1.5", one.visible], {})
    assert feedback.attempted and not feedback.complete and "NameError" not in repr(feedback)


def test_a_visible_check_passes_what_is_right():
    for one in read_keys()["01_mnist_softmax"].exercises:
        assert run([*one.setup, one.solution, one.visible], {}).complete


def test_the_lesson_is_told_by_metadata_then_names_then_definitions():
    keys = {"01_one": KEY, "02_two": Key("02_two", (exercise("gamma"), exercise("delta")))}

    def cells(*sources, **more):
        return [Cell("code", source, **more) for source in sources]

    assert tell_lesson("02_two", cells("def alpha(): pass"), keys) == "01_one"
    assert tell_lesson("02_two", cells("x = 1"), keys) == "02_two"
    assert tell_lesson("unknown", cells("x", exercise="gamma"), keys) == "02_two"
    assert tell_lesson("01_one", cells("x", exercise="gamma"), keys) == "02_two"
    assert tell_lesson("01_one", [*cells("x", exercise="gamma"), *cells("x", exercise="alpha")], keys) == "01_one"
    assert tell_lesson("01_one", [*cells("x", exercise="gamma"), *cells("def alpha(): pass")], keys) == "01_one"
    keys["03_three"] = Key("03_three", (exercise("epsilon"),))
    both = [*cells("x", exercise="gamma"), *cells("x", exercise="epsilon")]
    assert tell_lesson("01_one", both, keys) == "01_one" and tell_lesson(None, both, keys) is None
    assert tell_lesson(None, cells("x", name="beta-solution"), keys) == "01_one"
    assert tell_lesson(None, cells("%%time\ndef beta():\n    return 2"), keys) == "01_one"
    assert tell_lesson(None, cells("x = 1", "def beta(:"), keys) is None
    assert tell_lesson(None, cells("def beta(): pass", "def gamma(): pass"), keys) is None


@pytest.mark.parametrize("source, now", [
    ("x = x + y", "x y"), ("x += 1", "x"), ("for i in range(n):\n    y = i\n    z = y * z", "range n z"),
    ("if a > 1:\n    a = 2\n    b = a", "a"),
    ("try:\n    import u.v as w\n    w.x = 1\nexcept E as e:\n    print(e)", "E print"),
    ("x = [x for x in x]", "x"), ("x = [y for y in z]", "z"),
    ("x = {a: b + e for a, b in c if a > d}", "c d e"), ("x = [y for y in z] + [y]", "y z"), ("x: t = 1", "__annotations__ t"),
    ("for y in u:\n    x = [y for z in y]", "u"), ("f = lambda x=y: z", "y"),
    ("with f(p) as p:\n    q = p", "f p"),
    ("while k:\n    k -= 1", "k"),
    ("f = d(f)", "d f"), ("a, b = b, a", "a b"), ("for k, v in d.items():\n    print(k, v)", "d print"), ("import a.b as c", ""),
    ("@d\ndef f(x=y):\n    return f(z)", "d y"), ("x = " + "-" * 5 + "x", "x"), ("(x := 3) + x", ""), ("x[i] = x", "x i")])
def test_what_a_statement_asks_for_before_it_binds_it(source, now):
    one, = statements(source)
    assert used_names(one.text)[0] == set(now.split())


def test_names_of_a_statement():
    one, = statements("for i in range(n):\n    table[i].x = f(lambda y: y + z)\n    total += i")
    assert (one.binds, one.changes) == ({"i", "total"}, {"table"})
    now, later = used_names(one.text)
    assert now >= {"n", "table", "f", "total"} and later == {"z"}
    assert defined_names("import a.b, c as d\nfrom e import f\nfrom g import *\nx = y = 1\nz: int = 2\n"
                         "if x:\n    def h(): i = 1\nclass K: pass\n%time u = 1\nw = !ls") == {*"adfxyzhKw"}
    assert defined_names("def x(:") == defined_names("x\0") == defined_names("-" * 100_000 + "1") == set()
    assert Statement(ast.parse("x = " + "+".join("a" * 200)).body[0]).text.startswith("x = a + a")


class Counter:
    """Counts the characters that are given to Python's parser, IPython's transformation and the symbol table."""

    def __init__(self, monkeypatch):
        self.read = 0
        for module, name in ((ast, "parse"), (reading, "_as_python"), (reading, "used_names"), (matching, "used_names")):
            monkeypatch.setattr(module, name, self.counting(getattr(module, name)))

    def counting(self, function):
        def counted(source, *more):
            self.read += len(source)
            return function(source, *more)

        return counted


def chain(functions):
    """Return a notebook in which each function calls the one before, the answer the last."""
    sources = [f"def f{n}(x):\n    return f{n - 1}(x)\n" for n in range(1, functions)]
    cells = [cell("".join(sources[start:start + 400])) for start in range(0, len(sources), 400)]
    return [named(f"def alpha(x):\n    return f{functions - 1}(x)"), *cells]


HEAVY = {
    "chain of functions": chain(3_200),
    "definitions of one name": [cell("alpha = 1\n" * 1_500) for _ in range(50)],
    "code without a lesson's name": [cell("x = 1\n" * 3_000) for _ in range(45)],
    "lines in the exercise's cell": [named("x\n" * 90_000 + SOLVED), named("x;" * 90_000, "beta")],
    "too large cells": [cell("x" * (LARGEST_CELL + 1)) for _ in range(5)],
}


@pytest.mark.parametrize("kind", HEAVY)
def test_the_work_has_a_limit_whatever_comes_in(kind, monkeypatch):
    match(KEY, [])
    monkeypatch.setattr(matching, "MOST_CODE", limit := MOST_CODE // 10)
    counter = Counter(monkeypatch)
    match(KEY, HEAVY[kind])
    tell_lesson(None, HEAVY[kind], {"01_one": KEY})
    assert counter.read < 5 * limit + 20_000, f"{counter.read:,} characters for {sum(len(one.source) for one in HEAVY[kind]):,}"


def test_twice_the_code_is_at_most_twice_the_work(monkeypatch):
    work = []
    for size in (1_000, 2_000, 4_000):
        with monkeypatch.context() as patch:
            counter = Counter(patch)
            one = matched(*chain(size))
            work.append(counter.read)
            assert len(one.before) == MOST_CARRIED
    assert work[1] < 2.3 * work[0] and work[2] < 2.3 * work[1]


@pytest.mark.parametrize("source, taken", [
    ("@d(" + "+".join("x" * 200) + ")\ndef helper(x):\n    return x", True),
    ("@d(" + "+".join("x" * 20_000) + ")\ndef helper(x):\n    return x", False),
    ("x = 0x" + "f" * 5_000 + "\ndef helper(x):\n    return x", True),
    ("x = " + "-" * 50_000 + "1\ndef helper(x):\n    return x", False),
    ("\n".join(f"def f{number}(x): return x" for number in range(5_000)) + "\ndef helper(x): return x", True),
    ("import os; import sys\r\ndef helper(x):\r\n    return '\u2028\x0c', x\rlater = 1", True),
    ("def helper(x):\n    return x\n" + "#" * LARGEST_CELL, False),
])
def test_no_cell_stops_the_grader_that_takes_it_apart(source, taken):
    one = matched(cell("d = x = int"), cell(source), named("def alpha(x):\n    return helper(x)"))
    assert ("taken along from your other cells: d, helper" in one.note or "cells: helper" in one.note) is taken
    assert any("def helper" in text for text in one.before) is taken
    assert not any("later" in text for text in one.before)


def test_no_spoilt_notebook_stops_the_class():
    draw = random.Random(0)
    for _ in range(150):
        kind = draw.choice(list(KINDS.values()))
        cells = [Cell(draw.choice(["code", "code", "code", "raw"]), spoil(draw, one.source), one.exercise, one.tags, one.name)
                 for one in (*LESSON, *kind)]
        draw.shuffle(cells)
        assert [one.exercise for one in match(KEY, cells)] == ["alpha", "beta"]
        tell_lesson(None, cells, {"01_one": KEY})


def spoil(draw, source):
    """Return a source with a few letters lost, doubled or in another place."""
    letters = list(source)
    for _ in range(draw.choice([0, 0, 1, 3])):
        place = draw.randrange(len(letters))
        other = draw.choice(["", "(", ")", "\n", "    ", "%", "!", "\0", ":", "=", "*", "é", "'"])
        letters[place:place + draw.randint(0, 2)] = [other]
    return "".join(letters) or "x"


def test_cells_that_were_not_read_are_said():
    one = matched(named("x" * (LARGEST_CELL + 1)))
    assert one.status == MISSING and "1 cells were not read" in one.note
    assert "1 cells were not read" in matched(cell("x" * (LARGEST_CELL + 1)), named(SOLVED)).note


def test_questions_and_percent_signs_are_read_like_any_other_code():
    asking = [cell("# what is this, and why does it stand here?\n" * 900), cell('print("loss=%.3f" % x)\n' * 900)]
    assert gives(matched(*asking, named(SOLVED))) == 6 and not matched(*asking, named(SOLVED)).note
    assert gives(matched(cell("x" * 150_000), cell("y" * 10 ** 6), cell("z" * 199_000), cell("z" * 199_000), named(SOLVED))) == 6
