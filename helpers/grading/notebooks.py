"""Read notebooks as students hand them in: odd encodings, old formats, broken files."""

from __future__ import annotations

import codecs
import dataclasses
import json

from helpers.grading.errors import SubmissionError

LARGEST_FILE = 50 * 2**20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell, without its outputs: what a student's notebook claims to have shown counts for nothing.

    Parameters
    ----------
    kind : str
        "code" or "markdown".
    source : str
        Its text.
    exercise : str or None
        The exercise it belongs to.
    tags : frozenset of str
        Its tags.
    name : str
        Its own name, or its id.
    """

    kind: str
    source: str
    exercise: str | None = None
    tags: frozenset = frozenset()
    name: str = ""


def decode(data):
    """Return the text of a file in UTF-8 (with or without a mark), UTF-16, UTF-32, or else Latin-1.

    Parameters
    ----------
    data : bytes
        The file.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    # JSON begins with an ASCII character, so zeros beside it tell UTF-16 without a mark.
    if data[1:2] == b"\0" or data[:1] == b"\0":
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _source(cell):
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _cell(cell):
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    tags = metadata.get("tags") if isinstance(metadata.get("tags"), list) else []
    exercise = metadata.get("exercise")
    return Cell("code" if cell.get("cell_type") == "code" else "markdown", _source(cell),
                exercise if isinstance(exercise, str) else None, frozenset(tag for tag in tags if isinstance(tag, str)),
                str(metadata.get("name") or cell.get("id") or ""))


def parse(data):
    """Return the lesson that a notebook says it is (or None) and its cells.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    lesson : str or None
        From the notebook's own metadata.
    cells : list of Cell
        In order.

    Raises
    ------
    SubmissionError
        When it is no notebook.
    """
    if len(data) > LARGEST_FILE:
        raise SubmissionError(
            f"the file has {len(data) // 2**20} MB; a notebook of the course has less than {LARGEST_FILE // 2**20}"
        )
    if not data.strip():
        raise SubmissionError("the file is empty")
    try:
        notebook = json.loads(decode(data))
        if not isinstance(notebook, dict):
            raise ValueError("its JSON is not an object")
        if "worksheets" in notebook:
            # Imported only here: nbformat takes longer to load than a class of notebooks to read.
            import nbformat

            notebook = json.loads(nbformat.writes(nbformat.convert(nbformat.reader.reads(decode(data)), 4)))
        cells = notebook.get("cells")
        if not isinstance(cells, list):
            raise ValueError("it has no list of cells")
    except RecursionError:
        raise SubmissionError("the file is not a notebook: it is nested too deeply") from None
    except Exception as error:
        raise SubmissionError(f"the file is not a notebook: {error}") from None
    metadata = notebook.get("metadata") if isinstance(notebook.get("metadata"), dict) else {}
    course = metadata.get("course") if isinstance(metadata.get("course"), dict) else {}
    lesson = course.get("lesson")
    return lesson if isinstance(lesson, str) else None, [_cell(cell) for cell in cells if isinstance(cell, dict)]
