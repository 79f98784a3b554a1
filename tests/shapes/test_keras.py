"""Layer arithmetic against Keras: random networks, and the models of the course."""

import itertools

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from helpers import shapes
from tests.shapes.edges import two_hundred
from tests.shapes.keras_models import as_keras, names, pairs


@st.composite
def layer_lists(draw):
    """A random network that fits a random picture: windows first, then dense layers."""
    kernel, stride = pairs[4], st.integers(1, 2)
    convolution = st.one_of(
        st.builds(shapes.Conv2D, st.integers(1, 4), kernel, stride, names, use_bias=st.booleans(),
                  activation=st.sampled_from([None, "relu"])),
        st.builds(shapes.Conv2D, st.integers(1, 4), kernel, padding=names, dilation=pairs[3]),
        st.builds(shapes.DepthwiseConv2D, kernel, stride, names, st.integers(1, 2)),
        st.builds(shapes.SeparableConv2D, st.integers(1, 4), kernel, stride, names),
        st.builds(shapes.MaxPooling2D, pairs[3], st.one_of(st.none(), stride), names),
        st.builds(shapes.AveragePooling2D, pairs[3], st.one_of(st.none(), stride), names),
        st.builds(shapes.ZeroPadding2D, st.integers(0, 3)),
        st.builds(shapes.Dense, st.integers(1, 4)))
    anywhere = st.one_of(
        st.builds(shapes.BatchNormalization, st.booleans(), st.booleans()),
        st.builds(shapes.LayerNormalization, st.booleans(), st.booleans()),
        st.sampled_from([shapes.Activation("tanh"), shapes.ReLU(), shapes.ReLU(6.0), shapes.Dropout(0.5),
                         shapes.Softmax(), shapes.Rescaling(1 / 255), shapes.Unchanged("LeakyReLU")]))
    pictures_only = st.sampled_from([shapes.Unchanged("RandomFlip"), shapes.Unchanged("RandomRotation"),
                                     shapes.Unchanged("SpatialDropout2D")])
    bridge = st.sampled_from([
        [shapes.Flatten()], [shapes.GlobalAveragePooling2D()], [shapes.GlobalMaxPooling2D(keepdims=True)],
        [shapes.Flatten(), shapes.Reshape((1, -1, 1))], []])
    return [draw(convolution), *draw(st.lists(st.one_of(convolution, anywhere, pictures_only), max_size=5)),
            *draw(bridge),
            *draw(st.lists(st.one_of(st.builds(shapes.Dense, st.integers(1, 8)), anywhere), max_size=3))]


@settings(two_hundred, max_examples=150)
@given(shape=st.tuples(st.integers(8, 24), st.integers(8, 24), st.integers(1, 3)), described=layer_lists())
def test_random_networks_are_what_keras_builds(shape, described):
    try:
        table = shapes.trace(shape, described)
    except ValueError as error:
        assert "longer than the input" in str(error)
        try:
            model = keras.Sequential([keras.Input(shape), *map(as_keras, described)])
        except ValueError:
            return
        assert any(min(layer.output.shape[1:]) < 1 for layer in model.layers)  # older versions of Keras let it pass
        return
    model = keras.Sequential([keras.Input(shape), *map(as_keras, described)])
    theirs = shapes.from_keras(model)
    assert table == theirs, table.difference(theirs)
    assert table.output_shape == model.output_shape[1:]
    assert table.parameters == model.count_params()
    assert table.trainable == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert [row.output_shape for row in table.rows[1:]] == [layer.output.shape[1:] for layer in model.layers]
    assert [row.kind for row in table.rows[1:]] == [type(layer).__name__ for layer in model.layers]
    assert [(row.kind, row.settings) for row in table] == [(row.kind, row.settings) for row in theirs]


def signs():
    """The sign language network with the functional API, as its lesson writes it."""
    inputs = keras.Input((64, 64, 3))
    x = layers.ZeroPadding2D(3)(inputs)
    for kernels in (32, 64):
        x = layers.Conv2D(kernels, 7)(x)
        x = layers.BatchNormalization(axis=3)(x)
        x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D(2)(x)
    return keras.Model(inputs, layers.Dense(6, activation="softmax")(layers.Flatten()(x)))


def signs_described():
    return [shapes.ZeroPadding2D(3),
            *itertools.chain(*([shapes.Conv2D(kernels, 7), shapes.BatchNormalization(), shapes.Activation("relu"),
                                shapes.MaxPooling2D(2)] for kernels in (32, 64))),
            shapes.Flatten(), shapes.Dense(6, activation="softmax")]


def test_functional_model():
    model = signs()
    table = shapes.from_keras(model)
    assert table == shapes.trace((64, 64, 3), signs_described())
    assert (table.parameters, table.not_trainable) == (170_438, 192) and model.count_params() == 170_438
    assert [row.name for row in table.rows[1:]] == [layer.name for layer in model.layers[1:]]
    assert table[model.layers[2].name].settings == "32 kernels 7 x 7, valid"


def test_shapes_and_parameters_are_read_from_keras_and_not_computed(monkeypatch):
    model, right = signs(), shapes.trace((64, 64, 3), signs_described())
    monkeypatch.setattr("helpers.shapes.convolutions.conv_parameters", lambda *arguments: 1)
    monkeypatch.setattr("helpers.shapes.pooling.pool_output_length", lambda length, *arguments: length)
    wrong, read = shapes.trace((64, 64, 3), signs_described()), shapes.from_keras(model)
    assert wrong != read and wrong != right
    for column in ("parameters", "trainable", "output_shape"):
        assert [getattr(row, column) for row in read] == [getattr(row, column) for row in right]


