"""Read who belongs to a class from the learning platform's own export, and tell who is who."""

import csv
import dataclasses
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from helpers.grading.reading import decode, printable
from helpers.grading.records import Class, GradingError, Student

IDS = ("ID", "SIS User ID", "SIS Login ID", "ID number", "Username", "Email address", "Identifier")
"""Columns that name one person each, Canvas's and Moodle's; "Identifier" stands in Moodle's grading worksheet."""
NAMES = ("Student", "Full name", "First name", "Last name")
_COLUMNS = {name.lower(): name for name in (*IDS, *NAMES, "Section")} | {
    "surname": "Last name", "e-mail": "Email address", "email": "Email address", "e-mail address": "Email address"}


def _squashed(text):
    """Return the letters and digits of a name, without accents: what platforms leave of it in a file's name."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text).casefold() if letter.isalnum())


def _ids(row, columns=IDS):
    return [row.get(column, "").removeprefix("Participant ") for column in columns]


def _names(row):
    """Return a name in both orders, given names first; Canvas has a comma behind the family's."""
    names = [*reversed(row.get("Student", row.get("Full name", "")).split(",")), *(row.get(column, "") for column in NAMES[2:])]
    names = list(filter(None, map(str.strip, names)))
    return [" ".join(names), " ".join(reversed(names))]


def fitting(rows: Sequence[dict[str, str]], student: Student) -> list[dict[str, str]]:
    """Return the rows that fit a student by a platform's own number, else the name by an id, a login, an address or a name."""
    name = re.sub(r" \([^()]*\)$", "", student.name)
    # The number in the name of a file or folder is Canvas's "ID" or Moodle's "Identifier", and no other.
    for told, text, fold in ((lambda row: _ids(row, ("ID", "Identifier")), student.identity, str), (_ids, name, str),
                             (_ids, name, str.casefold), (_names, name, str), (_names, name, _squashed)):
        if found := [row for row in rows if fold(text) and fold(text) in map(fold, told(row))]:
            return found
    return []


def enter(rows: Sequence[dict[str, str]], the_class: Class) -> None:
    """Enter into a class what the roster says: fields, who is missing, who is unknown, and what cannot be told."""
    lessons, owners, entered = defaultdict(set), defaultdict(list), {}
    for one in the_class.submissions:
        lessons[one.student].add(one.lesson)
    for student in sorted(lessons):
        found = fitting(rows, student)
        if len(found) > 1:
            the_class.remarks.append(f"{student.name} fits {len(found)} rows of the roster: it has to be told by hand")
        (owners[rows.index(found[0])] if len(found) == 1 else the_class.unknown).append(student)
    for number, students in owners.items():
        every, names = [lesson for one in students for lesson in lessons[one]], " and ".join(one.name for one in students)
        if len(every) > len(set(every)):
            the_class.remarks.append(f"{names} fit the same row of the roster: it has to be told by hand")
            the_class.unknown += students
            continue
        the_class.remarks += [f"{names} are one person by the roster"] if len(students) > 1 else []
        entered.update(dict.fromkeys(students, dataclasses.replace(students[0], fields=tuple(rows[number].items()))))
    the_class.submissions[:] = [dataclasses.replace(one, student=entered.get(one.student, one.student))
                                for one in the_class.submissions]
    for row in (row for number, row in enumerate(rows) if number not in owners):
        name, identity = _names(row)[0], next((row[column] for column in IDS if row.get(column)), "")
        the_class.missing.append(Student(identity or name, name or identity, tuple(row.items())))


def read_roster(path: str | Path) -> list[dict[str, str]]:
    """Return for each student the known columns of an export, Canvas's, Moodle's or another with the same columns; no grades.

    It is a table with commas, semicolons or tabs, in any usual encoding. Raises GradingError when it cannot be read, or has no
    column that tells who is who.
    """
    path = Path(path)
    try:
        lines = decode(path.read_bytes())
    except OSError as error:
        raise GradingError(f"the roster {path} cannot be read: {error.strerror}") from error
    table = csv.DictReader(io.StringIO(lines, newline=""), delimiter=max(",;\t", key=lines.split("\n", 1)[0].count))
    try:
        columns = {name: _COLUMNS[name.strip().lower()] for name in table.fieldnames or () if name.strip().lower() in _COLUMNS}
        rows = [{columns[name]: printable(value.strip()) for name, value in line.items() if name in columns and value}
                for line in table]
    except csv.Error as error:
        raise GradingError(f"the roster {path.name} cannot be read as a table: {error}") from error
    if not {*columns.values()} & {*IDS, *NAMES}:
        raise GradingError(f"the roster {path.name} has none of the columns {', '.join((*NAMES, *IDS))}: "
                           "export the gradebook from Canvas, or the participants or grades from Moodle")
    return [row for row in rows if any(row.values()) and not row.get("Student", "").lower().startswith(
        ("points possible", "student, test"))]
