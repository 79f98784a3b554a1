"""Automatic feedback: it shows the call, what it returned and what was expected, and it never raises."""

import dataclasses
import html
import re
import signal
import subprocess
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, namedtuple
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from helpers.exercises import case, check, checking
from helpers.exercises.compare import difference, plain, short

ROWS = np.array([[1.0, 3.0], [2.0, 2.0]])
SHARES = case("two rows", ROWS, hint="Divide by row sums.",
              holds={"each row sums to 1": lambda p, x: np.allclose(p.sum(axis=1), 1)})
HALVES = case("equal numbers", np.ones((1, 2)), expected=[[0.5, 0.5]], hint="Every number gets its share.")


def shares(x):
    return x / x.sum(axis=1, keepdims=True)


def texts(said):
    return dict(said.rows)


def test_right_answer_lists_what_passed():
    said = check(shares, SHARES, HALVES)
    assert said.complete and said.attempted and said.passed == ["two rows", "equal numbers"]
    assert repr(said) == "shares: ✓ all 2 checks passed (two rows; equal numbers)"


def test_a_right_answer_that_the_grader_cannot_run_is_told_so():
    page = {"data": np.zeros(5_000), "few": np.ones(3)}
    exec("def answer(x):\n    return x + data[0] + 0 * few[0]", page)
    said = check(page["answer"], case("one", 1, expected=1.0), name="answer")
    note = "the grader cannot carry along data: use the function's arguments instead"
    assert said.complete and said.notes == [("note", note)]
    assert repr(said) == f"answer: ✓ all 1 checks passed (one)\n  note       {note}" and html.escape(note) in said._repr_html_()
    assert not check(page["answer"], case("one", 1, expected=2.0)).notes
    exec("def answer(x):\n    return x * few[0]", page)
    said = check(page["answer"], case("one", 1, expected=1.0))
    assert said.complete and not said.notes


def stub(x):
    """Return shares."""
    return ...


def empty_stub(x):
    """Return shares."""
    ...


def pair_of_stubs(x):
    return ..., ...


@pytest.mark.parametrize("answer", [..., stub, empty_stub, pair_of_stubs, (..., ...)])
def test_stub_is_not_attempted(answer):
    said = check(answer, SHARES, HALVES)
    assert not said.attempted and not said.complete and said.rows == []
    assert "not attempted yet" in repr(said) and "not attempted yet" in said._repr_html_()


def test_wrong_answer_shows_the_call_the_result_what_was_expected_and_a_hint():
    said = check(lambda x: x / x.sum(axis=0), HALVES, SHARES, name="shares")
    assert not said.complete and said.passed == []
    assert texts(said) == {"called": "shares(array([[1., 1.]]))", "got": "array([[1., 1.]])", "expected": "[[0.5, 0.5]]",
                           "difference": "at [0, 0] it is 1.0, not 0.5", "hint": "Every number gets its share."}


def test_first_failure_is_shown_and_the_rest_is_not_tried():
    said = check(lambda x: x / x.sum(), HALVES, SHARES, case("never", 1, expected=1))
    assert said.passed == ["equal numbers"] and said.about == "two rows"
    assert texts(said)["expected"] == "each row sums to 1"
    assert "1 of 3 checks passed (equal numbers). The next one did not: two rows" in repr(said)


def divides(x):
    half = 1 / (len(x) - 2)
    return half


def forever(x):
    return forever(x)


def quits(x):
    sys.exit("enough")


def interrupted(x):
    raise KeyboardInterrupt


def endless(x):
    while True:
        pass


def endless_and_stubborn(x):
    while True:
        try:
            x = abs(x + 1)
        except Exception:
            x = 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")
@pytest.mark.parametrize("answer", [endless, endless_and_stubborn])
def test_an_endless_loop_ends(answer, monkeypatch):
    monkeypatch.setattr(checking, "PATIENCE", 0.2)
    said = check(answer, SHARES)
    assert re.search("TooLong: it did not come back within 0.2 seconds, in line", texts(said)["got"])
    assert "loop end" in texts(said)["hint"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0) and check(shares, SHARES).complete


