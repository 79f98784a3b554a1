"""The lessons keep their form, and the linter that says so can fail."""

import copy
import importlib.util
import json
import subprocess
import sys

import nbformat
import pytest

from helpers.course.lint import RULES, lint
from helpers.course.notebook_format import assign_ids, normalize, notebook_metadata, write
from helpers.course.setup_cell import FOLDED, setup_cell
from helpers.project import ROOT

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_is_in_form(path):
    assert lint(path) == []


def test_no_lesson_is_missing():
    assert [path.stem[:2] for path in LESSONS] == ["00", "01", "02", "03", "04", "05", "06", "07", "08"]


def code(source, count, outputs=(), **metadata):
    cell = nbformat.v4.new_code_cell(source, execution_count=count, outputs=list(outputs))
    cell.metadata.update(metadata)
    return cell


def small_lesson():
    """A lesson that is in form: the tests below break one thing at a time."""
    prose = "Words " * 90
    text = nbformat.v4.new_markdown_cell
    figure = nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "[Figure: a line]"},
                                    metadata={"image/png": {"alt": "a line"}})
    notebook = nbformat.v4.new_notebook(metadata=notebook_metadata("small"), cells=[
        text("# Small\n\n<!-- badges -->\n\n" + prose), code(setup_cell(), 1, **FOLDED), code("import math", 2, name="imports"),
        text("## One\n\n" + prose), code("a = 1\nb = 2\na + b", 3, [nbformat.v4.new_output(
            "execute_result", {"text/plain": "3"}, execution_count=3)]),
        text(prose), code("x = 1\ny = 2\nplots.show(figure, alt='a line')", 4, [figure]),
        text("## What we saw\n\n" + prose), code("results = {}\nz = 0\nclosing_table(results)", 5),
        text("## Questions\n\nWhy?\n\n## Further reading\n\nA book.")])
    assign_ids(notebook)
    normalize(notebook, "small")
    return notebook


def complaints(tmp_path, notebook):
    path = tmp_path / "small.ipynb"
    write(notebook, path)
    return lint(path)


def test_linter_accepts_a_lesson_in_form(tmp_path):
    assert complaints(tmp_path, small_lesson()) == []


def replaced(position, **changes):
    def change(notebook):
        notebook.cells[position].update(changes)
    return change


def output(**fields):
    return nbformat.from_dict(fields)


BROKEN = {
    "stray metadata": lambda nb: nb.cells[4].metadata.update(collapsed=True),
    "notebook metadata should be": lambda nb: nb.metadata.update(widgets={}),
    "used twice": lambda nb: nb.cells[5].update(id=nb.cells[3]["id"]),
    "execution counts": replaced(4, execution_count=None),
    "standard error": replaced(4, outputs=[output(output_type="stream", name="stderr", text="tsk")]),
    "an error in the outputs": replaced(4, outputs=[output(output_type="error", ename="E", evalue="", traceback=[])]),
    "path of this machine": replaced(4, outputs=[output(output_type="stream", name="stdout",
                                                        text="/home/" + "ada/x.h5")]),
    "a warning in the outputs": replaced(4, outputs=[output(output_type="stream", name="stdout", text="UserWarning: x")]),
    "lines; a screen holds": replaced(4, outputs=[output(output_type="stream", name="stdout", text="x\n" * 100)]),
    "figure without alt text": lambda nb: nb.cells[6].outputs[0].metadata.clear(),
    "SVG in the outputs": replaced(4, outputs=[output(output_type="display_data", metadata={},
                                                       data={"image/svg+xml": "<svg/>"})]),
    "picture without alt text": replaced(3, source="## One\n\n![](a.png) " + "words " * 60),
    "does not exist": replaced(3, source="## One\n\n[a](missing.png) " + "words " * 90),
    "without 15 words below": replaced(7, source="## What we saw"),
    "exactly one first-level heading": replaced(3, source="# One\n\n" + "words " * 90),
    "no row of links": replaced(0, source="# Small\n\n" + "words " * 90),
    "must be the set-up cell": replaced(1, source="import math"),
    "set-up cell of helpers/course/setup_cell.py, folded": lambda nb: nb.cells[1].metadata.pop("jupyter"),
    "at most 8 lines of imports": replaced(2, source="import math\n" * 9),
    "must be named imports": lambda nb: nb.cells[2].metadata.clear(),
    "has no section '## Questions'": replaced(9, source="## Further reading\n\nA book."),
    "closing_table": replaced(8, source="results = {}\nz = 0\nz"),
    "the median code cell": replaced(4, source="1"),
    "wanted at most 20": replaced(4, source="x = 1\n" * 21),
    "a line of 89 columns, wanted at most 88": replaced(4, source="a = 1\nb = 2\n" + "c" * 89),
    "asks which data it has": replaced(4, source='a = 1\nb = 2\nif digits.source == "real":\n    b = 3'),
    "words of prose per code cell": replaced(3, source="## One"),
}


@pytest.mark.parametrize("complaint", BROKEN)
def test_linter_sees(tmp_path, complaint):
    notebook = small_lesson()
    BROKEN[complaint](notebook)
    if complaint == "the median code cell":
        notebook.cells[6].source = notebook.cells[8].source = "closing_table(plots)"
    if complaint == "words of prose per code cell":
        notebook.cells[5].source = "x"
        notebook.cells[7].source = "## What we saw\n\n" + "words " * 15
    path = tmp_path / "small.ipynb"
    # Not nbformat.writes: it would mend what the test has broken.
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    assert any(complaint in line for line in lint(path)), lint(path)


def test_linter_sees_four_code_cells_in_a_row(tmp_path):
    notebook = small_lesson()
    extra = [copy.deepcopy(notebook.cells[4]) for _ in range(3)]
    notebook.cells[5:5] = extra
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count = number + 1
        for shown in cell.outputs:
            if shown.output_type == "execute_result":
                shown.execution_count = number + 1
    assign_ids(notebook)
    assert any("code cells in a row" in line for line in complaints(tmp_path, notebook))


def test_linter_survives_a_broken_file(tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text("{", encoding="utf-8")
    assert "cannot be read as a notebook" in lint(path)[0]


def test_every_rule_is_one_sentence():
    assert all(rule.__doc__ and rule.__doc__.count("\n") == 0 for rule in RULES)


def test_ids_are_stable_and_unique():
    first, second = small_lesson(), small_lesson()
    ids = [cell["id"] for cell in first.cells]
    assert ids == [cell["id"] for cell in second.cells] and len(set(ids)) == len(ids)
    assert ids[1:4] == ["set-up", "imports", "one"]


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_cells_of_one_notebook_stay_together_under_xdist(tmp_path):
    """Dealt out one by one to two workers, every other cell would lack the name."""
    for name in ("a", "b"):
        cells = [nbformat.v4.new_code_cell(source) for source in ["number = 1"] + ["number += 1"] * 9]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=notebook_metadata(name)), tmp_path / f"{name}.ipynb")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "2", "-c", str(ROOT / "pyproject.toml"), str(tmp_path)],
                          cwd=ROOT, capture_output=True, text=True)
    assert "20 passed" in done.stdout, done.stdout
