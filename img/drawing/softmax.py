"""Softmax regression, from pixels to the loss."""

import math
from itertools import pairwise

import numpy as np

from helpers import shapes

from .strokes import DEEP_BLUE, DEEP_ORANGE, HATCH, INK, LINE, PALE_BLUE, SOFT, WHITE, Picture, gray, signed


def handwritten_seven(size=28):
    """Draw a digit with a round pen: a table of inks from 0 to 1 of size by size pixels, in steps of 1/16."""
    corners = np.array([(7.0, 8.0), (20.5, 7.0), (19.5, 10.5), (13.0, 22.5)]) * size / 28
    rows, columns = np.mgrid[:size, :size] + 0.5
    distance = np.full((size, size), np.inf)
    for (x0, y0), (x1, y1) in pairwise(corners):
        along = np.clip(((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
        distance = np.minimum(distance, np.hypot(columns - x0 - along * (x1 - x0), rows - y0 - along * (y1 - y0)))
    return np.round(np.clip(1.9 - distance, 0, 1) * 16) / 16


def softmax_regression():
    """Draw a digit, the ten scores, the ten probabilities and the loss."""
    scores = np.array([-1.2, -2.0, 0.6, 1.9, -0.7, -0.4, -3.1, 4.2, -0.3, 2.4])
    truth = 7
    probabilities = np.exp(scores) / np.exp(scores).sum()
    loss = -math.log(probabilities[truth])
    digit = handwritten_seven()
    parameters = shapes.dense_parameters(digit.size, len(scores))
    picture = Picture(800, 366, "Softmax regression", (
        f"The {digit.size} pixels of a digit times a table of {digit.size} by {len(scores)} weights, plus {len(scores)} "
        f"biases, {parameters:,} parameters together, give {len(scores)} scores. Softmax turns them into probabilities that "
        f"add up to 1; the {truth} gets {probabilities[truth]:.3f}, and the loss is minus its logarithm, {loss:.3f}."))
    top, middle, step = 66, 186, 24
    for x, words in ((86, "pixels"), (223, "weights, biases"), (396, "scores"), (590, "probabilities"), (732, "loss")):
        picture.text(x, 38, words, bold=True)

    left, scale = 30, 4
    y = middle - 14 * scale
    picture.rect(left, y, 28 * scale, 28 * scale, fill=WHITE, stroke="none")
    for (r, c), ink in np.ndenumerate(digit):
        if ink:
            picture.rect(left + c * scale, y + r * scale, scale, scale, fill=gray(255 - 225 * ink), stroke="none")
    picture.rect(left, y, 28 * scale, 28 * scale, fill="none")
    picture.text(86, 330, f"28 × 28 = {digit.size}", size=13, fill=SOFT)
    picture.arrow((152, middle), (178, middle))

    for column in range(len(scores)):
        picture.rect(188 + 7 * column, top, 7, 10 * step, fill=PALE_BLUE, stroke="#9cc3de", line=0.75)
    picture.rect(188, top, 70, 10 * step, fill="none", stroke=DEEP_BLUE, line=1.25)
    picture.text(223, 330, f"{digit.size} × {len(scores)} + {len(scores)}", size=13, fill=SOFT)
    picture.text(223, 349, f"= {parameters:,}", size=13, fill=SOFT)
    picture.arrow((268, middle), (294, middle))

    zero, unit, start, length = 410, 11, 588, 88
    picture.path([(zero, top), (zero, top + 10 * step)], stroke=LINE)
    picture.path([(start, top), (start, top + 10 * step)], stroke=LINE)
    for label, (score, probability) in enumerate(zip(scores, probabilities)):
        y, right = top + step * label, label == truth
        fill, stroke, ink = (HATCH, DEEP_ORANGE, DEEP_ORANGE) if right else (PALE_BLUE, DEEP_BLUE, INK)
        picture.text(312, y + 17, f"{label}", fill=ink, bold=right, mono=True)
        picture.text(368, y + 17, signed(score, 1), fill=ink, anchor="end", bold=right, mono=True)
        picture.rect(min(zero, zero + unit * score), y + 5, abs(unit * score), step - 10, fill=fill, stroke=stroke)
        picture.text(start - 10, y + 17, f"{probability:.3f}", fill=ink, anchor="end", bold=right, mono=True)
        picture.rect(start, y + 5, max(length * probability, 0.5), step - 10, fill=fill, stroke=stroke)
    picture.text(396, 330, "any numbers", size=13, fill=SOFT)
    picture.text(590, 330, f"add up to {probabilities.sum():.0f}", size=13, fill=SOFT)
    picture.arrow((472, middle), (522, middle))
    picture.text(497, middle - 12, "softmax", size=13, fill=SOFT)

    y = top + step * truth
    picture.arrow((start + length * probabilities[truth] + 8, y + 12), (690, y + 12), stroke=DEEP_ORANGE)
    picture.text(732, y + 8, f"−ln {probabilities[truth]:.3f}", fill=DEEP_ORANGE, size=13, mono=True)
    picture.text(732, y + 30, f"= {loss:.3f}", fill=DEEP_ORANGE, bold=True, mono=True)
    picture.text(732, 330, f"truth: {truth}", size=13, fill=SOFT)
    return picture
