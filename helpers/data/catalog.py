"""What each data set is and where it can be found, described once for the loaders and ``python -m helpers.data``.

To add a data set, write one module in this folder, list it in :data:`MODULES`, and give it

1. ``INFO``, a :class:`DatasetInfo`. Its *layouts* are the sets of files in which the data may lie on a disk, best first. A
   layout's ``read(paths)`` verifies the files and returns their content; it raises
   :class:`~helpers.data.errors.VerificationError` for anything else. So no file is trusted unchecked, and none is read twice.
2. ``load_NAME(source="auto")``, a call of :func:`helpers.data.finding.load` with two functions: one makes the ``Dataset``
   from what ``read`` returned, the other makes the offline sample.

A set that is published as an archive has at least two layouts. The first is what the lessons read (an HDF5 file or two, through
``storage.read_hdf5``). The other is the archive, with ``archive=True``, its address and its checksum; ``read`` may then return
nothing. ``DatasetInfo.convert(paths, folder)`` reads the archive once and writes the files of the first layout into ``folder``;
they are verified by the first layout's ``read`` before they are moved into the cache. ``signs.py`` is an example.

The search goes through all folders for layouts that are not archives, then for archives, then to the network. All files of a
layout must be in the same folder. Without a ``checksum`` the layout's ``read`` alone decides, which is right where the
container may vary and its content may not.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from helpers.data.errors import FileAccessError, SettingsError
from helpers.data.storage import check_checksum

__all__ = ["MODULES", "DataFile", "DatasetInfo", "FileLayout", "all_datasets", "named"]

MODULES = ("mnist", "signs", "traffic")
"""The modules of this folder that hold an ``INFO``, in the order of the lessons."""


@dataclasses.dataclass(frozen=True)
class DataFile:
    """One file of a data set."""

    name: str  # in the cache
    url: str | None = None  # none for a file that the course makes itself
    checksum: str | None = None  # "sha256:..." or "md5:..." of the whole file
    size: int | None = None  # bytes, as published
    aliases: tuple[str, ...] = ()  # other names under which people keep the same file


@dataclasses.dataclass(frozen=True)
class FileLayout:
    """Files that together hold a whole data set, all in one folder, and how to read them."""

    files: tuple[DataFile, ...]
    read: Callable[[dict[str, Path]], object]  # takes the paths by DataFile.name; verifies what a checksum does not
    archive: bool = False  # whether it must be converted before use

    def verified(self, paths: dict[str, Path]) -> object:
        """Compare the checksums of the files that have one, then return what ``read`` makes of them.

        Raises VerificationError when a file is not what it should be, FileAccessError when it may be and cannot be opened here.
        """
        try:
            for file in self.files:
                if file.checksum:
                    check_checksum(paths[file.name], file.checksum)
            return self.read(paths)
        except OSError as error:
            name = Path(error.filename).name if isinstance(error.filename, (str, os.PathLike)) else next(iter(paths))
            raise FileAccessError(f"{name} cannot be opened ({error.strerror or error})") from error


@dataclasses.dataclass(frozen=True)
class DatasetInfo:
    """A data set: what it is, its terms, and where to get it."""

    name: str  # on the command line
    title: str  # in a sentence
    layouts: tuple[FileLayout, ...]  # how its files may lie on a disk; the first is what the lessons read
    license: str
    citation: str
    sample: str  # what replaces it offline
    convert: Callable[[dict[str, Path], Path], None] | None = None  # writes the first layout's files into a folder
    in_data_folder: bool = False  # whether data/ itself is searched too

    @property
    def download_layout(self) -> FileLayout | None:
        """The first layout that can be downloaded, or None."""
        return next((layout for layout in self.layouts if all(file.url for file in layout.files)), None)


def all_datasets() -> dict[str, DatasetInfo]:
    """Return every data set of the course by its name."""
    infos = [importlib.import_module(f"helpers.data.{module}").INFO for module in MODULES]
    return {info.name: info for info in infos}


def named(names: Iterable[str]) -> list[DatasetInfo]:
    """Return the data sets of these names, each once, or all if there are none; raise SettingsError for an unknown one."""
    known = all_datasets()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"there is no data set called {', '.join(unknown)}; the course has {', '.join(known)}")
    return [known[name] for name in (dict.fromkeys(names) or known)]
