"""Convolution, pooling, padding, and the order of numbers in memory, each on numbers small enough to check by hand."""

import numpy as np

from helpers import shapes

from .softmax import handwritten_seven
from .strokes import (
    BLUE,
    DEEP_BLUE,
    DEEP_ORANGE,
    HATCH,
    INK,
    ORANGE,
    PALE_BLUE,
    PALE_ORANGE,
    SOFT,
    WHITE,
    Picture,
    gray,
    signed,
)


def convolution():
    """Draw a kernel that steps over a picture: at each place its products, and the number that they add up to.

    Each step is a group of its own. A style sheet shows the groups one after another; for readers who want less motion it shows
    one step, and all numbers of the feature map.
    """
    image = np.array([[0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]])
    kernel = np.array([[-1, 1], [-1, 1]])
    height, width = (shapes.conv_output_length(n, kernel=k) for n, k in zip(image.shape, kernel.shape))
    totals = {place: int(np.sum(image[place[0]:place[0] + 2, place[1]:place[1] + 2] * kernel))
              for place in np.ndindex(height, width)}
    rows = "; ".join(" ".join(signed(totals[r, c]) for c in range(width)) for r in range(height))
    picture = Picture(760, 332, "Convolution, step by step", (
        f"A 2 by 2 kernel with the rows {signed(-1)} 1 and {signed(-1)} 1 steps over a 5 by 5 picture. At each place the four "
        f"products under it are added up, and the sums fill a {height} by {width} feature map: {rows}."))
    cell, left, top, kernel_left, out_left = 44, 36, 52, 336, 540
    kernel_top, out_top = top + 1.5 * cell, top + cell / 2
    picture.text(left + 2.5 * cell, 38, "picture, 5 × 5", bold=True)
    picture.table(left, top, image, cell)
    picture.text(kernel_left + cell, kernel_top - 14, "kernel, 2 × 2", bold=True)
    picture.table(kernel_left, kernel_top, kernel, cell, fill=lambda r, c: PALE_BLUE)
    picture.arrow((kernel_left - 14, kernel_top + cell), (left + 5 * cell + 14, kernel_top + cell))
    picture.text((kernel_left + left + 5 * cell) / 2, kernel_top + cell - 12, "lay it on", size=13, fill=SOFT)
    picture.arrow((kernel_left + 2 * cell + 14, kernel_top + cell), (out_left - 14, kernel_top + cell))
    picture.text((kernel_left + 2 * cell + out_left) / 2, kernel_top + cell - 12, "multiply, add", size=13, fill=SOFT)
    picture.text(out_left + width / 2 * cell, out_top - 14, f"feature map, {height} × {width}", bold=True)
    for r, c in totals:
        picture.cell(out_left + c * cell, out_top + r * cell, cell)

    resting = (2, 2)
    for number, ((r, c), total) in enumerate(totals.items()):
        pairs = [(signed(pixel), f"({signed(weight)})" if weight < 0 else signed(weight))
                 for pixel, weight in zip(image[r:r + 2, c:c + 2].flat, kernel.flat)]
        with picture.group(f"step step{number}" + " rest" * ((r, c) == resting)):
            picture.frame(left + c * cell, top + r * cell, 2 * cell, 2 * cell)
            picture.frame(out_left + c * cell, out_top + r * cell, cell, cell)
            pieces = [piece for pixel, weight in pairs
                      for piece in (" + ", (pixel, DEEP_ORANGE, True), " · ", (weight, DEEP_BLUE, True))][1:]
            picture.text(380, 308, [*pieces, " = ", (signed(total), INK, True)], size=16, mono=True)
        with picture.group(f"sum sum{number}"):
            picture.text(out_left + (c + 0.5) * cell, out_top + (r + 0.5) * cell + 5, signed(total), mono=True, bold=True)
    picture.style = one_after_another(len(totals))
    return picture


def one_after_another(steps, seconds=1.5):
    """Return a style sheet that shows `.step0`, `.step1` ... in turn and lets `.sum0`, `.sum1` ... stay, over and over."""
    share, period = 100 / (steps + 1), seconds * (steps + 1)  # the last step stays for two
    lines = [".step { visibility: hidden } .rest { visibility: visible }",
             "@media (prefers-reduced-motion: no-preference) {",
             f".step, .sum {{ visibility: hidden; animation: {period:g}s step-end infinite }}"]
    for step in range(steps):
        begin, end = f"{step * share:.4g}%", f"{(step + 1) * share:.4g}%" if step < steps - 1 else "100%"
        lines += [f"@keyframes step{step} {{ 0% {{ visibility: {'hidden' if step else 'visible'} }} "
                  f"{begin} {{ visibility: visible }} {end} {{ visibility: hidden }} }}",
                  f"@keyframes sum{step} {{ 0% {{ visibility: {'hidden' if step else 'visible'} }} "
                  f"{begin} {{ visibility: visible }} 100% {{ visibility: visible }} }}",
                  f".step{step} {{ animation-name: step{step} }} .sum{step} {{ animation-name: sum{step} }}"]
    return "\n".join([*lines, "}"])


