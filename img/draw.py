"""Draw the diagrams of the course.

    python img/draw.py            write every picture
    python img/draw.py --check    say which file differs from what would be drawn

All numbers in the pictures are computed: sums from the tables that are drawn, shapes and parameters by helpers.shapes.
"""

import sys
from pathlib import Path

import numpy as np

from helpers import shapes

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from svg import (  # noqa: E402
    BLUE, GREEN, INK, ORANGE, PALE_BLUE, PALE_GREEN, PALE_ORANGE, SOFT, WHITE, Picture,
)


def course_map():
    """Draw the lessons as stations on a path, each with what it adds."""
    stations = [("1", "Softmax", "regression", "loss, gradient"), ("2", "LeNet", "", "convolution, pooling"),
                ("3", "Sign", "language", "batch norm, trust"), ("4", "Four", "frameworks", "carrying weights"),
                ("5", "AlexNet", "translated", "proving equality"), ("6", "Transfer", "learning", "borrowed features")]
    picture = Picture(800, 190, "The course", "Six lessons on one path: " + "; ".join(
        f"{number}, {first} {second}".strip() + f", adds {adds}" for number, first, second, adds in stations) + ".")
    picture.line(40, 62, 770, 62, stroke=BLUE, width=4, arrow=False)
    for position, (number, first, second, adds) in enumerate(stations):
        x = 75 + 130 * position
        picture.circle(x, 62, 22, fill=BLUE if position % 2 == 0 else WHITE, stroke=BLUE, width=3)
        picture.text(x, 68, number, size=18, weight="bold", fill=WHITE if position % 2 == 0 else BLUE)
        picture.text(x, 110, first, weight="bold")
        picture.text(x, 128, second, weight="bold")
        picture.text(x, 154, adds, size=12, fill=SOFT)
    return picture


def softmax_regression():
    """Draw the way from pixels to the loss, with a small example's numbers."""
    scores = np.array([1.0, 3.0, 0.0])
    probabilities = np.exp(scores) / np.exp(scores).sum()
    loss = -np.log(probabilities[1])
    picture = Picture(800, 250, "Softmax regression", "A row of 784 pixels times a table of 784 by 10 weights, plus 10 biases, gives "
                      "10 scores. Softmax turns scores into probabilities; the cross-entropy is minus the logarithm of the "
                      "probability of the true class.")
    for index in range(14):
        shade = [240, 235, 180, 90, 40, 60, 150, 220, 120, 50, 70, 170, 230, 245][index]
        picture.rect(40, 45 + 11 * index, 22, 11, fill=f"rgb({shade},{shade},{shade})")
    picture.text(51, 222, "784 pixels")
    picture.line(72, 122, 120, 122, arrow=True)
    picture.rect(126, 45, 110, 154, fill=PALE_BLUE, stroke=BLUE, stroke_width=1.5)
    picture.text(181, 116, "weights", weight="bold")
    picture.text(181, 136, "784 × 10")
    picture.text(181, 222, "+ 10 biases")
    picture.line(242, 122, 290, 122, arrow=True)
    rows = ["class 0", "class 1", "..."]
    for index, (name, score, probability) in enumerate(zip(rows, scores, probabilities)):
        y = 62 + 46 * index
        picture.rect(296, y, 78, 34, fill=WHITE)
        picture.text(335, y + 22, "..." if name == "..." else f"{score:.1f}", mono=True)
        picture.rect(470, y, 78, 34, fill=PALE_ORANGE if index == 1 else WHITE, stroke=ORANGE if index == 1 else SOFT)
        picture.text(509, y + 22, "..." if name == "..." else f"{probability:.2f}", mono=True)
        picture.text(562, y + 22, name, size=12, fill=SOFT, anchor="start")
    picture.text(335, 222, "10 scores (logits)")
    picture.line(380, 122, 462, 122, arrow=True)
    picture.text(421, 112, "softmax", weight="bold")
    picture.text(509, 222, "10 probabilities")
    picture.line(624, 122, 668, 122, arrow=True)
    picture.rect(674, 84, 104, 76, fill=PALE_GREEN, stroke=GREEN, stroke_width=1.5)
    picture.text(726, 114, f"−ln {probabilities[1]:.2f}", mono=True)
    picture.text(726, 140, f"= {loss:.2f}", mono=True, weight="bold")
    picture.text(726, 222, "loss, if class 1 is true", size=12)
    return picture


