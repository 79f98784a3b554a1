"""A digit to move, turn and draw, and what a model says about it: lesson 01."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from helpers import plots

from .base import Panel

if TYPE_CHECKING:
    import ipywidgets
    from numpy.typing import ArrayLike

__all__ = ["DigitPanel", "add_stroke", "digit_panel", "moved"]

RANGES = {"right": (-14, 14), "down": (-14, 14), "size": (30, 200), "turn": (-180, 180)}
PENS = ("lifted", "draws", "erases")
_START = {"blank": False, "number": 0, "right": 0, "down": 0, "size": 100, "turn": 0, "pen": "lifted", "column": 14, "row": 14}


def digit_panel(images: ArrayLike, labels: ArrayLike, probabilities: Callable[[np.ndarray], ArrayLike],
                **start: int | str | bool) -> None:
    """Show a digit with sliders that move it and a pen that draws, and the probabilities that a model gives.

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


def add_stroke(ink: np.ndarray, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a line of the pen in place, between two points (row, column): 0 is paper, 1 is ink."""
    rows, columns = np.indices(ink.shape)
    along = np.subtract(end, start)
    length = max(float(along @ along), 1e-9)
    # How far along the line each pixel has its nearest point, from 0 (start) to 1 (end).
    nearest = np.clip(((rows - start[0]) * along[0] + (columns - start[1]) * along[1]) / length, 0, 1)
    distance = np.hypot(rows - start[0] - nearest * along[0], columns - start[1] - nearest * along[1])
    np.maximum(ink, np.clip(2 - distance, 0, 1), out=ink)


class DigitPanel(Panel):
    """The panel of `digit_panel`, which has its parameters; the drawing is kept here."""

    def __init__(self, images: ArrayLike, labels: ArrayLike, probabilities: Callable[[np.ndarray], ArrayLike],
                 **start: int | str | bool):
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
        self.ink, self.erased = np.zeros((28, 28)), np.zeros((28, 28))

    def controls(self, blank, number, right, down, size, turn, pen, column, row) -> dict[str, ipywidgets.Widget]:
        """Return one widget for each setting."""
        import ipywidgets

        def slider(label, value, limits, step=1):
            return ipywidgets.IntSlider(value, *limits, step, description=label)

        return {"number": slider("digit", number, (0, len(self.images) - 1)),
                "blank": ipywidgets.Checkbox(blank, description="blank sheet"),
                "right": slider("right", right, RANGES["right"]), "down": slider("down", down, RANGES["down"]),
                "size": slider("size, %", size, RANGES["size"], 5), "turn": slider("turn, °", turn, RANGES["turn"], 5),
                "pen": ipywidgets.Dropdown(options=PENS, value=pen, description="pen"),
                "column": slider("pen column", column, (0, 27)), "row": slider("pen row", row, (0, 27))}

    def arrange(self) -> list[ipywidgets.Widget]:
        """Add the button that takes the drawing away."""
        import ipywidgets

        button = ipywidgets.Button(description="wipe the drawing")
        button.on_click(lambda _: self.wipe())
        return [*super().arrange(), button]

    def wipe(self) -> None:
        """Take away everything that was drawn or erased."""
        with self._one_at_a_time:
            self.ink[:], self.erased[:] = 0, 0
            self.refresh()

    def change(self, name: str, value: object) -> None:
        """Store the new value of a widget; a pen that is down leaves a line."""
        before = self.values["row"], self.values["column"]
        self.values[name] = value
        if name in ("pen", "row", "column") and self.values["pen"] != "lifted":
            after = self.values["row"], self.values["column"]
            drawn, other = (self.ink, self.erased) if self.values["pen"] == "draws" else (self.erased, self.ink)
            add_stroke(drawn, before, after)
            np.minimum(other, 1 - drawn, out=other)

    def picture_now(self) -> np.ndarray:
        """Return the picture as it stands, uint8 of shape (28, 28)."""
        settings = self.values
        digit = np.zeros((28, 28))
        if not settings["blank"]:
            digit = moved(self.images[settings["number"]], **{name: settings[name] for name in RANGES})
        return np.clip(np.maximum(digit, 255 * self.ink) * (1 - self.erased), 0, 255).round().astype("uint8")

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
        label = "" if settings["blank"] else f" The label is {self.labels[settings['number']]}."
        text = (f"The model reads {first} with probability {answer[first]:.2f}; "
                f"next comes {second} with {answer[second]:.2f}.{label}")
        figure, (sheet, bars) = plots.new(1, 2, width=6.4, height=2.8, gridspec_kw={"width_ratios": [1, 1.4]})
        sheet.imshow(picture, vmin=0, vmax=255)
        sheet.set(xticks=[0, 14, 27], yticks=[0, 14, 27])
        sheet.grid(False)
        if settings["pen"] != "lifted":
            sheet.plot(settings["column"], settings["row"], marker="o", markersize=9, markerfacecolor="none",
                       markeredgecolor=plots.COLORS[1], markeredgewidth=2)
        drawn = bars.barh(range(10), answer, color=[plots.COLORS[1 if digit == first else 0] for digit in range(10)])
        bars.bar_label(drawn, [f"{value:.2f}" for value in answer], padding=3, fontsize=8)
        bars.set(xlabel="probability", xlim=(0, 1.12), xticks=[0, 0.5, 1], yticks=range(10))
        bars.invert_yaxis()
        bars.grid(False)
        right, down, size, turn = (settings[name] for name in RANGES)
        where = [(right or down, f"moved {right} to the right and {down} down"), (size != 100, f"at {size} percent"),
                 (turn, f"turned by {turn} degrees"), (self.ink.any() or self.erased.any(), "with something drawn over it")]
        what = ", ".join([f"A handwritten {self.labels[settings['number']]}", *(words for holds, words in where if holds)])
        return figure, f"{'A drawing' if settings['blank'] else what}, and ten bars of probability. {text}", text
