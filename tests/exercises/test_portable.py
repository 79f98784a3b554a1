"""The visible check can say which names of an answer exist only on this page."""

import functools
import math

import numpy as np
import pytest

from helpers.exercises.portable import not_portable


class Model:
    def predict(self, x):
        return x


PAGE = """
import functools, math, random
import numpy as np
from math import floor
model, rng, old, draw = Model(), np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
rngs = [rng]
x_train, few, names = np.zeros((60, 784)), np.arange(3), {"a": [1, (2.5, "b")], "c": None}
nested = [Model()]
many = list(range(5000))
log = np.log
double = lambda x: 2 * x
half = functools.partial(lambda x, y: y * model.predict(x), 2)
def helper(x):
    return x_train[x]
def again(x):
    return again(x - 1) if x else helper(x)
@functools.lru_cache
def kept(x):
    return model
class Own:
    pass
"""


@pytest.mark.parametrize("body, names", [
    ("math.sqrt(floor(log(few[0]))) + len(names)", []), ("double(x) + Own().y + np.pi", []), ("unknown + x", []),
    ("model.predict(x)", ["model"]), ("x_train.shape, model", ["model", "x_train"]), ("helper(x)", ["x_train"]),
    ("again(x)", ["x_train"]), ("half(x)", ["model"]), ("kept(x)", ["model"]), ("nested, many", ["many", "nested"]),
    ("rng.random() + old.rand() + draw.random() + len(rngs)", []),
    ("[model for _ in few]", ["model"]), ("(lambda: x_train)()", ["x_train"]), ("x.model", []),
    ("(lambda model: model)(x)", []), ("sum(few)", ["sum"]), ("max(few)", [])])
def test_names_that_stay_on_the_page(body, names):
    page = {"Model": Model, "sum": Model()}
    exec(PAGE, page)
    page["answer"] = eval(f"lambda x: ({body})", page)
    assert not_portable(page["answer"]) == names
    assert not_portable(page["answer"], dict(page)) == names
    assert not_portable(functools.partial(functools.lru_cache(page["answer"]), 1)) == names


@pytest.mark.parametrize("answer", [3, None, np.log, math.sqrt, Model, Model(), np.zeros(3), "text", ...])
def test_what_is_no_function_of_python_is_no_matter(answer):
    assert not_portable(answer) == []


def test_a_wrapper_without_an_end_is_left():
    def loop():
        pass

    loop.__wrapped__ = loop
    assert not_portable(loop) == []
