"""Models of Keras that layer arithmetic cannot read are named."""

import keras
import pytest
from keras import layers

from helpers import shapes


class Own(keras.Model):
    """A model with a call of its own."""

    def __init__(self):
        super().__init__(name="own")
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


class MyConvolution(layers.Conv2D):
    """A subclass may compute anything."""


def branching(inputs=1, outputs=1):
    starts = [keras.Input((4,)) for _ in range(inputs)]
    joined = layers.Concatenate()(starts) if inputs > 1 else starts[0]
    return keras.Model(starts, [layers.Dense(2)(joined) for _ in range(outputs)])


def twice():
    inputs, layer = keras.Input((4,)), layers.Dense(4, name="shared")
    return keras.Model(inputs, layer(layer(inputs)))


def merged_otherwise():
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dot(1, name="scalar")([inputs, layers.Dense(4)(inputs)]))


@pytest.mark.parametrize("make, message", [
    (lambda: 3, "model must be a Keras model, got int"),
    (lambda: [shapes.Flatten()], r"model must be a Keras model, got list.*use trace\(input_shape, layers\)"),
    (lambda: layers.Dense(2), "model must be a Keras model, got Dense"),
    (lambda: keras.Sequential([layers.Dense(2)], name="s"), r"'s' \(Sequential\) is not built.*Put keras.Input"),
    (Own, r"'own' \(Own\) has a call method of its own"),
    (lambda: keras.Sequential([keras.Input((4,)), Own()]), "'own' is a Own, which is not among the layers"),
    (lambda: keras.Sequential([keras.Input((8, 8, 1)), MyConvolution(2, 3, name="mine")]),
     "layer 'mine' is a MyConvolution, which is not among the layers that can be traced: .*Conv2D.*Dense"),
    (lambda: keras.Sequential([keras.Input((8,)), layers.Lambda(abs, name="l")]), "layer 'l' is a Lambda"),
    (lambda: branching(inputs=2), "has 2 inputs and 1 outputs"),
    (lambda: branching(outputs=2), "has 1 inputs and 2 outputs"),
    (twice, r"layer 'shared' \(Dense\) is used twice"),
    (merged_otherwise, r"layer 'scalar' \(Dot\) joins 2 branches, and is not one of Add"),
    (lambda: keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 3)]), "a size is left open.*fixed size"),
    (lambda: keras.Sequential([keras.Input((3, 8, 8)), layers.MaxPooling2D(2, data_format="channels_first", name="p")]),
     r"layer 'p' \(MaxPooling2D\) puts the channels first"),
    (lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.BatchNormalization(axis=1, name="b")]),
     r"layer 'b' \(BatchNormalization\) works along axis 1"),
    (lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.LayerNormalization(axis=[1, 2, 3], name="n")]),
     r"layer 'n' \(LayerNormalization\) works along axis \[1, 2, 3\]"),
    (lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Reshape((64, 3), name="r")]),
     r"layer 'r' \(Reshape\): numbers at different places of \(8, 8, 3\) see different parts of the input"),
])
def test_models_that_cannot_be_read_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        shapes.from_keras(make())


def test_a_keras_layer_among_descriptions_is_named():
    with pytest.raises(ValueError, match=r"layer 1 is <Flatten.*Use from_keras for a Keras model"):
        shapes.trace((28, 28, 1), [layers.Flatten()])
