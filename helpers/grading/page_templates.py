"""The pages' text, for Jinja, which escapes whatever is filled in."""

STYLE = """
:root { color-scheme: light dark; --right: #1a7f37; --wrong: #b42318; --line: #8886; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem; }
table { border-collapse: collapse; }
caption { text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .8rem .25rem 0; text-align: left; }
section { border-top: 1px solid var(--line); padding-top: .5rem; }
.points { float: right; font-weight: 600; }
.bar { display: inline-block; height: .9rem; background: #4269d0; vertical-align: middle; }
.right { color: var(--right); }
.wrong { color: var(--wrong); }
@media (prefers-color-scheme: dark) { :root { --right: #57c878; --wrong: #ff8f84; } }
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
<h1>{{ title }}</h1>
"""
_FOOT = """</main>
</body>
</html>
"""
FEEDBACK = _HEAD + """<p><strong>{{ result.earned|number }} of {{ result.points|number }} points.</strong>
Graded from {{ one.path }}.</p>
{% for note in one.notes %}
<p>{{ note }}.</p>
{% endfor %}
{% for exercise in result.exercises %}
<section>
<h2>{{ exercise.title }} <span class="points">{{ exercise.earned|number }} / {{ exercise.points|number }}</span></h2>
<p>{{ words[exercise.status] or exercise.status }}</p>
{% if exercise.note %}
<p>Note: {{ exercise.note }}</p>
{% endif %}
{% if exercise.printed %}
<details><summary>What your cell printed</summary><pre>{{ exercise.printed }}</pre></details>
{% endif %}
{% if exercise.hint %}
<h3>What the check in the lesson says</h3>
<pre>{{ exercise.hint }}</pre>
{% endif %}
{% for check in exercise.checks if check.status != "not run" %}
<h3 class="{{ "right" if check.right else "wrong" }}">Check {{ loop.index }}: {{ "right" if check.right else "not yet" }}
({{ check.earned|number }} of {{ check.points|number }})</h3>
<details{{ "" if check.right else " open" }}><summary>What was tried</summary><pre>{{ check.tried }}</pre></details>
<details{{ "" if check.right else " open" }}><summary>What came</summary><pre>{{ check.came }}</pre></details>
{% if reveal and not check.right %}
<p>Expected:</p>
<pre>{{ result.expected[check.name] }}</pre>
{% endif %}
{% endfor %}
</section>
{% endfor %}
""" + _FOOT
PROBLEM = _HEAD + """<p>{{ one.path }} could not be graded: {{ one.problem }}.</p>
<p>Open it in Jupyter, save it again, and hand it in once more.</p>
""" + _FOOT
SUMMARY = _HEAD + """<p>{{ graded|length }} graded, {{ problems|length }} not graded.
Points for your gradebook: grades.csv. Everything: results.json.</p>
{% for lesson, part in lessons.items() %}
<section>
<h2>{{ lesson }}</h2>
<p>{{ part.count }} submissions, {{ part.points|number }} points, mean {{ part.mean }}.</p>
<table>
<caption>How many students earned how much</caption>
<tr><th scope="col">points</th><th scope="col">students</th></tr>
{% for label, count in part.histogram %}
<tr><td>{{ label }}</td>
<td><span class="bar" style="width: {{ (18 * count / part.count)|round(2) }}rem"></span> {{ count }}</td></tr>
{% endfor %}
</table>
<h3>Most often missed</h3>
<table>
<tr><th scope="col">exercise</th><th scope="col">missed by</th></tr>
{% for exercise, count in part.missed %}
<tr><td>{{ exercise }}</td><td>{{ count }} of {{ part.count }}</td></tr>
{% endfor %}
</table>
</section>
{% endfor %}
<section>
<h2>Students</h2>
<table>
<tr><th scope="col">student</th><th scope="col">lesson</th><th scope="col">points</th><th scope="col">remarks</th></tr>
{% for one, result, link in rows %}
<tr><td>{{ one.student }}</td>
<td><a href="{{ link|urlencode }}">{{ one.lesson or one.path }}</a></td>
<td>{{ result.earned|number if result else "" }}</td>
<td>{{ one.problem }} {{ one.notes|join("; ") }} {{ remarks(result) if result else "" }}</td></tr>
{% endfor %}
</table>
</section>
""" + _FOOT
