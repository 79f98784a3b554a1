"""Tell how a student's function was called and what it gave, as text that can be pasted into a cell."""

import contextlib
import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

MOST_NUMBERS, MOST_TEXT, MOST_CALLS = 200, 8_000, 20
"""Larger arrays are abbreviated; longer texts are cut; later calls are not told."""
_CODE = {" at 0x[0-9a-fA-F]+": "", r"\barray\(": "np.array(", "dtype=(?=[a-z])": "dtype=np.", r"(?<![\w.])(nan|inf)\b": r"np.\1"}
_LONG = re.compile(r"\b\d+\.\d*(e[-+]?\d+)?")


def pasted(value: Any, rounded: bool = False) -> str:
    """Return a number, text, array, tensor, or a list, tuple or dict of them, as code where NumPy is `np` and TensorFlow `tf`.

    Rounded, floats keep six digits, so that what was computed in another order looks alike.
    """
    try:
        if type(value).__module__.startswith("tensorflow") and hasattr(value, "numpy"):
            return f"tf.constant({pasted(value.numpy(), rounded)})"
        if callable(value) and hasattr(value, "__name__"):
            return value.__name__
        with np.printoptions(threshold=MOST_NUMBERS, edgeitems=2, floatmode="unique"):
            text = repr(value)[:MOST_TEXT]
        if isinstance(value, str):
            return text
        for pattern, code in _CODE.items():
            text = re.sub(pattern, code, text)
        text = _LONG.sub(lambda number: repr(float(f"{float(number[0]):.6g}")), text) if rounded else text
        cut = getattr(value, "size", 0) > MOST_NUMBERS and "shape=" not in text
        return " ".join(text.split()) + (f"  # shape {value.shape}" if cut else "")
    except Exception:
        return f"<{type(value).__name__}>"


@contextlib.contextmanager
def recorded(names: dict[str, Any], wanted: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Record calls of the functions of these names while a block runs: for each how it was called, and what it gave or raised.

    Calls that one of them makes of another do not count.
    """
    calls: list[tuple[str, str]] = []

    def watched(name, function):
        @functools.wraps(function)
        def call(*arguments, **named):
            if len(calls) >= MOST_CALLS:
                return function(*arguments, **named)
            shown = [*map(pasted, arguments), *(f"{key}={pasted(value)}" for key, value in named.items())]
            told = ""
            names.update(functions)
            try:
                got = function(*arguments, **named)
                told = pasted(got, rounded=True)
                return got
            except BaseException as error:
                told = f"{type(error).__name__}: {error}"[:MOST_TEXT]
                raise
            finally:
                names.update(watching)
                calls.append((f"{name}({', '.join(shown)})"[:MOST_TEXT], told))
        return call

    functions = {name: names[name] for name in wanted if callable(names.get(name)) and not isinstance(names[name], type)}
    watching = {name: watched(name, function) for name, function in functions.items()}
    names.update(watching)
    yield calls
    names.update(functions)
