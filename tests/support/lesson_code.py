"""Give a test the functions that stand in a lesson, so that what is tested is what a reader reads."""

import ast
from functools import cache

import nbformat

from helpers.project import ROOT

FUNCTION_OR_CLASS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


FRONT = [path for path in sorted((ROOT / "helpers").rglob("*.py"))
         if path.relative_to(ROOT).parts[1] not in ("course", "grading")]
"""The modules that lessons may import."""


def code_of(lesson):
    """Return the code of a lesson without IPython's own lines."""
    lines = (line for cell in code_cells(lesson) for line in cell.source.splitlines())
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


@cache
def code_cells(lesson):
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def definitions(lesson, names, namespace):
    """Run the definitions of some names, and nothing else of a lesson, in a namespace.

    Parameters
    ----------
    lesson : str
        Name of the notebook without its ending.
    names : sequence of str
        Functions, classes and top-level variables, each defined once in the lesson.
    namespace : dict
        What these definitions may use, for example ``{"np": numpy}``. The names are added to it.

    Returns
    -------
    dict
        The namespace.

    Raises
    ------
    LookupError
        When a name is not defined exactly once: the lesson was changed and the test was not.
    """
    found = {name: [] for name in names}
    wanted = []
    for cell in code_cells(lesson):
        for statement in ast.parse(cell.source).body:
            for name in names_given(statement) & set(names):
                found[name].append(cell.id)
                wanted.append(statement)
    for name, cells in found.items():
        if len(cells) != 1:
            raise LookupError(f"{lesson} defines {name} {len(cells)} times at top level {cells}, wanted once")
    module = ast.Module(body=wanted, type_ignores=[])
    exec(compile(module, f"{lesson}.ipynb", "exec"), namespace)
    return namespace


def names_given(code):
    """Return the names to which code, or one of its statements, gives a value at top level, by `def`, `import` or assignment."""
    if isinstance(code, str):
        return {name for statement in ast.parse(code).body for name in names_given(statement)}
    if isinstance(code, FUNCTION_OR_CLASS):
        return {code.name}
    if isinstance(code, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in code.names}
    inside = {id(node) for comprehension in ast.walk(code) for target in getattr(comprehension, "generators", [])
              for node in ast.walk(target.target)}  # these names live in their comprehension only
    return {node.id for node in ast.walk(code)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inside}


def imported(source):
    """Yield every module that a piece of code imports, with and without the names taken from it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
