"""The arithmetic of single layers: lengths, padding, parameters, memory, multiply-adds, receptive fields.

Everything here is along **one axis** unless it takes a kernel; a kernel, a stride or a size is then one number or a
pair (height, width), **height first**, as Keras has it. Shapes leave the batch out.

Further reading: V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285;
A. Araujo, W. Norris and J. Sim, *Computing receptive fields of convolutional neural networks*, Distill, 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .checks import padding_name_or_number, pair, sizes, whole_number

Shape = tuple[int, ...]
Pair = int | tuple[int, int]


# --- How long is the output? -------------------------------------------------------------------------------------

def window_extent(kernel: int, dilation: int = 1) -> int:
    """Number of pixels from the first to the last tap of a kernel.

    A kernel of 3 with dilation 2 looks at pixels 0, 2 and 4, and so needs room for 5.

    Examples
    --------
    >>> window_extent(3, dilation=2)
    5
    """
    return (whole_number("kernel", kernel) - 1) * whole_number("dilation", dilation) + 1


def same_padding(length: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """How padding "same" splits its zeros: (before, after).

    "same" wants ceil(length / stride) places and adds as few zeros as that takes. An odd one goes after, to the right
    or below, as in TensorFlow and Keras.

    Examples
    --------
    >>> same_padding(13, kernel=6, stride=5)
    (1, 2)
    """
    length, stride = whole_number("length", length), whole_number("stride", stride)
    places = -(-length // stride)  # ceil(length / stride) without floating point
    total = max((places - 1) * stride + window_extent(kernel, dilation) - length, 0)
    return total // 2, total - total // 2


def split_padding(length: int, kernel: int, stride: int = 1, padding: str | int = "valid",
                  dilation: int = 1) -> tuple[int, int]:
    """Zeros (before, after) the input, for any of the paddings that `conv_output_length` takes."""
    padding = padding_name_or_number(padding)
    if padding == "same":
        return same_padding(length, kernel, stride, dilation)
    return (0, 0) if padding == "valid" else (padding, padding)


def conv_output_length(length: int, kernel: int, stride: int = 1, padding: str | int = "valid", dilation: int = 1) -> int:
    """Number of places where a window fits: the output length of a convolution along one axis.

    Pad the input, then count places: floor((padded length - extent) / stride) + 1.

    Parameters
    ----------
    length, kernel, stride, dilation : int
        In pixels, along this axis; each at least 1.
    padding : "valid", "same" or int
        No zeros, as many as give ceil(length / stride) places, or this many on each side.

    Raises
    ------
    ValueError
        When the window is longer than the padded input, or an argument is not a whole number in its range.

    Examples
    --------
    >>> conv_output_length(65, kernel=3, stride=2)
    32
    >>> conv_output_length(270, kernel=11, stride=4, padding="same")
    68
    """
    return _places(length, "kernel", kernel, stride, padding, dilation)


def pool_output_length(length: int, window: int, stride: int | None = None, padding: str | int = "valid") -> int:
    """Output length of a pooling layer along one axis. Without a stride the windows lie side by side.

    Errors are those of `conv_output_length`.

    Examples
    --------
    >>> pool_output_length(65, window=3, stride=2)
    32
    """
    return _places(length, "window", window, window if stride is None else stride, padding, dilation=1)


def _places(length, argument, kernel, stride, padding, dilation):
    length, kernel = whole_number("length", length), whole_number(argument, kernel)
    stride, extent = whole_number("stride", stride), window_extent(kernel, dilation)
    before, after = split_padding(length, kernel, stride, padding, dilation)
    padded = before + length + after
    if extent > padded:
        spread = f", spread over {extent} by dilation {dilation}," if dilation > 1 else ""
        zeros = f" ({length} and {before + after} of padding)" if before + after else ""
        raise ValueError(f"{argument} {kernel}{spread} is longer than the input of {padded}{zeros}. Use a smaller "
                         f'{argument}, fewer or smaller strides in the layers before, or padding="same".')
    return (padded - extent) // stride + 1


def transposed_output_length(length: int, kernel: int, stride: int = 1, padding: str = "valid") -> int:
    """Output length of a transposed convolution along one axis, as Keras's Conv2DTranspose has it.

    Each of the `length` inputs lays down one kernel, `stride` apart. "valid" keeps all of it, and at least
    `length * stride`; "same" cuts it to `length * stride`.

    It undoes the shape of a convolution, not its values, and not always the shape: 270 becomes 68 with stride 4 and
    "same", and 68 becomes 272.

    Raises
    ------
    ValueError
        For padding other than "valid" or "same", or an argument that is not a whole number in its range.

    Examples
    --------
    >>> transposed_output_length(68, kernel=11, stride=4, padding="same")
    272
    """
    length, kernel, stride = whole_number("length", length), whole_number("kernel", kernel), whole_number("stride", stride)
    same = padding_name_or_number(padding, numbers_allowed=False) == "same"
    return length * stride if same else (length - 1) * stride + max(kernel, stride)


# --- What has to be learned, kept and computed? --------------------------------------------------------------------

def conv_parameters(kernel: Pair, channels: int, kernels: int, use_bias: bool = True, groups: int = 1) -> int:
    """Parameters of a convolution: every kernel has height x width x channels weights, and one bias.

    With `groups`, a kernel sees only its own group of channels. `kernel` is one number or (height, width).

    Examples
    --------
    >>> conv_parameters(5, channels=6, kernels=16)
    2416
    """
    height, width = pair("kernel", kernel)
    channels, kernels = whole_number("channels", channels), whole_number("kernels", kernels)
    groups = whole_number("groups", groups)
    if channels % groups or kernels % groups:
        raise ValueError(f"groups must divide both the channels and the kernels, got groups {groups}, "
                         f"{channels} channels and {kernels} kernels. Choose a divisor of both.")
    return height * width * (channels // groups) * kernels + (kernels if use_bias else 0)


def dense_parameters(inputs: int, units: int, use_bias: bool = True) -> int:
    """Parameters of a dense layer: a weight from every input to every unit, and a bias for each unit.

    Examples
    --------
    >>> dense_parameters(400, 120)
    48120
    """
    inputs, units = whole_number("inputs", inputs), whole_number("units", units)
    return inputs * units + (units if use_bias else 0)


def batch_normalization_parameters(channels: int, scale: bool = True, center: bool = True) -> tuple[int, int]:
    """Parameters of batch normalization: (trained, not trained).

    Trained are a scale and an offset for each channel; the moving mean and variance are kept, not trained.

    Examples
    --------
    >>> batch_normalization_parameters(32)
    (64, 64)
    """
    channels = whole_number("channels", channels)
    return channels * (bool(scale) + bool(center)), 2 * channels


def activation_size(shape: Sequence[int]) -> int:
    """How many numbers one example has at this point of the network: the product of its shape.

    Examples
    --------
    >>> activation_size((65, 118, 96))
    736320
    """
    return math.prod(sizes(shape))


def activation_bytes(shape: Sequence[int]) -> int:
    """Bytes that these numbers take as float32 for one example; multiply by the batch size yourself.

    Examples
    --------
    >>> activation_bytes((28, 28, 6))
    18816
    """
    return 4 * activation_size(shape)


def conv_multiply_adds(size: Pair, kernel: Pair, channels: int, kernels: int, groups: int = 1) -> int:
    """Multiply-adds of a convolution for one example.

    One multiply-add is one multiplication together with the addition that follows it (many papers count it as two
    operations). Every number of the output costs one for each weight of its kernel, those on padding included; biases
    are not counted. `size` is the (height, width) **of the output**.

    Examples
    --------
    >>> conv_multiply_adds((28, 28), kernel=5, channels=1, kernels=6)
    117600
    """
    height, width = pair("size", size)
    return height * width * conv_parameters(kernel, channels, kernels, use_bias=False, groups=groups)


def dense_multiply_adds(inputs: int, units: int) -> int:
    """Multiply-adds of a dense layer for one example: one for each weight; biases are not counted."""
    return dense_parameters(inputs, units, use_bias=False)


# --- How much of the input does one number see? --------------------------------------------------------------------

class ReceptiveField(NamedTuple):
    """What one number of a feature map sees of the input, along one axis, in input pixels.

    Attributes
    ----------
    size : int
        How many neighboring pixels it sees. Pixels of padding count, so the size may exceed the input's.
    jump : int
        How far the view moves from one number to its neighbor; 0 where every number sees the same.

    Examples
    --------
    Convolution 5, pooling 2, convolution 5, pooling 2, as in LeNet; then a dense layer over the 5 that are left:

    >>> field = ReceptiveField().through_window(5).through_window(2, stride=2)
    >>> field = field.through_window(5).through_window(2, stride=2)
    >>> field
    ReceptiveField(size=16, jump=4)
    >>> field.of_all(5)
    ReceptiveField(size=32, jump=0)
    """

    size: int = 1
    jump: int = 1

    def through_window(self, kernel: int, stride: int = 1, dilation: int = 1) -> ReceptiveField:
        """The field behind a convolution or a pooling: each tap of the kernel adds one (dilated) jump."""
        return ReceptiveField(self.size + (window_extent(kernel, dilation) - 1) * self.jump,
                              self.jump * whole_number("stride", stride))

    def of_all(self, length: int) -> ReceptiveField:
        """The field of `length` neighbors together: what a number computed from all of them sees."""
        return ReceptiveField(self.size + (whole_number("length", length) - 1) * self.jump, 0)


Fields = tuple[ReceptiveField, ...]
