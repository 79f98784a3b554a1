"""The pictures in img/ are those that img/draw.py draws, can be read, and are shown where they belong."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from helpers.project import ROOT
from tests.support.pictures import (
    FOLDER,
    box,
    crosses,
    draw,
    elements,
    meet,
    outline,
    root,
    segments,
    strokes,
    within,
)

every_picture = pytest.mark.parametrize("name", draw.DRAWINGS)


# --- Files -------------------------------------------------------------------------------------------------------------

@every_picture
def test_the_committed_file_is_what_the_script_draws(name):
    committed = (FOLDER / f"{name}.svg").read_bytes().replace(b"\r\n", b"\n")  # git on Windows may write line ends its own way
    assert committed == draw.DRAWINGS[name]().svg().encode(), "run: python img/draw.py"


def test_every_picture_has_a_drawing():
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(draw.DRAWINGS)


def test_the_script_writes_the_same_bytes_in_a_new_process(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["draw.py"])
    draw.main()
    listing = "import sys; sys.path.insert(0, 'img'); import draw; [print(f().svg(), end='') for f in draw.DRAWINGS.values()]"
    run = subprocess.run([sys.executable, "-X", "utf8", "-c", listing], cwd=ROOT, capture_output=True, check=True)
    assert run.stdout.replace(b"\r\n", b"\n") == b"".join((tmp_path / f"{name}.svg").read_bytes() for name in draw.DRAWINGS)


def test_the_check_names_files_that_are_out_of_date(tmp_path, monkeypatch):
    monkeypatch.setattr(draw, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["draw.py"])
    draw.main()
    assert draw.out_of_date() == []
    (tmp_path / "lenet.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "pooling.svg").unlink()
    monkeypatch.setattr(sys, "argv", ["draw.py", "--check"])
    with pytest.raises(SystemExit, match=r"pooling\.svg, lenet\.svg.*python img/draw\.py"):
        draw.main()


@pytest.mark.parametrize(("drawing", "pages"), draw.PAGES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_every_picture_stands_on_its_pages(drawing, pages):
    paths = [ROOT / page if page.endswith(".md") else ROOT / "notebooks" / f"{page}.ipynb" for page in pages]
    if not any(path.exists() for path in paths):
        pytest.skip(f"{', '.join(pages)}: not written yet")
    for path in paths:
        assert not path.exists() or f"img/{drawing.__name__}.svg" in path.read_text(encoding="utf-8"), path.name


@every_picture
def test_title_and_description(name):
    title, description = root(name)[:2]
    assert title.tag.endswith("}title") and description.tag.endswith("}desc")
    assert title.text and len(description.text.split()) >= 12
    assert root(name).get("aria-labelledby").split() == [title.get("id"), description.get("id")]


# --- Can it be read? ---------------------------------------------------------------------------------------------------

@every_picture
def test_it_fits_a_page_and_its_words_fit_the_panel(name):
    _, _, width, height = map(float, root(name).get("viewBox").split())
    assert width <= 800 and height <= 600
    for text in elements(name, "text"):
        assert within(box(text), (8, 8, width - 8, height - 8)), f"{''.join(text.itertext())!r} sticks out"
        assert float(text.get("font-size", 14)) >= 13


@every_picture
def test_words_do_not_overlap(name):
    for first, second in combinations(elements(name, "text"), 2):
        assert not meet(box(first), box(second)), f"{''.join(first.itertext())!r} lies on {''.join(second.itertext())!r}"


@every_picture
def test_no_line_and_no_edge_runs_through_words(name):
    for text in elements(name, "text"):
        area, said = box(text), "".join(text.itertext())
        for line in elements(name, "polyline", "polygon"):
            for segment in segments(line):
                assert not crosses(segment, area), f"a line from {segment[0]} to {segment[1]} runs through {said!r}"
        for shape in elements(name, "rect", "circle"):
            assert not meet(area, outline(shape)) or within(area, outline(shape)), f"the edge of {outline(shape)} cuts {said!r}"


def contrast(first, second):
    """Return the contrast ratio of WCAG 2.1, section 1.4.3."""
    def luminance(color):
        channels = np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_of_known_colors():
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@every_picture
def test_words_stand_out_from_what_is_behind_them(name):
    behind = []
    for element in root(name):
        if element.tag.endswith(("}rect", "}circle")) and element.get("fill") != "none":
            behind.append(element)
        if element.tag.endswith("}text"):
            grounds = [shape.get("fill") for shape in behind if within(box(element), outline(shape))]
            inks = {element.get("fill", strokes.INK)} | {part.get("fill", strokes.INK) for part in element}
            for ground in strokes.PATTERNS.get(grounds[-1], [grounds[-1]]):
                for ink in inks:
                    assert contrast(ink, ground) >= 4.5, ("".join(element.itertext()), ink, ground)
