"""Plain nbval: write the keys as notebooks with the students' code in place of the solutions, for `pytest --nbval` to run."""

from __future__ import annotations

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.course.own_files import OwnFiles
from helpers.grading.answer_keys import in_own_scope
from helpers.grading.match import match
from helpers.grading.report import page_name

# What a student's function prints costs nothing, here as in the grader.
_QUIET = """import contextlib, io
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    _answer = {call}
_answer"""


def _grafted(key, cells):
    """Return a notebook of a key's cells with a student's code in place of each solution; only hidden cells are compared."""
    written = []
    for exercise, found in zip(key.exercises, match(key, cells)):
        for source in (*exercise.setup, *found.before, found.source if found.source is not None else exercise.stub or ""):
            written.append(new_code_cell(source, metadata={"tags": ["nbval-ignore-output"]}))
        for check in exercise.checks:
            definition, _, call = in_own_scope(check.source, exercise.setup[:exercise.common]).rpartition("\n")
            # nbval compares nothing in a cell that looks as if it had never run.
            written.append(new_code_cell(
                f"{definition}\n{_QUIET.format(call=call)}", execution_count=1,
                metadata={"name": check.name, "points": check.points, "tags": ["exercise-hidden", "nbval-check-output"]},
                outputs=[new_output("execute_result", {"text/plain": check.expected}, execution_count=1)]))
    return new_notebook(cells=written, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def write_grafts(submissions, keys, folder):
    """Write a notebook for each submission that can be graded, STUDENT/LESSON.ipynb, and return how many there are now."""
    files = OwnFiles(folder, ".written-by-graft.txt")
    files.refuse_others("an earlier graft")
    chosen = [one for one in submissions if not one.problem]
    for one in chosen:
        made = nbformat.writes(_grafted(keys[one.lesson], one.cells))
        files.write(f"{page_name(one.student.name, one.student.identity)}/{one.lesson}.ipynb", made)
    files.finish()
    return len(chosen)
