"""What a piece of Python says of itself: the names that it binds, changes and uses. Nothing is run."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import symtable
import warnings

from helpers.grading.reading import LARGEST_CELL

AT_HAND = frozenset([*dir(builtins), "__file__", "get_ipython", "display", "In", "Out", "_", "__", "___"])
"""Names that a notebook has before its first cell."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = (*_DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_ORDER = ("type_params", "generators", "iter", "value", "test")
_RUNS_ITS_CELL = re.compile(r"\A\s*%%(time|capture|prun)\b[^\n]*\n")
"""Cell magics that run their cell here, so that what it defines is defined afterward."""
_MAGIC = re.compile(r"^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]", re.MULTILINE)
_FILE = "a student's cell"
warnings.filterwarnings("ignore", module=_FILE)  # a student's "\d" is no news for the instructor
_MOST_WORK = 1_000_000
"""Characters: IPython reads a cell once more for each magic in it, about a million characters in a second."""


class Statement:
    """One statement of a cell's top level: its kind, and the names that it binds, changes in place (`x[0] = 1`) and uses."""

    def __init__(self, node: ast.stmt):
        self.node = node
        self.defines, self.imports = isinstance(node, _DEFINITIONS), isinstance(node, (ast.Import, ast.ImportFrom))
        self.maybe = not self.defines and hasattr(node, "body")  # `if` and its like may give their names no value
        self.stub = self.defines and _is_stub(node)
        self.binds, self.changes = _bound(node)

    @functools.cached_property
    def text(self) -> str:
        """Its code, without comments; nothing where it is nested too deeply."""
        try:
            return ast.unparse(self.node)
        except RecursionError:
            return ""

    @functools.cached_property
    def used(self) -> tuple[frozenset[str], frozenset[str]]:
        """Two sets of names: what it asks for when it runs, and what functions in it ask for when they are called."""
        return _asked(self.node), _used(self.text)


def _is_stub(node):
    body = node.body[ast.get_docstring(node) is not None:]
    return len(body) == 1 and isinstance(body[0], ast.Return) and getattr(body[0].value, "value", None) is ...


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


def _asked(statement):
    """Return the names whose value a statement asks for before it binds them itself, such as `x` in `x = x + 1`."""
    asked, have = set(), [set()]  # a set of bound names for each scope

    def visit(node):
        name = node.target if isinstance(node, ast.AugAssign) else node
        if isinstance(name, ast.Name) and (name is not node or isinstance(node.ctx, ast.Load)):
            asked.update(() if any(name.id in scope for scope in have) else [name.id])
        have[-1].update(str(getattr(node, word, "")).split(".")[0] for word in ("id", "name", "asname"))
        have.append(set() if isinstance(node, _SCOPES) else have[-1])
        # What is evaluated comes before what it is bound to; the body of a function runs when it is called.
        for field in sorted(node._fields, key=lambda one: _ORDER.index(one) if one in _ORDER else len(_ORDER)):
            child = None if field == "body" and isinstance(node, (*_DEFINITIONS, ast.Lambda)) else getattr(node, field)
            for one in child if isinstance(child, list) else [child]:
                if isinstance(one, ast.AST):
                    visit(one)
        have.pop()

    try:
        visit(statement)
    except RecursionError:
        pass
    return frozenset(asked)


def _base(node):
    """Return the name at the beginning of `name.attribute[index]`."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _used(text):
    try:
        scopes = symtable.symtable(text, "cell", "exec").get_children()
    except Exception:
        return frozenset()
    later = set()
    while scopes:
        scope = scopes.pop()
        later |= {symbol.get_name() for symbol in scope.get_symbols()
                  if symbol.is_global() and (symbol.is_referenced() or symbol.is_declared_global())}
        scopes += scope.get_children()
    return frozenset(later)


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


def statements(source: str) -> list[Statement] | None:
    """Return a cell's statements, an import as one for each name; None if it is not Python, or too large to be a student's."""
    source, found = _RUNS_ITS_CELL.sub("", source), list[ast.stmt]()
    for prepare in (str, _as_python) if len(source) <= LARGEST_CELL else ():
        try:
            body = ast.parse(prepare(source), _FILE).body
            break
        except Exception:  # not only SyntaxError: too deep, too large, a zero byte, ...
            continue
    else:
        return None
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found += [type(node)(**{**dict(ast.iter_fields(node)), "names": [alias]}) for alias in node.names]
        else:
            found.append(node)
    return list(map(Statement, found))


def defined_names(source: str) -> set[str]:
    """Return the names that a cell gives a value at its top level; none if it is not Python."""
    return set().union(*(one.binds for one in statements(source) or []))
