"""The checks of lesson 2, a hidden layer."""

from itertools import pairwise

import numpy as np

from helpers.exercises.checking import Checks, case

check = Checks()


@check.exercise
def merged_layer():
    """Exercise 2.1."""
    W, b, V, c = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([1.0, 0.0]), np.array([[3.0], [1.0]]), np.array([-2.0])
    random = np.random.default_rng(0)
    three = [(random.normal(size=(4, 3)), random.normal(size=3)), (random.normal(size=(3, 5)), random.normal(size=5)),
             (random.normal(size=(5, 2)), random.normal(size=2))]
    x = random.normal(size=(6, 4))
    y = x
    for weights, biases in three:
        y = y @ weights + biases

    def same(merged, layers):
        return y, x @ merged[0] + merged[1]

    return [
        case("one layer", [(W, b)], expected=(W, b), hint="One layer is its own merger: return its weights and its biases."),
        case("two layers without biases", [(W, 0 * b), (V, 0 * c)], expected=(np.array([[5.0], [-1.0]]), np.array([0.0])),
             hint="x meets the first matrix first: W1 @ W2, not W2 @ W1.",
             slips={"The first biases pass through the second matrix: b1 @ W2 + b2.": (np.array([[5.0], [-1.0]]), np.zeros(2))}),
        case("two layers", [(W, b), (V, c)], expected=(np.array([[5.0], [-1.0]]), np.array([1.0])),
             hint="The first biases pass through the second matrix, too.",
             slips={"The first biases pass through the second matrix: b1 @ W2 + b2.": (np.array([[5.0], [-1.0]]), c),
                    "b1 @ W2 + b2: W2 alone, and the second biases, too.": (np.array([[5.0], [-1.0]]), np.array([3.0])),
                    "b1 @ W2, and not b1 alone: the biases are inputs of the next layer.":
                        (np.array([[5.0], [-1.0]]), np.array([-1.0, -2.0]))}),
        case("three layers", three, holds={"the same answer as one after the other": same},
             hint="Merge the first two, then merge the result with the third."),
    ]


@check.exercise
def numerical_gradient():
    """Exercise 2.2."""
    weights = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0]])
    place = np.array([0.5, -1.0])

    def remembered(measure):
        before = weights.copy()

        def unchanged(slopes, *inputs):
            return before, inputs[1]
        return case("the array afterwards", measure, weights.copy(), 1e-5, holds={"the array is as it came": unchanged},
                    hint="Put each entry back after both nudges, or nudge a copy.")

    def bent(array):
        return float(np.abs(array).sum())

    return [
        case("a sum", lambda array: float(array.sum()), weights, 1e-5, expected=np.ones((2, 3)), tolerance=1e-6,
             hint="Each entry of a sum has the slope 1. Divide by the whole distance, from down to up.",
             slips={"The distance from down to up is two steps.": np.full((2, 3), 2.0),
                    "You divide by two steps and move only one.": np.full((2, 3), 0.5),
                    "Divide the difference of the two losses by 2 * step.": np.full((2, 3), 2e-5)}),
        case("squares", lambda array: float((array ** 2).sum()), weights, 1e-3, expected=2 * weights, tolerance=1e-6,
             hint="Both sides: up minus down. Nudging up alone is off by the step.",
             slips={"Nudge up and down; up alone is off by one step.": 2 * weights + 1e-3,
                    "Up minus down, not down minus up.": -2 * weights}),
        case("cubes, with a large step", lambda array: float((array ** 3).sum()), place, 0.1, expected=[0.76, 3.01],
             tolerance=1e-6, hint="Nudge by the step that you are given.",
             slips={"Nudge by the step that you are given, not by one of your own.": np.array([0.75, 3.0])}),
        case("entries that act on each other", lambda array: float(array[0] * array[1] ** 2), place, 1e-4,
             expected=[1.0, -1.0], tolerance=1e-6, hint="One entry at a time; all others stay where they are."),
        case("whole numbers", lambda array: float((array ** 2).sum()), np.array([2, -3]), 1e-3, expected=[4.0, -6.0],
             tolerance=1e-6, hint="An array of whole numbers rounds the nudge away: work on array.astype(float)."),
        case("three axes", lambda array: float(array[1, 0, 1] * 7), np.zeros((2, 1, 2)), 1e-5,
             expected=[[[0.0, 0.0]], [[0.0, 7.0]]], tolerance=1e-6,
             hint="np.ndindex(array.shape) lists all places of any shape."),
        case("the kink of a ReLU", bent, np.array([0.0, 2.0]), 1e-5, expected=[0.0, 1.0], tolerance=1e-6,
             hint="At 0 the two sides cancel, if you nudge by the same step up and down."),
        remembered(lambda array: float(array.sum())),
    ]


