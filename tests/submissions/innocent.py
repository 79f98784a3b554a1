"""Ordinary misfortune: work that is right in the notebook or lies where nobody would look, with the grade that it must get."""

import copy
import io
import json
import zipfile

from tests.submissions.building import (
    LESSON,
    as_bytes,
    exercises,
    first,
    full,
    handed_out,
    inserted,
    is_solution,
    key,
    nothing,
    solved,
    without,
)

SOFTMAX = "def tempered_softmax(scores, temperature=1.0):\n    scores = {scores}\n" \
          "    powers = {exp}(scores - scores.max(axis=-1, keepdims=True))\n" \
          "    return powers / powers.sum(axis=-1, keepdims=True)"


def code(source, **metadata):
    return {"cell_type": "code", "metadata": metadata, "outputs": [], "execution_count": None, "source": source}


def softmax(scores="scores / temperature", exp="np.exp"):
    return SOFTMAX.format(scores=scores, exp=exp)


def beside(source, solution):
    """Return perfect work whose first exercise needs what another cell defines."""
    return inserted(solved(**{first(): solution}), first(), code(source))


def changed(change):
    """Return perfect work with a change to the first exercise's cell, which gets the notebook's list of cells and its place."""
    notebook = copy.deepcopy(solved())
    change(notebook["cells"], next(number for number, one in enumerate(notebook["cells"]) if is_solution(one, first())))
    return notebook


def in_a_new_cell(cells, number):
    cells.insert(number + 1, code(cells[number]["source"]))
    cells[number]["source"] = exercises()[first()].stub


def in_the_checks_cell(cells, number):
    cells[number + 1]["source"] = cells[number]["source"] + "\n" + "".join(cells[number + 1]["source"])
    cells[number]["source"] = exercises()[first()].stub


def split(cells, number):
    half = copy.deepcopy(cells[number])
    half["source"], cells[number]["source"] = softmax("cooled(scores, temperature)"), "def cooled(x, t):\n    return x / t"
    cells.insert(number + 1, half)


def as_markdown(cells, number):
    cells[number] = {**cells[number], "cell_type": "markdown"}


def as_raw(cells, number):
    cells[number] = {**cells[number], "cell_type": "raw"}


def extended(cells, number):
    lesson = next(one for one in cells if "def softmax(scores):" in "".join(one["source"]))
    lesson["source"] = "".join(lesson["source"]).replace("softmax(scores):", "softmax(scores, t=1):").replace(
        "scores - scores.max", "scores / t - (scores / t).max")
    cells[number]["source"] = "def tempered_softmax(scores, temperature=1.0):\n    return softmax(scores, t=temperature)"


def shows_data(cells, number):
    own = cells[number]["source"]
    cells[number]["source"] = f"print(x_train[:2])\nexample = x_train[0]\n{own}\ntempered_softmax(example)"


def notebooks():
    """Yield (name, notebook, points): what is right in the notebook and must be right in the grader, and what cannot be."""
    yield "abel-constant", beside("SEED = 1.0\nshare = SEED / 1", softmax("scores / temperature * share * SEED"))
    yield "bea-lambda", beside("cooled = lambda x, t: x / t", softmax("cooled(scores, temperature)"))
    yield "cleo-partial", beside("import functools, operator\nhalf = functools.partial(operator.mul, 1.0)",
                                 softmax("half(scores) / temperature"))
    yield "dan-star-import", beside("from math import *", softmax("scores / temperature * floor(1.5)"))
    yield "edda-helper-with-magic", beside("%matplotlib inline\ndef cooled(x, t):\n    return x / t",
                                           softmax("cooled(scores, temperature)"))
    yield "fred-helper-under-if", beside("if True:\n    def cooled(x, t):\n        return x / t",
                                         softmax("cooled(scores, temperature)"))
    yield "gwen-name-of-a-parameter", beside(
        "def cooled(x, t):\n    return x / t", "def other(cooled):\n    return cooled\n" + softmax("cooled(scores, temperature)"))
    yield "hal-pip", solved(**{first(): "!pip install numpy\n%pip install numpy\n" + softmax()})
    yield "ida-time", solved(**{first(): "%%time\n" + softmax()})
    yield "joe-matplotlib", solved(**{first(): "%matplotlib inline\n" + softmax()})
    for name, change in {"kai-new-cell": in_a_new_cell, "lea-checks-cell": in_the_checks_cell, "max-split-cell": split,
                         "nele-extended-lesson": extended, "otto-shows-data": shows_data}.items():
        yield name, changed(change)


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, data) in enumerate(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, number, 0)), data)
    return made.getvalue()


