"""What this machine has, told in a few friendly lines. Needs only the standard library until something is asked of it."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import platform
import sys
from pathlib import Path

from helpers import platforms
from helpers.project import ROOT, newest_tested, required

try:
    from IPython import get_ipython
except ImportError:  # a Python without the course's packages: `check` names them all
    def get_ipython():
        """There is no shell."""

__all__ = ["check", "in_notebook", "installed", "live", "report"]

IMPORTED = ("tensorflow", "keras", "numpy", "matplotlib", "h5py", "sklearn", "scipy", "PIL", "pooch", "requests", "rich",
            "tabulate", "mlxtend")
"""Modules that lessons and what they import cannot do without."""
_PACKAGES = {"sklearn": ("scikit-learn",), "PIL": ("pillow",), "tensorflow": ("tensorflow", "tensorflow-cpu")}


def _release(text):
    """Return the first two numbers of a version: "3.10.0rc1" gives (3, 10)."""
    numbers = []
    for part in text.split(".")[:2]:
        digits = "".join(character for character in part if character.isdigit())
        numbers.append(int(digits or 0))
    return tuple(numbers)


def installed(module):
    """Return the version of a module's package, None where it is missing or comes under a name that is not known."""
    for package in _PACKAGES.get(module, (module,)):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def _needed(module, versions):
    """Return what one of the two lists of versions says of a module's package, None if nothing."""
    return next((versions[package] for package in _PACKAGES.get(module, (module,)) if package in versions), None)


def _remedy():
    own = ROOT / ".venv"
    if own.is_dir() and Path(sys.prefix).resolve() != own.resolve():
        return f"Choose {own} as the kernel of this notebook, or open the course with: python3 -m helpers.start"
    return f'Install them: "{sys.executable}" -m pip install -r "{ROOT / "requirements.txt"}"'


def _without_tensorflow():
    """Return why TensorFlow cannot be here, None if it could be installed."""
    if "COLAB_RELEASE_TAG" in os.environ:
        return ("This runtime of Colab has no TensorFlow: in the menu choose Runtime > Change runtime type > CPU, and run this "
                "cell again.")
    return platforms.unsupported_platform() or platforms.newer_python()


def _problem():
    """Return one sentence on the first thing that is wrong, with its remedy, or None."""
    missing = [module for module in IMPORTED if importlib.util.find_spec(module) is None]
    why = platforms.old_python() or ("tensorflow" in missing and _without_tensorflow()) or platforms.missing_instructions()
    if why:
        return why
    old = [f"{module} {version} (needs {'.'.join(map(str, needed))} or newer)" for module in IMPORTED if
           (needed := _needed(module, required())) and (version := installed(module)) and _release(version) < needed]
    if missing or old:
        found = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has an old {', '.join(old)}"] * bool(old)
        return f"This notebook runs on {sys.executable}, which {' and '.join(found)}. {_remedy()}"
    backend = sys.modules["keras"].config.backend() if "keras" in sys.modules else "tensorflow"
    if backend != "tensorflow":
        return (f"Keras was imported before this cell and runs on {backend}; the lessons need TensorFlow. Restart the kernel and "
                "run this cell first.")
    return None


@functools.cache
def _tell_newer():
    """Print a line for each thing that is newer than tested; a second call prints nothing."""
    newer = [platforms.newer_python()]
    for module in ("tensorflow", "keras"):
        version, known = installed(module), _needed(module, newest_tested())
        if version and known and _release(version) > known[:2]:
            newer.append(f"{module} {version} is newer than {'.'.join(map(str, known))}, the newest that the course was tested "
                         "with. If a lesson fails, try that one.")
    for sentence in filter(None, newer):
        print(sentence)


def check():
    """Raise if something that the course needs is missing or too old. Print a line if something is newer than tested.

    Imports nothing but the standard library, so it can explain why an import would fail.

    Raises
    ------
    RuntimeError
        One sentence: what is missing or too old, and how to get it here, or where else to run the course.
    """
    problem = _problem()
    if problem:
        raise RuntimeError(problem)
    _tell_newer()


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
    check()
    import tensorflow as tf

    accelerators = tf.config.list_physical_devices("GPU")
    rows = [("Python", platform.python_version())]
    rows += [(name, installed(name)) for name in ("tensorflow", "keras", "numpy", "matplotlib")]
    rows.append(("processor cores", str(os.cpu_count())))
    rows.append(("GPU", f"{len(accelerators)} found" if accelerators else
                 "none: all times in this course are for two processor cores, so nothing is missing"))
    rows.append(("PyTorch", "found" if importlib.util.find_spec("torch") else
                 "not installed: lesson 05 uses what was recorded from it (optional)"))
    return rows


def in_notebook() -> bool:
    """Tell whether a Jupyter kernel runs this code."""
    return getattr(get_ipython(), "kernel", None) is not None


def live():
    """Say whether a reader is at work here: in a notebook's kernel with ipywidgets, unless `COURSE_PANELS` is "static".

    Then panels have sliders, and figures come as HTML too. Lessons are stored and tested with "static": what a page without a
    kernel shows is then what is tested. Raises ValueError when it is neither "live" nor "static".
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
