"""Write what comes of a run: tables for learning platforms, results.json, the gradebook, a page for each student and lesson."""

import csv
import dataclasses
import hashlib
import io
import json
import re
import unicodedata
from pathlib import Path

from helpers.course.own_files import OwnFiles
from helpers.grading.web_pages import feedback_page, gradebook_page, problem_page, spelled_out

CANVAS, MOODLE = ("ID", "SIS User ID", "SIS Login ID"), ("Username", "ID number", "Email address")
"""Columns by which a learning platform finds its students."""
# Names that look like those made from a digest, and what Windows lets no file be called.
_DOUBTFUL = re.compile("-[0-9a-f]{10}$|^(con|prn|aux|nul|com[0-9]|lpt[0-9])$")
_NOT_RUN = "this machine could not run it yet; the same command tries it again"


def _fields(student, columns, otherwise):
    """Return the values of some columns; where the roster has none of them, the identity stands in one of them."""
    known = dict(student.fields)
    found = [known.get(column, "") for column in columns]
    return found if any(found) else [student.identity if column == otherwise else "" for column in columns]


def _csv(rows):
    """Return a table whose texts a spreadsheet will not take for formulas, and a terminal not for orders."""
    written, rows = io.StringIO(), [[spelled_out(text) for text in row] for row in rows]
    csv.writer(written, lineterminator="\n").writerows(
        [f"'{text}" if text.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20")) else text for text in row] for row in rows)
    return written.getvalue()


def _canvas(students, lessons, earned):
    """Return the points as Canvas's gradebook imports them: it finds a student by ID, then SIS User ID, then SIS Login ID."""
    rows = [["Student", *CANVAS, "Section", *lessons],
            ["    Points Possible", "", "", "", "", *(f"{points:g}" for points in lessons.values())]]
    for student in students:
        # A number that the platform wrote into the file's name is Canvas's own.
        own = "ID" if student.identity.isdecimal() else "SIS Login ID"
        rows.append([student.name, *_fields(student, CANVAS, own), dict(student.fields).get("Section", ""),
                     *_points(student, lessons, earned)])
    return _csv(rows)


def _moodle(students, lessons, earned):
    """Return the points as Moodle's gradebook imports them: "Map from" is whichever of the first three columns is filled."""
    # Moodle refuses a file with a student whom it does not know, so where there is a roster nobody else is listed.
    listed = [student for student in students if student.fields] or students
    rows = [[*_fields(student, MOODLE, "Username"), student.name, *_points(student, lessons, earned)] for student in listed]
    return _csv([[*MOODLE, "Full name", *lessons], *rows])


def _points(student, lessons, earned):
    # A lesson without a grade stays empty, which changes nothing on the platform.
    return [f"{round(earned[place], 4):g}" if (place := (student.identity, lesson)) in earned else "" for lesson in lessons]


def page_name(text, identity=""):
    """Return a name for a file: the same at every run, safe on any system, and another one for any other identity."""
    identity = identity or text
    slug = re.sub("[^a-z0-9_]+", "-", unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()).strip("-_")
    if slug and slug == identity and len(slug) <= 60 and not _DOUBTFUL.search(slug):
        return slug
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{slug[:40].strip('-_') or 'student'}-{digest}"


def write_report(out, the_class, results, reveal=False, facts=None):
    """Write all files of a run, remove what an earlier one wrote besides, and return the path of the gradebook.

    With `reveal`, feedback shows the expected answers of hidden checks. `facts` are what else to keep: seed, limits, versions.
    """
    files, facts = OwnFiles(out, ".written-by-the-grader.txt"), facts or {}
    everybody = {one.identity: one for one in (*the_class.missing, *(one.student for one in the_class.submissions))}
    students = sorted(everybody.values(), key=lambda one: (one.name.casefold(), one.identity))
    lessons = {one.lesson: one.points for one in sorted(filter(None, results), key=lambda one: one.lesson)}
    earned, work, listed = {}, [], []
    for one, result in zip(the_class.submissions, results):
        if result:
            earned[one.student.identity, result.lesson] = result.earned
        elif not one.problem:
            one = dataclasses.replace(one, problem=_NOT_RUN)
        name = result.lesson if result else page_name(f"{one.lesson or 'unknown'} not graded", one.path)
        link = f"feedback/{page_name(one.student.name, one.student.identity)}/{name}.html"
        files.write(link, feedback_page(one, result, reveal) if result else problem_page(one))
        work.append((one, result, link))
        listed.append(json.dumps({
            "student": one.student.identity, "name": one.student.name, "fields": dict(one.student.fields), "lesson": one.lesson,
            "file": one.path, "notes": list(one.notes), "problem": one.problem or None, "page": link,
            "result": result and {**dataclasses.asdict(result), "points": result.points, "earned": result.earned}}))
    kept = {**facts, "lessons": {name: {"points": points} for name, points in lessons.items()}, "remarks": the_class.remarks,
            **{kind: [{"student": one.identity, "name": one.name} for one in getattr(the_class, kind)]
               for kind in ("missing", "unknown")}}
    # One line for each submission, so that a large class does not stand in memory twice.
    files.write("results.json", json.dumps(kept)[:-1] + ', "submissions": [\n' + ",\n".join(listed) + "\n]}\n")
    files.write("grades.csv", _canvas(students, lessons, earned))
    files.write("moodle-grades.csv", _moodle(students, lessons, earned))
    files.write("index.html", gradebook_page(the_class, work, students, lessons, facts))
    files.finish()
    return Path(out) / "index.html"
