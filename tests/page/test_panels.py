"""The panels: each slider changes the line as the arithmetic says, and where nothing can move there is a picture."""

import base64
import re
import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt

from helpers import environment, plots, shapes
from helpers.panels import DigitPanel, base, digit_panel, window_panel
from helpers.panels import draw_digit as digits
from helpers.panels import slide_window as windows

CASE = {"length": 13, "kernel": 6, "stride": 5, "padding": "same", "dilation": 1}


def window(**changes):
    panel = windows.new_panel(**{**CASE, **changes})
    panel.build()
    return panel


def length_said(panel):
    return int(re.search(r"⌋ \+ 1 = (\d+)", panel.line.value).group(1))


# --- where sliders run and where not -----------------------------------------------------------------------------

def test_without_a_kernel_there_is_a_picture_and_the_line(published, capsys):
    window_panel(**CASE)
    (data, metadata), = published
    assert data["image/png"].startswith(b"\x89PNG")
    assert "13 pixels, zeros before it: 1, after it: 2" in metadata["image/png"]["alt"]
    assert capsys.readouterr().out.splitlines()[0] == "output length = ⌊(16 − 6) / 5⌋ + 1 = 3"


class Shell:
    kernel = object()


@pytest.mark.parametrize("setting, kernel, expected", [
    (None, True, True), ("live", True, True), ("static", True, False), ("live", False, False), (None, False, False)])
def test_live_where_a_kernel_answers(monkeypatch, setting, kernel, expected):
    monkeypatch.delenv("COURSE_PANELS", raising=False)
    if setting:
        monkeypatch.setenv("COURSE_PANELS", setting)
    monkeypatch.setattr(environment, "get_ipython", Shell if kernel else lambda: None)
    assert environment.live() == expected


def test_a_wrong_setting_is_named(monkeypatch):
    monkeypatch.setenv("COURSE_PANELS", "moving")
    with pytest.raises(ValueError, match="COURSE_PANELS must be 'live' or 'static', not 'moving'"):
        environment.live()


def test_live_shows_the_widgets_and_no_second_picture(monkeypatch, published):
    monkeypatch.setenv("COURSE_PANELS", "live")
    monkeypatch.setattr(environment, "get_ipython", Shell)
    shown, scripts = [], []
    monkeypatch.setattr(base, "display", shown.append)
    monkeypatch.setattr(base, "publish_display_data", scripts.append)
    window_panel(**CASE)
    assert len(shown) == 1 and not published and "aria-label" in scripts[0]["text/html"]
    controls, line, picture = shown[0].children
    assert [widget.description for widget in controls.children] == ["length", "kernel", "stride", "padding", "dilation"]
    assert 'role="status"' in line.value and 'alt="A row of 13 pixels' in picture.value


def test_without_ipywidgets_there_is_a_picture(monkeypatch, published, capsys):
    monkeypatch.setenv("COURSE_PANELS", "live")
    monkeypatch.setattr(environment, "get_ipython", Shell)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    window_panel(**CASE)
    assert "image/png" in published[0][0] and "output length" in capsys.readouterr().out


@pytest.mark.parametrize("setting", ["live", "static"])
def test_figures_bring_their_words_along_in_html_where_a_reader_is_at_work(monkeypatch, published, setting):
    monkeypatch.setenv("COURSE_PANELS", setting)
    monkeypatch.setattr(environment, "get_ipython", Shell)
    plots.curves({"a": [1, 2]}, alt='A line from "1" to 2.')
    (data, metadata), = published
    assert metadata["image/png"]["alt"] == 'A line from "1" to 2.'
    assert ("text/html" in data) == (setting == "live")
    if setting == "live":
        assert 'alt="A line from &quot;1&quot; to 2."' in data["text/html"]


# --- windows -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, values", [
    ("length", [20, 32, 13]), ("kernel", [1, 12, 3]), ("stride", [1, 8, 2]), ("padding", ["valid", 2, "same"]),
    ("dilation", [2, 1])])
def test_each_slider_changes_the_length_as_the_arithmetic_says(name, values):
    panel = window()
    for value in values:
        panel.widgets[name].value = value
        settings = {**CASE, name: value}
        assert length_said(panel) == shapes.conv_output_length(**settings), settings
        assert panel.values == settings


def test_the_formula_counts_as_the_windows_do():
    for length in (1, 2, 5, 12):
        for kernel in (1, 2, 5):
            for stride in (1, 3):
                for padding in ("valid", "same", 1, 3):
                    for dilation in (1, 2):
                        text, _ = windows.in_words(length, kernel, stride, padding, dilation)
                        said = re.search(r"⌊\((\d+) − (\d+)\) / (\d+)⌋ \+ 1 = (\d+)", text)
                        if said is None:
                            with pytest.raises(ValueError):
                                shapes.conv_output_length(length, kernel, stride, padding, dilation)
                            continue
                        padded, extent, step, places = map(int, said.groups())
                        assert places == len(range(0, padded - extent + 1, step))


