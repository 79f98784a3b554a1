"""Hidden cells have names of their own: they neither take the student's names for theirs nor overwrite them."""

import ast

import pytest

from helpers.grading.answer_keys import read_keys
from helpers.grading.errors import KeyNotebookError
from helpers.grading.hidden import in_its_own_names
from tests.support.exercise_cells import answers, key_exercises, key_setup, run, stored

EXERCISES = [(lesson, exercise.name) for lesson, key in read_keys().items() for exercise in key.exercises]


def names(*sources):
    """Return the names to which code gives a value, and those whose value it asks for."""
    given, asked = set(), set()
    for node in ast.walk(ast.parse("\n".join(sources))):
        if isinstance(node, ast.Name):
            (given if isinstance(node.ctx, ast.Store) else asked).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            given.add(node.name)
    return given, asked


def test_a_hidden_cell_gives_its_value_and_leaves_no_name_but_its_own():
    namespace = {"random": "the student's", "draw": lambda: 1, "SEED": "hers", "plain": None}
    common = ("import math\nSEED = 20", "def plain(x):\n    return math.floor(x) + SEED")
    cell = "random = 2.5   # a comment\nrows = [random * one for one in range(2)]\nplain(random), rows, draw()"
    assert run([in_its_own_names(cell, common)], namespace) == (22, [0.0, 2.5], 1)
    assert (namespace["random"], namespace["SEED"], namespace["plain"]) == ("the student's", "hers", None)
    assert {"rows", "one", "math"}.isdisjoint(namespace)


@pytest.mark.parametrize("source, words", [
    ("def f(:", "body of a function"), ("%timeit 1", "body of a function"), ("from math import *\npi", "body of a function"),
    ("x = 1", "does not end with an expression")])
def test_a_hidden_cell_out_of_form_is_refused(source, words):
    with pytest.raises(KeyNotebookError, match=words):
        in_its_own_names(source, ())


@pytest.mark.parametrize("lesson, name", EXERCISES)
def test_names_that_a_student_happens_to_use_cost_nothing(lesson, name):
    cells = key_exercises(lesson)[name]
    solution, = cells.sources("exercise-solution")
    given, _ = names(key_setup(lesson), *cells.sources("exercise-hidden"))
    _, asked = names(key_setup(lesson), *cells.sources("exercise-setup"), solution)
    taken = sorted(given - asked - names(solution)[0] | {"SEED"})
    assert "plain" in taken
    spoilt = f"{solution}\n{' = '.join(taken)} = None"
    assert list(answers(lesson, name, spoilt)) == [answer for _, answer in stored(lesson, name)]
