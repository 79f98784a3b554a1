"""Write what the pages say was measured: results beside their enforced ranges in notebooks/RESULTS.md, minutes in README.md.

    python -m helpers.course.results_page            rewrite both
    python -m helpers.course.results_page --check    only say whether they are up to date

The ranges come from data/expected_results.toml, the measurements from data/measured_results.json (`helpers/course/measure.py`).
"""

import argparse
import math
import re
import sys

import nbformat

from helpers.course.measure import measured
from helpers.project import ROOT, read_toml
from helpers.results import describe_rule, describe_value

PAGE = ROOT / "notebooks" / "RESULTS.md"
_BLOCK = re.compile(r"(?<=<!-- results: begin -->\n).*?(?=<!-- results: end -->)", re.DOTALL)
_MINUTES = re.compile(r"^(\| \[[^\]]*\]\(notebooks/(\w+)\.ipynb\) \|[^|]*\| )([^|]*)( \|)", re.MULTILINE)
_HEADER = "| result | measured | enforced range |\n|---|---|---|\n"
FAMILIES = ("max_abs_difference", "order_forgotten", "parameters", "mistake")
"""A lesson may have many results of one kind: from three on, they share a row."""


def _family(key):
    return next((one for one in FAMILIES if key.endswith(one) or key.startswith(one)), key)


def _together(rules):
    """Describe the rules of one row: one range if they share it, else all the exact numbers."""
    if all(rule == rules[0] for rule in rules):
        return describe_rule(rules[0])
    return "exactly " + ", ".join(f"{value:,}" for value in sorted({rule["equal"] for rule in rules}))


def _row(name, keys, rules, results):
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
    return f"| {name.replace('_', ' ')}{many} | {found} | {_together([rules[key] for key in keys])} |\n"


def _title(lesson):
    """Return the number and the subject of a lesson's first heading, as a link to it."""
    cells = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4).cells
    return f"[{cells[0].source.splitlines()[0].removeprefix('# ').partition(':')[0]}]({lesson}.ipynb)"


def tables():
    """Return a heading, a line about the run and a table for each lesson with results, on real data, as Markdown."""
    text, found = "", measured()
    for lesson, sources in sorted(read_toml(ROOT / "data" / "expected_results.toml").items()):
        rules, run = sources["real"], found.get(lesson, {}).get("real", {})
        groups = {}
        for key in rules:
            groups.setdefault(_family(key), []).append(key)
        text += f"### {_title(lesson)}\n\n"
        if run:
            text += f"Measured on {run['date']}: {run['machine']}.\n\n"
        text += _HEADER
        for family, keys in groups.items():
            parts = [(family, keys)] if len(keys) > 2 else [(key, [key]) for key in keys]
            text += "".join(_row(name, part, rules, run.get("results", {})) for name, part in parts)
        text += "\n"
    return text


def minutes(lesson, found):
    """Return the running times of a lesson in whole minutes, rounded up, on the sample and on real data."""
    return " / ".join(str(math.ceil(found[lesson][source]["seconds"] / 60)) if source in found.get(lesson, {}) else "-"
                      for source in ("sample", "real"))


def with_results(page):
    """Return the page of results with the tables of today.

    Raises
    ------
    ValueError
        When it has no place for them.
    """
    if len(_BLOCK.findall(page)) != 1:
        raise ValueError("RESULTS.md needs the comments <!-- results: begin --> and <!-- results: end --> once")
    return _BLOCK.sub(lambda _: tables(), page)


def with_minutes(readme):
    """Return the README with the running times of today in its table of lessons."""
    found = measured()
    return _MINUTES.sub(lambda row: f"{row[1]}{minutes(row[2], found)}{row[4]}", readme)


def outdated():
    """Return the pages that lag behind the measurements, each with the text that it should have."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", PAGE)}
    updated = {path: (with_results if path == PAGE else with_minutes)(text) for path, text in texts.items()}
    return {path: text for path, text in updated.items() if text != texts[path]}


def main(arguments=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m helpers.course.results_page", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if a page is out of date")
    pages = outdated()
    if parser.parse_args(arguments).check and pages:
        sys.exit(f"{', '.join(path.name for path in pages)}: behind the measurements; run: python -m helpers.course.results_page")
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
