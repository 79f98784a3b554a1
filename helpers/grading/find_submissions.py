"""Find the submissions: a folder for each student, or one flat folder; the newest attempt of each student at each lesson."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from helpers.grading.errors import GradingError, SubmissionError
from helpers.grading.graft import tell_lesson
from helpers.grading.notebooks import LARGEST_FILE, parse

_SKIPPED = {"__MACOSX", ".ipynb_checkpoints"}
_CANVAS = re.compile(r"^(?P<student>.+?)(_LATE)?_\d{3,}_\d{3,}_.+$")
_MOODLE = re.compile(r"^(?P<student>.+)_(?P<number>\d+)_assignsubmission_file_?$")
_ATTEMPT = re.compile(r"[-_ ]?(?:attempt[-_ ]?|v|\()?(\d{1,3})\)?$", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Submission:
    """One student's newest attempt at one lesson.

    Parameters
    ----------
    student : str
        The name of the folder, or the beginning of the file's name.
    lesson : str or None
        None where no lesson could be told.
    path : str
        Below the folder of submissions.
    data : bytes
        The file.
    cells : tuple of Cell
        Its cells.
    problem : str
        Why it cannot be graded, or nothing.
    notes : tuple of str
        What the instructor should know.
    """

    student: str
    lesson: str | None
    path: str
    data: bytes
    cells: tuple = ()
    problem: str = ""
    notes: tuple = ()


def _student_of_file(stem, lessons):
    """Return whose file it is, where all lie in one folder, from the name that the student or the LMS gave it."""
    found = _CANVAS.match(stem)
    if found:
        return found["student"]
    for lesson in sorted(lessons, key=len, reverse=True):
        position = stem.lower().find(lesson.lower())
        if position >= 0:
            rest = (stem[:position] + stem[position + len(lesson):]).strip("-_ .()")
            rest = _ATTEMPT.sub("", rest) if not stem.lower().startswith(lesson.lower()) else rest
            return rest.strip("-_ .()") or stem
    return stem


def _student_of_folder(name):
    """Return whose folder it is: Moodle adds to the name."""
    found = _MOODLE.match(name)
    return found["student"] if found else name


def _order(path):
    """Return what sorts attempts by age: the time of the file in seconds, then a number at the end of its name, then the name."""
    number = _ATTEMPT.search(path.stem)
    return int(path.stat().st_mtime), int(number.group(1)) if number else 0, str(path)


def _notebooks(folder, unreadable):
    """Yield the notebooks below a folder, without following links, and the links themselves; list what cannot be read."""
    for place, folders, files in os.walk(folder, onerror=unreadable.append, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(files):
            if name.lower().endswith(".ipynb") and not name.startswith("._"):
                yield Path(place, name)


def _read(path, student, root, keys):
    """Return one file as a submission."""
    where = str(path.relative_to(root))
    if path.is_symlink() or not path.is_file():
        return Submission(student, None, where, b"", problem="it is a link, not a file; links are not followed")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise SubmissionError(f"the file has {path.stat().st_size // 2**20} MB; a notebook of the course has less than "
                                  f"{LARGEST_FILE // 2**20}")
        data = path.read_bytes()
    except (OSError, SubmissionError) as error:
        return Submission(student, None, where, b"", problem=str(error))
    try:
        said, cells = parse(data)
    except SubmissionError as error:
        # The name of the file still tells which lesson was tried.
        lesson = next((name for name in sorted(keys, key=len, reverse=True) if name in path.stem), None)
        return Submission(student, lesson, where, data, problem=str(error))
    lesson = tell_lesson(said, cells, keys)
    if lesson is None:
        known = ", ".join(sorted(keys))
        return Submission(student, None, where, data, problem=f"it belongs to no lesson with a key (there are: {known})")
    return Submission(student, lesson, where, data, tuple(cells))


def collect(folder, keys):
    """Read all submissions of a class.

    Parameters
    ----------
    folder : path-like
        With a folder for each student, or all notebooks side by side.
    keys : dict of str to Key
        All keys.

    Returns
    -------
    list of Submission
        Sorted by student and lesson; the newest readable attempt of each, and what cannot be graded.

    Raises
    ------
    GradingError
        When the folder is missing or holds nothing.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise GradingError(f"the folder of submissions {str(folder)!r} does not exist")
    attempts, students = {}, set()
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise GradingError(f"the folder of submissions {str(folder)!r} cannot be read: {error.strerror}") from error
    for path in entries:
        if path.is_dir() and not path.is_symlink() and path.name not in _SKIPPED and not path.name.startswith("."):
            students.add(_student_of_folder(path.name))
    unreadable = []
    for path in _notebooks(folder, unreadable):
        parts = path.relative_to(folder).parts
        student = _student_of_folder(parts[0]) if len(parts) > 1 else _student_of_file(path.stem, keys)
        students.add(student)
        one = _read(path, student, folder, keys)
        attempts.setdefault((student, one.lesson), []).append((_order(path) if not path.is_symlink() else (0, 0, ""), one))
    if not students:
        raise GradingError(f"the folder of submissions {str(folder)!r} holds no notebooks and no folders of students")
    chosen = [_newest(group) for (_, lesson), group in attempts.items() if lesson is not None]
    chosen += [one for (_, lesson), group in attempts.items() if lesson is None for _, one in group]
    for error in unreadable:
        where = Path(error.filename).relative_to(folder)
        chosen.append(Submission(_student_of_folder(where.parts[0]), None, str(where), b"", problem=(
            f"the folder cannot be read ({error.strerror}): copy it to where you can read it, or grade as its owner")))
    handed_in = {one.student for one in chosen}
    chosen += [
        Submission(student, None, student, b"", problem="the folder holds no notebook") for student in students - handed_in
    ]
    return sorted(chosen, key=lambda one: (one.student, one.lesson or "", one.path))


def _newest(group):
    """Return the newest attempt that can be read; the newest of all, if none can."""
    group = sorted(group, key=lambda pair: pair[0])
    readable = [one for _, one in group if not one.problem]
    newest = readable[-1] if readable else group[-1][1]
    notes = []
    if len(group) > 1:
        notes.append(f"{len(group)} attempts; the newest counts: {newest.path}")
    if readable and newest is not group[-1][1]:
        notes.append(f"{group[-1][1].path} is newer but {group[-1][1].problem}")
    return dataclasses.replace(newest, notes=tuple(notes))
