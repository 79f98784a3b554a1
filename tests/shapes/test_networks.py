"""Whole networks traced: the known totals of the course's networks, and what each layer sees."""

import pytest

from helpers.shapes import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    LocalResponseNormalization,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
    trace,
)

LENET = [Conv2D(6, 5, name="conv1"), MaxPooling2D(2, name="pool1"), Conv2D(16, 5, name="conv2"),
         MaxPooling2D(2, name="pool2"), Flatten(), Dense(120), Dense(84), Dense(10)]
SIGNS = [ZeroPadding2D(3), Conv2D(32, 7), BatchNormalization(), Activation("relu"), MaxPooling2D(2),
         Conv2D(64, 7), BatchNormalization(), Activation("relu"), MaxPooling2D(2), Flatten(), Dense(6)]


def alexnet(kernels=(96, 256, 384, 384, 256), units=(4096, 4096, 29), padding="valid", extras=False):
    """The eleven layers of the table, and on demand what stands between them."""
    first, second, third, fourth, fifth = kernels
    normalization, dropout = ([LocalResponseNormalization()], [Dropout(0.5)]) if extras else ([], [])
    return [Conv2D(first, 11, 4, padding), MaxPooling2D(3, 2, padding), *normalization,
            Conv2D(second, 5, 1, "same"), MaxPooling2D(3, 2, padding), *normalization,
            Conv2D(third, 3, 1, "same"), Conv2D(fourth, 3, 1, "same"), Conv2D(fifth, 3, 1, "same"),
            MaxPooling2D(3, 2, padding), *normalization, Flatten(),
            Dense(units[0]), *dropout, Dense(units[1]), *dropout, Dense(units[2])]


def two_convolutions(kernel=3, padding="valid", hidden=()):
    return [Conv2D(32, kernel, padding=padding), MaxPooling2D(2), Conv2D(64, 3, padding=padding), MaxPooling2D(2),
            Flatten(), *hidden, Dense(10)]


