"""The pages that students read. Jinja escapes every word that a student wrote, and what could steer a terminal is spelled out."""

from __future__ import annotations

import ast
import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from helpers.exercises.compare import difference
from helpers.grading.records import RIGHT

PAGES = Path(__file__).with_name("pages")
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ROW = re.compile(r"^(  (called|got|expected|difference|hint) +)", re.MULTILINE)


def spelled_out(text):
    r"""Return a text whose control characters, and what turns the direction of reading, are spelled out, as in ``\x1b``.

    Parameters
    ----------
    text : str
        It may hold bytes of a file name that are not UTF-8.
    """
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _inline(name):
    """Return a file of `pages` to stand in a page, and the hash under which the page's security policy lets it in."""
    text = (PAGES / name).read_text(encoding="utf-8")
    return Markup(text), "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
                           finalize=lambda one: spelled_out(one) if type(one) is str else one)
_environment.globals.update(style=_inline("style.css"), script=_inline("gradebook.js"))
_environment.filters.update(number=lambda value: f"{value:.4g}", search=lambda text, words: bool(re.search(words, text)))


def render(page, **values):
    """Return one of the templates in `pages`, filled in."""
    return _environment.get_template(page).render(**values)


def _rows(hint):
    """Return the headline of what a lesson's check says, and its rows: pairs of a word and a text."""
    headline, *parts = _ROW.split(hint)
    rows = zip(parts[::3], parts[1::3], parts[2::3])
    # The lines of a text stand below each other.
    return headline.strip(), [(word, text.strip().replace("\n" + " " * len(before), "\n")) for before, word, text in rows]


def _difference(expected, got):
    """Say where two answers differ, if both are plain Python or NumPy."""
    try:
        values = (ast.literal_eval(re.sub(r", dtype=np\.\w+|np\.\w+(?=\()", "", text)) for text in (expected, got))
        return difference(*values) or ""
    except Exception:  # whatever a student's code gave: an object, half a list, nothing
        return ""


def _asked(check, reveal):
    """Return the rows about one hidden check; what was expected only where it is to be revealed."""
    call = check.call
    if check.right or not call:
        return [] if check.right else [("got", check.got)]
    rows = [("called", call.called), ("got", call.got)]
    if reveal:
        rows += [("expected", call.expected), ("difference", _difference(call.expected, call.got))]
    return [(word, text) for word, text in rows if text]


def _checks(exercise, reveal):
    """Return (rows, how many, points, whether right) for the hidden checks that ran, equal ones together, wrong ones first."""
    alike = {}
    for check in exercise.checks:
        if check.status in ("ok", "error"):
            alike.setdefault((check.right, *_asked(check, reveal)), []).append(check)
    return [(rows, len(checks), sum(check.points for check in checks), right) for (right, *rows), checks in sorted(
        alike.items(), key=lambda item: item[0][0])]


def feedback_page(one, result, reveal=False):
    """Return the page a student reads about one lesson: what is not right comes first, what is right is folded.

    Parameters
    ----------
    one : Submission
        What was handed in.
    result : LessonResult
        What came of it.
    reveal : bool
        Whether to show the expected answers of hidden checks.
    """
    exercises = sorted(result.exercises, key=lambda exercise: exercise.status == RIGHT)
    return render("feedback.html", title=f"{result.lesson}: {one.student.name}", one=one, result=result, exercises=[
        (exercise, _rows(exercise.hint), _checks(exercise, reveal)) for exercise in exercises])


def problem_page(one):
    """Return the page about a file that cannot be graded: why, and what helps."""
    return render("problem.html", title=f"Not graded: {one.student.name}", one=one)


def nothing_to_do(one):
    """Return whether a submission has no grade because its lesson has no exercises."""
    return "nothing to do" in one.problem
