"""Where the course stands on this machine, and the settings that it keeps in pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["ROOT", "course_settings", "read_toml"]

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds README.md, notebooks/ and helpers/."""


def read_toml(path):
    """Read a TOML file.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    dict
        Its contents.

    Raises
    ------
    ValueError
        When the file is not TOML; the message names it and the line.
    FileNotFoundError
        When it is missing.
    """
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
    """Return the course's own settings: ``repository`` ("OWNER/REPO") and ``branch``.

    Raises
    ------
    ValueError
        When pyproject.toml lacks them.
    """
    settings = read_toml(ROOT / "pyproject.toml").get("tool", {}).get("course", {})
    for key in ("repository", "branch"):
        if not settings.get(key):
            raise ValueError(f"pyproject.toml: [tool.course] needs the key {key!r}")
    return settings
