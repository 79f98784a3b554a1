"""Networks as rows of volumes, each with its shape and its parameters, and a bar that shows where the parameters are.

Every shape and every count is read from the network's trace.
"""

import math
from dataclasses import dataclass

from helpers import shapes

from .strokes import DEEP_BLUE, DEEP_ORANGE, INK, LINE, ORANGE, PALE_BLUE, PALE_ORANGE, PANEL, SOFT, WHITE, Picture, by

LETTER = 6.9  # width of a letter of 13 pixels, on the safe side


@dataclass(frozen=True)
class Station:
    """One volume of the picture and the layers that make it.

    Attributes
    ----------
    words : tuple of str
        Written under the volume.
    rows : tuple of shapes.Row
        The layers, the last of which has the shape that is drawn.
    """

    words: tuple
    rows: tuple

    @property
    def shape(self):
        """Shape of the volume."""
        return self.rows[-1].output_shape

    @property
    def learns(self):
        """Parameters of each layer that has any."""
        return [row.parameters for row in self.rows if row.parameters]


def stations(trace, *columns):
    """Deal the rows of a trace to columns of (number of layers, word, word, ...). ValueError if any is left over."""
    dealt, start = [], 0
    for count, *words in columns:
        dealt.append(Station(tuple(words), trace.rows[start:start + count]))
        start += count
    if start != len(trace.rows):
        raise ValueError(f"{start} rows are drawn of {len(trace.rows)}, from {trace.rows[min(start, len(trace))].name} on none. "
                         "Add a column for them.")
    return dealt


def draw_row(picture, columns, left, right, middle, captions, side, bar):
    """Draw stations side by side, volumes around the height middle, words below the height captions.

    ``side(pixels)`` is the drawn length of a side of so many pixels, ``bar(numbers)`` that of a vector.
    """
    drawn = []
    for column in columns:
        if len(column.shape) == 3:
            height, width, channels = column.shape
            depth = max(4, 2.2 * channels) if channels <= 16 else 26 + 0.55 * channels  # deep volumes are drawn less deep
            drawn.append((side(width), side(height), depth))
        else:
            drawn.append((14, bar(column.shape[0]), 0))
    room = [max(width + depth, LETTER * max(len(by(column.shape)), *map(len, column.words)))
            for (width, _, depth), column in zip(drawn, columns)]
    gap = (right - left - sum(room)) / (len(columns) - 1)
    x, fronts = left, []
    lines = max(len(column.words) for column in columns)
    if not columns[0].learns:
        picture.text(left + room[0] / 2, captions + 27 + 17 * lines, "parameters", size=13, fill=DEEP_BLUE)
    for (width, height, depth), space, column in zip(drawn, room, columns):
        center = x + space / 2
        front = center - (width + depth) / 2, middle - height / 2 + 0.3 * depth
        fill, stroke = (PALE_BLUE, DEEP_BLUE) if column.learns else (WHITE, LINE)
        if depth:
            channels = column.shape[-1]
            picture.block(*front, width, height, depth, sheets=channels if channels <= 16 else 1, fill=fill, stroke=stroke)
        else:
            picture.rect(*front, width, height, fill=fill, stroke=stroke)
        fronts.append((*front, width, height))
        picture.text(center, captions, by(column.shape), size=13, bold=True)
        for line, words in enumerate(column.words):
            picture.text(center, captions + 21 + 17 * line, words, size=13)
        for line, count in enumerate(column.learns):
            words = f"+ {count:,}" if line else f"{count:,}"
            picture.text(center, captions + 27 + 17 * (lines + line), words, size=13, fill=DEEP_BLUE, bold=True)
        x += space + gap
    return fronts


def show_window(picture, source, target, window, scale):
    """Draw a window on one front and the lines from it to the number that it makes on the next."""
    x, y = source[0] + source[2] * 0.45, source[1] + source[3] * 0.2
    size = window * scale
    point = target[0] + 0.3 * target[2], target[1] + 0.35 * target[3]
    picture.rect(x, y, size, size, fill=PALE_ORANGE, stroke=ORANGE, line=1.75)
    picture.path([(x + size, y), point], stroke=ORANGE, line=1)
    picture.path([(x + size, y + size), point], stroke=ORANGE, line=1)
    picture.circle(*point, 2, fill=ORANGE, stroke=ORANGE)


