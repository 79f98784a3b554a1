"""The proof: every recorded network, rebuilt in Keras with its weights carried across by hand, computes the same.

And the comparison is not blind: each deliberate mistake moves the result at least 100 times the tolerance.
"""

import functools
import itertools

import keras
import numpy as np
import pytest
from keras import layers as kl

from helpers import recorded
from helpers.layers import LocalResponseNormalization
from tests.networks.test_recorded import LARGE as ALEXNET
from tests.networks.test_recorded import SMALL

CHANNELS_FIRST = [name for name in SMALL if name.startswith(("cntk", "pytorch"))]

SMALL_TOLERANCE = 1e-5  # of logits
ALEXNET_TOLERANCE = 1e-4  # of probabilities
MISTAKE = 100  # times the tolerance: what every deliberate mistake must reach


@functools.cache
def load(name):
    return recorded.load(name)


def outputs(model, images, batch_size=None):
    """Call a model on batches and return the output of each layer; `predict` would compile each of these small models anew."""
    size = batch_size or len(images)
    parts = [model(images[start:start + size], training=False) for start in range(0, len(images), size)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def channels_last(array):
    """Images or feature maps (n, channels, height, width) to (n, height, width, channels)."""
    return array.transpose(0, 2, 3, 1)


def small_weights(network, mistake=None):
    """Carry the weights of a small network across: kernel and bias by layer, in the layout of Keras."""
    result = {}
    for name, arrays in network.weights.items():
        kernel, bias = (arrays[next(key for key in keys if key in arrays)]
                        for keys in (("kernel", "weight", "W"), ("bias", "b")))
        if network.framework == "PyTorch":
            if name.startswith("conv"):
                kernel = kernel.transpose(2, 3, 1, 0)  # OIHW -> HWIO
            elif mistake == "channel order":
                kernel = kernel.T
            else:  # (out, C*H*W) -> (H*W*C, out)
                kernel = kernel.reshape(10, 64, 7, 7).transpose(2, 3, 1, 0).reshape(3136, 10)
        elif network.framework == "CNTK":
            if name.startswith("conv"):
                kernel = kernel.transpose(2, 3, 1, 0)
            elif kernel.ndim == 4 and mistake == "channel order":
                kernel = kernel.reshape(3136, -1)
            elif kernel.ndim == 4:  # (C, H, W, out) -> (H*W*C, out)
                kernel = kernel.transpose(1, 2, 0, 3).reshape(3136, -1)
        if mistake == "flipped kernels" and name.startswith("conv"):
            kernel = kernel[::-1, ::-1]
        result["logits" if name == "probabilities" else name] = [kernel, bias.ravel()]  # CNTK: (32, 1, 1)
    return result


def small_twin(network, mistake=None):
    """Build the Keras twin, with every layer's output."""
    valid = network.name in ("keras2_listing", "tf1_layers_listing")
    padding, first = "valid" if valid else "same", 5 if network.name == "tf1_layers_listing" else 3
    activation = "tanh" if mistake == "tanh" else "relu"
    x = inputs = keras.Input((28, 28, 1))
    outputs = {}
    for layer in [kl.Conv2D(32, first, padding=padding, activation=activation, name="conv1"),
                  kl.MaxPooling2D(2, name="pool1"),
                  kl.Conv2D(64, 3, padding=padding, activation=activation, name="conv2"),
                  kl.MaxPooling2D(2, name="pool2"), kl.Flatten(name="flatten"),
                  *([kl.Dense(64, activation=activation, name="dense1")] if network.name == "cntk_listing" else []),
                  kl.Dense(10, name="logits"), kl.Softmax(name="probabilities")]:
        outputs[layer.name] = x = layer(x)
    model = keras.Model(inputs, outputs)
    for name, arrays in small_weights(network, mistake).items():
        model.get_layer(name).set_weights(arrays)
    return model


def small_difference(network, mistake=None):
    """Return the greatest difference of each layer the recording has, and the twin's number of parameters."""
    images = network.inputs if network.inputs.shape[-1] == 1 else channels_last(network.inputs)
    if mistake == "height and width swapped":
        images = images.transpose(0, 2, 1, 3)
    model = small_twin(network, mistake)
    computed = outputs(model, images)
    differences = {}
    for name, expected in network.outputs.items():
        if network.inputs.shape[-1] != 1 and expected.ndim == 4:
            expected = channels_last(expected)
        elif name == "flatten" and network.framework == "PyTorch":
            expected = expected.reshape(-1, 64, 7, 7).transpose(0, 2, 3, 1).reshape(-1, 3136)
        differences[name] = float(np.abs(computed[name][:len(expected)] - expected).max())
    return differences, model.count_params()


@pytest.mark.parametrize("name", SMALL)
def test_small_network_computes_the_same_in_keras(name):
    network = load(name)
    differences, parameters = small_difference(network)
    assert parameters == network.parameters
    assert max(differences.values()) <= SMALL_TOLERANCE, differences
    # The logits are of size 10 at least in places, and the ten images are told apart: the comparison sees something.
    assert np.abs(network.outputs["logits"]).max() > 5
    assert len(set(network.outputs["logits"].argmax(1))) >= 5


@pytest.mark.parametrize(("name", "mistake"), [
    *itertools.product(SMALL, ["flipped kernels", "height and width swapped", "tanh"]),
    *((name, "channel order") for name in CHANNELS_FIRST)])
def test_small_network_shows_every_mistake(name, mistake):
    network = load(name)
    differences, parameters = small_difference(network, mistake)
    assert parameters == network.parameters  # counting parameters would not have shown it
    assert differences["logits"] >= MISTAKE * SMALL_TOLERANCE


# --- TFLearn's network -----------------------------------------------------------------------------------------------


class Identity(kl.Layer):
    def call(self, inputs):
        return inputs


def alexnet_twin(network, dense_activation, mistake=None):
    """Build the twin of `alexnet_adapted`: 'same' padding, TFLearn's normalization, no weights converted at all."""
    normalization = {"no LRN": Identity, "batch normalization": kl.BatchNormalization}.get(
        mistake, LocalResponseNormalization)
    same = {"padding": "same"}
    shape = (480, 270, 3) if mistake == "height and width swapped" else (270, 480, 3)
    x = inputs = keras.Input(shape)
    outputs = {}
    for layer in [kl.Conv2D(4, 11, strides=4, activation="relu", name="conv1", **same),
                  kl.MaxPooling2D(3, strides=2, name="pool1", **same), normalization(name="norm1"),
                  kl.Conv2D(8, 5, activation="relu", name="conv2", **same),
                  kl.MaxPooling2D(3, strides=2, name="pool2", **same), normalization(name="norm2"),
                  kl.Conv2D(12, 3, activation="relu", name="conv3", **same),
                  kl.Conv2D(12, 3, activation="relu", name="conv4", **same),
                  kl.Conv2D(8, 3, activation="relu", name="conv5", **same),
                  kl.MaxPooling2D(3, strides=2, name="pool3", **same), normalization(name="norm3"), kl.Flatten(),
                  kl.Dense(120, activation=dense_activation, name="fc1"), kl.Dropout(0.5),
                  kl.Dense(120, activation=dense_activation, name="fc2"), kl.Dropout(0.5),
                  kl.Dense(29, activation="softmax", name="probabilities")]:
        x = layer(x)
        outputs[layer.name] = x
    model = keras.Model(inputs, {name: outputs[name] for name in network.outputs})
    for name, arrays in network.weights.items():
        kernel = arrays["W"]
        if mistake == "flipped kernels" and kernel.ndim == 4:
            kernel = kernel[::-1, ::-1]
        model.get_layer(name).set_weights([kernel, arrays["b"]])
    return model


def dense_activation(name):
    return name.split("_")[2]


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("name", ALEXNET)
def test_alexnet_computes_the_same_in_keras(name, batch_size):
    network = load(name)
    model = alexnet_twin(network, dense_activation(name))
    assert model.count_params() == network.parameters == 153_069
    computed = outputs(model, network.inputs, batch_size)
    for layer, expected in network.outputs.items():
        # Inner layers hold values to about 250: the tolerance goes with their size.
        tolerance = ALEXNET_TOLERANCE if layer == "probabilities" else 1e-5 * np.abs(expected).max()
        assert np.abs(computed[layer][:len(expected)] - expected).max() <= tolerance, layer


@pytest.mark.parametrize("name", ALEXNET)
def test_alexnet_recording_can_fail(name):
    """Outputs reach from 0 to nearly 1, but are not pinned to either: a small change of the network shows in them."""
    probabilities = load(name).outputs["probabilities"]
    assert probabilities.shape == (4, 29)
    assert probabilities.min() < 1e-3 and 0.85 < probabilities.max() < 0.99
    assert ((probabilities > 0.01) & (probabilities < 0.9)).sum() >= 12


@pytest.mark.parametrize("name", ALEXNET)
def test_both_eras_were_fed_the_same(name):
    one, other = load(name), load(name[:-1] + ("2" if name.endswith("1") else "1"))
    np.testing.assert_array_equal(one.inputs, other.inputs)
    for layer, arrays in one.weights.items():
        for key in arrays:
            np.testing.assert_array_equal(arrays[key], other.weights[layer][key])
    assert one.versions["tensorflow"].split(".")[0] != other.versions["tensorflow"].split(".")[0]
    assert np.abs(one.outputs["probabilities"] - other.outputs["probabilities"]).max() <= ALEXNET_TOLERANCE


@pytest.mark.parametrize("mistake", ["no LRN", "batch normalization", "other dense activation",
                                     "height and width swapped", "flipped kernels"])
@pytest.mark.parametrize("name", ALEXNET[1::2])
def test_alexnet_shows_every_mistake(name, mistake):
    network = load(name)
    activation = dense_activation(name)
    if mistake == "other dense activation":
        activation = {"relu": "tanh", "tanh": "relu"}[activation]
    model = alexnet_twin(network, activation, mistake)
    if mistake != "batch normalization":
        assert model.count_params() == network.parameters  # counting parameters would not have shown it
    images = network.inputs.transpose(0, 2, 1, 3) if mistake == "height and width swapped" else network.inputs
    computed = outputs(model, images)["probabilities"]
    assert np.abs(computed - network.outputs["probabilities"]).max() >= MISTAKE * ALEXNET_TOLERANCE


@pytest.mark.parametrize("name", ALEXNET[1::2])
def test_one_weight_changed_by_a_thousandth_shows(name):
    network = load(name)
    model = alexnet_twin(network, dense_activation(name))
    kernel, bias = model.get_layer("conv1").get_weights()
    kernel[5, 5, 0] += 1e-3
    model.get_layer("conv1").set_weights([kernel, bias])
    computed = outputs(model, network.inputs)["probabilities"]
    assert np.abs(computed - network.outputs["probabilities"]).max() > 3 * ALEXNET_TOLERANCE
