"""The latest table of the benchmark in README.md, with the day and the machine it comes from."""

import datetime
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

HEADERS = ["work", "way", "seconds (median)", "ratio (median)", ""]
BEGIN, END = "<!-- benchmark: begin -->\n", "<!-- benchmark: end -->\n"
_BLOCK = re.compile(re.escape(BEGIN) + "(.*?)" + re.escape(END), re.DOTALL)
_BEFORE = "## For instructors\n"
_INTRODUCTION = """## Speed

`python -m tests.benchmark --write-readme` measured these times. Seconds depend on the machine. A ratio compares two ways that
were timed in turn in one run; 1.00 marks the way that the others are compared with.

"""


def processor(text=None):
    """Return the model of the processor, as the machine names it.

    Parameters
    ----------
    text : str, optional
        What stands in /proc/cpuinfo; read where there is such a file.
    """
    if text is None:
        place = Path("/proc/cpuinfo")
        text = place.read_text(encoding="utf-8", errors="replace") if place.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+?)\s*$", text, re.MULTILINE)
    return re.sub(r"\s+", " ", named.group(1)) if named else platform.processor() or platform.machine() or "unknown processor"


def machine():
    """Say in one line what the table was measured on: no names, no paths."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(package)}" for name, package in [("TensorFlow", "tensorflow"), ("Keras", "keras")])
    return f"{cores} cores of {processor()}, Python {platform.python_version()}, {packages}"


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
