"""Branches of different sizes that meet, and the layers of newer networks, in small models of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from keras.src.applications import convnext, inception_resnet_v2

from helpers import shapes


def squeeze_and_excitation(join=layers.Multiply):
    """A branch through global pooling decides about the channels, as in EfficientNet."""
    inputs = keras.Input((12, 14, 3))
    x = layers.Conv2D(4, 3, activation="softplus", name="convolution")(inputs)
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.Reshape((1, 1, 4))(gate)
    gate = layers.Conv2D(2, 1, activation="tanh")(gate)
    gate = layers.Conv2D(4, 1, activation="sigmoid")(gate)
    x = join(name="join")([x, gate] if join is layers.Multiply else [gate, x])
    return keras.Model(inputs, layers.DepthwiseConv2D(3, strides=2, name="after")(x))


def view(model, layer):
    """How many rows and columns of the input one number in the middle of a layer's output changes with: by gradients."""
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    pixels = tf.constant(np.random.default_rng(0).normal(size=(1, *model.input_shape[1:])).astype("float32"))
    height, width = part.output_shape[1:3]
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        number = part(pixels)[0, height // 2, width // 2, 0]
    touched = tape.gradient(number, pixels)[0].numpy().any(axis=-1)
    return touched.any(axis=1).sum(), touched.any(axis=0).sum()


@pytest.mark.parametrize("join", [layers.Multiply, layers.Add])
def test_behind_a_globally_pooled_branch_every_number_sees_the_whole_map(join):
    keras.utils.set_random_seed(0)
    model = squeeze_and_excitation(join)
    table = shapes.from_keras(model)
    for layer, jump in ("convolution", (1, 1)), ("join", (0, 0)), ("after", (0, 0)):
        assert table[layer].receptive_field == view(model, layer)
        assert table[layer].jump == jump
    assert table["join"].receptive_field == (12, 14)
    assert table.parameters == model.count_params()
    assert table.multiply_adds == 10 * 12 * 27 * 4 + 4 * 2 + 2 * 4 + 4 * 5 * 9 * 4


def test_a_pooled_branch_may_see_less_than_the_other():
    inputs = keras.Input((4, 4, 1))
    wide = layers.Conv2D(1, 9, padding="same")(inputs)
    model = keras.Model(inputs, layers.Multiply()([layers.GlobalMaxPooling2D(keepdims=True)(inputs), wide]))
    last = shapes.from_keras(model).rows[-1]
    assert (last.receptive_field, last.jump) == ((9, 9), (0, 0))


def test_a_small_convnext():
    model = convnext.ConvNeXt(depths=[1, 2, 1, 1], projection_dims=[4, 6, 8, 10], drop_path_rate=0.5, input_shape=(64, 64, 3),
                              weights=None, classes=5)
    table = shapes.from_keras(model)
    assert table.parameters == model.count_params()
    kinds = [row.kind for row in table]
    assert {"Normalization", "LayerNormalization", "LayerScale", "StochasticDepth", "Sequential", "Dense", "Add"} <= {*kinds}
    scale = table.rows[kinds.index("LayerScale")]
    assert (scale.parameters, scale.trainable, scale.multiply_adds) == (4, 4, 0)
    block = table.rows[kinds.index("Sequential"):kinds.index("Add") + 1]
    assert [row.multiply_adds for row in block if row.multiply_adds] == [
        256 * 48 * 4, 256 * 49 * 4, 256 * 4 * 16, 256 * 16 * 4]
    assert block[-1].receptive_field == (4 + 6 * 4,) * 2


def test_a_scaled_sum():
    inputs = keras.Input((8, 8, 2))
    joined = inception_resnet_v2.CustomScaleLayer(0.1, name="scale")([inputs, layers.Conv2D(2, 3, padding="same")(inputs)])
    row = shapes.from_keras(keras.Model(inputs, joined))["scale"]
    assert (row.output_shape, row.parameters, row.multiply_adds, row.receptive_field) == ((8, 8, 2), 0, 0, (3, 3))


def test_normalization_keeps_what_it_measured():
    adapted, given = layers.Normalization(), layers.Normalization(mean=[1.0, 2.0], variance=[3.0, 4.0])
    adapted.adapt(np.arange(12.0).reshape(1, 2, 3, 2))
    for layer, kept in (adapted, 2 + 2 + 1), (given, 0):
        model = keras.Sequential([keras.Input((2, 3, 2)), layer])
        row = shapes.from_keras(model).rows[-1]
        assert (row.parameters, row.trainable, row.receptive_field) == (kept, 0, (1, 1))
        assert kept == model.count_params()


def test_layer_normalization_sees_a_whole_vector_and_one_place_of_a_picture():
    for shape, field in ((9,), (9,)), ((4, 9), (1, 9)), ((4, 4, 9), (1, 1)):
        for axis in (-1, [-1], len(shape)):
            model = keras.Sequential([keras.Input(shape), layers.LayerNormalization(axis=axis)])
            table = shapes.trace(shape, [shapes.LayerNormalization()])
            assert table == shapes.from_keras(model)
            assert (table.parameters, table.rows[-1].receptive_field) == (18, field)


def test_layer_scale_is_described_as_keras_builds_it():
    model = keras.Sequential([keras.Input((5, 5, 3)), convnext.LayerScale(1e-6, 3)])
    table = shapes.trace((5, 5, 3), [shapes.LayerScale()])
    assert table == shapes.from_keras(model) and (table.parameters, table.trainable) == (3, 3)


def test_reshape():
    described = [shapes.Conv2D(6, 4), shapes.Reshape([2, -1]), shapes.Reshape((6,)), shapes.Dense(2)]
    table = shapes.trace((4, 4, 1), described)  # a map of one pixel: all its numbers see the same
    assert [row.output_shape for row in table.rows[1:]] == [(1, 1, 6), (2, 3), (6,), (2,)]
    assert [row.receptive_field for row in table.rows[1:]] == [(4, 4)] * 4
    assert table == shapes.from_keras(keras.Sequential([
        keras.Input((4, 4, 1)), layers.Conv2D(6, 4), layers.Reshape((2, -1)), layers.Reshape((6,)), layers.Dense(2)]))
