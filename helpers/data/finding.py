"""From the wish for a data set to verified content: search, then download, then (for a loader) the sample."""

from __future__ import annotations

import dataclasses

from helpers.data import places
from helpers.data.download import download, keep
from helpers.data.errors import DataNotFoundError, DownloadError, VerificationError
from helpers.data.places import Place, cache_folder, folders, say_once, shown, wanted_source
from helpers.data.sources import Form
from helpers.data.storage import staging

__all__ = ["Copy", "Found", "copies", "load", "obtain"]


@dataclasses.dataclass(frozen=True)
class Copy:
    """Files of one form in one folder, not yet looked into.

    Parameters
    ----------
    form : Form
        What they make up.
    place : Place
        Where they lie.
    paths : dict of str to Path
        The files, by their names in the cache.
    """

    form: Form
    place: Place
    paths: dict

    @property
    def size(self):
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.paths.values())


@dataclasses.dataclass(frozen=True)
class Found:
    """Verified content, and in words where it came from."""

    content: object
    origin: str
    paths: dict


def copies(source):
    """Yield the copies of a data set on this machine, first choice first: what needs no conversion, then archives.

    Parameters
    ----------
    source : Source
        The data set.

    Yields
    ------
    Copy
        Unverified.
    """
    for archive in (False, True):
        for place in folders(with_data_folder=source.in_data_folder):
            for form in source.forms:
                if form.archive is archive:
                    paths = _paths(form, place.path)
                    if len(paths) == len(form.files):
                        yield Copy(form, place, paths)
                    elif paths:
                        missing = [file.name for file in form.files if file.name not in paths]
                        say_once(f"{source.title}: {shown(place.path)} holds {', '.join(paths)} but not "
                                 f"{', '.join(missing)}; they belong in one folder.")


def _paths(form, folder):
    paths = {}
    for file in form.files:
        for name in (file.name, *file.aliases):
            if (folder / name).is_file():
                paths[file.name] = folder / name
                break
    return paths


def _convert(source, paths, origin):
    """Turn an archive into the first form, in the cache, and read that."""
    folder = cache_folder()
    form = source.forms[0]
    names = [file.name for file in form.files]
    try:
        with staging(folder, source.name) as fresh:
            try:
                source.convert(paths, fresh)
            except (ValueError, RuntimeError) as error:  # a NotImplementedError is a RuntimeError
                named = " and ".join(path.name for path in paths.values())
                raise VerificationError(f"{named} cannot be converted: {error}") from error
            content = form.verified({name: fresh / name for name in names})
            keep(form, fresh, folder)
    except OSError as error:
        raise DownloadError(f"{source.title} could not be unpacked into {shown(folder)}: "
                            f"{error.strerror or error}") from error
    return Found(content, origin, {name: folder / name for name in names})


def _search(source, problems):
    """Return the first copy on this machine that verifies, or None; what does not is named in ``problems``."""
    for copy in copies(source):
        try:
            content = copy.form.verified(copy.paths)
            if copy.form.archive:
                return _convert(source, copy.paths, copy.place.words)
            return Found(content, copy.place.words, copy.paths)
        except VerificationError as error:
            where = " and ".join(shown(path) for path in copy.paths.values())
            problem = f"{where} is not used: {error}"
            problems.append(problem)
            say_once(f"{source.title}: {problem}. Delete it or put a good copy in its place.")
    return None


def obtain(source):
    """Find a data set on this machine or download it.

    Parameters
    ----------
    source : Source
        The data set.

    Returns
    -------
    Found
        Its content, verified.

    Raises
    ------
    DataNotFoundError
        When there is no copy and no download; the message lists what was tried and what helps.
    SettingsError
        When COURSE_DATA_DIR is set to something that is no folder.
    """
    problems = []
    try:
        found = _search(source, problems)
        if found is not None:
            return found
        form = next((form for form in source.forms if form.downloadable), None)
        if form is None:
            raise DownloadError("there is no address to download it from")
        paths, content, hosts = download(source, form)
        origin = f"downloaded from {hosts}"
        return _convert(source, paths, origin) if form.archive else Found(content, origin, paths)
    except (DownloadError, VerificationError) as error:
        raise _not_found(source, problems, error) from None  # the message says all of it


def _not_found(source, problems, error):
    reason = "no usable copy on this machine" if problems else "no copy on this machine"
    searched = ", ".join(shown(place.path) for place in folders(with_data_folder=source.in_data_folder))
    lines = [f"{source.title}: {reason}, and no download.", f"- searched: {searched}"]
    lines += [f"- {problem}" for problem in problems]
    lines.append(f"- download: {error}")
    lines.append(f"What helps: a connection to the internet and `python -m helpers.data download {source.name}`; "
                 f"or {_by_hand(source)}; or the offline sample (source=\"sample\").")
    return DataNotFoundError("\n".join(lines), f"{reason}, and no download ({error})")


def _by_hand(source):
    form = next((form for form in source.forms if form.downloadable), None)
    if form is None:
        return f"put {' and '.join(file.name for file in source.forms[0].files)} into {shown(places.PROJECT_CACHE)}"
    steps = (f"{file.urls[0]} saved as {file.name}" for file in form.files)
    return f"{' and '.join(steps)} in {shown(places.PROJECT_CACHE)} or in the folder that COURSE_DATA_DIR names"


def load(description, source, real, sample):
    """Do what every loader does: the real data if it is wanted and to be had, else the sample, and say which.

    Parameters
    ----------
    description : Source
        The data set.
    source : {"auto", "real", "sample"}
        The loader's argument; see :func:`helpers.data.places.wanted_source`.
    real : callable
        Takes a :class:`Found`, returns the ``Dataset``.
    sample : callable
        Takes nothing, returns the ``Dataset`` of the offline sample.

    Returns
    -------
    Dataset
        With ``source`` "real" or "sample", as it is.

    Raises
    ------
    DataNotFoundError
        When "real" is wanted and not to be had.
    SettingsError
        When the argument or an environment variable means nothing.
    """
    wanted = wanted_source(source)
    if wanted != "sample":
        try:
            return real(obtain(description))
        except DataNotFoundError as error:
            if wanted == "real":
                raise
            say_once(f"{description.title}: {error.reason}. The offline sample stands in: {description.sample}.",
                     about=f"sample of {description.name}")
    return sample()


