"""Where data may be on this machine, and what the two environment variables say."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from pathlib import Path

import pooch

from helpers.data.errors import DownloadError, SettingsError
from helpers.project import ROOT

__all__ = ["Place", "cache_folder", "folders", "resolve_source", "say_left_out", "say_once", "shown"]

DATA_FOLDER = ROOT / "data"
PROJECT_CACHE = DATA_FOLDER / "cache"
USER_CACHE = Path(pooch.os_cache("convnet-course"))

_CHOICES = ("auto", "real", "sample")
_said = set()


@dataclasses.dataclass(frozen=True)
class Place:
    """A folder that may hold data, and words for it that do not show a reader's own paths."""

    words: str
    path: Path


def say_once(text: str, about: str | None = None) -> None:
    """Print a line, unless this process has already printed it, or another one about the same thing.

    It goes to standard output: a line that explains a result belongs among the results, and in a notebook standard
    error would look like a failure.
    """
    about = about or text
    if about not in _said:
        _said.add(about)
        print(text)


def say_left_out(title: str, names: list[str]) -> None:
    """Print once which files of an archive were empty or no pictures, if any."""
    if names:
        some = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        say_once(f"{title}: left out {len(names)} files of the archive that are empty or not pictures ({some}).")


def shown(path: str | os.PathLike) -> str:
    """Return a path as text, short where it can be: the home folder as ``~``, the course's folder left out."""
    path = Path(path)
    if path.is_relative_to(ROOT):
        return str(path.relative_to(ROOT))
    home = Path(os.path.expanduser("~"))
    if path.is_relative_to(home) and home != Path(home.anchor):
        return str(Path("~") / path.relative_to(home))
    return str(path)


def resolve_source(source: str = "auto") -> str:
    """Return "auto", "real" or "sample": what the call asks for, or what COURSE_DATA puts in place of "auto".

    Raises SettingsError when the argument, or COURSE_DATA where it counts, is something else.
    """
    if source not in _CHOICES:
        raise SettingsError(f"source must be 'auto', 'real' or 'sample', not {source!r}")
    if source != "auto":
        return source
    value = os.environ.get("COURSE_DATA", "").strip().lower() or "auto"
    if value not in _CHOICES:
        raise SettingsError(f"the environment variable COURSE_DATA is {os.environ['COURSE_DATA']!r}; "
                            "set it to auto, real or sample, or unset it")
    return value


def _given_folder():
    """Return the folder that COURSE_DATA_DIR names, or None."""
    value = os.environ.get("COURSE_DATA_DIR", "").strip()
    if not value:
        return None
    given = Path(value).expanduser()
    # A notebook runs in notebooks/, a test in the course's folder: a relative path must mean the same in both.
    tried = [given] if given.is_absolute() else [ROOT / given, Path.cwd() / given]
    for path in tried:
        if path.is_dir():
            return path.resolve()
    kind = "is a file, not a folder" if any(path.exists() for path in tried) else "does not exist"
    hint = "" if given.is_absolute() else " (a relative path starts at the course's folder, then at the working folder)"
    raise SettingsError(f"the environment variable COURSE_DATA_DIR is {value!r}, which {kind}{hint}; "
                        "create the folder, correct the variable, or unset it")


def keras_folder() -> Path:
    """Return the folder in which keras.datasets keeps its downloads, by Keras's own rule."""
    home = os.environ.get("KERAS_HOME")
    if not home:
        base = os.path.expanduser("~")
        home = os.path.join(base if os.access(base, os.W_OK) else tempfile.gettempdir(), ".keras")
    return Path(home) / "datasets"


def folders(with_data_folder: bool = False) -> list[Place]:
    """Return the folders that may hold data: COURSE_DATA_DIR, ``data/`` if asked for, the caches of course, user and Keras.

    A reader may drop files into ``data/`` itself that no address gives. Raises SettingsError when COURSE_DATA_DIR is no folder.
    """
    places = []
    given = _given_folder()
    if given is not None:
        places.append(Place("local copy in COURSE_DATA_DIR", given))
    if with_data_folder:
        places.append(Place("the course's data folder", DATA_FOLDER))
    places.append(Place("the course's cache", PROJECT_CACHE))
    places.append(Place("the user's cache", USER_CACHE))
    places.append(Place("Keras's cache", keras_folder()))
    return places


def _is_writable(folder):
    """Make the folder and try it out: permission bits do not tell on every file system."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_folder() -> Path:
    """Return the folder to which downloads are written, or raise DownloadError.

    It is ``data/cache`` of the course. Where the course's folder cannot be written to (a shared installation), it is
    the user's own cache folder.
    """
    candidates = [USER_CACHE]
    if (ROOT / "pyproject.toml").exists():  # without it the package was installed apart from the course's folder
        candidates.insert(0, PROJECT_CACHE)
    for folder in candidates:
        if _is_writable(folder):
            return folder
    raise DownloadError("no folder can store a download: cannot write to " +
                        " or ".join(shown(folder) for folder in candidates))
