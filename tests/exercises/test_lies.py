"""Answers that are not what they seem: equal to everything, unwilling to be looked at. None passes, and none stops the page."""

import numpy as np
import pytest

from helpers.exercises import case, check

ROWS = np.array([[1.0, 3.0], [2.0, 2.0]])
SHARES = case("two rows", ROWS, holds={"each row sums to 1": lambda p, x: np.allclose(p.sum(axis=1), 1)})
HALVES = case("equal numbers", np.ones((1, 2)), expected=[[0.5, 0.5]])


class EqualToAll:
    """What every lie below has in common."""

    def __eq__(self, other):
        return True

    __hash__ = None


class Liar(EqualToAll):
    """Unwilling to be looked at as well."""

    def __array__(self, *arguments, **options):
        return np.array([[0.5, 0.5]])

    def __getattr__(self, name):
        raise RuntimeError("no")

    def __repr__(self):
        raise KeyboardInterrupt


class LyingArray(np.ndarray):
    def __eq__(self, other):
        return np.True_

    def __array_ufunc__(self, *arguments, **options):
        return np.float64(0)


class LyingText(EqualToAll, str):
    __hash__ = str.__hash__


class LyingNumber(EqualToAll, float):
    def __sub__(self, other):
        return 0.0

    __hash__ = float.__hash__


class LyingList(EqualToAll, list):
    def __len__(self):
        return 1


class LyingSet(EqualToAll, set):
    pass


class LyingMember(EqualToAll):
    def __hash__(self):
        return hash("a")


LIES = {"set": lambda: LyingSet("b"), "member": lambda: {LyingMember()},
        "all": Liar,
        "array": lambda: np.array([[9.0, 9.0]]).view(LyingArray), "text": lambda: LyingText("x"),
        "number": lambda: LyingNumber(3), "inside": lambda: [LyingNumber(3)], "list": lambda: LyingList([[4.0, 4.0]])}


@pytest.mark.parametrize("lie", LIES)
def test_objects_that_lie_do_not_pass(lie):
    said = check(lambda x: LIES[lie](), HALVES)
    assert not said.complete and repr(said) and said._repr_html_()
    for expected in ("y", {"a"}):
        said = check(lambda x: LIES[lie](), case("text", 1, expected=expected))
        assert not said.complete and repr(said)


class EvilList(list):
    def __iter__(self):
        raise SystemExit

    def __len__(self):
        raise KeyboardInterrupt


class EvilCallable:
    __name__ = property(lambda self: 1 / 0)
    __class__ = property(lambda self: 1 / 0)
    __code__ = property(lambda self: 1 / 0)

    def __call__(self, x):
        return EvilList([1.0])


@pytest.mark.parametrize("answer", [Liar, lambda: EvilList([0.5]), EvilCallable, lambda: (lambda x: EvilCallable())])
def test_answers_that_fight_back_get_a_sentence(answer):
    said = check(answer(), HALVES)
    assert said.attempted and not said.complete and repr(said) and said._repr_html_()


def test_property_gets_plain_arrays_and_may_fail_itself():
    one = case("a", ROWS, holds={"is one": lambda p, x: (p == 1).all()})
    said = check(lambda x: np.array([[9.0, 9.0]]).view(LyingArray), one)
    assert not said.complete
    said = check(lambda x: "text", SHARES)
    words = dict(said.rows)
    assert words["expected"] == "each row sums to 1" and "could not be tested" in words["difference"]
