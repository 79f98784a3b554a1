"""One line under each exercise: it finds its cases by name, and a hint fits the mistake."""

import functools
import re

import numpy as np
import pytest

from helpers.exercises import Checks, case

check = Checks()


@check.exercise
def mean_and_sum():
    numbers = np.arange(60.0)
    return [case("what is returned", numbers, holds={"the sum": lambda pair, x: (x.sum(), pair[1])}, hint="Add them."),
            case("both", numbers, expected=(29.5, 1770.0), slips={"The mean comes first.": (1770.0, 29.5)}, hint="Two numbers.")]


@check.exercise
def answer():
    return [case("a value", expected=42)]


def both(numbers):
    return numbers.mean(), numbers.sum()


def test_the_exercise_is_found_by_its_name_or_by_where_the_answer_is_kept():
    assert check(both, "mean_and_sum").complete
    page = {"check": check, "mean_and_sum": functools.partial(both), "answer": 42}
    assert eval("check(mean_and_sum)", page).complete and eval("check(answer)", page).name == "answer"
    both.__name__, kept = "mean_and_sum", both.__name__
    try:
        assert check(both).complete
    finally:
        both.__name__ = kept


def test_a_name_that_no_exercise_has_is_told():
    said = check(both)
    assert not said.complete and repr(said).splitlines() == [
        "both: ✗ this lesson has no exercise of that name", "  expected   one of mean_and_sum, answer"]


def test_a_stub_is_not_attempted():
    assert not check(lambda numbers: ..., "mean_and_sum").attempted and not check(..., "answer").attempted


def test_a_usual_slip_has_a_hint_of_its_own():
    said = check(lambda x: (x.sum(), x.mean()), "mean_and_sum")
    assert dict(said.rows)["difference"] == "it is 29.5, not 1770.0"  # the property tells both numbers
    assert dict(case("both", expected=(1, 2)).slips) == {}
    said = check(lambda x: (x.mean() + 1, x.sum()), "mean_and_sum")
    assert dict(said.rows)["hint"] == "Two numbers."
    one = case("both", expected=(29.5, 1770.0), slips={"The mean comes first.": (1770.0, 29.5)}, hint="Two numbers.")
    assert [one.hint_for(result) for result in [(1770.0, 29.5), (1.0, 2.0)]] == ["The mean comes first.", "Two numbers."]
    with pytest.raises(ValueError, match=re.escape("case('both'): the slip 'The sum' gives what is expected")):
        case("both", expected=3, slips={"The sum": 3})


def test_every_part_of_a_long_tuple_is_shown():
    said = check(lambda x: (np.ones((40, 2)), np.zeros(3)), "mean_and_sum")
    got = dict(said.rows)["got"]
    assert "shape (40, 2)" in got and got.rstrip(")").endswith("[0., 0., 0.]")
