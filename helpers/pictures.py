"""A figure as bytes, and as HTML that brings its alternative text along."""

from __future__ import annotations

import base64
import html
import io

import matplotlib.pyplot as plt

__all__ = ["PIXELS_PER_INCH", "as_html", "as_png"]

PIXELS_PER_INCH = 100
"""How large a figure is shown."""


def as_png(figure):
    """Turn a figure into a picture and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to draw.

    Returns
    -------
    png : bytes
        A PNG file.
    width, height : int
        How large it is meant to be shown, in pixels; the file has twice as many, to be sharp on today's screens.
    """
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=2 * PIXELS_PER_INCH, metadata={"Software": None})
    width, height = (round(inches * PIXELS_PER_INCH) for inches in figure.get_size_inches())
    plt.close(figure)
    return png.getvalue(), width, height


def as_html(png, width, height, alt):
    """Return a picture as an HTML element that carries its data and its alternative text, and is never wider than the page."""
    data = base64.b64encode(png).decode("ascii")
    return (f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" width="{width}" height="{height}" '
            'style="max-width: 100%; height: auto">')
