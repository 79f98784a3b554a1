"""Layer arithmetic against Keras: random layers, and the edges by name."""

import keras
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from keras import layers

from helpers import shapes
from tests.shapes.edges import edges, two_hundred
from tests.shapes.keras_models import (
    agree,
    as_keras,
    names,
    pairs,
    pictures,
    steps,
    weights_agree,
)


def picture(length, kernel, stride, dilation):
    """An edge in both directions, the width one pixel larger than the height."""
    return {"shape": (length, length + 1, 2), "kernel": (kernel, kernel), "step": ((stride, stride), (dilation, dilation))}


def pooled(length, window, stride, _):
    return {"shape": (length, length + 1, 2), "window": (window, window), "stride": (stride, stride),
            "kind": shapes.MaxPooling2D}


VALID, SAME = {"padding": "valid"}, {"padding": "same"}


@two_hundred
@edges(lambda *numbers: picture(*numbers) | VALID, lambda *numbers: picture(*numbers) | SAME)
@given(shape=pictures, kernel=pairs[6], step=steps(), padding=names)
def test_convolution(shape, kernel, step, padding):
    ours = shapes.Conv2D(3, kernel, step[0], padding, step[1])
    agree(ours, as_keras(ours), shape)


@two_hundred
@edges(lambda *numbers: pooled(*numbers) | VALID, lambda *numbers: pooled(*numbers) | SAME)
@given(shape=pictures, window=pairs[6], stride=st.one_of(st.none(), pairs[4]), padding=names,
       kind=st.sampled_from([shapes.MaxPooling2D, shapes.AveragePooling2D]))
def test_pooling(shape, window, stride, padding, kind):
    ours = kind(window, stride, padding)
    theirs = getattr(layers, kind.__name__)(window, stride, padding)
    if agree(ours, theirs, shape):
        lengths = [shapes.pool_output_length(length, side, step, padding)
                   for length, side, step in zip(shape, window, stride or window)]
        assert (*lengths, shape[2]) == ours.output_shape(shape)


@two_hundred
@edges(lambda *numbers: picture(*numbers) | VALID | {"more": None}, lambda *numbers: picture(*numbers) | SAME | {"more": (1, 3)})
@given(shape=pictures, kernel=pairs[6], step=steps(), padding=names,
       more=st.one_of(st.none(), st.tuples(st.integers(0, 3), st.integers(0, 3))))
def test_transposed_convolution(shape, kernel, step, padding, more):
    more = more and tuple(extra % stride for extra, stride in zip(more, step[0]))
    ours = shapes.Conv2DTranspose(3, kernel, step[0], padding, more, step[1])
    try:
        theirs = as_keras(ours)
    except ValueError as error:  # older versions of Keras refuse an output_padding of 0
        assert "output_padding" in str(error) and 0 in more
        reject()
    expected = tuple(theirs.compute_output_shape((None, *shape)))[1:]
    if min(expected) > 0:
        assert ours.output_shape(shape) == expected
    else:  # Keras computes a length of 0, and fails when it gets a picture
        with pytest.raises(ValueError, match="nothing is left"):
            ours.output_shape(shape)


def one_stride(length, kernel, stride, _):
    return {"shape": (length, length + 1, 2), "kernel": (kernel, kernel), "stride": stride, "multiplier": 2}


@two_hundred
@edges(lambda *numbers: one_stride(*numbers) | VALID | {"kind": shapes.DepthwiseConv2D},
       lambda *numbers: one_stride(*numbers) | SAME | {"kind": shapes.SeparableConv2D})
@given(shape=pictures, kernel=pairs[6], stride=st.integers(1, 4), padding=names, multiplier=st.integers(1, 3),
       kind=st.sampled_from([shapes.DepthwiseConv2D, shapes.SeparableConv2D]))
def test_depthwise_and_separable_convolution(shape, kernel, stride, padding, multiplier, kind):
    first = {"kernels": 5} if kind is shapes.SeparableConv2D else {}
    ours = kind(**first, kernel=kernel, stride=stride, padding=padding, depth_multiplier=multiplier)
    agree(ours, as_keras(ours), shape)


