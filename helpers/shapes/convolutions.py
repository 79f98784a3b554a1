"""Descriptions of the convolutions.

Kernel, stride, padding and dilation are one number or a pair (height, width), **height first**. A picture has the shape
(height, width, channels).
"""

from __future__ import annotations

from dataclasses import dataclass

from .arithmetic import Fields, Pair, Shape, conv_multiply_adds, conv_output_length, conv_parameters
from .base import Window, by, in_words, padding_in_words, setting
from .checks import image, padding_pair


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
