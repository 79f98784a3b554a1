"""Descriptions of the convolutions, and what they share with pooling.

Kernel, stride, padding and dilation are one number or a pair (height, width), **height first**. A picture has the shape
(height, width, channels).
"""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import Fields, Pair, Shape, conv_multiply_adds, conv_output_length, conv_parameters
from .base import Layer, in_words
from .checks import image, padding_pair, pair, whole_number

# --- What convolution and pooling share ---------------------------------------------------------------------------

@dataclass(frozen=True)
class Window(Layer):
    """What convolution and pooling share. Not a layer by itself."""

    def _clean(self):
        """Check the settings; write numbers as pairs, and the name of a padding in small letters."""
        for argument in ("kernel", "window", "stride", "dilation"):
            if hasattr(self, argument):
                object.__setattr__(self, argument, pair(argument, getattr(self, argument)))
        padding = padding_pair(self.padding)
        object.__setattr__(self, "padding", padding[0] if isinstance(padding[0], str) else padding)
        for argument in ("kernels", "groups", "depth_multiplier"):
            if hasattr(self, argument):
                whole_number(argument, getattr(self, argument))

    def _size(self, input_shape, length_of, *arguments):
        """(height, width) of the output; an error says along which axis."""
        lengths = []
        for axis, length, *values in zip(("height", "width"), image(input_shape), *arguments):
            try:
                lengths.append(length_of(length, *values))
            except ValueError as error:
                raise ValueError(f"along the {axis}: {error}") from None
        return tuple(lengths)


def by(height_and_width: tuple[int, int]) -> str:
    """Height x width."""
    return " x ".join(str(side) for side in height_and_width)


def setting(word: str, height_and_width: tuple[int, int] | None, usual: tuple[int, int] | None = None) -> str:
    """A setting in words, in one number where both sides are the same; nothing where it is as usual."""
    if height_and_width is None or height_and_width == usual:
        return ""
    height, width = height_and_width
    return f"{word} {height}" if height == width else f"{word} {by(height_and_width)}"


def padding_in_words(padding: str | tuple[int, int]) -> str:
    """The name of the padding, or its numbers."""
    return padding if isinstance(padding, str) else setting("padding", padding)


# --- The convolutions ---------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Convolution(Window):
    """What all convolutions share. Not a layer by itself.

    One that can be written as plain convolutions says so in `_steps`, a list of pairs (Conv2D, the shape of its input).
    """

    def __post_init__(self):
        self._clean()

    @property
    def settings(self) -> str:
        count = f"{self.kernels} kernels " if hasattr(self, "kernels") else ""
        groups = getattr(self, "groups", 1)
        return in_words(f"{count}{by(self.kernel)}",
                        setting("stride", self.stride, usual=(1, 1)),
                        padding_in_words(self.padding),
                        setting("dilation", self.dilation, usual=(1, 1)),
                        "" if self.use_bias else "no bias",
                        self.activation,
                        f"{groups} groups" if groups > 1 else "")

    def output_shape(self, input_shape: Shape) -> Shape:
        last, shape = self._steps(input_shape)[-1]
        return last.output_shape(shape)

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        return sum(step.parameters(shape)[0] for step, shape in self._steps(input_shape)), 0

    def multiply_adds(self, input_shape: Shape) -> int:
        return sum(step.multiply_adds(shape) for step, shape in self._steps(input_shape))

    def receptive_fields(self, fields: Fields, input_shape: Shape) -> Fields:
        return tuple(field.through_window(*values)
                     for field, *values in zip(fields, self.kernel, self.stride, self.dilation))


@dataclass(frozen=True)
class Conv2D(Convolution):
    """A convolution: `kernels` kernels, each looking at all channels (of its group), give as many feature maps.

    Padding may also be a number of zeros on each side, which Keras has no word for (use ZeroPadding2D there). Stride
    and dilation may both exceed 1, which Keras refuses.
    """

    kernels: int
    kernel: Pair
    stride: Pair = 1
    padding: str | Pair = "valid"
    dilation: Pair = 1
    groups: int = 1
    use_bias: bool = True
    activation: str | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        size = self._size(input_shape, conv_output_length, self.kernel, self.stride, padding_pair(self.padding),
                          self.dilation)
        self.parameters(input_shape)  # groups that do not divide the channels are an error of the shape, too
        return (*size, self.kernels)

    def parameters(self, input_shape: Shape) -> tuple[int, int]:
        return conv_parameters(self.kernel, input_shape[-1], self.kernels, self.use_bias, self.groups), 0

    def multiply_adds(self, input_shape: Shape) -> int:
        size = self.output_shape(input_shape)[:2]
        return conv_multiply_adds(size, self.kernel, input_shape[-1], self.kernels, self.groups)


@dataclass(frozen=True)
class DepthwiseConv2D(Convolution):
    """A convolution in which each channel has its own kernels, `depth_multiplier` of them, and sees no other channel.

    It is a convolution with as many groups as channels. Source: A. Howard and others, *MobileNets*, arXiv:1704.04861.
    """

    kernel: Pair
    stride: Pair = 1
    padding: str | Pair = "valid"
    depth_multiplier: int = 1
    dilation: Pair = 1
    use_bias: bool = True
    activation: str | None = None

    def _steps(self, input_shape):
        channels = image(input_shape)[2]
        return [(Conv2D(channels * self.depth_multiplier, self.kernel, self.stride, self.padding, self.dilation,
                        groups=channels, use_bias=self.use_bias), input_shape)]


@dataclass(frozen=True)
class SeparableConv2D(Convolution):
    """A depthwise convolution without bias, then a convolution with kernels of 1 that mixes the channels."""

    kernels: int
    kernel: Pair
    stride: Pair = 1
    padding: str | Pair = "valid"
    dilation: Pair = 1
    depth_multiplier: int = 1
    use_bias: bool = True
    activation: str | None = None

    def _steps(self, input_shape):
        depthwise = DepthwiseConv2D(self.kernel, self.stride, self.padding, self.depth_multiplier, self.dilation,
                                    use_bias=False)
        pointwise = Conv2D(self.kernels, 1, use_bias=self.use_bias)
        return [*depthwise._steps(input_shape), (pointwise, depthwise.output_shape(input_shape))]
