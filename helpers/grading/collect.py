"""Find the submissions: whose each file is, which lesson it belongs to, and which attempt counts. Nothing is lost in silence."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

from helpers.grading.errors import GradingError, SubmissionError
from helpers.grading.handed_in import files
from helpers.grading.match import match, tell_lesson
from helpers.grading.reading import parse, printable
from helpers.grading.records import Key, Student, Submission
from helpers.grading.roster import Roster

_CANVAS = re.compile(r"(?P<name>.+?)(_LATE)?_(?P<number>\d{3,})_\d{3,}_.+", re.DOTALL)
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(_.*)?", re.DOTALL)
_ATTEMPT = r"([ _-]?\(\d{1,3}\)|-\d{1,2}(?!\d)|[ _-]Copy\d*|_{1,3}\d{14}(?!\d))*"
"""Behind a lesson's name: what platforms and browsers add to a second copy, Jupyter to a duplicate, nbgitpuller to an old one."""
_OLD_COPY = re.compile(r"[ _-]copy\d*|_\d{14}", re.IGNORECASE)
_PERHAPS = ("", ".json", ".txt")
"""Endings of files that may hold a notebook."""


@dataclasses.dataclass
class Class:
    """What a class has handed in: for each student and lesson a grade, or the reason why there is none; remarks on the whole."""

    submissions: list[Submission]
    remarks: list[str] = dataclasses.field(default_factory=list)
    missing: list[Student] = dataclasses.field(default_factory=list)  # on the roster, and nothing handed in
    unknown: list[Student] = dataclasses.field(default_factory=list)  # the other way round


def _read(one, keys):
    """Return a file, with what is in it."""
    one.place, one.kind = one.parts, "notebook" if one.problem else "other" if one.open else "folder"
    name = one.parts[-1].lower() if one.parts else ""
    if one.kind != "other" or (".ipynb" not in name and Path(name).suffix not in _PERHAPS):
        return one
    try:
        said, cells = parse(one.read())
    except SubmissionError as error:
        one.problem, one.kind = str(error), "notebook" if ".ipynb" in name else "other"
        # The name of the file still tells which lesson was tried.
        one.lesson = next((lesson for lesson in sorted(keys, key=len, reverse=True) if lesson.lower() in name), None)
        return one
    one.lesson, one.kind = tell_lesson(said, cells, keys), "notebook"
    if not name.endswith(".ipynb"):
        one.note = f"{one.parts[-1]} is not called .ipynb, but holds a notebook"
    if any({"exercise-hidden", "key-setup"} & cell.tags for cell in cells):
        one.problem, one.lesson, one.kind = "it is a key, nobody's work", None, "key"
    elif one.lesson:
        one.cells = tuple(cells)
    elif (said or "").startswith("00_"):
        one.problem = "not graded; nothing to do: this lesson has no exercises"
    else:
        one.problem = f"it belongs to no lesson with a key (there are: {', '.join(sorted(keys))})"
    return one


def _platform(name):
    """Return what Canvas or Moodle says in the name of a file or folder, or None."""
    return _MOODLE.fullmatch(name) or (_CANVAS.fullmatch(name) if "." in name else None)


def _named(top, lessons):
    """Return whose file it is by its name, nothing where the name is the lesson's alone."""
    stem = re.sub(r"(\.ipynb)?(\.[a-z]{2,5})?$", "", top, flags=re.IGNORECASE)
    for lesson in sorted(lessons, key=len, reverse=True):
        place = re.search(re.escape(lesson) + _ATTEMPT, stem, re.IGNORECASE)
        if place:
            return " ".join(filter(None, (part.strip("-_ .()") for part in (stem[:place.start()], stem[place.end():]))))
    return stem


def _owner(one, lessons):
    """Return the name and the platform's number of a file's owner."""
    top = one.place[0]
    known = _platform(top)
    if known:
        # Where the names are kept from those who mark, the number is the name.
        blind = known["name"].lower() == "participant"
        return f"{known['name']} {known['number']}" if blind else known["name"], known["number"]
    alone = top.lower().endswith(".zip") or (len(one.place) == 1 and one.kind != "folder")
    return (_named(top, lessons) if alone else top), ""