def test_patience_leaves_other_threads_alone():
    found = []
    thread = threading.Thread(target=lambda: found.append(check(shares, SHARES).complete))
    thread.start()
    thread.join()
    assert found == [True]


class Quiet(BaseException):
    def __str__(self):
        raise RuntimeError("no message")


def odd_error(x):
    raise Quiet


@pytest.mark.parametrize(("answer", "got", "hint"), [
    (divides, r"ZeroDivisionError: .*, in line \d+ of your cell: half = 1 / \(len\(x\) - 2\)", "Divide by row sums"),
    (forever, "RecursionError: .*line", "calls itself without end"),
    (quits, "SystemExit: enough", "not end the program"),
    (interrupted, "KeyboardInterrupt", "can its loop end"),
    (odd_error, "Quiet: .*cannot be shown", "Divide by row sums"),
    (lambda x: undefined_name, "NameError", "slip of spelling"),  # noqa: F821
    (lambda x, y: x, "TypeError: missing a required argument: 'y'", "first line of the stub"),
    (lambda: 1, "TypeError: too many positional", "first line of the stub"),
    (lambda x: print(end="") and x, "None", "return missing"),
    (7, "^7$", "Run the cell above again"),
])
def test_errors_become_one_line_and_a_hint(answer, got, hint):
    said = check(answer, SHARES)
    assert not said.complete and re.search(got, texts(said)["got"]) and hint in texts(said)["hint"]
    assert "\n" not in texts(said)["got"] and "Traceback" not in repr(said)


def test_warnings_of_numpy_stay_away(recwarn, capfd):
    check(lambda x: np.exp(x * 1000) / 0, SHARES)
    assert not recwarn.list and capfd.readouterr().err == ""


def in_place(x):
    x /= x.sum(axis=1, keepdims=True)
    return x


def test_a_function_that_changes_its_input_is_told_and_the_case_stays_whole():
    before = ROWS.copy()
    said = check(in_place, SHARES)
    assert np.array_equal(before, ROWS) and "changed its input" in texts(said)["got"]
    assert check(shares, SHARES).complete


def test_inputs_with_nan_and_models_are_not_taken_for_changed():
    thing = object()
    assert check(lambda x, y: 1, case("nan", np.array([np.nan]), thing, expected=1)).complete
    assert check(lambda x: len(x), case("texts", np.array(["ada", "bo"]), expected=2)).complete


@dataclasses.dataclass(frozen=True)
class Box:
    width: int
    corners: np.ndarray


Point = namedtuple("Point", "x y")


class Stack(list):
    """A list with a class of its own."""


CONTAINERS = {
    "namedtuple": lambda: Point(np.ones(2), 3), "dataclass": lambda: Box(3, np.ones((2, 2))), "set": lambda: {3, "a", (1, 2.5)},
    "frozenset": lambda: frozenset("ab"), "defaultdict": lambda: defaultdict(list, a=[np.ones(2)]),
    "counter": lambda: Counter("aab"), "ordered": lambda: OrderedDict(b=1, a=np.ones(2)), "list": lambda: Stack([np.ones(2), 3]),
    "objects": lambda: np.array([np.ones(2), None, "a"], object), "dates": lambda: np.array(["2026-01-31"], "datetime64[D]"),
    "bytes": lambda: b"ab", "range": lambda: range(3), "fraction": lambda: Fraction(1, 3), "date": lambda: date(2026, 1, 31)}


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
def test_inputs_and_results_of_every_class(make):
    seen = []
    assert check(lambda x: seen.append(type(x)) or x, case("itself", make(), expected=make())).complete
    assert seen == [type(make())]
    said = texts(check(lambda x: "other", case("itself", make(), expected=make())))
    assert said["difference"] and "cannot be looked at" not in said["got"]


