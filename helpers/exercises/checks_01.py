"""What the exercises of lesson 01 are tried with. Expected numbers are found by loops and by moving one weight at a time."""

import math

import numpy as np

from helpers.exercises import Checks, case

check = Checks()


def _softmax(rows, temperature=1.0):
    """Return the softmax of each row, one number after another."""
    found = []
    for row in np.atleast_2d(rows):
        powers = [math.exp((score - max(row)) / temperature) for score in row]
        found.append([power / math.fsum(powers) for power in powers])
    return np.array(found).reshape(np.shape(rows))


def _cross_entropy(logits, targets):
    """Return for each row the sum of target times -log of the probability."""
    found = []
    for row, target in zip(logits, targets):
        log_sum = max(row) + math.log(math.fsum(math.exp(one - max(row)) for one in row))
        found.append(math.fsum(share * (log_sum - one) for share, one in zip(target, row)))
    return np.array(found)


def _loss(x, labels, W, b, decay=0.0):
    """Return the mean loss, with the price for large weights."""
    logits = [[math.fsum(x[n] * W[:, j]) + b[j] for j in range(len(b))] for n in range(len(x))]
    return _cross_entropy(logits, np.eye(len(b))[labels]).mean() + decay / 2 * math.fsum(W.ravel() ** 2)


def _slopes(x, labels, W, b, decay=0.0, nudge=1e-5):
    """Return the slope in each weight and each bias, found by moving it a little up and down."""
    found = np.zeros_like(W), np.zeros_like(b)
    for which, array in enumerate((W, b)):
        for place in np.ndindex(array.shape):
            sides = []
            for sign in (1, -1):
                moved = [W.copy(), b.copy()]
                moved[which][place] += sign * nudge
                sides.append(_loss(x, labels, *moved, decay))
            found[which][place] = (sides[0] - sides[1]) / (2 * nudge)
    return found


@check.exercise
def tempered_softmax():
    """Exercise 1.1."""
    two, uneven = np.array([[3.0, 1.0, 1.0], [0.0, 2.0, 0.5]]), np.array([[1000.0, 999.0], [-1000.0, -1001.0]])
    overflow = "exp(1000) is inf, and inf / inf is nan. Subtract the largest score first."
    order = "Divide by the temperature first; then subtract the largest of the quotients."
    columns, shifted = np.exp(two) / np.exp(two).sum(axis=0), np.exp(two - two.max(axis=1, keepdims=True))
    return [
        case("temperature 1", two, 1.0, expected=_softmax(two),
             slips={"Each row must sum to 1: add along the last axis, axis=-1.": columns,
                    "Each row must sum to 1, not each column: add along axis=-1.": shifted / shifted.sum(axis=0)},
             hint="exp of the scores, divided by their sum along the last axis (keepdims=True keeps the rows lined up)."),
        case("temperature 4", two, 4.0, expected=_softmax(two, 4),
             slips={"This is the softmax of scores times temperature. A high one makes it more cautious.": _softmax(4 * two),
                    "Divide the scores, not the probabilities.": _softmax(two) / 4,
                    "The temperature has not been used.": _softmax(two)},
             hint="Divide the scores by the temperature, before exp."),
        case("temperature 0.1", two, 0.1, expected=_softmax(two, 0.1), hint="Divide the scores before you take exp."),
        case("one row alone", two[0], 2.0, expected=_softmax(two[0], 2),
             hint="axis=-1 is the last axis, however many there are before it."),
        case("scores around 1,000", np.array([[1000.0, 999.0]]), 1.0, expected=_softmax([[1.0, 0.0]]), hint=overflow),
        case("scores around 4,000, temperature 2", np.array([[4000.0, 3998.0]]), 2.0, expected=_softmax([[1.0, 0.0]]),
             hint=order),
        case("scores around 900, temperature 0.5", np.array([[900.0, 899.0]]), 0.5, expected=_softmax([[2.0, 0.0]]),
             hint=order),
        case("one row near 1,000, the other near -1,000", uneven, 1.0, expected=_softmax(uneven),
             hint="Subtract from each row its own largest score: max(axis=-1, keepdims=True)."),
    ]


