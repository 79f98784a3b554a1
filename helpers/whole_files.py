"""Files that appear whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["install", "staging", "whole_file", "write_whole"]

_ABANDONED_AFTER = 3600  # seconds; a download that is alive writes at least every read time-out


def _remove_abandoned(folder):
    """Remove what killed processes have left behind."""
    for path in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            newest = max(item.stat().st_mtime for item in (path, *path.iterdir()))
            if time.time() - newest > _ABANDONED_AFTER:
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def staging(folder: Path, name: str) -> Iterator[Path]:
    """Provide a new folder inside the files' final ``folder`` for files that are not finished; it is removed at the end.

    Each process gets its own, so two that fetch the same data set at once do not collide. What a killed process leaves behind
    has a name that no loader looks for, and is removed an hour later.
    """
    _remove_abandoned(folder)
    inside = Path(tempfile.mkdtemp(prefix=f".{name}-", suffix=".part", dir=folder))
    try:
        yield inside
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def install(path: Path, folder: Path) -> Path | None:
    """Move a finished, verified file from :func:`staging` into its folder. A file of that name gets another, which is returned.

    If that file holds the same bytes, because another process was faster, it stays and nothing is moved.
    """
    target = folder / path.name
    moved = None
    if target.exists():
        if filecmp.cmp(path, target, shallow=False):
            return None
        number = 1
        while moved is None or moved.exists():
            moved = folder / f"{path.name}.damaged{'' if number == 1 else f'-{number}'}"
            number += 1
        os.replace(target, moved)
    os.replace(path, target)
    return moved


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[Path]:
    """Provide a path to write to; what was written there replaces ``path`` at the end, or not at all after an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with staging(path.parent, path.name) as folder:
        yield folder / path.name
        os.replace(folder / path.name, path)


def write_whole(path: str | os.PathLike, data: str | bytes, private: bool = False) -> None:
    """Write text (as UTF-8) or bytes, whole or not at all, even if the machine stops in between.

    Where it is private, nobody else on this machine may read it; otherwise the umask decides.
    """
    with whole_file(path) as part:
        with open(part, "wb") as file:  # closed before it is renamed, which Windows demands
            file.write(data.encode("utf-8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        if private:
            part.chmod(0o600)
