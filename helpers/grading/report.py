"""What a run writes: tables for platforms, results.json, the gradebook, a page for each student and lesson; and for plain nbval
the keys as notebooks with the students' code in place of the solutions. What could steer a terminal is spelled out.
"""

import ast
import base64
import csv
import dataclasses
import hashlib
import io
import json
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

from jinja2 import Environment, PackageLoader

from helpers.course.own_files import OwnFiles
from helpers.exercises.compare import difference
from helpers.grading.records import ENDED, MISSING, NOT_ATTEMPTED, NOTHING_TO_DO, PARTLY, RIGHT, Call

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
CANVAS, MOODLE = ("ID", "SIS User ID", "SIS Login ID"), ("Username", "ID number", "Email address")
"""Columns by which a platform finds its students: Canvas by the first that is filled, Moodle by the one in "Map from"."""
_FORMULA = re.compile(r"(^|[;\t])(?=[\s\"]*[-=+@\uff1d\uff0b\uff0d\uff20])")  # some spreadsheets begin a cell at a semicolon
# Names that look like those made from a digest, and what Windows lets no file be called.
_DOUBTFUL = re.compile("-[0-9a-f]{10}$|^(con|prn|aux|nul|com[0-9]|lpt[0-9])$")
# What a student's function prints costs nothing, here as in the grader.
_QUIET = """import contextlib, io
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    _answer = {call}
_answer"""


def spelled_out(text):
    r"""Return a text whose control characters, and what turns the direction of reading, are spelled out, as in ``\x1b``."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


_environment = Environment(loader=PackageLoader("helpers.grading", "pages"), autoescape=True,
                           trim_blocks=True, lstrip_blocks=True,
                           finalize=lambda one: spelled_out(one) if type(one) is str else one)
_template = _environment.get_template


def _difference(expected, got):
    """Say where two answers differ, if both are plain Python or NumPy."""
    try:
        values = (ast.literal_eval(re.sub(r", dtype=np\.\w+|np\.\w+(?=\()", "", text)) for text in (expected, got))
        return difference(*values) or ""
    except Exception:  # whatever a student's code gave: an object, half a list, nothing
        return ""


def _checks(exercise, reveal):
    """Return (rows, points of each) of the hidden checks that ran, equal ones together, wrong ones first, right ones rowless."""
    alike = defaultdict(list)
    for check in exercise.checks:
        call = check.call or Call("", check.got)
        expected = call.expected if reveal else ""
        rows = (("called", call.called), ("got", call.got), ("expected", expected),
                ("difference", _difference(expected, call.got)))
        if check.status in ("ok", "error"):
            alike[() if check.earned == check.points else rows].append(check.points)
    return sorted(alike.items(), key=lambda one: not one[0])


def feedback_page(one, result=None, reveal=False):
    """Return the page a student reads: what is not right comes first; without a result, why that is so, and what helps."""
    return _template("feedback.html" if result else "problem.html").render(one=one, result=result, reveal=reveal)


def _part(exercise):
    """Return which part of its exercise's bar a result belongs to."""
    if exercise.status in (NOT_ATTEMPTED, MISSING):
        return "none"
    return "right" if exercise.status == RIGHT else "partly" if exercise.status == PARTLY or exercise.earned else "wrong"


