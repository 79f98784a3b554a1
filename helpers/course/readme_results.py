"""Write what the README says of the lessons: what was measured on real data, the enforced ranges, and the minutes they take.

    python -m helpers.course.readme_results            rewrite it
    python -m helpers.course.readme_results --check    only say whether it is up to date

The ranges come from data/expected_results.toml, the measurements from data/measured_results.json (`helpers/course/measure.py`).
"""

import math
import re
import sys

from helpers.course.measure import measured
from helpers.project import ROOT, read_toml
from helpers.results import describe_rule, describe_value

_BLOCK = re.compile(r"(?<=<!-- results: begin -->\n).*?(?=<!-- results: end -->)", re.DOTALL)
_MINUTES = re.compile(r"^(\| \[[^\]]*\]\(notebooks/(\w+)\.ipynb\) \|[^|]*\| )([^|]*)( \|)", re.MULTILINE)
FAMILIES = ("max_abs_difference", "order_forgotten", "parameters", "mistake")
"""A lesson may have many results of one kind: from three on, they share a row."""


def _family(key):
    return next((one for one in FAMILIES if key.endswith(one) or key.startswith(one)), key)


def _together(rules):
    """Describe the rules of one row: one range if they share it, else all the exact numbers."""
    if all(rule == rules[0] for rule in rules):
        return describe_rule(rules[0])
    return "exactly " + ", ".join(f"{value:,}" for value in sorted({rule["equal"] for rule in rules}))


def _row(lesson, name, keys, rules, results):
    values = [results[key] for key in keys if key in results]
    if len(values) < len(keys):
        found = "not yet"
    elif len(keys) == 1:
        found = describe_value(values[0])
    elif "equal" in rules[keys[0]]:
        found = ", ".join(f"{value:,}" for value in sorted(set(values)))
    else:
        found = f"{min(values):.2g} to {max(values):.2g}"
    many = f" ({len(keys)} networks)" if len(keys) > 1 else ""
    return f"| {lesson} | {name.replace('_', ' ')}{many} | {found} | {_together([rules[key] for key in keys])} |\n"


def table():
    """Return the rows for real data, as Markdown."""
    rows, found = [], measured()
    for lesson, tables in sorted(read_toml(ROOT / "data" / "expected_results.toml").items()):
        rules, results = tables["real"], found.get(lesson, {}).get("real", {}).get("results", {})
        groups = {}
        for key in rules:
            groups.setdefault(_family(key), []).append(key)
        for family, keys in groups.items():
            parts = [(family, keys)] if len(keys) > 2 else [(key, [key]) for key in keys]
            rows += [_row(lesson, name, part, rules, results) for name, part in parts]
    return "".join(rows)


def minutes(lesson, found):
    """Return the running times of a lesson in whole minutes, rounded up, on the sample and on real data."""
    return " / ".join(str(math.ceil(found[lesson][source]["seconds"] / 60)) if source in found.get(lesson, {}) else "-"
                      for source in ("sample", "real"))


def updated(text):
    """Return the README with the tables of today.

    Raises
    ------
    ValueError
        When the README has no place for them.
    """
    if len(_BLOCK.findall(text)) != 1:
        raise ValueError("README.md needs the comments <!-- results: begin --> and <!-- results: end --> once")
    found = measured()
    text = _MINUTES.sub(lambda row: f"{row[1]}{minutes(row[2], found)}{row[4]}", text)
    return _BLOCK.sub(lambda _: table(), text)


def main():
    """Read the command line."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    new = updated(text)
    if "--check" in sys.argv[1:]:
        sys.exit(0 if new == text else "README.md: the results lag behind; run: python -m helpers.course.readme_results")
    path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
