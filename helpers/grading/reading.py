"""Read notebooks as students hand them in, odd and broken ones too, and the code in their cells; nothing of it is run."""

import ast
import dis
import functools
import json
import re
import sys
import types
import unicodedata
import warnings

from IPython.core.inputtransformer2 import TransformerManager

from helpers.grading.records import Cell, SubmissionError

LARGEST_FILE = 20 * 2**20
MOST_CELLS = 2_000
LARGEST_CELL = 200_000  # Characters. Nobody writes such a cell by hand.

_OTHERS = {b"PK\x03\x04": " but a zip archive: give it back its ending .zip", b"%PDF": " but a PDF: hand in the .ipynb file",
           b"<": " but a web page: download the notebook's own, raw file",
           b"[InternetShortcut]": " but a link: download the notebook"}
_DEFINITIONS, _IMPORTS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), (ast.Import, ast.ImportFrom)
_SCOPES = (*_DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_AT_ONCE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
_ASKS = ("LOAD_NAME", "LOAD_GLOBAL", "STORE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_RUNS_ITS_CELL = re.compile(r"\A\s*%%(time|capture|prun)\b[^\n]*\n")
"""Cell magics that run their cell here, so that what it defines is defined afterward."""
_as_python = TransformerManager().transform_cell  # which most cells need none of
_FILE = "a student's cell"
warnings.filterwarnings("ignore", module=_FILE)  # a student's "\d" is no news for the instructor


def printable(text: str) -> str:
    """Return a name as any terminal can show it; two that differ stay different, because the backslash is escaped as well."""
    return "".join(letter if (letter.isprintable() and letter != "\\") or unicodedata.category(letter) == "Zs"  # a kind of space
                   else letter.encode("unicode_escape").decode("ascii") for letter in text)


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
    source = source.encode("utf-8", "replace").decode()  # half of an emoji is no text
    kind = cell.get("cell_type")
    return Cell(kind if kind in ("code", "raw") else "markdown",
                # Most cells of a class are the lesson's: kept once. One character too many tells that a cell was cut.
                sys.intern(source[:LARGEST_CELL + 1]), exercise if isinstance(exercise, str) else None,
                frozenset(tag for tag in _part(metadata, "tags", list) if isinstance(tag, str)),
                str(metadata.get("name") or cell.get("id") or ""))


def parse(data: bytes) -> tuple[str | None, list[Cell]]:
    """Return the lesson that the metadata of a notebook's file name, or None, and the cells.

    Raises SubmissionError when it is no notebook, or larger than any notebook of the course.
    """
    if len(data) > LARGEST_FILE:
        raise SubmissionError(f"the file has more than {LARGEST_FILE // 2**20} MB: choose Edit > Clear Outputs of All Cells, "
                              "save, and hand it in again")
    if not data.strip():
        raise SubmissionError("the file is empty")
    text = decode(data)
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
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else error
        why = next((why for mark, why in _OTHERS.items() if data.lstrip().startswith(mark)), f": {said}")
        if "\n<<<<<<< " in text:
            why = ": it holds both sides of a merge that Git could not finish; choose one of each, and save it again"
        raise SubmissionError(f"the file is not a notebook{why}") from None
    if len(cells) > MOST_CELLS:
        raise SubmissionError(f"the notebook has {len(cells):,} cells; at most {MOST_CELLS:,} are read")
    lesson = _part(_part(notebook, "metadata", dict), "course", dict).get("lesson")
    return lesson if isinstance(lesson, str) else None, [_cell(cell) for cell in cells if isinstance(cell, dict)]


class Statement:
    """One statement of a cell's top level: its kind, and the names that it binds, changes in place (`x[0] = 1`) and uses."""

    def __init__(self, node: ast.stmt):
        self.node = node
        self.defines, self.imports = isinstance(node, _DEFINITIONS), isinstance(node, _IMPORTS)
        self.maybe = not self.defines and hasattr(node, "body")  # `if` and its like may give their names no value
        rest = node.body[ast.get_docstring(node) is not None:] if isinstance(node, _DEFINITIONS) else []
        self.stub = [isinstance(one, ast.Return) and getattr(one.value, "value", None) is ... for one in rest] == [True]
        self.binds, self.changes = _bound(node)

    @functools.cached_property
    def text(self) -> str:
        """Its code, without comments; nothing where that cannot be written: nested too deeply, or a number of 5,000 digits."""
        try:
            return ast.unparse(self.node)
        except (RecursionError, ValueError):
            return ""


def _bound(statement):
    """Return the names that a statement binds, and those whose value it changes."""
    binds, changes, todo = set(), set(), [statement]
    while todo:
        node = todo.pop()
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        name = getattr(node, "asname", None) or getattr(node, "name", None) or (stored and getattr(node, "id", None))
        if isinstance(name, str):
            binds.add(name.split(".")[0])
        called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        base = node if stored and isinstance(node, (ast.Subscript, ast.Attribute)) else called
        while isinstance(base, (ast.Subscript, ast.Attribute)):
            base = base.value
            changes |= {base.id} if isinstance(base, ast.Name) else set()
        todo += () if isinstance(node, _SCOPES) else ast.iter_child_nodes(node)
    return binds, changes - binds


@functools.lru_cache(maxsize=4096)
def used_names(text: str) -> tuple[set[str], set[str]]:
    """Return the names whose value code asks for before it binds them itself, and those for which only its functions ask."""
    now, later, bound = set(), set(), set()
    try:
        # Its instructions stand in the order in which Python runs them: `x` is asked for in `x = x + 1`, not in `x = 1; x`.
        todo = [(compile(text, _FILE, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True), now, bound)]
    except Exception:  # too deep, or `return` outside a function
        todo = []
    for code, asked, have in todo:
        for step in dis.get_instructions(code):
            if isinstance(step.argval, types.CodeType):
                todo.append((step.argval, asked, {*have}) if step.argval.co_name in _AT_ONCE else (step.argval, later, set()))
            elif step.opname == "STORE_NAME":
                have.add(step.argval)
            elif step.opname in _ASKS and step.argval not in have:
                asked.add(step.argval)
    return now, later - bound


def statements(source: str) -> list[Statement]:
    """Return a cell's statements, an import as one for each name; none if it is not Python."""
    source = _RUNS_ITS_CELL.sub("", source)
    for prepare in (str, _as_python):
        try:
            body = ast.parse(prepare(source), _FILE).body
        except Exception:  # not only SyntaxError: too deep, too large, a zero byte, ...
            continue
        return [Statement(one) for node in body for one in (
            [type(node)(**{**vars(node), "names": [alias]}) for alias in node.names] if isinstance(node, _IMPORTS) else [node])]
    return []


def defined_names(source: str) -> set[str]:
    """Return the names that a cell gives a value at its top level; none if it is not Python."""
    return set().union(*(one.binds for one in statements(source))) - {"*"}
