"""Read pictures one by one from a zip file, without unpacking it."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from helpers.data.errors import VerificationError
from helpers.data.storage import what_is_it

__all__ = ["open_zip", "read_member", "read_picture"]

# A member that is encrypted or packed by a method that Python does not know gives a RuntimeError or NotImplementedError.
_UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)
_NO_PICTURE = (UnidentifiedImageError, OSError, EOFError, ValueError, SyntaxError, Image.DecompressionBombError)


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip file for reading; raise VerificationError, which says what it seems to be, when it is not one."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        reason = what_is_it(path) or f"it is not a whole zip file ({error})"
        raise VerificationError(f"{path.name} cannot be used: {reason}") from error


def read_member(archive: zipfile.ZipFile, member: str | zipfile.ZipInfo) -> bytes:
    """Return the bytes of one file; raise VerificationError when damaged, encrypted or packed by an unknown method."""
    try:
        return archive.read(member)
    except _UNREADABLE as error:
        raise VerificationError(str(error) or type(error).__name__) from error


def read_picture(archive: zipfile.ZipFile, member: str | zipfile.ZipInfo, size: int) -> np.ndarray:
    """Return one picture as uint8 of shape ``(size, size, 3)``, RGB.

    Raises VerificationError when it cannot be read or is not a picture; an empty file is not.
    """
    content = read_member(archive, member)
    try:
        with Image.open(io.BytesIO(content)) as image:
            # Pillow's bilinear filter widens with the factor, so a photo of 3024 pixels is averaged as it should be.
            return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))
    except _NO_PICTURE as error:
        raise VerificationError(f"not a picture: {error}") from error
