"""Read the key notebooks: for each exercise set-up, solution, hidden cells and the answers that these store."""

import ast
import hashlib
import json
import re
from pathlib import Path

from helpers.grading.reading import parse
from helpers.grading.records import Check, Exercise, Key, KeyNotebookError, SubmissionError
from helpers.project import ROOT

KEYS, LESSONS = ROOT / "helpers" / "grading" / "keys", ROOT / "notebooks"
_SEED = re.compile(r"^SEED *= *\d+", re.MULTILINE)
_CHECK = re.compile(r"^from helpers\.exercises\b.*", re.MULTILINE)
_SCOPE = """def _hidden_cell():
    import builtins
    scope = {{**builtins.globals(), **builtins.vars(builtins)}}
    builtins.exec({before!r}, scope)
    return builtins.eval({value!r}, scope)
_hidden_cell()"""
_GUESSED = re.compile(r"[\s()\[\],]*((True|False|None)[\s()\[\],]*)+")


def _stored_answer(cell, where):
    """Return the text of a hidden cell's only result."""
    results = [output["data"] for output in cell["outputs"] if output["output_type"] == "execute_result"]
    if len(results) != 1 or set(results[0]) != {"text/plain"}:
        raise KeyNotebookError(f"{where} must end with an expression whose value is plain Python, and be stored with its output, "
                               "not with an error: run the key again")
    text = "".join(results[0]["text/plain"])
    if _GUESSED.fullmatch(text):
        raise KeyNotebookError(f"{where} answers only {text!r}, which an object equal to everything gives as well: "
                               "let it show numbers")
    return text


def read_key(path: Path, lessons: str | Path = LESSONS, seed: int | None = None) -> Key:
    """Read one key notebook, as `read_keys` does; the lesson tells an untouched stub from an answer."""
    try:
        lesson, cells = parse(data := path.read_bytes())
    except SubmissionError as error:
        raise KeyNotebookError(f"{path.name} cannot be read: {error}") from error
    if not lesson:
        raise KeyNotebookError(f"{path.name} does not say its lesson: its metadata need {{\"course\": {{\"lesson\": NAME}}}}")
    handed_out = Path(lessons) / f"{lesson}.ipynb"
    lesson_cells = tuple(parse(handed_out.read_bytes())[1]) if handed_out.exists() else ()
    common, parts = tuple(cell.source for cell in cells if "key-setup" in cell.tags), {}
    # Not by nbformat, which takes longer to load than this takes to run; `python -m helpers.course.lint` keeps keys in form.
    for cell, stored in zip(cells, json.loads(data)["cells"]):
        parts.setdefault(cell.exercise, []).append((cell, stored))
    exercises = tuple(_exercise(f"{path.name}, exercise {name}", name, part, common, lesson_cells, seed)
                      for name, part in parts.items() if name)
    if not exercises:
        raise KeyNotebookError(f"{path.name} has no exercises")
    digest = hashlib.sha256(data + repr([seed, *((cell.kind, cell.source) for cell in lesson_cells)]).encode()).hexdigest()
    return Key(lesson, exercises, lesson_cells, digest, seed)


def _exercise(where, name, part, common, lesson_cells, seed):
    """Return an exercise from the cells of a key that carry its name, each with what is stored of it."""
    def tagged(tag, cells):
        return [cell.source for cell in cells if tag in cell.tags and cell.exercise == name]

    cells, checks = [cell for cell, _ in part], []
    setup = (*common, *tagged("exercise-setup", cells))
    if seed is not None:
        if not any(map(_SEED.search, setup)):
            raise KeyNotebookError(f"{where}, has no line 'SEED = NUMBER' in its set-up: no seed can be given")
        setup = tuple(_SEED.sub(f"SEED = {seed}", source) for source in setup)
    for cell, stored in part:
        if "exercise-hidden" not in cell.tags:
            continue
        here, points = f"{where}, cell {cell.name}", stored["metadata"].get("points")
        if not isinstance(points, (int, float)) or points <= 0:
            raise KeyNotebookError(f"{here} needs `points` above zero in its metadata")
        checks.append(Check(cell.name, _in_own_scope(cell.source, setup[:len(common)]), points, _stored_answer(stored, here)))
    solutions = tagged("exercise-solution", cells)
    if len(solutions) != 1 or not checks:
        raise KeyNotebookError(f"{where}: needs one cell tagged exercise-solution and at least one tagged exercise-hidden")
    heading = re.search(r"^#+ +(.+)$", "\n".join(cell.source for cell in cells if cell.kind == "markdown"), re.MULTILINE)
    stub, visible = ([None, *tagged(tag, lesson_cells)][-1] for tag in ("exercise-solution", "exercise-check"))
    # All that a check needs of its lesson is the import of `check`.
    visible = visible and "\n".join([*_CHECK.findall("\n".join(cell.source for cell in lesson_cells)), visible])
    return Exercise(name, heading[1] if heading else name, setup, solutions[0], stub, tuple(checks), visible)


def read_keys(folder: str | Path = KEYS, lessons: str | Path = LESSONS, seed: int | None = None) -> dict[str, Key]:
    """Read all keys of a folder, by lesson.

    Hidden inputs are drawn from `seed`, at least 0, or else from that for which the keys store their answers. Raises
    KeyNotebookError when there is no key, or two for one lesson, or one is out of form; with a seed, when an exercise has no line
    `SEED = NUMBER` in its set-up.
    """
    keys = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        key = read_key(path, lessons, seed)
        if key.lesson in keys:
            raise KeyNotebookError(f"{folder} has two keys for the lesson {key.lesson}")
        keys[key.lesson] = key
    if not keys:
        raise KeyNotebookError(f"{folder} holds no key notebooks: name their folder with --keys")
    return keys


def _in_own_scope(source, common):
    """Return code that gives what a hidden cell gives, whatever names the student has used, and leaves those as they are.

    The cell runs behind the key's common set-up in a copy of the student's names, in which Python's own mean what they should.
    """
    try:
        *body, last = ast.parse("\n".join([*common, source])).body
    except (SyntaxError, ValueError) as error:
        raise KeyNotebookError(f"a hidden cell is not plain Python ({error}): {source[:200]!r}") from error
    if not isinstance(last, ast.Expr):
        raise KeyNotebookError(f"a hidden cell does not end with an expression: {source[:200]!r}")
    return _SCOPE.format(before=ast.unparse(ast.Module(body, [])), value=ast.unparse(last))
