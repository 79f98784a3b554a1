"""Descriptions of layers and networks that make no sense are named and explained."""

import pytest

from helpers.shapes import (
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
    Reshape,
    ZeroPadding2D,
    trace,
)
from tests.shapes.test_networks import LENET


@pytest.mark.parametrize("call, message", [
    (lambda: trace((4, 4, 1), [Flatten(), Conv2D(6, 5)]), r"layer 2, conv2d \(Conv2D\): the input must have the shape "
                                                          r"\(height, width, channels\), got \(16,\)"),
    (lambda: trace((9, 4, 1), [Conv2D(6, 5, name="c")]), r"layer 1, c \(Conv2D\): along the width: kernel 5 is longer "
                                                         "than the input of 4. Use a smaller kernel"),
    (lambda: trace((4, 9, 1), [MaxPooling2D(5)]), "along the height: window 5 is longer than the input of 4"),
    (lambda: trace((4, 9, 3), [Conv2D(4, 1, groups=2)]), "groups must divide both the channels and the kernels"),
    (lambda: trace((5, 5, 0), [Conv2D(4, 3)]), "shape must be at least 1, got 0"),
    (lambda: Conv2D(4, 3).output_shape((5, 5, 0)), "channels must be at least 1, got 0"),
    (lambda: DepthwiseConv2D(3).output_shape((5, 5, 0)), "must be at least 1, got 0"),
    (lambda: Conv2D(4, 1, groups=2).output_shape((4, 9, 3)), "groups must divide both the channels and the kernels"),
    (lambda: trace((28, 28), [Conv2D(6, 5)]), "must have the shape"),
    (lambda: trace((9,), [GlobalAveragePooling2D()]), "must have the shape"),
    (lambda: trace((9,), [ZeroPadding2D()]), "must have the shape"),
    (lambda: trace((9,), [DepthwiseConv2D(3)]), "must have the shape"),
    (lambda: trace((None, 28, 28, 1), LENET), "shape must be a whole number, got None.*leave the batch size out"),
    (lambda: trace(28, LENET), r"shape must be a tuple such as \(28, 28, 1\), got 28"),
    (lambda: trace((28, 28, 1), Conv2D(6, 5)), "layers must be a list of layer descriptions"),
    (lambda: trace((28, 28, 1), [Conv2D(6, 5), Flatten]), "layer 2 is .*Flatten.*not a layer description.*Call it"),
    (lambda: trace((28, 28, 1), ["relu"]), "layer 1 is 'relu', which is not a layer description.*Use Unchanged"),
    (lambda: trace((28, 28, 1), [Flatten(name="a"), Dense(1, name="a")]), "name 'a' is given to two layers"),
    (lambda: Conv2D(0, 3), "kernels must be at least 1, got 0"),
    (lambda: Conv2D(6, 0), "kernel must be at least 1, got 0"),
    (lambda: Conv2D(6, (3, 0)), "kernel must be at least 1, got 0"),
    (lambda: Conv2D(6, (3, 3, 3)), r"kernel must be one number or a pair \(height, width\), got \(3, 3, 3\)"),
    (lambda: Conv2D(6, 3, 0), "stride must be at least 1"),
    (lambda: Conv2D(6, 3, True), "stride must be a whole number, got True"),
    (lambda: Conv2D(6, 3, 1, "full"), "padding must be"),
    (lambda: Conv2D(6, 3, 1, -1), "padding must be at least 0"),
    (lambda: Conv2D(6, 3, 1, 1.5), "padding must be a whole number, got 1.5"),
    (lambda: Conv2D(6, 3, groups=0), "groups must be at least 1"),
    (lambda: Conv2D(6, 3, dilation=0), "dilation must be at least 1"),
    (lambda: DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier must be at least 1"),
    (lambda: MaxPooling2D(2.0), "window must be a whole number, got 2.0"),
    (lambda: MaxPooling2D(2, 0), "stride must be at least 1"),
    (lambda: ZeroPadding2D(-1), "padding must be at least 0"),
    (lambda: ZeroPadding2D("same"), "padding must be a number of zeros, or one for each side, got 'same'"),
    (lambda: ZeroPadding2D((1, 2, 3)), r"padding must be one number, a pair .* got \(1, 2, 3\)"),
    (lambda: trace((4, 4, 2), [Flatten(), Reshape((3, 11))]), r"layer 2, reshape \(Reshape\): target_shape \(3, 11\) does "
                                                             r"not hold the 32 numbers of the input \(32,\)"),
    (lambda: trace((4, 4, 2), [Flatten(), Reshape((3, -1))]), r"target_shape \(3, -1\) does not hold the 32 numbers"),
    (lambda: Reshape((-1, -1)).output_shape((1,)), "The product of its sizes must be 1; one of them may be -1"),
    (lambda: trace((4, 4, 2), [Reshape((16, 2))]), r"numbers at different places of \(4, 4, 2\) see different parts of the "
                                                   r"input, .* follow them to \(16, 2\). Put Flatten or global pooling"),
    (lambda: Reshape((4, 0)), "shape must be at least 1, got 0"),
    (lambda: Reshape(4), r"shape must be a tuple such as \(28, 28, 1\), got 4"),
    (lambda: Reshape(("4",)), "shape must be a whole number, got '4'"),
    (lambda: Dense(0), "units must be at least 1"),
    (lambda: Dropout(80), "rate must be a number from 0 to 1, got 80. It is the fraction to drop"),
    (lambda: Dropout("0.5"), "rate must be a number from 0 to 1"),
])
def test_bad_input_is_named_and_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
