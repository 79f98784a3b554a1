"""The file under a recorded network: HDF5 that is checked before anything of it is believed.

Attributes of the file: ``format``, ``metadata`` (one JSON text) and ``checksum``. Datasets: ``inputs``,
``weights/<layer>/<parameter>``, ``outputs/<layer>`` and ``measurements/<experiment>/<array>``. The writing side stands in
``tests/recorders/recording.py``; it has its own copy of the checksum, since it runs on Pythons that cannot import this.
"""

from __future__ import annotations

import hashlib

import h5py
import numpy as np

__all__ = ["FORMAT", "RecordedFileError", "checksum", "damaged", "read"]

FORMAT = "convnet-course recorded network 1"

_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"


class RecordedFileError(ValueError):
    """A file is not a recorded network of the course, or no longer what its recorder wrote."""


def damaged(path, what):
    """Return the error that names a file, says what is wrong with it, and where to get the original."""
    return RecordedFileError(f"{path.name} cannot be used: {what}. Get the original again: "
                             f"`git checkout -- data/recorded/{path.name}`, or download that file from the repository.")


def _refuse_foreign_bytes(path):
    """Recognize what often hides under the name of a data file, before HDF5 complains in its own words."""
    with open(path, "rb") as file:
        head = file.read(512)
    if head.startswith(_HDF5_SIGNATURE):
        return
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        raise damaged(path, "it is empty")
    if start.startswith(b"version https://git-lfs"):
        raise RecordedFileError(f"{path.name} cannot be used: it is a Git LFS pointer, a few lines of text in place of the "
                                "file. Run `git lfs pull`, or download the file itself from the repository.")
    if start.startswith(b"<"):
        raise damaged(path, "it is a web page saved under this name, not an HDF5 file (a download link must lead to the "
                           "raw file)")
    raise damaged(path, "it is not an HDF5 file")


def read(path):
    """Read a file from end to end.

    Parameters
    ----------
    path : pathlib.Path
        An existing file.

    Returns
    -------
    text : str
        The metadata, as JSON.
    arrays : dict of str to numpy.ndarray
        Every dataset by its path in the file.

    Raises
    ------
    RecordedFileError
        When it is cut short, altered, or not a recorded network at all.
    """
    _refuse_foreign_bytes(path)
    arrays = {}
    try:
        with h5py.File(path, "r") as file:
            attributes = dict(file.attrs)
            if attributes.get("format") != FORMAT:
                raise damaged(path, f"it is an HDF5 file, but not a recorded network (its attribute 'format' is "
                                   f"{attributes.get('format')!r}, not {FORMAT!r})")
            missing = [key for key in ("metadata", "checksum") if not isinstance(attributes.get(key), str)]
            if missing:
                raise damaged(path, f"it lacks the attribute {' and '.join(missing)}")

            def collect(key, item):
                if isinstance(item, h5py.Dataset):
                    arrays[key] = item[()]

            file.visititems(collect)
    except RecordedFileError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        # h5py says it in many ways: a file cut short, a chunk that cannot be unpacked, a broken link.
        said = (str(error) or type(error).__name__).splitlines()[0]
        raise damaged(path, f"it is damaged or cut short (HDF5 says: {said})") from error
    if checksum(attributes["metadata"], arrays) != attributes["checksum"]:
        raise damaged(path, "it was altered since it was recorded (its contents do not give its checksum)")
    return attributes["metadata"], arrays


def checksum(text, arrays):
    """Return the SHA-256 over format, metadata and each array's path, type, shape and bytes, each with its length.

    Parameters
    ----------
    text : str
        The metadata.
    arrays : dict of str to numpy.ndarray
        Every dataset by its path.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()

    def add(part):
        if isinstance(part, str):
            # HDF5 hands damaged text over with its broken bytes in disguise: they must count, not stop the count.
            part = part.encode("utf-8", "surrogateescape")
        digest.update(f"{len(part)}:".encode())
        digest.update(part)

    add(FORMAT)
    add(text)
    for key in sorted(arrays):
        array = np.asarray(arrays[key])
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
        for part in (key, array.dtype.str, str(list(array.shape))):
            add(part)
        add(array.tobytes())
    return digest.hexdigest()
