"""Keep finished results, each in a file of its own, so that a run that was killed goes on where it stopped."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import os
import tempfile
from pathlib import Path

from helpers.project import ROOT

FORMAT = 2
"""Changes when results mean something else, so that older ones are not taken for new."""
# It can only be read by setting it, and that not safely once there are threads.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


def _versions():
    versions = {}
    for name in ("nbval", "numpy", "tensorflow", "keras"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = ""
    return versions


@functools.cache
def _course():
    """Return what changes with any of the course's own modules, which keys and checks use."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "helpers").rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def work_name(data, key, options):
    """Return the name of a result: it changes when the file, the key, the options, the course or its packages change.

    Parameters
    ----------
    data : bytes
        The student's file.
    key : Key
        The lesson's key.
    options : Options
        How it is graded.
    """
    parts = [FORMAT, hashlib.sha256(data).hexdigest(), key.digest, sorted(vars(options).items()), sorted(_versions().items()),
             _course()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def write_whole(path: Path, data: str | bytes, private: bool = True) -> None:
    """Write a file whole or not at all, also when the machine stops in between.

    Parameters
    ----------
    path : Path
        Where; its folder is made.
    data : str or bytes
        What.
    private : bool
        Whether nobody else on this machine may read it, as befits grades. Otherwise the umask decides.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = data.encode("utf-8", errors="replace") if isinstance(data, str) else data
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o600 if private else 0o666 & ~_UMASK)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Store:
    """The finished results in a folder.

    Parameters
    ----------
    folder : path-like
        Made when the first result is kept.
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        # What a killed run was writing.
        for part in self._folder.glob(".*.part"):
            part.unlink()

    def get(self, name):
        """Return a result, or None if there is none that can be read."""
        try:
            return json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def put(self, name, result):
        """Keep a result."""
        write_whole(self._folder / f"{name}.json", json.dumps(result, indent=1, sort_keys=True) + "\n")
