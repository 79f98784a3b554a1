"""The linter sees exercises and keys out of form, and a key is built from a draft."""

import nbformat
import pytest

from helpers.course import build
from helpers.course.lint import exercise_cells, key_cells, lint_key
from helpers.course.notebook_format import assign_ids, normalize, notebook_metadata, write


def cell(source, exercise=None, tag=None, kind="code", outputs=(), **metadata):
    make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
    made = make(source, **({"outputs": list(outputs)} if outputs else {}))
    made.metadata.update(metadata)
    if exercise:
        made.metadata["exercise"] = exercise
    if tag:
        made.metadata["tags"] = [tag, "nbval-check-output"] if tag == "exercise-hidden" else [tag]
    return made


def page_cells():
    return [cell("Compute.", "sum", "exercise-task", "markdown", name="sum-task"),
            cell("def total(x): return ...", "sum", "exercise-solution", name="sum-solution"),
            cell("check(total)", "sum", "exercise-check", name="sum-check"), cell("1 + 1")]


def answer(text="3"):
    return nbformat.v4.new_output("execute_result", {"text/plain": text}, execution_count=None)


def answer_cells():
    return [cell("SEED = 20", tag="key-setup"), cell("import math", "sum", "exercise-setup"),
            cell("def total(x): return sum(x)", "sum", "exercise-solution", name="sum-solution"),
            cell("total([1, 2])", "sum", "exercise-hidden", outputs=[answer()], points=1)]


def complaints(rule, cells):
    return list(rule(None, nbformat.v4.new_notebook(cells=cells), ""))


def test_exercises_in_form_pass():
    assert complaints(exercise_cells, page_cells()) == [] and complaints(key_cells, answer_cells()) == []


@pytest.mark.parametrize(("change", "said"), [
    (lambda cells: cells.pop(2), "a task, a stub and a check"),
    (lambda cells: cells.insert(2, cells.pop(3)), "side by side"),
    (lambda cells: cells.insert(0, cells.pop(1)), "in this order"),
    (lambda cells: cells[2].metadata.update(name="other"), "wanted the name sum-task"),
])
def test_an_exercise_out_of_form_is_seen(change, said):
    cells = page_cells()
    change(cells)
    assert any(said in line for line in complaints(exercise_cells, cells))


@pytest.mark.parametrize(("change", "said"), [
    (lambda cells: cells.pop(0), "must be tagged key-setup"),
    (lambda cells: cells.pop(2), "wanted one solution"),
    (lambda cells: cells.pop(3), "at least one hidden check"),
    (lambda cells: cells.insert(1, cells.pop(2)), "out of order"),
    (lambda cells: cells.append(cell("2", "sum", "exercise-hidden", outputs=[answer("2")])), "needs points"),
    (lambda cells: cells[3].metadata.update(points=0), "needs points"),
    (lambda cells: cells[3].metadata.update(tags=["exercise-hidden"]), "needs points"),
    (lambda cells: cells[3].update(outputs=[]), "end with an expression"),
    (lambda cells: cells.append(cell("loose")), "wanted the metadata exercise"),
    (lambda cells: cells.extend([cell("x = 1", "mean", "exercise-solution"), answer_cells()[3]]), "out of order"),
])
def test_a_key_out_of_form_is_seen(change, said):
    cells = answer_cells()
    change(cells)
    assert any(said in line for line in complaints(key_cells, cells))


def test_lint_key_asks_for_form_and_not_for_prose(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=answer_cells(), metadata=notebook_metadata("small"))
    assign_ids(notebook)
    normalize(notebook, "small")
    write(notebook, tmp_path / "small.ipynb")
    assert lint_key(tmp_path / "small.ipynb") == [
        "small.ipynb: execution counts are not 1, 2, 3 ...: run it again with `python -m helpers.course.build`"]


DRAFT = '''# %% tags=["key-setup"] name="key-setup"
SEED = 20

# %% exercise="sum" name="sum-solution" tags=["exercise-solution"]
def total(x):
    return sum(x)

# %% exercise="sum" name="sum-hidden-1" points=1 tags=["exercise-hidden", "nbval-check-output"]
total([1, 2])
'''


def test_a_key_is_built_from_a_draft(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "KEYS", tmp_path / "keys")
    (tmp_path / "small.py").write_text(DRAFT, encoding="utf-8")
    path = build.build(tmp_path / "small.py", key=True)
    assert path == tmp_path / "keys" / "small.ipynb" and lint_key(path) == []
    hidden = nbformat.read(path, as_version=4).cells[-1]
    assert (hidden.id, hidden.metadata["points"], hidden.outputs[0].data["text/plain"]) == ("sum-hidden-1", 1, "3")
    # And once more from the notebook itself, as after an edit in JupyterLab.
    assert build.build(path) == path and lint_key(path) == []
