"""List what was handed in, in folders and archives. Nothing is written, no link is followed, and an archive has limits."""

import contextlib
import dataclasses
import functools
import io
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from helpers.grading.reading import LARGEST_FILE, printable
from helpers.grading.records import SubmissionError

NESTED = 2  # archives that may lie one in the other
MOST_FILES = 20_000  # in one archive, those of archives inside among them
LARGEST_ARCHIVE = 100 * 2**20
"""Bytes that are read of one archive besides `MOST_TIMES` its own size, those of archives inside among them."""
MOST_TIMES = 50
NOT_WORK = frozenset(["helpers", "tests", "data", "img"])  # folders of a clone in which nobody's work lies; the keys are there
_SKIPPED = frozenset(["__MACOSX", "site-packages", "node_modules", "Thumbs.db", "desktop.ini"])
_DEEPEST_CLONE = 5
_LINK = "it is a link or a device, not a file; links are not followed"


@dataclasses.dataclass(slots=True)
class File:
    """One file or folder: its path below the class's folder, fit to print; an archive counts as a folder."""

    parts: tuple[str, ...]
    problem: str = ""
    time: int = 0
    size: int = 0
    open: Callable[[], IO[bytes]] | None = None  # to be called before the next file; None for a folder
    clone: int | None = None  # how many parts lead to the clone of the course in which it lies
    place: tuple[str, ...] = ()  # its path below what holds the class
    lesson: str | None = None
    data: bytes = b""  # see `records.Submission`
    matches: bytes = b""  # packed, because a class may bring thousands of attempts that do not count
    worked: bool = False  # whether anything in it is worth grading
    note: str = ""
    kind: str = "other"  # or "folder" or "notebook"

    @property
    def path(self) -> str:
        """Its path in one piece."""
        return "/".join(self.parts)


def files(folder: Path) -> Iterator[File]:
    """Yield what lies in a class's folder, archives opened."""
    return _sifted(list(_on_disk(folder)))


def _sifted(found, above=0, left=None, deep=NESTED):
    """Yield what may be work among what lies in one folder or archive, which is `above` parts deep."""
    insides = [one.parts[above:] for one in found]
    folders = [inside if one.kind == "folder" else inside[:-1] for one, inside in zip(found, insides)]
    clones = set.intersection(*({inside[:spot] for inside in folders for spot, part in enumerate(inside[:_DEEPEST_CLONE + 1])
                                 if part == name} for name in ("helpers", "notebooks")))
    for one, inside in zip(found, insides):
        root = next((number for number in range(_DEEPEST_CLONE + 1) if inside[:number] in clones), None)
        one.clone = None if root is None else above + root
        ending = one.parts[-1][-6:].lower() if one.parts else ""
        if any(map(_skipped, inside)) or (root is not None and (
                not NOT_WORK.isdisjoint(inside[root:root + 1]) or (ending != ".ipynb" and one.kind != "folder"))):
            continue
        if one.open and not one.problem and ending.endswith(".zip"):
            yield from _opened(one, left or [LARGEST_ARCHIVE + MOST_TIMES * one.size, MOST_FILES], deep)
        else:
            yield one
            one.open = None  # it holds an archive open


def _skipped(name):
    hidden = name.startswith(".") and not (name.lower().endswith(".ipynb") and name[1:2] not in ("_", "~"))
    return (hidden and name != "..") or name in _SKIPPED


def _on_disk(folder):
    def parts(path):
        return tuple(map(printable, Path(path).relative_to(folder).parts))

    unreadable: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unreadable.append):
        names += [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(name for name in folders if not _skipped(name))
        yield File(parts(place), kind="folder")
        for path in (Path(place, name) for name in sorted(names)):
            try:
                facts = path.lstat()
            except OSError as error:  # its path is too long, or it is gone by now
                unreadable.append(error)
                continue
            yield File(parts(path), "" if stat.S_ISREG(facts.st_mode) else _LINK, int(facts.st_mtime), facts.st_size,
                       functools.partial(path.open, "rb"))  # type: ignore[arg-type]  # mypy knows one overload
    for one in unreadable:
        yield File(parts(one.filename), f"it cannot be read ({one.strerror}): copy it to where you can read it")


def _opened(one, left, deep):
    """Yield what lies in an archive, `deep` archives further in at most; `left` has the bytes and entries that may still come."""
    try:
        if deep < 1:
            raise SubmissionError(f"it lies more than {NESTED} archives deep")
        if one.size > 20 * LARGEST_ARCHIVE:
            raise SubmissionError(f"it has more than {20 * LARGEST_ARCHIVE // 2**20:,} MB")
        with one.open() as file:
            # `ZipFile` takes ten times the size of all entries in memory before one can ask it how many there are.
            left[1] -= sum(block.count(b"PK\x01\x02") for block in iter(lambda: file.read(2**20), b""))
            if left[1] < 0:
                raise SubmissionError(f"it has more than {MOST_FILES:,} entries, with those of other archives around and in it")
            with zipfile.ZipFile(file) as archive:
                # The small ones first, so that what is too large leaves room for them.
                infos = sorted(archive.infolist(), key=lambda info: info.file_size)
                entries = [_entry(archive, info, one.parts, left) for info in infos if not info.is_dir()]
                yield File(one.parts, kind="folder")
                yield from _sifted([each for each in entries if each.parts != one.parts], len(one.parts), left, deep - 1)
    except Exception as error:  # a broken archive makes `zipfile` raise nearly anything
        yield File(one.parts, f"it cannot be opened as a zip archive: {error}")


def _entry(archive, info, where, left):
    name = info.filename
    with contextlib.suppress(UnicodeError):
        # Archives that do not say their encoding mostly use UTF-8 all the same.
        name = name if info.flag_bits & 0x800 else name.encode("cp437").decode("utf-8")
    name = name.replace("\\", "/")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    # No entry gives more bytes than it says.
    size = min(info.file_size, 1 + (LARGEST_ARCHIVE if name.lower().endswith(".zip") else LARGEST_FILE))
    problem = _LINK if stat.S_ISLNK(info.external_attr >> 16) else ""
    if ".." in parts or name.startswith("/") or name[1:2] == ":":
        problem = "its name leads out of the archive"
    elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = "it is packed in an unusual way: pack it with your system's own program"
    elif size > left[0]:
        problem = "the archive unpacks to far more than its size, and was not read further"
    left[0] -= 0 if problem else size
    changed = int(time.mktime((*info.date_time, 0, 0, -1)))
    return File((*where, *map(printable, parts)), problem, changed, 0, lambda: io.BytesIO(archive.open(info).read(size)))
