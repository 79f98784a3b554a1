"""Read the key notebooks: for each exercise set-up, solution, hidden cells and the answers that these store."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib.util
import json
import re
from pathlib import Path

from helpers.grading.errors import KeyNotebookError, SubmissionError
from helpers.grading.hidden import in_its_own_names as in_own_scope  # noqa: F401
from helpers.grading.notebooks import parse
from helpers.grading.records import Check, Exercise, Key
from helpers.project import ROOT

KEYS, LESSONS = ROOT / "helpers" / "grading" / "keys", ROOT / "notebooks"
LARGEST_CELL = 200_000
"""Characters. Nobody writes such a cell by hand; to take apart what a program wrote may take for ever."""
_SEED = re.compile(r"^SEED *= *\d+", re.MULTILINE)
HEAVY_HELPERS = ("batches", "layers", "pretrained", "progress", "quiet_start")
"""The course's own modules that import TensorFlow or Keras."""
_HEAVY = re.compile(r"\b(tensorflow|keras)\b|helpers\.({0})|helpers import .*\b({0})\b".format("|".join(HEAVY_HELPERS)))
_GUESSED = re.compile(r"[\s()\[\],]*((True|False|None)[\s()\[\],]*)+")


def needs_tensorflow(sources):
    """Return whether any of these pieces of code asks for TensorFlow or Keras."""
    return any(_HEAVY.search(source) for source in sources)


def defined_names(source):
    """Return the names that a cell defines at its top level; none if it is not Python, or too large to be anybody's work."""
    if len(source) > LARGEST_CELL:
        return set()
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = set()
    for node in body:
        names |= names_of(node)
    return names


def names_of(node):
    """Return the names that one statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
    return set()


def imported_modules(sources):
    """Return the modules that the key's own cells import, for a template to have them ready."""
    modules = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module)
                # A submodule by name, as in `from helpers import shapes`.
                modules |= {f"helpers.{alias.name}" for alias in node.names
                            if node.module == "helpers" and importlib.util.find_spec(f"helpers.{alias.name}")}
    return sorted(modules)


def _stored_answer(cell, where):
    """Return the text of a hidden cell's only result."""
    kinds = [output["output_type"] for output in cell["outputs"]]
    results = [output["data"] for output in cell["outputs"] if output["output_type"] == "execute_result"]
    if "error" in kinds:
        raise KeyNotebookError(f"{where} has stored an error: run the key again")
    if len(results) != 1 or set(results[0]) != {"text/plain"}:
        raise KeyNotebookError(f"{where} must end with an expression whose value is plain Python, and be stored with its output")
    text = "".join(results[0]["text/plain"])
    if _GUESSED.fullmatch(text):
        raise KeyNotebookError(
            f"{where} answers only {text!r}, which an object equal to everything gives as well: let it show numbers"
        )
    return text


