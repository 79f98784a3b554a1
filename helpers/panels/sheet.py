"""The sheet of `digit_panel` to draw on with mouse, finger, pen or keyboard; the part for the browser is sheet.js."""

from pathlib import Path

import anywidget
import traitlets

__all__ = ["Sheet"]


class Sheet(anywidget.AnyWidget):
    """A widget whose value is what was drawn: strokes, each a list of points (x, y) in pixels from the upper left corner."""

    _esm = Path(__file__).with_name("sheet.js").read_text(encoding="utf-8")
    value = traitlets.List().tag(sync=True)
