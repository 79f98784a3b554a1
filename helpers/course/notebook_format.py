"""The form in which lessons are kept: metadata, cell ids, badges, execution.

Shared by the builder and the linter, so that what the one writes is what the other accepts.
"""

import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.course import links
from helpers.project import ROOT

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"tags", "name", "exercise", "points", "jupyter"}


def notebook_metadata(lesson):
    """Return the only metadata that a notebook carries; the lesson's name survives a renamed file."""
    return {"course": {"lesson": lesson}, **NOTEBOOK_METADATA}


def _slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "cell"


def assign_ids(notebook):
    """Give each cell an id made of its nearest heading and its position below it, unless it has a name of its own."""
    heading, used = "top", set()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            if found:
                heading = _slug(found.group(1))
        base = cell.metadata.get("name") or heading
        identity, count = base, 1
        while identity in used:
            count += 1
            identity = f"{base}-{count}"
        used.add(identity)
        cell["id"] = identity


def normalize(notebook, lesson):
    """Strip what depends on the machine and the moment: the rest is what a diff should show."""
    notebook.metadata = nbformat.from_dict(notebook_metadata(lesson))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({key: value for key, value in cell.metadata.items() if key in CELL_METADATA})
        cell.pop("attachments", None) if not cell.get("attachments") else None
    links.rewrite_notebook(notebook, lesson)


def execute(notebook, source="sample", timeout=900):
    """Run all cells in a fresh kernel, as a reader would with "Run all".

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    source : {"sample", "real"}
        What `COURSE_DATA` says to the lesson.
    timeout : float
        Seconds that one cell may take.
    """
    # A stored slider shows nothing on a page without a kernel; a stored picture does.
    env = dict(os.environ, COURSE_DATA=source, COURSE_PANELS="static")
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3",
                            resources={"metadata": {"path": str(ROOT / "notebooks")}})
    client.execute(env=env)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _merge_streams(cell)


def _merge_streams(cell):
    """Join neighboring pieces of one stream: where a kernel cuts them is chance."""
    merged = []
    for output in cell.outputs:
        if merged and output.output_type == "stream" == merged[-1].output_type and output.name == merged[-1].name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    cell.outputs = merged


def write(notebook, path):
    """Write a notebook in nbformat's canonical form, whole or not at all."""
    nbformat.validate(notebook)
    path = Path(path)
    temporary = path.with_suffix(".tmp")
    nbformat.write(notebook, temporary)
    temporary.replace(path)
