"""Layer arithmetic against Keras: random layers, and the edges by name."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers import shapes
from tests.shapes.edges import edges, two_hundred
from tests.shapes.keras_models import agree, as_keras, names, pairs, pictures, steps, weights_agree


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
                 shapes.DepthwiseConv2D(kernel, depth_multiplier=multiplier, use_bias=use_bias),
                 shapes.SeparableConv2D(kernels, kernel, depth_multiplier=multiplier, use_bias=use_bias),
                 shapes.Dense(kernels, use_bias=use_bias),
                 shapes.BatchNormalization(*flags), shapes.LayerNormalization(*flags)):
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


@pytest.mark.parametrize("padding, stride", [("valid", 1), ("valid", 3), ("valid", 2), ("same", 1), ("same", 2), ("same", 3)])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5, 6])
def test_transposed_lengths_are_those_of_arrays_that_keras_computes(kernel, padding, stride):
    layer = layers.Conv2DTranspose(1, kernel, stride, padding)
    expected = shapes.transposed_output_length(7, kernel, stride, padding)
    assert layer(np.zeros((1, 7, 7, 1), "float32")).shape == (1, expected, expected, 1)
