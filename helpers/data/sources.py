"""What each data set is and where it comes from, in a form that the loaders and ``python -m helpers.data`` share.

To add a data set, write one module in this folder, named in :data:`MODULES` below, with

1. ``SOURCE``, a :class:`Source`. Its *forms* are the shapes in which the set may lie on a disk, best first. A form
   is a few files that belong together and a function ``read(paths)`` that verifies them and returns their content; it
   raises :class:`~helpers.data.errors.VerificationError` for anything else. So no file is trusted unchecked, and none
   is read twice.
2. ``load_NAME(source="auto")``, which is a call of :func:`helpers.data.finding.load` with two functions: one makes the
   ``Dataset`` from what ``read`` returned, the other makes the offline sample.

A set that is published as an archive has at least two forms. The first is what the lessons read (an HDF5 file or two,
through ``storage.read_hdf5``). The other is the archive, with ``archive=True``, its address and its checksum;
``read`` may then return nothing. ``Source.convert(paths, folder)`` reads the archive once and writes the files of the
first form into ``folder`` (``storage.write_hdf5``); what it wrote is verified by the first form's ``read`` and only
then moved into the cache. So::

    SOURCE = Source(
        name="signs", title="Sign Language Digits",
        forms=(Form(files=(DataFile("train_signs.h5"), DataFile("test_signs.h5")), read=_read_hdf5_pair),
               Form(files=(DataFile("signs.zip", urls=("https://...",), checksum="sha256:...", size=17_000_000),),
                    read=_check_zip, archive=True)),
        convert=_convert, in_data_folder=True, license="...", citation="...", homepage="https://...",
        sample="hands drawn by the course's own code")

The search goes through all folders for the forms that are not archives, then for the archives, then to the network. All
files of a form must lie in the same folder. Without a ``checksum`` the form's ``read`` alone decides, which is right
where the container may vary and its content may not.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from collections.abc import Callable

from helpers.data.errors import SettingsError, VerificationError
from helpers.data.storage import check_checksum

__all__ = ["MODULES", "DataFile", "Form", "Source", "all_sources", "named"]

MODULES = ("mnist", "signs", "traffic")
"""The modules of this folder that hold a ``SOURCE``, in the order of the lessons."""


@dataclasses.dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    Parameters
    ----------
    name : str
        What it is called in the cache.
    urls : tuple of str
        Addresses that give it, first choice first; none for a file that the course makes itself.
    checksum : str, optional
        ``"sha256:..."`` or ``"md5:..."`` of the whole file.
    size : int, optional
        Bytes, as published.
    aliases : tuple of str
        Other names under which people keep the same file.
    """

    name: str
    urls: tuple[str, ...] = ()
    checksum: str | None = None
    size: int | None = None
    aliases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Form:
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
    read: Callable[[dict], object]
    archive: bool = False

    @property
    def downloadable(self):
        """Whether every file has an address."""
        return all(file.urls for file in self.files)

    def verified(self, paths):
        """Compare the checksums of the files that have one, then read and return the content.

        Parameters
        ----------
        paths : dict of str to Path
            The files, by ``DataFile.name``.

        Raises
        ------
        VerificationError
            When a file is not what it should be, or cannot be opened.
        """
        try:
            for file in self.files:
                if file.checksum:
                    check_checksum(paths[file.name], file.checksum)
            return self.read(paths)
        except OSError as error:
            raise VerificationError(f"it cannot be opened ({error.strerror or error})") from error


@dataclasses.dataclass(frozen=True)
class Source:
    """A data set and where to get it.

    Parameters
    ----------
    name : str
        Its name on the command line.
    title : str
        Its name in a sentence.
    forms : tuple of Form
        How it may lie on a disk; the first is what the lessons read.
    license, citation, homepage, sample : str
        The terms, whom to cite, where it is described, and what stands in for it offline.
    convert : callable, optional
        Takes the paths of an archive form and a folder; writes the files of the first form there.
    in_data_folder : bool
        Whether ``data/`` itself is searched too.
    """

    name: str
    title: str
    forms: tuple[Form, ...]
    license: str
    citation: str
    homepage: str
    sample: str
    convert: Callable[[dict, object], None] | None = None
    in_data_folder: bool = False

    def __post_init__(self):
        if not self.forms or self.forms[0].archive:
            raise ValueError(f"{self.name}: the first form must be one that needs no conversion")
        if self.convert is None and any(form.archive for form in self.forms):
            raise ValueError(f"{self.name}: an archive needs a convert function")


def all_sources():
    """Return every data set of the course as a dict from its name to its :class:`Source`."""
    sources = {}
    for module in MODULES:
        if importlib.util.find_spec(f"helpers.data.{module}"):
            source = importlib.import_module(f"helpers.data.{module}").SOURCE
            sources[source.name] = source
    return sources


def named(names):
    """Return the sources of these names, or all of them if there are none.

    Raises
    ------
    SettingsError
        When a name is unknown; the message lists the known ones.
    """
    sources = all_sources()
    unknown = [name for name in names if name not in sources]
    if unknown:
        raise SettingsError(f"there is no data set called {', '.join(unknown)}; the course has {', '.join(sources)}")
    return [sources[name] for name in (dict.fromkeys(names) or sources)]
