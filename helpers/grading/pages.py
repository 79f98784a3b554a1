"""The pages: feedback for a student, a summary for the instructor. Jinja escapes every word that a student wrote."""

from __future__ import annotations

import re
from collections import Counter

from jinja2 import Environment

STYLE = """
:root { color-scheme: light dark; --right: #1a7f37; --wrong: #b42318; --line: #8886; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; }
table { border-collapse: collapse; } th, td { border-bottom: 1px solid var(--line); padding: .25rem .8rem .25rem 0; text-align:
left; } .points { float: right; font-weight: 600; } section { border-top: 1px solid var(--line); padding-top: .5rem; } .bar {
display: inline-block; height: .9rem; background: #4269d0; vertical-align: middle; } @media (prefers-color-scheme: dark) { :root {
--right: #57c878; --wrong: #ff8f84; } } .right { color: var(--right); } .wrong { color: var(--wrong); }
"""
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
<main>
"""
_FEEDBACK = _HEAD + """<h1>{{ title }}</h1>
<p><strong>{{ result.earned|number }} of {{ result.points|number }} points.</strong> Graded from {{ one.path }}.</p>
{% for note in one.notes %}<p>{{ note }}.</p>
{% endfor %}
{% for exercise in result.exercises %}<section>
<h2>{{ exercise.title }} <span class="points">{{ exercise.earned|number }} / {{ exercise.points|number }}</span></h2>
<p>{{ words[exercise.status] or exercise.status }}</p>
{% if exercise.note %}<p>Note: {{ exercise.note }}</p>
{% endif %}{% if exercise.printed %}<details><summary>What your cell printed</summary><pre>{{ exercise.printed }}</pre></details>
{% endif %}{% if exercise.status not in ("missing", "not attempted") %}{% for check in exercise.checks %}
<h3 class="{{ "right" if check.right else "wrong" }}">Check {{ loop.index }}: {{ "right" if check.right else "not yet" }}
({{ check.earned|number }} of {{ check.points|number }})</h3>
{% if check.about.tried %}<p>{{ check.about.tried }}</p>
{% endif %}<details{{ "" if check.right else " open" }}><summary>What was tried</summary><pre>{{ check.about.code
}}</pre></details> <p>What came:</p> <pre>{{ check.came }}</pre> {% if not check.right and check.about.hint %}<p>Hint: {{
check.about.hint }}</p> {% endif %}{% if reveal and not check.right %}<p>Expected:</p> <pre>{{ result.expected[check.name]
}}</pre> {% endif %}{% endfor %}{% endif %}</section> {% endfor %}</main> </body> </html>
"""
_PROBLEM = _HEAD + """<h1>{{ title }}</h1>
<p>{{ one.path }} could not be graded: {{ one.problem }}.</p>
<p>Open it in Jupyter, save it again, and hand it in once more.</p>
</main>
</body>
</html>
"""
_SUMMARY = _HEAD + """<h1>{{ title }}</h1>
<p>{{ graded|length }} graded, {{ problems|length }} not graded. Points for your gradebook: grades.csv. Everything:
results.json.</p> {% for lesson, part in lessons.items() %}<section> <h2>{{ lesson }}</h2> <p>{{ part.count }} submissions, {{
part.points|number }} points, mean {{ part.mean }}.</p> <table> <caption>How many students earned how much</caption> <tr><th
scope="col">points</th><th scope="col">students</th></tr> {% for label, count in part.histogram %}<tr><td>{{ label }}</td>
<td><span class="bar" style="width: {{ (18 * count / part.count)|round(2) }}rem"></span> {{ count }}</td></tr> {% endfor
%}</table> <h3>Most often missed</h3> <table> <tr><th scope="col">exercise</th><th scope="col">missed by</th></tr> {% for
exercise, count in part.missed %}<tr><td>{{ exercise }}</td><td>{{ count }} of {{ part.count }}</td></tr> {% endfor %}</table>
</section> {% endfor %}<section> <h2>Students</h2> <table> <tr><th scope="col">student</th><th scope="col">lesson</th><th
scope="col">points</th><th scope="col">remarks</th></tr> {% for one, result, link in rows %}<tr><td>{{ one.student }}</td> <td><a
href="{{ link|urlencode }}">{{ one.lesson or one.path }}</a></td> <td>{{ result.earned|number if result else "" }}</td> <td>{{
one.problem }}{% for note in one.notes %}{{ note }}. {% endfor %}{% if result %}{{ remarks(result) }}{% endif %}</td></tr> {%
endfor %}</table> </section> </main> </body> </html>
"""
WORDS = {"right": "Right.", "partly right": "Partly right.", "wrong": "Not right yet.", "not attempted": "Not attempted.",
         "missing": "The cell of this exercise is not in your notebook.",
         "time-out": "It ran too long and was stopped; the rest of this exercise did not run.",
         "dead": "It ended the kernel; the rest of this exercise did not run.",
         "memory": "It took too much memory and was stopped; the rest of this exercise did not run.",
         "flood": "It printed without end and was stopped; the rest of this exercise did not run."}
ENDED = ("time-out", "dead", "memory", "flood")


def _number(value):
    return f"{value:g}"


_environment = Environment(autoescape=True, trim_blocks=False)
_environment.filters["number"] = _number


def _render(template, **words):
    return _environment.from_string(template).render(style=STYLE, words=WORDS, **words)


def about(source):
    """Return what a hidden cell says of itself: `# Tried: ...`, `# Hint: ...`, and its code without these lines.

    Parameters
    ----------
    source : str
        The cell.
    """
    said = {"tried": "", "hint": ""}
    lines = []
    for line in source.splitlines():
        found = re.match(r"# *(tried|hint): *(.+)$", line, re.IGNORECASE)
        if found:
            name = found.group(1).lower()
            said[name] = f"{said[name]} {found.group(2)}".strip()
        else:
            lines.append(line)
    return {**said, "code": "\n".join(lines)}


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
    exercises = [{**exercise, "checks": [{**check, "about": about(check["tried"])} for check in exercise["checks"]]}
                 for exercise in result["exercises"]]
    return _render(
        _FEEDBACK, title=f"{result['lesson']}: {one.student}", one=one, result={**result, "exercises": exercises}, reveal=reveal
    )


def problem_page(one):
    """Return the page about a file that cannot be graded."""
    return _render(_PROBLEM, title=f"Not graded: {one.student}", one=one)


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
    return _render(_SUMMARY, title="Grades", lessons=lessons, rows=rows, remarks=_remarks, graded=[one for one in results if one],
                   problems=[one for one in submissions if one.problem])
