"""Whole networks traced: the known totals of the course's networks, the table, and what happens on bad input."""

import html.parser
import math

import pytest

from helpers.shapes import (
    Activation,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    LocalResponseNormalization,
    MaxPooling2D,
    Permute,
    Rescaling,
    Reshape,
    Resizing,
    SeparableConv2D,
    Unchanged,
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


# --- Layers ---------------------------------------------------------------------------------------------------------

def test_height_comes_first_everywhere():
    shape = (20, 30, 4)
    assert Conv2D(2, (3, 5), (1, 2), dilation=(2, 1)).output_shape(shape) == (16, 13, 2)
    assert Conv2D(2, (3, 5), padding=(1, 0)).output_shape(shape) == (20, 26, 2)
    assert MaxPooling2D((2, 3)).output_shape(shape) == (10, 10, 4)
    assert ZeroPadding2D((1, 2)).output_shape(shape) == ZeroPadding2D(((1, 1), (2, 2))).output_shape(shape)
    assert ZeroPadding2D(((1, 0), (0, 5))).output_shape(shape) == (21, 35, 4)
    assert Conv2DTranspose(2, (3, 5), (1, 2)).output_shape(shape) == (22, 63, 2)
    table = trace(shape, [Conv2D(2, (3, 5), (1, 2)), Conv2D(2, (1, 3))])
    assert (table.rows[2].receptive_field, table.rows[2].jump) == ((3, 9), (1, 2))


def test_depthwise_is_a_convolution_with_as_many_groups_as_channels():
    depthwise, grouped = DepthwiseConv2D(3, 2, "same", depth_multiplier=2), Conv2D(12, 3, 2, "same", groups=6)
    assert trace((15, 14, 6), [depthwise]) == trace((15, 14, 6), [grouped])
    separable = trace((15, 14, 6), [SeparableConv2D(10, 3, 2, "same", depth_multiplier=2)])
    in_steps = trace((15, 14, 6), [DepthwiseConv2D(3, 2, "same", depth_multiplier=2, use_bias=False), Conv2D(10, 1)])
    assert (separable.parameters, separable.multiply_adds) == (in_steps.parameters, in_steps.multiply_adds)
    assert separable.rows[-1].receptive_field == in_steps.rows[-1].receptive_field


def test_a_picture_unfolded_from_a_row_of_pixels_is_seen_as_a_picture():
    unfolded = trace((784,), [Rescaling(1 / 255), Reshape((28, 28, -1)), Conv2D(6, 5), Flatten(), Dense(10)])
    assert unfolded.rows[3].receptive_field == (5, 5)
    assert unfolded.rows[-1].receptive_field == (28, 28)
    folded = trace((8, 6, 3), [Reshape((-1,)), Dense(2)])
    assert folded.rows[1].receptive_field == folded.rows[2].receptive_field == (8, 6)
    generated = trace((100,), [Dense(49), Reshape((7, 7, 1)), Conv2DTranspose(8, 3, 2, "same")])
    assert generated.output_shape == (14, 14, 8)
    assert generated.rows[-1].receptive_field == (100,)


def test_axes_put_in_another_order_see_everything_from_there_on():
    table = trace((8, 6, 3), [Conv2D(5, 3), Permute((3, 1, 2)), Flatten(), Dense(2)])
    assert table.rows[2].output_shape == (5, 6, 4)
    assert [row.receptive_field for row in table][1:] == [(3, 3), (8, 6), (8, 6), (8, 6)]
    assert trace((8, 6, 3), [Permute((1, 2, 3))]).rows[1].receptive_field == (1, 1)


def test_global_pooling_sees_what_the_map_sees():
    table = trace((32, 32, 3), [Conv2D(8, 5, 2), GlobalAveragePooling2D(), Dense(4)])
    assert table.rows[2].output_shape == (8,)
    assert table.rows[2].receptive_field == table.rows[3].receptive_field == (31, 31)  # the last row is never read
    assert trace((32, 32, 3), [GlobalAveragePooling2D(keepdims=True)]).output_shape == (1, 1, 3)


def test_dense_on_a_picture_is_a_convolution_with_a_kernel_of_one():
    assert trace((8, 6, 3), [Conv2D(4, 3), Dense(7)]) == trace((8, 6, 3), [Conv2D(4, 3), Conv2D(7, 1)])


def test_a_smaller_picture_takes_larger_steps():
    table = trace((32, 64, 3), [Resizing(16, 64), Conv2D(4, 3)])
    assert table.output_shape == (14, 62, 4)
    assert table.rows[1].receptive_field == (2, 1)
    assert table.rows[2].receptive_field == (2 + 2 * 2, 3)


def test_frozen_layers_are_counted_and_not_trained():
    frozen = trace((8, 8, 1), [Conv2D(4, 3, trainable=False), BatchNormalization(trainable=False), Dense(2)])
    assert (frozen.parameters, frozen.trainable, frozen.not_trainable) == (40 + 16 + 10, 10, 56)
    assert "trainable: 0 here, 40 there" in frozen.difference(
        trace((8, 8, 1), [Conv2D(4, 3), BatchNormalization(), Dense(2)]))


# --- The table ------------------------------------------------------------------------------------------------------

def test_tables_are_equal_whatever_the_names():
    named, plain = trace((32, 32, 1), LENET), trace((32, 32, 1), [Conv2D(6, 5), MaxPooling2D(2), *LENET[2:]])
    assert named == plain and hash(named) == hash(plain)
    assert named.difference(plain) == "No difference: 8 layers, 61,706 parameters."
    assert named != trace((32, 32, 1), LENET[:-1])
    assert named != trace((33, 32, 1), LENET)
    assert named != "a table"
    assert not named == trace((32, 32, 1), [*LENET[:-1], Dense(10, use_bias=False)])


def test_two_tables_that_differ_in_the_receptive_field_alone_differ():
    dilated, dense = [trace((9, 9, 1), [Conv2D(2, 3, 1, "same", dilation)]) for dilation in (2, 1)]
    assert dilated != dense
    assert dilated.difference(dense) == (
        "They part at row 1: conv2d (Conv2D) here, conv2d (Conv2D) there.\n"
        "  receptive field: (5, 5) here, (3, 3) there\n"
        "In all: 20 parameters here, 20 there.")


def test_difference_says_where_two_tables_part_and_what_is_left_over():
    valid = trace((28, 28, 1), two_convolutions())
    same = trace((28, 28, 1), two_convolutions(padding="same", hidden=[Dense(64, name="extra")]))
    words = valid.difference(same)
    assert words.startswith("They part at row 1: conv2d (Conv2D) here, conv2d (Conv2D) there.\n"
                            "  output shape: (26, 26, 32) here, (28, 28, 32) there\n")
    assert "After it, 5 more of 5 rows differ." in words
    assert "Only there: dense (Dense)." in words
    assert words.endswith("In all: 34,826 parameters here, 220,234 there.")
    shorter = trace((28, 28, 1), two_convolutions()[:-1])
    assert valid.difference(shorter) == ("Only here: dense (Dense).\nIn all: 34,826 parameters here, 18,816 there.")


def test_rows_are_found_by_number_and_by_name():
    table = trace((32, 32, 1), LENET)
    assert table["conv1"] is table[1]
    assert table[-1].name == "dense_2"
    assert table.input_shape == (32, 32, 1) and table.output_shape == (10,)
    with pytest.raises(KeyError, match="no layer is called 'conv3'; there are input, conv1, pool1"):
        table["conv3"]


def test_names_are_made_as_keras_makes_them():
    layers = [Conv2DTranspose(2, 3), MaxPooling2D(), Conv2D(2, 3), Conv2D(2, 1, name="conv2d_1"), Conv2D(2, 1),
              GlobalAveragePooling2D(), BatchNormalization(), Unchanged("RandomFlip")]
    assert [row.name for row in trace((9, 9, 1), layers)] == [
        "input", "conv2d_transpose", "max_pooling2d", "conv2d", "conv2d_1", "conv2d_2", "global_average_pooling2d",
        "batch_normalization", "random_flip"]


def test_text_is_aligned_with_thousands_separated():
    table = trace((270, 480, 3), alexnet())
    lines = str(table).splitlines()
    assert repr(table) == str(table)
    assert lines[0].split("  ")[0] == "layer" and lines[0].endswith("jump")
    conv = next(line for line in lines if line.startswith("conv2d "))
    assert conv.split() == ["conv2d", "Conv2D", "(65,", "118,", "96)", "736,320", "2,945,280", "34,944", "34,944",
                            "267,284,160", "11", "x", "11", "4"]
    end = lines[0].index("parameters") + len("parameters")
    numbers = [line[:end].split()[-1] for line in lines[2:-3]]
    assert numbers == [f"{row.parameters:,}" for row in table]
    assert lines[-2].split()[:4] == ["total", f"{table.activation_size:,}", f"{table.activation_bytes:,}",
                                     "116,071,837"]
    assert lines[-1].startswith("12 layers, 116,071,837 parameters (116,071,837 trainable, 0 not)")
    assert max(map(len, lines)) <= 140


class Page(html.parser.HTMLParser):
    """Collects the cells of a page and complains about tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.tags, self.styles = [], [], set(), []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.add(tag)
        attributes = dict(attributes)
        self.styles.append((tag, attributes.get("style", "")))
        assert not any(name.startswith("on") for name in attributes)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_html_is_a_plain_table_that_brings_no_colors_and_no_script():
    table = trace((32, 32, 1), [*LENET[:-1], Dense(10, activation="softmax", name="<b>&last")])
    page = Page(table._repr_html_())
    assert len(page.rows) == 1 + len(table.rows) + 1
    assert {len(row) for row in page.rows} == {7}
    assert page.rows[2] == ["conv1", "Conv2D: 6 kernels 5 x 5, valid", "(28, 28, 6)", "4,704", "156",
                            "117,600", "5 x 5"]
    assert page.rows[6][-1] == "32 x 32"
    assert page.rows[-2][:2] == ["<b>&last", "Dense: 10 units, softmax"]
    assert page.rows[-1][4] == "61,706"
    assert "script" not in page.tags and "style" not in page.tags and "b" not in page.tags
    styles = " ".join(style for _, style in page.styles)
    assert "background" not in styles and "#" not in styles and "rgb" not in styles
    assert styles.lower().replace("color:inherit", "").replace("currentcolor", "").count("color") == 0
    aligned = [style for tag, style in page.styles if tag in ("td", "th")]
    assert all(("right" if number % 7 >= 3 else "left") in style for number, style in enumerate(aligned))


@pytest.mark.parametrize("layer, words", [
    (Conv2D(6, 5), "6 kernels 5 x 5, valid"),
    (Conv2D(6, (5, 3), 2, 1, 2, 3, False, "relu"),
     "6 kernels 5 x 3, stride 2, padding 1, dilation 2, no bias, relu, 3 groups"),
    (DepthwiseConv2D(3, 2, "SAME"), "3 x 3, stride 2, same"),
    (Conv2DTranspose(4, 3, 2, output_padding=1), "4 kernels 3 x 3, stride 2, valid, output padding 1"),
    (Conv2D(6, 3, (1, 2), (0, 1)), "6 kernels 3 x 3, stride 1 x 2, padding 0 x 1"),
    (MaxPooling2D(3, 2, "same"), "3 x 3, stride 2, same"),
    (ZeroPadding2D(3), "3"),
    (ZeroPadding2D(((0, 1), (0, 1))), "top 0, bottom 1, left 0, right 1"),
    (Dense(10, use_bias=False), "10 units, no bias"),
    (Dropout(0.25), "rate 0.25"),
    (Activation("tanh"), "tanh"),
    (Reshape((4, -1)), "to (4, -1)"),
    (Permute((3, 1, 2)), "to (3, 1, 2)"),
    (Resizing(96, 64), "to 96 x 64"),
    (Flatten(), ""),
])
def test_settings_in_words(layer, words):
    assert layer.settings == words


def test_bytes_follow_the_dtype():
    assert trace((4, 4, 1), [Flatten()], dtype="float16").activation_bytes == 32
    assert trace((4, 4, 1), [Flatten()]).activation_bytes == 64


def test_a_jump_of_less_than_a_pixel_is_shown_as_a_fraction():
    table = trace((4, 4, 1), [Conv2DTranspose(1, 3, 2, "same"), Conv2D(1, 2)])
    assert "1/2" in str(table).splitlines()[3]
    assert table.rows[1].receptive_field == (2, 2)  # 1 + 2 halves
    assert table.rows[2].receptive_field == (math.floor(2.5),) * 2


# --- Bad input ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("call, message", [
    (lambda: trace((4, 4, 1), [Flatten(), Conv2D(6, 5)]), r"layer 2, conv2d \(Conv2D\): the input must have the shape "
                                                          r"\(height, width, channels\), got \(16,\)"),
    (lambda: trace((9, 4, 1), [Conv2D(6, 5, name="c")]), r"layer 1, c \(Conv2D\): along the width: kernel 5 is longer "
                                                         "than the input of 4. Use a smaller kernel"),
    (lambda: trace((4, 9, 1), [MaxPooling2D(5)]), "along the height: window 5 is longer than the input of 4"),
    (lambda: trace((4, 9, 3), [Conv2D(4, 1, groups=2)]), "groups must divide both the channels and the kernels"),
    (lambda: Conv2D(4, 1, groups=2).output_shape((4, 9, 3)), "groups must divide both the channels and the kernels"),
    (lambda: trace((28, 28), [Conv2D(6, 5)]), "must have the shape"),
    (lambda: trace((9,), [GlobalAveragePooling2D()]), "must have the shape"),
    (lambda: trace((9,), [ZeroPadding2D()]), "must have the shape"),
    (lambda: trace((9,), [Resizing(3, 3)]), "must have the shape"),
    (lambda: trace((9,), [DepthwiseConv2D(3)]), "must have the shape"),
    (lambda: trace((None, 28, 28, 1), LENET), "shape must be a whole number, got None.*leave the batch size out"),
    (lambda: trace(28, LENET), r"shape must be a tuple such as \(28, 28, 1\), got 28"),
    (lambda: trace((28, 28, 1), Conv2D(6, 5)), "layers must be a list of layer descriptions"),
    (lambda: trace((28, 28, 1), [Conv2D(6, 5), Flatten]), "layer 2 is .*Flatten.*not a layer description.*Call it"),
    (lambda: trace((28, 28, 1), ["relu"]), "layer 1 is 'relu', which is not a layer description.*Use Unchanged"),
    (lambda: trace((28, 28, 1), [Flatten(name="a"), Dense(1, name="a")]), "name 'a' is given to two layers"),
    (lambda: trace((28, 28, 1), [Flatten()], dtype="float"), "dtype must be one of"),
    (lambda: trace((28, 28, 1), [Reshape((5, -1))]), r"target_shape \(5, -1\) does not hold the 784 numbers"),
    (lambda: trace((28, 28, 1), [Reshape((28, 27))]), "does not hold the 784 numbers"),
    (lambda: trace((28, 28, 1), [Permute((2, 1))]), r"dims \(2, 1\) names 2 axes"),
    (lambda: trace((8, 8, 1), [Conv2DTranspose(1, 3, 2, output_padding=2)]), "output_padding must be smaller"),
    (lambda: Conv2D(0, 3), "kernels must be at least 1, got 0"),
    (lambda: Conv2D(6, 0), "kernel must be at least 1, got 0"),
    (lambda: Conv2D(6, (3, 0)), "kernel must be at least 1, got 0"),
    (lambda: Conv2D(6, (3, 3, 3)), r"kernel must be one number or a pair \(height, width\), got \(3, 3, 3\)"),
    (lambda: Conv2D(6, 3, 0), "stride must be at least 1"),
    (lambda: Conv2D(6, 3, True), "stride must be a whole number, got True"),
    (lambda: Conv2D(6, 3, 1, "full"), "padding must be"),
    (lambda: Conv2D(6, 3, 1, -1), "padding must be at least 0"),
    (lambda: Conv2D(6, 3, 1, 1.5), "padding must be a whole number, got 1.5"),
    (lambda: Conv2D(6, 3, groups=0), "groups must be at least 1"),
    (lambda: Conv2D(6, 3, dilation=0), "dilation must be at least 1"),
    (lambda: Conv2DTranspose(6, 3, padding=1), 'padding must be "valid" or "same", got 1'),
    (lambda: Conv2DTranspose(6, 3, padding=(1, 1)), 'padding must be "valid" or "same"'),
    (lambda: Conv2DTranspose(6, 3, output_padding=-1), "output_padding must be at least 0"),
    (lambda: DepthwiseConv2D(3, depth_multiplier=0), "depth_multiplier must be at least 1"),
    (lambda: MaxPooling2D(2.0), "window must be a whole number, got 2.0"),
    (lambda: MaxPooling2D(2, 0), "stride must be at least 1"),
    (lambda: ZeroPadding2D(-1), "padding must be at least 0"),
    (lambda: ZeroPadding2D("same"), "padding must be a number of zeros, or one for each side, got 'same'"),
    (lambda: ZeroPadding2D((1, 2, 3)), r"padding must be one number, a pair .* got \(1, 2, 3\)"),
    (lambda: Dense(0), "units must be at least 1"),
    (lambda: Dropout(80), "rate must be a number from 0 to 1, got 80. It is the fraction to drop"),
    (lambda: Dropout("0.5"), "rate must be a number from 0 to 1"),
    (lambda: Reshape((-1, -1)), "target_shape may hold -1 once"),
    (lambda: Reshape((0, 5)), "shape must be at least 1, got 0"),
    (lambda: Permute((0, 1)), "dims must hold each of 1 to 2 once"),
    (lambda: Resizing(0, 5), "size must be at least 1"),
])
def test_bad_input_is_named_and_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
