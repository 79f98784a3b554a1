"""The pages of solutions: every exercise with its solution and a reason, every question with an answer."""

import re

import nbformat
import pytest

from helpers.course import solutions, web_book

KEYS = sorted(solutions.KEYS.glob("*.ipynb"))


@pytest.mark.parametrize("key", KEYS, ids=lambda path: path.stem)
def test_exercises_have_reasons_and_questions_answers(key):
    page = solutions.solutions(key, solutions.LESSONS / key.name)
    cells = nbformat.read(key, as_version=4).cells
    for name in {cell.metadata["exercise"] for cell in cells if "exercise" in cell.metadata}:
        mine = [cell for cell in cells if cell.metadata.get("exercise") == name]
        solution, = (cell.source for cell in mine if "exercise-solution" in cell.metadata.get("tags", []))
        reason, = (cell.source for cell in mine if "exercise-reason" in cell.metadata.get("tags", []))
        assert len(reason.split()) >= 15, name
        assert page.index(solution) < page.index(reason)
    asked, answered = page.partition("## Answers")[::2]
    stars = re.findall(r"^(?:\d+\. )?★", asked.partition("## Questions")[2], re.MULTILINE)
    assert len(stars) == len(re.findall(r"^\d+\. ", answered, re.MULTILINE)) >= 3


def test_questions_without_answers_are_told(tmp_path):
    key = nbformat.read(KEYS[0], as_version=4)
    key.cells = [cell for cell in key.cells if "question-answers" not in cell.metadata.get("tags", [])]
    nbformat.write(key, tmp_path / KEYS[0].name)
    with pytest.raises(ValueError, match=f"{KEYS[0].name} needs a last cell, tagged question-answers"):
        solutions.solutions(tmp_path / KEYS[0].name, solutions.LESSONS / KEYS[0].name)


def test_an_instructor_can_leave_them_out(tmp_path):
    web_book._write_sources(tmp_path / "book", with_solutions=False)
    assert not (tmp_path / "book" / "solutions").exists()
    web_book._write_sources(tmp_path / "other", with_solutions=True)
    assert {path.stem for path in (tmp_path / "other" / "solutions").iterdir()} == {key.stem for key in KEYS}
