"""What the frameworks mean by momentum, dropout and padding: recorded in each, repeated in Keras and by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers import recorded

COMMON = ["cntk_common", "keras2_common", "keras3_common", "pytorch_common", "tf1_layers_common"]
TFLEARN = ["tflearn_alexnet_relu_tf1", "tflearn_alexnet_relu_tf2"]


def measurement(name, experiment):
    return recorded.load(name).measurements[experiment]


def train(measured, optimizer):
    """Take the recorded steps with an optimizer of Keras; return the kernel and the bias after each."""
    inputs, labels = tf.constant(measured["inputs"]), tf.constant(measured["labels"])
    kernel, bias = (keras.Variable(measured[key][0]) for key in ("kernels", "biases"))
    optimizer.build([kernel, bias])
    kernels, biases = [np.asarray(kernel)], [np.asarray(bias)]
    for _ in range(len(measured["kernels"]) - 1):
        with tf.GradientTape() as tape:
            logits = tf.matmul(inputs, kernel.value) + bias.value
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels, logits))
        optimizer.apply(tape.gradient(loss, [kernel.value, bias.value]), [kernel, bias])
        kernels.append(np.asarray(kernel))
        biases.append(np.asarray(bias))
    return np.stack(kernels), np.stack(biases)


def difference(measured, optimizer):
    kernels, biases = train(measured, optimizer)
    return max(np.abs(kernels - measured["kernels"]).max(), np.abs(biases - measured["biases"]).max())


@pytest.mark.parametrize("name", [*COMMON, "jax_common"])  # plain JAX has no dropout, but the others
def test_momentum_is_the_same_in_five_frameworks(name):
    measured = measurement(name, "momentum")
    assert len(measured["kernels"]) == 51 and measured.facts["learning_rate"] == 0.05
    assert difference(measured, keras.optimizers.SGD(0.05, momentum=0.9)) <= 1e-5
    # The recording tells the variants apart.
    for other in (keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), keras.optimizers.SGD(0.05),
                  keras.optimizers.SGD(0.05, momentum=0.95), keras.optimizers.SGD(0.005, momentum=0.9)):
        assert difference(measured, other) > 1e-2


def test_cntk_multiplies_the_gradient_by_one_minus_momentum_unless_told_otherwise():
    measured = measurement("cntk_common", "momentum_unit_gain")
    assert difference(measured, keras.optimizers.SGD(0.05 * (1 - 0.9), momentum=0.9)) <= 1e-5
    assert difference(measured, keras.optimizers.SGD(0.05, momentum=0.9)) > 0.1


@pytest.mark.parametrize("name", TFLEARN)
def test_momentum_of_tflearn(name):
    measured = measurement(name, "momentum")
    assert len(measured["kernels"]) == 51 and measured.facts["learning_rate"] == 0.001
    assert difference(measured, keras.optimizers.SGD(1e-3, momentum=0.9)) <= 1e-6
    assert difference(measured, keras.optimizers.SGD(1e-3, momentum=0.9, nesterov=True)) > 1e-4


@pytest.mark.parametrize("name", TFLEARN)
def test_tflearn_clips_gradients_where_they_are_steep(name):
    """DNN() clips the global norm at 5 without being asked; on gentle gradients nobody notices."""
    measured = measurement(name, "momentum_steep")
    assert difference(measured, keras.optimizers.SGD(1e-3, momentum=0.9, global_clipnorm=5.0)) <= 1e-5
    assert difference(measured, keras.optimizers.SGD(1e-3, momentum=0.9)) > 1e-2


@pytest.mark.parametrize("name", COMMON + TFLEARN)
def test_dropout_keeps_the_mean(name):
    measured = measurement(name, "dropout")
    np.testing.assert_array_equal(measured["inference"], measured["input"])
    kept = measured.facts["value"] if measured.facts["argument"] == "keep_prob" else 1 - measured.facts["value"]
    survivors = measured["training"][measured["training"] != 0]
    np.testing.assert_allclose(survivors, 1 / kept, rtol=1e-6)
    # 10,000 units: the standard deviation of the share is 0.004.
    assert survivors.size / measured["training"].size == pytest.approx(kept, abs=0.02)


def test_the_same_number_keeps_in_one_framework_and_drops_in_another():
    assert {measurement(name, "dropout").facts["value"] for name in COMMON + TFLEARN} == {0.8}
    assert {name: measurement(name, "dropout").facts["argument"] for name in COMMON + TFLEARN} == {
        "cntk_common": "dropout_rate", "keras2_common": "rate", "keras3_common": "rate", "pytorch_common": "p",
        "tf1_layers_common": "rate", "tflearn_alexnet_relu_tf1": "keep_prob", "tflearn_alexnet_relu_tf2": "keep_prob"}
    keep = measurement("tf1_layers_common", "dropout_keep")
    assert keep.facts["argument"] == "keep_prob"
    assert (keep["training"] != 0).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("name", [*COMMON, "jax_common"])
def test_padding_with_stride_2(name):
    """TensorFlow's 'same' pads 8 pixels at the end only, PyTorch's 1 and CNTK's True on both sides: other outputs."""
    measured = measurement(name, "padding")
    both_sides = name.startswith(("cntk", "pytorch"))
    padding = (1, 1) if both_sides else (0, 1)
    padded = np.pad(measured["image"], (padding, padding))
    by_hand = np.array([[(padded[row:row + 3, column:column + 3] * measured["kernel"]).sum() for column in range(0, 7, 2)]
                        for row in range(0, 7, 2)])
    np.testing.assert_array_equal(measured["output"], by_hand)
    layers = [keras.layers.ZeroPadding2D(1)] * both_sides + [
        keras.layers.Conv2D(1, 3, strides=2, padding="valid" if both_sides else "same", use_bias=False)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    model.set_weights([measured["kernel"][..., None, None]])
    result = model.predict(measured["image"][None, ..., None], verbose=0)[0, ..., 0]
    np.testing.assert_allclose(result, measured["output"], rtol=1e-6)