@check.exercise
def strict_one_hot():
    """Exercise 1.2."""
    def rows(*places, classes=4):
        return np.array([[float(column == place) for column in range(classes)] for place in places])

    return [
        case("labels 3 and 0", np.array([3, 0]), 4, expected=rows(3, 0),
             hint="One row for each label, with the 1 in its column.",
             slips={"Columns count from 0, as the classes do.": rows(2, -1),
                    "Rows are labels and columns are classes; yours are swapped.": rows(3, 0).T}),
        case("more labels than classes", np.array([1, 0, 2, 1, 0]), 3, expected=rows(1, 0, 2, 1, 0, classes=3),
             hint="Rows are labels, columns are classes."),
        case("the type", np.array([1, -1]), 2, dtype="float32",
             hint="NumPy makes float64 unless told otherwise: dtype or astype. One float64 row turns all rows into float64."),
        case("a label of -1", np.array([2, -1, 0]), 4, expected=rows(2, None, 0),
             slips={"Index -1 means the last column. Compare labels and classes instead.": rows(2, 3, 0)},
             hint="The row of -1 is all zeros; the others stay as they are."),
        case("labels too large or too small", np.array([4, 3, 99, -3]), 4, expected=rows(None, 3, None, None),
             hint="Of 4 classes the last is number 3. Any label below 0 or above 3 gets zeros."),
        case("no labels", np.array([], int), 3, shape=(0, 3),
             hint="labels[:, np.newaxis] == np.arange(classes) has the right shape."),
    ]


@check.exercise
def soft_cross_entropy():
    """Exercise 1.3."""
    equal, certain = np.zeros((2, 4)), np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]])
    quarter, readers = np.full((2, 4), 0.25), (np.array([[1.0, 3.0]]), np.array([[2 / 3, 1 / 3]]))
    sign = {"The sign: log p is negative, and a loss is minus that.": np.full(2, -math.log(4))}
    return [
        case("equal logits", equal, quarter, expected=np.full(2, math.log(4)),
             slips={**sign, "One loss for each row: no mean over the rows.": math.log(4)},
             hint="With equal logits every log p is -ln 4, whatever the targets. One number for each row: sum over axis=-1."),
        case("three rows", np.arange(6.0).reshape(3, 2), np.eye(2)[[0, 1, 1]], shape=(3,),
             hint="One number for each row: axis=-1."),
        case("certain targets", certain, np.eye(3)[[1, 2]], expected=_cross_entropy(certain, np.eye(3)[[1, 2]]),
             hint="log p = logit - log of the sum of exp over the row."),
        case("two readers of three", *readers, expected=_cross_entropy(*readers),
             hint="Two thirds of one loss and one third of the other: multiply each log p by its target, then add up."),
        case("wrong by 200, by 2,000", np.array([[0.0, 200.0], [3000.0, 1000.0]]), np.eye(2)[[0, 1]],
             expected=[200.0, 2000.0],
             hint="Subtract from each row its own largest logit before exp, and never take the log of a probability."),
        case("right by 200", np.array([[0.0, 200.0]]), np.eye(2)[[1]], expected=[0.0],
             hint="0 times inf is nan. log p is finite if you take the log of the sum, not of the quotient."),
        case("wrong by 800", np.array([[0.0, 800.0]]), np.eye(2)[[0]], expected=[800.0],
             hint="A floor under the probability makes every large loss the same. Take no log of a probability at all."),
    ]


@check.exercise
def gradient_with_decay():
    """Exercise 1.4."""
    random = np.random.default_rng(0)
    # No picture shows the last of the four classes: their number is that of the biases.
    setting = random.normal(size=(5, 3)), np.array([0, 1, 2, 2, 1]), random.normal(size=(3, 4)), random.normal(size=4)
    (plain_W, plain_b), (W, b) = _slopes(*setting), _slopes(*setting, 0.3)
    return [
        case("the shapes", *setting, 0.0,
             holds={"two slopes, of shapes (3, 4) and (4,)": lambda slopes, *_: list(map(np.shape, slopes)) == [(3, 4), (4,)]},
             hint="W first, then b. one_hot and gradient make ten classes unless told otherwise: one_hot(labels, len(b))."),
        case("no decay, moving W[2, 1]", *setting, 0.0, hint="x transposed times (p - y), divided by the number of pictures.",
             holds={"the slope found by moving W[2, 1]": lambda slopes, *_: (plain_W[2, 1], np.array(slopes[0])[2, 1])},
             tolerance=1e-5,
             slips={"Divide by the number of pictures: the loss is a mean.": (5 * plain_W, 5 * plain_b),
                    "The sign: what the model said minus the truth, p - y.": (-plain_W, -plain_b)}),
        case("no decay, all slopes", *setting, 0.0, expected=(plain_W, plain_b), tolerance=1e-5,
             hint="The bias sees a constant 1: add (p - y), divided by n, over the pictures."),
        case("decay 0.3, moving W[2, 1]", *setting, 0.3, tolerance=1e-5,
             holds={"the slope found by moving W[2, 1]": lambda slopes, *_: (W[2, 1], np.array(slopes[0])[2, 1])},
             hint="The derivative of decay / 2 times the square of w is decay times w."),
        case("decay 0.3, all slopes", *setting, 0.3, expected=(W, b), tolerance=1e-5,
             slips={"The penalty has no b in it: the biases pay nothing.": (W, b + 0.3 * setting[3])},
             hint="The penalty adds decay times W to the slope of W, and nothing to that of b."),
    ]


