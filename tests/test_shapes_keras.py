"""Layer arithmetic against Keras: thousands of random layers, random networks, and the models of the course."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from keras import layers

from helpers import shapes

# The same examples in every run, 1,000 of each kind of layer.
thousand = settings(derandomize=True, deadline=None, max_examples=1000, database=None)
hundred = settings(thousand, max_examples=100)
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
    if isinstance(layer, shapes.Conv2DTranspose):
        return layers.Conv2DTranspose(layer.kernels, layer.kernel, layer.stride, layer.padding,
                                      output_padding=layer.output_padding, dilation_rate=layer.dilation, **zeros)
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
        return layers.BatchNormalization(scale=layer.scale, center=layer.center)
    if isinstance(layer, shapes.Unchanged):
        return getattr(layers, layer.keras_name)(*{"RandomFlip": [], "LeakyReLU": []}.get(layer.keras_name, [0.1]))
    return getattr(layers, kind)(*{
        "ZeroPadding2D": lambda: [layer.padding], "Reshape": lambda: [layer.target_shape],
        "Permute": lambda: [layer.dims], "Resizing": lambda: [layer.height, layer.width],
        "Activation": lambda: [layer.activation], "Dropout": lambda: [layer.rate], "ReLU": lambda: [layer.max_value],
        "Rescaling": lambda: [layer.scale, layer.offset]}.get(kind, list)(),
        **({"keepdims": layer.keepdims} if kind.startswith("Global") else {}))


# --- Layers by the thousand -----------------------------------------------------------------------------------------

@thousand
@given(shape=pictures, kernel=pairs[6], step=steps(), padding=names)
def test_convolution(shape, kernel, step, padding):
    ours = shapes.Conv2D(3, kernel, step[0], padding, step[1])
    agree(ours, as_keras(ours), shape)


@thousand
@given(shape=pictures, window=pairs[6], stride=st.one_of(st.none(), pairs[4]), padding=names,
       kind=st.sampled_from([shapes.MaxPooling2D, shapes.AveragePooling2D]))
def test_pooling(shape, window, stride, padding, kind):
    ours = kind(window, stride, padding)
    theirs = getattr(layers, kind.__name__)(window, stride, padding)
    if agree(ours, theirs, shape):
        lengths = [shapes.pool_output_length(length, side, step, padding)
                   for length, side, step in zip(shape, window, stride or window)]
        assert (*lengths, shape[2]) == ours.output_shape(shape)


@thousand
@given(shape=pictures, kernel=pairs[6], step=steps(), padding=names, data=st.data())
def test_transposed_convolution(shape, kernel, step, padding, data):
    more = data.draw(st.one_of(st.none(), st.tuples(*(st.integers(0, side - 1) for side in step[0]))))
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


@thousand
@given(shape=pictures, kernel=pairs[6], stride=st.integers(1, 4), padding=names, multiplier=st.integers(1, 3),
       kind=st.sampled_from([shapes.DepthwiseConv2D, shapes.SeparableConv2D]))
def test_depthwise_and_separable_convolution(shape, kernel, stride, padding, multiplier, kind):
    first = {"kernels": 5} if kind is shapes.SeparableConv2D else {}
    ours = kind(**first, kernel=kernel, stride=stride, padding=padding, depth_multiplier=multiplier)
    agree(ours, as_keras(ours), shape)


@hundred
@given(shape=pictures, padding=st.tuples(st.tuples(st.integers(0, 4), st.integers(0, 4)),
                                         st.tuples(st.integers(0, 4), st.integers(0, 4))))
def test_zero_padding(shape, padding):
    for zeros in (padding, padding[0], padding[0][0]):
        assert (shapes.ZeroPadding2D(zeros).output_shape(shape)
                == layers.ZeroPadding2D(zeros).compute_output_shape((None, *shape))[1:])


@settings(thousand, max_examples=60)
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


@hundred
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


# --- Networks -------------------------------------------------------------------------------------------------------

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
        st.builds(shapes.Conv2DTranspose, st.integers(1, 4), kernel, stride, names),
        st.builds(shapes.MaxPooling2D, pairs[3], st.one_of(st.none(), stride), names),
        st.builds(shapes.AveragePooling2D, pairs[3], st.one_of(st.none(), stride), names),
        st.builds(shapes.ZeroPadding2D, st.integers(0, 3)),
        st.builds(shapes.Resizing, st.integers(4, 20), st.integers(4, 20)),
        st.builds(shapes.Dense, st.integers(1, 4)))
    anywhere = st.one_of(
        st.builds(shapes.BatchNormalization, st.booleans(), st.booleans()),
        st.sampled_from([shapes.Activation("tanh"), shapes.ReLU(), shapes.ReLU(6.0), shapes.Dropout(0.5),
                         shapes.Softmax(), shapes.Rescaling(1 / 255), shapes.Unchanged("LeakyReLU")]))
    pictures_only = st.sampled_from([shapes.Unchanged("RandomFlip"), shapes.Unchanged("RandomRotation"),
                                     shapes.Unchanged("SpatialDropout2D")])
    bridge = st.sampled_from([
        [shapes.Flatten()], [shapes.GlobalAveragePooling2D()], [shapes.GlobalMaxPooling2D(keepdims=True)],
        [shapes.Permute((3, 1, 2)), shapes.Flatten()], [shapes.Reshape((-1,))], []])
    return [draw(convolution), *draw(st.lists(st.one_of(convolution, anywhere, pictures_only), max_size=5)),
            *draw(bridge),
            *draw(st.lists(st.one_of(st.builds(shapes.Dense, st.integers(1, 8)), anywhere), max_size=3))]


@settings(thousand, max_examples=150)
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
    model.compile("adam", "sparse_categorical_crossentropy")
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


def test_full_size_alexnet_with_the_shapes_of_keras():
    kernels = [(96, 11, 4), (256, 5, 1), (384, 3, 1), (384, 3, 1), (256, 3, 1)]
    for padding, parameters in (("valid", 116_071_837), ("same", 162_209_181)):
        theirs, ours, shape, total = [], [], (270, 480, 3), 0
        for number, (count, kernel, stride) in enumerate(kernels):
            theirs.append(layers.Conv2D(count, kernel, stride, padding if number == 0 else "same"))
            ours.append(shapes.Conv2D(count, kernel, stride, padding if number == 0 else "same"))
            if number in (0, 1, 4):
                theirs.append(layers.MaxPooling2D(3, 2, padding))
                ours.append(shapes.MaxPooling2D(3, 2, padding))
        ours += [shapes.Flatten(), shapes.Dense(4096), shapes.Dense(4096), shapes.Dense(29)]
        for layer in theirs:  # shapes without weights: a gigabyte of zeros proves nothing
            total += shapes.conv_parameters(layer.kernel_size, shape[-1], layer.filters) if "conv" in layer.name else 0
            shape = layer.compute_output_shape((None, *shape))[1:]
        for units in (4096, 4096, 29):
            total += shapes.dense_parameters(int(np.prod(shape)), units)
            shape = (units,)
        assert shapes.trace((270, 480, 3), ours).parameters == total == parameters


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


def test_a_model_within_a_model_is_one_row_or_all_of_its_rows():
    base = residual()
    base.trainable = False
    inputs = keras.Input((16, 12, 4))
    prepare = keras.Sequential([inputs, layers.RandomFlip(), layers.Rescaling(1 / 255)], name="prepare")
    model = keras.Model(inputs, layers.Dense(2)(base(prepare(inputs), training=False)))
    short, long = shapes.from_keras(model), shapes.from_keras(model, expand_nested=True)
    assert [row.kind for row in short] == ["Input", "Sequential", "Functional", "Dense"]
    assert [row.name for row in long][:4] == ["input", *(f"prepare/{layer.name}" for layer in model.layers[1].layers),
                                              f"{base.name}/{base.layers[1].name}"]
    assert short.rows[2].settings == f"{len(base.layers) - 1} layers"
    for column in ("parameters", "trainable", "multiply_adds", "output_shape"):
        assert getattr(short, column) == getattr(long, column)
    assert short.rows[-1].fields == long.rows[-1].fields
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


# --- Bad input ------------------------------------------------------------------------------------------------------

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
])
def test_models_that_cannot_be_read_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        shapes.from_keras(make())


def test_a_keras_layer_among_descriptions_is_named():
    with pytest.raises(ValueError, match=r"layer 1 is <Flatten.*Use from_keras for a Keras model"):
        shapes.trace((28, 28, 1), [layers.Flatten()])
