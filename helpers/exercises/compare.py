"""Compares what a student's function returned with what was expected, and says where they differ.

Nothing here trusts the object it looks at. Arrays are copied as plain NumPy arrays, so that an object which claims to equal
everything, or an array class with operators of its own, is compared by its numbers.
"""

from __future__ import annotations

import copy
import dataclasses

import numpy as np

__all__ = ["as_array", "difference", "fresh", "kind", "one_line", "plain", "short"]

LONGEST = 240


def _is_tensor(value):
    return type(value).__module__.partition(".")[0] in ("tensorflow", "keras") and hasattr(value, "numpy")


def _is_record(value):
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def plain(value: object) -> object:
    """Return numbers and tensors as new NumPy arrays, texts and containers without classes of their own, the rest as it is."""
    if value is None or value is Ellipsis:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bool, int, float, complex, np.generic, np.ndarray)):
        return np.array(value, copy=True, subok=False)
    if _is_tensor(value):
        return np.array(value.numpy())
    if isinstance(value, (list, tuple)):
        return (tuple if isinstance(value, tuple) else list)(plain(part) for part in iter(value))
    if isinstance(value, (set, frozenset)):
        return (set if isinstance(value, set) else frozenset)(map(_hashable, iter(value)))
    if isinstance(value, dict):
        return {key: plain(part) for key, part in dict.items(value)}
    return value


def _hashable(value):
    value = plain(value)
    if isinstance(value, tuple):
        return tuple(map(_hashable, value))
    return value.item() if isinstance(value, np.ndarray) else value


def as_array(value: object) -> np.ndarray | None:
    """Return numbers in any nesting as one array, or None where that cannot be done."""
    value = plain(value)
    if isinstance(value, np.ndarray):
        return value if value.dtype != object else None
    if isinstance(value, (list, tuple)):
        parts = [as_array(part) for part in value]
        if all(part is not None for part in parts) and len({part.shape for part in parts}) <= 1:
            return np.array(parts)
    return None


def fresh(value: object) -> object:
    """Copy arrays and what holds them (lists, tuples, sets, dicts, dataclasses); hand on everything else."""
    if isinstance(value, (np.ndarray, set)):
        return copy.copy(value)
    if isinstance(value, tuple):
        return tuple.__new__(type(value), map(fresh, value))  # a namedtuple takes its parts one by one
    if isinstance(value, list):
        copied = copy.copy(value)
        copied[:] = map(fresh, value)
    elif isinstance(value, dict):
        copied = copy.copy(value)  # keeps the factory of a defaultdict
        for key, part in value.items():
            copied[key] = fresh(part)
    elif _is_record(value):
        copied = copy.copy(value)
        for key, part in _fields(value).items():
            object.__setattr__(copied, key, fresh(part))  # also where it is frozen
    else:
        return value
    return copied