@pytest.mark.parametrize(("make", "change"), [
    ("namedtuple", lambda x: x.x.fill(0)), ("dataclass", lambda x: x.corners.fill(0)), ("set", lambda x: x.add("b")),
    ("defaultdict", lambda x: x["new"]), ("defaultdict", lambda x: x["a"].append(1)), ("counter", lambda x: x.update("a")),
    ("ordered", lambda x: x["a"].fill(0)), ("list", lambda x: x.append(4)), ("objects", lambda x: x.fill(0))])
def test_a_container_that_is_changed_is_told_and_the_case_stays_whole(make, change):
    one = case("changed", CONTAINERS[make](), expected=1)
    for _ in range(2):
        assert "changed its input" in texts(check(lambda x: [change(x), 1][1], one))["got"]
    assert check(lambda x: 1, one).complete


def test_where_sets_and_dataclasses_differ():
    assert difference({1, 2}, {1, 3}) == "it is {1, 3}, not {1, 2}" and "not a set" in difference({1, 2}, [1, 2])
    assert difference({0.3, "a"}, {0.1 + 0.2, "a"}) is None and difference({1, 2}, frozenset([1, 2])) is None
    assert "under 'width'" in difference(Box(3, np.ones(2)), Box(4, np.ones(2)))
    assert "under 'corners', at [0]" in difference(Box(3, np.ones(2)), Box(3, np.zeros(2)))
    assert difference(Box(3, np.ones(2)), {"width": 3, "corners": np.ones(2)})
    assert difference(Fraction(1, 3), 1 / 3)


@pytest.mark.parametrize(("got", "found"), [
    (np.array([[np.nan, 1.0]]), "nan"), (np.array([[0.5, 0.5, 0.5]]), r"shape is \(1, 3\)"), (3, r"shape is \(\)"),
    ("text", "not numbers"), ([[0.5, 0.501]], r"at \[0, 1\]"), (np.array([["a", "b"]]), "not numbers"),
    (np.array([[None, None]]), "not numbers"),
])
def test_wrong_values_shapes_and_types(got, found):
    assert re.search(found, texts(check(lambda x: got, HALVES))["difference"])


def test_nan_and_infinity_are_refused_where_only_a_property_is_asked():
    said = check(lambda x: x * np.inf, case("a", ROWS, holds={"anything": lambda p, x: True}))
    assert texts(said)["expected"] == "numbers without nan and inf" and "4 of 4" in texts(said)["difference"]


def test_dtype_and_shape():
    single = case("type", ROWS, dtype="float32", shape=(2, 2))
    assert texts(check(lambda x: x, single))["difference"] == "its type is float64"
    assert texts(check(lambda x: x[0], single))["difference"] == "its shape is (2,)"
    assert check(lambda x: x.astype("float32"), single).complete


def test_whole_numbers_and_truth_values_are_kinds_of_their_own():
    assert "whole numbers" in difference(24, 24.0) and difference(24, np.int64(24)) is None
    assert difference(24.0, 24) is None
    assert "True and False" in difference(True, 1) and difference(True, np.True_) is None
    assert difference([3, 4], (3, 4)) is None


def test_parts_dicts_and_texts():
    pair = (np.eye(2), np.zeros(3))
    assert difference(pair, [np.eye(2), np.zeros(3)]) is None
    assert difference(pair, (np.eye(2), np.ones(3))) == "in part 2, at [0] it is 1.0, not 0.0"
    assert "2 parts" in difference((1.0, "a", 2.0), (1.0, "a"))
    assert difference({"a": 1, "b": [2.0]}, {"b": [2.0], "a": 1}) is None
    assert "under 'b'" in difference({"a": 1, "b": 2}, {"a": 1, "b": 3}) and "keys" in difference({"a": 1}, {"b": 1})
    assert difference("same", "same") is None and difference("same", "other") == "it is 'other', not 'same'"
    names = np.array(["ada", "bo"])
    assert difference(names, names.copy()) is None and "bo" in difference(names, np.array(["ada", "cy"]))
    assert difference(names, np.array([1, 2])) and difference([1, 2], names) and difference(["ada", "bo"], names.tolist()) is None
    assert difference(None, None) is None and "None" in difference(None, 3)
    assert difference(np.zeros((0, 3)), np.zeros((0, 3))) is None and difference(np.zeros((0, 3)), np.zeros((3, 0)))
    assert difference([np.nan, np.inf], [np.nan, np.inf]) is None
    assert difference(np.inf, 1e300) and difference(np.inf, -np.inf) and difference(1.0, np.inf)