# By the hash a page's security policy knows its own style and script.
_environment.filters.update(number=lambda value: f"{value:.4g}", search=lambda text, words: bool(re.search(words, text)),
                            checks=_checks, part=_part,
                            hash=lambda text: "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())


def _label(student):
    """Return what tells a student from all others: the name, and the identity where that is another word."""
    return student.name if student.name == student.identity else f"{student.name} ({student.identity})"


def _attention(the_class, work):
    """Return what an instructor should look at: (title, what it means, entries), an entry being a text, a link and students."""
    stopped = [(f"{_label(one.student)}, {one.lesson}, {exercise.title}: {exercise.status}", link, [one.student])
               for one, result, link in work if result for exercise in result.exercises if exercise.status in ENDED]
    files = defaultdict(set)
    for one, result, _ in work:
        # Work, and not just the untouched lesson.
        if result and any(_part(exercise) != "none" for exercise in result.exercises):
            files[one.lesson, one.data].add(one.student)
    identical = [(f"{', '.join(map(_label, sorted(students)))}: {lesson}", "", students)
                 for (lesson, _), students in files.items() if len(students) > 1]
    return [
        ("Not read", "These files have no grade.", [
            (f"{_label(one.student)}: {one.path}: {one.problem}", link, [one.student])
            for one, _, link in work if one.problem not in ("", NOTHING_TO_DO)]),
        ("The class as a whole", "What was noticed about the folder.", [(remark, "", []) for remark in the_class.remarks]),
        ("Identical", "Students whose notebooks have the same cells, letter for letter.", identical),
        ("Stopped", "Exercises that were ended before they were through.", stopped),
        ("Nothing handed in", "On the roster, without a file.", [(_label(one), "", [one]) for one in the_class.missing]),
        ("Not on the roster", "With a file, but without a row.", [(_label(one), "", [one]) for one in the_class.unknown]),
        ("Attempts and names", "Which file counts, and how it was found. If a folder holds students, give it as the class.", [
            (f"{_label(one.student)}: {note}", link, []) for one, _, link in work for note in one.notes]),
    ]


def gradebook_page(the_class, work, students, lessons, facts):
    """Return the instructor's page; `work` holds each submission, its result or None, and the address of its page."""
    attention, cells = _attention(the_class, work), {}
    needs = {student.identity for _, _, entries in attention for _, _, concerned in entries for student in concerned}
    for one, result, link in work:
        if result or (one.student.identity, one.lesson) not in cells:
            cells[one.student.identity, one.lesson] = (result.earned if result else None, link)
    rows = [(student, [cells.get((student.identity, lesson)) for lesson in lessons], student.identity in needs)
            for student in students]
    return _template("gradebook.html").render(work=work, rows=rows, facts=facts, attention=attention, lessons=lessons)


def _csv(students, columns, ids, own, lessons, earned, above=()):
    """Return a table without formulas; where the roster knows none of a student's `ids`, `own` names the identity's column."""
    rows = [[*columns, *lessons], *above]
    for student in students:
        known = {**dict(student.fields), "Student": student.name, "Full name": student.name}
        known |= {} if any(map(known.get, ids)) else {own(student): student.identity}
        # A lesson without a grade stays empty, which changes nothing on the platform.
        known |= {lesson: f"{round(earned[place], 4):g}" for lesson in lessons if (place := (student.identity, lesson)) in earned}
        rows.append([known.get(column, "") for column in rows[0]])
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([_FORMULA.sub(r"\1'", spelled_out(text)) for text in row] for row in rows)
    return written.getvalue()


def _gradebooks(students, lessons, earned):
    """Return the points as Canvas's and Moodle's gradebooks import them."""
    possible = ["    Points Possible", "", "", "", "", *(f"{points:g}" for points in lessons.values())]
    # Moodle refuses a file with a student whom it does not know, so where there is a roster nobody else is listed.
    listed = [student for student in students if student.fields] or students
    return {"grades.csv": _csv(  # a number that Canvas wrote into the file's name is its own
                students, ("Student", *CANVAS, "Section"), CANVAS,
                lambda one: "ID" if one.identity.isdecimal() else "SIS Login ID", lessons, earned, [possible]),
            "moodle-grades.csv": _csv(listed, (*MOODLE, "Full name"), MOODLE, lambda one: "Username", lessons, earned)}


def page_name(text, identity):
    """Return a name for a file: the same at every run, safe on any system, and another one for any other identity."""
    slug = re.sub("[^a-z0-9_]+", "-", unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()).strip("-_")
    if slug and slug == identity and len(slug) <= 60 and not _DOUBTFUL.search(slug):
        return slug
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{slug[:40].strip('-_') or 'student'}-{digest}"


def write_report(out, the_class, results, reveal=False, facts=None):
    """Write all files of a run, remove what an earlier one wrote besides, and return the path of the gradebook."""
    files, facts = OwnFiles(out, ".written-by-the-grader.txt"), facts or {}
    everybody = {one.identity: one for one in (*the_class.missing, *(one.student for one in the_class.submissions))}
    students = sorted(everybody.values(), key=lambda one: (one.name.casefold(), one.identity))
    lessons = {one.lesson: one.points for one in sorted(filter(None, results), key=lambda one: one.lesson)}
    earned, work, listed = {}, [], []
    for one, result in zip(the_class.submissions, results):
        if result:
            earned[one.student.identity, result.lesson] = result.earned
        elif not one.problem:
            one = dataclasses.replace(one, problem="this machine could not run it yet; the same command tries it again")
        name = result.lesson if result else page_name(f"{one.lesson or 'unknown'} not graded", one.path)
        link = f"feedback/{page_name(one.student.name, one.student.identity)}/{name}.html"
        files.write(link, feedback_page(one, result, reveal))
        work.append((one, result, link))
        listed.append(json.dumps({
            "student": one.student.identity, "name": one.student.name, "fields": dict(one.student.fields), "lesson": one.lesson,
            "file": one.path, "notes": list(one.notes), "problem": one.problem or None, "page": link,
            "result": result and dataclasses.asdict(result)}))
    kept = {**facts, "lessons": {name: {"points": points} for name, points in lessons.items()}, "remarks": the_class.remarks,
            **{kind: [{"student": one.identity, "name": one.name} for one in getattr(the_class, kind)]
               for kind in ("missing", "unknown")}}
    # One line for each submission, so that a large class does not stand in memory twice.
    files.write("results.json", json.dumps(kept)[:-1] + ', "submissions": [\n' + ",\n".join(listed) + "\n]}\n")
    for name, table in _gradebooks(students, lessons, earned).items():
        files.write(name, table)
    files.write("index.html", gradebook_page(the_class, work, students, lessons, facts))
    files.finish()
    return Path(out) / "index.html"


def _grafted(key, matches):
    """Return a notebook of a key's cells with a student's code in place of each solution; only hidden cells are compared."""
    from nbformat import v4  # for this alone: it takes long to load

    cells = []
    for exercise, found in zip(key.exercises, matches):
        sources = [*exercise.setup, *found.before, found.source if found.source is not None else exercise.stub or ""]
        cells += [v4.new_code_cell(source, metadata={"tags": ["nbval-ignore-output"]}) for source in sources]
        for check in exercise.checks:
            definition, _, call = check.source.rpartition("\n")
            answer = v4.new_output("execute_result", {"text/plain": check.expected}, execution_count=1)
            marks = {"name": check.name, "points": check.points, "tags": ["exercise-hidden", "nbval-check-output"]}
            # nbval compares nothing in a cell without a count, which looks as if it had never run.
            cells.append(v4.new_code_cell(f"{definition}\n{_QUIET.format(call=call)}", outputs=[answer], execution_count=1,
                                          metadata=marks))
    return v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def write_grafts(submissions, keys, folder):
    """Write a notebook for each submission that can be graded, STUDENT/LESSON.ipynb, and return how many there are now."""
    files = OwnFiles(folder, ".written-by-graft.txt")
    files.refuse_others("an earlier graft")
    chosen = [one for one in submissions if not one.problem]
    for one in chosen:
        made = json.dumps(_grafted(keys[one.lesson], one.matches), indent=1)
        files.write(f"{page_name(one.student.name, one.student.identity)}/{one.lesson}.ipynb", made)
    files.finish()
    return len(chosen)
