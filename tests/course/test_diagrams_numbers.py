"""The numbers that the pictures in img/ show are true: read from the drawing and computed again."""

import ast
import json
import re
from collections import Counter

import keras
import numpy as np
import pytest

from helpers import shapes
from helpers.project import ROOT
from tests.support.lesson_code import definitions
from tests.support.pictures import box, crosses, elements, outline, segments, strokes, within, words


def numbers(name):
    """Numbers that stand alone, in the order in which they are drawn."""
    return [float(word.replace("−", "-").replace(",", "")) for word in words(name) if re.fullmatch(r"−?[\d,]+(\.\d+)?", word)]


def test_convolution_steps_over_the_picture_of_its_lesson():
    tables = numbers("convolution")
    image, kernel = np.reshape(tables[:25], (5, 5)), np.reshape(tables[25:], (2, 2))
    steps, sums = ([group for group in elements("convolution", "g") if kind in group.get("class").split()]
                   for kind in ("step", "sum"))
    grid = [outline(shape) for shape in elements("convolution", "rect")][1:]  # the first is the panel
    for number, (step, one) in enumerate(zip(steps, sums, strict=True)):
        row, column = divmod(number, 4)
        assert [step.get("class").split()[1], one.get("class").split()[1]] == [f"step{number}", f"sum{number}"]
        window, place = (outline(shape) for shape in step if shape.tag.endswith("rect"))
        inside = [value for value, cell in zip(tables, grid[:25]) if within(cell, window)]
        assert inside == list(image[row:row + 2, column:column + 2].ravel())
        expression = "".join(step[-1].itertext()).replace("·", "*").replace("−", "-").replace("=", "==")
        shown = "".join(one[0].itertext()).replace("−", "-")
        assert eval(expression) is True and expression.endswith(f"== {shown}") and np.dot(inside, kernel.ravel()) == float(shown)
        assert within(box(one[0]), place) and place == grid[29 + number]
    style, = elements("convolution", "style")
    still, moving = style.text.split("@media (prefers-reduced-motion: no-preference)")
    assert "animation" not in still and moving.count("@keyframes") == 2 * len(steps) == 32
    assert [step.get("class").split()[2:] for step in steps].count(["rest"]) == 1

    notebook = json.loads((ROOT / "notebooks" / "03_lenet.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    source, = (source for source in sources if "kernel = np.array(" in source and "picture = np.array(" in source)
    names = {"np": np}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            exec(ast.unparse(statement), names)
    assert np.array_equal(names["picture"], image) and np.array_equal(names["kernel"], kernel)


def test_pooling_keeps_the_largest_of_each_square():
    shown = numbers("pooling")
    image, output = np.reshape(shown[:16], (4, 4)), np.reshape(shown[16:], (2, 2))
    assert np.array_equal([[image[r:r + 2, c:c + 2].max() for c in (0, 2)] for r in (0, 2)], output)
    circled = elements("pooling", "circle")
    texts = dict(zip(map(box, elements("pooling", "text")), words("pooling")))
    inside = [float(said) for shape in circled for area, said in texts.items() if within(area, outline(shape))]
    assert inside == list(output.ravel())


def test_padding_sums_are_those_of_the_windows():
    cells, sums = numbers("padding"), [int(word[4:]) for word in words("padding") if word.startswith("sum ")]
    valid, same = cells[:13], cells[13:]
    assert valid == list(range(1, 14)) and same == [0, *valid, 0, 0]
    assert sums == [sum(row[start:start + 6]) for row in (valid, same) for start in range(0, len(row) - 5, 5)]
    assert "valid: 2 places; 12 and 13 are never seen" in words("padding")
    assert "same: 3 places; 1 zero before, 2 after" in words("padding")


def test_the_frame_of_zeros():
    padded, window, first = [shape for shape in elements("frame_28_to_32", "rect")
                             if shape.get("stroke") in (strokes.LINE, strokes.ORANGE)]
    side = float(padded.get("width")) / 32
    assert float(window.get("width")) == 5 * side and float(first.get("width")) == side
    assert {"32 × 32 with the frame", "28 × 28 again", "windows of 5"} <= set(words("frame_28_to_32"))


@pytest.mark.parametrize(("name", "total", "expected"), [
    ("lenet", 61706, "28×28×6 14×14×6 10×10×16 5×5×16 400 120 84 10 156 2,416 48,120 10,164 850"),
    ("signs_network", 170438, "70×70×3 64×64×32 32×32×32 26×26×64 13×13×64 10,816 6 4,736 100,416 64,902"),
    ("alexnet", 153069, "68×120×4 34×60×4 34×60×8 17×30×8 17×30×12 9×15×8 1,080 120 29 "
                        "1,456 808 876 1,308 872 129,720 14,520 3,509"),
    ("alexnet_2012", 60965224, "227×227×3 55×55×96 27×27×96 27×27×256 13×13×256 13×13×384 6×6×256 4,096 1,000 "
                               "34,944 307,456 885,120 663,936 442,624 37,752,832 16,781,312 4,097,000"),
], ids=["lenet", "signs_network", "alexnet", "alexnet_2012"])
def test_networks(name, total, expected):
    written = words(name)
    assert set(expected.split()) <= set(written)
    assert f"{total:,} parameters, by layer" in written
    blue = [text for text in elements(name, "text") if text.get("fill") == strokes.DEEP_BLUE]
    counts = np.array([int(text.text.replace(",", "").lstrip("+ ")) for text in blue if text.get("font-weight") == "bold"])
    assert counts.sum() == total
    bar = [shape for shape in elements(name, "rect") if shape.get("height") == "26" and shape.get("stroke-width") == "0.75"]
    widths = np.array([float(shape.get("width")) for shape in bar])
    assert np.allclose(widths / widths.sum(), counts / total, atol=1e-4)


def test_a_layer_that_is_not_drawn_is_an_error():
    from drawing import networks
    trace = shapes.trace((4, 4, 1), [shapes.Flatten(), shapes.Dense(2)])
    with pytest.raises(ValueError, match="dense"):
        networks.stations(trace, (1, "input"), (1, "flatten"))


def test_softmax_probabilities_and_loss():
    shown = np.reshape(numbers("softmax_regression"), (10, 3))
    labels, scores, probabilities = shown.T
    assert np.array_equal(labels, range(10))
    assert np.allclose(np.exp(scores) / np.exp(scores).sum(), probabilities, atol=6e-4)
    said = " ".join(words("softmax_regression"))
    quoted, loss = map(float, re.search(r"−ln (\d\.\d+) = (\d\.\d+)", said).groups())
    assert quoted == probabilities[7] and loss == pytest.approx(-np.log(quoted), abs=2e-3)
    assert "= 7,850" in said and "truth: 7" in said


def test_batch_norm_takes_the_numbers_of_a_channel_together():
    maps = [1 - (int(shape.get("fill")[1:3], 16) - 54) / 190 for shape in elements("batch_norm_axes", "rect")
            if shape.get("width") == "18"]
    maps = np.reshape(maps, (4, 3, 4, 4))  # channel, image, row, column
    shown = np.reshape(numbers("batch_norm_axes"), (4, 2))
    assert np.allclose(shown[:, 0], maps.mean(axis=(1, 2, 3)), atol=8e-3)
    assert np.allclose(shown[:, 1], maps.var(axis=(1, 2, 3)), atol=8e-3)
    assert "3 · 4 · 4 = 48 numbers" in words("batch_norm_axes")


def test_dropout_sums():
    rows = [[]]
    for word in words("dropout"):
        if re.fullmatch(r"\d\.\d", word):
            rows[-1].append(float(word))
        elif rows[-1]:
            rows.append([])
    *rows, said = rows
    assert not said and len(rows) == 4
    for *values, total in rows:
        assert sum(values) == pytest.approx(total)
    full, once, again, prediction = (row[:-1] for row in rows)
    assert len(full) == 8 and full == prediction
    assert sorted(np.divide(once + again, 2)) == pytest.approx(sorted(full))


def test_memory_order_and_strides():
    names = [word for word in words("channels_order") if re.fullmatch("[a-f][01]", word)]
    image, first, last = np.reshape(names[:12], (2, 2, 3)), names[12:24], names[24:]
    assert first == list(image.ravel()) and last == list(np.moveaxis(image, 0, -1).ravel())
    steps = [(int(number), move) for number, move in re.findall(r"\+(\d+) (one pixel right|one pixel down|next channel)",
                                                               " ".join(words("channels_order")))]
    goals = {"one pixel right": "b0", "one pixel down": "d0", "next channel": "a1"}
    assert len(steps) == 6
    for order, moves in (first, steps[:3]), (last, steps[3:]):
        assert all(order[step] == goals[move] for step, move in moves)


def test_the_split_counts_signs_on_both_sides():
    frames = [shape for shape in elements("tracks_split", "rect") if shape.get("width") == "34"]
    held = np.reshape([shape.get("fill") == strokes.HATCH for shape in frames], (2, 5, 8))
    assert held.sum(axis=(1, 2)).tolist() == [8, 8]
    both = (held.any(axis=2) & ~held.all(axis=2)).sum(axis=1)
    shown = [word for word in words("tracks_split") if word.endswith("signs on both sides")]
    assert shown == [f"{number} of 5 signs on both sides" for number in both] and both[0] > 2 and both[1] == 0


def test_four_cases_have_four_different_answers():
    bold = [text for text, element in zip(words("transfer_four_cases"), elements("transfer_four_cases", "text"))
            if element.get("font-size") == "15"]
    assert len(set(bold)) == 4
    layers = [shape.get("fill") for shape in elements("transfer_four_cases", "rect") if shape.get("width") == "28"]
    assert len(layers) == 24 and len({tuple(layers[i:i + 6]) for i in range(0, 24, 6)}) == 4
    assert layers[5::6] == [strokes.HATCH] * 4, "every case has a new head"


def test_the_map_names_every_lesson():
    said = " ".join(words("course_map"))
    assert [word for word in words("course_map") if word.isdigit()] == list("12345678")
    for title in ("LeNet", "Softmax regression", "A hidden layer", "Sign language",
                  "Frameworks", "AlexNet, translated", "Transfer learning", "Deeper networks"):
        assert title in said


def test_the_hidden_layer_gives_every_slope_the_shape_of_its_array():
    said = words("hidden_layer")
    assert [word for word in said if word.startswith("n ×")] == [f"n × {size}" for size in (784, 128, 128, 10, 10, 128, 128)]
    assert [word for word in said if re.fullmatch(r"\d+×\d+", word)] == ["784×128", "128×10"]
    described, = ("".join(one.itertext()) for one in elements("hidden_layer", "desc"))
    layers = shapes.dense_parameters(784, 128), shapes.dense_parameters(128, 10)
    assert "{:,} and {:,} parameters, {:,} together".format(*layers, sum(layers)) in described


def test_the_learning_rate_has_its_cliff_where_steps_overshoot():
    described, = ("".join(one.itertext()) for one in elements("learning_rate", "desc"))
    curvatures = [float(found) for found in re.search(r"curvatures ([\d.]+) and ([\d.]+)\.", described).groups()]
    cliff = float(re.search(r"At a rate of ([\d.]+) it rises", described)[1])
    left_over = [max(abs(1 - rate * curvature) for curvature in curvatures) for rate in (0.99 * cliff, 1.01 * cliff)]
    assert left_over[0] < 1 < left_over[1]


@pytest.mark.skipif(not (ROOT / "notebooks" / "08_deeper_networks.ipynb").exists(), reason="08_deeper_networks: not written yet")
def test_the_five_blocks_are_those_of_the_builders():
    names, known = ["vgg", "inception", "resnet", "densenet", "mobilenet"], {"keras": keras, "layers": keras.layers}
    code = definitions("08_deeper_networks", ["conv_bn", "conv_bn_relu", "block", *names], known)
    pictures = keras.Input((16, 16, 32))
    expected, counts = Counter(), []
    for name in names:
        model = keras.Model(pictures, code[name](pictures, 8 if name == "densenet" else 32))
        times = 2 if name == "mobilenet" else 1  # the builder puts two blocks one after the other
        assert model.output_shape == (None, 16, 16, 32)
        counts.append(f"{model.count_params() // times:,} parameters")
        boxes = Counter(f"{layer.kernel_size[0]}×{layer.kernel_size[1]}, {layer.output.shape[-1]}"
                        for layer in model.layers if hasattr(layer, "kernel_size"))
        expected.update({words: count // times for words, count in boxes.items()})
    shown = words("deeper_blocks")
    assert Counter(word for word in shown if re.fullmatch(r"\d×\d, \d+", word)) == expected
    assert [word for word in shown if word.endswith(" parameters")] == counts
    assert [int(word) for word in shown if word.isdigit()] == [32] * 10 + [40, 48, 56, 64]


def test_no_network_uses_what_is_younger_and_arrows_run_beside_the_boxes():
    from drawing import deeper
    assert {*deeper.USES, *(source for sources in deeper.USES.values() for source in sources)} == set(deeper.NETWORKS)
    for target, sources in deeper.USES.items():
        assert all(deeper.NETWORKS[source][2] <= deeper.NETWORKS[target][2] for source in sources), target
    boxes = [outline(shape) for shape in elements("deeper_family", "rect")[1:]]
    assert len(boxes) == len(deeper.NETWORKS)
    for line in elements("deeper_family", "polyline"):
        for segment in segments(line):
            assert not any(crosses(segment, area) for area in boxes), segment
