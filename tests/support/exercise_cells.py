"""Exercises as they stand in lessons and keys, and a way to run them in this process.

A check cell of a lesson needs the lesson's imports, and functions and classes that the lesson defines above it, nothing that was
loaded or trained. So an exercise runs in a namespace with these alone, within milliseconds. That the page as a whole runs is what
nbval shows.
"""

import ast
from dataclasses import dataclass, field
from functools import cache

import nbformat
from IPython.lib.pretty import pretty

from helpers.grading.answer_keys import read_keys
from helpers.project import ROOT, read_toml
from tests.support.lesson_code import FUNCTION_OR_CLASS, code_cells

KEYS = ROOT / "helpers" / "grading" / "keys"
MUTANTS = ROOT / "tests" / "mutants"
TAGS = ("exercise-task", "exercise-setup", "exercise-solution", "exercise-check", "exercise-hidden")


@dataclass
class Exercise:
    """The cells of one exercise in one notebook, by their tag."""

    name: str
    cells: dict = field(default_factory=lambda: {tag: [] for tag in TAGS})

    def sources(self, tag):
        return [cell.source for cell in self.cells[tag]]


def exercises(path):
    """Return the exercises of a notebook by name, in order."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if "exercise" in cell.metadata:
            exercise = found.setdefault(cell.metadata["exercise"], Exercise(cell.metadata["exercise"]))
            for tag in set(cell.metadata.get("tags", [])) & set(TAGS):
                exercise.cells[tag].append(cell)
    return found


@cache
def lesson_exercises(lesson):
    return exercises(ROOT / "notebooks" / f"{lesson}.ipynb")


@cache
def key_exercises(lesson):
    return exercises(KEYS / f"{lesson}.ipynb")


@cache
def key_setup(lesson):
    """Return the source of a key's common set-up cell."""
    first = nbformat.read(KEYS / f"{lesson}.ipynb", as_version=4).cells[0]
    return first.source if "key-setup" in first.metadata.get("tags", []) else ""


def mutants(lesson):
    """Return (exercise, what is wrong, broken solution) for each typical mistake."""
    for name, mistakes in read_toml(MUTANTS / f"{lesson}.toml").items():
        solution = "\n".join(key_exercises(lesson)[name].sources("exercise-solution"))
        for about, change in mistakes.items():
            if solution.count(change["replace"]) != 1:
                raise ValueError(f"{lesson}, {name}, {about}: {change['replace']!r} must stand in the solution once")
            yield name, about, solution.replace(change["replace"], change["by"])


@cache
def _lesson_code(lesson, before):
    """Return imports, functions and classes of a lesson above an exercise (all of them above none), compiled one by one."""
    wanted = []
    for cell in code_cells(lesson):
        if cell.metadata.get("exercise") == before:
            break
        if "exercise" not in cell.metadata:
            body = ast.parse(cell.source).body
            wanted += [part for part in body if cell.metadata.get("name") != "set-up"
                       and isinstance(part, (ast.Import, ast.ImportFrom, *FUNCTION_OR_CLASS))]
    return [compile(ast.Module(body=[part], type_ignores=[]), f"{lesson}.ipynb", "exec") for part in wanted]


def _above(lesson, before):
    """Return a namespace with what `_lesson_code` defines."""
    namespace = {"__name__": "__main__"}
    for part in _lesson_code(lesson, before):
        try:
            exec(part, namespace)
        except NameError:  # a default value that the lesson has computed: checks that need this function will say so
            continue
    return namespace


def run(sources, namespace):
    """Run cells one after another and return the value of the last one's last expression."""
    value = None
    for source in sources:
        body = ast.parse(source).body
        last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body=body, type_ignores=[]), "cell", "exec"), namespace)
        value = None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)
    return value


def visible(lesson, name, solution=None):
    """Return what the check under an exercise says, with a solution in place of the stub or with the stub."""
    exercise = lesson_exercises(lesson)[name]
    return run([solution or exercise.sources("exercise-solution")[0], *exercise.sources("exercise-check")], _above(lesson, name))


def as_feedback(lesson, name, solution):
    """Return what the lesson's check says where the grader asks it: after the key's set-up, without the rest of the lesson."""
    ask, = (line for cell in code_cells(lesson) if cell.metadata.get("name") == "imports"
            for line in cell.source.splitlines() if line.endswith(" check"))
    given = [key_setup(lesson), *key_exercises(lesson)[name].sources("exercise-setup"), solution, ask]
    return run([*given, *lesson_exercises(lesson)[name].sources("exercise-check")], {"__name__": "__main__"})


def whole_page(lesson, name, solution):
    """Return the names of the checks that are not green when one exercise has this solution and all others the key's.

    As in a lesson that is run from top to bottom, all share one namespace.
    """
    page, key = lesson_exercises(lesson), key_exercises(lesson)
    namespace, wrong = _above(lesson, before=""), set()
    for one in page:
        source = solution if one == name else key[one].sources("exercise-solution")[0]
        if not run([source, *page[one].sources("exercise-check")], namespace).complete:
            wrong.add(one)
    return wrong


@cache
def keys(seed=None):
    """Return the keys as the grader reads them."""
    return read_keys(seed=seed)


def answers(lesson, name, solution=None, seed=None):
    """Run the hidden cells of an exercise with a solution; return for each what it answers, or the error."""
    exercise, = (one for one in keys(seed)[lesson].exercises if one.name == name)
    for check in exercise.checks:
        try:
            yield pretty(run([*exercise.setup, solution or exercise.solution, check.source], {"__name__": "__main__"}))
        except Exception as error:
            yield repr(error)


def stored(lesson, name):
    """Return (points, stored answer) of each hidden cell."""
    return [(cell.metadata["points"], cell.outputs[0].data["text/plain"])
            for cell in key_exercises(lesson)[name].cells["exercise-hidden"]]


def hidden(lesson, name, solution=None):
    """Run the hidden cells of an exercise with a solution and say for each (points, whether it gave the stored answer)."""
    for (points, expected), got in zip(stored(lesson, name), answers(lesson, name, solution)):
        yield points, got == expected
