"""Descriptions of layers: what they share, dense layers, normalization, and layers that change numbers one by one.

A description holds what a layer's arithmetic depends on, and answers four questions about it: which output shape, how
many parameters, how many multiply-adds, how much of the input one output number sees. Names are those of Keras. More
layers are in `convolutions` and `pooling`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .arithmetic import (
    Fields,
    Shape,
    batch_normalization_parameters,
    dense_multiply_adds,
    dense_parameters,
)
from .checks import sizes, whole_number


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What all descriptions share. As it stands it changes nothing: shape and view pass through.

    Parameters
    ----------
    name : str, optional
        Shown in the table; made from the kind where it is missing.
    trainable : bool
        False for a frozen layer: its parameters are counted, and none of them is trained.
    """

    name: str | None = None
    trainable: bool = True

    @property
    def kind(self) -> str:
        """The kind of layer, as Keras calls it."""
        return type(self).__name__

    @property
    def settings(self) -> str:
        """The settings in a few words, for the table."""
        return ""

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the output, without the batch."""
        return input_shape

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        """Parameters that training may change, and those that it only keeps: (trained, not trained)."""
        return 0, 0

    def multiply_adds(self, input_shape: Shape) -> int:
        """Multiply-adds for one example. 0 where a layer does a few operations per number: pooling, normalization."""
        return 0

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        """The receptive fields behind the layer, one for each axis, from those in front of it."""
        return fields


def positions(shape: Shape) -> Shape:
    """The axes along which numbers have neighbors: all but the channels, or the whole of a vector or matrix."""
    return shape[:-1] if len(shape) > 2 else shape


def fields_of_all(fields: Fields, shape: Shape) -> Fields:
    """The view of a number computed from everything: all positions of all channels."""
    if not any(field.jump for field in fields):  # each number sees everything already
        return fields
    return tuple(field.of_all(length) for field, length in zip(fields, positions(shape)))


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers in one row. From here on the receptive field is that of all numbers together."""

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        return fields_of_all(fields, input_shape)


@dataclass(frozen=True)
class Reshape(Layer):
    """The same numbers in another shape; one size may be -1, which stands for what is left.

    All numbers must see the same already, as behind Flatten or global pooling: a receptive field tells no new neighbors.
    """

    target_shape: Shape

    def __post_init__(self):
        shape = self.target_shape
        sizes([1 if size == -1 else size for size in shape] if isinstance(shape, (tuple, list)) else shape)
        object.__setattr__(self, "target_shape", tuple(shape))

    def output_shape(self, input_shape: Shape) -> Shape:
        count, known = math.prod(input_shape), math.prod(size for size in self.target_shape if size != -1)
        shape = tuple(count // known if size == -1 else size for size in self.target_shape)
        if math.prod(shape) != count or self.target_shape.count(-1) > 1:
            raise ValueError(f"target_shape {self.target_shape} does not hold the {count:,} numbers of the input "
                             f"{input_shape}. The product of its sizes must be {count:,}; one of them may be -1.")
        return shape

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        if any(field.jump and length > 1 for field, length in zip(fields, positions(input_shape))):
            raise ValueError(f"numbers at different places of {input_shape} see different parts of the input, and a table "
                             f"cannot follow them to {self.target_shape}. Put Flatten or global pooling in front.")
        return fields_of_all(fields, input_shape)


# --- Layers with parameters ---------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Dense(Layer):
    """A dense layer on the **last** axis, as in Keras: put Flatten in front to let every unit see everything.

    Without it, a picture (height, width, channels) becomes (height, width, units): every pixel gets the same small
    dense layer, which is a convolution with a kernel of 1.
    """

    units: int
    use_bias: bool = True
    activation: str | None = None

    def __post_init__(self):
        whole_number("units", self.units)

    @property
    def settings(self) -> str:
        return in_words(f"{self.units} units", "" if self.use_bias else "no bias", self.activation)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        return dense_parameters(input_shape[-1], self.units, self.use_bias), 0

    def multiply_adds(self, input_shape: Shape) -> int:
        return math.prod(input_shape[:-1]) * dense_multiply_adds(input_shape[-1], self.units)

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        """Whole along the last axis of a vector or matrix; unchanged in a picture, whose last axis is the channels."""
        if len(input_shape) > 2:
            return fields
        return (*fields[:-1], *fields_of_all(fields[-1:], input_shape[-1:]))


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Batch normalization over the last axis: scale, offset, moving mean and moving variance for each channel."""

    scale: bool = True
    center: bool = True

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        return batch_normalization_parameters(input_shape[-1], self.scale, self.center)


@dataclass(frozen=True)
class LayerNormalization(BatchNormalization):
    """Layer normalization over the last axis, at each place by itself: scale and offset for each channel, nothing kept.

    Source: J. L. Ba, J. R. Kiros and G. Hinton, *Layer normalization*, arXiv:1607.06450.
    """

    receptive_fields = Dense.receptive_fields

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        return super().parameters(input_shape)[0], 0


@dataclass(frozen=True)
class LayerScale(Layer):
    """Each channel times a factor of its own, which is learned; at the end of a branch of ConvNeXt.

    Source: H. Touvron and others, *Going deeper with image transformers*, arXiv:2103.17239.
    """

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        return input_shape[-1], 0


@dataclass(frozen=True)
class LocalResponseNormalization(Layer):
    """Local response normalization, as in AlexNet: divides by what neighboring channels say, learns nothing.

    Source: A. Krizhevsky, I. Sutskever and G. Hinton, NIPS 2012, section 3.3.
    """


# --- Layers that change numbers one at a time ----------------------------------------------------------------------

@dataclass(frozen=True)
class Activation(Layer):
    """An activation function by name: Activation("relu")."""

    activation: str

    @property
    def settings(self) -> str:
        return self.activation


@dataclass(frozen=True)
class ReLU(Layer):
    """Negative numbers become 0, and those above `max_value`, if given, become `max_value`."""

    max_value: float | None = None


@dataclass(frozen=True)
class Softmax(Layer):
    """Numbers along the last axis become probabilities."""


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, a fraction `rate` of the numbers becomes 0. `rate` is what is dropped, not what is kept."""

    rate: float

    def __post_init__(self):
        if isinstance(self.rate, bool) or not isinstance(self.rate, (int, float)) or not 0 <= self.rate <= 1:
            raise ValueError(f"rate must be a number from 0 to 1, got {self.rate!r}. It is the fraction to drop; "
                             "a keep probability of 0.8 is a rate of 0.2.")

    @property
    def settings(self) -> str:
        return f"rate {self.rate:g}"


@dataclass(frozen=True)
class Rescaling(Layer):
    """Every number times `scale`, plus `offset`."""

    scale: float
    offset: float = 0.0


@dataclass(frozen=True)
class Unchanged(Layer):
    """Any layer that keeps the shape and has no parameters, by the name Keras gives it: Unchanged("RandomFlip")."""

    keras_name: str

    @property
    def kind(self) -> str:
        return self.keras_name


def in_words(*parts: object) -> str:
    """Settings that are there, one after the other."""
    return ", ".join(str(part) for part in parts if part)
