"""Plain nbval: write key notebooks with the students' code in place of the solutions, for `pytest --nbval` to run."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.course.own_files import OwnFiles
from helpers.grading.answer_keys import in_own_scope
from helpers.grading.match import match
from helpers.grading.report import page_name

# What a student's function prints costs nothing, here as in the grader.
_QUIET = """import contextlib, io
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    _answer = {call}
_answer"""


def _code(source, name, tags=("nbval-ignore-output",), outputs=()):
    # nbval compares nothing in a cell that looks as if it had never run.
    return {"cell_type": "code", "execution_count": 1 if outputs else None, "id": name,
            "metadata": {"name": name, "tags": list(tags)}, "outputs": list(outputs), "source": source}


def _grafted(notebook, key, cells):
    """Return a key notebook with a student's code in place of each solution; only hidden cells keep an output to compare."""
    exercises = {one.name: one for one in key.exercises}
    matches, written = {one.exercise: one for one in match(key, cells)}, []
    for number, cell in enumerate(notebook["cells"]):
        tags, name = cell["metadata"].get("tags", []), cell["metadata"].get("exercise")
        source, place = "".join(cell["source"]), f"cell-{number}"
        if cell["cell_type"] != "code":
            written.append(cell)
        elif "exercise-solution" in tags:
            found = matches[name]
            written += [_code(part, f"{place}-{count}") for count, part in enumerate(found.before)]
            written.append(_code(found.source if found.source is not None else exercises[name].stub or "", place))
        elif "exercise-hidden" in tags:
            common = exercises[name].setup[:exercises[name].common]
            definition, _, call = in_own_scope(source, common).rpartition("\n")
            written.append(_code(f"{definition}\n{_QUIET.format(call=call)}", cell["metadata"]["name"], tags, cell["outputs"]))
            written[-1]["metadata"]["points"] = cell["metadata"]["points"]
        else:
            written.append(_code(source, place))
    return {**notebook, "cells": written}


def write_grafts(submissions, keys, folder, key_folder):
    """Write a notebook for each submission that can be graded, STUDENT/LESSON.ipynb, and return how many there are now."""
    files = OwnFiles(folder, ".written-by-graft.txt")
    files.refuse_others("an earlier graft")
    read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(key_folder).glob("*.ipynb"))]
    notebooks = {one["metadata"]["course"]["lesson"]: one for one in read}
    chosen = [one for one in submissions if not one.problem]
    for one in chosen:
        made = _grafted(notebooks[one.lesson], keys[one.lesson], one.cells)
        files.write(f"{page_name(one.student.name, one.student.identity)}/{one.lesson}.ipynb", json.dumps(made, indent=1))
    files.finish()
    return len(chosen)
