"""Panels to play with: sliders, a picture, and one line that says what the picture shows.

    from helpers.panels import window_panel
    window_panel(length=13, kernel=6, stride=5, padding="same")

`window_panel` (lessons 03 and 06) lays the windows of a convolution over its input; `digit_panel` (lesson 01) lets you draw a
digit, or moves and turns one, and asks a model about it; `photo_panel` (lesson 04) asks one about a photo of your own. All are
worked with the keyboard, the mouse or a finger. Where nothing can move, because no kernel is there to answer (a page on GitHub,
the web book, a test run), a panel is one picture: see `helpers.environment.live`.
"""

from .base import Panel
from .draw_digit import DigitPanel, digit_panel
from .show_photo import photo_panel, read_photo
from .slide_window import window_panel

__all__ = ["DigitPanel", "Panel", "digit_panel", "photo_panel", "read_photo", "window_panel"]
