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
_FORMULA = re.compile(r"^(?=\s*[-=+@\uff1d\uff0b\uff0d\uff20])")
# Names that look like those made from a digest, and what Windows lets no file be called.
_DOUBTFUL = re.compile("-[0-9a-f]{10}$|^(con|prn|aux|nul|com[0-9]|lpt[0-9])$")
_NOT_RUN = "this machine could not run it yet; the same command tries it again"


def _csv(students, columns, ids, own, lessons, earned, above=()):
    """Return a table whose texts a spreadsheet will not take for formulas, and a terminal not for orders.

    Where the roster knows none of a student's `ids`, the identity stands in the column that `own` names.
    """
    rows = [[*columns, *lessons], *above]
    for student in students:
        known = {**dict(student.fields), "Student": student.name, "Full name": student.name}
        known |= {} if any(map(known.get, ids)) else {own(student): student.identity}
        # A lesson without a grade stays empty, which changes nothing on the platform.
        known |= {lesson: f"{round(earned[place], 4):g}" for lesson in lessons if (place := (student.identity, lesson)) in earned}
        rows.append([known.get(column, "") for column in rows[0]])
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([_FORMULA.sub("'", spelled_out(text)) for text in row] for row in rows)
    return written.getvalue()


def _canvas(students, lessons, earned):
    """Return the points as Canvas's gradebook imports them: it finds a student by ID, then SIS User ID, then SIS Login ID."""
    possible = ["    Points Possible", "", "", "", "", *(f"{points:g}" for points in lessons.values())]
    # A number that the platform wrote into the file's name is Canvas's own.
    return _csv(students, ("Student", *CANVAS, "Section"), CANVAS,
                lambda one: "ID" if one.identity.isdecimal() else "SIS Login ID", lessons, earned, [possible])


def _moodle(students, lessons, earned):
    """Return the points as Moodle's gradebook imports them: "Map from" is whichever of the first three columns is filled."""
    # Moodle refuses a file with a student whom it does not know, so where there is a roster nobody else is listed.
    listed = [student for student in students if student.fields] or students
    return _csv(listed, (*MOODLE, "Full name"), MOODLE, lambda one: "Username", lessons, earned)


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