@settings(two_hundred, max_examples=100)
@given(shape=pictures, padding=st.tuples(st.tuples(st.integers(0, 4), st.integers(0, 4)),
                                         st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_zero_padding(shape, padding):
    for zeros in (padding, padding[0], padding[0][0]):
        assert (shapes.ZeroPadding2D(zeros).output_shape(shape)
                == layers.ZeroPadding2D(zeros).compute_output_shape((None, *shape))[1:])


@settings(two_hundred, max_examples=60)
@given(groups=st.integers(1, 3), channels=st.integers(1, 3), kernels=st.integers(1, 3), kernel=pairs[4],
       multiplier=st.integers(1, 3), use_bias=st.booleans(), flags=st.tuples(st.booleans(), st.booleans()))
def test_parameters(groups, channels, kernels, kernel, multiplier, use_bias, flags):
    shape = (6, 5, groups * channels)
    for ours in (shapes.Conv2D(groups * kernels, kernel, groups=groups, use_bias=use_bias),
                 shapes.Conv2DTranspose(kernels, kernel, use_bias=use_bias),
                 shapes.DepthwiseConv2D(kernel, depth_multiplier=multiplier, use_bias=use_bias),
                 shapes.SeparableConv2D(kernels, kernel, depth_multiplier=multiplier, use_bias=use_bias),
                 shapes.Dense(kernels, use_bias=use_bias),
                 shapes.BatchNormalization(*flags)):
        agree(ours, as_keras(ours), shape)
        weights_agree(ours, as_keras(ours), shape)


@settings(two_hundred, max_examples=100)
@edges(lambda length, kernel, stride, dilation: {"length": length, "kernel": kernel, "step": ((stride, 1), (dilation, 1))})
@given(length=st.integers(1, 30), kernel=st.integers(1, 8), step=steps())
def test_keras_puts_the_zeros_of_same_where_same_padding_says(length, kernel, step):
    (stride, _), (dilation, _) = step
    row, weights = np.random.default_rng(0).normal(size=(2, 64)).astype("float32")
    row, weights = row[:length], weights[:kernel]
    padded = np.pad(row, shapes.same_padding(length, kernel, stride, dilation))
    extent = shapes.window_extent(kernel, dilation)
    by_hand = [padded[start:start + extent:dilation] @ weights
               for start in range(0, len(padded) - extent + 1, stride)]
    theirs = keras.ops.conv(row.reshape(1, -1, 1, 1), weights.reshape(-1, 1, 1, 1), strides=(stride, 1), padding="same",
                            dilation_rate=(dilation, 1))
    np.testing.assert_allclose(np.ravel(theirs), by_hand, atol=1e-5)


@pytest.mark.parametrize("padding, output_padding, stride", [
    ("valid", None, 1), ("valid", None, 3), ("valid", 1, 2), ("same", None, 2), ("same", 1, 2), ("same", 2, 3)])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_transposed_lengths_are_those_of_arrays_that_keras_computes(kernel, padding, output_padding, stride):
    layer = layers.Conv2DTranspose(1, kernel, stride, padding, output_padding=output_padding)
    expected = shapes.transposed_output_length(7, kernel, stride, padding, output_padding)
    assert layer(np.zeros((1, 7, 7, 1), "float32")).shape == (1, expected, expected, 1)


def test_output_padding_is_read_from_a_model():
    model = keras.Sequential([keras.Input((7, 7, 2)), layers.Conv2DTranspose(3, 3, 2, "valid", output_padding=1)])
    table = shapes.from_keras(model)
    assert table == shapes.trace((7, 7, 2), [shapes.Conv2DTranspose(3, 3, 2, output_padding=1)])
    assert table.rows[1].settings == "3 kernels 3 x 3, stride 2, valid, output padding 1"


def test_the_kernel_11_by_5_of_the_swapped_formula():
    theirs = layers.Conv2D(4, (11, 5), strides=4)
    assert theirs.compute_output_shape((None, 270, 480, 3)) == (None, 65, 119, 4)
    assert shapes.Conv2D(4, (11, 5), stride=4).output_shape((270, 480, 3)) == (65, 119, 4)