def break_mark(picture, front):
    """Cut a bar in two, to say that it is longer than drawn."""
    x, y, width, height = front
    for offset in (-4, 4):
        cut = [(x - 5, y + height / 2 + offset + 3), (x + width + 5, y + height / 2 + offset - 3)]
        if offset < 0:
            (x0, y0), (x1, y1) = cut
            picture.polygon([(x0, y0), (x1, y1), (x1, y1 + 8), (x0, y0 + 8)], fill=PANEL, stroke=PANEL)
        picture.path(cut, stroke=INK)


def parameter_bar(picture, y, named, total):
    """Draw a bar cut in proportion to the parameters of each layer; what does not fit into a piece is not written."""
    left, width, height = 40, picture.width - 80, 26
    picture.text(left, y - 10, [(f"{total:,} parameters", DEEP_BLUE, True), ", by layer"], anchor="start", size=13)
    x = left
    for index, (name, count) in enumerate(named):
        piece = width * count / total
        picture.rect(x, y, piece, height, fill=PALE_BLUE if index % 2 else "#bcd9ec", stroke=DEEP_BLUE, line=0.75)
        fitting = [words for words in (f"{name}: {count:,}", f"{count:,}") if LETTER * len(words) + 6 < piece]
        if fitting:
            picture.text(x + piece / 2, y + 18, fitting[0], size=13)
        x += piece


def learned(columns):
    """Parameters of all layers that have any, in order."""
    return [count for column in columns for count in column.learns]


def in_words(columns):
    """Say a network in words: its shapes, then its parameters."""
    return (f"{', '.join(by(column.shape) for column in columns)}. "
            f"Parameters: {', '.join(f'{count:,}' for count in learned(columns))}")


def lenet():
    """Draw LeNet for digits of 32 by 32."""
    trace = shapes.trace((32, 32, 1), [
        shapes.Conv2D(6, 5), shapes.MaxPooling2D(2), shapes.Conv2D(16, 5), shapes.MaxPooling2D(2), shapes.Flatten(),
        shapes.Dense(120), shapes.Dense(84), shapes.Dense(10)])
    columns = stations(
        trace, (1, "input"), (1, "conv 5×5", "6 kernels", "ReLU"), (1, "max pool", "2×2"),
        (1, "conv 5×5", "16 kernels", "ReLU"), (1, "max pool", "2×2"), (1, "flatten"), (1, "dense", "ReLU"),
        (1, "dense", "ReLU"), (1, "dense", "logits"))
    picture = Picture(800, 386, "LeNet", f"LeNet as volumes: {in_words(columns)}, together {trace.parameters:,}.")
    scale = 2.7
    fronts = draw_row(picture, columns, 28, 778, 106, 206, lambda pixels: scale * pixels, lambda numbers: 0.35 * numbers)
    show_window(picture, fronts[0], fronts[1], 5, scale)
    show_window(picture, fronts[2], fronts[3], 5, scale)
    names = ["conv", "conv", "dense 120", "dense 84", "dense 10"]
    parameter_bar(picture, 338, zip(names, learned(columns)), trace.parameters)
    return picture