def _holds_a_class(top, inside, alone, lessons):
    """Return whether a folder or archive holds a class, not one student's work."""
    deeper = [one for one in inside if len(one.place) > 1]
    above = len(inside[0].parts) - len(inside[0].place)
    if _platform(top) or not deeper or any(one.clone == above + 1 for one in inside):
        return False
    if any(_MOODLE.fullmatch(one.place[1]) for one in deeper) or all(
            _CANVAS.fullmatch(one.place[1]) for one in deeper if one.kind != "folder"):
        return True
    lesson, archive = top.lower().removesuffix(".zip"), top.lower().endswith(".zip")
    if lesson in lessons and (not archive or any(len(one.place) > 2 or _named(one.place[1], lessons) for one in deeper)):
        return True
    # Where the folders part: a class shows in that several of them, or of an archive's files, hold the same lesson.
    graded = [one for one in inside if alone and one.lesson and one.clone != above + 2]
    depth = len(os.path.commonprefix([one.place[:-1] for one in graded]))  # noqa: RUF071  (of tuples, part by part)
    holders = {(one.lesson, one.place[depth] if len(one.place) > depth + 1 else archive and _named(one.place[depth], lessons))
               for one in graded}
    return max(Counter(lesson for lesson, name in holders if name).values(), default=0) > 1


def _lift(found, lessons, remarks):
    """Take away the folders and archives that hold a class and belong to nobody."""
    for _ in range(3):
        tops = defaultdict(list)
        for one in found:
            tops[one.place[0]].append(one)
        for top, inside in tops.items():
            if _holds_a_class(top, inside, len(tops) == 1, lessons):
                remarks.append(f"{top} holds a class, not one student's work: "
                               "it was read as if its contents lay one level higher")
                for one in inside:
                    one.place = one.place[1:]
        found = [one for one in found if one.place]
    return found


def _students(found, folder, lessons, remarks):
    """Return the files of each student, by Student."""
    owners = [_owner(one, lessons) for one in found]
    if not any(name for name, _ in owners):
        remarks.append(f"no file says whose it is: all were taken for the work of one student, {folder}. "
                       "For a class give the folder above")
        owners = [(folder, "")] * len(owners)
    remarks += [f"{name} does not say whose it is" for name in sorted(
        {one.place[0] for one, (name, _) in zip(found, owners) if not name})]
    files_of, claims = defaultdict(list), defaultdict(set)
    for one, (name, number) in zip(found, owners):
        owner = name or one.place[0], number
        files_of[owner].append(one)
        claims[number or owner[0]].add(owner)
    alike = Counter(unicodedata.normalize("NFC", name) for name, _ in files_of)
    students, count = {}, Counter()
    for (name, number), group in files_of.items():
        identity, shown = number or name, unicodedata.normalize("NFC", name)
        if len(claims[identity]) > 1:  # no identity, such as a year in each file's name
            identity = "_".join(filter(None, [name, number]))
        if alike[shown] > 1:
            count[shown] += 1
            shown = f"{shown} ({number or count[shown]})"
        students[Student(identity, shown)] = group
    remarks += [f"{times} students are called {name}: they are told apart by the number behind the name"
                for name, times in sorted(alike.items()) if times > 1]
    return students


