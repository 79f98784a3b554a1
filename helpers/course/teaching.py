"""Write what the instructor's guide says of the lessons: minutes for each section, breaks, and common mistakes.

    python -m helpers.course.teaching            rewrite helpers/grading/TEACHING.md
    python -m helpers.course.teaching --check    only say whether it is up to date

Minutes are estimates from what a section holds: words, cells, predictions, exercises. Mistakes are those of tests/mutants; each
is made in the key's solution, and the lesson's own check says what it says.
"""

from __future__ import annotations

import math
import re
import sys
import warnings

import nbformat

from helpers.project import ROOT

GUIDE = ROOT / "helpers" / "grading" / "TEACHING.md"
WORDS, CELL, PREDICTION = 180, 0.5, 1.0
"""Words read in a minute; minutes for a cell of code and for a prediction."""
STARS = {1: 8, 2: 12, 3: 0}
"""Minutes in class for an exercise; three stars are homework."""
BREAK_AFTER, BREAK = 45, 10
"""A break of so many minutes comes before the section that would end later than this after the break before."""
_BLOCK = r"(<!-- {kind}: {lesson} -->\n).*?(<!-- end -->)"


def lessons():
    """Return the names of the lessons, in order."""
    return sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def sections(lesson):
    """Return the sections of a lesson, without those for reading afterwards.

    Parameters
    ----------
    lesson : str
        Its name.

    Returns
    -------
    list of (str, int, list of str)
        The heading, the minutes in class, and the exercises in it, such as "1.1 ★".
    """
    found = [["Opening", 0.0, []]]
    for cell in nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            found[-1][1] += CELL if "exercise" not in cell.metadata else 0
            continue
        exercise = re.match(r"\*\*Exercise (\d+\.\d+)\*\* (★+)", cell.source)
        if exercise:
            found[-1][1] += STARS[len(exercise[2])]
            found[-1][2].append(f"{exercise[1]} {exercise[2]}" + " at home" * (len(exercise[2]) == 3))
            continue
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE):
            heading = re.match(r"## (.+)", part)
            if heading:
                found.append([heading[1], 0.0, []])
            found[-1][1] += len(part.split()) / WORDS + PREDICTION * len(re.findall(r"\*\*Predict", part))
    return [(heading, max(1, math.ceil(minutes)), exercises) for heading, minutes, exercises in found
            if heading not in ("Questions", "Further reading")]


def plan(lesson):
    """Return the table of a lesson's sections with breaks, as Markdown."""
    rows, since, total = [], 0, 0
    for heading, minutes, exercises in sections(lesson):
        if since and since + minutes > BREAK_AFTER:
            rows.append(f"| *break* | {BREAK} | |\n")
            since, total = 0, total + BREAK
        rows.append(f"| {heading} | {minutes} | {', '.join(exercises)} |\n")
        since, total = since + minutes, total + minutes
    return f"\n| section | minutes | exercises |\n|---|---:|---|\n{''.join(rows)}| **together** | **{total}** | |\n\n"


def _said(feedback):
    """Return in one line what a check says of a mistake."""
    rows = dict(feedback.rows)
    return f"*{feedback.about}:* {rows.get('hint') or rows.get('difference') or rows.get('expected', '')}".replace("|", "\\|")


def mistakes(lesson):
    """Return the table of common mistakes and what the check in the lesson says of each, as Markdown.

    Raises
    ------
    ModuleNotFoundError
        When the folder tests, which keeps the mistakes, is missing.
    """
    from tests.support.exercise_cells import lesson_exercises, mutants, visible

    numbers = {name: re.match(r"\*\*Exercise (\d+\.\d+)", "\n".join(one.sources("exercise-task")))[1]
               for name, one in lesson_exercises(lesson).items()}
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, about, source in mutants(lesson):
            rows.append(f"| {numbers[name]} `{name}` | {about} | {_said(visible(lesson, name, source))} |\n")
    return f"\n| exercise | what students do | what the check says |\n|---|---|---|\n{''.join(rows)}\n"


def updated(text):
    """Return the guide with the tables of today.

    Raises
    ------
    ValueError
        When it has no place for a lesson; the message says what to write.
    """
    from tests.support.exercise_cells import lesson_exercises

    for lesson in lessons():
        tables = {"plan": plan} | ({"mistakes": mistakes} if lesson_exercises(lesson) else {})
        for kind, table in tables.items():
            place = re.compile(_BLOCK.format(kind=kind, lesson=lesson), re.DOTALL)
            if len(place.findall(text)) != 1:
                raise ValueError(f"{GUIDE.name} needs the comments <!-- {kind}: {lesson} --> and <!-- end --> once")
            written = table(lesson)
            text = place.sub(lambda found, written=written: found[1] + written + found[2], text)
    return text


def main():
    """Read the command line."""
    text = GUIDE.read_text(encoding="utf-8")
    new = updated(text)
    if "--check" in sys.argv[1:]:
        sys.exit(0 if new == text else f"{GUIDE.name} lags behind the lessons; run: python -m helpers.course.teaching")
    GUIDE.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
