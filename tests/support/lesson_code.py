"""Give a test the functions that stand in a lesson, so that what is tested is what a reader reads."""

import ast

import nbformat

from helpers.project import ROOT


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
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
    found = {name: [] for name in names}
    wanted = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for statement in ast.parse(cell.source).body:
            for name in _defined_by(statement) & set(names):
                found[name].append(cell.id)
                wanted.append(statement)
    for name, cells in found.items():
        if len(cells) != 1:
            raise LookupError(f"{lesson} defines {name} {len(cells)} times at top level {cells}, wanted once")
    module = ast.Module(body=wanted, type_ignores=[])
    exec(compile(module, f"{lesson}.ipynb", "exec"), namespace)
    return namespace


def _defined_by(statement):
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return set()
