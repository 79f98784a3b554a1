"""Exercises and keys fit together: solutions turn every check green, stubs score nothing, and mistakes are caught.

Exercises run in this process, each in a namespace of its own (tests/support/exercise_cells.py); that keys run in a kernel
of their own and give what they store is part of nbval, which collects helpers/grading/keys with all other tests.
"""

import ast
import re
from functools import cache

import pytest

from helpers.course.lint import lint_key
from helpers.grading.reading import defined_names
from helpers.project import ROOT
from tests.support.exercise_cells import (
    KEYS,
    answers,
    as_feedback,
    hidden,
    key_exercises,
    key_setup,
    lesson_exercises,
    mutants,
    stored,
    visible,
    whole_page,
)
from tests.support.lesson_code import FUNCTION_OR_CLASS, code_cells, names_given

LESSONS = sorted(path.stem for path in KEYS.glob("*.ipynb"))
EXERCISES = [(lesson, name) for lesson in LESSONS for name in key_exercises(lesson)]
BROKEN = [pytest.param(lesson, name, source, id=f"{lesson}-{name}-{about}")
          for lesson in LESSONS for name, about, source in mutants(lesson)]
SEEDS = [*range(14), 2026, 20_260, 987_654_321, 2**31 - 1, 2**32 - 1, 10**12]


def test_every_lesson_with_exercises_has_a_key():
    assert LESSONS == sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if lesson_exercises(path.stem))


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson_and_key_have_the_same_exercises(lesson):
    assert list(lesson_exercises(lesson)) == list(key_exercises(lesson))
    assert 4 <= len(key_exercises(lesson)) <= 6


@pytest.mark.parametrize("lesson", LESSONS)
def test_key_is_in_form(lesson):
    assert lint_key(KEYS / f"{lesson}.ipynb") == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_is_worth_ten_points(lesson):
    cells = [cell for one in key_exercises(lesson).values() for cell in one.cells["exercise-hidden"]]
    assert sum(cell.metadata["points"] for cell in cells) == 10


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_has_two_mistakes_to_catch(lesson):
    broken = [name for name, _, _ in mutants(lesson)]
    assert all(broken.count(name) >= 2 for name in key_exercises(lesson)) and set(broken) == set(key_exercises(lesson))


@pytest.mark.parametrize("lesson", LESSONS)
def test_tasks_are_numbered_in_order_and_grow_harder(lesson):
    tasks = ["\n".join(one.sources("exercise-task")) for one in lesson_exercises(lesson).values()]
    heads = [re.match(r"\*\*Exercise (\d)\.(\d)\*\* (★{1,3}) ", task) for task in tasks]
    assert all(heads)
    assert [(int(head[1]), int(head[2])) for head in heads] == [(int(lesson[:2]), number) for number in range(1, len(tasks) + 1)]
    assert heads[0][3] == "★" and heads[-1][3] == "★★★"


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_a_key_takes_from_the_lesson_is_what_the_lesson_says(lesson):
    def functions(source):
        return {part.name: ast.dump(part) for part in ast.parse(source).body if isinstance(part, FUNCTION_OR_CLASS)}

    taught = {}
    for cell in code_cells(lesson):
        if "exercise" not in cell.metadata:
            taught |= functions(cell.source)
    given = functions(key_setup(lesson))
    for one in key_exercises(lesson).values():
        given |= functions("\n".join(one.sources("exercise-setup")))
    assert {name: code for name, code in given.items() if name in taught and taught[name] != code} == {}


@pytest.mark.parametrize("lesson", LESSONS)
def test_exercises_take_no_name_away_from_the_lesson(lesson):
    by_lesson, by_exercises = set(), set()
    for cell in code_cells(lesson):
        (by_exercises if "exercise" in cell.metadata else by_lesson).update(names_given(cell.source))
    assert by_lesson & by_exercises == set()


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lesson_takes_no_name_away_from_exercises(lesson):
    for cell in code_cells(lesson):
        if cell.metadata.get("name") != "imports":
            assert names_given(cell.source) & {"case", "check"} == set(), f"{cell.id}: the checks below need these names"


@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_solution_turns_the_check_green(lesson, name):
    said = visible(lesson, name, key_exercises(lesson)[name].sources("exercise-solution")[0])
    assert said.complete, repr(said)


@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_solution_earns_every_point(lesson, name):
    assert all(earned for _, earned in hidden(lesson, name))


@cache
def right(lesson, name, seed):
    """Return what the key's own solution answers with a seed."""
    return list(answers(lesson, name, seed=seed))


@pytest.mark.slow
@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_each_hidden_check_asks_for_another_answer_with_each_seed(lesson, name):
    drawn = [[answer for _, answer in stored(lesson, name)], *(right(lesson, name, seed) for seed in SEEDS)]
    for number, found in enumerate(zip(*drawn), 1):
        # Numbers alone: a word, a type or a truth value could be guessed, and an error is no answer.
        assert all(re.fullmatch(r"[-\d.e,\s()\[\]]+", answer) for answer in found), f"{name}-{number}: {found}"
        assert len(set(found)) == len(found), f"{name}-{number}: two seeds have one answer"


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_stub_is_not_attempted_and_earns_nothing(lesson, name):
    said = visible(lesson, name)
    assert not said.attempted and "not attempted yet" in repr(said)
    stub = lesson_exercises(lesson)[name].sources("exercise-solution")[0]
    assert not any(earned for _, earned in hidden(lesson, name, stub))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_answers_without_knowledge_earn_nothing(lesson, name):
    wanted = defined_names(key_exercises(lesson)[name].sources("exercise-solution")[0])
    for body in ("raise ValueError", "return None", "return 0", "return [*arguments, None][0]"):
        source = "\n".join(f"def {one}(*arguments, **named):\n    {body}" for one in sorted(wanted))
        assert not any(earned for _, earned in hidden(lesson, name, source)), body


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("lesson", "name", "broken"), BROKEN)
def test_mistake_is_caught(lesson, name, broken):
    said = visible(lesson, name, broken)
    assert said.attempted
    # By both: who sees green must not lose points later, and who sees red must not get all of them.
    assert not said.complete and not all(earned for _, earned in hidden(lesson, name, broken)), broken
    assert any(word == "hint" for word, _ in said.rows), f"no hint: {said!r}"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:The model does not have any trainable weights")
@pytest.mark.parametrize(("lesson", "name"), EXERCISES)
def test_mistakes_are_caught_with_any_seed(lesson, name):
    assert [(about, seed) for one, about, source in mutants(lesson) if one == name for seed in SEEDS[::3]
            if list(answers(lesson, name, source, seed)) == right(lesson, name, seed)] == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_mistake_costs_its_exercise_and_no_other(lesson):
    first = {}
    for name, _, broken in mutants(lesson):
        first.setdefault(name, broken)
    for name, broken in first.items():
        caught = not visible(lesson, name, broken).complete
        assert whole_page(lesson, name, broken) == ({name} if caught else set())


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("lesson", LESSONS)
def test_feedback_on_graded_work_can_repeat_the_hint(lesson):
    hinted = set()
    for name, _, broken in mutants(lesson):
        if name not in hinted:
            said = as_feedback(lesson, name, broken)
            if any(word == "hint" for word, _ in said.rows):
                hinted.add(name)
    assert hinted == set(key_exercises(lesson))
