"""Checksummed arrays: what is read is verified, and no pickle is ever opened."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pooch

from helpers.data.errors import FileAccessError, VerificationError
from helpers.whole_files import whole_file

__all__ = ["array_sha256", "check_checksum", "read_hdf5", "read_npz", "reading", "what_is_it", "write_hdf5"]

_FILE_MAY_BE_GOOD = {getattr(errno, name, None) for name in ("EACCES", "EAGAIN", "EBUSY", "EIO", "EMFILE", "ENFILE", "ENOLCK",
                                                             "ENOMEM", "EPERM", "ESTALE", "ETIMEDOUT")} - {None}


def array_sha256(array: np.ndarray) -> str:
    """Return the SHA-256 of an array's little-endian bytes in C order, as 64 hexadecimal digits."""
    array = np.asarray(array)
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    return hashlib.sha256(array.reshape(-1).view(np.uint8)).hexdigest()


def what_is_it(path: str | os.PathLike) -> str:
    """Say what a file is that is often saved under a data set's name: "it is an HTML page (...)"; else an empty string."""
    with open(path, "rb") as stream:
        start = stream.read(1024)
    if not start:
        return "it is empty"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, not the file itself (`git lfs pull` fetches that)"
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")) or b"<html" in text:
        return "it is an HTML page, perhaps an error page or the sign-in page of a network"
    return ""


def _refuse(path, reason):
    return VerificationError(f"{Path(path).name} cannot be used: {what_is_it(path) or reason}")


@contextlib.contextmanager
def reading(path: str | os.PathLike, kind: str) -> Iterator[None]:
    """Turn the many errors of a library that reads a file of some kind ("an HDF5 file") into one sentence.

    Raises FileAccessError when the file may be good and something else is at fault (it is in use, locked or forbidden, or memory
    is short), VerificationError when it is damaged or something else, and FileNotFoundError when it is missing.
    """
    name = Path(path).name
    try:
        yield
    except (VerificationError, FileNotFoundError):
        raise
    except Exception as error:  # NumPy, zipfile, zlib and h5py raise a dozen kinds for a damaged file
        if "unable to lock file" in str(error):
            raise FileAccessError(
                f"{name} is in use or cannot be locked, as on some network shares: close the program that uses it, or set the "
                "environment variable HDF5_USE_FILE_LOCKING=FALSE and restart Python") from error
        if isinstance(error, MemoryError):
            raise FileAccessError(f"{name} needs more memory than is free") from error
        if isinstance(error, OSError) and error.errno in _FILE_MAY_BE_GOOD:
            raise FileAccessError(f"{name} cannot be opened ({os.strerror(error.errno)})") from error
        raise _refuse(path, f"it cannot be read as {kind} ({error})") from error


def check_checksum(path: str | os.PathLike, checksum: str) -> None:
    """Compare a file with a checksum ``"sha256:..."`` or ``"md5:..."``; raise VerificationError when they differ."""
    kind, _, expected = checksum.partition(":")
    if kind not in ("sha256", "md5") or not expected:
        raise ValueError(f"a checksum reads 'sha256:...' or 'md5:...', not {checksum!r}")
    found = pooch.file_hash(str(path), alg=kind)
    if found != expected.lower():
        raise _refuse(path, f"its {kind.upper()} is {found}, not {expected} (damaged, cut short or another version)")


def read_npz(path: str | os.PathLike,
             expected: Mapping[str, tuple[tuple[int, ...], str] | None]) -> dict[str, np.ndarray]:
    """Read arrays from an ``.npz`` file and compare them with their shapes and SHA-256, where these are published.

    The arrays are compared, not the container: the same arrays zipped by another program are the same data. Published ones are
    uint8. Raises what :func:`reading` raises, also when an array is missing or differs.
    """
    arrays = {}
    # Opened here, because np.load leaves a damaged file open, which then could not be renamed on Windows.
    with reading(path, "an .npz file"), open(path, "rb") as stream, np.load(stream, allow_pickle=False) as container:
        for name, published in expected.items():
            if name not in container:
                raise _refuse(path, f"the array {name!r} is missing")
            arrays[name] = array = container[name]
            if published is None:
                continue
            shape, digest = tuple(published[0]), published[1]
            if array.dtype != np.uint8 or array.shape != shape:
                raise _refuse(path, f"{name} is {array.dtype} of shape {array.shape}, not uint8 of {shape}")
            if array_sha256(array) != digest:
                raise _refuse(path, f"the array {name} differs from the published one (its SHA-256 is different)")
    return arrays


def write_hdf5(path: str | os.PathLike, arrays: Mapping[str, np.ndarray],
               attributes: Mapping[str, str | int] | None = None) -> None:
    """Write arrays to an HDF5 file, whole or not at all, each with its SHA-256 as the attribute ``sha256``."""
    import h5py

    with whole_file(path) as part, h5py.File(part, "w") as file:  # the file is closed first, then renamed
        for name, array in arrays.items():
            options = {"compression": "gzip", "compression_opts": 4} if np.ndim(array) else {}
            file.create_dataset(name, data=array, **options).attrs["sha256"] = array_sha256(array)
        file.attrs.update(attributes or {})


def read_hdf5(path: str | os.PathLike, names: Iterable[str] | None = None,
              digests: str = "required") -> tuple[dict[str, np.ndarray], dict[str, object]]:
    """Read arrays from an HDF5 file and check the digests that :func:`write_hdf5` stored.

    Without ``names`` all arrays are read. ``digests`` is "required", or "if present" for files that others made. Returns the
    arrays and the attributes of the file. Raises what :func:`reading` raises, also when an array is missing or has changed.
    """
    import h5py

    arrays = {}
    with reading(path, "an HDF5 file"), h5py.File(path, "r") as file:
        if names is None:
            names = []
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            if not isinstance(file.get(name), h5py.Dataset):
                raise _refuse(path, f"the array {name!r} is missing; it holds {', '.join(map(str, file)) or 'nothing'}")
            arrays[name] = np.asarray(file[name][()])  # text and empty datasets come as something else
            digest = file[name].attrs.get("sha256")
            if digest is None and digests == "required":
                raise _refuse(path, f"the array {name} carries no SHA-256, so it was not made by this course")
            if digest is not None and digest != array_sha256(arrays[name]):
                raise _refuse(path, f"the array {name} has changed since it was written (its SHA-256 is different)")
        return arrays, dict(file.attrs)
