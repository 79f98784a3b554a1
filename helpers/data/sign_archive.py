"""Reads the photos of the Sign Language Digits archive, straight from the zip."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np

from helpers.data.errors import VerificationError
from helpers.data.sign_split import TEST_PER_CLASS, TRAIN_PER_CLASS, series_from_numbers
from helpers.data.zip_pictures import open_zip, read_member, read_picture

__all__ = ["check_archive", "content_sha256", "read_photos"]

SIGNS = range(6)
SIZE = 64
_PHOTO = re.compile(r"(?:^|/)Dataset/(\d)/IMG_(\d+)\.jpe?g$", re.IGNORECASE)


def _members(archive):
    """Return (number in the file's name, sign, member) of every photo, in the order in which they were taken."""
    found = []
    for member in archive.infolist():
        match = _PHOTO.search(member.filename)
        if match:
            found.append((int(match.group(2)), int(match.group(1)), member))
    return sorted(found, key=lambda item: item[:2])


def check_archive(path: Path) -> None:
    """Raise VerificationError unless this is a zip file that lists enough photos of each sign."""
    with open_zip(path) as archive:
        signs = [sign for _, sign, member in _members(archive) if member.file_size]
    _check_counts(path, signs)


def content_sha256(path: Path) -> str:
    """Return one SHA-256 over all photos, whatever program has zipped them.

    It covers the photos of all ten signs in the order of sign and number: for each of them sign, number and length as text, then
    its bytes. A photo that cannot be unpacked counts as empty.
    """
    digest = hashlib.sha256()
    with open_zip(path) as archive:
        for number, sign, member in sorted(_members(archive), key=lambda item: (item[1], item[0], item[2].filename)):
            try:
                content = read_member(archive, member)
            except VerificationError:
                content = b""
            digest.update(f"{sign}/{number}:{len(content)}:".encode())
            digest.update(content)
    return digest.hexdigest()


def _check_counts(path, signs, fault=""):
    needed = TRAIN_PER_CLASS + TEST_PER_CLASS
    for sign in SIGNS:
        count = list(signs).count(sign)
        if count < needed:
            raise VerificationError(f"{path.name} cannot be used: it holds {count} usable photos of sign {sign} under "
                                    f"Dataset/{sign}/, and {needed} are needed{fault}")


def read_photos(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Read every photo of the signs 0 to 5: photos, signs, series, and the names of files that are empty or not pictures.

    The photos are uint8 of shape ``(photos, 64, 64, 3)``, in the order in which they were taken. Raises VerificationError when
    too few usable ones are left.
    """
    photos, signs, rows, left_out, fault = [], [], [], [], ""
    with open_zip(path) as archive:
        members = _members(archive)
        series = series_from_numbers([sign for _, sign, _ in members])
        for row, (_, sign, member) in enumerate(members):
            if sign not in SIGNS:
                continue
            try:
                photo = read_picture(archive, member, SIZE)
            except VerificationError as error:
                left_out.append(member.filename.rsplit("/", 1)[-1])
                fault = fault or f" (the first bad one is {left_out[0]}: {error})"
                continue
            photos.append(photo)
            signs.append(sign)
            rows.append(row)
    _check_counts(path, signs, fault)
    return np.stack(photos), np.array(signs, np.int64), series[rows].astype(np.int64), left_out
