"""Reads the photos of the Sign Language Digits archive, straight from the zip."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from helpers.data.errors import VerificationError
from helpers.data.sign_split import TEST_PER_CLASS, TRAIN_PER_CLASS, series_from_numbers
from helpers.data.storage import what_is_it

__all__ = ["check_archive", "read_photos"]

SIGNS = range(6)
SIZE = 64
_PHOTO = re.compile(r"(?:^|/)Dataset/(\d)/IMG_(\d+)\.jpe?g$", re.IGNORECASE)
_BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, zipfile.BadZipFile, zlib.error)


def _members(archive):
    """Return (number in the file's name, sign, member) of every photo, in the order in which they were taken."""
    found = []
    for member in archive.infolist():
        match = _PHOTO.search(member.filename)
        if match:
            found.append((int(match.group(2)), int(match.group(1)), member))
    return sorted(found, key=lambda item: item[:2])


def _open(path):
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        reason = what_is_it(path) or f"it is no whole zip file ({error})"
        raise VerificationError(f"{path.name} cannot be used: {reason}") from error


def check_archive(path):
    """Look into the archive's table of contents.

    Raises
    ------
    VerificationError
        When it is no zip file, or does not list enough photos of each sign.
    """
    with _open(path) as archive:
        signs = [sign for _, sign, member in _members(archive) if member.file_size]
    _check_counts(path, signs)


def _check_counts(path, signs):
    needed = TRAIN_PER_CLASS + TEST_PER_CLASS
    for sign in SIGNS:
        count = list(signs).count(sign)
        if count < needed:
            raise VerificationError(f"{path.name} cannot be used: it holds {count} usable photos of sign {sign} under "
                                    f"Dataset/{sign}/, and {needed} are needed")


def read_photos(path):
    """Read every photo of the signs 0 to 5, at 64 by 64 pixels.

    Parameters
    ----------
    path : Path
        The zip file.

    Returns
    -------
    photos : numpy.ndarray
        uint8, shape ``(photos, 64, 64, 3)``, in the order in which they were taken.
    signs, series : numpy.ndarray of int64
        The sign on each photo and the number of its series.
    left_out : list of str
        Names of files that are empty or no pictures.

    Raises
    ------
    VerificationError
        When too few usable photos are left.
    """
    photos, signs, rows, left_out = [], [], [], []
    with _open(path) as archive:
        members = _members(archive)
        series = series_from_numbers([sign for _, sign, _ in members])
        for row, (_, sign, member) in enumerate(members):
            if sign not in SIGNS:
                continue
            try:
                with Image.open(io.BytesIO(archive.read(member))) as image:
                    # Pillow's bilinear filter widens with the factor, so a photo of 3024 pixels is averaged as it should be.
                    photo = np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR))
            except _BROKEN:
                left_out.append(member.filename.rsplit("/", 1)[-1])
                continue
            photos.append(photo)
            signs.append(sign)
            rows.append(row)
    _check_counts(path, signs)
    return np.stack(photos), np.array(signs, np.int64), series[rows].astype(np.int64), left_out