def folders():
    """Yield (folder, shown name, files, points or None, problem): where work lies, and how it is called."""
    work, untouched, file = as_bytes(solved()), as_bytes(handed_out()), f"{LESSON}.ipynb"
    yield "student01", "student01", {file: work}, full(), ""
    yield "student02", "student02", {file: untouched}, nothing(), ""
    for number, data, points in ((4711, work, full()), (4712, untouched, nothing())):
        yield f"Anna Schmidt_{number}_assignsubmission_file_", f"Anna Schmidt ({number})", {file: data}, points, ""
    yield "Participant_7_assignsubmission_file_", "Participant 7", {file: work}, full(), ""
    yield "pia-zip", "pia-zip", {"homework.zip": zipped({file: work})}, full(), ""
    nested = zipped({"__MACOSX/._x": b"", "a/b.zip": zipped({file: work})})
    yield "ren-zip-in-zip", "ren-zip-in-zip", {"all.zip": nested}, full(), ""
    yield "sia-text", "sia-text", {f"{file}.txt": work}, full(), ""
    yield "ted-json", "ted-json", {f"{file}.json": work}, full(), ""
    yield "uli-script", "uli-script", {"solution.py": b"x = 1"}, None, "only notebooks"
    yield "vera-untouched-copy", "vera-untouched-copy", {file: work, f"{LESSON}-1.ipynb": untouched}, full(), ""
    yield "will-nbgitpuller", "will-nbgitpuller", {f"{LESSON}__20260115103000.ipynb": work, file: untouched}, full(), ""
    start = json.dumps({"cells": [], "metadata": {"course": {"lesson": "00_start_here"}}}).encode()
    yield "xara-start", "xara-start", {"00_start_here.ipynb": start}, None, "nothing to do"
    course = {"course/notebooks/00_start_here.ipynb": start, "course/helpers/grading/keys/01.ipynb": work,
              "course/tests/keys/01.ipynb": work, f"course/notebooks/.ipynb_checkpoints/{file}": work}
    yield "yann-home", "yann-home", {**course, f"course/notebooks/{file}": work}, full(), ""
    yield "zita-idle-home", "zita-idle-home", {**course, f"course/notebooks/{file}": untouched}, None, "clone of the course"
    yield "line\nbreak", "line\\nbreak", {file: work}, full(), ""
    yield "long" * 55, "long" * 55, {file: work}, full(), ""
    keyed = json.dumps({"cells": [code(one.solution, exercise=one.name, tags=["exercise-hidden"]) for one in key().exercises],
                        "metadata": {"course": {"lesson": LESSON}}}).encode()
    yield "zoe-key", "zoe-key", {"key.ipynb": keyed}, None, "it is a key"


def students(new):
    """Yield these students.

    Parameters
    ----------
    new : callable
        Makes one from name, files, points, problem, statuses and folder.
    """
    file = f"{LESSON}.ipynb"
    for name, notebook in notebooks():
        yield new(name, {file: as_bytes(notebook)}, full())
    for name, change in {"quin-markdown": as_markdown, "rosa-raw": as_raw}.items():
        yield new(name, {file: as_bytes(changed(change))}, without(), statuses={first(): "missing"})
    for folder, name, files, points, problem in folders():
        yield new(name, files, points, problem=problem, folder=folder)
