"""A hidden cell runs among names of its own."""

from __future__ import annotations

import ast
import functools

from helpers.grading.errors import KeyNotebookError

NAME = "_hidden_cell"


@functools.cache
def in_its_own_names(source, common):
    """Return code that gives what a hidden cell gives, whatever names the student has used, and leaves those as they are.

    The cell becomes the body of a function, behind the key's common set-up. So a student's `SEED` is not taken for the key's, and
    the key's `random` does not stand in the way of a solution that has imported `random`.

    Parameters
    ----------
    source : str
        A cell that ends with an expression.
    common : tuple of str
        The cells of the key that run before every exercise.

    Returns
    -------
    str
        The value of its last line is the value of the cell's.

    Raises
    ------
    KeyNotebookError
        When they cannot be the body of a function, or the cell does not end with an expression.
    """
    try:
        *body, last = ast.parse("\n".join([*common, source])).body
        if not isinstance(last, ast.Expr):
            raise KeyNotebookError(f"a hidden cell does not end with an expression: {source[:200]!r}")
        code = ast.parse(f"def {NAME}():\n    pass\n{NAME}()")
        code.body[0].body = [*body, ast.Return(last.value)]
        text = ast.unparse(ast.fix_missing_locations(code))
        # What may stand in a cell and not in a function, such as `from math import *`, shows only here.
        compile(text, "hidden cell", "exec")
    except (SyntaxError, ValueError) as error:
        raise KeyNotebookError(f"a hidden cell cannot be the body of a function ({error}): {source[:200]!r}") from error
    return text
