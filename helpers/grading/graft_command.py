"""Plain nbval: write the keys as notebooks with the students' code in place of the solutions, for `pytest --nbval` to run."""

import json

from helpers.course.own_files import OwnFiles
from helpers.grading.report import page_name

# What a student's function prints costs nothing, here as in the grader.
_QUIET = """import contextlib, io
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    _answer = {call}
_answer"""


def _grafted(key, matches):
    """Return a notebook of a key's cells with a student's code in place of each solution; only hidden cells are compared."""
    written = []

    def add(source, outputs=(), **metadata):
        # nbval compares nothing in a cell that looks as if it had never run.
        written.append({"cell_type": "code", "execution_count": 1 if outputs else None, "id": f"cell-{len(written)}",
                        "metadata": metadata, "outputs": list(outputs), "source": source})

    for exercise, found in zip(key.exercises, matches):
        for source in (*exercise.setup, *found.before, found.source if found.source is not None else exercise.stub or ""):
            add(source, tags=["nbval-ignore-output"])
        for check in exercise.checks:
            definition, _, call = check.source.rpartition("\n")
            answer = {"output_type": "execute_result", "data": {"text/plain": check.expected}, "metadata": {},
                      "execution_count": 1}
            add(f"{definition}\n{_QUIET.format(call=call)}", [answer], name=check.name, points=check.points,
                tags=["exercise-hidden", "nbval-check-output"])
    return {"cells": written, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "nbformat": 4, "nbformat_minor": 5}


def write_grafts(submissions, keys, folder):
    """Write a notebook for each submission that can be graded, STUDENT/LESSON.ipynb, and return how many there are now."""
    files = OwnFiles(folder, ".written-by-graft.txt")
    files.refuse_others("an earlier graft")
    chosen = [one for one in submissions if not one.problem]
    for one in chosen:
        made = json.dumps(_grafted(keys[one.lesson], one.matches), indent=1)
        files.write(f"{page_name(one.student.name, one.student.identity)}/{one.lesson}.ipynb", made)
    files.finish()
    return len(chosen)