def _fields(record):
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def short(value: object, longest: int = LONGEST) -> str:
    """Describe a value in about `longest` characters, however large it is or whatever its own repr does.

    Of a long tuple or list each part is described by itself, so that none is cut off.
    """
    try:
        value = plain(value) if _is_tensor(value) else value
        with np.printoptions(threshold=30, edgeitems=3, precision=5, suppress=True, linewidth=90):
            text = repr(value)
    except BaseException as error:
        text = f"an object of class {type(value).__name__} that cannot be shown ({type(error).__name__})"
    text, shape = str.__str__(text), ""
    if type(value) in (tuple, list) and 1 <= len(value) <= 6 and (
            len(text) > longest or any(isinstance(part, np.ndarray) and part.size > 30 for part in value)):
        parts = ", ".join(short(part, longest // len(value)) for part in value)
        return f"({parts})" if isinstance(value, tuple) else f"[{parts}]"
    if isinstance(value, np.ndarray) and (value.size > 30 or len(text) > longest):
        # NumPy's newer versions write the shape too, at the end.
        text, shape = text.replace(f", shape={value.shape}", ""), f", shape {value.shape}"
    room = longest - len(shape)
    return (text if len(text) <= room else text[:room - 4] + " ...") + shape


def one_line(text: object, longest: int = 300) -> str:
    """Put a text on one line of bounded length."""
    text = " ".join(str(text).split())
    return text if len(text) <= longest else text[:longest - 4] + " ..."


def kind(value: object) -> str:
    """Name what something is, for a reader: ``an array of shape (2, 3)``, ``None``, ``a Dataset``."""
    if value is None or value is Ellipsis:
        return {None: "None", Ellipsis: "..."}[value]
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else f"the number {short(value[()])}"
    if isinstance(value, (list, tuple, dict, set)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an object of class {type(value).__name__}"


def difference(expected: object, got: object, tolerance: float = 1e-6) -> str | None:
    """Say in one sentence where two values differ; None when they agree.

    Numbers may differ by `tolerance`, relative to the larger of 1 and the expected number. The `==` of what a student returned is
    never asked, unless it is of the same class as what is expected.
    """
    if got is expected:
        return None
    if _is_record(expected) and type(got) is type(expected):
        expected, got = _fields(expected), _fields(got)
    expected, got = _without_object_arrays(plain(expected)), _without_object_arrays(plain(got))
    if isinstance(expected, dict):
        return _dicts(expected, got, tolerance)
    if isinstance(expected, (set, frozenset)):
        return _sets(expected, got, tolerance)
    if not isinstance(expected, (np.ndarray, list, tuple)):
        same = type(got) is type(expected) and bool(got == expected)
        return None if same else f"it is {short(got)}, not {short(expected)}"
    numbers = as_array(expected)
    several = isinstance(expected, (list, tuple)) and any(isinstance(part, np.ndarray) and part.ndim for part in expected)
    if numbers is not None and not (several and isinstance(got, (list, tuple))):
        return _arrays(numbers, as_array(got), got, tolerance)
    if not isinstance(got, (list, tuple)):
        return f"it is {kind(got)}, not {kind(expected)}"
    if len(got) != len(expected):
        return f"it has {len(got)} parts, not {len(expected)}"
    for number, (one, other) in enumerate(zip(expected, got), 1):
        found = difference(one, other, tolerance)
        if found:
            return f"in part {number}, {found}"
    return None


def _without_object_arrays(value):
    return value.tolist() if isinstance(value, np.ndarray) and value.dtype == object else value


def _dicts(expected, got, tolerance):
    if not isinstance(got, dict):
        return f"it is {kind(got)}, not a dict"
    if set(expected) != set(got):
        return f"its keys are {short(list(got))}, not {short(list(expected))}"
    for key, value in expected.items():
        found = difference(value, got[key], tolerance)
        if found:
            return f"under {key!r}, {found}"
    return None


def _sets(expected, got, tolerance):
    if not isinstance(got, (set, frozenset)):
        return f"it is {kind(got)}, not a set"
    # One by one, so that no member is asked whether it equals another.
    same = difference(sorted(expected, key=repr), sorted(got, key=repr), tolerance) is None
    return None if same else f"it is {short(got)}, not {short(expected)}"


def _arrays(expected, got, original, tolerance):
    if got is None:
        return f"it is {kind(original)}, not {'numbers' if expected.ndim else 'a number'}"
    if got.shape != expected.shape:
        return f"its shape is {got.shape}, not {expected.shape}"
    if expected.size == 0:
        return None
    if expected.dtype.kind == "b" and got.dtype.kind != "b":
        return "it is made of numbers, not of True and False"
    if expected.dtype.kind in "iu" and got.dtype.kind not in "iu":
        return f"it is of type {got.dtype}, not of whole numbers"
    if expected.dtype.kind not in "biufc":  # texts, dates
        same = got.dtype.kind == expected.dtype.kind and np.array_equal(expected, got)
        return None if same else f"it is {short(got)}, not {short(expected)}"
    if got.dtype.kind not in "biufc":
        return f"it is of type {got.dtype}, not numbers"
    with np.errstate(all="ignore"):
        right, given = (array.astype(complex if array.dtype.kind == "c" else float) for array in (expected, got))
        close = np.abs(given - right) <= tolerance * np.maximum(1, np.abs(right))
        close &= np.isfinite(right)
        close |= (given == right) | (np.isnan(given) & np.isnan(right))
    if close.all():
        return None
    place = tuple(int(index) for index in np.argwhere(~close)[0])
    where = f"at {list(place)} " if place else ""
    return f"{where}it is {short(got[place].item())}, not {short(expected[place].item())}"
