"""The blocks that deeper networks are made of, and who took which idea from whom.

Channels and parameters are traced by helpers.shapes; the builders of lesson 08 give the same (a test).
"""

from helpers import shapes

from .strokes import DEEP_BLUE, HATCH, INK, ORANGE, PALE_BLUE, PANEL, SOFT, WHITE, Picture, by

SHAPE = (16, 16, 32)  # what each block takes and gives


def convolution(kernel, channels):
    """Describe a convolution as the lesson builds it: zeros around, batch normalization instead of a bias."""
    return f"{kernel}×{kernel}", shapes.Conv2D(channels, kernel, padding="same", use_bias=False)


POOL = "pool 3×3", shapes.MaxPooling2D(3, 1, "same")
JOINED = {"fill": HATCH, "stroke": ORANGE, "line": 1.75}  # where channels are concatenated
DEPTHWISE = "depthwise\n3×3", shapes.DepthwiseConv2D(3, padding="same", use_bias=False)


def follow(channels, *steps):
    """Follow one branch. Return the words of its boxes, the channels that come out, and its parameters."""
    boxes, parameters = [], 0
    for words, layer in steps:
        learns = not isinstance(layer, shapes.MaxPooling2D)
        trace = shapes.trace((*SHAPE[:2], channels), [layer, shapes.BatchNormalization()] if learns else [layer])
        channels, parameters = trace.output_shape[-1], parameters + trace.parameters
        boxes.append(f"{words}, {channels}" if learns else words)
    return boxes, channels, parameters


def box(picture, x, y, width, words, **look):
    """Draw a layer, its words in one or two lines, with the middle of its left edge at (x, y)."""
    lines = words.split("\n")
    height = 28 if len(lines) == 1 else 42
    picture.rect(x, y - height / 2, width, height, radius=4, **{"fill": PALE_BLUE, "stroke": DEEP_BLUE, **look})
    for line, part in enumerate(lines):
        picture.text(x + width / 2, y + 5 + 17 * (line - (len(lines) - 1) / 2), part)


def channels_of(picture, x, y, channels, width=38):
    """Write how many channels there are at this place."""
    picture.rect(x, y - 13, width, 26, radius=13, stroke=INK, line=1.25)
    picture.text(x + width / 2, y + 5, f"{channels}", bold=True)


def chain(picture, boxes, left, right, y, width):
    """Draw layers one after another, evenly from left to right, with an arrow in front of each and behind the last."""
    gap = (right - left - len(boxes) * width) / (len(boxes) + 1)
    x = left
    for words in boxes:
        picture.arrow((x, y), (x + gap, y), head=7)
        box(picture, x + gap, y, width, words, **({"fill": WHITE, "stroke": SOFT} if words == POOL[0] else {}))
        x += gap + width
    picture.arrow((x, y), (right, y), head=7)


def skip(picture, y, below, projection=""):
    """Draw the way around a chain, with a projection if there are words for it, and the sum at its end."""
    left, right = (160, 364) if projection else (260, 260)
    picture.path([(39, y + 13), (39, below), (left, below)], stroke=ORANGE, line=2)
    picture.arrow((right, below), (468, below), (468, y + 12), head=7, stroke=ORANGE, line=2)
    if projection:
        box(picture, left, below, right - left, projection, fill=PANEL, stroke=INK, dash="5 4")
    picture.circle(468, y, 12, fill=WHITE, stroke=ORANGE, line=2)
    picture.text(468, y + 6.5, "+", size=20, bold=True)
    picture.arrow((480, y), (502, y), head=7)
    picture.text(478, below - 4, "add", anchor="start")