def refuses(x):
    if x < 0:
        raise ValueError("below zero")
    return x


def test_expected_errors():
    error = case("below zero", -1, raises=ValueError, hint="Refuse it.")
    assert check(refuses, error).complete
    assert texts(check(lambda x: x, error))["expected"].startswith("a ValueError")
    assert "expected" in texts(check(lambda x: [][x], error)) and "IndexError" in texts(check(lambda x: [][x], error))["got"]
    told = case("below zero", -1, raises=ValueError, holds={"it names the number": lambda message, x: str(x) in message})
    assert texts(check(refuses, told))["expected"] == "it names the number"
    assert check(lambda x: int(f"{x}?"), told).complete


def test_none_is_an_answer_where_some_case_expects_it():
    none, some = case("none", 0, expected=None), case("some", 1, expected="a", hint="Look at 1.")
    said = texts(check(lambda x: {}.get(x), none, some))
    assert (said["difference"], said["hint"]) == ("it is None, not 'a'", "Look at 1.")
    assert "without return" in texts(check(lambda x: {}.get(x), some))["hint"]


def test_values():
    assert check((2, 3), case("shape", expected=(2, 3)), name="shape").complete
    said = check((3, 2), case("shape", expected=(2, 3)), name="shape")
    assert repr(said).startswith("shape: ✗") and "called" not in texts(said)


def test_unfinished_branch_is_told():
    said = check(lambda x: 1 if x > 0 else ..., case("plus", 1, expected=1), case("minus", -1, expected=2))
    assert said.attempted and said.passed == ["plus"] and texts(said)["got"] == "..."


def test_html_says_the_same_words():
    for answer in (shares, stub, divides, lambda x: x):
        said = check(answer, SHARES, HALVES)
        bare = html.unescape(re.sub(r"<[^>]+>", " ", said._repr_html_()))
        assert bare.replace(" :", ":").split() == repr(said).split()
    assert "<script>" not in check(lambda x: "<script>", SHARES)._repr_html_()


def test_an_array_of_several_rows_gets_its_own_lines():
    assert case("two", np.eye(2), 3, expected=1).call("f").splitlines() == ["f(array([[1., 0.],", "         [0., 1.]]),", "  3)"]
    assert case("one row", np.ones(2), 3, expected=1).call("f") == "f(array([1., 1.]), 3)"


def test_whole_numbers_are_shown_as_such():
    assert difference(24, 23) == "it is 23, not 24"


def test_feedback_is_short():
    said = check(lambda x: np.random.default_rng(0).normal(size=(500, 500)), HALVES)
    assert len(repr(said)) < 900 and "shape (500, 500)" in texts(said)["got"]
    assert len(short("x" * 5000)) <= 240


def test_tensors_are_taken_as_arrays():
    import tensorflow as tf

    assert check(lambda x: tf.constant(x) / 2, case("tensor", np.ones((1, 2)), expected=[[0.5, 0.5]])).complete
    assert plain(tf.constant(3)).item() == 3


def test_mistakes_of_the_page_are_told_to_its_author():
    with pytest.raises(ValueError, match="asks for nothing"):
        case("nothing", 1)
    with pytest.raises(TypeError, match="at least one case"):
        check(shares)
    with pytest.raises(TypeError, match="made by case"):
        check(shares, "two rows")


def test_import_needs_neither_tensorflow_nor_keras():
    code = "import sys, helpers.exercises; print(*{'tensorflow', 'keras', 'h5py', 'scipy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, "")
