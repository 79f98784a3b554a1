"""Write what the instructor and the students read: grades.csv, results.json, feedback pages, a summary page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from helpers.grading.pages import feedback_page, problem_page, summary_page
from helpers.grading.store import write_whole

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def _number(value):
    return int(value) if float(value).is_integer() else round(value, 4)


def _harmless(text):
    """Return a text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def grades_csv(students, lessons, earned):
    """Return the table of points: Canvas's columns first, then one for each lesson.

    Canvas matches students by "SIS Login ID" and assignments by the lesson's column; Moodle's import asks which column is the
    user's name ("SIS Login ID") and which are grades. A lesson that a student did not hand in, or that could not be read, stays
    empty.

    Parameters
    ----------
    students, lessons : list of str
        Rows and columns.
    earned : dict
        Points by (student, lesson).
    """
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow([*CANVAS, *lessons])
    for student in students:
        points = [_number(earned[student, lesson]) if (student, lesson) in earned else "" for lesson in lessons]
        table.writerow([_harmless(student), "", "", _harmless(student), "", *points])
    return written.getvalue()


def _file_name(text):
    """Return a name without what a file system or a browser could misread."""
    return "".join(letter if letter.isalnum() or letter in " ._-@()+," else "_" for letter in text).strip(" .") or "_"


def folders_of(students):
    """Return a folder name for each student, no two alike."""
    names = {}
    for student in students:
        name, count = _file_name(student), 1
        while name.lower() in {taken.lower() for taken in names.values()}:
            count += 1
            name = f"{_file_name(student)}-{count}"
        names[student] = name
    return names


def write_report(out, submissions, results, keys, reveal=False):
    """Write all files of a run.

    Parameters
    ----------
    out : path-like
        The folder.
    submissions : list of Submission
        What was handed in.
    results : list of dict or None
        What came of each.
    keys : dict of str to Key
        For titles and points.
    reveal : bool
        Whether feedback shows the expected answers.

    Returns
    -------
    Path
        The summary page.
    """
    out = Path(out)
    students = sorted({one.student for one in submissions})
    lessons = sorted({result["lesson"] for result in results if result})
    earned = {(one.student, result["lesson"]): result["earned"] for one, result in zip(submissions, results) if result}
    write_whole(out / "grades.csv", grades_csv(students, lessons, earned))
    listed, folders, links = [], folders_of(students), {}
    for one, result in zip(submissions, results):
        entry = {
            "student": one.student,
            "lesson": one.lesson,
            "file": one.path,
            "notes": list(one.notes),
            "problem": one.problem or None,
        }
        if result:
            entry["result"] = {name: value for name, value in result.items() if name != "expected"}
        listed.append(entry)
        # A graded page has its lesson's name; other files may be called alike, or like a lesson.
        name = page_name = _file_name(one.lesson if result else f"{one.lesson or Path(one.path).stem}-not-graded")
        while (link := f"feedback/{folders[one.student]}/{page_name}.html") in links.values():
            page_name = f"{name}-{len(links)}"
        page = feedback_page(one, result, reveal) if result else problem_page(one)
        links[one.student, one.path] = link
        write_whole(out / links[one.student, one.path], page)
    summary = {"lessons": {lesson: {"points": keys[lesson].points} for lesson in lessons}, "submissions": listed}
    write_whole(out / "results.json", json.dumps(summary, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    write_whole(out / "index.html", summary_page(submissions, results, links))
    return out / "index.html"
