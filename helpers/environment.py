"""What this machine has, told in a few friendly lines."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys

from IPython import get_ipython

__all__ = ["check", "in_notebook", "live", "report"]

_MINIMUM = {"tensorflow": (2, 19), "keras": (3, 10), "numpy": (1, 26), "matplotlib": (3, 8)}


def _release(text):
    """Return the first two numbers of a version: "3.10.0rc1" gives (3, 10)."""
    numbers = []
    for part in text.split(".")[:2]:
        digits = "".join(character for character in part if character.isdigit())
        numbers.append(int(digits or 0))
    return tuple(numbers)


def _installed(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        # Colab and some distributions ship TensorFlow under another name on the package index.
        module = importlib.util.find_spec(package) and __import__(package)
        return getattr(module, "__version__", None)


def check():
    """Raise if something that the course needs is missing or too old; otherwise say nothing.

    Raises
    ------
    RuntimeError
        Names each package, the version found and needed, and the command that mends it.
    """
    wrong = []
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        wrong.append(f"Python {platform.python_version()} (the course runs on 3.10 to 3.13)")
    for package, minimum in _MINIMUM.items():
        version = _installed(package)
        needed = ".".join(map(str, minimum))
        if version is None:
            wrong.append(f"{package} is missing (needs {needed} or newer)")
        elif _release(version) < minimum:
            wrong.append(f"{package} {version} is too old (needs {needed} or newer)")
    if wrong:
        raise RuntimeError("This environment cannot run the course: " + "; ".join(wrong) +
                           ". In the course's folder run: python -m pip install -r requirements.txt")


def report():
    """Return what this machine has as rows for a table.

    Returns
    -------
    list of tuple of str
        Pairs (what, found).

    Raises
    ------
    RuntimeError
        When :func:`check` finds something missing or too old.
    """
    import tensorflow as tf

    check()
    accelerators = tf.config.list_physical_devices("GPU")
    rows = [("Python", platform.python_version())]
    rows += [(name, _installed(name)) for name in ("tensorflow", "keras", "numpy", "matplotlib")]
    rows.append(("processor cores", str(os.cpu_count())))
    rows.append(("GPU", f"{len(accelerators)} found" if accelerators else
                 "none: all times in this course are for two processor cores, so nothing is missing"))
    rows.append(("graphviz", "found" if shutil.which("dot") else
                 "not installed: lesson 04 draws its network without it (optional)"))
    rows.append(("PyTorch", "found" if importlib.util.find_spec("torch") else
                 "not installed: lesson 05 uses what was recorded from it (optional)"))
    return rows


def in_notebook() -> bool:
    """Tell whether a Jupyter kernel runs this code."""
    return getattr(get_ipython(), "kernel", None) is not None


def live():
    """Say whether a reader is at work here: in a notebook's kernel with ipywidgets, unless `COURSE_PANELS` is "static".

    Then panels have sliders, and figures come as HTML too. Lessons are stored and tested with "static": what a page without a
    kernel shows is then what is tested.

    Raises
    ------
    ValueError
        When `COURSE_PANELS` is neither "live" nor "static".
    """
    wanted = os.environ.get("COURSE_PANELS", "live")
    if wanted not in ("live", "static"):
        raise ValueError(f"COURSE_PANELS must be 'live' or 'static', not {wanted!r}. Unset it to get sliders where they run.")
    if wanted == "static" or not in_notebook():
        return False
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True