@check.exercise
def numpy_step():
    """Exercise 1.5."""
    random = np.random.default_rng(1)
    x, labels = random.normal(size=(12, 4)), np.arange(12) % 10
    W, b = np.sin(np.arange(40.0)).reshape(4, 10), np.arange(10.0) / 3
    zero, loss, (slope_W, slope_b) = (np.zeros((4, 10)), np.zeros(10)), _loss(x, labels, W, b), _slopes(x, labels, W, b)
    black = np.zeros((3, 4)), np.array([4, 4, 4])
    new = W - 0.5 * slope_W, b - 0.5 * slope_b
    twice = _cross_entropy(_softmax(x @ W + b), np.eye(10)[labels]).mean()
    after = "The loss belongs to the weights before the step."

    def shapes(parts, *_):
        return list(map(np.shape, parts)) == [(4, 10), (10,), ()]

    return [
        case("what is returned", x, labels, *zero, 0.5,
             holds={"shapes (4, 10) and (10,), and one number": shapes},
             hint="New weights, new biases, mean loss: three, in this order."),
        case("the loss from zero weights", x, labels, *zero, 0.5,
             holds={"the loss, ln 10": lambda parts, *_: (math.log(10), parts[2])}, hint=after),
        case("the loss of other weights", x, labels, W, b, 0.5, tolerance=1e-5,
             holds={"the loss": lambda parts, *_: (loss, parts[2])},
             slips={"cross_entropy takes scores, not probabilities: no softmax in front of it.": (*new, twice),
                    "The scores are x @ W + b; the biases are missing.": (*new, _loss(x, labels, W, 0 * b)),
                    "ln 10 is the loss of zero weights only.": (*new, math.log(10))},
             hint="The mean cross-entropy of x @ W + b: cross_entropy takes these scores, one loss for each picture. " + after),
        case("the new weights", x, labels, W, b, 0.5, tolerance=1e-5,
             holds={"new weights": lambda parts, *_: (new[0], parts[0])},
             slips={"Uphill: go against the slope, minus rate times slope.": (W + 0.5 * slope_W, new[1], loss)},
             hint="W minus rate times the slope in W."),
        case("the new biases", x, labels, W, b, 0.5, tolerance=1e-5,
             holds={"new biases": lambda parts, *_: (new[1], parts[1])},
             slips={"The biases have not moved: gradient returns two slopes.": (new[0], b, loss),
                    "The biases moved by the whole slope: multiply it by the rate.": (new[0], b - slope_b, loss)},
             hint="b minus rate times the slope in b, and both slopes taken before anything moves."),
        case("rate 0", x, labels, W, b, 0.0, expected=(W, b, loss), tolerance=1e-5,
             hint="The step is rate times slope, and nothing else."),
        case("black pictures", *black, *zero, 1.0, tolerance=1e-5, hint="Of a black picture only the biases learn.",
             expected=(zero[0], (np.arange(10) == 4) - 0.1, math.log(10))),
    ]


@check.exercise
def pin_last_class():
    """Exercise 1.6."""
    W, b = np.random.default_rng(2).normal(size=(4, 3)), np.array([0.5, -1.0, 2.0])
    probabilities = _softmax(np.array([W[pixel] + b for pixel in range(4)]))
    pinned = np.array([[weight - row[-1] for weight in row] for row in W])

    def with_one_pixel(parts, *_):
        return probabilities, _softmax(np.array(parts[0]) + np.array(parts[1]))

    return [
        case("the shapes", W, b,
             holds={"shapes (4, 3) and (3,), as before": lambda parts, *_: list(map(np.shape, parts)) == [(4, 3), (3,)]},
             hint="W, then b; nothing is cut off. W[:, -1:] keeps the column upright, W[:, -1] lays it flat."),
        case("the last class", W, b,
             holds={"its weights and its bias": lambda parts, *_: (np.zeros(5), np.vstack(parts)[:, -1])},
             hint="Both the last column of W and the last bias must vanish."),
        case("a black picture", W, b, holds={"the probabilities": lambda parts, *_: (_softmax(b), _softmax(parts[1]))},
             hint="With all pixels 0 only the biases speak. Subtract the last one from all of them."),
        case("pictures of one pixel each", W, b, holds={"the probabilities": with_one_pixel},
             slips={"Zeros in the last column alone change the probabilities: all columns must lose what it loses.":
                    (W * [1, 1, 0], b - 2.0)},
             hint="Whatever one column loses, all columns must lose: subtract the last column from each."),
        case("all numbers", W, b, expected=(pinned, np.array([-1.5, -3.0, 0.0])),
             hint="Subtract the last column from each column, and the last bias from each bias."),
    ]