def pooling():
    """Draw 2 by 2 max pooling on a 4 by 4 table."""
    image = np.array([[3, 1, 0, 2], [0, 2, 5, 1], [4, 0, 1, 1], [1, 6, 0, 2]])
    squares = image.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3)  # square row, square column, row, column
    output = squares.max(axis=(2, 3))
    size = shapes.pool_output_length(len(image), 2)
    upper, lower = (" and ".join(map(str, line)) for line in output)
    picture = Picture(540, 268, "Max pooling", (
        f"A 4 by 4 table is cut into {output.size} squares of 2 by 2. The largest number of each remains: {upper} in the "
        f"upper row, {lower} in the lower."))
    cell, left, top = 44, 60, 58
    out_left, out_top = 392, top + cell
    picture.text(left + 2 * cell, 38, "4 × 4", bold=True)
    picture.text(out_left + cell, out_top - 20, f"{size} × {size}", bold=True)
    tints = [[PALE_BLUE, WHITE], [WHITE, PALE_BLUE]]
    for r, c in np.ndindex(image.shape):
        picture.rect(left + c * cell, top + r * cell, cell, cell, fill=tints[r // 2][c // 2])
    for r, c in np.ndindex(output.shape):
        at = np.argmax(squares[r, c])
        x, y = left + (2 * c + at % 2 + 0.5) * cell, top + (2 * r + at // 2 + 0.5) * cell
        picture.circle(x, y, 15, fill=PALE_ORANGE, stroke=ORANGE, line=2)
        picture.rect(left + 2 * c * cell, top + 2 * r * cell, 2 * cell, 2 * cell, fill="none", stroke=INK, line=2)
    for (r, c), value in np.ndenumerate(image):
        largest = value == output[r // 2, c // 2]
        picture.text(left + (c + 0.5) * cell, top + (r + 0.5) * cell + 5.4, signed(value), size=15, bold=bool(largest), mono=True)
    picture.arrow((left + 4 * cell + 26, top + 2 * cell), (out_left - 26, top + 2 * cell))
    picture.text((left + 4 * cell + out_left) / 2, top + 2 * cell - 12, "keep the largest", size=13, fill=SOFT)
    for (r, c), value in np.ndenumerate(output):
        picture.cell(out_left + c * cell, out_top + r * cell, cell, signed(value), fill=tints[r][c], stroke=INK, font=15,
                     bold=True)
    return picture


def padding():
    """Draw a row of 13 under a window of 6 in steps of 5, without and with padding."""
    length, kernel, stride = 13, 6, 5
    row = np.arange(1, length + 1)
    before, after = shapes.same_padding(length, kernel, stride)
    padded = np.pad(row, (before, after))
    valid, same = (shapes.conv_output_length(length, kernel, stride, name) for name in ("valid", "same"))
    missed = [int(value) for value in row[(valid - 1) * stride + kernel:]]
    sums = [[int(values[start * stride:start * stride + kernel].sum()) for start in range(places)]
            for values, places in ((row, valid), (padded, same))]
    picture = Picture(760, 380, "Padding, valid and same", (
        f"A window of {kernel} in steps of {stride} on the numbers 1 to {length}. Valid: {valid} places, with sums "
        f"{' and '.join(map(str, sums[0]))}; {' and '.join(map(str, missed))} are never seen. Same: {before} zero before "
        f"and {after} after make {same} places, with sums {', '.join(map(str, sums[1]))}."))
    cell, left = 40, 60
    picture.text(left, 36, f"A row of {length}, a window of {kernel}, steps of {stride}", anchor="start", fill=SOFT)

    def draw(top, heading, values, offset, places, totals):
        picture.text(left, top, heading, anchor="start")
        y = top + 16
        for index, value in enumerate(values):
            extra = value == 0 or (offset and value in missed)
            picture.cell(left + (offset + index) * cell, y, cell, f"{value}", height=34, bold=extra,
                         fill=HATCH if extra else WHITE, ink=DEEP_ORANGE if extra else INK)
        for place, total in zip(range(places), totals):
            x, end, lane = left + (offset + place * stride) * cell + 3, kernel * cell - 6, y + 48 + 26 * (place % 2)
            picture.path([(x, lane - 7), (x, lane), (x + end, lane), (x + end, lane - 7)], stroke=BLUE, line=2.5)
            picture.text(x + end / 2, lane + 17, f"sum {total}", size=13, fill=DEEP_BLUE)

    lost, zeros = (" and ".join(map(str, missed)), DEEP_ORANGE, True), (f"{before} zero before, {after} after", DEEP_ORANGE, True)
    draw(74, [("valid", INK, True), f": {valid} places; ", lost, " are never seen"], row, before, valid, sums[0])
    draw(236, [("same", INK, True), f": {same} places; ", zeros], padded, 0, same, sums[1])
    return picture


def frame_28_to_32():
    """Draw the frame of two zeros that makes 32 of 28, and the windows of 5 that leave 28 again."""
    size, zeros, kernel = 28, 2, 5
    padded = size + 2 * zeros
    out = shapes.conv_output_length(size, kernel, padding=zeros)
    picture = Picture(670, 326, f"From {size} to {padded}", (
        f"A digit of {size} by {size} pixels with a frame of {zeros} zeros on each side is {padded} by {padded}; windows of "
        f"{kernel} leave {out} by {out} again. The first window has the digit's corner pixel in its middle."))
    scale, left, top = 7, 60, 56
    inner = left + zeros * scale, top + zeros * scale
    picture.text(left + padded * scale / 2, 38, [(f"{padded} × {padded}", INK, True), " with the frame"])
    picture.rect(left, top, padded * scale, padded * scale, fill=HATCH)
    picture.rect(*inner, size * scale, size * scale, fill=WHITE, stroke="none")
    for (r, c), ink in np.ndenumerate(handwritten_seven()):
        if ink:
            picture.rect(inner[0] + c * scale, inner[1] + r * scale, scale, scale, fill=gray(255 - 225 * ink), stroke="none")
    picture.rect(*inner, size * scale, size * scale, fill="none", stroke=INK)
    picture.frame(left, top, kernel * scale, kernel * scale)
    picture.circle(left + kernel * scale / 2, top + kernel * scale / 2, 3, fill=ORANGE, stroke=ORANGE)
    out_left = 414
    middle = top + padded * scale / 2
    picture.arrow((left + padded * scale + 24, middle), (out_left - 24, middle))
    picture.text((left + padded * scale + out_left) / 2, middle - 12, f"windows of {kernel}", size=13, fill=SOFT)
    picture.text(out_left + out * scale / 2, 38, [(f"{out} × {out}", INK, True), " again"])
    picture.rect(out_left, inner[1], out * scale, out * scale, fill=PALE_BLUE, stroke=INK)
    picture.rect(out_left, inner[1], scale, scale, fill=PALE_ORANGE, stroke=ORANGE, line=2)
    picture.text(left, 308, f"The middle of the first window is the corner pixel of the {size} × {size} digit.",
                 anchor="start", size=13, fill=SOFT)
    return picture


def channels_order():
    """Draw a picture of 2 by 3 pixels and 2 channels, and its 12 numbers in memory in either order."""
    height, width, channels = 2, 3, 2
    names = np.array([[[f"{pixel}{channel}" for pixel in line] for line in ("abc", "def")] for channel in range(channels)])
    first = np.zeros((channels, height, width), "float32")
    last = np.zeros((height, width, channels), "float32")
    steps_first = dict(zip(("channel", "row", "column"), (stride // first.itemsize for stride in first.strides)))
    steps_last = dict(zip(("row", "column", "channel"), (stride // last.itemsize for stride in last.strides)))
    told = [", ".join(f"{axis} {step}" for axis, step in steps.items()) for steps in (steps_first, steps_last)]
    picture = Picture(704, 560, "Channels first, channels last", (
        f"A picture of {height} by {width} pixels, a to f, with {channels} channels, in memory. NCHW lays one whole channel "
        f"after the other; strides in numbers: {told[0]}. NHWC keeps the channels of a pixel together: {told[1]}."))
    cell, left = 46, 150
    tints, edges = (WHITE, HATCH), (INK, DEEP_ORANGE)
    picture.text(40, 44, "a picture of 2 × 3 pixels, 2 channels", anchor="start", bold=True)
    for channel in range(channels):
        x, y = left + 250 * channel, 64
        picture.text(x - 14, y + 51, f"channel {channel}", anchor="end", size=13, fill=SOFT)
        for (r, c), name in np.ndenumerate(names[channel]):
            picture.cell(x + c * cell, y + r * cell, cell, name, fill=tints[channel], ink=edges[channel], bold=channel == 1)

    def strip(top, heading, users, order, steps):
        picture.text(40, top, [(heading, INK, True), users], anchor="start")
        y, start = top + 16, 100
        for index, name in enumerate(order):
            channel = int(name[1])
            picture.cell(start + index * cell, y, cell, name, height=36, bold=channel == 1, fill=tints[channel],
                         ink=edges[channel])
            picture.text(start + (index + 0.5) * cell, y + 53, f"{index}", size=13, fill=SOFT)
        picture.text(start - 14, y + 53, "place", size=13, fill=SOFT, anchor="end")
        moves = sorted(steps.items(), key=lambda move: move[1])
        words = {"column": "one pixel right", "row": "one pixel down", "channel": "next channel"}
        for lane, (axis, step) in enumerate(moves):
            x, level = start + 0.5 * cell, y + 76 + 23 * lane
            picture.path([(x, level - 6), (x, level + 6)], stroke=BLUE, line=2)
            picture.arrow((x, level), (x + step * cell, level), stroke=BLUE, line=2)
            picture.text(x + step * cell + 10, level + 5, [(f"+{step} ", DEEP_BLUE, True), words[axis]], size=13,
                         anchor="start", fill=DEEP_BLUE)

    strip(208, "NCHW, channels first", ": PyTorch, CNTK", names.reshape(-1), steps_first)
    strip(392, "NHWC, channels last", ": TensorFlow, Keras", names.transpose(1, 2, 0).reshape(-1), steps_last)
    return picture
