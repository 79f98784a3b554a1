"""Folders that a command writes again and again: what an earlier run wrote and this one did not is removed, nothing else."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from helpers.grading.records import GradingError
from helpers.whole_files import write_whole


class OwnFiles:
    """A folder in which a run replaces what an earlier one wrote, and nothing else; a list in it says which files these are.

    Parameters
    ----------
    folder : path-like
        Made when the first file is written.
    listing : str
        The name of the list.
    private : bool
        Whether nobody else on this machine may read the files, as befits grades. Otherwise the umask decides.
    """

    def __init__(self, folder, listing, private=True):
        self.folder, self.listing, self.private, self._now = Path(folder), Path(folder) / listing, private, set()
        self._earlier = set(self.listing.read_text(encoding="utf-8").splitlines()) if self.listing.is_file() else set()

    def refuse_others(self, kind):
        """Raise a GradingError if the folder holds anything else, and name it; git's own folder may be there."""
        if self.folder.exists() and not self.folder.is_dir():
            raise GradingError(f"{self.folder} is a file: name a new or empty folder")
        known = {*self._earlier, self.listing.name}
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if not path.is_dir() and name not in known and not name.startswith(".git/"):
                raise GradingError(f"{self.folder} holds {name!r}, which is no part of {kind}: name a new or empty folder")

    def write(self, name, data):
        """Write one file under a name relative to the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Listed first: if the run is killed, the next one still knows the file as its own.
        with open(self.listing, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as listing:
            listing.write(f"{name}\n")
        # Letters that UTF-8 does not have become "?": no odd name may cost a grade.
        write_whole(self.folder / name, data.encode("utf-8", "replace") if isinstance(data, str) else data, self.private)
        self._now.add(name)

    def finish(self):
        """Remove what an earlier run wrote and this one did not, and the folders that this leaves empty."""
        for path in (self.folder / name for name in self._earlier - self._now):
            if path.parent.resolve().is_relative_to(self.folder.resolve()):
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    os.removedirs(path.parent)
        write_whole(self.listing, "".join(f"{name}\n" for name in sorted(self._now)), self.private)
