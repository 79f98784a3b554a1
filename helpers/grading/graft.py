"""Find, for each exercise of a key, the student's own cell."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import re

from helpers.grading.answer_keys import LARGEST_CELL, defined_names, names_of


@dataclasses.dataclass(frozen=True)
class Graft:
    """What will run as the solution of one exercise.

    Parameters
    ----------
    exercise : str
        Its name.
    source : str or None
        The student's code; None where there is nothing to grade.
    note : str
        What the student and the instructor should know about how it was found.
    """

    exercise: str
    source: str | None
    note: str = ""


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""Lines as Python counts them; `str.splitlines` knows more ends than that."""


def _same(one, other):
    return one.split() == other.split()


def _candidates(exercise, cells):
    """Return the cells that may hold the student's solution, in order, and how they were found."""
    code = [cell for cell in cells if cell.kind == "code" and cell.source.strip()]
    named = [cell for cell in code if "exercise-solution" in cell.tags and cell.exercise == exercise.name]
    if named:
        return named, ""
    named = [cell for cell in code if cell.name == f"{exercise.name}-solution"]
    if named:
        return named, ""
    # Some programs drop metadata, and students cut and paste: then the names that the cell defines tell it.
    wanted = defined_names(exercise.solution) & defined_names(exercise.stub or exercise.solution)
    found = [cell for cell in code if wanted and wanted <= defined_names(cell.source)]
    return found, "the cell of this exercise had lost its name; it was found by what it defines" if found else ""


def _parsed(source):
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _lacking(source):
    """Return the names that code uses and nowhere defines."""
    nodes = list(ast.walk(_parsed(source)))
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    made = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    made |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    made |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))}
    made |= {(alias.asname or alias.name).split(".")[0] for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))
             for alias in node.names}
    return used - made - set(dir(builtins))


@functools.lru_cache(maxsize=4096)
def _definitions(source):
    """Return what a cell defines by an import, a function or a class: pairs of a name and its code.

    Kept, because most cells of a class are the lesson's, alike in all submissions.
    """
    found, lines = {}, _LINE.findall(source)
    for node in _parsed(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            # Not by ast.get_source_segment, which splits the whole cell anew for each definition.
            first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
            text = "".join(lines[first - 1:node.end_lineno]).rstrip("\r\n")
            found.update(dict.fromkeys(names_of(node), text))
    return tuple(found.items())


def _own_definitions(cells):
    """Return what a student's cells define, the last one counting: the code of each, by name."""
    return {name: text for cell in cells if cell.kind == "code" for name, text in _definitions(cell.source)}


def with_own_helpers(exercise, source, cells):
    """Return the student's code with the imports and functions from other cells that it needs and the set-up does not give.

    Parameters
    ----------
    exercise : Exercise
        The key's.
    source : str
        The student's cell.
    cells : list of Cell
        All of the student's cells.

    Returns
    -------
    source : str
        The code to run.
    names : list of str
        What was taken along.
    """
    given = set().union(*map(defined_names, exercise.setup), defined_names(exercise.solution))
    definitions, taken = _own_definitions(cells), []
    wanted = sorted(_lacking(source) - given)
    while wanted:
        name = wanted.pop()
        if name in definitions and name not in taken:
            taken.append(name)
            wanted += sorted(_lacking(definitions[name]) - given)
    parts = dict.fromkeys(definitions[name] for name in reversed(taken))
    return "\n".join([*parts, source]), sorted(taken)


def graft(key, cells):
    """Pair a student's cells with the exercises of a key.

    Parameters
    ----------
    key : Key
        The lesson's key.
    cells : list of Cell
        The student's notebook.

    Returns
    -------
    list of Graft
        One for each exercise of the key, in the key's order.
    """
    every, cells = cells, [cell for cell in cells if len(cell.source) <= LARGEST_CELL]
    too_large = f"; cells of more than {LARGEST_CELL:,} characters were not read" if len(cells) < len(every) else ""
    grafts = []
    for exercise in key.exercises:
        found, note = _candidates(exercise, cells)
        changed = [cell for cell in found if exercise.stub is None or not _same(cell.source, exercise.stub)]
        if not found:
            grafts.append(Graft(exercise.name, None, f"the cell of this exercise is missing{too_large}"))
        elif not changed:
            grafts.append(Graft(exercise.name, None, "not attempted"))
        else:
            if len(found) > 1:
                note = f"there were {len(found)} cells for this exercise; the last one that was changed counts"
            source, taken = with_own_helpers(exercise, changed[-1].source, cells)
            if taken:
                note = "; ".join(filter(None, [note, f"taken along from your other cells: {', '.join(taken)}"]))
            grafts.append(Graft(exercise.name, source, note))
    return grafts


def tell_lesson(said, cells, keys):
    """Return the lesson that a notebook belongs to, or None.

    By its own metadata; else by the names of its exercise cells; else by what its cells define.

    Parameters
    ----------
    said : str or None
        What its metadata say.
    cells : list of Cell
        Its cells.
    keys : dict of str to Key
        All keys.
    """
    if said in keys:
        return said

    def shared(key):
        names = {cell.exercise for cell in cells} | {cell.name.removesuffix("-solution") for cell in cells}
        return len(names & {exercise.name for exercise in key.exercises})

    def defined(key):
        names = set().union(*(defined_names(cell.source) for cell in cells if cell.kind == "code"), set())
        return sum(bool(wanted) and wanted <= names for wanted in
                   (defined_names(exercise.stub or exercise.solution) for exercise in key.exercises))

    for measure in (shared, defined):
        counts = {lesson: measure(key) for lesson, key in keys.items()}
        best = max(counts, key=counts.get, default=None)
        if best and counts[best] and sorted(counts.values())[-2:].count(counts[best]) == 1:
            return best
    return None
