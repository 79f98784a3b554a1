"""Pictures that carry a text for those who cannot see them: as bytes, as HTML, and below a cell."""

from __future__ import annotations

import base64
import html
import io

from IPython.display import publish_display_data
from matplotlib.figure import Figure

from helpers import environment

__all__ = ["PIXELS_PER_INCH", "as_html", "as_png", "publish"]

PIXELS_PER_INCH = 100
"""How large a figure is shown."""


def as_png(figure: Figure) -> tuple[bytes, int, int]:
    """Return a figure as a PNG file, and the width and height at which to show it.

    The file has twice as many pixels, to be sharp on today's screens.
    """
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=2 * PIXELS_PER_INCH, metadata={"Software": None})
    width, height = (round(inches * PIXELS_PER_INCH) for inches in figure.get_size_inches())
    return png.getvalue(), width, height


def as_html(png: bytes, width: int, height: int, alt: str) -> str:
    """Return a picture as an HTML element that carries its data and its alternative text, and is never wider than the page."""
    data = base64.b64encode(png).decode("ascii")
    return (f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" width="{width}" height="{height}" '
            'style="max-width: 100%; height: auto">')


def publish(png: bytes, width: int, height: int, alt: str) -> None:
    """Show a PNG file below the cell at this size in pixels, with its alternative text; without one, raise ValueError."""
    if not isinstance(alt, str) or len(alt.split()) < 3:
        raise ValueError(f"alt must say in words what the figure shows, not {alt!r}")
    data = {"image/png": png, "text/plain": f"[Figure: {alt}]"}
    if environment.live():
        # JupyterLab shows a PNG without its alternative text. HTML it shows as it is, and prefers.
        data["text/html"] = as_html(png, width, height, alt)
    publish_display_data(data=data, metadata={"image/png": {"alt": alt, "width": width, "height": height}})