@check.exercise
def dropout():
    """Exercise 2.3."""
    units = np.array([[1.0, 2.0, 3.0, 4.0]])
    chances = np.array([[0.1, 0.6, 0.5, 0.9]])
    random = np.random.default_rng(0)
    return [
        case("a rate of 0", units, 0.0, chances, expected=units, hint="Nothing is dropped, and nothing is scaled."),
        case("a rate of one half", units, 0.5, chances, expected=[[0.0, 4.0, 6.0, 8.0]],
             hint="Dropped where the chance is below the rate; the others times 1 / (1 - rate).",
             slips={"The units that stay must grow: divide by 1 - rate.": np.array([[0.0, 2.0, 3.0, 4.0]]),
                    "You kept what should be dropped: a chance below the rate drops the unit.": np.array([[2.0, 0.0, 0.0, 0.0]]),
                    "A chance equal to the rate is not below it.": np.array([[0.0, 4.0, 0.0, 8.0]])}),
        case("a rate of one fifth", units, 0.2, chances, expected=[[0.0, 2.5, 3.75, 5.0]],
             hint="Divide by the share that stays, 1 - rate.",
             slips={"Divide by 1 - rate, not by the rate.": np.array([[0.0, 10.0, 15.0, 20.0]])}),
        case("100,000 units", np.ones((100, 1000)), 0.3, random.random((100, 1000)), hint="The expected value must stay 1.",
             holds={"their mean stays near 1": lambda out, *given: 0.98 < np.mean(out) < 1.02}),
    ]


@check.exercise
def stopping_epoch():
    """Exercise 2.4."""
    return [
        case("never stopped", [3.0, 2.0, 1.0], 2, expected=(3, 3),
             hint="The loss improves in each epoch: all three are trained."),
        case("a patience of 2", [3.0, 2.0, 2.5, 2.6, 1.0], 2, expected=(4, 2),
             hint="Best is epoch 2. Epochs 3 and 4 are no better, so 4 is the last.",
             slips={"It cannot know that epoch 5 would be better.": (5, 5), "Count epochs from 1.": (3, 1),
                    "Two epochs without improvement are enough: stop after the second.": (5, 2),
                    "Patience counts epochs without improvement, not epochs above the last one.": (3, 2)}),
        case("an equal loss", [2.0, 2.0, 2.0, 1.0], 2, expected=(3, 1), hint="Equal is no improvement: compare with <."),
        case("ups and downs", [5.0, 6.0, 4.0, 7.0, 3.0, 8.0, 9.0], 2, expected=(7, 5),
             hint="An improvement starts the count anew."),
        case("better than the last, not than the best", [1.0, 3.0, 2.0, 0.5], 2, expected=(3, 1),
             hint="Compare with the best loss so far, not with the one before."),
        case("a patience longer than the training", [1.0, 2.0, 3.0], 10, expected=(3, 1),
             hint="All are trained; the best is epoch 1."),
    ]


