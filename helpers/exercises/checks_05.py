"""What is asked under the exercises of lesson 05."""

import numpy as np

from helpers.exercises.checking import Checks, case
from helpers.exercises.imitation import imitation

check = Checks()


def _counted(*shape):
    return np.arange(float(np.prod(shape))).reshape(shape)


def _drawn(*sizes):
    """Return whole numbers as floats: for each size a kernel and its biases, in PyTorch's order."""
    random = np.random.default_rng(2)
    return [random.integers(-9, 10, size=size).astype(float) for shape in sizes for size in (shape, shape[:1])]


def _oihw(kernel):
    height, width, channels, outputs = kernel.shape
    return np.array([[[[kernel[r, c, i, o] for c in range(width)] for r in range(height)]
                      for i in range(channels)] for o in range(outputs)])


def _hwio(kernel):
    outputs, channels, height, width = kernel.shape
    return np.array([[[[kernel[o, i, r, c] for o in range(outputs)] for i in range(channels)]
                      for c in range(width)] for r in range(height)])


def _place_by_place(weight, channels, height, width):
    """Carry a dense weight number by number: where PyTorch's row has it, and where Keras's row wants it."""
    carried = np.empty(weight.T.shape)
    for c in range(channels):
        for row in range(height):
            for column in range(width):
                carried[(row * width + column) * channels + c] = weight[:, (c * height + row) * width + column]
    return carried


@check.exercise
def kernel_to_pytorch():
    """Exercise 5.1."""
    empty, small, square = np.zeros((3, 5, 6, 16)), _counted(2, 3, 4, 5), _counted(3, 3, 1, 1)
    return [
        case("the shape", empty, shape=(16, 6, 3, 5), hint="Out comes first, then in, then height, then width.",
             slips={"Height and width have changed places.": np.zeros((16, 6, 5, 3)),
                    "That transpose brought a kernel here. The way back has another argument.": np.zeros((6, 16, 5, 3)),
                    "In and out have changed places: PyTorch has out first.": np.zeros((6, 16, 3, 5))}),
        case("every number", small, expected=_oihw(small), hint="The number at [h, w, i, o] belongs at [o, i, h, w].",
             slips={"reshape keeps the numbers in their order and cuts them elsewhere. transpose moves them with their axes.":
                    small.reshape(5, 4, 2, 3)}),
        case("as high as wide", square, expected=_oihw(square), hint="The rows of a window stay rows.",
             slips={"Height and width have changed places, which the shape cannot show here.": _oihw(square).swapaxes(2, 3)}),
    ]


@check.exercise
def dense_to_keras():
    """Exercise 5.2."""
    only, pair, cube, wide = _counted(3, 4), _counted(3, 2), _counted(1, 8), _counted(3, 24)
    width_first = "Width came before height. The rows of a map stay rows: height first."
    return [
        case("the shape", np.zeros((5, 24)), 2, 3, 4, shape=(24, 5), hint="Inputs first, outputs last. Here there are 5 outputs.",
             slips={"Outputs come last in Keras: one step is missing.": np.zeros((5, 24))}),
        case("one channel", only, 1, 2, 2, expected=only.T, hint="With one channel the order does not change: it is weight.T.",
             slips={width_first: only.reshape(3, 2, 2).transpose(2, 1, 0).reshape(4, 3),
                    "The outputs were still in front when you laid the numbers out again. Move their axis to the end, too.":
                        only.reshape(4, 3)}),
        case("two channels of one place", pair, 2, 1, 1, expected=pair.T,
             hint="With one place the order does not change either: it is weight.T."),
        case("the smallest that can fail", cube, 2, 2, 2, expected=_place_by_place(cube, 2, 2, 2),
             hint="reshape(out, channels, height, width), then move the axes, then reshape again.",
             slips={"This is weight.T. The inputs still come map by map, and Keras meets them place by place.": cube.T}),
        case("a map that is wider than high", wide, 2, 3, 4, expected=_place_by_place(wide, 2, 3, 4),
             hint="Which comes first in Keras's row: height, width or channels?",
             slips={width_first: wide.reshape(3, 2, 3, 4).transpose(3, 2, 1, 0).reshape(24, 3),
                    "You cut the long axis in Keras's order. PyTorch wrote it: channels first, then height, then width.":
                        wide.reshape(3, 3, 4, 2).transpose(2, 3, 1, 0).reshape(24, 3)}),
    ]


def _history(weight, training, validation, epochs, rate=0.05, *, grad=0.0, stays=False, clears=True, quiet=True, mean=True):
    """Follow the weight number by number; the keywords leave out a line of the loop."""
    average, history = 0.0, []
    for epoch in range(epochs):
        for inputs, labels in training:
            batch = inputs.mean()
            if stays and epoch:
                batch = average
            else:
                average = 0.9 * average + 0.1 * batch
            centered = inputs - batch
            slope = 2 * np.mean((weight * centered - labels) * centered)
            grad = slope if clears else grad + slope
            weight = weight - rate * grad
        losses = []
        for inputs, labels in validation:
            if not quiet:
                average = 0.9 * average + 0.1 * inputs.mean()
            centered = inputs - (average if quiet else inputs.mean())
            losses.append(np.mean((weight * centered - labels) ** 2))
        history.append(float(np.mean(losses)) if mean else float(losses[-1]))
    return history


