"""Reads the diagrams of img/ as the tests need them: their elements, their words, and where these stand."""

import importlib.util
import xml.etree.ElementTree as ElementTree
from functools import cache
from itertools import pairwise

import numpy as np
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font

from helpers.project import ROOT

FOLDER = ROOT / "img"
spec = importlib.util.spec_from_file_location("draw", FOLDER / "draw.py")
draw = importlib.util.module_from_spec(spec)
spec.loader.exec_module(draw)

from drawing import strokes  # noqa: E402, F401  (draw.py puts its folder on the path)


@cache
def root(name):
    return ElementTree.fromstring(draw.DRAWINGS[name]().svg())


def elements(name, *tags):
    return [element for element in root(name) if element.tag.split("}")[1] in tags]


def words(name):
    """All that is written in the picture, one string for each text."""
    return ["".join(text.itertext()) for text in elements(name, "text")]


@cache
def font(bold, mono):
    properties = FontProperties(family="DejaVu Sans Mono" if mono else "DejaVu Sans", weight="bold" if bold else "normal")
    return FT2Font(findfont(properties, fallback_to_default=False))


def width_of(string, size, bold, mono):
    """Width in DejaVu Sans, which matplotlib brings along and which is the widest of the fonts that a browser may take."""
    face = font(bold, mono)
    face.set_size(100, 72)
    face.set_text(string, 0)
    return face.get_width_height()[0] / 64 * size / 100


def box(text):
    """Left, top, right and bottom of the words."""
    size, bold = float(text.get("font-size", 14)), text.get("font-weight") == "bold"
    mono = "Mono" in text.get("font-family", "")
    width = sum(width_of(piece, size, bold or part.get("font-weight") == "bold", mono)
                for part in text.iter() for piece in [part.text or ""])
    width += sum(width_of(part.tail or "", size, bold, mono) for part in text)
    left = float(text.get("x")) - width * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor", "start")]
    y = float(text.get("y"))
    return left, y - 0.76 * size, left + width, y + 0.22 * size


def outline(element):
    """Left, top, right and bottom of a box or circle."""
    if element.tag.endswith("}circle"):
        x, y, radius = (float(element.get(key)) for key in ("cx", "cy", "r"))
        return x - radius, y - radius, x + radius, y + radius
    x, y, width, height = (float(element.get(key)) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def meet(first, second):
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def within(inner, outer):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def segments(element):
    points = [tuple(map(float, point.split(","))) for point in element.get("points").split()]
    if element.tag.endswith("}polygon"):
        points.append(points[0])
    return pairwise(points)


def crosses(segment, area):
    (x0, y0), (x1, y1) = segment
    if not meet((min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1), area):
        return False
    along = np.linspace(0, 1, 200)[:, None]
    points = np.array(segment[0]) * (1 - along) + np.array(segment[1]) * along
    return bool(np.any((points > area[:2]).all(axis=1) & (points < area[2:]).all(axis=1)))
