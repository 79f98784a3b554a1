"""A digit to draw, or one of the data, to move and turn, and what a model says about it: lesson 01."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from helpers import plots

from .base import Panel

if TYPE_CHECKING:
    import ipywidgets
    from numpy.typing import ArrayLike

    Stroke = Sequence[Sequence[float]]

__all__ = ["DigitPanel", "digit_panel", "drawn", "moved"]

RANGES = {"right": (-14, 14), "down": (-14, 14), "size": (30, 200), "turn": (-180, 180)}
_START = {"number": 0, "right": 0, "down": 0, "size": 100, "turn": 0, "strokes": []}
_BOX, _PEN = 20, 2  # pixels: MNIST's digits fit a box of 20 by 20; the pen's line is about as thick as theirs


def digit_panel(images: ArrayLike, labels: ArrayLike, probabilities: Callable[[np.ndarray], ArrayLike],
                **start: int) -> None:
    """Show a digit, a sheet to draw another one, sliders that move it, and the probabilities that a model gives.

    A drawing is scaled and centered as the digits of MNIST are (see `drawn`). Without the package anywidget there is no sheet.

    Parameters
    ----------
    images : array_like of uint8, shape (n, 28, 28)
        The digits to choose from.
    labels : array_like of int, shape (n,)
        What they are.
    probabilities : callable
        Takes one picture, uint8 of shape (28, 28); returns ten probabilities.
    **start
        Initial settings: number (which digit), right and down (-14 to 14 pixels), size (30 to 200 percent),
        turn (-180 to 180 degrees, clockwise).

    Raises
    ------
    ValueError
        When pictures or labels have another shape, a start is unknown, or the model does not return ten probabilities.
    """
    DigitPanel(images, labels, probabilities, **start).show()


def moved(image: np.ndarray, right: float = 0, down: float = 0, size: float = 100, turn: float = 0) -> np.ndarray:
    """Return a picture moved by pixels, scaled to `size` percent and turned clockwise by degrees; what leaves it is lost."""
    angle, center = np.deg2rad(turn), (np.array(image.shape) - 1) / 2
    # For each pixel of the result: the place in the original from which it comes. Rows run down, so clockwise is positive.
    back = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * 100 / size
    offset = center - back @ (center + np.array([down, right]))
    return ndimage.affine_transform(np.asarray(image, float), back, offset, order=1)


def _ink(strokes):
    """Return strokes as a picture, float of shape (28, 28) from 0 (paper) to 1 (ink)."""
    ink = np.zeros((28, 28))
    columns, rows = np.meshgrid(np.arange(28) + 0.5, np.arange(28) + 0.5)  # the pixels' centers
    for stroke in strokes:
        for (x, y), end in zip(stroke, stroke[1:] if len(stroke) > 1 else stroke):
            along = np.subtract(end, (x, y))
            length = max(float(along @ along), 1e-9)
            # How far along the line each pixel has its nearest point, from 0 (start) to 1 (end).
            nearest = np.clip(((columns - x) * along[0] + (rows - y) * along[1]) / length, 0, 1)
            distance = np.hypot(columns - x - nearest * along[0], rows - y - nearest * along[1])
            np.maximum(ink, np.clip(_PEN / 2 + 0.5 - distance, 0, 1), out=ink)
    return ink


def drawn(strokes: Sequence[Stroke]) -> np.ndarray:
    """Return a drawing as a picture made the way MNIST's are: fitted into a box of 20 pixels, its mass in the middle.

    Parameters
    ----------
    strokes : sequence of sequence of (x, y)
        Lines of the pen, as points in pixels from the upper left corner.

    Returns
    -------
    array of float, shape (28, 28)
        From 0 (paper) to 255 (ink).
    """
    points = np.array([point for stroke in strokes for point in stroke], float).reshape(-1, 2)
    if not len(points):
        return np.zeros((28, 28))
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (_BOX - _PEN) / max(*(high - low), _BOX / 4)  # a dot stays small
    fitted = [(np.array(stroke, float) - (low + high) / 2) * scale + 14 for stroke in strokes]
    ink = _ink(fitted)
    mass = [np.average(np.arange(28) + 0.5, weights=ink.sum(axis=axis)) for axis in (0, 1)]
    return 255 * _ink([stroke + 14 - mass for stroke in fitted])


class DigitPanel(Panel):
    """The panel of `digit_panel`, which has its parameters."""

    def __init__(self, images: ArrayLike, labels: ArrayLike, probabilities: Callable[[np.ndarray], ArrayLike],
                 **start: int):
        self.images, self.labels, self.probabilities = np.asarray(images), np.asarray(labels), probabilities
        if self.images.ndim != 3 or self.images.shape[1:] != (28, 28) or not len(self.images):
            raise ValueError(f"images must be (n, 28, 28), at least one, not {self.images.shape}. "
                             "Rows of 784 numbers: images.reshape(-1, 28, 28).")
        if self.labels.shape != (len(self.images),):
            raise ValueError(f"labels must be {len(self.images)} numbers, one for each image, not of shape {self.labels.shape}")
        ranges = {"number": (0, len(self.images) - 1), **RANGES}
        for name, value in start.items():
            if name not in ranges:
                raise ValueError(f"digit_panel can start with {', '.join(ranges)}, not with {name!r}")
            if not ranges[name][0] <= value <= ranges[name][1]:
                raise ValueError(f"{name} must be from {ranges[name][0]} to {ranges[name][1]}, got {value!r}")
        super().__init__({**_START, **start}, self.draw, self.controls)

    def controls(self, number, right, down, size, turn, strokes) -> dict[str, ipywidgets.Widget]:
        """Return one widget for each setting."""
        import ipywidgets

        def slider(label, value, limits, step=1):
            return ipywidgets.IntSlider(value, *limits, step, description=label)

        widgets = {"number": slider("digit", number, (0, len(self.images) - 1)),
                   "right": slider("right", right, RANGES["right"]), "down": slider("down", down, RANGES["down"]),
                   "size": slider("size, %", size, RANGES["size"], 5), "turn": slider("turn, °", turn, RANGES["turn"], 5)}
        try:
            from .sheet import Sheet
        except ImportError:
            return widgets
        return {"strokes": Sheet(value=strokes), **widgets}

    def arrange(self) -> list[ipywidgets.Widget]:
        """Put the sheet, where there is one, beside the sliders and the button that wipes it."""
        import ipywidgets

        if "strokes" not in self.widgets:
            missing = ipywidgets.HTML("The sheet to draw on needs a package: run %pip install anywidget, then this cell again.")
            return [*super().arrange(), missing]
        sheet, *sliders = super().arrange()
        button = ipywidgets.Button(description="wipe the drawing")
        button.on_click(lambda _: self.wipe())
        return [sheet, ipywidgets.VBox([*sliders, button])]

    def wipe(self) -> None:
        """Take the drawing away: the digit of the data comes back."""
        self.widgets["strokes"].value = []

    def picture_now(self) -> np.ndarray:
        """Return the picture as it stands, uint8 of shape (28, 28)."""
        settings = self.values
        digit = drawn(settings["strokes"]) if settings["strokes"] else self.images[settings["number"]]
        digit = moved(digit, **{name: settings[name] for name in RANGES})
        return np.clip(digit, 0, 255).round().astype("uint8")

    def _ask(self, picture):
        answer = np.asarray(self.probabilities(picture), float).ravel()
        if answer.shape != (10,) or not np.isfinite(answer).all() or answer.min() < -1e-6 or abs(answer.sum() - 1) > 1e-3:
            raise ValueError(f"the model must return ten probabilities that sum to 1, not {answer.round(3).tolist()}. "
                             "Scores become probabilities by softmax.")
        return answer

    def draw(self, **settings) -> tuple[Figure, str, str]:
        """Return figure, alternative text and line for the settings of now."""
        picture = self.picture_now()
        answer = self._ask(picture)
        first, second = np.argsort(-answer, kind="stable")[:2]
        what, label = f"A handwritten {self.labels[settings['number']]}", f" The label is {self.labels[settings['number']]}."
        if settings["strokes"]:
            what, label = "A drawing, fitted and centered", ""
        text = (f"The model reads {first} with probability {answer[first]:.2f}; "
                f"next comes {second} with {answer[second]:.2f}.{label}")
        figure, (sheet, bars) = plots.new(1, 2, width=6.4, height=2.8, gridspec_kw={"width_ratios": [1, 1.4]})
        sheet.imshow(picture, vmin=0, vmax=255)
        sheet.set(xticks=[0, 14, 27], yticks=[0, 14, 27])
        sheet.grid(False)
        rows = bars.barh(range(10), answer, color=[plots.COLORS[1 if digit == first else 0] for digit in range(10)])
        bars.bar_label(rows, [f"{value:.2f}" for value in answer], padding=3, fontsize=8)
        bars.set(xlabel="probability", xlim=(0, 1.12), xticks=[0, 0.5, 1], yticks=range(10))
        bars.invert_yaxis()
        bars.grid(False)
        right, down, size, turn = (settings[name] for name in RANGES)
        where = [(right or down, f"moved {right} to the right and {down} down"), (size != 100, f"at {size} percent"),
                 (turn, f"turned by {turn} degrees")]
        what = ", ".join([what, *(words for holds, words in where if holds)])
        return figure, f"{what}, and ten bars of probability. {text}", text
