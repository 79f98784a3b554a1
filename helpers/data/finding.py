"""Find, download or substitute a data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.data import places
from helpers.data.catalog import DatasetInfo, FileLayout
from helpers.data.dataset import Dataset
from helpers.data.download import download, keep
from helpers.data.errors import DataNotFoundError, DownloadError, FileAccessError, VerificationError
from helpers.data.places import Place, cache_folder, folders, resolve_source, say_once, shown
from helpers.whole_files import staging

__all__ = ["Copy", "Found", "copies", "load", "obtain"]


@dataclasses.dataclass(frozen=True)
class Copy:
    """Files of one layout in one folder, by their names in the cache; not verified yet."""

    layout: FileLayout
    place: Place
    paths: dict[str, Path]

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.paths.values())


@dataclasses.dataclass(frozen=True)
class Found:
    """Verified content, where it came from in words, and its files."""

    content: object
    origin: str
    paths: dict[str, Path]


def copies(info: DatasetInfo) -> Iterator[Copy]:
    """Yield the unverified, complete copies of a data set on this machine, first choice first: archives come last."""
    for archive in (False, True):
        for place in folders(with_data_folder=info.in_data_folder):
            for layout in info.layouts:
                if layout.archive is archive:
                    paths = _paths(layout, place.path)
                    if len(paths) == len(layout.files):
                        yield Copy(layout, place, paths)
                    elif paths:
                        missing = [file.name for file in layout.files if file.name not in paths]
                        say_once(f"{info.title}: {shown(place.path)} holds {', '.join(paths)} but not "
                                 f"{', '.join(missing)}; they must be in the same folder.")


def _paths(layout, folder):
    paths = {}
    for file in layout.files:
        for name in (file.name, *file.aliases):
            if (folder / name).is_file():
                paths[file.name] = folder / name
                break
    return paths


def _convert(info, paths, origin):
    """Turn an archive into the first layout, in the cache, and read that."""
    folder, layout = cache_folder(), info.layouts[0]
    names = [file.name for file in layout.files]
    try:
        with staging(folder, info.name) as fresh:
            try:
                info.convert(paths, fresh)
            except (ValueError, RuntimeError) as error:  # a NotImplementedError is a RuntimeError
                archive = " and ".join(path.name for path in paths.values())
                raise VerificationError(f"{archive} cannot be converted: {error}") from error
            content = layout.verified({name: fresh / name for name in names})
            keep(layout, fresh, folder)
    except OSError as error:
        raise DownloadError(f"{info.title} could not be unpacked into {shown(folder)}: {error.strerror or error}") from error
    return Found(content, origin, {name: folder / name for name in names})


def _search(info, problems):
    """Return the first copy on this machine that verifies, or None; ``problems`` lists the others.

    A copy that may be good, but cannot be read now, is not replaced by a download: that would hide what the reader must fix.
    """
    blocked = False
    for copy in copies(info):
        if blocked and copy.layout.archive:
            break
        try:
            content = copy.layout.verified(copy.paths)
            if copy.layout.archive:
                return _convert(info, copy.paths, copy.place.words)
            return Found(content, copy.place.words, copy.paths)
        except VerificationError as error:
            where = " and ".join(shown(path) for path in copy.paths.values())
            problem = f"{where} is not used: {error}"
            problems.append(problem)
            if isinstance(error, FileAccessError):
                blocked = True
                say_once(f"{info.title}: {problem}.")
            else:
                say_once(f"{info.title}: {problem}. Delete it or replace it with a good copy.")
    if blocked:
        raise DownloadError("not tried, because the copy on this machine may be good")
    return None


def obtain(info: DatasetInfo) -> Found:
    """Find a data set on this machine or download it, verified.

    Raises DataNotFoundError when there is no copy and no download; its message lists what was tried and what helps.
    """
    problems = []
    try:
        found = _search(info, problems)
        if found is not None:
            return found
        layout = info.download_layout
        if layout is None:
            raise DownloadError("there is no address to download it from")
        paths, content, hosts = download(info, layout)
        origin = f"downloaded from {hosts}"
        return _convert(info, paths, origin) if layout.archive else Found(content, origin, paths)
    except (DownloadError, VerificationError) as error:
        raise _not_found(info, problems, error) from None  # the message says all of it


def _not_found(info, problems, error):
    reason = "no usable copy on this machine" if problems else "no copy on this machine"
    searched = ", ".join(shown(place.path) for place in folders(with_data_folder=info.in_data_folder))
    lines = [f"{info.title}: {reason}, and no download.", f"- searched: {searched}"]
    lines += [f"- {problem}" for problem in problems]
    lines.append(f"- download: {error}")
    lines.append(f"What helps: an internet connection and `python -m helpers.data download {info.name}`; "
                 f"or {_by_hand(info)}; or the offline sample (source=\"sample\").")
    return DataNotFoundError("\n".join(lines), f"{reason}, and no download ({error})")


def _by_hand(info):
    layout = info.download_layout
    if layout is None:
        return f"put {' and '.join(file.name for file in info.layouts[0].files)} into {shown(places.PROJECT_CACHE)}"
    steps = (f"{file.url} saved as {file.name}" for file in layout.files)
    return f"{' and '.join(steps)} in {shown(places.PROJECT_CACHE)} or in the folder that COURSE_DATA_DIR names"


def load(info: DatasetInfo, source: str, real: Callable[[Found], Dataset], sample: Callable[[], Dataset]) -> Dataset:
    """Do what every loader does: return the real data if requested and available, else the sample, and say which.

    ``real`` makes the ``Dataset`` from a :class:`Found`, ``sample`` that of the offline sample. Raises what the loaders raise.
    """
    requested = resolve_source(source)
    if requested != "sample":
        try:
            return real(obtain(info))
        except DataNotFoundError as error:
            if requested == "real":
                raise
            say_once(f"{info.title}: {error.reason}. Using the offline sample instead: {info.sample}.",
                     about=f"sample of {info.name}")
    return sample()
