"""A folder in which each run replaces what an earlier run wrote, and nothing else."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from helpers.grading.errors import GradingError
from helpers.grading.store import write_whole


class OwnFiles:
    """The files of one kind in a folder; a list beside them says which these are.

    Parameters
    ----------
    folder : path-like
        Made when something is written.
    listing : str
        The name of the list in it.
    private : bool
        Whether others on this machine may not read the files.
    """

    def __init__(self, folder, listing, private=True):
        self.folder, self.listing, self.private = Path(folder), Path(folder) / listing, private
        self._earlier, self._now = set(), set()
        with contextlib.suppress(OSError):
            self._earlier = set(self.listing.read_text(encoding="utf-8").splitlines())

    def refuse_others(self, kind):
        """Refuse a folder that holds anything else; git's own folder may be there.

        Raises
        ------
        GradingError
            With the name of a file that would be in danger.
        """
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
        write_whole(self.folder / name, data, self.private)
        self._now.add(name)

    def finish(self):
        """Remove what an earlier run wrote and this one did not, and the folders that this leaves empty."""
        for name in self._earlier - self._now:
            path = self.folder / name
            if path.parent.resolve().is_relative_to(self.folder.resolve()):
                path.unlink(missing_ok=True)
                with contextlib.suppress(OSError):
                    os.removedirs(path.parent)
        write_whole(self.listing, "".join(f"{name}\n" for name in sorted(self._now)), self.private)
