"""The windows of a convolution over its input, along one axis: lessons 03 and 06."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from helpers import plots, shapes

from .base import Panel

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["draw_windows", "in_words", "window_panel"]

LARGEST = {"length": 32, "kernel": 12, "stride": 8, "dilation": 4, "padding": 6}
_NOTHING, _GAP, _PIXEL, _PADDING, _TAP, _UNSEEN, _OUTSIDE = range(7)
_COLORS = ListedColormap(["#ffffff", "#e3f0f8", "#d9d9d9", "#f3f3f3", "#56b4e9", "#e69f00", "#d55e00"])


def window_panel(length: int = 12, kernel: int = 3, stride: int = 1, padding: str | int = "valid", dilation: int = 1) -> None:
    """Show where a window stands on a row of pixels, with a slider for each number.

    Parameters
    ----------
    length : int
        Pixels of the input, 1 to 32.
    kernel, stride, dilation : int
        1 to 12, 1 to 8, 1 to 4.
    padding : "valid", "same" or int
        No zeros, as many as give ceil(length / stride) places, or this many on each side, 1 to 6.

    Raises
    ------
    ValueError
        When a number is outside its range, or the padding is none of these.
    """
    new_panel(length=length, kernel=kernel, stride=stride, padding=padding, dilation=dilation).show()


def new_panel(**values: int | str) -> Panel:
    """Return the panel without showing it; the arguments are those of `window_panel`."""
    for name, value in values.items():
        whole = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST[name]
        if not whole and not (name == "padding" and value in ("valid", "same")):
            named = '"valid", "same" or ' if name == "padding" else ""
            raise ValueError(f"{name} must be {named}a whole number from 1 to {LARGEST[name]}, got {value!r}. "
                             "For larger numbers ask shapes.conv_output_length.")
    return Panel(values, draw, controls)


def controls(length: int, kernel: int, stride: int, padding: str | int, dilation: int) -> dict[str, ipywidgets.Widget]:
    """Return one widget for each setting."""
    import ipywidgets

    def slider(name, value):
        return ipywidgets.IntSlider(value, 1, LARGEST[name], description=name)

    paddings = [('"valid": none', "valid"), ('"same"', "same"),
                *((f"{number} on each side", number) for number in range(1, LARGEST["padding"] + 1))]
    return {"length": slider("length", length), "kernel": slider("kernel", kernel), "stride": slider("stride", stride),
            "padding": ipywidgets.Dropdown(options=paddings, value=padding, description="padding"),
            "dilation": slider("dilation", dilation)}


def draw(length: int, kernel: int, stride: int, padding: str | int, dilation: int) -> tuple[Figure, str, str]:
    """Return figure, alternative text and line for one setting."""
    text, alt = in_words(length, kernel, stride, padding, dilation)
    return draw_windows(length, kernel, stride, padding, dilation), alt, text


def _places(length, kernel, stride, padding, dilation):
    """Return zeros before and after, the extent, each window's start counted from pixel 0, and why there is none."""
    before, after = shapes.split_padding(length, kernel, stride, padding, dilation)
    extent = shapes.window_extent(kernel, dilation)
    try:
        count, error = shapes.conv_output_length(length, kernel, stride, padding, dilation), ""
    except ValueError as too_long:
        count, error = 0, str(too_long)
    return before, after, extent, [place * stride - before for place in range(count)], error


def _unseen(length, kernel, dilation, starts):
    """Return the pixels, counted from 1, on which no window lays a weight."""
    seen = {start + tap * dilation for start in starts for tap in range(kernel)}
    return [pixel + 1 for pixel in range(length) if pixel not in seen]


def in_words(length: int, kernel: int, stride: int, padding: str | int, dilation: int) -> tuple[str, str]:
    """Return the line below the picture and the picture's alternative text."""
    before, after, extent, starts, error = _places(length, kernel, stride, padding, dilation)
    row = f"A row of {length} pixels" + (f", zeros before it: {before}, after it: {after}" if before + after else "")
    if error:
        return f"No place: {error}", f"{row}. The window of {extent} sticks out beyond its end."
    padded = before + length + after
    unseen = _unseen(length, kernel, dilation, starts)
    lines = [f"output length = ⌊({padded} − {extent}) / {stride}⌋ + 1 = {len(starts)}",
             f"padded length: {before} + {length} + {after} = {padded}",
             *([f"extent of the window: ({kernel} − 1) × {dilation} + 1 = {extent}"] if dilation > 1 else []),
             "pixels never seen: " + (", ".join(map(str, unseen)) or "none")]
    alt = (f"{row}. Places of the window: {len(starts)}, {stride} apart, with {kernel} weights each, from position "
           f"{starts[0] + 1} to position {starts[-1] + extent}. {lines[-1].capitalize()}.")
    return "\n".join(lines), alt


def draw_windows(length: int, kernel: int, stride: int, padding: str | int, dilation: int) -> Figure:
    """Return the figure: the padded input as a row of cells, and below it one row for each window.

    Parameters are those of `window_panel`. A window that fits nowhere is drawn sticking out.
    """
    before, after, extent, starts, _ = _places(length, kernel, stride, padding, dilation)
    shown = starts or [-before]
    # At least 12 columns and 5 rows, so that a short row is not drawn as a few huge cells.
    width = before + length + after
    columns, rows = max(width, shown[-1] + before + extent, 12), max(len(shown), 5)
    cells = np.full((rows + 2, columns), _NOTHING)
    cells[0, :width] = _PADDING
    cells[0, before:before + length] = _PIXEL
    for pixel in _unseen(length, kernel, dilation, starts):
        cells[0, before + pixel - 1] = _UNSEEN
    for row, start in enumerate(shown, 2):
        taps = start + before + np.arange(kernel) * dilation
        cells[row, taps[0]:taps[-1] + 1] = _GAP
        cells[row, taps] = np.where(taps < width, _TAP, _OUTSIDE)
    # The input keeps its height however many windows there are below it: row 0 is the input, row 1 a gap.
    thick = max(1.0, rows / 10)
    edges = np.concatenate([[0.0, thick, 1.4 * thick], 1.4 * thick + np.arange(1, rows + 1)])
    figure, axis = plots.new(width=7.2, height=3.4)
    axis.pcolormesh(np.arange(columns + 1), edges, cells, cmap=_COLORS, vmin=0, vmax=len(_COLORS.colors) - 1,
                    edgecolors="white", linewidth=min(1.5, 20 / rows))
    for column in range(width):
        inside = before <= column < before + length
        axis.text(column + 0.5, thick / 2, str(column - before + 1) if inside else "0", ha="center", va="center",
                  fontsize=min(9, 230 / columns), color="black" if inside else "#555555")
    numbers = range(0, len(shown), -(-len(shown) // 14))
    axis.set_yticks([thick / 2, *(edges[row + 2] + 0.5 for row in numbers)],
                    ["input", *(f"output {row + 1}" if starts else "sticks out" for row in numbers)], fontsize=9)
    axis.set(xlim=(0, columns), ylim=(edges[-1], 0), xticks=[])
    axis.grid(False)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    return figure