@check.exercise
def train_and_validate():
    """Exercise 5.3."""
    random = np.random.default_rng(4)
    pictures = random.integers(0, 9, size=(5, 4)).astype(float)
    pairs = [(row, 3 * row - 6) for row in pictures]
    training, validation = pairs[:3], pairs[3:]
    train = "The second epoch begins where validation left the model: in eval mode. Each epoch needs model.train() first."
    clear = "Old gradients are still there: call optimizer.zero_grad() before each backward()."
    evaluate = "The model validates in training mode: call model.eval() before it."
    mean = "Average the losses of all validation batches."

    def one(about, epochs, hint, grad=0.0, mode=True):
        model, optimizer, loss_of = imitation(0.5, 0.05, grad)
        model.train(mode)
        right = _history(0.5, training, validation, epochs, grad=grad)
        slips = {train: {"stays": True}, clear: {"clears": False}, evaluate: {"quiet": False}, mean: {"mean": False}}
        slips = {text: _history(0.5, training, validation, epochs, grad=grad, **changes) for text, changes in slips.items()}
        return case(about, model, optimizer, loss_of, training, validation, epochs, expected=right, hint=hint,
                    slips={text: slip for text, slip in slips.items() if not np.allclose(slip, right)})

    return [
        one("one epoch", 1, "For each batch: zero_grad, the loss, backward, step. Then eval mode, and the mean validation loss."),
        one("three epochs", 3, "In which mode is the model when the second epoch begins?"),
        one("a model that comes in eval mode", 2, "Call model.train() before you train, whatever was before.", mode=False),
        one("a gradient that somebody has left", 2, clear, grad=8.0),
    ]


def _norm_state(channels, affine=True):
    """Return what PyTorch keeps of a batch normalization, in an order of its own; all numbers differ."""
    drawn = np.random.default_rng(channels).permutation(np.arange(1.0, 4 * channels + 1)).reshape(4, channels) / 4
    state = {"running_var": drawn[3], "num_batches_tracked": np.array(12), "running_mean": drawn[2]}
    return {**state, "bias": drawn[1], "weight": drawn[0]} if affine else state


@check.exercise
def batch_norm_to_keras():
    """Exercise 5.4."""
    full, bare = _norm_state(3), _norm_state(2, affine=False)
    four = [full[key] for key in ("weight", "bias", "running_mean", "running_var")]
    two = [bare["running_mean"], bare["running_var"]]

    def arguments(momentum, epsilon, affine):
        return {"momentum": momentum, "epsilon": epsilon, "scale": affine, "center": affine}

    def weights_case(about, state, expected, hint, slips):
        return case(about, state, 0.1, 1e-5, hint=hint, expected=(arguments(0.9, 1e-5, "weight" in state), expected),
                    slips={text: (arguments(0.9, 1e-5, "weight" in state), slip) for text, slip in slips.items()})

    return [
        case("the arguments", full, 0.25, 0.002, hint="Return the dict of the four arguments first, then the list of arrays.",
             expected=(arguments(0.75, 0.002, True), four), tolerance=1e-9,
             slips={"PyTorch's momentum is the share of the new value, Keras's that of the old.":
                    (arguments(0.25, 0.002, True), four),
                    "The epsilon is that of the layer, not a default.": (arguments(0.75, 1e-5, True), four),
                    "Keras's own epsilon is 0.001. Give it that of PyTorch's layer.": (arguments(0.75, 0.001, True), four)}),
        weights_case("the four arrays", full, four, "Take the arrays by their names, in Keras's order, as they are.", {
            "The batches that PyTorch has counted are no weight of Keras's.": [*four, full["num_batches_tracked"]],
            "Scale comes before shift.": [four[1], four[0], four[2], four[3]],
            "The mean comes before the variance.": [four[0], four[1], four[3], four[2]],
            "PyTorch keeps the variance, not its root, and so does Keras.": [*four[:3], np.sqrt(four[3])],
            "That is the order of the dict. Take the arrays by their names.": [
                array for key, array in full.items() if key != "num_batches_tracked"]}),
        weights_case("a layer without scale and shift", bare, two, "Mean and variance are left; scale and center are False.", {
            "With scale=False and center=False Keras has two arrays.": [np.ones(2), np.zeros(2), *two]}),
    ]


