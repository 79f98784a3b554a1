"""What is asked under the exercises of lesson 05."""

import numpy as np

from helpers.exercises.checking import Checks, case

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


@check.exercise
def window_starts():
    """Exercise 5.3."""
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
def settings_for_keras():
    """Exercise 5.4."""
    unknown = {'a message with the name "lasagne"': lambda message, *recipe: "lasagne" in message}
    return [
        case("Keras", "keras", 0.05, 0.9, 0.3, expected=(0.05, 0.9, 0.3), hint="Here none of the three numbers changes."),
        case("PyTorch", "pytorch", 0.01, 0.75, 0.2, expected=(0.01, 0.75, 0.2),
             hint="PyTorch means by all three what Keras means.",
             slips={"PyTorch's p is the share that is dropped, as in Keras.": (0.01, 0.75, 0.8),
                    "Only the momentum of batch normalization is turned around. An optimizer's is not.": (0.01, 0.25, 0.2)}),
        case("CNTK", "cntk", 0.001, 0.75, 0.3, expected=(0.00025, 0.75, 0.3),
             hint="Its default multiplies the slope by one minus the momentum. Nothing else differs.",
             slips={"The factor was divided by. CNTK's steps are shorter, so the rate in Keras is smaller.": (0.004, 0.75, 0.3),
                    "A tenth is right for a momentum of 0.9. The factor is one minus the momentum.": (0.0001, 0.75, 0.3),
                    "Return the rate as it comes out: rounding changes it.": (0.0003, 0.75, 0.3),
                    "CNTK says how much is dropped, as Keras does.": (0.00025, 0.75, 0.7),
                    "Only the rate differs. CNTK's default multiplies the slope by one minus the momentum.": (0.001, 0.75, 0.3)}),
        case("CNTK without momentum", "cntk", 0.2, 0.0, 0.3, expected=(0.2, 0.0, 0.3), hint="One minus 0 is 1."),
        case("TFLearn", "tflearn", 0.001, 0.9, 0.875, expected=(0.001, 0.9, 0.125), hint="keep_prob is the share that is kept.",
             slips={"The rate means the same as in Keras. Only CNTK scales the slope.": (0.0001, 0.9, 0.125),
                    "Return the dropout as it comes out: rounding changes it.": (0.001, 0.9, 0.12)}),
        case("an unknown framework", "lasagne", 0.1, 0.9, 0.5, raises=ValueError, holds=unknown,
             hint='Name it in the message: raise ValueError(f"... {framework}").'),
    ]


@check.exercise
def carry_network():
    """Exercise 5.5."""
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