def read_key(path, lessons=LESSONS):
    """Read one key notebook.

    Parameters
    ----------
    path : path-like
        The notebook.
    lessons : path-like
        The folder of lessons, to tell an untouched stub from an answer.

    Returns
    -------
    Key
        Its exercises.

    Raises
    ------
    KeyNotebookError
        When it is not in form; the message names the cell.
    """
    path = Path(path)
    data = path.read_bytes()
    try:
        # Not by nbformat, which takes longer to load than this takes to run; `python -m helpers.course.lint` keeps keys in form.
        notebook = json.loads(data.decode("utf-8"))
        cells, metadata = list(notebook["cells"]), dict(notebook["metadata"])
    except (ValueError, LookupError, TypeError) as error:
        raise KeyNotebookError(f"{path.name} cannot be read as a notebook: {error}") from error
    lesson = metadata.get("course", {}).get("lesson")
    if not lesson:
        raise KeyNotebookError(f"{path.name} does not say its lesson: its metadata need {{\"course\": {{\"lesson\": NAME}}}}")
    stubs, visible = _handed_out(Path(lessons) / f"{lesson}.ipynb")
    lesson_path = Path(lessons) / f"{lesson}.ipynb"
    lesson_cells = tuple(parse(lesson_path.read_bytes())[1]) if lesson_path.exists() else ()
    common, parts, order = [], {}, []
    for cell in cells:
        tags, name, source = set(cell["metadata"].get("tags", [])), cell["metadata"].get("exercise"), "".join(cell["source"])
        if cell["cell_type"] == "code" and "key-setup" in tags:
            common.append(source)
        if name is None:
            continue
        if name not in parts:
            order.append(name)
        part = parts.setdefault(name, {"title": None, "setup": [], "solution": [], "checks": []})
        where = f"{path.name}, exercise {name}, cell {cell['metadata'].get('name') or cell.get('id')}"
        if cell["cell_type"] == "markdown":
            heading = re.search(r"^#+ +(.+)$", source, re.MULTILINE)
            part["title"] = part["title"] or (heading and heading.group(1))
        elif "exercise-setup" in tags:
            part["setup"].append(source)
        elif "exercise-solution" in tags:
            part["solution"].append(source)
        elif "exercise-hidden" in tags:
            points = cell["metadata"].get("points")
            if not isinstance(points, (int, float)) or points <= 0:
                raise KeyNotebookError(f"{where} needs `points` above zero in its metadata")
            name_of_cell = cell["metadata"].get("name") or f"{name}-hidden-{len(part['checks']) + 1}"
            part["checks"].append(Check(name_of_cell, source, points, _stored_answer(cell, where)))
    exercises = []
    for name in order:
        part = parts[name]
        if len(part["solution"]) != 1 or not part["checks"]:
            raise KeyNotebookError(
                f"{path.name}, exercise {name}: needs one cell tagged exercise-solution and at least one tagged exercise-hidden"
            )
        exercises.append(Exercise(name, part["title"] or name, (*common, *part["setup"]), part["solution"][0], stubs.get(name),
                                  tuple(part["checks"]), visible.get(name), len(common)))
    if not exercises:
        raise KeyNotebookError(f"{path.name} has no exercises")
    digest = hashlib.sha256(data + repr([sorted(stubs.items()), sorted(visible.items())]).encode()).hexdigest()
    return Key(lesson, tuple(exercises), lesson_cells, digest)


def _handed_out(path):
    """Return what the lesson hands out for each exercise: the stub, and the cell that checks it before the student's eyes."""
    if not path.exists():
        return {}, {}
    try:
        _, cells = parse(path.read_bytes())
    except SubmissionError as error:
        raise KeyNotebookError(f"the lesson {path.name} cannot be read: {error}") from error
    return tuple({cell.exercise: cell.source for cell in cells if cell.exercise and tag in cell.tags}
                 for tag in ("exercise-solution", "exercise-check"))


def read_keys(folder=KEYS, lessons=LESSONS):
    """Read all keys of a folder.

    Returns
    -------
    dict of str to Key
        By lesson.

    Raises
    ------
    KeyNotebookError
        When there are none, or two for one lesson.
    """
    keys = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        key = read_key(path, lessons)
        if key.lesson in keys:
            raise KeyNotebookError(f"{folder} has two keys for the lesson {key.lesson}")
        keys[key.lesson] = key
    if not keys:
        raise KeyNotebookError(f"{folder} holds no key notebooks: name their folder with --keys")
    return keys


def with_seed(key, seed):
    """Return the key with another seed in its first cells, so that hidden inputs are drawn afresh.

    Raises
    ------
    KeyNotebookError
        When an exercise has no line `SEED = NUMBER` in its set-up.
    """
    exercises = []
    for exercise in key.exercises:
        if not any(_SEED.search(source) for source in exercise.setup):
            raise KeyNotebookError(
                f"the key of {key.lesson}, exercise {exercise.name}, has no line 'SEED = NUMBER': --seed cannot change it"
            )
        exercises.append(dataclasses.replace(exercise, setup=tuple(_SEED.sub(f"SEED = {seed}", one) for one in exercise.setup)))
    return dataclasses.replace(key, exercises=tuple(exercises), digest=f"{key.digest}-{seed}", seed=seed)