@check.exercise
def window_starts():
    """Exercise 5.5."""
    as_pytorch = "That is PyTorch's answer. TensorFlow adds no more zeros than it needs."
    return [
        case("steps of 1, TensorFlow", 5, 3, 1, "tensorflow", expected=[-1, 0, 1, 2, 3],
             hint="5 places need one zero on each side. The first zero is at -1. Return a list of whole numbers."),
        case("steps of 1, PyTorch", 5, 3, 1, "pytorch", expected=[-1, 0, 1, 2, 3], hint="With steps of 1 both are alike."),
        case("8 pixels in steps of 2, TensorFlow", 8, 3, 2, "tensorflow", expected=[0, 2, 4, 6],
             hint="4 places reach over (4 - 1) · 2 + 3 = 9 pixels, so one zero is needed.",
             slips={"One zero is needed, and it goes to the end, not to the front.": [-1, 1, 3, 5]}),
        case("8 pixels in steps of 2, PyTorch", 8, 3, 2, "pytorch", expected=[-1, 1, 3, 5],
             hint="One zero in front of the row, always.",
             slips={"A window at 7 would reach beyond the one zero after the row. PyTorch leaves it out.": [-1, 1, 3, 5, 7]}),
        case("7 pixels in steps of 2, TensorFlow", 7, 3, 2, "tensorflow", expected=[-1, 1, 3, 5],
             hint="4 places reach over 9 pixels, so two zeros are needed: one on each side.",
             slips={"7 / 2 is rounded up: 4 places.": [0, 2, 4]}),
        case("three zeros, TensorFlow", 13, 6, 5, "tensorflow", expected=[-1, 4, 9],
             hint="13 / 5, rounded up, is 3 places. Of their three zeros one goes in front, two at the end.",
             slips={as_pytorch: [-3, 2, 7], "Of three zeros, two go to the end.": [-2, 3, 8]}),
        case("steps larger than the window, TensorFlow", 9, 1, 3, "tensorflow", expected=[0, 3, 6],
             hint="Three windows of one pixel fit without any zero.",
             slips={"The number of zeros came out negative. Where none is needed, it is 0.": [1, 4, 7]}),
        case("a window that does not fit, PyTorch", 6, 5, 3, "pytorch", expected=[-2, 1],
             hint="Two zeros on each side make 10 pixels. Where does a window of 5 fit?",
             slips={"The last window does not fit into 6 pixels and 4 zeros: PyTorch leaves it out.": [-2, 1, 4]}),
        case("an even window, PyTorch", 6, 4, 2, "pytorch", expected=[-2, 0, 2, 4],
             hint="4 // 2 zeros on each side make 10 pixels.",
             slips={"A window of 4 in steps of 2 fits into 10 pixels four times, not n / stride times.": [-2, 0, 2],
                    "The padding is kernel // 2, here 2.": [-1, 1, 3]}),
    ]


@check.exercise
def carry_network():
    """Exercise 5.6."""
    one, front = _drawn((4, 3, 2, 3)), _drawn((4, 3, 2, 3), (5, 64))
    two, same = _drawn((2, 3, 2, 2), (7, 40), (5, 7)), _drawn((2, 3, 2, 2), (40, 40), (5, 40))
    none = _drawn((7, 90), (4, 7))
    first_of = [_hwio(two[0]), two[1], _place_by_place(two[2], 2, 4, 5), two[3]]
    same_front = [_hwio(same[0]), same[1], _place_by_place(same[2], 2, 4, 5), same[3]]
    return [
        case("one convolution", one, (4, 4, 4), expected=[_hwio(one[0]), one[1]],
             hint="Return one list: kernel, bias, kernel, bias. A kernel goes from OIHW to HWIO; a bias stays as it is.",
             slips={"The kernel was reshaped. transpose moves the numbers with their axes.":
                    [one[0].reshape(2, 3, 3, 4), one[1]]}),
        case("a convolution and a dense layer", front, (4, 4, 4),
             expected=[_hwio(front[0]), front[1], _place_by_place(front[2], 4, 4, 4), front[3]],
             hint="The first dense layer sees the map: cut, turn and lay out again, as in exercise 5.2.",
             slips={"The first dense layer was only transposed. It sees the map in another order.":
                    [_hwio(front[0]), front[1], front[2].T, front[3]]}),
        case("two dense layers", two, (2, 4, 5), expected=[*first_of, two[4].T, two[5]],
             hint="Only the first dense layer sees a map. The others see a row.",
             slips={"The second dense layer sees a row. It must be transposed, and nothing else.": [*first_of, two[4], two[5]]}),
        case("two dense layers of the same width", same, (2, 4, 5), expected=[*same_front, same[4].T, same[5]],
             hint="A width does not tell whether a layer sees a map. Remember whether a dense layer has come by.",
             slips={"The second dense layer has the width of the first, and yet sees no map: only transpose it.":
                    [*same_front, _place_by_place(same[4], 2, 4, 5), same[5]]}),
        case("no convolution", none, (3, 5, 6), expected=[_place_by_place(none[0], 3, 5, 6), none[1], none[2].T, none[3]],
             hint="The first dense layer sees the picture itself, which is then the last map. Do not wait for a convolution.",
             slips={"The first dense layer was only transposed: it sees the picture, which has axes too.":
                    [none[0].T, none[1], none[2].T, none[3]]}),
    ]
