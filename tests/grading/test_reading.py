"""Notebooks are read whatever their encoding and format, and nothing is read without a limit."""

import json
import sys

import nbformat
import pytest

from helpers.grading.reading import LARGEST_CELL, LARGEST_FILE, MOST_CELLS, decode, parse, printable
from helpers.grading.records import SubmissionError


def code(source, name=None, **more):
    metadata = {"exercise": name, "tags": ["exercise-solution"]} if name else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None, **more}


def notebook(*cells, lesson=None):
    metadata = {"course": {"lesson": lesson}} if lesson else {}
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False)


WORK = notebook(code("def alpha():\n    return 'é'", "alpha"), lesson="01_one")


def test_half_of_an_emoji_is_read_as_a_question_mark():
    assert parse(json.dumps({"cells": [code("# \ud83d")]}).encode())[1][0].source == "# ?"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_encodings(encoding):
    assert decode(WORK.encode(encoding)) == WORK
    assert parse(WORK.encode(encoding))[1][0].source == "def alpha():\n    return 'é'"


@pytest.mark.parametrize("data, words", [
    (b"", "empty"),
    (b"  \n", "empty"),
    (b"{", "not a notebook"),
    (b"[1]", "not an object"),
    (b'{"cells": 3}', "no list of cells"),
    (b'{"worksheets": [{}]}', "not a notebook"),
    (b"PK\x03\x04\x14\0", "not a notebook but a zip archive: give it back its ending .zip"),
    (b"\n<!DOCTYPE html><html>", "not a notebook but a web page: download the notebook's own"),
    (b"[InternetShortcut]\nURL=x", "not a notebook but a link"),
    (b'{\n<<<<<<< HEAD\n"cells": []', "both sides of a merge"),
    (b"%PDF-1.4", "not a notebook but a PDF: hand in the .ipynb file"),
    (b"\x89PNG\r\n", "not a notebook"),
    (b'{"cells":' + b"[" * 100_000, "nested too deeply"),
    (b"x" * (LARGEST_FILE + 1), "more than 20 MB.*Clear Outputs of All Cells"),
    (b'{"worksheets": [3]}', "not a notebook"),
    (b'{"cells": [' + b"{}," * MOST_CELLS + b"{}]}", "has 2,001 cells; at most 2,000"),
])
def test_what_is_no_notebook_is_refused(data, words):
    with pytest.raises(SubmissionError, match=words):
        parse(data)


def test_a_cell_that_is_too_large_is_cut_and_can_be_told():
    (one, other) = parse(notebook(code("x" * 10 ** 6), code("y" * LARGEST_CELL)).encode())[1]
    assert len(one.source) == LARGEST_CELL + 1 and len(other.source) == LARGEST_CELL


def test_cells_that_a_class_shares_are_kept_once():
    one, other = (parse(notebook(code("the lesson's cell " * 9)).encode())[1][0].source for _ in range(2))
    assert one is other and sys.getsizeof(one) > 100


def test_odd_notebooks_are_read():
    odd = {"cells": [{"cell_type": "code", "source": ["a = 1\n", "a"], "metadata": None}, "no cell", {"source": 3},
                     {"cell_type": "code", "metadata": {"tags": "x", "exercise": 7}, "source": "b"},
                     {"cell_type": "raw", "source": "c"}], "metadata": []}
    lesson, cells = parse(json.dumps(odd).encode())
    assert lesson is None and [cell.source for cell in cells] == ["a = 1\na", "", "b", "c"] and cells[2].exercise is None
    assert [cell.kind for cell in cells] == ["code", "markdown", "code", "raw"]


def test_notebooks_of_an_old_format_are_read():
    cells = [nbformat.v3.new_code_cell("x = 1"), nbformat.v3.new_text_cell("markdown", "text"),
             nbformat.v3.new_heading_cell("head")]
    old = nbformat.v3.new_notebook(worksheets=[nbformat.v3.new_worksheet(cells=cells)])
    read = parse(nbformat.v3.writes_json(old).encode())[1]
    assert [(cell.kind, cell.source) for cell in read] == [("code", "x = 1"), ("markdown", "text"), ("markdown", "head")]


@pytest.mark.parametrize("name, shown", [
    ("ada.ipynb", "ada.ipynb"), ("José 学生", "José 学生"), ("\x1b[31mred\n", "\\x1b[31mred\\n"), ("a\udcff", "a\\udcff"),
    ("a\\udcff", "a\\\\udcff"), ("right\u202eleft", "right\\u202eleft")])
def test_names_are_shown_without_harm_and_stay_different(name, shown):
    assert printable(name) == shown
    shown.encode()
