"""Find, for each exercise of a key, the student's own cell."""

from __future__ import annotations

import dataclasses

from helpers.grading.keys import defined_names


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
    grafts = []
    for exercise in key.exercises:
        found, note = _candidates(exercise, cells)
        changed = [cell for cell in found if exercise.stub is None or not _same(cell.source, exercise.stub)]
        if not found:
            grafts.append(Graft(exercise.name, None, "the cell of this exercise is missing"))
        elif not changed:
            grafts.append(Graft(exercise.name, None, "not attempted"))
        else:
            if len(found) > 1:
                note = f"there were {len(found)} cells for this exercise; the last one that was changed counts"
            grafts.append(Graft(exercise.name, changed[-1].source, note))
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
