"""What the comparisons with Keras share: random settings, and each layer as Keras has it."""

import numpy as np
import pytest
from hypothesis import strategies as st
from keras import layers

from helpers import shapes

pairs = {high: st.tuples(st.integers(1, high), st.integers(1, high)) for high in (3, 4, 6)}
pictures = st.tuples(st.integers(1, 25), st.integers(1, 25), st.integers(1, 4))
names = st.sampled_from(["valid", "same"])


@st.composite
def steps(draw, strides=pairs[4], dilations=pairs[3]):
    """Stride and dilation: Keras takes one of them above 1, not both."""
    return draw(st.one_of(st.tuples(strides, st.just((1, 1))), st.tuples(st.just((1, 1)), dilations)))


def agree(ours, theirs, shape):
    """Both give the same shape, or both refuse. Older versions of Keras let a length of 0 or less pass."""
    try:
        expected = theirs.compute_output_shape((None, *shape))[1:]
    except ValueError:
        expected = None
    if expected is None or min(expected) < 1:
        expected = None
        with pytest.raises(ValueError, match=r"along the (height|width): .* longer than the input"):
            ours.output_shape(shape)
    else:
        assert ours.output_shape(shape) == tuple(expected)
    return expected is not None


def weights_agree(ours, theirs, shape):
    """Both have the same parameters, trained and not."""
    theirs.build((None, *shape))
    count = [sum(int(np.prod(weight.shape)) for weight in weights)
             for weights in (theirs.trainable_weights, theirs.non_trainable_weights)]
    assert list(ours.parameters(shape)) == count


def as_keras(layer):
    """The layer of Keras with the same settings: a translation of its own, not the one that from_keras reads."""
    kind = type(layer).__name__
    zeros = {"kernel_initializer": "zeros", "use_bias": getattr(layer, "use_bias", None)}
    if isinstance(layer, shapes.Conv2D):
        return layers.Conv2D(layer.kernels, layer.kernel, layer.stride, layer.padding, groups=layer.groups,
                             dilation_rate=layer.dilation, activation=layer.activation, **zeros)
    if isinstance(layer, shapes.DepthwiseConv2D):
        return layers.DepthwiseConv2D(layer.kernel, layer.stride, layer.padding, layer.depth_multiplier,
                                      dilation_rate=layer.dilation, use_bias=layer.use_bias)
    if isinstance(layer, shapes.SeparableConv2D):
        return layers.SeparableConv2D(layer.kernels, layer.kernel, layer.stride, layer.padding,
                                      dilation_rate=layer.dilation, depth_multiplier=layer.depth_multiplier,
                                      use_bias=layer.use_bias)
    if isinstance(layer, shapes.Dense):
        return layers.Dense(layer.units, activation=layer.activation, **zeros)
    if isinstance(layer, (shapes.MaxPooling2D, shapes.AveragePooling2D)):
        return getattr(layers, kind)(layer.window, layer.stride, layer.padding)
    if isinstance(layer, shapes.BatchNormalization):
        return getattr(layers, kind)(scale=layer.scale, center=layer.center)  # LayerNormalization, too
    if isinstance(layer, shapes.Unchanged):
        return getattr(layers, layer.keras_name)(*{"RandomFlip": [], "LeakyReLU": []}.get(layer.keras_name, [0.1]))
    return getattr(layers, kind)(*{
        "ZeroPadding2D": lambda: [layer.padding], "Reshape": lambda: [layer.target_shape],
        "Activation": lambda: [layer.activation], "Dropout": lambda: [layer.rate], "ReLU": lambda: [layer.max_value],
        "Rescaling": lambda: [layer.scale, layer.offset]}.get(kind, list)(),
        **({"keepdims": layer.keepdims} if kind.startswith("Global") else {}))
