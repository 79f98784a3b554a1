"""What a piece of Python says of itself: the names that it binds, changes and uses. Nothing is run."""

import ast
import builtins
import dis
import functools
import re
import types
import warnings

AT_HAND = frozenset([*dir(builtins), "__annotations__", "__file__", "get_ipython", "display", "In", "Out", "_", "__", "___"])
"""Names that a notebook has before its first cell."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
_SCOPES = (*_DEFINITIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_AT_ONCE = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
_ASKS = ("LOAD_NAME", "LOAD_GLOBAL", "STORE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
_RUNS_ITS_CELL = re.compile(r"\A\s*%%(time|capture|prun)\b[^\n]*\n")
"""Cell magics that run their cell here, so that what it defines is defined afterward."""
MAGIC = re.compile(r"^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]", re.MULTILINE)
"""For each of these in a cell IPython reads the cell once more."""
_FILE = "a student's cell"
warnings.filterwarnings("ignore", module=_FILE)  # a student's "\d" is no news for the instructor


class Statement:
    """One statement of a cell's top level: its kind, and the names that it binds, changes in place (`x[0] = 1`) and uses."""

    def __init__(self, node: ast.stmt):
        self.node = node
        self.defines, self.imports = isinstance(node, _DEFINITIONS), isinstance(node, _IMPORTS)
        self.maybe = not self.defines and hasattr(node, "body")  # `if` and its like may give their names no value
        self.stub = self.defines and _is_stub(node)
        self.binds, self.changes = _bound(node)

    @functools.cached_property
    def text(self) -> str:
        """Its code, without comments; nothing where that cannot be written: nested too deeply, or a number of 5,000 digits."""
        try:
            return ast.unparse(self.node)
        except (RecursionError, ValueError):
            return ""

    @functools.cached_property
    def used(self) -> tuple[frozenset[str], frozenset[str]]:
        """Two sets of names: what it asks for when it runs, and what functions in it ask for when they are called."""
        return used(self.text)


def _is_stub(node):
    body = node.body[ast.get_docstring(node) is not None:]
    return len(body) == 1 and isinstance(body[0], ast.Return) and getattr(body[0].value, "value", None) is ...


def _bound(statement):
    """Return the names that a statement binds, and those whose value it changes."""
    binds, changes, todo = set(), set(), [statement]
    while todo:
        node = todo.pop()
        stored = isinstance(getattr(node, "ctx", None), ast.Store)
        if isinstance(node, ast.alias):
            binds.add((node.asname or node.name).split(".")[0])
        elif isinstance(getattr(node, "name", None), str):
            binds.add(node.name)
        elif isinstance(node, ast.Name) and stored:
            binds.add(node.id)
        called = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        base = node if stored and isinstance(node, (ast.Subscript, ast.Attribute)) else called
        while isinstance(base, (ast.Subscript, ast.Attribute)):
            base = base.value
            changes |= {base.id} if isinstance(base, ast.Name) else set()
        todo += () if isinstance(node, _SCOPES) else ast.iter_child_nodes(node)
    return frozenset(binds), frozenset(changes - binds)


def used(text: str) -> tuple[frozenset[str], frozenset[str]]:
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
    return frozenset(now), frozenset(later - bound)


def _as_python(source):
    """Return a cell after IPython's own transformation, which most cells need none of."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def statements(source: str) -> list[Statement] | None:
    """Return a cell's statements, an import as one for each name; None if it is not Python."""
    source = _RUNS_ITS_CELL.sub("", source)
    for prepare in (str, _as_python):
        try:
            body = ast.parse(prepare(source), _FILE).body
        except Exception:  # not only SyntaxError: too deep, too large, a zero byte, ...
            continue
        return [Statement(one) for node in body for one in (
            [type(node)(**{**vars(node), "names": [alias]}) for alias in node.names] if isinstance(node, _IMPORTS) else [node])]
    return None


def defined_names(source: str) -> set[str]:
    """Return the names that a cell gives a value at its top level; none if it is not Python."""
    return set().union(*(one.binds for one in statements(source) or [])) - {"*"}