def test_pixels_that_no_window_sees_are_named():
    panel = window(padding="valid")
    assert "pixels never seen: 12, 13" in panel.line.value
    panel.widgets["length"].value = 11
    assert "pixels never seen: none" in panel.line.value
    panel.widgets["dilation"].value = 2
    panel.widgets["kernel"].value = 3
    assert "extent of the window: (3 − 1) × 2 + 1 = 5" in panel.line.value
    assert "pixels never seen: 2, 4, 7, 9, 11" in panel.line.value


def test_a_window_that_does_not_fit_gives_a_sentence_and_the_way_back():
    panel = window(padding="valid")
    panel.widgets["length"].value = 4
    assert "No place: kernel 6 is longer than the input of 4" in panel.line.value and "Traceback" not in panel.line.value
    assert "sticks out" in panel.picture.value
    panel.widgets["padding"].value = "same"
    assert length_said(panel) == 1


def colors(**settings):
    """Return the kinds of the cells drawn, row by row."""
    figure = windows.draw_windows(**settings)
    mesh = figure.axes[0].collections[0]
    kinds = np.asarray(mesh.get_array()).reshape(len(mesh.get_coordinates()) - 1, -1)
    plt.close(figure)
    return kinds


def test_the_picture_has_a_cell_for_each_zero_pixel_and_weight():
    kinds = colors(**CASE)
    assert [int(np.sum(kinds[0] == kind)) for kind in (windows._PADDING, windows._PIXEL, windows._UNSEEN)] == [3, 13, 0]
    assert [np.flatnonzero(row == windows._TAP)[[0, -1]].tolist() for row in kinds[2:5]] == [[0, 5], [5, 10], [10, 15]]
    spread = colors(length=9, kernel=3, stride=2, padding=1, dilation=3)
    assert [np.flatnonzero(row == windows._TAP).tolist() for row in spread[2:5]] == [[0, 3, 6], [2, 5, 8], [4, 7, 10]]
    assert np.flatnonzero(spread[2] == windows._GAP).tolist() == [1, 2, 4, 5]
    out = colors(length=4, kernel=6, stride=1, padding="valid", dilation=1)
    assert np.flatnonzero(out[2] == windows._OUTSIDE).tolist() == [4, 5]


@pytest.mark.parametrize("name, value, said", [
    ("length", 0, "length must be a whole number from 1 to 32, got 0"), ("kernel", 13, "kernel must be"),
    ("stride", 2.0, "stride must be"), ("dilation", True, "dilation must be"), ("padding", "full", '"valid", "same" or a whole')])
