"""A student in JupyterLab: lessons are opened, run, looked at, played with, and one of their exercises is solved.

Some are run from top to bottom, panels and all; the others are looked at as they are stored, since nbval runs every lesson.
Screenshots are kept in build/screenshots, which git ignores.
"""

import re
import subprocess

import nbformat
import pytest

from helpers import shapes
from helpers.project import ROOT
from tests.support.browser import chromium, serious_findings
from tests.support.jupyterlab import Lesson, copy_of_the_course, served

LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
RUN = ["00_start_here", "01_mnist_softmax", "06_alexnet_translation"]
PICTURES = ROOT / "build" / "screenshots"


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def address(tmp_path_factory, browser):
    pytest.importorskip("jupyterlab", reason="no JupyterLab: python -m pip install jupyterlab")
    if subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True).returncode:
        pytest.skip("not a git checkout, so what belongs to the course is not known")
    course, private = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("jupyter")
    copy_of_the_course(course)
    with served(course, private) as found:
        yield found


def tagged(cells, tag):
    return [number for number, cell in enumerate(cells) if tag in cell["metadata"].get("tags", [])]


def look_for_errors(lesson, cells):
    """No cell failed, none was left out, nothing was written in red."""
    for number, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        assert cell["execution_count"], f"cell {number} did not run"
        for output in cell["outputs"]:
            assert output["output_type"] != "error", f"cell {number}: {output.get('ename')}: {output.get('evalue')}"
            assert output.get("name") != "stderr", f"cell {number}: {output.get('text')}"
    assert lesson.script_errors == []


def look_at_the_pictures(lesson, cells, stored=False):
    """Figures, diagrams and tables are on the page, pictures are loaded and have words that stand for them.

    A stored figure has its words in the notebook; JupyterLab shows them on the page only where a kernel has drawn it.
    """
    figures = tables = diagrams = 0
    for number, cell in enumerate(cells):
        outputs = [output.get("data", {}) for output in cell.get("outputs", [])]
        pictures = sum("image/png" in data for data in outputs)
        wanted_tables = sum("<table" in "".join(data.get("text/html", "")) for data in outputs)
        drawn = len(re.findall(r"\]\(\.\./img/", cell["source"])) if cell["cell_type"] == "markdown" else 0
        if not pictures + wanted_tables + drawn:
            continue
        element = lesson.element(number)
        lesson.page.wait_for_function(
            "([cell, count]) => { const all = [...cell.querySelectorAll('img')];"
            " return all.length >= count && all.every(image => image.complete && image.naturalWidth > 0); }",
            arg=[element, pictures + drawn], timeout=60_000)
        if stored:
            words = [output["metadata"].get("image/png", {}).get("alt") for output in cell.get("outputs", [])
                     if "image/png" in output.get("data", {})]
        else:
            words = [image.get_attribute("alt") for image in element.query_selector_all("img")]
        assert all(len((text or "").split()) >= 3 for text in words), f"cell {number}: a picture without words"
        assert len(element.query_selector_all(".jp-RenderedHTMLCommon.jp-OutputArea-output table")) >= wanted_tables, number
        figures, tables, diagrams = figures + pictures, tables + wanted_tables, diagrams + drawn
    if figures:
        lesson.screenshot("pictures")
    return figures, tables, diagrams


def look_for_barriers(lesson):
    """axe-core finds nothing serious in a panel; the rest of the page is JupyterLab's own."""
    panel = ".jp-OutputArea-output .widget-vbox"
    assert lesson.page.query_selector(panel), "there is no panel to look at"
    assert serious_findings(lesson.page, within=panel) == []


def play_with_the_windows(lesson, number):
    """The sliders are named for screen readers; an arrow key moves one, and formula and picture follow."""
    element = lesson.element(number)
    cell = lesson.cells()[number]
    setting = {"stride": 1, "dilation": 1, "padding": "valid"}
    for name, value in re.findall(r'(\w+)=(\d+|"\w+")', cell["source"]):
        setting[name] = value.strip('"') if value.startswith('"') else int(value)

    def shown():
        expected = shapes.conv_output_length(**setting)
        lesson.page.wait_for_function("([cell, text]) => cell.querySelector('[role=status]')?.textContent.includes(text)",
                                      arg=[element, f"⌋ + 1 = {expected}"], timeout=60_000)

    shown()
    for name, key, change in [("length", "ArrowRight", 1), ("stride", "ArrowRight", 1), ("kernel", "ArrowLeft", -1)]:
        slider = lesson.page.get_by_role("slider", name=name, exact=True)
        slider.focus()
        lesson.page.keyboard.press(key)
        setting[name] += change
        shown()
        assert slider.get_attribute("aria-valuenow") == f"{setting[name]:.1f}"
    lesson.page.get_by_label("padding", exact=True).select_option("2 on each side")
    setting["padding"] = 2
    shown()
    lesson.page.wait_for_function("cell => cell.querySelector('img').alt.includes('zeros before it: 2')", arg=element,
                                  timeout=60_000)
    look_for_barriers(lesson)
    lesson.screenshot("panel")


