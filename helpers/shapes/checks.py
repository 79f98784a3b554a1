"""Checks of arguments: each returns a clean value, or raises a ValueError that says what is wrong and what to do."""

from __future__ import annotations

import operator

# What each argument is, for error messages, and the smallest value that makes sense.
ARGUMENTS = {
    "length": (1, "It is how many pixels the input has along one axis."),
    "kernel": (1, "It is how many pixels the window covers along one axis."),
    "window": (1, "It is how many pixels the pooling window covers along one axis."),
    "stride": (1, "It is how many pixels the window moves from one place to the next; use 1 to visit every pixel."),
    "dilation": (1, "It is the distance between two taps of the kernel; use 1 for a kernel without gaps."),
    "padding": (0, "It is how many zeros are added on each side; where the sides differ, use ZeroPadding2D."),
    "channels": (1, "It is the number of channels of the input, the last number of its shape."),
    "kernels": (1, "It is the number of kernels, which becomes the number of output channels."),
    "units": (1, "It is the number of outputs of the dense layer."),
    "inputs": (1, "It is the number of inputs of the dense layer."),
    "groups": (1, "It is into how many groups the channels are split; use 1 for an ordinary convolution."),
    "depth_multiplier": (1, "It is how many feature maps are made from each channel."),
    "size": (1, "It is how many pixels there are along one axis of the output."),
    "shape": (1, "It holds the sizes of one example, such as (28, 28, 1); leave the batch size out."),
}


def whole_number(argument: str, value: object) -> int:
    """Return `value` as an int, or raise a ValueError that explains `argument`."""
    minimum, explanation = ARGUMENTS[argument]
    try:
        if type(value).__name__ in ("bool", "bool_"):  # True, NumPy's too, would pass for 1
            raise TypeError
        number = operator.index(value)  # takes NumPy's integers, refuses 3.0 and "3"
    except TypeError:
        raise ValueError(f"{argument} must be a whole number, got {value!r}. {explanation}") from None
    if number < minimum:
        raise ValueError(f"{argument} must be at least {minimum}, got {number}. {explanation}")
    return number


def pair(argument: str, value: object) -> tuple[int, int]:
    """Return (height, width) from one number or from a pair of them."""
    if not isinstance(value, (tuple, list)):
        return (whole_number(argument, value),) * 2
    if len(value) != 2:
        raise ValueError(f"{argument} must be one number or a pair (height, width), got {value!r}. "
                         f"{ARGUMENTS[argument][1]}")
    return tuple(whole_number(argument, side) for side in value)


def padding_name_or_number(value: object, numbers_allowed: bool = True) -> str | int:
    """Return "valid", "same" or a whole number of zeros on each side."""
    if isinstance(value, str):
        if value.lower() in ("valid", "same"):  # TensorFlow writes them in capitals, Keras takes both
            return value.lower()
    elif numbers_allowed:
        return whole_number("padding", value)
    choices = '"valid", "same" or a number of zeros on each side' if numbers_allowed else '"valid" or "same"'
    raise ValueError(f'padding must be {choices}, got {value!r}. "valid" adds nothing; "same" adds enough zeros '
                     "for a window to start at every stride-th pixel.")


def padding_pair(value: object) -> tuple[str | int, str | int]:
    """Return the padding of the (height, width) axes: names or numbers."""
    if not isinstance(value, (tuple, list)):
        return (padding_name_or_number(value),) * 2
    return pair("padding", value)


def sizes(value: object) -> tuple[int, ...]:
    """Return the shape of one example as a tuple of whole numbers."""
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise ValueError(f"shape must be a tuple such as (28, 28, 1), got {value!r}. {ARGUMENTS['shape'][1]}")
    shape = tuple(value)
    if not shape:
        raise ValueError(f"shape must hold at least one number, got (). {ARGUMENTS['shape'][1]}")
    return tuple(whole_number("shape", size) for size in shape)


def image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return (height, width, channels), or say that the layer needs a picture."""
    if len(shape) != 3:
        raise ValueError(f"the input must have the shape (height, width, channels), got {shape}. Leave the batch size out.")
    return shape