def test_a_setting_out_of_range_is_named(name, value, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        window_panel(**{**CASE, name: value})


def test_pyplot_never_knows_of_a_panels_figure(monkeypatch):
    # A slider may be answered in another thread while a cell runs, and the cell would show every figure that pyplot knows.
    known = []
    draw = windows.draw
    panel = windows.new_panel(**CASE)
    panel._draw = lambda **values: (draw(**values), known.append(plt.get_fignums()))[0]
    panel.build()
    panel.widgets["length"].value = 20
    assert known == [[], []]


# --- digits --------------------------------------------------------------------------------------------------------

IMAGES = np.zeros((3, 28, 28), np.uint8)
IMAGES[0, 4:24, 13:15] = 255            # an upright bar
IMAGES[1, 8:12, 8:12] = 255             # a square above and left of the center
LABELS = np.array([1, 0, 8])


def where_is_the_ink(picture):
    """A model that reads the row of the ink's center, in tenths of the picture."""
    probabilities = np.full(10, 0.05)
    if picture.sum():
        probabilities[int(10 * np.average(np.arange(28), weights=picture.sum(axis=1)) / 28)] = 0.55
    return probabilities / probabilities.sum()


def digit(**start):
    panel = DigitPanel(IMAGES, LABELS, where_is_the_ink, **start)
    panel.build()
    return panel


def center(picture):
    return [float(np.average(np.arange(28), weights=picture.sum(axis=axis))) for axis in (1, 0)]


def test_the_line_follows_the_digit():
    panel = digit(number=1)
    assert "reads 3 with probability 0.55" in panel.line.value and "The label is 0." in panel.line.value
    panel.widgets["down"].value = 14
    assert "reads 8 with probability 0.55" in panel.line.value
    panel.widgets["strokes"].value = BAR
    assert "label" not in panel.line.value and 'alt="A drawing, fitted and centered, moved 0' in panel.picture.value


@pytest.mark.parametrize("changes, expected", [
    ({"right": 5}, (9.5, 14.5)), ({"down": -3}, (6.5, 9.5)), ({"turn": 90}, (9.5, 17.5)), ({"turn": 180}, (17.5, 17.5)),
    ({"size": 50}, (11.5, 11.5))])
def test_a_digit_is_moved_turned_and_scaled_about_the_center(changes, expected):
    np.testing.assert_allclose(center(digits.moved(IMAGES[1], **changes)), expected, atol=0.3)


def test_moving_by_nothing_changes_nothing():
    np.testing.assert_allclose(digits.moved(IMAGES[1]), IMAGES[1], atol=1e-6)


BAR = [[[20.0, 3.0], [20.0, 9.0], [20.0, 15.0]]]      # upright, to the right of the middle
HOOK = [[[2, 2], [2, 26], [26, 26]]]                  # fills the sheet; its mass is below and left of its middle


@pytest.mark.parametrize("strokes", [BAR, HOOK, [[[5, 5]]], [[[3, 3], [8, 8]], [[8, 3], [3, 8]]]])
def test_a_drawing_has_its_mass_in_the_middle(strokes):
    picture = digits.drawn(strokes)
    np.testing.assert_allclose(center(picture), (13.5, 13.5), atol=0.1)
    assert picture.shape == (28, 28) and 200 < picture.max() <= 255 and picture.min() == 0


@pytest.mark.parametrize("strokes, rows, columns", [(BAR, 20, 2), (HOOK, 20, 20), ([[[5, 5]]], 2, 2)])
def test_a_drawing_is_fitted_into_twenty_pixels(strokes, rows, columns):
    ink = digits.drawn(strokes) > 100
    assert abs(ink.any(axis=1).sum() - rows) <= 1 and abs(ink.any(axis=0).sum() - columns) <= 1


def test_where_and_how_large_it_is_drawn_does_not_matter():
    small = [[[1 + x / 2, 4 + y / 2] for x, y in stroke] for stroke in HOOK]
    np.testing.assert_allclose(digits.drawn(small), digits.drawn(HOOK), atol=1e-6)


def test_nothing_drawn_is_an_empty_sheet():
    assert not digits.drawn([]).any()


def test_a_drawing_takes_the_place_of_the_digit_and_is_moved_like_one():
    panel = digit(number=1)
    panel.widgets["strokes"].value = BAR
    np.testing.assert_array_equal(panel.picture_now(), digits.drawn(BAR).round().astype("uint8"))
    panel.widgets["right"].value = 5
    np.testing.assert_allclose(center(panel.picture_now()), (13.5, 18.5), atol=0.1)


def test_the_button_wipes():
    panel = digit(number=1)
    _, buttons = panel.build().children[0].children
    panel.widgets["strokes"].value = BAR
    assert "A drawing" in panel.picture.value
    buttons.children[-1].click()
    assert "A handwritten 0" in panel.picture.value
    np.testing.assert_array_equal(panel.picture_now(), IMAGES[1])


def test_without_anywidget_the_sliders_are_left(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "helpers.panels.sheet", raising=False)
    panel = DigitPanel(IMAGES, LABELS, where_is_the_ink)
    controls = panel.build().children[0]
    assert [widget.description for widget in controls.children[:-1]] == ["digit", "right", "down", "size, %", "turn, °"]
    assert "%pip install anywidget" in controls.children[-1].value
    panel.widgets["number"].value = 1
    assert "reads 3" in panel.line.value


def test_the_static_picture_says_what_is_on_it(published, capsys):
    digit_panel(IMAGES, LABELS, where_is_the_ink, number=1, right=4, size=80)
    alt = published[0][1]["image/png"]["alt"]
    assert alt.startswith("A handwritten 0, moved 4 to the right and 0 down, at 80 percent, and ten bars")
    assert capsys.readouterr().out.startswith("The model reads")


def test_a_model_that_fails_says_so_in_the_line_and_recovers():
    def model(picture):
        if not picture.any():
            raise RuntimeError("no ink <at all>")
        return where_is_the_ink(picture)

    panel = DigitPanel(IMAGES, LABELS, model)
    panel.build()
    panel.widgets["number"].value = 2
    assert "RuntimeError: no ink &lt;at all&gt;" in panel.line.value
    panel.widgets["number"].value = 0
    assert "The model reads" in panel.line.value


@pytest.mark.parametrize("answer", [np.zeros(10), np.arange(10.0), np.full(9, 1 / 9), np.full(10, np.nan), [2, -1] + 8 * [0]])
def test_scores_are_not_probabilities(answer):
    with pytest.raises(ValueError, match="ten probabilities that sum to 1"):
        DigitPanel(IMAGES, LABELS, lambda picture: answer).build()


@pytest.mark.parametrize("images, labels, start, said", [
    (np.zeros((2, 784)), [0, 1], {}, "reshape"), (np.zeros((0, 28, 28)), [], {}, "at least one"),
    (IMAGES, [1, 2], {}, "labels must be 3 numbers"), (IMAGES, LABELS, {"left": 2}, "not with 'left'"),
    (IMAGES, LABELS, {"size": 10}, "size must be from 30 to 200, got 10"),
    (IMAGES, LABELS, {"number": 3}, "number must be from 0 to 2, got 3")])
def test_wrong_arguments_are_named(images, labels, start, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        DigitPanel(images, labels, where_is_the_ink, **start)


def test_the_picture_can_be_decoded_and_leaves_no_figure_open():
    panel = digit()
    data = re.search(r"base64,([^\"]+)", panel.picture.value).group(1)
    assert base64.b64decode(data, validate=True).startswith(b"\x89PNG") and not plt.get_fignums()
