"""The latest table of the benchmark in README.md, with the day and the machine it comes from."""

import datetime
import re

from helpers.course.machine import machine

HEADERS = ["work", "way", "seconds (median)", "ratio (median)", ""]
BEGIN, END = "<!-- benchmark: begin -->\n", "<!-- benchmark: end -->\n"
_BLOCK = re.compile(re.escape(BEGIN) + "(.*?)" + re.escape(END), re.DOTALL)
_BEFORE = "## For instructors\n"
_INTRODUCTION = """## Speed

`python -m tests.benchmark --write-readme` measured these times. Seconds depend on the machine. A ratio compares two ways that
were timed in turn in one run; 1.00 marks the way that the others are compared with.

"""


def section(rows, today=None):
    """Return what stands between the two comments.

    Parameters
    ----------
    rows : list of tuple of str
        From `entries.rows_of`.
    today : datetime.date, optional
        The day of the measurement.
    """
    lines = [f"Measured on {today or datetime.date.today()}: {machine()}.", "", "| " + " | ".join(HEADERS) + " |",
             "|---|---|---:|---:|---|", *("| " + " | ".join(row) + " |" for row in rows)]
    return "\n".join(lines) + "\n"


def updated(text, rows, today=None):
    """Return the README with this table in place of the one before, or in a section of its own if there was none.

    Raises
    ------
    ValueError
        When the README has no place for it.
    """
    block = BEGIN + section(rows, today) + END
    if _BLOCK.search(text):
        return _BLOCK.sub(lambda _: block, text)
    if text.count(_BEFORE) != 1:
        raise ValueError(f"README.md needs the heading {_BEFORE.strip()!r} once: the table goes before it")
    return text.replace(_BEFORE, _INTRODUCTION + block + "\n" + _BEFORE)


def works(text):
    """Return the names of the works in the README's table, or None where there is no table yet."""
    found = _BLOCK.search(text)
    if found is None:
        return None
    rows = [line.strip("|").split("|") for line in found.group(1).splitlines() if line.startswith("| ")]
    return [row[0].strip() for row in rows[1:] if row[0].strip()]