def _doubts(folder, students):
    """Return remarks on what may be somebody's work and is not graded as such."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") and path.name not in (".git", ".ipynb_checkpoints") and any(path.rglob("*.ipynb")):
            yield (f"{printable(path.name)} was not looked into, because its name begins with a dot: rename it if it is a "
                   "student's")
    for student, group in students.items():
        holders = defaultdict(set)
        for one in group:
            if one.lesson and one.clone is None and len(one.place) > 2:
                holders[one.lesson].add(one.place[1])
        for lesson, names in holders.items():
            if len(names) > 1:
                yield (f"{student.name} holds {lesson} in several folders ({', '.join(sorted(names)[:5])}): they were taken for "
                       "attempts of one student. If they are students, give the folder above them, or bring them one level up")


def _rank(one, keys):
    """Return what sorts attempts: worked before untouched, then time, then number, then name."""
    worked = bool(one.cells) and any(not each.status for each in match(keys[one.lesson], one.cells))
    stem = Path(one.parts[-1]).stem
    number = re.search(r"[-_ (](\d{1,3})\)?$", stem)
    return worked, one.time, -1 if _OLD_COPY.search(stem) else int(number[1]) if number else 0, one.parts


def _chosen(student, group, keys):
    """Return the attempt that counts, with notes on the others."""
    *others, (_, _, best) = sorted(((not one.problem, _rank(one, keys) if len(group) > 1 else (True,), one) for one in group),
                                   key=lambda each: each[:2])
    notes = [f"{len(group)} attempts; this one counts: {best.path}"] if others else []
    for _, (worked, *_), one in others:
        why = one.problem or ("" if worked else "untouched")
        notes.append(f"{one.path} does not count{f': {why}' if why else ', because it is older'}")
    notes += [one.note for one in group if one.note]
    digest = hashlib.sha256(repr([(cell.kind, cell.exercise, sorted(cell.tags), cell.name, cell.source)
                                  for cell in best.cells]).encode("utf-8", "surrogatepass")).digest()
    return Submission(student, best.lesson, best.path, digest, best.cells, best.problem, tuple(notes))


def _submissions(student, found, keys):
    """Return what one student's files come to."""
    home = any(one.clone is not None for one in found)
    notebooks = [one for one in found if one.kind in ("notebook", "key")]
    if home:
        # In a clone of the course, and beside it, only what its owner has worked at was handed in.
        notebooks = [one for one in notebooks if one.lesson and (one.problem or _rank(one, keys)[0])]
    attempts = {}
    for one in notebooks:
        attempts.setdefault((one.lesson, "" if one.lesson else one.parts), []).append(one)
    come = [_chosen(student, group, keys) for group in attempts.values()]
    others = [one.path for one in found if one.kind == "other" and not home]
    if others:
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        come.append(Submission(student, None, others[0], problem=f"only notebooks (.ipynb) are graded, not {shown}"))
    if not come:
        come.append(Submission(student, None, found[0].place[0], problem=(
            "a clone of the course in which no exercise was worked at" if home else "the folder holds no notebook")))
    return come


def collect(folder: str | Path, keys: dict[str, Key], roster: Roster | None = None) -> Class:
    """Read all submissions of a class.

    Parameters
    ----------
    folder : path-like
        With a folder or archive for each student, or all notebooks side by side, or what Canvas or Moodle gives, packed or
        not, or the home folders of a JupyterHub.
    keys : dict of str to Key
        All keys.
    roster : Roster, optional
        Who should have handed in.

    Returns
    -------
    Class
        All that came in.

    Raises
    ------
    GradingError
        When the folder is missing or holds nothing.
    """
    folder, remarks = Path(folder), []
    if not folder.is_dir():
        raise GradingError(f"the folder of submissions {str(folder)!r} does not exist")
    found = [_read(file, keys) for file in files(folder)]
    name = printable(folder.resolve().name)
    if any(one.problem and not one.parts for one in found):
        raise GradingError(f"the folder of submissions {str(folder)!r} cannot be read")
    if any(one.clone == 0 for one in found):
        remarks.append(f"{name} is a clone of the course: it was taken for the work of one student. "
                       "For a class give the folder above")
        for one in found:
            one.place = name, *one.place
    found = _lift([one for one in found if one.place], keys, remarks)
    if not found:
        raise GradingError(f"the folder of submissions {str(folder)!r} holds no notebooks and no folders of students")
    students = _students(found, name, keys, remarks)
    remarks += _doubts(folder, students)
    submissions = [one for student, group in students.items() for one in _submissions(student, group, keys)]
    the_class = Class(submissions, remarks)
    if roster:
        roster.enter(the_class)
    the_class.submissions.sort(key=lambda one: (one.student, one.lesson or "", one.path))
    return the_class
