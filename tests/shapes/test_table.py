"""The table of a traced network: rows, differences, text and HTML."""

import html.parser

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
    MaxPooling2D,
    Unchanged,
    ZeroPadding2D,
    trace,
)
from tests.shapes.test_networks import LENET, alexnet, two_convolutions


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
    layers = [DepthwiseConv2D(3), MaxPooling2D(), Conv2D(2, 3), Conv2D(2, 1, name="conv2d_1"), Conv2D(2, 1),
              GlobalAveragePooling2D(), BatchNormalization(), Unchanged("RandomFlip")]
    assert [row.name for row in trace((9, 9, 1), layers)] == [
        "input", "depthwise_conv2d", "max_pooling2d", "conv2d", "conv2d_1", "conv2d_2", "global_average_pooling2d",
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
    (Conv2D(6, 3, (1, 2), (0, 1)), "6 kernels 3 x 3, stride 1 x 2, padding 0 x 1"),
    (MaxPooling2D(3, 2, "same"), "3 x 3, stride 2, same"),
    (ZeroPadding2D(3), "3"),
    (ZeroPadding2D(((0, 1), (0, 1))), "top 0, bottom 1, left 0, right 1"),
    (Dense(10, use_bias=False), "10 units, no bias"),
    (Dropout(0.25), "rate 0.25"),
    (Activation("tanh"), "tanh"),
    (Flatten(), ""),
])
def test_settings_in_words(layer, words):
    assert layer.settings == words
