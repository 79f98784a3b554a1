"""The figures of the course, in one style.

Every figure goes through :func:`show`, which publishes it together with a text that says what is on it: screen readers
and browsers get the text as the picture's ``alt``, a terminal prints it instead of the picture.

Colors are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), which color-blind readers can tell apart; lines also
differ by dash and marker, so that a black-and-white print loses nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure

from helpers.pictures import PIXELS_PER_INCH, as_png, publish

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


__all__ = ["COLORS", "accuracy_spread", "confusion_matrix", "curves", "image_grid", "new", "show", "spread_panels"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (8, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


_STYLE = {
    "figure.dpi": PIXELS_PER_INCH, "figure.constrained_layout.use": True,
    "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "white",
    "font.size": 10, "axes.titlesize": 10.5, "axes.labelsize": 10, "legend.frameon": False, "legend.fontsize": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd",
    "grid.linewidth": 0.6, "axes.axisbelow": True, "lines.linewidth": 1.8, "lines.markersize": 4,
    "image.cmap": "gray", "image.interpolation": "nearest",
    "axes.prop_cycle": cycler(color=COLORS) + cycler(linestyle=_DASHES) + cycler(marker=_MARKERS),
}


def new(rows: int = 1, columns: int = 1, width: float = 6.0, height: float = 3.4, **options) -> tuple[Figure, Any]:
    """Start a figure in the style of the course.

    pyplot does not know of it: JupyterLab lets sliders work in another thread while a cell runs, and would show what pyplot knows
    of, half drawn, below that cell.

    Parameters
    ----------
    rows, columns : int
        Number of panels down and across.
    width, height : float
        Size of the whole figure in inches (100 pixels each).
    **options
        Passed on to :meth:`matplotlib.figure.Figure.subplots`.

    Returns
    -------
    figure, axes
        As from :func:`matplotlib.pyplot.subplots`. Give the figure to :func:`show`.
    """
    matplotlib.rcParams.update(_STYLE)
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def show(figure: Figure, *, alt: str) -> None:
    """Publish a figure with its alternative text.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to show.
    alt : str
        One or two sentences that tell somebody who cannot see the figure what is on it.

    Raises
    ------
    ValueError
        When ``alt`` is empty.
    """
    publish(*as_png(figure), alt)


def image_grid(images: ArrayLike, titles: Sequence[object] | None = None, *, alt: str, columns: int = 10, size: float = 1.0,
               symmetric: bool = False) -> None:
    """Show images side by side.

    Parameters
    ----------
    images : array_like
        Shape ``(n, height, width)``, ``(n, height, width, 1)`` or ``(n, height, width, 3)``. Color images are uint8 or
        floats from 0 to 1.
    titles : sequence, optional
        One short line above each image: texts or numbers.
    alt : str
        What the grid shows, in words.
    columns : int
        Images in a row.
    size : float
        Side of one image in inches.
    symmetric : bool
        Put zero in the middle of the scale, the same scale for all images: for weights, which have a sign.

    Raises
    ------
    ValueError
        When there is no image, or the titles do not match the images.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim not in (3, 4) or len(images) == 0:
        raise ValueError(f"images must be a stack (n, height, width[, channels]), not an array of shape {images.shape}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(images)} images, but {len(titles)} titles")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    lines = 0 if titles is None else max(str(text).count("\n") + 1 for text in titles)
    height = rows * (size + 0.19 * lines + 0.04)
    figure, axes = new(rows, columns, width=columns * (size + 0.06), height=height, squeeze=False)
    scale = {"cmap": "gray"}
    if symmetric:
        limit = float(np.abs(images).max())
        scale = {"vmin": -limit, "vmax": limit, "cmap": "PuOr"}
    elif images.ndim == 3 and images.dtype == np.uint8:
        scale.update(vmin=0, vmax=255)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, text in zip(axes.flat, images, [""] * len(images) if titles is None else titles):
        axis.imshow(image, **scale)
        axis.set_title(str(text), fontsize=8.5, pad=2)
    show(figure, alt=alt)


def curves(series: dict[str, Sequence[float]], *, alt: str, xlabel: str = "epoch", ylabel: str = "accuracy",
           ylim: tuple[float, float] | None = None, start: int = 1) -> None:
    """Draw one line per series, for example training and validation accuracy by epoch.

    Parameters
    ----------
    series : dict of str to sequence of float
        A name for the legend, and the values.
    alt : str
        What the curves show, in words.
    xlabel, ylabel : str
        Texts of the figure.
    ylim : tuple of float, optional
        Limits of the vertical axis.
    start : int
        Where the horizontal axis begins: epochs count from 1.
    """
    figure, axis = new(width=6.4, height=3.4)
    few = max(map(len, series.values())) <= 40
    for name, values in series.items():
        axis.plot(np.arange(start, start + len(values)), values, label=name, **({} if few else {"marker": "None"}))
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if ylim is not None:
        axis.set_ylim(*ylim)
    axis.xaxis.get_major_locator().set_params(integer=few)
    axis.legend()
    show(figure, alt=alt)


