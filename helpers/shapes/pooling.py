"""Descriptions of pooling, and of padding as a layer of its own.

Window, stride and padding are one number or a pair (height, width), **height first**.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import Fields, Pair, Shape, pool_output_length
from .base import Layer, fields_of_all, in_words
from .checks import image, padding_pair, pair
from .convolutions import Window, by, padding_in_words, setting


@dataclass(frozen=True)
class MaxPooling2D(Window):
    """The largest number of each window. Without a stride the windows lie side by side."""

    window: Pair = 2
    stride: Pair | None = None
    padding: str | Pair = "valid"

    def __post_init__(self):
        object.__setattr__(self, "stride", self.window if self.stride is None else self.stride)
        self._clean()

    @property
    def settings(self) -> str:
        return in_words(by(self.window), setting("stride", self.stride), padding_in_words(self.padding))

    def output_shape(self, input_shape: Shape) -> Shape:
        size = self._size(input_shape, pool_output_length, self.window, self.stride, padding_pair(self.padding))
        return (*size, input_shape[-1])

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        return tuple(field.through_window(*values) for field, *values in zip(fields, self.window, self.stride))


@dataclass(frozen=True)
class AveragePooling2D(MaxPooling2D):
    """The mean of each window. Without a stride the windows lie side by side."""


@dataclass(frozen=True)
class GlobalAveragePooling2D(Layer):
    """The mean of each feature map: one number for each channel, which sees all that the map sees."""

    keepdims: bool = False

    def output_shape(self, input_shape: Shape) -> Shape:
        channels = image(input_shape)[2]
        return (1, 1, channels) if self.keepdims else (channels,)

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        return fields_of_all(fields, input_shape)


@dataclass(frozen=True)
class GlobalMaxPooling2D(GlobalAveragePooling2D):
    """The largest number of each feature map."""


@dataclass(frozen=True)
class ZeroPadding2D(Layer):
    """Zeros around the picture: one number, a pair (height, width), or ((top, bottom), (left, right))."""

    padding: int | tuple = 1

    def __post_init__(self):
        if isinstance(self.padding, str):
            raise ValueError(f"padding must be a number of zeros, or one for each side, got {self.padding!r}. "
                             "Names of paddings belong into the convolution or the pooling.")
        sides = self.padding if isinstance(self.padding, (tuple, list)) else (self.padding, self.padding)
        if len(sides) != 2:
            raise ValueError("padding must be one number, a pair (height, width) or ((top, bottom), (left, right)), "
                             f"got {self.padding!r}.")
        object.__setattr__(self, "padding", tuple(pair("padding", side) for side in sides))

    @property
    def settings(self) -> str:
        (top, bottom), (left, right) = self.padding
        return str(top) if top == bottom == left == right else f"top {top}, bottom {bottom}, left {left}, right {right}"

    def output_shape(self, input_shape: Shape) -> Shape:
        height, width, channels = image(input_shape)
        return (height + sum(self.padding[0]), width + sum(self.padding[1]), channels)
