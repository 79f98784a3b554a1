"""A network with a hidden layer, forward and backward, and the loss against the learning rate."""

import numpy as np

from helpers import shapes

from .strokes import BLUE, DEEP_BLUE, DEEP_ORANGE, HATCH, LINE, ORANGE, PALE_BLUE, SOFT, Picture, by, number


def hidden_layer(sizes=(784, 128, 10)):
    """Draw the two layers with shapes: arrays above, their slopes below."""
    pixels, units, scores = sizes
    parameters = [shapes.dense_parameters(*pair) for pair in ((pixels, units), (units, scores))]
    picture = Picture(800, 330, "A hidden layer, forward and backward", (
        f"Forward, left to right: a batch of n by {pixels} pixels times W1, {pixels} by {units}, plus b1 gives z, n by {units}; "
        f"ReLU gives h of the same shape; times W2, {units} by {scores}, plus b2 gives n by {scores} scores; softmax and "
        f"cross-entropy give the loss. Backward, right to left: the slope of the scores is p minus y over n; times W2 transposed "
        f"it is the slope of h; masked where z is not positive it is the slope of z. The layers have {parameters[0]:,} and "
        f"{parameters[1]:,} parameters, {sum(parameters):,} together."))
    places = {"x": (70, pixels), "z": (270, units), "h": (430, units), "scores": (640, scores)}
    tall = {pixels: 150, units: 96, scores: 50}
    middle = 120
    for name, (x, size) in places.items():
        height = tall[size]
        picture.rect(x - 24, middle - height / 2, 48, height, fill=PALE_BLUE, stroke=DEEP_BLUE)
        picture.text(x, middle + 5, name if len(name) < 3 else "s", mono=True, bold=True)
        picture.text(x, 28, {"x": "pixels", "z": "before ReLU", "h": "hidden units"}.get(name, name))
        picture.text(x, 216, f"n × {size}", size=13, fill=SOFT)
    steps = ((94, 246, "W1, b1", by((pixels, units))), (294, 406, "ReLU", ""), (454, 616, "W2, b2", by((units, scores))),
             (664, 716, "", ""))
    for start, end, words, shape in steps:
        picture.arrow((start + 4, middle), (end - 4, middle), stroke=DEEP_BLUE)
        if words:
            picture.text((start + end) / 2, middle - 12, words, fill=DEEP_BLUE, bold=True)
        if shape:
            picture.text((start + end) / 2, middle + 22, shape, size=13, fill=SOFT)
    picture.text(745, middle + 5, "loss", bold=True)

    back = 270
    for x, words, size in ((640, "(p − y) / n", scores), (430, "· W2 transposed", units), (270, "· [z > 0]", units)):
        picture.rect(x - 64, back - 18, 128, 36, fill=HATCH, stroke=DEEP_ORANGE, radius=6)
        picture.text(x, back + 5, words, size=13, fill=DEEP_ORANGE, bold=True)
        picture.text(x, back + 40, f"n × {size}", size=13, fill=SOFT)
    picture.path([(745, middle + 20), (745, back)], stroke=DEEP_ORANGE, line=1.5)
    for start, end in ((745, 708), (572, 498), (362, 338)):
        picture.arrow((start, back), (end, back), stroke=DEEP_ORANGE)
    picture.arrow((202, back), (150, back), stroke=DEEP_ORANGE)
    picture.text(84, back + 5, "slopes of W1, b1", size=13, fill=DEEP_ORANGE, bold=True)
    return picture


def learning_rate(curvatures=(1.0, 0.3), steps=30):
    """Draw what is left of the loss after so many steps of gradient descent on a bowl, for each learning rate."""
    rates = np.geomspace(1e-4, 10, 141)
    shares = [np.minimum(np.abs(1 - rates * curvature), 9.0) ** (2 * steps) for curvature in curvatures]
    left_over = np.minimum(np.mean(shares, axis=0), 1.5)
    cliff = 2 / max(curvatures)
    best = rates[left_over.argmin()]
    picture = Picture(800, 320, "Loss against learning rate", (
        f"What is left of the loss after {steps} steps of gradient descent, for learning rates from 0.0001 to 10, on a bowl with "
        f"curvatures {' and '.join(map(number, curvatures))}. Small rates leave nearly all of it. It falls to a valley around "
        f"{best:.1f}. At a rate of {number(cliff)} it rises like a cliff: each step overshoots by more than the step before."))
    x0, y0, width, height = 90, 250, 640, 190

    def place(rate, share):
        return x0 + width * (np.log10(rate) + 4) / 5, y0 - height * share / 1.5

    picture.rect(x0, y0 - height, width * (np.log10(cliff) + 4) / 5, height, fill=PALE_BLUE, stroke="none")
    picture.rect(place(cliff, 0)[0], y0 - height, x0 + width - place(cliff, 0)[0], height, fill=HATCH, stroke="none")
    picture.path([(x0, y0 - height), (x0, y0), (x0 + width, y0)], stroke=LINE)
    for power in range(-4, 2):
        x = place(10.0 ** power, 0)[0]
        picture.path([(x, y0), (x, y0 + 5)])
        picture.text(x, y0 + 24, number(10.0 ** power) if power > -3 else f"{10.0 ** power:g}".replace("1e-04", "0.0001"), size=13)
    picture.text(x0 + width / 2, y0 + 52, "learning rate", fill=SOFT)
    picture.text(x0 - 12, place(1, 1)[1] + 5, "1", size=13, anchor="end")
    picture.text(x0 - 12, y0 + 5, "0", size=13, anchor="end")
    picture.text(x0, 36, f"share of the loss that is left after {steps} steps", anchor="start", fill=SOFT)
    picture.path([place(rate, share) for rate, share in zip(rates, left_over)], stroke=BLUE, line=3)
    for words, rate, share in (("too small", 1e-3, 1.1), ("valley", 0.55, 0.12)):
        picture.text(*place(rate, share), words, bold=True, fill=DEEP_BLUE)
    picture.text(place(4.5, 0)[0], place(1, 0.75)[1], "too large", bold=True, fill=DEEP_ORANGE)
    picture.path([place(cliff, 0), place(cliff, 1.5)], stroke=ORANGE, line=1.5, dash="5 4")
    return picture
