"""Batch normalization and dropout, on numbers small enough to check."""

import numpy as np

from helpers import shapes

from .strokes import DEEP_BLUE, DEEP_ORANGE, FAINT, HATCH, INK, LINE, ORANGE, PALE_BLUE, SOFT, WHITE, Picture, gray, signed


def feature_maps(images, height, width, channels):
    """Make up feature maps from 0 to 1 in tenths, [B, H, W, C], each channel with a level and a contrast of its own."""
    b, y, x, c = np.meshgrid(*map(np.arange, (images, height, width, channels)), indexing="ij")
    wave = ((3 * b + 5 * y + 7 * x + 2 * x * y + 11 * c * (y + b) + c * x * x) % 10) / 9 - 0.5
    level, contrast = np.array([0.3, 0.55, 0.7, 0.45]), np.array([0.5, 0.9, 0.4, 0.3])
    return np.round(level[c] + contrast[c] * wave, 1)


def batch_norm_axes():
    """Draw the feature maps of a small batch, and the numbers that share one mean and one variance."""
    shape = images, height, width, channels = 3, 4, 4, 4
    maps = feature_maps(*shape)
    means, variances = maps.mean(axis=(0, 1, 2)), maps.var(axis=(0, 1, 2))
    trained, kept = shapes.batch_normalization_parameters(channels)
    chosen = 1
    together = images * height * width
    picture = Picture(800, 452, "What batch norm averages over", (
        f"{images} images with {channels} feature maps of {height} by {width} each. Batch norm takes one mean and one variance "
        f"for each channel, over all images and all positions: {images} · {height} · {width} = {together} numbers. The framed "
        f"channel has mean {means[chosen]:.2f} and variance {variances[chosen]:.2f}."))
    cell, left, top, pitch_x, pitch_y = 18, 128, 66, 96, 92
    for channel in range(channels):
        x = left + pitch_x * channel
        highlighted = channel == chosen
        picture.text(x + 2 * cell, 36, f"channel {channel + 1}", bold=highlighted, fill=DEEP_ORANGE if highlighted else INK)
        if highlighted:
            picture.rect(x - 10, top - 14, 4 * cell + 20, pitch_y * images + 8, fill=HATCH, stroke=ORANGE, line=2.5, radius=6)
        for image in range(images):
            y = top + pitch_y * image
            for (r, c), value in np.ndenumerate(maps[image, :, :, channel]):
                picture.rect(x + c * cell, y + r * cell, cell, cell, fill=gray(244 - 190 * value), stroke=WHITE, line=0.75)
            picture.rect(x, y, 4 * cell, 4 * cell, fill="none", stroke=INK if highlighted else LINE)
        bottom = top + pitch_y * images
        ink = DEEP_ORANGE if highlighted else SOFT
        picture.text(x + 2 * cell, bottom + 24, f"{means[channel]:.2f}", mono=True, fill=ink, bold=highlighted)
        picture.text(x + 2 * cell, bottom + 48, f"{variances[channel]:.2f}", mono=True, fill=ink, bold=highlighted)
    for image in range(images):
        picture.text(left - 26, top + pitch_y * image + 2 * cell + 5, f"image {image + 1}", anchor="end")
    picture.text(left - 26, bottom + 24, "mean", anchor="end")
    picture.text(left - 26, bottom + 48, "variance", anchor="end")

    right = 540
    for line, words in enumerate((
            [(f"[B, H, W, C] = [{', '.join(map(str, shape))}]", INK, True)], None,
            ["Average over ", ("B, H, W", DEEP_ORANGE, True), ":"],
            [f"{images} · {height} · {width} = ", (f"{together} numbers", DEEP_ORANGE, True)],
            "share one mean, one variance.", None,
            ["Keep ", ("C", INK, True), f": {channels} means, {channels} variances."], None,
            f"Trained: {channels} scales,", f"{channels} offsets: {trained} parameters.",
            "Kept: moving means and", f"variances: {kept} more, not trained.")):
        if words:
            picture.text(right, 92 + 22 * line, words, anchor="start")
    picture.text(66, 432, "Darker is larger. Each channel has a level and a contrast of its own; batch norm evens them out.",
                 size=13, fill=SOFT, anchor="start")
    return picture


def dropout():
    """Draw eight activations, two training steps with different units dropped, and prediction."""
    rate = 0.5
    values = np.array([0.8, 1.4, 0.2, 2.0, 0.6, 1.0, 1.8, 0.4])
    kept = np.array([1, 0, 1, 1, 0, 0, 1, 0], bool)
    scale = 1 / (1 - rate)
    rows = [("activations", values, None), ("training, one step", values * kept * scale, kept),
            ("training, another", values * ~kept * scale, ~kept), ("prediction", values, None)]
    sums = [float(numbers.sum()) for _, numbers, _ in rows]
    mean = (sums[1] + sums[2]) / 2
    picture = Picture(800, 330, "Dropout", (
        f"Eight activations with sum {sums[0]:.1f}. In training with rate {rate:g}, each step drops other units and multiplies "
        f"the rest by {scale:g}: sums {sums[1]:.1f} and {sums[2]:.1f}, whose mean is {mean:.1f}. Prediction drops nothing and "
        "scales nothing."))
    cell, left, top, pitch = 56, 186, 62, 58
    picture.text(left + 4 * cell, 38, [
        (f"rate {rate:g}", INK, True), f": drop half of the units, multiply the rest by 1 / (1 − {rate:g}) = {scale:g}"])
    picture.text(left + 8 * cell + 62, 38, "sum", bold=True)
    for line, (name, numbers, mask) in enumerate(rows):
        y = top + pitch * line
        picture.text(left - 20, y + 25, name, anchor="end", bold=mask is None)
        for unit, value in enumerate(numbers):
            x, dropped = left + unit * cell, mask is not None and not mask[unit]
            picture.cell(x, y, cell, "" if dropped else signed(value, 1), height=38,
                         fill=HATCH if dropped else WHITE if mask is None else PALE_BLUE)
            if dropped:
                picture.path([(x + 20, y + 11), (x + 36, y + 27)], stroke=DEEP_ORANGE, line=2)
                picture.path([(x + 36, y + 11), (x + 20, y + 27)], stroke=DEEP_ORANGE, line=2)
        picture.text(left + 8 * cell + 62, y + 25, f"{sums[line]:.1f}", mono=True, bold=mask is None,
                     fill=INK if mask is None else DEEP_BLUE)
    picture.path([(left - 20, top + pitch * 3 - 10), (left + 8 * cell + 90, top + pitch * 3 - 10)], stroke=FAINT)
    picture.text(left, 312, f"The two steps together: ({sums[1]:.1f} + {sums[2]:.1f}) / 2 = {mean:.1f}. "
                 "On average nothing changes.", size=13, fill=SOFT, anchor="start")
    return picture