def test_a_model_that_has_been_fitted_counts_no_optimizer_variables():
    model = signs()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(np.zeros((2, 64, 64, 3), "float32"), np.zeros(2), verbose=0)
    assert shapes.from_keras(model).parameters == 170_438


def test_frozen_layers():
    model = signs()
    model.layers[2].trainable = model.layers[3].trainable = False
    described = signs_described()
    described[1] = shapes.Conv2D(32, 7, trainable=False)
    described[2] = shapes.BatchNormalization(trainable=False)
    table = shapes.from_keras(model)
    assert table == shapes.trace((64, 64, 3), described)
    assert table.trainable == 170_246 - 4736 - 64


def test_sequential_built_later():
    model = keras.Sequential([layers.Flatten(), layers.Dense(10)])
    model.build((None, 28, 28, 1))
    assert shapes.from_keras(model) == shapes.trace((28, 28, 1), [shapes.Flatten(), shapes.Dense(10)])


class LocalResponseNormalization(layers.Layer):
    """Stands for the course's own layer, which is read by its name."""

    def call(self, inputs):
        return inputs


def test_alexnet_with_its_own_normalization_layer():
    model = keras.Sequential([keras.Input((27, 48, 3)), layers.Conv2D(4, 11, 4, "same", activation="relu"),
                              layers.MaxPooling2D(3, 2, "same"), LocalResponseNormalization(), layers.Flatten(),
                              layers.Dense(29, activation="softmax")])
    assert shapes.from_keras(model) == shapes.trace((27, 48, 3), [
        shapes.Conv2D(4, 11, 4, "same"), shapes.MaxPooling2D(3, 2, "same"), shapes.LocalResponseNormalization(),
        shapes.Flatten(), shapes.Dense(29)])


def residual():
    """Two branches that meet: a short way around two convolutions; then side by side with a wider one."""
    inputs = keras.Input((16, 12, 4))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    x = layers.Conv2D(4, 3, padding="same")(x)
    x = layers.Add()([inputs, x])
    x = layers.Concatenate()([x, layers.Conv2D(3, 7, padding="same")(x)])
    return keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(x)))


def test_branches_that_meet():
    model = residual()
    table = shapes.from_keras(model)
    assert table.parameters == model.count_params()
    rows = {row.kind: row for row in table}
    assert (rows["Add"].output_shape, rows["Add"].receptive_field) == ((16, 12, 4), (5, 5))
    assert (rows["Concatenate"].output_shape, rows["Concatenate"].receptive_field) == ((16, 12, 7), (11, 11))
    assert len(table) == len(model.layers) - 1
    assert table.multiply_adds == 16 * 12 * (2 * 9 * 4 * 4 + 49 * 4 * 3) + 7 * 5


def test_a_model_within_a_model_is_one_row():
    base = residual()
    base.trainable = False
    inputs = keras.Input((16, 12, 4))
    prepare = keras.Sequential([inputs, layers.RandomFlip(), layers.Rescaling(1 / 255)], name="prepare")
    model = keras.Model(inputs, layers.Dense(2)(base(prepare(inputs), training=False)))
    short, inner = shapes.from_keras(model), shapes.from_keras(base)
    assert [row.kind for row in short] == ["Input", "Sequential", "Functional", "Dense"]
    assert short.rows[2].settings == f"{len(base.layers) - 1} layers"
    assert (short.rows[2].multiply_adds, short.rows[2].output_shape) == (inner.multiply_adds, inner.output_shape)
    assert short.rows[2].fields == inner.rows[-1].fields
    assert (short.parameters, short.trainable) == (model.count_params(), 5 * 2 + 2)


def test_mobilenet():
    model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=10)
    table = shapes.from_keras(model)
    assert table.parameters == model.count_params()
    assert table.not_trainable == sum(int(np.prod(weight.shape)) for weight in model.non_trainable_weights)
    assert len(table) == len(model.layers) - 1
    assert {row.name: row.output_shape for row in table.rows[1:]} == {
        layer.name: layer.output.shape[1:] for layer in model.layers[1:]}


def test_outputs_change_with_as_many_pixels_as_the_receptive_field_says():
    described = [shapes.Conv2D(2, (5, 3)), shapes.AveragePooling2D(2), shapes.Conv2D(2, 3, (2, 1), "same"),
                 shapes.Conv2D(2, 3, dilation=(1, 2))]
    table = shapes.trace((40, 36, 1), described)
    model = keras.Sequential([keras.Input((40, 36, 1)), *map(as_keras, described)])
    model.set_weights([np.ones_like(weights) for weights in model.get_weights()])
    height, width, _ = table.output_shape
    reached = {}
    for down, across in itertools.product((0, 1), repeat=2):
        place = (height // 2 + down, width // 2 + across)
        reached[down, across] = [np.flatnonzero(axis) for axis in footprint(model, place)]
    assert tuple(len(axis) for axis in reached[0, 0]) == table.rows[-1].receptive_field
    jumps = (reached[1, 0][0][0] - reached[0, 0][0][0], reached[0, 1][1][0] - reached[0, 0][1][0])
    assert jumps == table.rows[-1].jump


def footprint(model, place):
    """Rows and columns of the input that one output number changes with: by poking each pixel, with weights of 1."""
    height, width, _ = model.input_shape[1:]
    pokes = np.eye(height * width, dtype="float32").reshape(-1, height, width, 1)
    answers = model.predict(pokes, batch_size=256, verbose=0)[:, place[0], place[1], 0]
    touched = (answers - model.predict(np.zeros_like(pokes[:1]), verbose=0)[0, place[0], place[1], 0]) != 0
    touched = touched.reshape(height, width)
    return touched.any(axis=1), touched.any(axis=0)
