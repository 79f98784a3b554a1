"""Local response normalization: against the formula, TensorFlow, and what TFLearn computed."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from helpers import recorded
from helpers.layers import LocalResponseNormalization


def by_hand(x, depth_radius=5, bias=1.0, alpha=1e-4, beta=0.75):
    """The formula channel by channel, in double precision."""
    x = np.asarray(x, dtype=np.float64)
    result = np.empty_like(x)
    for channel in range(x.shape[-1]):
        window = x[..., max(0, channel - depth_radius):channel + depth_radius + 1]
        result[..., channel] = x[..., channel] / (bias + alpha * (window ** 2).sum(-1)) ** beta
    return result


def values(shape, scale=150, seed=0):
    return (scale * np.random.default_rng(seed).uniform(-1, 1, size=shape)).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(height=st.integers(1, 4), width=st.integers(1, 4), channels=st.integers(1, 20), depth_radius=st.integers(0, 9),
       bias=st.floats(0.1, 3), alpha=st.floats(0, 1), beta=st.floats(0, 2), seed=st.integers(0, 99))
def test_formula_and_tensorflow(height, width, channels, depth_radius, bias, alpha, beta, seed):
    x = values((2, height, width, channels), scale=30, seed=seed)
    result = ops.convert_to_numpy(LocalResponseNormalization(depth_radius, bias, alpha, beta)(x))
    expected = by_hand(x, depth_radius, bias, alpha, beta)
    scale = 1 + np.abs(expected).max()
    assert result.shape == x.shape
    assert np.abs(result - expected).max() <= 2e-5 * scale
    theirs = tf.nn.local_response_normalization(x, depth_radius, bias, alpha, beta).numpy()
    assert np.abs(result - theirs).max() <= 2e-5 * scale


@pytest.mark.parametrize("era", ["tf1", "tf2"])
def test_defaults_are_those_of_tflearn(era):
    measured = recorded.load(f"tflearn_alexnet_relu_{era}").measurements["lrn"]
    result = ops.convert_to_numpy(LocalResponseNormalization()(measured["input"]))
    assert np.abs(measured["input"]).max() > 140  # where the sum counts: at 1 it would hardly move a value
    assert np.abs(result - measured["output"]).max() <= 2e-5
    layer = LocalResponseNormalization()
    assert {key: getattr(layer, key) for key in ("depth_radius", "bias", "alpha", "beta")} == {
        key: measured.facts[key] for key in ("depth_radius", "bias", "alpha", "beta")}
    # TensorFlow's own defaults are others, and the comparison sees it.
    assert np.abs(tf.nn.local_response_normalization(measured["input"]).numpy() - measured["output"]).max() > 1


def test_saves_and_loads_without_help(tmp_path):
    model = keras.Sequential([keras.Input((6, 5, 12)), LocalResponseNormalization(2, bias=2.0, alpha=1e-3, beta=0.5),
                              keras.layers.Flatten(), keras.layers.Dense(3)])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    layer = again.layers[0]
    assert (layer.depth_radius, layer.bias, layer.alpha, layer.beta) == (2, 2.0, 1e-3, 0.5)
    x = values((2, 6, 5, 12))
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))


def test_has_no_parameters_keeps_the_shape_and_passes_gradients_on():
    inputs = keras.Input((7, 9, 4))
    layer = LocalResponseNormalization()
    assert layer(inputs).shape == (None, 7, 9, 4)
    assert layer.compute_output_shape((None, 7, 9, 4)) == (None, 7, 9, 4)
    assert layer.count_params() == 0
    x = tf.constant(values((2, 3, 3, 4)))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(layer(x))
    gradient = tape.gradient(total, x).numpy()
    step = 1e-2
    for place in [(0, 0, 0, 0), (1, 2, 1, 3)]:
        moved = x.numpy().astype(np.float64)
        moved[place] += step
        higher = by_hand(moved).sum()
        moved[place] -= 2 * step
        assert gradient[place] == pytest.approx((higher - by_hand(moved).sum()) / (2 * step), abs=1e-3)


def test_size_of_image_may_be_open():
    layer = LocalResponseNormalization()
    assert layer(keras.Input((None, None, 4))).shape == (None, None, None, 4)


def test_half_precision_does_not_overflow():
    x = np.full((1, 1, 1, 8), 300.0, dtype=np.float16)
    result = ops.convert_to_numpy(LocalResponseNormalization(dtype="float16")(x))
    assert result.dtype == np.float16
    np.testing.assert_allclose(result, by_hand(x), rtol=2e-3)


@pytest.mark.parametrize(("arguments", "message"), [
    ({"depth_radius": -1}, "depth_radius"), ({"depth_radius": 2.5}, "depth_radius"), ({"depth_radius": True}, "depth_radius"),
    ({"bias": 0}, "bias must be positive"), ({"bias": -1.0}, "bias must be positive"), ({"bias": "1"}, "bias"),
    ({"alpha": -1e-4}, "alpha"), ({"alpha": float("nan")}, "alpha"), ({"beta": float("inf")}, "beta"),
    ({"beta": None}, "beta"), ({"data_format": "channels_first"}, "data_format"),
])
def test_refuses_arguments_that_make_no_sense(arguments, message):
    with pytest.raises(ValueError, match=message):
        LocalResponseNormalization(**arguments)


def test_refuses_a_keras_set_to_channels_first():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            LocalResponseNormalization()
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("shape", [(None, 5, 4), (None, 3, 5, 5, 4), (None, 5, 5, None)])
def test_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match="height, width, channels"):
        LocalResponseNormalization(name="norm")(keras.Input(shape[1:]))
