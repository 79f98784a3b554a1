"""A photo of the reader's own, from a file or a phone's camera, and what a model says about it: lesson 04."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageOps, UnidentifiedImageError

from helpers import plots

from .base import Panel

__all__ = ["photo_panel", "read_photo"]


def read_photo(file: str | Path | bytes, side: int = 64) -> np.ndarray:
    """Return a photo as the square in its middle, upright, scaled to `side` pixels: float32 of shape (side, side, 3), 0 to 1.

    Cameras store a photo as the sensor saw it and note in the file's EXIF data how it was held. That note is followed here:
    `keras.utils.load_img` ignores it, and a portrait photo would lie on its side.

    Parameters
    ----------
    file : path-like or bytes
        A JPEG, PNG, or another kind that Pillow reads; its path, or its content.
    side : int
        Pixels.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is not a picture that Pillow can read.
    """
    if not isinstance(file, bytes):
        if not Path(file).is_file():
            raise FileNotFoundError(f"there is no photo {str(file)!r}. Give its path, as seen from the notebook's folder.")
        file = Path(file).read_bytes()
    try:
        with Image.open(io.BytesIO(file)) as image:
            square = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), (side, side))
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError("this file is not a picture that can be read here. Save it as JPEG or PNG; phones may store HEIC "
                         f"instead. ({type(error).__name__})") from None
    return np.asarray(square, "float32") / 255


def _content(uploaded):
    """Return the bytes of the last file that was chosen, None without one; ipywidgets 7 keeps a dict, 8 a tuple."""
    files = list(uploaded.values()) if isinstance(uploaded, dict) else list(uploaded)
    return bytes(files[-1]["content"]) if files else None


def photo_panel(photo: np.ndarray, probabilities: Callable[[np.ndarray], np.ndarray], class_names: Sequence[str]) -> None:
    """Show a photo and the probabilities that a model gives it, and a button that takes another photo.

    The button opens a file; on a phone or a tablet it offers the camera, too. Where no kernel answers, the first photo is shown.

    Parameters
    ----------
    photo : array of shape (side, side, 3)
        What to begin with, 0 to 1.
    probabilities : callable
        Takes one photo like it; returns one probability per class.
    class_names : sequence of str
        Their names.
    """
    new_panel(photo, probabilities, class_names).show()


def new_panel(photo, probabilities, class_names):
    """Return the panel of `photo_panel`, which has its parameters."""
    def draw(upload):
        content = _content(upload)
        shown = photo if content is None else read_photo(content, len(photo))
        chances = np.asarray(probabilities(shown), float)
        first, second = np.argsort(-chances, kind="stable")[:2]
        text = (f"The network says {class_names[first]} with probability {chances[first]:.2f}; next comes "
                f"{class_names[second]} with {chances[second]:.2f}.")
        return _figure(shown, chances, class_names), f"A photo of a hand, and a bar for each sign. {text}", text

    def controls(upload):
        import ipywidgets

        return {"upload": ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your photo")}

    return Panel({"upload": ()}, draw, controls)


def _figure(photo, chances, class_names) -> Figure:
    figure, (left, right) = plots.new(1, 2, width=5.6, height=2.4, gridspec_kw={"width_ratios": [1, 1.7]})
    left.imshow(photo)
    left.axis("off")
    right.barh(range(len(class_names)), chances, tick_label=list(class_names), color=plots.COLORS[0])
    right.invert_yaxis()
    right.set(xlabel="probability", xlim=(0, 1))
    return figure
