"""The web book's pages of solutions: from each key its solutions with reasons, and the answers to the lesson's questions."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

from helpers.project import ROOT

KEYS, LESSONS = ROOT / "helpers" / "grading" / "keys", ROOT / "notebooks"


def _section(notebook, heading):
    """Return the text below a second-level heading."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def solutions(key: Path, lesson: Path) -> str:
    """Return the page of one lesson as Markdown.

    Parameters
    ----------
    key, lesson : pathlib.Path
        The two notebooks.

    Raises
    ------
    ValueError
        When the lesson asks questions that the key does not answer.
    """
    answered, read = nbformat.read(key, as_version=4), nbformat.read(lesson, as_version=4)
    title = re.search(r"^# (.+)", read.cells[0].source, re.MULTILINE)[1]
    parts = [f"# Solutions: {title}", "Try an exercise before you read on: the check in the lesson gives hints, and more than "
             f"one way is right. The tasks are in [the lesson](../notebooks/{lesson.name})."]
    answers = ""
    for cell in answered.cells:
        tags = cell.metadata.get("tags", [])
        if "exercise-solution" in tags:
            parts.append(f"```python\n{cell.source}\n```")
        elif "question-answers" in tags:
            answers = re.sub(r"^#+ .*\n+", "", cell.source)
        elif cell.cell_type == "markdown" and "exercise" in cell.metadata:
            parts.append(cell.source)
    questions = _section(read, "Questions")
    if questions and not answers:
        raise ValueError(f"{key.name} needs a last cell, tagged question-answers, for the questions that close the lesson")
    return "\n\n".join([*parts, "## Questions", questions, "## Answers", answers]) + "\n"


def write(folder: Path) -> None:
    """Write one page for each key into a folder."""
    folder.mkdir()
    for key in sorted(KEYS.glob("*.ipynb")):
        folder.joinpath(f"{key.stem}.md").write_text(solutions(key, LESSONS / key.name), encoding="utf-8")
