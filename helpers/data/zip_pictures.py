"""Pictures in a zip file: read one by one, without unpacking. What is damaged is refused in one sentence."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from helpers.data.errors import VerificationError
from helpers.data.storage import what_is_it

__all__ = ["open_zip", "read_member", "read_picture"]

# A member that is encrypted or packed by a method that Python does not know gives a RuntimeError or NotImplementedError.
_UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
_NO_PICTURE = (UnidentifiedImageError, OSError, EOFError, ValueError, SyntaxError, Image.DecompressionBombError)


def open_zip(path):
    """Open a zip file for reading.

    Raises
    ------
    VerificationError
        When it is none; the message says what it seems to be.
    """
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        reason = what_is_it(path) or f"it is no whole zip file ({error})"
        raise VerificationError(f"{path.name} cannot be used: {reason}") from error


def read_member(archive, member):
    """Return the bytes of one file of an open archive.

    Raises
    ------
    VerificationError
        When they are damaged, encrypted or packed by an unknown method.
    """
    try:
        return archive.read(member)
    except _UNREADABLE as error:
        raise VerificationError(str(error) or type(error).__name__) from error


def read_picture(archive, member, size):
    """Return one picture of an open archive.

    Parameters
    ----------
    archive : zipfile.ZipFile
        From :func:`open_zip`.
    member : str or zipfile.ZipInfo
        Which file of it.
    size : int
        Pixels on each side.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(size, size, 3)``, RGB.

    Raises
    ------
    VerificationError
        When it cannot be read, or is no picture; an empty file is none.
    """
    content = read_member(archive, member)
    try:
        with Image.open(io.BytesIO(content)) as image:
            # Pillow's bilinear filter widens with the factor, so a photo of 3024 pixels is averaged as it should be.
            return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    except _NO_PICTURE as error:
        raise VerificationError(f"no picture: {error}") from error