def play_with_a_digit(lesson, number):
    """A digit moves at the touch of a key; a drawing, by mouse or by keys, changes what the model reads; a click wipes it."""
    element = lesson.element(number)

    def alt_becomes(text, unlike=""):
        lesson.page.wait_for_function(
            "([cell, text, unlike]) => { const alt = cell.querySelector('img')?.alt ?? '';"
            " return alt.includes(text) && alt !== unlike; }", arg=[element, text, unlike], timeout=60_000)
        return element.query_selector("img").get_attribute("alt")

    lesson.page.get_by_role("slider", name="right", exact=True).focus()
    lesson.page.keyboard.press("ArrowRight")
    alt_becomes("moved 1 to the right and 0 down")
    lesson.page.keyboard.press("ArrowLeft")
    read = {}
    for digit, points in {"1": [(14, 4), (14, 24)], "0": [(14, 4), (8, 8), (6, 14), (8, 20), (14, 24), (20, 20), (22, 14),
                                                          (20, 8), (14, 4)]}.items():
        drag(lesson, points)
        read[digit] = alt_becomes("A drawing, fitted and centered, and ten bars of probability. The model reads " + digit)
        lesson.screenshot(f"drawn-{digit}")
        lesson.page.get_by_role("button", name="wipe the drawing").click()
        alt_becomes("A handwritten")
    assert read["0"] != read["1"]
    sheet = lesson.page.get_by_role("application")
    sheet.focus()
    for key in [" ", *["ArrowDown"] * 6, " ", "ArrowRight"]:
        sheet.press(key)
    alt_becomes("A drawing, fitted and centered, and ten bars of probability. The model reads 1")
    look_for_barriers(lesson)
    lesson.screenshot("panel")


def drag(lesson, points):
    """Draw a line on the sheet with the mouse, through points (x, y) in its pixels."""
    sheet = lesson.page.get_by_role("application")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    places = [(box["x"] + x * box["width"] / 28, box["y"] + y * box["height"] / 28) for x, y in points]
    lesson.page.mouse.move(*places[0])
    lesson.page.mouse.down()
    for place in places[1:]:
        lesson.page.mouse.move(*place, steps=5)
    lesson.page.mouse.up()


def solve_an_exercise(lesson, cells, stub):
    """Type the key's solution over the stub: the check below turns from "not attempted yet" to green."""
    exercise = cells[stub]["metadata"]["exercise"]
    check = next(number for number in tagged(cells, "exercise-check") if cells[number]["metadata"]["exercise"] == exercise)
    key = nbformat.read(ROOT / "helpers" / "grading" / "keys" / f"{lesson.name}.ipynb", as_version=4)
    solution = next(cell.source for cell in key.cells
                    if cell.metadata.get("exercise") == exercise and "exercise-solution" in cell.metadata.get("tags", []))
    assert "not attempted yet" in lesson.element(check).inner_text()
    lesson.rewrite(stub, solution)
    assert lesson.cells()[stub]["source"].strip() == solution.strip()
    assert lesson.cells()[stub]["outputs"] == [], "something else than the answer appeared below the exercise"
    lesson.run(check)
    lesson.page.wait_for_function("cell => cell.innerText.includes('✓ all')", arg=lesson.element(check), timeout=60_000)
    lesson.screenshot("exercise")


def look_at_the_layout(lesson, cells):
    """No cell is wider than the page; a table may scroll inside its own box."""
    for number in range(len(cells)):
        width, room = lesson.element(number).evaluate("cell => [cell.scrollWidth, cell.clientWidth]")
        assert width <= room + 1, f"cell {number}: {width} pixels in a column of {room}"


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_student_works_through_the_lesson(browser, address, name):
    lesson = Lesson(browser, address, name, PICTURES)
    try:
        lesson.screenshot("opened")
        lesson.run_all()
        cells = lesson.cells()
        look_for_errors(lesson, cells)
        figures, tables, diagrams = look_at_the_pictures(lesson, cells)
        assert figures and tables and (diagrams or name == "00_start_here")
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code" and "window_panel(" in cell["source"]:
                play_with_the_windows(lesson, number)
            if cell["cell_type"] == "code" and "digit_panel(" in cell["source"]:
                play_with_a_digit(lesson, number)
        look_at_the_layout(lesson, cells)
        for stub in tagged(cells, "exercise-solution")[:1]:
            solve_an_exercise(lesson, cells, stub)
        assert lesson.script_errors == []
    finally:
        lesson.screenshot("end")
        lesson.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in LESSONS if name not in RUN])
def test_a_student_looks_at_the_lesson_as_it_is_stored(browser, address, name):
    lesson = Lesson(browser, address, name, PICTURES)
    try:
        cells = lesson.cells()
        look_for_errors(lesson, cells)
        figures, tables, diagrams = look_at_the_pictures(lesson, cells, stored=True)
        assert figures and tables and diagrams
        look_at_the_layout(lesson, cells)
        assert lesson.script_errors == []
    finally:
        lesson.screenshot("end")
        lesson.close()


def test_the_panels_stand_in_their_lessons():
    """Otherwise the test above would have nothing to play with."""
    for name, call in [("01_mnist_softmax", "digit_panel("), ("06_alexnet_translation", "window_panel(")]:
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        assert sum(cell.cell_type == "code" and call in cell.source for cell in notebook.cells) == 1, name
