"""Draw the 43 traffic signs as plain shapes, from which the offline sample is made, and store them in data/samples.

Environment: that of the course, ``python -m tests.recorders.draw_plates data/samples``. The lettering comes from Pillow's own
font and may differ in another version of it; the stored plates are what the course uses.

Coordinates run from -1 to 1 over the plate, x to the right and y down. The shapes follow the signs of the Vienna
Convention; they are recognizable, not exact.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from helpers.data.storage import write_hdf5

__all__ = ["PLATE", "plate"]

PLATE = 96
"""Side of a plate in pixels."""

_FINE = 4 * PLATE
WHITE, BLACK, RED, BLUE, YELLOW, GRAY, GREEN = ((236, 236, 232), (24, 24, 26), (186, 22, 34), (18, 74, 160), (244, 196, 20),
                                                (150, 150, 150), (30, 130, 70))
_LIMITS = {0: "20", 1: "30", 2: "50", 3: "60", 4: "70", 5: "80", 7: "100", 8: "120"}
_WARNINGS = range(18, 32)
_MANDATORY = range(33, 41)


class _Pen:
    """Draws in plate coordinates."""

    def __init__(self):
        self.image = Image.new("RGBA", (_FINE, _FINE), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)

    def _pixels(self, points):
        return [((x + 1) / 2 * _FINE, (y + 1) / 2 * _FINE) for x, y in points]

    def shape(self, color, *points):
        self.draw.polygon(self._pixels(points), fill=(*color, 255))

    def line(self, color, width, *points):
        self.draw.line(self._pixels(points), fill=(*color, 255), width=round(width * _FINE / 2), joint="curve")

    def disc(self, color, x, y, radius):
        self.draw.ellipse(self._pixels([(x - radius, y - radius), (x + radius, y + radius)]), fill=(*color, 255))

    def arc(self, color, width, x, y, radius, start, end):
        box = self._pixels([(x - radius, y - radius), (x + radius, y + radius)])
        self.draw.arc([*box[0], *box[1]], start, end, fill=(*color, 255), width=round(width * _FINE / 2))

    def text(self, color, words, y, height):
        font = ImageFont.load_default(size=height * _FINE / 2)
        self.draw.text(self._pixels([(0, y)])[0], words, font=font, anchor="mm", fill=(*color, 255),
                       stroke_width=round(0.02 * _FINE), stroke_fill=(*color, 255))

    def arrow(self, color, width, *points):
        self.line(color, width, *points)
        (x0, y0), (x1, y1) = np.array(points[-2:], float)
        way = np.array([x1 - x0, y1 - y0]) / np.hypot(x1 - x0, y1 - y0)
        side, tip = np.array([-way[1], way[0]]), np.array([x1, y1])
        self.shape(color, *(tip + part for part in (1.6 * width * side, 2.2 * width * way, -1.6 * width * side)))


def _car(pen, color, x, y, size, truck=False):
    if truck:
        pen.shape(color, *((x + a * size, y + b * size) for a, b in ((-1, -0.8), (0.35, -0.8), (0.35, 0.35), (-1, 0.35))))
        cabin = ((0.42, -0.4), (0.8, -0.4), (1, 0), (1, 0.35), (0.42, 0.35))
        pen.shape(color, *((x + a * size, y + b * size) for a, b in cabin))
    else:
        body = ((-1, 0), (-0.6, -0.6), (0.6, -0.6), (1, 0), (1, 0.4), (-1, 0.4))
        pen.shape(color, *((x + a * size, y + b * size) for a, b in body))
    for wheel in (-0.6, 0.6):
        pen.disc(color, x + wheel * size, y + 0.4 * size, 0.24 * size)


def _person(pen, x, y, size):
    pen.disc(BLACK, x, y - 0.8 * size, 0.2 * size)
    for points in (((0, -0.6), (0, 0.1)), ((0, 0.1), (-0.4, 0.8)), ((0, 0.1), (0.4, 0.8)),
                   ((-0.45, 0), (0, -0.45), (0.45, -0.05))):
        pen.line(BLACK, 0.17 * size, *((x + a * size, y + b * size) for a, b in points))


def _warning(pen, label):
    """The symbols of the triangles."""
    line = functools.partial(pen.line, BLACK)
    if label == 18:
        line(0.16, (0, -0.3), (0, 0.25))
        pen.disc(BLACK, 0, 0.45, 0.1)
    elif label in (19, 20):
        flip = 1 if label == 20 else -1
        pen.arrow(BLACK, 0.14, (-0.15 * flip, 0.52), (-0.15 * flip, 0.2), (0.2 * flip, -0.12))
    elif label == 21:
        line(0.14, (-0.2, 0.52), (-0.2, 0.28), (0.18, 0.12), (-0.1, -0.1), (-0.1, -0.35))
    elif label == 22:
        pen.shape(BLACK, (-0.5, 0.45), (0.5, 0.45), (0.5, 0.3), (-0.5, 0.3))
        for x in (-0.24, 0.24):
            pen.disc(BLACK, x, 0.28, 0.2)
    elif label == 23:
        _car(pen, BLACK, 0.02, -0.02, 0.3)
        for x in (-0.16, 0.16):
            line(0.07, (x, 0.18), (x + 0.12, 0.3), (x - 0.1, 0.42), (x + 0.05, 0.54))
    elif label == 24:
        line(0.1, (-0.25, 0.52), (-0.25, -0.2))
        line(0.1, (0.3, 0.52), (0.3, 0.25), (0.05, 0.05), (0.05, -0.2))
    elif label == 25:
        _person(pen, -0.14, 0.12, 0.42)
        line(0.06, (0.05, -0.05), (0.3, 0.4))
        pen.shape(BLACK, (0.15, 0.52), (0.52, 0.52), (0.33, 0.3))
    elif label == 26:
        for y, color in ((-0.22, RED), (0.1, YELLOW), (0.42, GREEN)):
            pen.disc(color, 0, y, 0.15)
    elif label == 27:
        _person(pen, 0, 0.1, 0.46)
        for x in (-0.45, -0.25, 0.25, 0.45):
            line(0.06, (x, 0.56), (0.75 * x, 0.42))
    elif label == 28:
        _person(pen, -0.22, 0.16, 0.38)
        _person(pen, 0.24, 0.22, 0.32)
    elif label == 29:
        for x in (-0.27, 0.27):
            pen.arc(BLACK, 0.07, x, 0.35, 0.2, 0, 360)
        line(0.07, (-0.27, 0.35), (-0.05, 0), (0.2, 0), (0.27, 0.35), (0, 0.35), (-0.08, -0.1))
    elif label == 30:
        for angle in np.arange(6) * np.pi / 3:
            line(0.09, (0, 0.15), (0.38 * np.sin(angle), 0.15 - 0.38 * np.cos(angle)))
            pen.disc(BLACK, 0.3 * np.sin(angle), 0.15 - 0.3 * np.cos(angle), 0.08)
    elif label == 31:
        pen.shape(BLACK, (-0.35, 0.1), (0.2, -0.05), (0.32, 0.14), (-0.3, 0.32))
        line(0.08, (-0.28, 0.25), (-0.45, 0.52))
        line(0.08, (0.2, 0.1), (0.36, 0.5))
        line(0.1, (0.22, 0.05), (0.32, -0.25), (0.46, -0.15))
        line(0.05, (0.3, -0.25), (0.15, -0.45), (0.3, -0.4))
    elif label == 11:
        pen.arrow(BLACK, 0.15, (0, 0.52), (0, -0.2))
        line(0.08, (-0.35, 0.2), (0.35, 0.2))


def _mandatory(pen, label):
    """The arrows of the blue discs."""
    paths = {33: [((-0.35, 0.5), (-0.35, 0), (0.3, 0))], 34: [((0.35, 0.5), (0.35, 0), (-0.3, 0))],
             35: [((0, 0.6), (0, -0.3))], 36: [((-0.15, 0.6), (-0.15, -0.35)), ((-0.15, 0.25), (0.3, 0.05))],
             37: [((0.15, 0.6), (0.15, -0.35)), ((0.15, 0.25), (-0.3, 0.05))],
             38: [((-0.4, -0.4), (0.25, 0.25))], 39: [((0.4, -0.4), (-0.25, 0.25))]}
    for path in paths.get(label, ()):
        pen.arrow(WHITE, 0.17, *path)
    if label == 40:
        for start in (0, 120, 240):
            pen.arc(WHITE, 0.16, 0, 0, 0.55, start, start + 80)
            angle = np.radians(start + 88)
            pen.disc(WHITE, 0.47 * np.cos(angle), 0.47 * np.sin(angle), 0.17)


def _prohibition(pen, label):
    """What stands in the red rings."""
    if label in _LIMITS:
        pen.text(BLACK, _LIMITS[label], 0, 0.82 if len(_LIMITS[label]) == 2 else 0.6)
    elif label in (9, 10):
        _car(pen, RED, -0.33, 0.02, 0.27, truck=label == 10)
        _car(pen, BLACK, 0.33, 0.02, 0.27)
    elif label == 16:
        _car(pen, BLACK, 0, 0.05, 0.5, truck=True)


def _ending(pen, label):
    """The gray signs that end a rule, crossed out."""
    if label == 6:
        pen.text(GRAY, "80", 0, 0.82)
    elif label in (41, 42):
        _car(pen, GRAY, -0.33, 0.02, 0.27, truck=label == 42)
        _car(pen, GRAY, 0.33, 0.02, 0.27)
    for shift in (-0.16, 0, 0.16):
        pen.line(BLACK, 0.07, (-0.6 + shift, 0.6 + shift), (0.6 + shift, -0.6 + shift))


def plate(label):
    """Draw a sign from the front, clean and in even light.

    Parameters
    ----------
    label : int
        0 to 42.

    Returns
    -------
    PIL.Image.Image
        RGBA, ``PLATE`` pixels on each side, transparent around the sign.
    """
    pen = _Pen()
    if label in _WARNINGS or label == 11:
        pen.shape(RED, (0, -0.95), (0.98, 0.78), (-0.98, 0.78))
        pen.shape(WHITE, (0, -0.6), (0.68, 0.6), (-0.68, 0.6))
        _warning(pen, label)
    elif label in _MANDATORY:
        pen.disc(WHITE, 0, 0, 0.97)
        pen.disc(BLUE, 0, 0, 0.92)
        _mandatory(pen, label)
    elif label in (6, 32, 41, 42):
        pen.disc(GRAY, 0, 0, 0.97)
        pen.disc(WHITE, 0, 0, 0.9)
        _ending(pen, label)
    elif label == 12:
        for color, size in ((WHITE, 0.97), (YELLOW, 0.66)):
            pen.shape(color, (0, -size), (size, 0), (0, size), (-size, 0))
    elif label == 13:
        pen.shape(RED, (0, 0.95), (0.98, -0.78), (-0.98, -0.78))
        pen.shape(WHITE, (0, 0.55), (0.64, -0.58), (-0.64, -0.58))
    elif label == 14:
        corners = np.pi / 8 + np.arange(8) * np.pi / 4
        for color, size in ((WHITE, 1.0), (RED, 0.93)):
            pen.shape(color, *zip(size * np.cos(corners), size * np.sin(corners)))
        pen.text(WHITE, "STOP", 0, 0.55)
    elif label == 17:
        pen.disc(RED, 0, 0, 0.96)
        pen.shape(WHITE, (-0.72, -0.18), (0.72, -0.18), (0.72, 0.18), (-0.72, 0.18))
    else:
        pen.disc(RED, 0, 0, 0.97)
        pen.disc(WHITE, 0, 0, 0.74)
        _prohibition(pen, label)
    return pen.image.resize((PLATE, PLATE), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    drawn = np.stack([np.asarray(plate(number)) for number in range(43)])
    write_hdf5(Path(sys.argv[1]) / "traffic_plates.h5", {"plates": drawn})
