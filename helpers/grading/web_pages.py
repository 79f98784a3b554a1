"""What students and instructors read. Jinja escapes all that a student wrote, and what could steer a terminal is spelled out."""

import ast
import base64
import hashlib
import re
from collections import Counter, defaultdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from helpers.exercises.compare import difference
from helpers.grading.records import ENDED, MISSING, NOT_ATTEMPTED, PARTLY, RIGHT

PAGES = Path(__file__).with_name("pages")
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ROW = re.compile(r"^(  (called|got|expected|difference|hint) +)", re.MULTILINE)


def spelled_out(text):
    r"""Return a text whose control characters, and what turns the direction of reading, are spelled out, as in ``\x1b``."""
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


def _checks(exercise, reveal):
    """Return (rows, points of each) of the hidden checks that ran, equal ones together, wrong ones first.

    Right ones have no rows. What was expected stands there only where it is to be revealed.
    """
    alike = defaultdict(list)
    for check in exercise.checks:
        rows = [("got", check.got)]
        if call := check.call:
            rows = [("called", call.called), ("got", call.got)]
            if reveal and call.expected:
                rows += [("expected", call.expected), ("difference", _difference(call.expected, call.got))]
        if check.status in ("ok", "error"):
            alike[() if check.earned == check.points else tuple(rows)].append(check.points)
    return sorted(alike.items(), key=lambda one: not one[0])


def feedback_page(one, result, reveal=False):
    """Return the page a student reads about one lesson: what is not right comes first, what is right is folded."""
    exercises = sorted(result.exercises, key=lambda exercise: exercise.status == RIGHT)
    return render("feedback.html", title=f"{result.lesson}: {one.student.name}", one=one, result=result, exercises=[
        (exercise, _rows(exercise.hint), _checks(exercise, reveal)) for exercise in exercises])


def problem_page(one):
    """Return the page about a file that cannot be graded: why, and what helps."""
    return render("problem.html", title=f"Not graded: {one.student.name}", one=one)


def nothing_to_do(one):
    """Return whether a submission has no grade because its lesson has no exercises."""
    return one.problem.startswith("not graded; nothing to do")


# What the bars of an exercise are made of: the name of a color, and words.
PARTS = (("right", "right"), ("partly", "partly right"), ("wrong", "wrong"), ("none", "not attempted"))


def _part(exercise):
    """Return which part of its bar a result belongs to."""
    if exercise.status in (NOT_ATTEMPTED, MISSING):
        return "none"
    return "right" if exercise.status == RIGHT else "partly" if exercise.status == PARTLY or exercise.earned else "wrong"


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
            for one, _, link in work if one.problem and not nothing_to_do(one)]),
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
    shown = []
    for name, points in lessons.items():
        results = [result for _, result, _ in work if result and result.lesson == name]
        exercises = defaultdict(Counter)
        for exercise in (exercise for result in results for exercise in result.exercises):
            exercises[exercise.title][_part(exercise)] += 1
        shown.append({"name": name, "points": points, "results": results, "exercises": exercises.items()})
    return render("gradebook.html", title="Gradebook", rows=rows, parts=PARTS, facts=facts, attention=attention, lessons=shown,
                  graded=sum(bool(result) for _, result, _ in work), handed_in=len(work))
