"""Run a lesson in a fresh kernel on the offline sample and store it in the form in which lessons are committed.

    python -m helpers.course.build notebooks/01_mnist_softmax.ipynb     run again after an edit in JupyterLab
    python -m helpers.course.build drafts/01_mnist_softmax.py           from a draft in jupytext's percent format
    python -m helpers.course.build helpers/grading/keys/01_mnist_softmax.ipynb     the same for an answer key
    python -m helpers.course.build --key drafts/01_mnist_softmax.py     a key from a draft, with metadata as jupytext writes it

In a draft, a code cell that starts with the line `# SETUP` becomes the course's set-up cell and a cell of the imports below that
line, and `<!-- badges -->` the row of links. Nothing is written unless every cell ran.
"""

import argparse
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient.exceptions import CellExecutionError

from helpers.course.notebook_format import assign_ids, execute, normalize, write
from helpers.course.setup_cell import FOLDED, IMPORTS, setup_cell
from helpers.project import ROOT

KEYS = ROOT / "helpers" / "grading" / "keys"


def read(path):
    """Read a notebook or a draft.

    Raises
    ------
    SystemExit
        When the file is neither.
    """
    path = Path(path)
    if path.suffix not in (".ipynb", ".py") or not path.is_file():
        raise SystemExit(f"{path}: give an existing .ipynb, or a .py in jupytext's percent format")
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    notebook = jupytext.read(path, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.startswith("# SETUP"):
            cell.source = cell.source.partition("\n")[2].strip()
            cell.metadata["name"] = IMPORTS
            notebook.cells.insert(number, nbformat.v4.new_code_cell(setup_cell(), metadata=FOLDED))
            break
    assign_ids(notebook)
    return notebook


def build(path, source="sample", keep_going=False, key=False):
    """Build one lesson or key and return where it was written (nowhere when run on real data: that is a trial)."""
    lesson = Path(path).stem
    target = (KEYS if key or Path(path).resolve().parent == KEYS else ROOT / "notebooks") / f"{lesson}.ipynb"
    notebook = read(path)
    normalize(notebook, lesson)
    start = time.perf_counter()
    try:
        execute(notebook, source)
    except CellExecutionError as error:
        print(f"{lesson}: {str(error)[-3000:]}", file=sys.stderr)
        if not keep_going:
            raise SystemExit(1) from None
    print(f"{lesson}: {time.perf_counter() - start:.0f} s on {source} data")
    normalize(notebook, lesson)
    if source != "sample":
        return None
    target.parent.mkdir(exist_ok=True)
    write(notebook, target)
    return target


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="notebooks or drafts")
    parser.add_argument("--real", action="store_true", help="try on real data; writes nothing")
    parser.add_argument("--key", action="store_true", help="the drafts are answer keys")
    options = parser.parse_args()
    for path in options.files:
        build(path, "real" if options.real else "sample", key=options.key)


if __name__ == "__main__":
    main()
