"""The instructor's guide says what the lessons, their checks and the known mistakes say today."""

import re

import pytest

from helpers.course import teaching
from tests.support.exercise_cells import lesson_exercises, mutants

GUIDE = teaching.GUIDE.read_text(encoding="utf-8")
LESSONS = teaching.lessons()


def block(kind, lesson, text=GUIDE):
    return re.search(rf"<!-- {kind}: {lesson} -->\n(.*?)<!-- end -->", text, re.DOTALL)[1]


@pytest.mark.filterwarnings("ignore")
def test_the_guide_is_up_to_date():
    assert teaching.updated(GUIDE) == GUIDE, "run: python -m helpers.course.teaching"


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_has_a_plan_a_group_task_and_its_mistakes(lesson):
    section = next(one for one in re.split(r"(?m)^(?=## )", GUIDE) if f"<!-- plan: {lesson} -->" in one)
    assert re.match(rf"## Lesson {int(lesson[:2])}: ", section)
    assert section.count("**Group task.**") == 1 and "**Watch for**" in section
    broken = len(list(mutants(lesson))) if lesson_exercises(lesson) else 0
    assert (block("mistakes", lesson).count("\n|") - 2 if broken else 0) == broken


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_plan_adds_up_has_every_exercise_and_no_stretch_without_a_break(lesson):
    rows = re.findall(r"^\| \**([^|]*?)\** \| \**(\d+)\** \| ([^|]*)\|$", block("plan", lesson), re.MULTILINE)
    *rows, (last, total, _) = [(name, int(minutes), exercises) for name, minutes, exercises in rows]
    assert last == "together" and total == sum(minutes for _, minutes, _ in rows)
    assert len(re.findall(r"\d\.\d ★", " ".join(exercises for _, _, exercises in rows))) == len(lesson_exercises(lesson))
    stretch, sections = 0, 0
    for name, minutes, _ in rows:
        stretch, sections = (0, 0) if name == "break" else (stretch + minutes, sections + 1)
        assert stretch <= teaching.BREAK_AFTER or sections == 1


def test_a_lesson_without_a_place_is_said():
    with pytest.raises(ValueError, match=r"TEACHING\.md needs the comments <!-- plan: 00_start_here --> and <!-- end --> once"):
        teaching.updated("# Nothing")