def signs_network():
    """Draw the network of the hand signs."""
    trace = shapes.trace((64, 64, 3), [
        shapes.ZeroPadding2D(3), shapes.Conv2D(32, 7), shapes.BatchNormalization(), shapes.ReLU(), shapes.MaxPooling2D(2),
        shapes.Conv2D(64, 7), shapes.BatchNormalization(), shapes.ReLU(), shapes.MaxPooling2D(2),
        shapes.Flatten(), shapes.Dense(6)])
    columns = stations(
        trace, (1, "input"), (1, "zeros", "3 each side"), (3, "conv 7×7", "batch norm", "ReLU"), (1, "max pool", "2×2"),
        (3, "conv 7×7", "batch norm", "ReLU"), (1, "max pool", "2×2"), (1, "flatten"), (1, "dense", "logits"))
    picture = Picture(800, 404, "The network of the hand signs", (
        f"The network as volumes: {in_words(columns)}, together {trace.parameters:,}, of which {trace.not_trainable} are not "
        "trained."))
    scale = 1.24
    fronts = draw_row(picture, columns, 22, 782, 106, 206, lambda pixels: scale * pixels,
                      lambda numbers: min(150, max(6, 0.35 * numbers)))
    x, y, side, _ = fronts[1]
    picture.rect(x + 3 * scale, y + 3 * scale, side - 6 * scale, side - 6 * scale, fill="none", dash="3 3")
    show_window(picture, fronts[1], fronts[2], 7, scale)
    show_window(picture, fronts[3], fronts[4], 7, scale)
    break_mark(picture, fronts[6])
    names = ["conv, 32 kernels", "batch norm", "conv, 64 kernels", "batch norm", "dense 6"]
    parameter_bar(picture, 348, zip(names, learned(columns)), trace.parameters)
    picture.text(760, 338, f"{trace.not_trainable} of them, in batch norm, are not trained", size=13, fill=SOFT, anchor="end")
    return picture


def alexnet():
    """Draw the adapted AlexNet, scaled down, with the padding that TFLearn means when it is not told."""
    same = {"padding": "same"}
    pool, normalize = shapes.MaxPooling2D(3, 2, **same), shapes.LocalResponseNormalization()
    trace = shapes.trace((270, 480, 3), [
        shapes.Conv2D(4, 11, 4, **same), pool, normalize, shapes.Conv2D(8, 5, **same), pool, normalize,
        shapes.Conv2D(12, 3, **same), shapes.Conv2D(12, 3, **same), shapes.Conv2D(8, 3, **same), pool, normalize,
        shapes.Flatten(), shapes.Dense(120), shapes.Dropout(0.5), shapes.Dense(120), shapes.Dropout(0.5), shapes.Dense(29)])
    columns = stations(
        trace, (1, "input"), (1, "conv 11×11", "stride 4", "ReLU"), (2, "max pool", "3×3, stride 2", "LRN"),
        (1, "conv 5×5", "ReLU"), (2, "max pool", "3×3, stride 2", "LRN"), (1, "conv 3×3", "ReLU"),
        (1, "conv 3×3", "ReLU"), (1, "conv 3×3", "ReLU"), (2, "max pool", "3×3, stride 2", "LRN"), (1, "flatten"),
        (2, "dense", "ReLU", "dropout"), (2, "dense", "ReLU", "dropout"), (1, "dense", "softmax"))
    picture = Picture(800, 556, "AlexNet, adapted and scaled", (
        f"The scaled AlexNet with padding 'same' as volumes: {in_words(columns)}, together {trace.parameters:,}."))

    def side(pixels):
        return 5.6 * math.sqrt(pixels)

    draw_row(picture, columns[:6], 24, 752, 78, 152, side, None)
    draw_row(picture, columns[6:], 48, 776, 318, 382, side, lambda numbers: 2.7 * math.sqrt(numbers))
    picture.arrow((768, 78), (780, 78), (780, 253), (22, 253), (22, 318), (38, 318), stroke=SOFT, line=1.5)
    names = ["conv"] * 5 + ["first dense 120", "dense 120", "dense 29"]
    parameter_bar(picture, 508, zip(names, learned(columns)), trace.parameters)
    picture.text(760, 498, "padding 'same' throughout; sides drawn by their square roots", size=13, fill=SOFT, anchor="end")
    return picture


def half_volume(shape, halved):
    """Return the drawn width, height and depth of maps or of a vector, of which each card may hold half the channels."""
    channels = shape[-1] / 2 if halved else shape[-1]
    if len(shape) == 1:
        return 14, 1.5 * math.sqrt(channels), 0
    return 4.6 * math.sqrt(shape[1]), 4.6 * math.sqrt(shape[0]), max(4, 0.2 * channels)


