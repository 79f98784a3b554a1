"""Reads the official archive of GTSRB's training images, straight from the zip."""

from __future__ import annotations

import re

import numpy as np

from helpers.data.errors import VerificationError
from helpers.data.zip_pictures import open_zip, read_picture

__all__ = ["read_images"]

SIZE = 32
_FRAME = re.compile(r"(?:^|/)(\d{5})/(\d{5})_(\d{5})\.ppm$")


def read_images(path, wanted=lambda images: images):
    """Read every frame at 32 by 32 pixels.

    Parameters
    ----------
    path : Path
        The zip file: ``.../<class>/<track>_<frame>.ppm`` with five digits each.
    wanted : callable, optional
        Takes the list of members and returns those to read, in order; a progress bar may wrap it.

    Returns
    -------
    images : numpy.ndarray
        uint8, shape ``(images, 32, 32, 3)``, ordered by class, track and frame.
    labels, tracks : numpy.ndarray of int64
        The class, and the number of the track within its class.
    left_out : list of str
        Names of files that are empty or no pictures.

    Raises
    ------
    VerificationError
        When it is no zip file, or holds no frame that can be read.
    """
    images, labels, tracks, left_out = [], [], [], []
    with open_zip(path) as archive:
        frames = sorted((tuple(map(int, match.groups())), name) for name in archive.namelist() if (match := _FRAME.search(name)))
        for (label, track, _), name in wanted(frames):
            try:
                picture = read_picture(archive, name, SIZE)
            except VerificationError:
                left_out.append("/".join(name.split("/")[-2:]))
                continue
            images.append(picture)
            labels.append(label)
            tracks.append(track)
    if not images:
        raise VerificationError(f"{path.name} cannot be used: it holds no frame that can be read (<class>/<track>_<frame>.ppm)")
    return np.stack(images), np.array(labels, np.int64), np.array(tracks, np.int64), left_out