def deeper_blocks():
    """Draw five blocks that take and give the same shape."""
    width = SHAPE[-1]
    part, growth, dense = width // 8, width // 4, []
    stack, last, count = follow(width, convolution(3, width), convolution(3, width))
    branches = [follow(width, *steps) for steps in (
        [convolution(1, 2 * part)], [convolution(1, 2 * part), convolution(3, 4 * part)],
        [convolution(1, part), convolution(3, part), convolution(3, part)], [POOL, convolution(1, part)])]
    wide, narrow, wide_count = follow(width, convolution(1, 4 * width), DEPTHWISE, convolution(1, width))
    channels = [width]
    for _ in range(4):
        dense.append(follow(channels[-1], convolution(1, 2 * growth), convolution(3, growth)))
        channels.append(channels[-1] + dense[-1][1])
    closing, out, closing_count = follow(channels[-1], convolution(1, channels[-1] // 2))
    ends = [last, sum(branch[1] for branch in branches), last, out, narrow]
    counts = [count, sum(branch[2] for branch in branches), count, sum(layer[2] for layer in dense) + closing_count, wide_count]
    names = ["VGG", "Inception", "Residual", "Dense", "Inverted residual (MobileNet)"]
    around = [words.replace("\n", " ") for words in wide]
    picture = Picture(560, 600, "Five blocks", (
        f"Five blocks that take {by(SHAPE)}. VGG: {'; '.join(stack)}. Inception: branches {', '.join(str(one[1]) for one in branches)} "
        f"channels wide are concatenated to {ends[1]}. Residual: as VGG, and the input is added, through a 1×1 convolution where shapes "
        f"change. Dense: each layer concatenates {growth} channels, from {width} to {channels[-1]}; a 1×1 convolution leaves {out}. "
        f"Inverted residual: {'; '.join(around)}; the input is added. Parameters: "
        f"{', '.join(f'{name} {number:,}' for name, number in zip(names, counts))}."))
    picture.text(20, 28, "box: kernel, channels out, batch norm", anchor="start", fill=SOFT)
    picture.text(540, 28, ["in and out: ", (by(SHAPE), INK, True)], anchor="end", fill=SOFT)
    middles = (84, 202, 320, 421, 546)
    for name, number, y, heading, end in zip(names, counts, middles, (56, 124, 292, 395, 516), ends):
        picture.text(20, heading, name, size=16, bold=True, anchor="start")
        picture.text(540, heading, f"{number:,} parameters", bold=True, anchor="end", fill=DEEP_BLUE)
        channels_of(picture, 20, y, width)
        channels_of(picture, 502, y, end)
    chain(picture, stack, 58, 502, middles[0], 84)

    for row, (boxes, _, _) in enumerate(branches):
        y = middles[1] + 34 * (row - 1.5)
        picture.path([(58, middles[1]), (72, middles[1]), (72, y)], stroke=INK, line=1.5)
        chain(picture, boxes, 72, 404, y, 84)
    picture.rect(404, middles[1] - 66, 9, 132, **JOINED)
    picture.arrow((413, middles[1]), (502, middles[1]), head=7)
    picture.text(421, middles[1] + 26, "concatenate", anchor="start")

    chain(picture, stack, 58, 456, middles[2], 84)
    skip(picture, middles[2], middles[2] + 38, "1×1, where shapes change")

    y, pitch = middles[3], 82
    for number, (boxes, _, _) in enumerate(dense):
        x = 20 + pitch * number
        picture.arrow((x + (38 if number == 0 else 34), y), (x + 68, y), head=7)
        picture.arrow((x + 20, y + 13), (x + 20, y + 28), head=7)
        picture.arrow((x + 72.5, y + 28), (x + 72.5, y + 13), head=7)
        box(picture, x + 14, y + 48, 64, "\n".join(boxes))
        picture.rect(x + 68, y - 13, 9, 26, **JOINED)
        channels_of(picture, x + pitch, y, channels[number + 1], width=34)
    chain(picture, closing, 20 + 4 * pitch + 34, 502, y, 72)
    picture.text(364, y + 45, f"growth {growth}: concatenate", anchor="start")
    picture.text(364, y + 62, f"{growth} more each time", anchor="start")

    chain(picture, wide, 58, 456, middles[4], 92)
    skip(picture, middles[4], middles[4] + 34)
    return picture


# Column, row, year and what it added; the years are those of the papers' first versions.
NETWORKS = {
    "GoogLeNet": (0, 0, 2014, "parallel branches,", "narrowed by 1×1"),
    "VGG": (1, 0, 2014, "3×3 only, stacked", "to 19 layers"),
    "Inception v3": (0, 1, 2015, "a large kernel as", "several small ones"),
    "ResNet": (1, 1, 2015, "skips add the input:", "152 layers train"),
    "Xception": (0, 2, 2016, "depthwise and 1×1", "replace branches"),
    "DenseNet": (2, 2, 2016, "concatenated skips", "from all layers"),
    "MobileNetV2": (0, 3, 2018, "wide inside, narrow", "where it adds"),
    "SENet": (2, 3, 2017, "weighs channels,", "picture by picture"),
    "EfficientNet": (0, 4, 2019, "depth, width, image", "grow together"),
    "ViT": (2, 4, 2020, "vision transformer:", "attention"),
    "ConvNeXt": (1, 5, 2022, "ResNet with habits", "of transformers"),
}
USES = {"Inception v3": ("GoogLeNet", "VGG"), "ResNet": ("VGG",), "Xception": ("Inception v3", "ResNet"), "DenseNet": ("ResNet",),
        "MobileNetV2": ("Xception", "ResNet"), "ViT": ("ResNet",), "ConvNeXt": ("ResNet", "MobileNetV2", "ViT"),
        "EfficientNet": ("MobileNetV2", "SENet")}
WIDTH, HEIGHT = 160, 64  # of a network's box


def middle(name):
    """Return the center of a network's box."""
    column, row = NETWORKS[name][:2]
    return 98 + 182 * column, 52 + 96 * row


def way(source, target):
    """Return the points of the arrow from a network to one that uses its idea."""
    (x, y), (goal, level) = middle(source), middle(target)
    side = 1 if goal > x else -1
    bottom, top = y + HEIGHT / 2, level - HEIGHT / 2
    if x == goal:
        return (x, bottom), (x, top)
    if source == "ResNet":  # a branch of the line straight down
        return (x, level - 10), (goal - side * WIDTH / 2, level - 10)
    if target == "ConvNeXt":  # down beside the boxes
        gutter = x + side * 91
        return (x + side * WIDTH / 2, y + 18), (gutter, y + 18), (gutter, level), (goal - side * WIDTH / 2, level)
    return (x - 40, bottom), (x - 40, top - 16), (goal + 50, top - 16), (goal + 50, top)


def deeper_family():
    """Draw which network uses the ideas of which."""
    told = (f"{name}, {year}: {' '.join(idea)}" + (f"; uses {' and '.join(USES[name])}" if name in USES else "")
            for name, (_, _, year, *idea) in NETWORKS.items())
    picture = Picture(560, 584, "From VGG to ConvNeXt", f"Networks, what each added, and whose ideas it uses. {'. '.join(told)}.")
    for target, sources in USES.items():
        for source in sources:
            points, added = way(source, target), source == "ResNet"
            if source == "SENet":  # passes over two lines
                picture.path(points[1:3], stroke=PANEL, line=9)
            picture.arrow(*points, stroke=ORANGE if added else SOFT, line=2.5 if added else 1.75)
    for name, (_, _, year, *idea) in NETWORKS.items():
        x, y = middle(name)
        left, top = x - WIDTH / 2, y - HEIGHT / 2
        look = {"fill": HATCH, "stroke": ORANGE, "line": 2} if name == "ResNet" else {"stroke": DEEP_BLUE, "line": 1.5}
        picture.rect(left, top, WIDTH, HEIGHT, radius=8, **look)
        picture.text(left + 9, top + 20, name, bold=True, anchor="start")
        picture.text(left + WIDTH - 9, top + 20, f"{year}", anchor="end")
        for line, words in enumerate(idea):
            picture.text(left + 9, top + 39 + 17 * line, words, anchor="start")
    for line, words in enumerate(("A box: what the", "network added.", "An arrow: who uses it.", "Orange: the skip.")):
        picture.text(384, 40 + 20 * line, words, anchor="start", fill=SOFT)
    return picture