def alexnet_2012():
    """Draw AlexNet as it was trained in 2012: on two graphics cards, with half of the channels on each."""
    trace = shapes.trace((227, 227, 3), [
        shapes.Conv2D(96, 11, 4), shapes.LocalResponseNormalization(), shapes.MaxPooling2D(3, 2),
        shapes.Conv2D(256, 5, padding="same", groups=2), shapes.LocalResponseNormalization(), shapes.MaxPooling2D(3, 2),
        shapes.Conv2D(384, 3, padding="same"), shapes.Conv2D(384, 3, padding="same", groups=2),
        shapes.Conv2D(256, 3, padding="same", groups=2), shapes.MaxPooling2D(3, 2),
        shapes.Flatten(), shapes.Dense(4096), shapes.Dropout(0.5), shapes.Dense(4096), shapes.Dropout(0.5), shapes.Dense(1000)])
    columns = stations(
        trace, (1,), (3, "conv 11×11", "stride 4", "ReLU, LRN"), (3, "conv 5×5", "2 groups", "ReLU, LRN"),
        (1, "conv 3×3", "1 group", "ReLU"), (1, "conv 3×3", "2 groups", "ReLU"), (2, "conv 3×3", "2 groups", "ReLU"),
        (3, "dense", "ReLU", "dropout"), (2, "dense", "ReLU", "dropout"), (1, "dense", "softmax"))
    maps = [column.rows[0].output_shape for column in columns[:6]] + [column.shape for column in columns[6:]]
    picture = Picture(800, 476, "AlexNet of 2012 on two graphics cards", (
        f"AlexNet of 2012 as volumes, with half of the channels on each of two graphics cards: {', '.join(map(by, maps))}. "
        f"Parameters: {', '.join(f'{count:,}' for count in learned(columns))}, together {trace.parameters:,}. The cards exchange "
        "what they computed before the third convolution and before each dense layer."))
    cards = (90, 202)
    for card, middle in enumerate(cards, 1):
        picture.rect(94, middle - 56, 612, 104, radius=8)
        picture.text(104, middle - 38, f"graphics card {card}", anchor="start", size=13, fill=SOFT)
    places = [54 + 87 * number for number in range(len(columns))]
    drawn = [([146] if x in (places[0], places[-1]) else cards, *half_volume(shape, x not in (places[0], places[-1])))
             for x, shape in zip(places, maps)]
    for number, layer in enumerate(columns[1:]):
        exchanged = layer.words[0] == "dense" or layer.words[1] == "1 group"
        (starts, width, _, depth), (ends, next_width, _, next_depth) = drawn[number:number + 2]
        left = places[number] + (width + depth) / 2 + 3
        right = places[number + 1] - (next_width + next_depth) / 2 - 3
        for start in starts:
            for end in ends:
                if start == end or exchanged or len(starts) == 1:
                    picture.path([(left, start), (right, end)], stroke=ORANGE if exchanged else SOFT, line=1.5)
    for x, column, (middles, width, height, depth) in zip(places, columns, drawn):
        fill, stroke = (PALE_BLUE, DEEP_BLUE) if column.learns else (WHITE, LINE)
        for middle in middles:
            corner = x - (width + depth) / 2, middle - height / 2 + 0.3 * depth
            if depth:
                picture.block(*corner, width, height, depth, fill=fill, stroke=stroke)
            else:
                picture.rect(*corner, width, height, fill=fill, stroke=stroke)
    for x, shape, column in zip(places, maps, columns):
        picture.text(x, 274, by(shape), size=13, bold=True)
        pooled = ("max pool to", by(column.shape)) if column.shape != shape else ()
        for line, words in enumerate([*column.words, *pooled]):
            picture.text(x, 295 + 17 * line, words, size=13)
        counts = [f"{count:,}" for count in column.learns] or ["parameters"]
        picture.text(x, 386, counts[0], size=13, fill=DEEP_BLUE, bold=bool(column.learns))
    picture.text(400, 23, ["Half of the channels on each card. ", ("Crossing lines", DEEP_ORANGE, True),
                           ": the cards exchange what they computed."], size=13)
    names = ["conv"] * 5 + ["first dense 4096", "dense 4096", "dense 1000"]
    parameter_bar(picture, 430, zip(names, learned(columns)), trace.parameters)
    picture.text(760, 420, "sides drawn by their square roots", size=13, fill=SOFT, anchor="end")
    return picture
