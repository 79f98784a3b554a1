"""Descriptions of the layers that move numbers to other places: Flatten, Reshape, Permute, Resizing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from .arithmetic import Fields, ReceptiveField, Shape
from .base import Layer, fields_of_all, positions
from .checks import image, whole_number


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers in one row. From here on the receptive field is that of all numbers together."""

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        return fields_of_all(fields, input_shape)


@dataclass(frozen=True)
class Reshape(Layer):
    """The same numbers in another shape; one size may be -1, "whatever is left".

    At the front, where a row of pixels becomes a picture, the receptive field starts anew. Elsewhere positions get
    mixed, and the field is that of all numbers together.
    """

    target_shape: tuple[int, ...]

    def __post_init__(self):
        object.__setattr__(self, "target_shape", tuple(self.target_shape))
        if self.target_shape.count(-1) > 1:
            raise ValueError(f"target_shape may hold -1 once, got {self.target_shape}. Write the other sizes out.")
        for size in self.target_shape:
            if size != -1:
                whole_number("shape", size)

    @property
    def settings(self) -> str:
        return f"to {self.target_shape}"

    def output_shape(self, input_shape: Shape) -> Shape:
        numbers = math.prod(input_shape)
        known = math.prod(size for size in self.target_shape if size != -1)
        if (known != numbers and -1 not in self.target_shape) or numbers % known:
            raise ValueError(f"target_shape {self.target_shape} does not hold the {numbers:,} numbers of an input of "
                             f"shape {input_shape}. Reshape moves numbers, it adds and drops none.")
        return tuple(numbers // known if size == -1 else size for size in self.target_shape)

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        new = positions(self.output_shape(input_shape))
        if new == positions(input_shape):
            return fields
        if len(new) > len(fields) and all(field == ReceptiveField() for field in fields):
            return tuple(ReceptiveField() for _ in new)
        return fields_of_all(fields, input_shape)


@dataclass(frozen=True)
class Permute(Layer):
    """The axes in another order, counted from 1 as in Keras: (3, 1, 2) puts the channels first."""

    dims: tuple[int, ...]

    def __post_init__(self):
        object.__setattr__(self, "dims", tuple(self.dims))
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"dims must hold each of 1 to {len(self.dims)} once, got {self.dims}. "
                             "The batch is axis 0 and stays where it is.")

    @property
    def settings(self) -> str:
        return f"to {self.dims}"

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(self.dims) != len(input_shape):
            raise ValueError(f"dims {self.dims} names {len(self.dims)} axes, and the input {input_shape} has "
                             f"{len(input_shape)}. Name each axis once; leave the batch out.")
        return tuple(input_shape[axis - 1] for axis in self.dims)

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        """That of all numbers together, as `Flatten`: rows, columns and channels have changed places."""
        return fields if list(self.dims) == sorted(self.dims) else fields_of_all(fields, input_shape)


@dataclass(frozen=True)
class Resizing(Layer):
    """Pictures stretched or shrunk to another size by bilinear interpolation: each new pixel looks at 2 x 2 old ones.

    The receptive field is right to within a pixel: neighbors in the new picture do not all see equally much.
    """

    height: int
    width: int

    def __post_init__(self):
        for side in (self.height, self.width):
            whole_number("size", side)

    @property
    def settings(self) -> str:
        return f"to {self.height} x {self.width}"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.height, self.width, image(input_shape)[2])

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        new = (self.height, self.width)
        return tuple(ReceptiveField(field.size + (0 if old == now else field.jump), field.jump * Fraction(old, now))
                     for field, old, now in zip(fields, input_shape, new))
