"""What all panels share: controls, a picture with its text, and the one picture that is left where nothing can move."""

from __future__ import annotations

import base64
import html
import os

from IPython import get_ipython
from IPython.display import display

from helpers import plots

__all__ = ["Panel", "live"]


def live():
    """Say whether sliders can be shown: in a notebook's kernel with ipywidgets, unless `COURSE_PANELS` is "static".

    Lessons are stored and tested with "static": what a page without a kernel shows is then what is tested.

    Raises
    ------
    ValueError
        When `COURSE_PANELS` is neither "live" nor "static".
    """
    wanted = os.environ.get("COURSE_PANELS", "live")
    if wanted not in ("live", "static"):
        raise ValueError(f"COURSE_PANELS must be 'live' or 'static', not {wanted!r}. Unset it to get sliders where they run.")
    if wanted == "static" or getattr(get_ipython(), "kernel", None) is None:
        return False
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        return False
    return True


def image(figure, alt):
    """Return a figure as an HTML element that brings its picture and its alternative text along."""
    png, width, height = plots.as_png(figure)
    data = base64.b64encode(png).decode("ascii")
    # Never wider than the page; the height follows.
    return (f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt, quote=True)}" width="{width}" height="{height}" '
            'style="max-width: 100%; height: auto">')


class Panel:
    """Controls, and a picture with a line of text that follow them.

    Parameters
    ----------
    values : dict of str to object
        The settings and what they start with.
    draw : callable
        Takes the settings by name; returns a figure, its alternative text, and the line of text below it.
    controls : callable
        Takes the settings by name; returns a dict with the widget for each setting. Called only where widgets run.
    """

    def __init__(self, values, draw, controls):
        self.values, self._draw, self._controls = dict(values), draw, controls
        self.widgets, self.picture, self.line = {}, None, None

    def show(self):
        """Show the panel: sliders where they run, else the picture of the starting values."""
        if live():
            display(self.build())
            return
        figure, alt, text = self._draw(**self.values)
        plots.show(figure, alt=alt)
        print(text)

    def build(self):
        """Make the widgets and return the box that holds them."""
        import ipywidgets

        self.widgets = self._controls(**self.values)
        self.picture, self.line = ipywidgets.HTML(), ipywidgets.HTML()
        for name, widget in self.widgets.items():
            widget.observe(lambda change, name=name: self._changed(name, change["new"]), names="value")
        # A first call that fails shows its traceback under the cell, where the reader looks.
        self._put(*self._draw(**self.values))
        controls = ipywidgets.HBox(self.arrange(ipywidgets), layout={"flex_flow": "row wrap"})
        return ipywidgets.VBox([controls, self.line, self.picture])

    def arrange(self, ipywidgets):
        """Return the widgets in the order in which they stand and take the keyboard's focus."""
        return list(self.widgets.values())

    def _put(self, figure, alt, text):
        self.picture.value = image(figure, alt)
        # A status is read aloud when it changes, without taking the focus from the slider.
        self.line.value = f'<p role="status" style="white-space: pre-wrap; line-height: 1.4">{html.escape(text)}</p>'

    def _changed(self, name, value):
        self.values[name] = value
        self.refresh()

    def refresh(self):
        """Draw again. What fails is said in the line: a traceback from a slider would be shown nowhere."""
        try:
            self._put(*self._draw(**self.values))
        except Exception as error:
            self.line.value = f'<p role="status">{html.escape(f"{type(error).__name__}: {error}")}</p>'
