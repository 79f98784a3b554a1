"""Files that can be trusted: checked when read, whole or absent when written. No pickle."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pooch

from helpers.data.errors import VerificationError

__all__ = ["array_sha256", "check_checksum", "install", "read_hdf5", "read_npz", "staging", "what_is_it", "write_hdf5"]

_ABANDONED_AFTER = 3600  # seconds; a download that is alive writes at least every read time-out


def array_sha256(array):
    """Return the SHA-256 of an array's bytes in C order, as 64 hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8)).hexdigest()


def what_is_it(path):
    """Say what a file is instead, if it is one of the things that are often saved under a data set's name.

    Returns
    -------
    str
        A clause such as "it is an HTML page (...)", or an empty string.
    """
    with open(path, "rb") as stream:
        start = stream.read(1024)
    if not start:
        return "it is empty"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, a note of where the real file lies, not the file"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")) or b"<html" in text:
        return "it is an HTML page, perhaps the error or sign-in page of a web site"
    return ""


def _refuse(path, reason):
    return VerificationError(f"{Path(path).name} cannot be used: {what_is_it(path) or reason}")


def check_checksum(path, checksum):
    """Compare a file with a checksum.

    Parameters
    ----------
    path : path-like
        The file.
    checksum : str
        The kind, a colon and the hexadecimal digits: ``"sha256:..."`` or ``"md5:..."``.

    Raises
    ------
    VerificationError
        When they differ; the message says what the file seems to be.
    ValueError
        When ``checksum`` reads otherwise.
    """
    kind, _, expected = checksum.partition(":")
    if kind not in ("sha256", "md5") or not expected:
        raise ValueError(f"a checksum reads 'sha256:...' or 'md5:...', not {checksum!r}")
    found = pooch.file_hash(str(path), alg=kind)
    if found != expected.lower():
        raise _refuse(path, f"its {kind.upper()} is {found}, not {expected} (damaged, cut short or another version)")


def read_npz(path, expected):
    """Read arrays from an ``.npz`` file and compare them with their SHA-256.

    The arrays are compared, not the container: the same arrays zipped by another program are the same data.

    Parameters
    ----------
    path : path-like
        The file.
    expected : dict of str to (tuple of int, str)
        For each array its shape and the SHA-256 of its bytes (uint8, C order).

    Returns
    -------
    dict of str to numpy.ndarray
        The arrays, uint8.

    Raises
    ------
    VerificationError
        When the file is no ``.npz`` file, lacks an array, or holds another.
    """
    arrays = {}
    try:
        # Opened here, because np.load leaves a damaged file open, which then could not be renamed on Windows.
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as container:
            for name, (shape, _) in expected.items():
                if name not in container:
                    raise _refuse(path, f"the array {name!r} is missing")
                arrays[name] = array = container[name]
                if array.dtype != np.uint8 or array.shape != tuple(shape):
                    raise _refuse(path, f"{name} is {array.dtype} of shape {array.shape}, not uint8 of {tuple(shape)}")
    except (ValueError, OSError, EOFError, TypeError, AttributeError, MemoryError, zipfile.BadZipFile, zlib.error,
            NotImplementedError, RuntimeError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise _refuse(path, f"it cannot be read as an .npz file ({error})") from error
    for name, (_, digest) in expected.items():
        if array_sha256(arrays[name]) != digest:
            raise _refuse(path, f"the array {name} differs from the published one (its SHA-256 is another)")
    return arrays


def write_hdf5(path, arrays, attributes=None):
    """Write arrays to an HDF5 file, each with its SHA-256 as the attribute ``sha256``.

    Parameters
    ----------
    path : path-like
        The file; inside :func:`staging`, so that it is never seen half-written.
    arrays : dict of str to numpy.ndarray
        What to write.
    attributes : dict of str to str or int, optional
        Facts about the file as a whole.
    """
    import h5py

    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            options = {"compression": "gzip", "compression_opts": 4} if np.ndim(array) else {}
            file.create_dataset(name, data=array, **options).attrs["sha256"] = array_sha256(array)
        file.attrs.update(attributes or {})


def read_hdf5(path, names, digests="required"):
    """Read arrays from an HDF5 file and check what :func:`write_hdf5` noted about them.

    Parameters
    ----------
    path : path-like
        The file.
    names : iterable of str
        The arrays to read.
    digests : {"required", "if present"}
        Whether each array must carry its SHA-256; files that others made do not.

    Returns
    -------
    (dict of str to numpy.ndarray, dict)
        The arrays, and the attributes of the file.

    Raises
    ------
    VerificationError
        When the file is no HDF5 file, is cut short, lacks an array, or an array has changed.
    """
    import h5py

    arrays = {}
    try:
        with h5py.File(path, "r") as file:
            attributes = dict(file.attrs)
            for name in names:
                if not isinstance(file.get(name), h5py.Dataset):
                    raise _refuse(path, f"the array {name!r} is missing; it holds {', '.join(map(str, file)) or 'nothing'}")
                arrays[name] = np.asarray(file[name][()])  # text and empty datasets come as something else
                digest = file[name].attrs.get("sha256")
                if digest is None and digests == "required":
                    raise _refuse(path, f"the array {name} carries no SHA-256, so it was not made by this course")
                if digest is not None and digest != array_sha256(arrays[name]):
                    raise _refuse(path, f"the array {name} has changed since it was written (its SHA-256 is another)")
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, MemoryError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise _refuse(path, f"it cannot be read as an HDF5 file ({error})") from error
    return arrays, attributes


def _remove_abandoned(folder):
    """Remove what downloads that were killed have left behind."""
    for path in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            newest = max(item.stat().st_mtime for item in (path, *path.iterdir()))
            if time.time() - newest > _ABANDONED_AFTER:
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def staging(folder, name):
    """Give a fresh folder inside ``folder`` for files that are not yet to be trusted; it is removed at the end.

    Every process gets its own, so two that fetch the same set at once do not meet. What a killed process leaves behind
    has a name that no loader looks for, and is removed an hour later.

    Parameters
    ----------
    folder : Path
        Where the files will live; on the same disk, so that :func:`install` can rename.
    name : str
        What is being made.
    """
    _remove_abandoned(folder)
    inside = Path(tempfile.mkdtemp(prefix=f".{name}-", suffix=".part", dir=folder))
    try:
        yield inside
    finally:
        shutil.rmtree(inside, ignore_errors=True)


def install(path, folder):
    """Rename a finished, verified file into its folder. A file that stands in the way is kept under another name.

    If that file holds the same bytes, as when another process has been faster, it stays and nothing is moved.

    Returns
    -------
    Path or None
        The new name of the file that stood there, if there was one.
    """
    target = folder / path.name
    moved = None
    if target.exists():
        if filecmp.cmp(path, target, shallow=False):
            return None
        number = 1
        while moved is None or moved.exists():
            moved = folder / f"{path.name}.damaged{'' if number == 1 else f'-{number}'}"
            number += 1
        os.replace(target, moved)
    os.replace(path, target)
    return moved