def test_lenet_row_by_row():
    table = trace((32, 32, 1), LENET)
    assert [row.output_shape for row in table] == [
        (32, 32, 1), (28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (400,), (120,), (84,), (10,)]
    assert [row.parameters for row in table] == [0, 156, 0, 2416, 0, 0, 48120, 10164, 850]
    assert [row.multiply_adds for row in table] == [0, 117_600, 0, 240_000, 0, 0, 48_000, 10_080, 840]
    assert [row.receptive_field for row in table] == [
        (1, 1), (5, 5), (6, 6), (14, 14), (16, 16), (32, 32), (32, 32), (32, 32), (32, 32)]
    assert [row.jump for row in table] == [(1, 1), (1, 1), (2, 2), (2, 2), (4, 4), (0, 0), (0, 0), (0, 0), (0, 0)]
    assert table.parameters == table.trainable == 61_706
    assert table.multiply_adds == 416_520
    assert table.activation_size == 28 * 28 * 6 + 14 * 14 * 6 + 10 * 10 * 16 + 400 + 400 + 120 + 84 + 10
    assert table.activation_bytes == 4 * table.activation_size
    assert len(table) == 8


def test_lenet_without_the_middle_dense_layer_has_51902_parameters():
    assert trace((32, 32, 1), [*LENET[:6], Dense(10)]).parameters == 51_902


def test_softmax_regression_from_a_picture_or_a_row_of_pixels():
    flat, picture = trace((784,), [Dense(10)]), trace((28, 28, 1), [Flatten(), Dense(10)])
    assert flat.parameters == picture.parameters == 7850
    assert flat.rows[1].receptive_field == (784,)
    assert picture.rows[2].receptive_field == (28, 28)
    assert trace((28, 28), [Flatten(), Dense(10)]).rows[2].receptive_field == (28, 28)


def test_sign_language_network():
    table = trace((64, 64, 3), SIGNS)
    assert (table.parameters, table.trainable, table.not_trainable) == (170_438, 170_246, 192)
    assert [row.parameters for row in table if row.parameters] == [4736, 128, 100_416, 256, 64_902]
    assert [row.not_trainable for row in table if row.not_trainable] == [64, 128]


def test_alexnet_table_of_twelve_rows():
    table = trace((270, 480, 3), alexnet())
    rows = [row for row in table if row.kind != "Flatten"]
    assert [(row.output_shape, row.activation_size, row.parameters) for row in rows[1:]] == [
        ((65, 118, 96), 736_320, 34_944), ((32, 58, 96), 178_176, 0), ((32, 58, 256), 475_136, 614_656),
        ((15, 28, 256), 107_520, 0), ((15, 28, 384), 161_280, 885_120), ((15, 28, 384), 161_280, 1_327_488),
        ((15, 28, 256), 107_520, 884_992), ((7, 13, 256), 23_296, 0), ((4096,), 4096, 95_424_512),
        ((4096,), 4096, 16_781_312), ((29,), 29, 118_813)]
    assert (len(rows), table.parameters) == (12, 116_071_837)


def test_alexnet_padded_as_its_framework_pads():
    table = trace((270, 480, 3), alexnet(padding="same"))
    assert [row.output_shape for row in table if row.kind == "MaxPooling2D"] == [
        (34, 60, 96), (17, 30, 256), (9, 15, 256)]
    assert table["flatten"].output_shape == (34_560,)
    assert table["dense"].parameters == 141_561_856
    assert table.parameters == 162_209_181


def test_scaled_alexnet_and_its_sides_swapped_have_the_same_parameters():
    layers = alexnet((4, 8, 12, 12, 8), (120, 120, 29), "same", extras=True)
    table = trace((270, 480, 3), layers)
    assert [row.parameters for row in table if row.parameters] == [
        1456, 808, 876, 1308, 872, 129_720, 14_520, 3509]
    assert table.parameters == 153_069
    turned = trace((480, 270, 3), layers)
    assert turned.parameters == table.parameters  # a count cannot tell them apart
    assert turned != table
    assert table.difference(turned).startswith("They part at row 0: input (Input) here, input (Input) there.\n"
                                               "  output shape: (270, 480, 3) here, (480, 270, 3) there\n"
                                               "After it, 17 more of 17 rows differ.")


@pytest.mark.parametrize("layers, flat, parameters", [
    (two_convolutions(), 1600, 34_826),
    (two_convolutions(padding=1), 3136, 50_186),
    (two_convolutions(padding="same"), 3136, 50_186),
    ([Conv2D(32, 5), *two_convolutions()[1:]], 1600, 35_338),
    (two_convolutions(padding="same", hidden=[Dense(64)]), 3136, 220_234),
])
def test_the_same_network_in_four_frameworks_is_four_networks(layers, flat, parameters):
    table = trace((28, 28, 1), layers)
    assert table["flatten"].output_shape == (flat,)
    assert table.parameters == parameters


def test_traffic_sign_network():
    table = trace((32, 32, 3), [Conv2D(32, 3), MaxPooling2D(2), Dropout(0.5), Activation("relu"), Flatten(),
                                Dense(128), Activation("relu"), Dense(5), Activation("softmax")])
    assert [row.parameters for row in table if row.parameters] == [896, 921_728, 645]
    assert table.parameters == 923_269


def test_height_comes_first_everywhere():
    shape = (20, 30, 4)
    assert Conv2D(2, (3, 5), (1, 2), dilation=(2, 1)).output_shape(shape) == (16, 13, 2)
    assert Conv2D(2, (3, 5), padding=(1, 0)).output_shape(shape) == (20, 26, 2)
    assert MaxPooling2D((2, 3)).output_shape(shape) == (10, 10, 4)
    assert ZeroPadding2D((1, 2)).output_shape(shape) == ZeroPadding2D(((1, 1), (2, 2))).output_shape(shape)
    assert ZeroPadding2D(((1, 0), (0, 5))).output_shape(shape) == (21, 35, 4)
    table = trace(shape, [Conv2D(2, (3, 5), (1, 2)), Conv2D(2, (1, 3))])
    assert (table.rows[2].receptive_field, table.rows[2].jump) == ((3, 9), (1, 2))


def test_depthwise_is_a_convolution_with_as_many_groups_as_channels():
    depthwise, grouped = DepthwiseConv2D(3, 2, "same", depth_multiplier=2), Conv2D(12, 3, 2, "same", groups=6)
    assert trace((15, 14, 6), [depthwise]) == trace((15, 14, 6), [grouped])
    separable = trace((15, 14, 6), [SeparableConv2D(10, 3, 2, "same", depth_multiplier=2)])
    in_steps = trace((15, 14, 6), [DepthwiseConv2D(3, 2, "same", depth_multiplier=2, use_bias=False), Conv2D(10, 1)])
    assert (separable.parameters, separable.multiply_adds) == (in_steps.parameters, in_steps.multiply_adds)
    assert separable.rows[-1].receptive_field == in_steps.rows[-1].receptive_field


def test_global_pooling_sees_what_the_map_sees():
    table = trace((32, 32, 3), [Conv2D(8, 5, 2), GlobalAveragePooling2D(), Dense(4)])
    assert table.rows[2].output_shape == (8,)
    assert table.rows[2].receptive_field == table.rows[3].receptive_field == (31, 31)  # the last row is never read
    assert trace((32, 32, 3), [GlobalAveragePooling2D(keepdims=True)]).output_shape == (1, 1, 3)


def test_dense_on_a_picture_is_a_convolution_with_a_kernel_of_one():
    assert trace((8, 6, 3), [Conv2D(4, 3), Dense(7)]) == trace((8, 6, 3), [Conv2D(4, 3), Conv2D(7, 1)])


def test_frozen_layers_are_counted_and_not_trained():
    frozen = trace((8, 8, 1), [Conv2D(4, 3, trainable=False), BatchNormalization(trainable=False), Dense(2)])
    assert (frozen.parameters, frozen.trainable, frozen.not_trainable) == (40 + 16 + 10, 10, 56)
    assert "trainable: 0 here, 40 there" in frozen.difference(
        trace((8, 8, 1), [Conv2D(4, 3), BatchNormalization(), Dense(2)]))
