"""The machine that something was measured on, in one line."""

import os
import platform
import re
from pathlib import Path

from helpers.environment import installed


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
    """Say in one line what something was measured on: no names, no paths."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {installed(module)}" for name, module in [("TensorFlow", "tensorflow"), ("Keras", "keras")])
    return f"{cores} cores of {processor()}, Python {platform.python_version()}, {packages}"
