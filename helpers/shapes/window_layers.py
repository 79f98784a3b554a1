"""What all layers share that slide a window over a picture: `convolutions` and `pooling`."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Layer
from .checks import image, padding_pair, pair, whole_number

AXES = ("height", "width")


@dataclass(frozen=True)
class Window(Layer):
    """What convolution and pooling share. Not a layer by itself."""

    def _clean(self, *, numbers_allowed=True):
        """Check the settings; write numbers as pairs, and the name of a padding in small letters."""
        for argument in ("kernel", "window", "stride", "dilation"):
            if hasattr(self, argument):
                object.__setattr__(self, argument, pair(argument, getattr(self, argument)))
        padding = padding_pair(self.padding, numbers_allowed)
        object.__setattr__(self, "padding", padding[0] if isinstance(padding[0], str) else padding)
        for argument in ("kernels", "groups", "depth_multiplier"):
            if hasattr(self, argument):
                whole_number(argument, getattr(self, argument))

    def _size(self, input_shape, length_of, *arguments):
        """(height, width) of the output; an error says along which axis."""
        lengths = []
        for axis, length, *values in zip(AXES, image(input_shape), *arguments):
            try:
                lengths.append(length_of(length, *values))
            except ValueError as error:
                raise ValueError(f"along the {axis}: {error}") from None
        return tuple(lengths)


def by(height_and_width):
    """Height x width."""
    return " x ".join(str(side) for side in height_and_width)


def setting(word, height_and_width, usual=None):
    """A setting in words, in one number where both sides are the same; nothing where it is as usual."""
    if height_and_width is None or height_and_width == usual:
        return ""
    height, width = height_and_width
    return f"{word} {height}" if height == width else f"{word} {by(height_and_width)}"


def padding_in_words(padding):
    """The name of the padding, or its numbers."""
    return padding if isinstance(padding, str) else setting("padding", padding)
