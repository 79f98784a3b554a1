"""Downloads that either give a verified file or say why not."""

from __future__ import annotations

import errno
import shutil
import time
from urllib.parse import urlsplit

import pooch

from helpers.data.bar import Bar
from helpers.data.errors import DownloadError, VerificationError
from helpers.data.places import cache_folder, say_once, shown
from helpers.data.storage import check_checksum, install, staging

__all__ = ["download", "forget_failures"]

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds without a byte
RETRIES = 2
PAUSE = 1.0  # seconds before the first retry; the second waits twice as long

_USER_AGENT = {"User-Agent": f"pooch/{pooch.__version__} (a course on convolutional networks)"}
_failed = {}  # host or address -> why; neither is asked again in this process


def forget_failures():
    """Ask hosts again that have failed in this process."""
    _failed.clear()


class _GaveUpError(Exception):
    """One address failed. ``host_failed`` tells whether its host did, or only this file."""

    def __init__(self, reason, host_failed):
        super().__init__(reason)
        self.host_failed = host_failed


def _host(url):
    parts = urlsplit(url)
    return parts.hostname + (f":{parts.port}" if parts.port else "")


def _reason(error):
    """Put an exception of requests into words; say whether another try may help and whether the host is at fault."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError):
        status = error.response.status_code
        overloaded = status >= 500 or status in (408, 429)
        return f"answered {status} ({error.response.reason})", overloaded, overloaded
    if isinstance(error, exceptions.ConnectTimeout):
        return f"gave no connection within {CONNECT_TIMEOUT:g} s", True, True
    if isinstance(error, exceptions.Timeout) or "read timed out" in str(error).lower():
        return f"sent nothing for {READ_TIMEOUT:g} s", True, True
    if isinstance(error, (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError)):
        return "broke off in the middle of the file", True, True
    if isinstance(error, exceptions.SSLError):
        return "has a certificate that cannot be verified", False, True
    if isinstance(error, exceptions.ProxyError):
        return "cannot be reached through the proxy", True, True
    if isinstance(error, exceptions.ConnectionError):
        return "cannot be reached", True, True
    return f"cannot be asked ({error})", False, False


def _fetch(url, path, size):
    """Fetch one address into a file, with retries."""
    from requests.exceptions import RequestException

    bar = Bar(path.name, size)
    downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, headers=_USER_AGENT,
                                      timeout=(CONNECT_TIMEOUT, READ_TIMEOUT))
    try:
        for attempt in range(RETRIES + 1):
            bar.reset()
            try:
                downloader(url, str(path), None)
                return
            except RequestException as error:
                reason, again, host_failed = _reason(error)
                if not again or attempt == RETRIES:
                    raise _GaveUpError(reason, host_failed) from error
            time.sleep(PAUSE * (attempt + 1))
    finally:
        bar.close()


def _fetch_verified(file, folder):
    """Fetch a file from the first address that gives it whole; return the host that did."""
    reasons = []
    for url in file.urls:
        host = _host(url)
        earlier = _failed.get(host) or _failed.get(url)
        if earlier:
            reasons.append(f"{earlier}, and is not asked again until Python is restarted")
            continue
        try:
            _fetch(url, folder / file.name, file.size)
            if file.checksum:  # already here, so that the next address gets its chance
                check_checksum(folder / file.name, file.checksum)
            return host
        except _GaveUpError as error:
            reason, key = f"{host} {error}", host if error.host_failed else url
        except VerificationError as error:
            reason, key = f"{host} sent something else: {error}", url
        _failed[key] = reason
        reasons.append(reason)
    raise DownloadError(f"{file.name}: " + "; ".join(reasons))


def _check_space(form, folder):
    needed = sum(file.size or 0 for file in form.files)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise _no_space(folder, f"{needed / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free")


def _no_space(folder, details):
    return DownloadError(f"the disk that holds {shown(folder)} is full ({details}); "
                         "free some space and try again. Nothing was left behind")


def download(source, form):
    """Download the files of a form into the cache.

    They get their names only when all of them are whole and verified; until then they lie in a folder that no loader
    looks into.

    Parameters
    ----------
    source : Source
        The data set.
    form : Form
        One of its forms, each file of which has an address.

    Returns
    -------
    (dict of str to Path, object, str)
        Where the files are, what ``form.read`` made of them, and the hosts they came from.

    Raises
    ------
    DownloadError
        When no address gives a file, when the files are not the published ones, or when the disk is full.
    """
    folder = cache_folder()
    _check_space(form, folder)
    try:
        with staging(folder, source.name) as fresh:
            hosts = [_fetch_verified(file, fresh) for file in form.files]
            try:
                content = form.verified({file.name: fresh / file.name for file in form.files})
            except VerificationError as error:
                reason = f"{' and '.join(dict.fromkeys(hosts))} sent something else: {error}"
                for file in form.files:
                    _failed.update(dict.fromkeys(file.urls, reason))
                raise DownloadError(reason) from error
            keep(form, fresh, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise _no_space(folder, error.strerror) from error
        raise DownloadError(f"the download cannot be written to {shown(folder)}: {error}") from error
    return {file.name: folder / file.name for file in form.files}, content, " and ".join(dict.fromkeys(hosts))


def keep(form, fresh, folder):
    """Move the verified files of a form from its staging folder into the cache.

    Another process may have been faster: then its files, if they verify, stay. A damaged file that stands in the way is
    renamed and named, never deleted.
    """
    names = [file.name for file in form.files]
    if all((folder / name).exists() for name in names):
        try:
            form.verified({name: folder / name for name in names})
            return
        except VerificationError:
            pass
    for name in names:
        moved = install(fresh / name, folder)
        if moved:
            say_once(f"{shown(folder / name)} was not usable; it is kept as {moved.name}, delete it when you like.")