def convolution():
    """Draw one window, the products under it, and the feature map."""
    image = np.array([[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]])
    kernel = np.array([[-1, 1], [-1, 1]])
    size = [shapes.conv_output_length(n, kernel=k) for n, k in zip(image.shape, kernel.shape)]
    output = np.array([[np.sum(image[r:r + 2, c:c + 2] * kernel) for c in range(size[1])] for r in range(size[0])])
    row, column = 0, 1
    window = image[row:row + 2, column:column + 2]
    products = " + ".join(f"{pixel}·{'(−1)' if weight < 0 else weight}" for pixel, weight in zip(window.flat, kernel.flat))
    picture = Picture(740, 292, "Convolution", f"A 2 by 2 kernel lies on a 5 by 5 picture. The products under it, {products}, add up "
                      f"to {output[row, column]}, which is one number of the {size[0]} by {size[1]} feature map.")
    picture.numbers(40, 46, image, fill=lambda r, c: PALE_ORANGE if row <= r < row + 2 and column <= c < column + 2 else WHITE)
    picture.frame(40 + column * 34, 46 + row * 34, 68, 68)
    picture.text(125, 34, "picture, 5 × 5", weight="bold")
    picture.text(280, 138, "×", size=24)
    picture.numbers(320, 97, kernel, fill=lambda r, c: PALE_BLUE)
    picture.text(354, 85, "kernel", weight="bold")
    picture.text(434, 138, "=", size=24)
    picture.numbers(480, 63, output, fill=lambda r, c: PALE_ORANGE if (r, c) == (row, column) else WHITE)
    picture.frame(480 + column * 34, 63 + row * 34, 34, 34)
    picture.text(548, 51, f"feature map, {size[0]} × {size[1]}", weight="bold")
    picture.text(370, 262, f"{products} = {output[row, column]}", mono=True, size=15)
    return picture


