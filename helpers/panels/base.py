"""What all panels share: controls, a picture with its text, and the one picture that is left where nothing can move."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from IPython.display import display, publish_display_data
from matplotlib.figure import Figure

from helpers import environment, plots
from helpers.pictures import as_html, as_png

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["Panel"]

# ipywidgets gives a slider's handle no name, so that a screen reader would say a number and not of what. The sliders appear some
# time after this runs, hence the observer; it goes after a minute.
NAME_THE_SLIDERS = """<script>
(() => {
  const name = () => document.querySelectorAll(".widget-slider").forEach((slider) => {
    const label = slider.querySelector("label"), handle = slider.querySelector("[role=slider]");
    if (label && handle) handle.setAttribute("aria-label", label.textContent);
  });
  const observer = new MutationObserver(name);
  observer.observe(document.body, {childList: true, subtree: true});
  setTimeout(() => observer.disconnect(), 60000);
  name();
})();
</script>"""


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

    def __init__(self, values: dict[str, object], draw: Callable[..., tuple[Figure, str, str]],
                 controls: Callable[..., dict[str, ipywidgets.Widget]]):
        self.values, self._draw, self._controls = dict(values), draw, controls
        self.widgets, self.picture, self.line = {}, None, None
        # JupyterLab may answer sliders in a thread of their own, and two of them at a time.
        self._one_at_a_time = threading.RLock()

    def show(self) -> None:
        """Show the panel: sliders where they run, else the picture of the starting values."""
        if environment.live():
            display(self.build())
            publish_display_data({"text/html": NAME_THE_SLIDERS, "text/plain": ""})
            return
        figure, alt, text = self._draw(**self.values)
        plots.show(figure, alt=alt)
        print(text)

    def build(self) -> ipywidgets.Widget:
        """Make the widgets and return the box that holds them."""
        import ipywidgets

        self.widgets = self._controls(**self.values)
        self.picture, self.line = ipywidgets.HTML(), ipywidgets.HTML()
        for name, widget in self.widgets.items():
            widget.observe(lambda change, name=name: self._on_change(name, change["new"]), names="value")
        # A first call that fails shows its traceback under the cell, where the reader looks.
        self._put(*self._draw(**self.values))
        controls = ipywidgets.HBox(self.arrange(), layout={"flex_flow": "row wrap"})
        return ipywidgets.VBox([controls, self.line, self.picture])

    def arrange(self) -> list[ipywidgets.Widget]:
        """Return the widgets in the order in which they stand and take the keyboard's focus."""
        return list(self.widgets.values())

    def _put(self, figure, alt, text):
        self.picture.value = as_html(*as_png(figure), alt)
        # A status is read aloud when it changes, without taking the focus from the slider.
        self.line.value = f'<p role="status" style="white-space: pre-wrap; line-height: 1.4">{html.escape(text)}</p>'

    def _on_change(self, name, value):
        with self._one_at_a_time:
            self.change(name, value)
            self.refresh()

    def change(self, name: str, value: object) -> None:
        """Store the new value of a widget."""
        self.values[name] = value

    def refresh(self) -> None:
        """Draw again. What fails is said in the line: a traceback from a slider would be shown nowhere."""
        try:
            self._put(*self._draw(**self.values))
        except Exception as error:
            self.line.value = f'<p role="status">{html.escape(f"{type(error).__name__}: {error}")}</p>'
