"""Downloads that either give a verified file or say why not."""

from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import pooch

from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.errors import DownloadError, FileAccessError, VerificationError
from helpers.data.places import cache_folder, say_once, shown
from helpers.live_line import Line
from helpers.whole_files import install, staging

__all__ = ["download", "keep"]

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte
RETRIES = 2
PAUSE = 1.0  # seconds before the first retry; the second waits twice as long

_USER_AGENT = {"User-Agent": f"pooch/{pooch.__version__} (a course on convolutional networks)"}


class _Progress:
    """The live line of one download, with the methods that pooch calls."""

    def __init__(self, file):
        self.total, self._file, self._done = 0, file, 0
        self._line, self._start = Line(), time.monotonic()

    def update(self, count):
        self._done += count
        self._show()

    def reset(self):
        self._done = 0

    def close(self):
        self._show(final=True)

    def _show(self, final=False):
        total = self._file.size or self.total  # what a server tells is the size of what it sends, perhaps compressed
        whole = f" of {total / 1e6:,.1f}" if total else ""
        done = min(self._done, total) if total else self._done
        self._line.update(f"downloading {self._file.name}: {done / 1e6:,.1f}{whole} MB, "
                          f"{time.monotonic() - self._start:.0f} s", final=final)


def _explain(error):
    """Put an exception of requests into words; say whether a retry may help. After a time-out the reader has waited enough."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError):
        status = error.response.status_code
        return f"answered {status} ({error.response.reason})", status >= 500 or status in (408, 429)
    if isinstance(error, exceptions.ConnectTimeout):
        return f"did not connect within {CONNECT_TIMEOUT:g} s", False
    if isinstance(error, exceptions.Timeout) or "read timed out" in str(error).lower():
        return f"sent nothing for {READ_TIMEOUT:g} s", False
    if isinstance(error, (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError)):
        return "broke off in the middle of the file", True
    if isinstance(error, exceptions.SSLError):
        return "has a certificate that cannot be verified", False
    if isinstance(error, exceptions.ProxyError):
        return "cannot be reached through the proxy", True
    if isinstance(error, exceptions.ConnectionError):
        return "cannot be reached", True
    return f"cannot be used ({error})", False


def _fetch(file: DataFile, path: Path) -> str:
    """Fetch a file, with retries; return the host that sent it."""
    from requests.exceptions import RequestException

    progress, host = _Progress(file), urlsplit(file.url).netloc
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, headers=_USER_AGENT,
                                      timeout=(CONNECT_TIMEOUT, READ_TIMEOUT))
    for attempt in range(RETRIES + 1):
        progress.reset()
        try:
            downloader(file.url, str(path), None)
            return host
        except RequestException as error:
            reason, retry = _explain(error)
            if not retry or attempt == RETRIES:
                raise DownloadError(f"{file.name}: {host} {reason}") from error
        time.sleep(PAUSE * (attempt + 1))


def _check_space(layout, folder):
    needed = sum(file.size or 0 for file in layout.files)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise _no_space(folder, f"{needed / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free")


def _no_space(folder, details):
    return DownloadError(f"the disk that holds {shown(folder)} is full ({details}); "
                         "free some space and try again. Nothing was left behind")


def download(info: DatasetInfo, layout: FileLayout) -> tuple[dict[str, Path], object, str]:
    """Download the files of a layout into the cache; return their paths, what ``layout.read`` made of them, and the hosts.

    They get their names only when all of them are whole and verified; until then they are in a folder that no loader
    looks into. Raises DownloadError when one cannot be fetched or is not the published one, or when the disk is full.
    """
    folder = cache_folder()
    _check_space(layout, folder)
    try:
        with staging(folder, info.name) as fresh:
            hosts = " and ".join(dict.fromkeys(_fetch(file, fresh / file.name) for file in layout.files))
            try:
                content = layout.verified({file.name: fresh / file.name for file in layout.files})
            except VerificationError as error:
                raise DownloadError(f"{hosts} sent something else: {error}") from error
            keep(layout, fresh, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise _no_space(folder, error.strerror) from error
        raise DownloadError(f"the download cannot be written to {shown(folder)}: {error}") from error
    return {file.name: folder / file.name for file in layout.files}, content, hosts


def keep(layout: FileLayout, fresh: Path, folder: Path) -> None:
    """Move the verified files of a layout from their staging folder into the cache.

    If another process was faster and its files verify, they stay. A damaged file of the same name is renamed and
    reported, never deleted; one that may be good is left alone, and that is a DownloadError.
    """
    names = [file.name for file in layout.files]
    if all((folder / name).exists() for name in names):
        try:
            layout.verified({name: folder / name for name in names})
            return
        except FileAccessError as error:
            raise DownloadError(f"{shown(folder)} already holds a copy: {error}") from error
        except VerificationError:
            pass
    for name in names:
        moved = install(fresh / name, folder)
        if moved:
            say_once(f"{shown(folder / name)} failed verification; it was renamed to {moved.name} and can be deleted.")
