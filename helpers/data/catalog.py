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
    """One file of a data set.

    Parameters
    ----------
    name : str
        What it is called in the cache.
    url : str, optional
        Its address; none for a file that the course makes itself.
    checksum : str, optional
        ``"sha256:..."`` or ``"md5:..."`` of the whole file.
    size : int, optional
        Bytes, as published.
    aliases : tuple of str
        Other names under which people keep the same file.
    """

    name: str
    url: str | None = None
    checksum: str | None = None
    size: int | None = None
    aliases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class FileLayout:
    """Files that together hold a whole data set, and how to read them.

    Parameters
    ----------
    files : tuple of DataFile
        The files, all in one folder.
    read : callable
        Takes a dict from ``DataFile.name`` to the path found; verifies what a checksum does not; returns the content.
    archive : bool
        Whether it must be converted before use.
    """

    files: tuple[DataFile, ...]
    read: Callable[[dict[str, Path]], object]
    archive: bool = False

    @property
    def downloadable(self) -> bool:
        """Whether every file has an address."""
        return all(file.url for file in self.files)

    def verified(self, paths: dict[str, Path]) -> object:
        """Compare the checksums of the files that have one, then read and return the content.

        Parameters
        ----------
        paths : dict of str to Path
            The files, by ``DataFile.name``.

        Returns
        -------
        object
            What ``read`` returns.

        Raises
        ------
        VerificationError
            When a file is not what it should be; a FileAccessError when it may be, and cannot be opened here.
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
    """A data set: what it is, its terms, and where to get it.

    Parameters
    ----------
    name : str
        Its name on the command line.
    title : str
        Its name in a sentence.
    layouts : tuple of FileLayout
        How its files may lie on a disk; the first is what the lessons read.
    license, citation, homepage, sample : str
        The terms, whom to cite, where it is described, and what replaces it offline.
    convert : callable, optional
        Takes the paths of an archive and a folder; writes the files of the first layout there.
    in_data_folder : bool
        Whether ``data/`` itself is searched too.

    Raises
    ------
    ValueError
        When the first layout is an archive, or nothing converts an archive.
    """

    name: str
    title: str
    layouts: tuple[FileLayout, ...]
    license: str
    citation: str
    homepage: str
    sample: str
    convert: Callable[[dict[str, Path], Path], None] | None = None
    in_data_folder: bool = False

    def __post_init__(self):
        if not self.layouts or self.layouts[0].archive:
            raise ValueError(f"{self.name}: the first layout must be one that needs no conversion")
        if self.convert is None and any(layout.archive for layout in self.layouts):
            raise ValueError(f"{self.name}: an archive needs a convert function")

    @property
    def download_layout(self) -> FileLayout | None:
        """The first layout that can be downloaded, or None."""
        return next((layout for layout in self.layouts if layout.downloadable), None)


def all_datasets() -> dict[str, DatasetInfo]:
    """Return every data set of the course by its name."""
    infos = [importlib.import_module(f"helpers.data.{module}").INFO for module in MODULES]
    return {info.name: info for info in infos}


def named(names: Iterable[str]) -> list[DatasetInfo]:
    """Return the data sets of these names, or all of them if there are none.

    Parameters
    ----------
    names : iterable of str
        Names as on the command line.

    Returns
    -------
    list of DatasetInfo
        Each once, in the order given.

    Raises
    ------
    SettingsError
        When a name is unknown; the message lists the known ones.
    """
    known = all_datasets()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"there is no data set called {', '.join(unknown)}; the course has {', '.join(known)}")
    return [known[name] for name in (dict.fromkeys(names) or known)]
