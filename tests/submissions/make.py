"""Write a sample class: good, wrong, careless and hostile work, each with the grade that it must get.

    python -m tests.submissions.make FOLDER

The expected grades go to FOLDER/expected.json: for each student the points of every exercise, or the reason why the file cannot
be graded.
"""

import argparse
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.submissions import attacks, innocent
from tests.submissions.building import (
    LESSON,
    as_bytes,
    cheating,
    exercises,
    first,
    full,
    handed_out,
    inserted,
    is_solution,
    key,
    nothing,
    solved,
    spoilt,
    without,
)


@dataclass
class Student:
    """One student's folder: files by name, in the order in which they were handed in, and what must come of them.

    `folder` is its name where the student is shown under another.
    """

    name: str
    files: dict
    earned: dict | None
    problem: str = ""
    statuses: dict = field(default_factory=dict)
    printed: str = ""
    hostile: bool = False
    folder: str = ""


def one_file(name, notebook, earned, **more):
    data = notebook if isinstance(notebook, bytes) else as_bytes(notebook)
    return Student(name, {f"{LESSON}.ipynb": data}, earned, **more)


def good_and_wrong():
    names = list(exercises())
    last = names[-1]
    yield one_file("ada-perfect", solved(), full())
    yield one_file("ben-partly", solved(**{names[0]: "def " + "x(:", names[1]: "y = 1"}), without(names[0], names[1]))
    yield one_file("cem-untouched", handed_out(), nothing())
    yield one_file(
        "dora-empty", {"cells": [], "metadata": {"course": {"lesson": LESSON}}, "nbformat": 4, "nbformat_minor": 5}, nothing()
    )
    yield one_file("emil-only-last", solved(**dict.fromkeys(names[:-1])), {**nothing(), last: full()[last]})
    close = exercises()["tempered_softmax"].solution.replace("scores / temperature", "scores / (temperature + 0.002)")
    yield one_file("finn-close-floats", solved(tempered_softmax=close), without("tempered_softmax"))
    rounding = exercises()["tempered_softmax"].solution.replace("scores / temperature", "scores / (temperature + 1e-9)")
    yield one_file("gina-other-rounding", solved(tempered_softmax=rounding), full())
    unstable = "def soft_cross_entropy(logits, targets):\n    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)\n" \
               "    return -(targets * np.log(p)).sum(axis=-1)"
    yield one_file("hugo-unstable", solved(soft_cross_entropy=unstable), {**full(), "soft_cross_entropy": 1})


def careless():
    solution, name = exercises()[first()].solution, first()
    yield Student("ines-renamed", {"my homework, FINAL (2).ipynb": as_bytes(solved())}, full())
    stub = {
        "cell_type": "code",
        "metadata": {"exercise": name, "tags": ["exercise-solution"]},
        "outputs": [],
        "execution_count": None,
        "source": exercises()[name].stub,
    }
    yield one_file("jan-copied-cell", inserted(solved(), name, stub), full())
    deleted = solved()
    deleted["cells"] = [cell for cell in deleted["cells"] if not is_solution(cell, name)]
    yield one_file("kim-deleted-cell", deleted, without(name))
    yield one_file("lars-broken-json", as_bytes(solved())[:-200], None, problem="not a notebook")
    yield one_file("mia-utf16", as_bytes(solved(**{name: "# naïve\n" + solution}), "utf-16"), full())
    yield one_file("noor-latin1", as_bytes(solved(**{name: "# naïve\n" + solution}), "latin-1"), full())
    yield one_file("olga-bom", as_bytes(solved(), "utf-8-sig"), full())
    yield Student("paul-attempts", {f"{LESSON}.ipynb": as_bytes(handed_out()), f"{LESSON}-1.ipynb": as_bytes(solved())}, full())
    stripped = solved()
    stripped["metadata"] = {}
    for cell in stripped["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    yield Student("quentin-lost-metadata", {"Untitled.ipynb": as_bytes(stripped)}, full())
    elsewhere = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
                 "source": "import math as m\ndef helper(x):\n    return x / m.sqrt(1)"}
    helped = solution.replace("scores / temperature", "helper(scores) / temperature")
    yield one_file("ralf-helper-in-another-cell", inserted(solved(**{name: helped}), name, elsewhere), full())
    warning = "import sys, os, warnings\nwarnings.warn('tsk')\nprint('red', file=sys.stderr)\nos.write(2, b'raw')\n"
    yield one_file("ruth-warning", solved(**{one: warning + exercise.solution for one, exercise in exercises().items()}), full())
    prints = {one: exercise.solution.replace("    return", "    print('here')\n    return") + "\nprint('here <b>am</b> I')"
              for one, exercise in exercises().items()}
    yield one_file("sven-debug-prints", solved(**prints), full())
    yield one_file("tom-prints-a-book", spoilt("print('x' * 2**27)"), full())
    yield one_file("tess-asks", spoilt("input('your name? ')"), without())
    yield one_file("uwe-tensorflow", spoilt("import tensorflow as tf\ntf.constant(1)"), full())
    mess = "\nnp.log = np.einsum = None\nnp.set_printoptions(precision=1)\nget_ipython().reset = lambda *_: 1 / 0"
    yield one_file("wim-leaves-a-mess", solved(**{name: solution + mess}), full())
    yield Student("vic-handed-in-nothing", {}, None, problem="no notebook")


def failures():
    for name, (code, status) in attacks.FAILURES.items():
        yield one_file(name, spoilt(code), without(), statuses={first(): status}, hostile=True)


def cheats():
    for name, code in attacks.CHEATS.items():
        yield one_file(name, cheating(code), nothing(), hostile=True)
    for name, (code, printed) in attacks.BURGLARS.items():
        yield one_file(name, spoilt(code), full(), printed=printed, hostile=True)


def students():
    """Return the whole class."""
    return [*good_and_wrong(), *careless(), *innocent.students(Student), *failures(), *cheats()]


def write(folder, chosen=None):
    """Write some students' folders, all if none are named, and return the students written."""
    folder, written = Path(folder), []
    for student in students():
        if chosen is not None and student.name not in chosen:
            continue
        place = folder / (student.folder or student.name)
        place.mkdir(parents=True, exist_ok=True)
        for number, (name, data) in enumerate(student.files.items()):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
            os.utime(place / name, (1_700_000_000 + 60 * number,) * 2)
        written.append(student)
    return written


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.submissions.make", description="Write a sample class.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    expected = {one.name: {"earned": one.earned, "problem": one.problem} for one in write(folder / "class")}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(f"{len(expected)} students, {sum(one.points for one in key().exercises)} points, in {folder}")


if __name__ == "__main__":
    main()
