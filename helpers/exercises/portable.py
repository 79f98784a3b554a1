"""Which names of a student's function exist on this page alone: an exercise is graded without the rest of it."""

from __future__ import annotations

import dis
import functools
import inspect
import random
import types
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["not_portable"]

_LARGEST = 1_000
"""Numbers in an array, or parts of a list, that somebody may have written by hand."""
_DEFINED = (types.ModuleType, types.BuiltinFunctionType, types.MethodType, type, np.ufunc, np.dtype)
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...), np.generic, range, slice,
          random.Random, np.random.Generator, np.random.RandomState)


def _inside(value):
    """Return the function in a wrapper such as `partial`, `lru_cache` or `tf.function`, or the value itself."""
    for _ in range(20):
        inner = getattr(value, "python_function", None) or getattr(value, "__wrapped__", None)
        inner = value.func if isinstance(value, functools.partial) else inner
        if inner is None or isinstance(value, (types.ModuleType, type)):
            break
        value = inner
    return value


def _plain(value, deep=4):
    """Return whether a value is made of numbers and text, and small enough to have been written by hand."""
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, np.ndarray):
        return value.size <= _LARGEST and value.dtype != object
    if isinstance(value, dict):
        return deep > 0 and len(value) <= _LARGEST and all(_plain(one, deep - 1) for pair in value.items() for one in pair)
    if isinstance(value, (tuple, list, set, frozenset)):
        return deep > 0 and len(value) <= _LARGEST and all(_plain(one, deep - 1) for one in value)
    return False


def _globals_of(code):
    """Return the names that code asks for outside its own scopes."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_globals_of(one) for one in code.co_consts if isinstance(one, types.CodeType)))


def not_portable(function: Callable[..., Any], namespace: dict[str, Any] | None = None) -> list[str]:
    """Return the names that a function uses and that cannot be carried to where it is graded.

    Modules, functions, classes, numbers, text, small arrays and generators of random numbers go along. Data sets, trained models
    and large arrays stay behind.

    Parameters
    ----------
    function : callable
        A student's.
    namespace : dict, optional
        Where its names stand; by default where it was defined.

    Returns
    -------
    list of str
        Sorted; empty where all is well, and for what is no Python function.
    """
    found, seen, todo = set(), set(), [_inside(function)]
    while todo:
        one = todo.pop()
        if not inspect.isfunction(one) or one in seen:
            continue
        seen.add(one)
        names = one.__globals__ if namespace is None else namespace
        for name in _globals_of(one.__code__):
            if name not in names:
                continue
            value = _inside(names[name])
            if inspect.isfunction(value):
                # What a library's function needs comes with the library.
                todo += [value] if value.__globals__ is one.__globals__ else []
            elif not isinstance(value, _DEFINED) and not _plain(value):
                found.add(name)
    return sorted(found)
