"""List what was handed in, in folders and archives. Nothing is written, no link is followed, and an archive has limits."""

from __future__ import annotations

import dataclasses
import functools
import io
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.grading.errors import SubmissionError
from helpers.grading.reading import LARGEST_FILE, printable

NESTED = 2
"""Archives that may lie one in the other."""
MOST_FILES = 20_000
LARGEST_ARCHIVE = 100 * 2**20
"""Bytes that are read of one archive besides `MOST_TIMES` its own size, those of archives inside among them."""
MOST_TIMES = 50
NOT_WORK = frozenset(["helpers", "tests", "data", "img"])
"""Folders of a clone of the course in which nobody's work lies; the keys are there."""
_SKIPPED = frozenset(["__MACOSX", "site-packages", "node_modules", "Thumbs.db", "desktop.ini"])
_DEEPEST_CLONE = 5


@dataclasses.dataclass(slots=True)
class File:
    """One file, or one folder.

    Parameters
    ----------
    parts : tuple of str
        Its path below the class's folder, fit to print; an archive counts as a folder.
    time : int
        When it was changed, in seconds.
    read : callable or None
        Returns its first bytes, one more than a notebook may have; to be called before the next file. None for a folder.
    problem : str
        Why it cannot be read, or nothing.
    clone : int or None
        How many parts lead to the clone of the course in which it lies.
    """

    parts: tuple[str, ...]
    time: int = 0
    read: Callable[[], bytes] | None = None
    problem: str = ""
    clone: int | None = None


def _skipped(name):
    hidden = name.startswith(".") and not (name.lower().endswith(".ipynb") and name[1:2] not in ("_", "~"))
    return hidden or name in _SKIPPED


def _first_bytes(path):
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise SubmissionError(f"the file cannot be read ({error.strerror})") from error


def _is_clone(path):
    return (path / "helpers" / "grading").is_dir() or (
        (path / "helpers").is_dir() and (path / "notebooks" / "00_start_here.ipynb").is_file())


def files(folder: Path) -> Iterator[File]:
    """Yield what lies in a folder, archives opened.

    Parameters
    ----------
    folder : Path
        The class's.
    """
    unreadable: list[OSError] = []
    clones: dict[str, int | None] = {}
    for place, folders, names in os.walk(folder, onerror=unreadable.append):
        here = Path(place)
        parts = tuple(map(printable, here.relative_to(folder).parts))
        clone = clones.get(str(here.parent))
        if clone is None and len(parts) <= _DEEPEST_CLONE and _is_clone(here):
            clone = len(parts)
            folders[:] = set(folders) - NOT_WORK
        clones[place] = clone
        names += [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not _skipped(name) and name not in names)
        yield File(parts, clone=clone)
        for name in sorted(names):
            path, where = here / name, (*parts, printable(name))
            if _skipped(name) or (clone is not None and not name.lower().endswith(".ipynb")):
                continue
            if path.is_symlink() or not path.is_file():
                yield File(where, problem="it is a link or a device, not a file; links are not followed", clone=clone)
                continue
            facts = path.stat()
            if name.lower().endswith(".zip"):
                opening = functools.partial(open, path, "rb")
                yield from _opened(opening, where, [LARGEST_ARCHIVE + MOST_TIMES * facts.st_size], NESTED)
            else:
                yield File(where, int(facts.st_mtime), functools.partial(_first_bytes, path), clone=clone)
    for error in unreadable:
        parts = tuple(map(printable, Path(error.filename).relative_to(folder).parts))
        yield File(parts, problem=f"the folder cannot be read ({error.strerror}): copy it to where you can read it")


def _opened(opening, where, left, deep):
    """Yield what lies in an archive, `deep` archives further in at most; `left` holds the bytes that may still be unpacked."""
    try:
        if deep < 1:
            raise SubmissionError(f"it lies more than {NESTED} archives deep")
        with opening() as file, zipfile.ZipFile(_with_few_entries(file)) as archive:
            names = [_name(info) for info in archive.infolist()]
            roots = _clones(names)
            yield File(where)
            for info, name in zip(archive.infolist(), names):
                parts = tuple(part for part in name.split("/") if part not in ("", "."))
                if info.is_dir() or not parts:
                    continue
                inside = (*where, *map(printable, parts))
                root = next((root for root in roots if parts[:len(root)] == root), None)
                no_work = root is not None and (parts[len(root)] in NOT_WORK or not name.lower().endswith(".ipynb"))
                clone = None if root is None else len(where) + len(root)
                if ".." in parts or name.startswith("/") or ":" in name.split("/")[0]:
                    yield File(inside, problem="its name leads out of the archive")
                elif no_work or any(map(_skipped, parts)):
                    continue
                elif stat.S_ISLNK(info.external_attr >> 16):
                    yield File(inside, problem="it is a link, not a file; links are not followed")
                elif name.lower().endswith(".zip"):
                    packed = functools.partial(_unpacked, archive, info, left, LARGEST_ARCHIVE)
                    yield from _opened(lambda packed=packed: io.BytesIO(packed()), inside, left, deep - 1)
                else:
                    yield File(inside, _time(info), functools.partial(_unpacked, archive, info, left, LARGEST_FILE), clone=clone)
    except Exception as error:  # a broken archive makes `zipfile` raise nearly anything
        yield File(where, problem=f"it cannot be opened as a zip archive: {error}")


def _with_few_entries(file):
    """Return an archive after its entries were counted: `ZipFile` takes ten times their size in memory before one can ask it."""
    count, end = 0, b""
    while block := file.read(2**20):
        block = end + block
        count, end = count + block.count(b"PK\x01\x02"), block[-3:]
    if count > MOST_FILES:
        raise SubmissionError(f"it has more than {MOST_FILES:,} entries")
    return file


def _unpacked(archive, info, left, most):
    """Return one entry's bytes, at most one more than `most`."""
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SubmissionError("it is packed in an unusual way: pack it with your system's own program")
    try:
        with archive.open(info) as file:
            data = file.read(min(most, left[0]) + 1)
    except RuntimeError:
        raise SubmissionError("it is locked with a password") from None
    except Exception as error:
        raise SubmissionError(f"it cannot be unpacked: {error}") from None
    left[0] -= len(data)
    if left[0] < 0:
        raise SubmissionError("the archive unpacks to far more than its size, and was not read further")
    return data


def _name(info):
    """Return an entry's name; archives that do not say their encoding mostly use UTF-8 all the same."""
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def _clones(names):
    """Return the parts that lead to each clone of the course in an archive."""
    every = [tuple(name.split("/")) for name in names]
    course = {parts[:spot] for parts in every for spot in range(len(parts) - 1) if parts[spot] == "helpers"}
    marks = (("helpers", "grading"), ("notebooks", "00_start_here.ipynb"))
    return {parts[:spot] for parts in every for spot in range(min(len(parts) - 1, _DEEPEST_CLONE))
            if parts[spot:spot + 2] in marks and parts[:spot] in course}


def _time(info):
    try:
        return int(time.mktime((*info.date_time, 0, 0, -1)))
    except (ValueError, OverflowError):
        return 0
