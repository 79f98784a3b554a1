"""The latest table of the benchmark in notebooks/RESULTS.md, with the day and the machine it comes from."""

import datetime
import re

from helpers.course.machine import machine

HEADERS = ["work", "way", "seconds (median)", "ratio (median)", ""]
BEGIN, END = "<!-- benchmark: begin -->\n", "<!-- benchmark: end -->\n"
_BLOCK = re.compile(re.escape(BEGIN) + "(.*?)" + re.escape(END), re.DOTALL)


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
    """Return the page with this table in place of the one before.

    Raises
    ------
    ValueError
        When the page has no place for it.
    """
    if len(_BLOCK.findall(text)) != 1:
        raise ValueError(f"RESULTS.md needs the comments {BEGIN.strip()} and {END.strip()} once")
    return _BLOCK.sub(lambda _: BEGIN + section(rows, today) + END, text)


def works(text):
    """Return the names of the works in the page's table."""
    rows = [line.strip("|").split("|") for line in _BLOCK.search(text).group(1).splitlines() if line.startswith("| ")]
    return [row[0].strip() for row in rows[1:] if row[0].strip()]
