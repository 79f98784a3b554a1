"""A folder of photos as people keep them, for lesson 07: a subfolder for each class, and a few files that cause trouble."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.data.draw_traffic import draw_track
from helpers.data.traffic_names import SIGN_NAMES

__all__ = ["write_sign_photos"]

_ORIENTATION, _TURNED_LEFT = 0x0112, 6  # EXIF: the camera was held upright; a viewer turns the picture to the right


def write_sign_photos(folder: str | Path, classes: Iterable[int], places: int = 4, frames: int = 6, seed: int = 7) -> Path:
    """Draw traffic signs and write them as JPEG files, ``<class>/<place>-<frame>.jpg``.

    A place is one physical sign: its frames are nearly the same picture. In the first class one file is empty, one is stored
    sideways with a note in its EXIF data that says so, and one is gray. Files that are there already are written again.

    Parameters
    ----------
    folder : path-like
        Where to write; it is made if it does not exist.
    classes : iterable of int
        GTSRB's numbers of the signs to draw, 0 to 42.
    places, frames : int
        Physical signs of each class, and frames of each sign: at least three frames.
    seed : int
        A different seed draws different places.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ValueError
        When there are fewer than three frames, so that the three odd files would not fit.
    """
    if frames < 3:
        raise ValueError(f"frames must be at least 3, not {frames}: the first place has three odd files")
    folder = Path(folder)
    for number, label in enumerate(classes):
        place_of = folder / SIGN_NAMES[label].replace(" ", "_")
        place_of.mkdir(parents=True, exist_ok=True)
        for place in range(places):
            photos = map(Image.fromarray, draw_track(label, np.random.default_rng((seed, label, place)), frames))
            for frame, photo in enumerate(photos):
                path = place_of / f"place{place}-{frame}.jpg"
                if number == place == 0 and frame < 3:
                    _write_odd(path, photo, frame)
                else:
                    photo.save(path, quality=95)
    return folder


def _write_odd(path, photo, kind):
    if kind == 0:
        path.write_bytes(b"")
    elif kind == 1:
        exif = Image.Exif()
        exif[_ORIENTATION] = _TURNED_LEFT
        photo.transpose(Image.Transpose.ROTATE_90).save(path, quality=95, exif=exif)
    else:
        photo.convert("L").save(path, quality=95)