@check.exercise
def diagnose():
    """Exercise 2.5."""
    falling = [2.0, 1.5, 1.2, 1.0, 0.8, 0.6]
    flat = [2.0, 0.5, 0.3, 0.21, 0.2, 0.2]
    long = [2.0, 1.0, 0.5, 0.4, 0.3, 0.25, 0.2, 0.195, 0.18, 0.174]
    return [
        case("flat and close", flat, [2.0, 0.6, 0.4, 0.3, 0.3, 0.3], expected="healthy", hint="None of the three complaints."),
        case("validation turns around", flat, [2.0, 0.6, 0.4, 0.3, 0.35, 0.4], expected="overfitting",
             hint="0.4 is more than 1.05 times the lowest, 0.3."),
        case("validation 4 % above its lowest", flat, [2.0, 0.6, 0.4, 0.300, 0.305, 0.312], expected="healthy",
             hint="5 % are allowed."),
        case("validation 6 % above its lowest", flat, [2.0, 0.3, 0.2, 0.1, 0.1, 0.106], expected="overfitting",
             hint="5 % of the lowest loss, not 0.05: compare with 1.05 times the lowest."),
        case("a high but falling validation loss", flat, [9.0, 8.0, 7.0, 6.0, 5.0, 4.9], expected="healthy",
             hint="Compare with the lowest validation loss, not with the training loss."),
        case("still falling", falling, falling, expected="still falling", hint="0.6 is more than 10 % below 0.8."),
        case("9.5 % below", [2.0, 1.0, 0.5, 0.221, 0.2], [2.0, 1.0, 0.5, 0.4, 0.4], expected="healthy",
             hint="Compare with 0.9 times the earlier loss: 0.2 is not below 0.9 times 0.221."),
        case("ten epochs", long, long, expected="still falling",
             hint="A fifth of ten epochs is two: compare the last with [-3]."),
        case("not finite", [2.0, np.nan, np.nan], [2.0, np.nan, np.nan], expected="diverged",
             hint="np.isfinite; every comparison with nan is false."),
        case("no better than at the start", [2.3, 5.0, 2.4], [2.3, 5.0, 2.4], expected="diverged", hint="2.4 is not below 2.3."),
        case("as high as at the start", [2.3, 5.0, 2.3], [2.3, 5.0, 2.3], expected="diverged", hint="2.3 is not below 2.3."),
        case("overfitting and falling", falling, [2.0, 1.0, 0.8, 0.9, 1.0, 1.1], expected="overfitting",
             hint="The order counts: overfitting is asked before falling."),
    ]


def _mean_loss(x, labels, W1, b1, W2, b2, W3, b3):
    hidden = np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0)
    scores = hidden @ W3 + b3
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -float(np.mean(log_p[np.arange(len(labels)), labels]))


def _nudged(number, row, column=None):
    """Return a property: one entry of a slope beside the slope that nudging it gives."""
    place = (row,) if column is None else (row, column)

    def both(slopes, x, labels, *arrays):
        measured = []
        for step in (1e-5, -1e-5):
            nudged = [array.copy() for array in arrays]
            nudged[number][place] += step
            measured.append(_mean_loss(x, labels, *nudged))
        return (measured[0] - measured[1]) / 2e-5, np.asarray(slopes[number])[place]
    return both


@check.exercise
def two_hidden_slopes():
    """Exercise 2.6."""
    random = np.random.default_rng(4)
    sizes = (5, 4, 4, 3)
    arrays = []
    for inputs, outputs in pairwise(sizes):
        arrays += [random.normal(size=(inputs, outputs)), random.normal(size=outputs)]
    given = (random.normal(size=(7, 5)), np.array([0, 2, 1, 1, 0, 2, 2]), *arrays)
    names = ("W1", "b1", "W2", "b2", "W3", "b3")
    hints = {"W3": "The last layer is lesson 1, with the second hidden units as its input: (p - y) / n.",
             "b3": "(p - y) / n, summed over the pictures.",
             "W2": "Back through W3 (transposed), then through the second ReLU's mask; its input is the first hidden units.",
             "b2": "The same error as for W2, summed over the pictures.",
             "W1": "Once more: back through W2 (transposed), then the first ReLU's mask. The mask looks at z, not at the error.",
             "b1": "The same error as for W1, summed over the pictures."}
    # One entry each, chosen where several pictures pass both masks.
    places = {"W3": (1, 2), "b3": (1,), "W2": (2, 1), "b2": (1,), "W1": (3, 2), "b1": (2,)}

    def shapes_of(slopes, x, labels, *arrays):
        return [array.shape for array in arrays], [np.shape(slope) for slope in slopes]

    cases = [case("the shapes", *given, holds={"six slopes, each with the shape of its array": shapes_of},
                  hint="Return the slopes in the order W1, b1, W2, b2, W3, b3.")]
    for name in reversed(names):
        number = names.index(name)
        cases.append(case(f"the slope of {name}", *given, tolerance=1e-5, hint=hints[name],
                          holds={f"the slope found by moving {name}{list(places[name])}": _nudged(number, *places[name])}))
    whole = [np.zeros_like(array) for array in arrays]
    for number, array in enumerate(arrays):
        for place in np.ndindex(array.shape):
            whole[number][place] = _nudged(number, *place)([whole[number]] * 6, *given)[0]
    cases.append(case("every entry", *given, expected=tuple(whole), tolerance=1e-5, hint="One of the six is wrong elsewhere."))
    return cases
