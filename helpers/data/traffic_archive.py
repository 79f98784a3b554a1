"""Read the official archive of GTSRB's training images, straight from the zip."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from helpers.data.errors import VerificationError
from helpers.data.zip_pictures import open_zip, read_picture

__all__ = ["read_images"]

SIZE = 32
_FRAME = re.compile(r"(?:^|/)(\d{5})/(\d{5})_(\d{5})\.ppm$")


def read_images(path: Path, chosen: Callable[[list], Iterable] = lambda frames: frames
                ) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Read every frame at 32 by 32 pixels: images, labels, tracks, and the names of files that are empty or not pictures.

    The zip holds ``.../<class>/<track>_<frame>.ppm`` with five digits each. The images are uint8, ``(images, 32, 32, 3)``,
    ordered by class, track and frame; ``chosen`` takes the sorted list of ((label, track, frame), member) and returns some.
    Raises VerificationError when it is not a zip file, or holds no frame that can be read.
    """
    images, labels, tracks, left_out = [], [], [], []
    with open_zip(path) as archive:
        frames = sorted((tuple(map(int, match.groups())), name) for name in archive.namelist() if (match := _FRAME.search(name)))
        for (label, track, _), name in chosen(frames):
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