def accuracy_spread(groups: dict[str, Sequence[float]], *, alt: str, xlabel: str = "accuracy",
                    on_real: dict[str, Sequence[float]] | None = None) -> None:
    """Draw each run as a dot and each mean as a bar mark, one row per group; the first seed is the highest dot of its row.

    Parameters
    ----------
    groups : dict of str to sequence of float
        A name, and the value of each run (one per seed).
    alt : str
        What the dots show, in words.
    xlabel : str
        Text of the horizontal axis.
    on_real : dict of str to sequence of float, optional
        What was recorded on the real data, for the groups that have it: the mean is drawn as a pale diamond.
    """
    figure, axis = new(width=6.4, height=0.9 + 0.45 * len(groups))
    _draw_spread(axis, groups, on_real or {})
    axis.set(xlabel=xlabel + _spread_legend(on_real))
    show(figure, alt=alt)


def _draw_spread(axis, groups, on_real):
    for row, (group, values) in enumerate(groups.items()):
        if group in on_real:
            axis.plot(np.mean(on_real[group]), row, marker="D", color="#b0b0b0", markersize=7, linestyle="None")
        heights = row + 0.1 * (np.arange(len(values)) - (len(values) - 1) / 2)  # equal values do not hide each other
        axis.plot(values, heights, linestyle="None", marker="o", color=COLORS[0], markersize=6, alpha=0.75)
        axis.plot([np.mean(values)] * 2, [row - 0.28, row + 0.28], color=COLORS[1], linestyle="-", marker="None")
    axis.set_yticks(range(len(groups)), list(groups))
    axis.set_ylim(len(groups) - 0.4, -0.6)


def _spread_legend(on_real):
    return f" (dot: one seed, bar: mean{', diamond: mean on real data' if on_real else ''})"


def spread_panels(panels: dict[str, dict[str, Sequence[float]]], *, alt: str, columns: int = 2, xlabel: str = "accuracy",
                  on_real: dict[str, dict[str, Sequence[float]]] | None = None) -> None:
    """Draw several spreads, as :func:`accuracy_spread` does, in panels of one scale.

    Parameters
    ----------
    panels : dict of str to dict
        A title, and the groups of one panel; all have the same groups.
    alt, xlabel : str
        As in :func:`accuracy_spread`.
    columns : int
        Panels in a row.
    on_real : dict of str to dict, optional
        What was recorded on the real data, by panel and group.
    """
    rows = math.ceil(len(panels) / columns)
    groups = len(next(iter(panels.values())))
    figure, axes = new(rows, columns, width=3.8 * columns, height=rows * (0.8 + 0.3 * groups), sharex=True, sharey=True,
                       squeeze=False)
    for axis, (title, values) in zip(axes.flat, panels.items()):
        _draw_spread(axis, values, (on_real or {}).get(title, {}))
        axis.set(title=title, xlim=(0, 1.02))
    figure.supxlabel(xlabel + _spread_legend(on_real), fontsize=10)
    show(figure, alt=alt)


def confusion_matrix(matrix: ArrayLike, class_names: Sequence[str], *, alt: str) -> None:
    """Show how often each true class was taken for each predicted one.

    Parameters
    ----------
    matrix : array_like of int, shape (classes, classes)
        Counts: true class down, predicted class across.
    class_names : sequence of str
        Names for both axes.
    alt : str
        What stands out, in words.
    """
    matrix = np.asarray(matrix)
    side = 0.33 * len(matrix) + 1.2
    figure, axis = new(width=side + 0.4, height=side)
    mistakes = matrix - np.diag(np.diag(matrix))
    # The scale is that of the mistakes: on the scale of the diagonal they would all look like zero.
    axis.imshow(mistakes, cmap="Blues", vmax=max(1, mistakes.max()) * 1.3)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axis.text(column, row, str(count), ha="center", va="center", fontsize=8,
                      weight="bold" if row == column else "normal",
                      color="white" if row != column and count > 0.85 * mistakes.max() else "black")
    axis.set_xticks(range(len(matrix)), class_names, rotation=0 if max(map(len, class_names)) < 4 else 90)
    axis.set_yticks(range(len(matrix)), class_names)
    axis.set(xlabel="predicted", ylabel="true")
    axis.grid(False)
    show(figure, alt=alt)
