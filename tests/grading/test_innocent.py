"""The innocent part of the sample class is collected and matched as it must be; its code runs here, because it means no harm."""

import ast

import pytest
from IPython.lib.pretty import pretty

from helpers.grading.answer_keys import read_keys
from helpers.grading.collect import collect
from helpers.grading.match import match
from helpers.grading.reading import parse, statements
from tests.submissions.building import LESSON, key
from tests.submissions.make import students, write
from tests.support.exercise_cells import run

CLASS = [one for one in students() if not one.hostile]
ASKS_OR_FLOODS = ("tess-asks", "tom-prints-a-book", "wim-leaves-a-mess", "uwe-tensorflow", "ruth-warning")


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    write(folder, [one.name for one in CLASS])
    return collect(folder, read_keys())


def source_of(cell):
    """Return a cell as Python, its magics among it."""
    body = statements(cell)
    return cell if body is None else "\n".join(one.text for one in body if "get_ipython" not in one.text)


def earned(exercise, one):
    """Return the points of a match, scored in this process."""
    if one.source is None:
        return 0
    namespace, points = {"__name__": "__main__"}, 0
    try:
        run([*exercise.setup, *one.before, source_of(one.source)], namespace)
    except Exception:
        pass
    for check in exercise.checks:
        try:
            value = run([check.source], namespace)
        except Exception:
            continue
        points += check.points * (pretty(value) == check.expected)
    return points


def test_nobody_is_lost(collected):
    assert {one.student.name for one in collected.submissions} == {one.name for one in CLASS}
    assert len(collected.submissions) == len(CLASS)
    assert collected.remarks == ["2 students are called Anna Schmidt: they are told apart by the number behind the name"]


@pytest.mark.parametrize("student", [one for one in CLASS if one.name not in ASKS_OR_FLOODS],
                         ids=lambda one: ascii(one.name)[1:40])
def test_every_innocent_student_gets_the_grade_that_is_due(collected, student):
    one, = (one for one in collected.submissions if one.student.name == student.name)
    if student.earned is None:
        assert student.problem in one.problem != ""
        return
    assert one.lesson == LESSON and not one.problem
    matches = one.matches
    assert {each.exercise: earned(exercise, each) for exercise, each in zip(key().exercises, matches)} == student.earned, matches
    for each in matches:
        assert student.statuses.get(each.exercise, each.status) == each.status


@pytest.mark.parametrize("student", [one for one in students() if one.hostile], ids=lambda one: one.name)
def test_hostile_work_runs_as_it_was_written(student):
    """Nothing of it is left out, and nothing taken along: so it is the sandbox that has to hold."""
    (data,) = student.files.values()
    cells = parse(data)[1]
    sources = {cell.exercise: cell.source for cell in cells if "exercise-solution" in cell.tags}
    assert {each.exercise: (each.source, each.before) for each in match(key(), cells)} == {
        name: (source, ()) for name, source in sources.items()}


def test_what_is_taken_along_is_python(collected):
    for one in collected.submissions:
        for each in one.matches:
            assert all(ast.parse(text) for text in each.before)
