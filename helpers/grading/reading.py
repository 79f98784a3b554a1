"""Read notebooks as students hand them in: odd encodings, old formats, broken files, and nothing without a limit."""

import json
import sys

from helpers.grading.errors import SubmissionError
from helpers.grading.records import Cell

LARGEST_FILE = 20 * 2**20
MOST_CELLS = 2_000
LARGEST_CELL = 200_000
"""Characters. Nobody writes such a cell by hand."""
MOST_MARKS = 2_500_000
"""Brackets and quotation marks: each makes an object of many times its size, and 20 MB of them would fill the memory."""
_SMALLER = "choose Edit > Clear Outputs of All Cells, save, and hand it in again"

_OTHERS = {b"PK\x03\x04": " but a zip archive: give it back its ending .zip", b"%PDF": " but a PDF: hand in the .ipynb file"}


def printable(text: str) -> str:
    """Return a name as any terminal can show it; two that differ stay different, because the backslash is escaped as well."""
    return "".join(letter if letter.isprintable() and letter != "\\" else letter.encode("unicode_escape").decode("ascii")
                   for letter in text)


def decode(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 or UTF-32, with or without a mark, or else Latin-1."""
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _part(whole, name, kind):
    """Return a part of what JSON gave, empty where that is not of its kind."""
    return whole[name] if isinstance(whole.get(name), kind) else kind()


def _cell(cell):
    metadata = _part(cell, "metadata", dict)
    exercise = metadata.get("exercise")
    # The third format of notebooks calls the source of a code cell its input.
    source = cell.get("source", cell.get("input", ""))
    source = "".join(line for line in (source if isinstance(source, list) else [source]) if isinstance(line, str))
    kind = cell.get("cell_type")
    return Cell(kind if kind in ("code", "raw") else "markdown",
                # Most cells of a class are the lesson's: kept once. One character too many tells that a cell was cut.
                sys.intern(source[:LARGEST_CELL + 1]), exercise if isinstance(exercise, str) else None,
                frozenset(tag for tag in _part(metadata, "tags", list) if isinstance(tag, str)),
                str(metadata.get("name") or cell.get("id") or ""))


def parse(data: bytes) -> tuple[str | None, list[Cell]]:
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
        When it is no notebook, or larger than any notebook of the course.
    """
    if len(data) > LARGEST_FILE:
        raise SubmissionError(f"the file has more than {LARGEST_FILE // 2**20} MB: {_SMALLER}")
    if not data.strip():
        raise SubmissionError("the file is empty")
    text = decode(data)
    if sum(map(text.count, '{["')) > MOST_MARKS:
        raise SubmissionError(f"the file holds more than {MOST_MARKS:,} brackets and quotation marks: {_SMALLER}")
    try:
        # No number of a notebook matters here, and millions of them take memory.
        notebook = json.loads(text, parse_int=lambda _: None, parse_float=lambda _: None)
        if not isinstance(notebook, dict):
            raise ValueError("its JSON is not an object")
        cells = notebook.get("cells")
        if cells is None and isinstance(notebook.get("worksheets"), list):
            cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        if not isinstance(cells, list):
            raise ValueError("it has no list of cells")
    except RecursionError:
        raise SubmissionError("the file is not a notebook: it is nested too deeply") from None
    except Exception as error:
        why = next((why for mark, why in _OTHERS.items() if data.startswith(mark)), f": {error}")
        raise SubmissionError(f"the file is not a notebook{why}") from None
    if len(cells) > MOST_CELLS:
        raise SubmissionError(f"the notebook has {len(cells):,} cells; at most {MOST_CELLS:,} are read")
    lesson = _part(_part(notebook, "metadata", dict), "course", dict).get("lesson")
    return lesson if isinstance(lesson, str) else None, [_cell(cell) for cell in cells if isinstance(cell, dict)]
