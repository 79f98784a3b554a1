"""The pictures in img/ are those that img/draw.py draws, say what they show, and are used."""

import importlib.util
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from helpers.project import ROOT

spec = importlib.util.spec_from_file_location("draw", ROOT / "img" / "draw.py")
draw = importlib.util.module_from_spec(spec)
spec.loader.exec_module(draw)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", draw.DRAWINGS)
def test_the_committed_file_is_what_the_script_draws(name):
    assert (ROOT / "img" / f"{name}.svg").read_text(encoding="utf-8") == draw.DRAWINGS[name]().svg(), "run: python img/draw.py"


def test_every_picture_has_a_drawing():
    assert {path.stem for path in (ROOT / "img").glob("*.svg")} == set(draw.DRAWINGS)


@pytest.mark.parametrize("name", draw.DRAWINGS)
def test_it_is_svg_with_a_title_and_a_description_and_stays_on_its_panel(name):
    root = ElementTree.fromstring(draw.DRAWINGS[name]().svg())
    assert root.find(f"{SVG}title").text and len(root.find(f"{SVG}desc").text.split()) >= 10
    _, _, width, height = map(float, root.get("viewBox").split())
    assert width <= 800
    for text in root.iter(f"{SVG}text"):
        half = 0.5 * len(text.text or "") * 0.48 * float(text.get("font-size"))
        left = float(text.get("x")) - {"middle": half, "start": 0, "end": 2 * half}[text.get("text-anchor")]
        assert 2 <= left and left + 2 * half <= width - 2, f"{text.text!r} sticks out"
        assert 8 <= float(text.get("y")) <= height - 2, f"{text.text!r} sticks out"


def test_numbers_are_computed():
    lenet = "".join(ElementTree.fromstring(draw.lenet().svg()).itertext())
    for part in ("28×28×6", "5×5×16", "48,120", "61,706"):
        assert part in lenet, part
    assert "2 zero" not in (padding := draw.padding().svg()) and "1 zero before, 2 after, 3 places" in padding


@pytest.mark.parametrize("name", draw.DRAWINGS)
def test_every_picture_is_used_by_a_page(name):
    pages = [ROOT / "README.md", *(ROOT / "notebooks").glob("*.ipynb")]
    assert any(f"img/{name}.svg" in page.read_text(encoding="utf-8") for page in pages)


def contrast(first, second):
    """Return the contrast ratio of WCAG 2.1, section 1.4.3."""
    def luminance(color):
        channels = np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_words_can_be_read_on_the_panel():
    for name in draw.DRAWINGS:
        colors = set(re.findall(r'<text [^>]*fill="(#[0-9a-fA-F]{6})"', draw.DRAWINGS[name]().svg())) - {"#ffffff"}
        assert all(contrast(color, "#fbfaf7") >= 4.5 for color in colors), (name, colors)
