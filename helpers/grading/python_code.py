"""What a piece of Python says of itself: the names that it binds, changes and uses. Nothing is run."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings

from helpers.grading.reading import LARGEST_CELL

AT_HAND = frozenset([*dir(builtins), "__file__", "get_ipython", "display", "In", "Out", "_", "__", "___"])
"""Names that a notebook has before its first cell."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = (*_DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_RUNS_ITS_CELL = re.compile(r"\s*%%(time|capture|prun)\b[^\n]*\n")
"""Cell magics that run their cell here, so that what it defines is defined afterward."""
_MAGIC = re.compile(r"^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]", re.MULTILINE)
_FILE = "a student's cell"
warnings.filterwarnings("ignore", module=_FILE)  # a student's "\d" is no news for the instructor
_MOST_WORK = 1_000_000
"""Characters: IPython reads a cell once more for each magic in it, about a million characters in a second."""


class Statement:
    """One statement of a cell's top level.

    Parameters
    ----------
    node : ast.stmt
        As Python's parser gives it.

    Attributes
    ----------
    binds, changes : frozenset of str
        The names that it gives a value (`x = 1`, `def x()`, also under `if` or `try`), and those whose value it changes in place
        (`x[0] = 1`, `x.append(1)`).
    defines, imports : bool
        Whether it is a function or class, or an import: it runs no code of a function.
    maybe : bool
        Whether it may give its names no value: `if`, `for`, `try` and their like.
    stub : bool
        Whether it is a function that only returns `...`.
    """

    __slots__ = ("_text", "_used", "binds", "changes", "defines", "imports", "maybe", "node", "stub")

    def __init__(self, node: ast.stmt):
        self.node = node
        self._text: str | None = None
        self._used: tuple[frozenset[str], frozenset[str]] | None = None
        self.defines, self.imports = isinstance(node, _DEFINITIONS), isinstance(node, (ast.Import, ast.ImportFrom))
        self.maybe, self.stub = not self.defines and hasattr(node, "body"), _is_stub(node)
        self.binds, self.changes = _bound(node)

    @property
    def text(self) -> str:
        """Its code, without comments; nothing where it is nested too deeply."""
        if self._text is None:
            try:
                self._text = ast.unparse(self.node)
            except RecursionError:
                self._text = ""
        return self._text

    @property
    def used(self) -> tuple[frozenset[str], frozenset[str]]:
        """Two sets of names: what it asks for when it runs, and what functions in it ask for when they are called."""
        if self._used is None:
            now, later = _used(self.text)
            early, inner = _early(self.node)
            self._used = (now - self.binds - inner) | early, later
        return self._used


def _is_stub(node):
    if not isinstance(node, _DEFINITIONS):
        return False
    *rest, last = node.body
    return isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is ... and (
        len(rest) == (ast.get_docstring(node) is not None))


def _bound(statement):
    binds, changes, todo = set(), set(), [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, _DEFINITIONS):
            binds.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            binds |= {(alias.asname or alias.name).split(".")[0] for alias in node.names} - {"*"}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            binds.add(node.id)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            binds.add(node.name)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            changes |= _base(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            changes |= _base(node.value.func)
        if not isinstance(node, _SCOPES):
            todo += ast.iter_child_nodes(node)
    return frozenset(binds), frozenset(changes - binds)


def _early(statement):
    """Return names that are asked for before the statement binds them, such as `x` in `x = x + 1`, and comprehensions' own."""
    early, have, inner = set(), set(), set()

    def visit(node):
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            # Python 3.13 counts these among the names around them.
            inner.update(one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
            visit(node.generators[0].iter)
        elif isinstance(node, _SCOPES):
            have.add(getattr(node, "name", None))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            early.update({node.id} - have)
        else:
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                early.update({node.target.id} - have)
            have.update(str(getattr(node, word, "")).split(".")[0] for word in ("id", "name", "asname"))
            # What is evaluated comes before what it is bound to.
            for field in sorted(node._fields, key=("value", "iter", "test").__contains__, reverse=True):
                child = getattr(node, field)
                for one in child if isinstance(child, list) else [child]:
                    if isinstance(one, ast.AST):
                        visit(one)

    try:
        visit(statement)
    except RecursionError:
        return set(), set()
    return early, inner


def _base(node):
    """Return the name at the beginning of `name.attribute[index]`."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _used(text):
    try:
        table = symtable.symtable(text, "cell", "exec")
    except Exception:
        return frozenset(), frozenset()
    later, scopes = set(), list(table.get_children())
    while scopes:
        scope = scopes.pop()
        later |= {symbol.get_name() for symbol in scope.get_symbols()
                  if symbol.is_global() and (symbol.is_referenced() or symbol.is_declared_global())}
        scopes += scope.get_children()
    return frozenset(symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()), frozenset(later)


def work(source: str) -> int:
    """Return how many characters have to be read to parse a cell, again for each magic."""
    return len(source) * (1 + len(_MAGIC.findall(source)))


def _as_python(source):
    """Return a cell after IPython's own transformation."""
    if work(source) > _MOST_WORK:
        raise SyntaxError("too many magics in too large a cell")
    # Imported here, because most cells need none of it.
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def _body(source):
    for prepare in (str, _as_python) if len(source) <= LARGEST_CELL else ():
        try:
            return ast.parse(prepare(source), _FILE).body
        except Exception:  # not only SyntaxError: too deep, too large, a zero byte, ...
            continue
    return None


def statements(source: str) -> list[Statement] | None:
    """Return the statements of a cell, also of one with magics; imports as one statement for each name.

    Parameters
    ----------
    source : str
        As the notebook has it.

    Returns
    -------
    list of Statement or None
        None if it is not Python, or too large to be anybody's work.
    """
    source = _RUNS_ITS_CELL.sub("", source, count=1) if source.lstrip().startswith("%%") else source
    body = _body(source)
    found: list[ast.stmt] = []
    for node in body or ():
        if isinstance(node, ast.Import):
            found += [ast.Import([alias]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [ast.ImportFrom(node.module, [alias], node.level) for alias in node.names]
        else:
            found.append(node)
    return None if body is None else list(map(Statement, found))


def defined_names(source: str) -> set[str]:
    """Return the names that a cell gives a value at its top level; none if it is not Python."""
    return set().union(*(one.binds for one in statements(source) or []))