def pooling():
    """Draw 2 by 2 max pooling on a 4 by 4 picture."""
    image = np.array([[3, 1, 0, 2], [0, 2, 5, 1], [4, 0, 1, 1], [1, 6, 0, 2]])
    output = image.reshape(2, 2, 2, 2).max(axis=(1, 3))
    colors = [[PALE_BLUE, PALE_ORANGE], [PALE_GREEN, WHITE]]
    picture = Picture(520, 240, "Max pooling", "A 4 by 4 table is cut into four squares of 2 by 2. The largest number of each "
                      f"remains: {', '.join(map(str, output.flat))}.")
    picture.numbers(50, 52, image, cell=38, fill=lambda r, c: colors[r // 2][c // 2], size=15)
    for r in range(2):
        for c in range(2):
            picture.rect(50 + 76 * c, 52 + 76 * r, 76, 76, fill="none", stroke=INK, stroke_width=2)
    picture.line(226, 128, 300, 128, arrow=True)
    picture.text(263, 116, "largest", size=13)
    picture.numbers(326, 90, output, cell=38, fill=lambda r, c: colors[r][c], size=15)
    picture.text(126, 38, "4 × 4", weight="bold")
    picture.text(364, 76, "2 × 2", weight="bold")
    return picture


def padding():
    """Draw a row of 13 under a window of 6 in steps of 5, without and with padding; then the frame from 28 to 32."""
    length, kernel, stride, cell = 13, 6, 5, 30
    places = shapes.conv_output_length(length, kernel, stride)
    before, after = shapes.same_padding(length, kernel, stride)
    used = (places - 1) * stride + kernel
    same_places = shapes.conv_output_length(length, kernel, stride, "same")
    picture = Picture(640, 330, "Padding", f"A window of {kernel} in steps of {stride} on a row of {length}. Valid: {places} places, "
                      f"the last {length - used} pixels are never seen. Same: {before} zero before and {after} after, {same_places} places.")
    left = 80

    def row(y, start, values):
        for index, value in enumerate(values):
            inside = isinstance(value, int) and value <= length and value > 0
            picture.rect(left + (start + index) * cell, y, cell, cell, fill=WHITE if inside else PALE_ORANGE)
            picture.text(left + (start + index + 0.5) * cell, y + 20, value, size=13, mono=True)

    picture.text(left, 36, f"valid: {places} places, {length - used} pixels never seen", weight="bold", anchor="start")
    row(50, before, list(range(1, length + 1)))
    for index in range(places):
        x = left + (before + index * stride) * cell
        picture.rect(x + 2, 86 + 14 * index, kernel * cell - 4, 9, fill=BLUE, stroke=BLUE)
    for index in range(used, length):
        picture.line(left + (before + index) * cell + 4, 76, left + (before + index + 1) * cell - 4, 54, stroke=ORANGE, width=2)
    picture.text(left, 176, f"same: {before} zero before, {after} after, {same_places} places", weight="bold", anchor="start")
    row(190, 0, [0] * before + list(range(1, length + 1)) + [0] * after)
    for index in range(same_places):
        x = left + index * stride * cell
        picture.rect(x + 2, 226 + 14 * index, kernel * cell - 4, 9, fill=BLUE, stroke=BLUE)
    picture.text(left, 300, f"window of {kernel}, steps of {stride}, row of {length}", size=13, fill=SOFT, anchor="start")
    return picture


def frame_28_to_32():
    """Draw the frame of two zeros that makes 32 of 28, and the windows of 5 that leave 28 again."""
    padded = 28 + 2 * 2
    out = shapes.conv_output_length(padded, kernel=5)
    picture = Picture(560, 262, "From 28 to 32", f"A picture of 28 by 28 with a frame of 2 zeros on each side is {padded} by {padded}; "
                      f"windows of 5 leave {out} by {out}.")
    scale = 5.5
    picture.rect(40, 46, padded * scale, padded * scale, fill=PALE_ORANGE)
    picture.rect(40 + 2 * scale, 46 + 2 * scale, 28 * scale, 28 * scale, fill=WHITE, stroke=INK)
    picture.frame(40, 46, 5 * scale, 5 * scale)
    picture.text(40 + padded * scale / 2, 46 + padded * scale / 2 + 5, "28 × 28", weight="bold")
    picture.text(40 + padded * scale / 2, 36, f"{padded} × {padded} with the frame")
    picture.line(240, 134, 318, 134, arrow=True)
    picture.text(279, 122, "5 × 5", size=13)
    picture.rect(340, 46 + 2 * scale, out * scale, out * scale, fill=PALE_BLUE)
    picture.frame(340, 46 + 2 * scale, scale, scale)
    picture.text(340 + out * scale / 2, 46 + padded * scale / 2 + 5, f"{out} × {out}", weight="bold")
    picture.text(340 + out * scale / 2, 36, "feature map")
    picture.text(40, 246, "The first window lies half on the frame, so a stroke at the rim can stand in its middle.", size=12, fill=SOFT,
                 anchor="start")
    return picture


def lenet():
    """Draw LeNet as volumes, with shapes and parameters from its trace."""
    layers = [shapes.Conv2D(6, 5), shapes.MaxPooling2D(2), shapes.Conv2D(16, 5), shapes.MaxPooling2D(2), shapes.Flatten(),
              shapes.Dense(120), shapes.Dense(84), shapes.Dense(10)]
    trace = shapes.trace((32, 32, 1), layers)
    rows = trace.rows[-len(layers):]
    volumes = [(32, 32, 1)] + [row.output_shape for row in rows if len(row.output_shape) == 3]
    flat = [row.output_shape[0] for row in rows if len(row.output_shape) == 1]
    counts = [row.parameters for row in rows]
    picture = Picture(800, 300, "LeNet", "A picture of 32 by 32 passes two rounds of convolution and pooling, " + ", ".join(
        "×".join(map(str, volume)) for volume in volumes[1:]) + f", then dense layers: {', '.join(map(str, flat))}. Together "
        f"{trace.parameters:,} parameters.")
    names = ["input", "conv 5×5", "pool 2×2", "conv 5×5", "pool 2×2"]
    parameters = [None, *counts[:4]]
    x, middle = 36, 134
    for name, (height, width, channels), count in zip(names, volumes, parameters):
        side, depth = 22 + height * 2.0, 4 + channels * 1.6
        picture.block(x, middle - side / 2, side, side, depth, fill=PALE_BLUE if "conv" in name else WHITE)
        center = x + side / 2
        picture.text(center, middle + side / 2 + 20 if side > 60 else middle + 62, f"{height}×{width}×{channels}", size=13, weight="bold")
        picture.text(center, 246, name, size=13)
        picture.text(center, 264, f"{count:,}" if count else "–", size=12, fill=SOFT)
        x += side + depth + 24
    for size, count, name in zip(flat, [0, *counts[5:]], ["flatten", "dense", "dense", "dense"]):
        height = 20 + size * 0.36
        picture.rect(x, middle - height / 2, 16, height, fill=PALE_GREEN if name == "dense" else WHITE)
        picture.text(x + 8, middle - height / 2 - 8, size, size=13, weight="bold")
        picture.text(x + 8, 246, name, size=13)
        picture.text(x + 8, 264, f"{count:,}" if count else "–", size=12, fill=SOFT)
        x += 64
    picture.text(400, 290, f"parameters below each layer, {trace.parameters:,} together", size=13, fill=SOFT)
    return picture


DRAWINGS = {drawing.__name__: drawing for drawing in
            (course_map, softmax_regression, convolution, pooling, padding, frame_28_to_32, lenet)}


def main():
    """Write the pictures, or say which are out of date."""
    differing = []
    for name, drawing in DRAWINGS.items():
        path, text = FOLDER / f"{name}.svg", drawing().svg()
        if "--check" in sys.argv[1:]:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                differing.append(path.name)
        else:
            path.write_text(text, encoding="utf-8")
    if differing:
        sys.exit(f"out of date: {', '.join(differing)}; run: python img/draw.py")


if __name__ == "__main__":
    main()
