"""Compares what came with what was wanted, and says where they differ: for the answers of exercises.

Nothing here trusts the object it looks at. Arrays are taken over as plain NumPy arrays, so that an object which claims to equal
everything, or an array class with operators of its own, is compared by its numbers.
"""

from __future__ import annotations

import numpy as np

__all__ = ["as_array", "difference", "fresh", "kind", "one_line", "plain", "short"]

LONGEST = 240


def _is_tensor(value):
    return type(value).__module__.partition(".")[0] in ("tensorflow", "keras") and hasattr(value, "numpy")


def plain(value):
    """Return a value as NumPy arrays and built-in containers; what is neither comes back as it is.

    Parameters
    ----------
    value : object
        Numbers, arrays and tensors become new arrays; strings, lists, tuples and dicts lose classes of their own.
    """
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
    if isinstance(value, dict):
        return {key: plain(part) for key, part in dict.items(value)}
    return value


def as_array(value):
    """Return numbers in any nesting as one array, or None where that cannot be done."""
    value = plain(value)
    if isinstance(value, np.ndarray):
        return value if value.dtype != object else None
    if isinstance(value, (list, tuple)):
        parts = [as_array(part) for part in value]
        if all(part is not None for part in parts) and len({part.shape for part in parts}) <= 1:
            return np.array(parts)
    return None


def fresh(value):
    """Copy arrays, also those in lists, tuples and dicts; everything else is handed on."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(map(fresh, value))
    if isinstance(value, dict):
        return {key: fresh(part) for key, part in value.items()}
    return value


def short(value, longest=LONGEST):
    """Describe a value in one or a few lines, however large it is or whatever its own repr does.

    Parameters
    ----------
    value : object
        What to show.
    longest : int
        Greatest number of characters.
    """
    try:
        value = plain(value) if _is_tensor(value) else value
        with np.printoptions(threshold=30, edgeitems=3, precision=5, suppress=True, linewidth=90):
            text = repr(value)
    except BaseException as error:
        text = f"an object of class {type(value).__name__} that cannot be shown ({type(error).__name__})"
    text, shape = str.__str__(text), ""
    if isinstance(value, np.ndarray) and value.size > 30:  # NumPy's newer versions write the shape too, at the end
        text, shape = text.replace(f", shape={value.shape}", ""), f", shape {value.shape}"
    room = longest - len(shape)
    return (text if len(text) <= room else text[:room - 4] + " ...") + shape


def one_line(text, longest=300):
    """Put a text on one line of bounded length."""
    text = " ".join(str(text).split())
    return text if len(text) <= longest else text[:longest - 4] + " ..."


def kind(value):
    """Name what something is, for a reader: ``an array of shape (2, 3)``, ``None``, ``a Dataset``."""
    if value is None or value is Ellipsis:
        return {None: "None", Ellipsis: "..."}[value]
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.ndim else f"the number {short(value[()])}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an object of class {type(value).__name__}"


def difference(wanted, came, tolerance=1e-6):
    """Say where two values differ.

    Parameters
    ----------
    wanted : object
        Numbers, arrays, strings, None, and tuples, lists or dicts of these.
    came : object
        What is compared with it.
    tolerance : float
        Numbers may differ by this, relative to the larger of 1 and the wanted number.

    Returns
    -------
    str or None
        One sentence, None when they agree.
    """
    if came is wanted:
        return None
    wanted, came = plain(wanted), plain(came)
    if isinstance(wanted, dict):
        return _dicts(wanted, came, tolerance)
    if wanted is None or isinstance(wanted, str):
        same = type(came) is type(wanted) and came == wanted
        return None if same else f"it is {short(came)}, not {short(wanted)}"
    numbers = as_array(wanted)
    if numbers is not None and not (isinstance(wanted, (tuple, list)) and any(
            isinstance(part, np.ndarray) and part.ndim for part in wanted)):  # several arrays, not one in lists
        return _arrays(numbers, as_array(came), came, tolerance)
    if not isinstance(came, (list, tuple)):
        if numbers is not None:
            return _arrays(numbers, as_array(came), came, tolerance)
        return f"it is {kind(came)}, not {kind(wanted)}"
    if len(came) != len(wanted):
        return f"it has {len(came)} parts, not {len(wanted)}"
    for number, (one, other) in enumerate(zip(wanted, came), 1):
        found = difference(one, other, tolerance)
        if found:
            return f"in part {number}, {found}"
    return None


def _dicts(wanted, came, tolerance):
    if not isinstance(came, dict):
        return f"it is {kind(came)}, not a dict"
    if set(wanted) != set(came):
        return f"its keys are {short(list(came))}, not {short(list(wanted))}"
    for key, value in wanted.items():
        found = difference(value, came[key], tolerance)
        if found:
            return f"under {key!r}, {found}"
    return None


def _arrays(wanted, came, original, tolerance):
    if came is None:
        return f"it is {kind(original)}, not {'numbers' if wanted.ndim else 'a number'}"
    if came.shape != wanted.shape:
        return f"its shape is {came.shape}, not {wanted.shape}"
    if wanted.size == 0:
        return None
    if wanted.dtype.kind == "b" and came.dtype.kind != "b":
        return "it is made of numbers, not of True and False"
    if wanted.dtype.kind in "iu" and came.dtype.kind not in "iu":
        return f"it is of type {came.dtype}, not of whole numbers"
    if wanted.dtype.kind in "US" and came.dtype.kind in "US":
        return None if np.array_equal(wanted, came) else f"it is {short(came)}, not {short(wanted)}"
    if came.dtype.kind not in "biufc" or wanted.dtype.kind in "US":
        return f"it is of type {came.dtype}, not numbers"
    with np.errstate(all="ignore"):
        wanted, came = (array.astype(complex if array.dtype.kind == "c" else float) for array in (wanted, came))
        close = np.abs(came - wanted) <= tolerance * np.maximum(1, np.abs(wanted))
        close &= np.isfinite(wanted)
        close |= (came == wanted) | (np.isnan(came) & np.isnan(wanted))
    if close.all():
        return None
    place = tuple(int(index) for index in np.argwhere(~close)[0])
    where = f"at {list(place)} " if place else ""
    return f"{where}it is {short(came[place].item())}, not {short(wanted[place].item())}"
