"""The pages: feedback for a student, a summary for the instructor. Jinja escapes every word that a student wrote."""

from __future__ import annotations

from collections import Counter

from jinja2 import Environment

from helpers.grading.page_templates import FEEDBACK, PROBLEM, STYLE, SUMMARY

WORDS = {"right": "Right.", "partly right": "Partly right.", "wrong": "Not right yet.", "not attempted": "Not attempted.",
         "missing": "The cell of this exercise is not in your notebook.",
         "time-out": "It ran too long and was stopped; the rest of this exercise did not run.",
         "dead": "It ended the kernel; the rest of this exercise did not run.",
         "memory": "It took too much memory and was stopped; the rest of this exercise did not run.",
         "flood": "It printed without end and was stopped; the rest of this exercise did not run."}
ENDED = ("time-out", "dead", "memory", "flood")


def _number(value):
    return f"{value:g}"


_environment = Environment(autoescape=True, trim_blocks=True)
_environment.filters["number"] = _number


def _render(template, **words):
    return _environment.from_string(template).render(style=STYLE, words=WORDS, **words)


def feedback_page(one, result, reveal=False):
    """Return the page a student reads about one lesson.

    Parameters
    ----------
    one : Submission
        What was handed in.
    result : dict
        What came of it.
    reveal : bool
        Whether to show the expected answers.
    """
    return _render(FEEDBACK, title=f"{result['lesson']}: {one.student}", one=one, result=result, reveal=reveal)


def problem_page(one):
    """Return the page about a file that cannot be graded."""
    return _render(PROBLEM, title=f"Not graded: {one.student}", one=one)


def _remarks(result):
    ended = [f"{exercise['exercise']}: {exercise['status']}" for exercise in result["exercises"] if exercise["status"] in ENDED]
    return ", ".join(ended)


def _histogram(earned, points, bins=10):
    """Return (label, count) for the points; a bin for each number of points while these are few whole ones."""
    if points <= 20 and all(float(value).is_integer() for value in (*earned, points)):
        counts = Counter(int(value) for value in earned)
        return [(str(value), counts[value]) for value in range(int(points) + 1)]
    counts = Counter(min(bins - 1, int(bins * value / points)) for value in earned)
    return [(f"{points * number / bins:g} to {points * (number + 1) / bins:g}", counts[number]) for number in range(bins)]


def summary_page(submissions, results, links):
    """Return the instructor's page: histograms, the exercises most often missed, every student.

    Parameters
    ----------
    submissions, results : list
        What was handed in, and what came of each.
    links : dict of (str, str) to str
        The feedback page for each student and path.
    """
    lessons = {}
    for lesson in sorted({result["lesson"] for result in results if result}):
        mine = [result for result in results if result and result["lesson"] == lesson]
        earned = [result["earned"] for result in mine]
        missed = Counter({exercise["title"]: 0 for exercise in mine[0]["exercises"]})
        for result in mine:
            missed.update(exercise["title"] for exercise in result["exercises"] if exercise["earned"] < exercise["points"])
        lessons[lesson] = {"count": len(mine), "points": mine[0]["points"], "mean": f"{sum(earned) / len(mine):.2f}",
                           "histogram": _histogram(earned, mine[0]["points"]), "missed": missed.most_common()}
    rows = [(one, result, links[one.student, one.path]) for one, result in zip(submissions, results)]
    return _render(SUMMARY, title="Grades", lessons=lessons, rows=rows, remarks=_remarks, graded=[one for one in results if one],
                   problems=[one for one in submissions if one.problem])
