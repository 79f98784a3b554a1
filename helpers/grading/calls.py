"""Tell how a student's function was called and what it gave, as text that can be pasted into a cell."""

from __future__ import annotations

import contextlib
import functools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

MOST_NUMBERS, MOST_TEXT, MOST_CALLS = 200, 8_000, 20
"""Larger arrays are abbreviated; longer texts are cut; later calls are not told."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def pasted(value: Any, rounded: bool = False) -> str:
    """Return a value as code.

    Parameters
    ----------
    value : object
        Numbers, texts, arrays, tensors, and lists, tuples and dicts of them come out as code; of all else the repr does.
    rounded : bool
        Whether to leave numbers six digits, so that what was computed in another order looks alike.
    """
    text = _text(value, rounded, 0)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + " ..."


def _text(value, rounded, depth):
    if depth > 8:
        return "..."
    inside = functools.partial(_text, rounded=rounded, depth=depth + 1)
    kind = type(value)
    if kind.__module__.startswith("tensorflow") and hasattr(value, "numpy"):
        return f"tf.constant({_array(value.numpy(), rounded)})"
    if kind is np.ndarray:
        return _array(value, rounded)
    if isinstance(value, np.generic):
        return f"np.{value.dtype}({inside(value.item())})"
    if kind is float:
        text = repr(float(f"{value:.6g}")) if rounded else repr(value)
        return text if math.isfinite(value) else text.replace("nan", "np.nan").replace("inf", "np.inf")
    if kind in (list, tuple):
        items = ", ".join([*map(inside, value[:MOST_NUMBERS]), *(["..."] if len(value) > MOST_NUMBERS else [])])
        return f"[{items}]" if kind is list else f"({items}{',' * (len(value) == 1)})"
    if kind is dict:
        return "{" + ", ".join(f"{inside(key)}: {inside(one)}" for key, one in list(value.items())[:MOST_NUMBERS]) + "}"
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    return _ADDRESS.sub("", repr(value))


def _array(array, rounded):
    """Return an array as code, with its type where that is not what the code would give anyway."""
    usual = array.dtype in (np.float64, np.int64, np.bool_) or array.dtype.kind in "US"
    kind = "" if usual else f", dtype=np.{array.dtype}"
    if array.size == 0 and array.shape != (0,):
        return f"np.empty({array.shape}{kind})"
    if array.size <= MOST_NUMBERS:
        return f"np.array({_text(array.tolist(), rounded, 1)}{kind})"
    shown = np.array2string(array, threshold=20, edgeitems=2, precision=6, separator=", ")
    return f"np.array({shown}{kind})  # shape {array.shape}"


@contextlib.contextmanager
def recorded(names: dict[str, Any], wanted: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Record the calls of some functions while a block runs; calls that one of them makes of another do not count.

    Parameters
    ----------
    names : dict
        Where the functions live.
    wanted : sequence of str
        Which of them.

    Yields
    ------
    list of (str, str)
        For each call how it was called and what it gave, or the exception.
    """
    calls: list[tuple[str, str]] = []
    inside = False

    def watched(name, function):
        @functools.wraps(function)
        def call(*arguments, **named):
            nonlocal inside
            if inside or len(calls) >= MOST_CALLS:
                return function(*arguments, **named)
            shown = [*map(pasted, arguments), *(f"{key}={pasted(value)}" for key, value in named.items())]
            called, inside = f"{name}({', '.join(shown)})"[:MOST_TEXT], True
            try:
                got = function(*arguments, **named)
            except BaseException as error:
                calls.append((called, f"{type(error).__name__}: {error}"[:MOST_TEXT]))
                raise
            finally:
                inside = False
            calls.append((called, pasted(got, rounded=True)))
            return got
        return call

    functions = {name: names[name] for name in wanted if callable(names.get(name)) and not isinstance(names[name], type)}
    names.update({name: watched(name, function) for name, function in functions.items()})
    try:
        yield calls
    finally:
        names.update(functions)
