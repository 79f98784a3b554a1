"""What is asked under the exercises of lesson 06."""

import math

import numpy as np

from helpers.exercises.checking import Checks, case

check = Checks()


def _places(n, kernel, stride, padding):
    """Count the places of a window; with "same" a window begins at every stride-th pixel."""
    return len(range(0, n - kernel + 1 if padding == "valid" else n, stride))


def _rows(height, width, padding, places=_places, *, pools=True, square=False, dense_biases=True):
    """The twelve rows by counting; the arguments after `padding` make usual mistakes."""
    shape = (height, width, 3)
    rows = [(shape, 0)]
    for number, (kernels, kernel) in enumerate([(96, 11), (256, 5), (384, 3), (384, 3), (256, 3)]):
        parameters = (kernel * kernel * shape[2] + 1) * kernels
        size = [places(n, 11, 4, padding) for n in shape[:2]] if number == 0 else shape[:2]
        shape = (*size, kernels)
        rows += [(shape, parameters)]
        if number in (0, 1, 4):
            high, wide = (places(n, 3, 2, padding) if pools else n for n in shape[:2])
            shape = (high, high if square else wide, kernels)
            rows.append((shape, 0))
    inputs = math.prod(shape)
    for units in [4096, 4096, 29]:
        rows.append(((units,), inputs * units + units * dense_biases))
        inputs = units
    return rows


def _floats(n, kernel, stride, padding):
    return float(_places(int(n), kernel, stride, padding))


def _not_rounded(n, kernel, stride, padding):
    return (n - kernel) / stride + 1 if padding == "valid" else n / stride


def _other_way(n, kernel, stride, padding):
    return -(-(n - kernel) // stride) if padding == "valid" else n // stride


@check.exercise
def alexnet_rows():
    """Exercise 6.1."""
    printed = [((270, 480, 3), 0), ((65, 118, 96), 34_944), ((32, 58, 96), 0), ((32, 58, 256), 614_656), ((15, 28, 256), 0),
               ((15, 28, 384), 885_120), ((15, 28, 384), 1_327_488), ((15, 28, 256), 884_992), ((7, 13, 256), 0),
               ((4096,), 95_424_512), ((4096,), 16_781_312), ((29,), 118_813)]
    slips = {"With \"valid\" you round down, and the place at pixel 0 counts too: (n - kernel) // stride + 1.": _other_way,
             "A length is a whole number: (n - 11) // 4 + 1 rounds down.": _not_rounded,
             "The lengths are right, but they are floats. // stays with whole numbers.": _floats}
    slips = {hint: _rows(270, 480, "valid", places) for hint, places in slips.items()}
    padded = {"With \"same\" a length is divided by the stride and rounded up, not down.": _other_way,
              "A length is a whole number: -(-n // stride) rounds up.": _not_rounded,
              "The lengths are right, but np.ceil gives floats. -(-n // stride) rounds up and stays whole.": _floats}
    padded = {hint: _rows(270, 480, "same", places) for hint, places in padded.items()}
    return [
        case("twelve rows", 270, 480, "valid", holds={"12 rows": lambda rows, *s: (12, len(rows))},
             hint="The input is a row, too: its shape, height first, and 0 parameters. Flattening is no row."),
        case("the input", 270, 480, "valid", holds={f"row 1: {printed[0]}": lambda rows, *s: (printed[0], rows[0])},
             hint="A row is a pair: the shape as a tuple, height first, and the number of parameters."),
        case("the first convolution", 270, 480, "valid", holds={f"row 2: {printed[1]}": lambda rows, *s: (printed[1], rows[1])},
             hint="(n - 11) // 4 + 1 places; 11 · 11 · 3 weights and one bias for each of 96 kernels.", slips=slips),
        case("the first pooling", 270, 480, "valid", holds={f"row 3: {printed[2]}": lambda rows, *s: (printed[2], rows[2])},
             hint="(n - 3) // 2 + 1 places in each direction, as many channels as before, no parameters.",
             slips=slips | {"A pooling changes the shape: steps of 2.": _rows(270, 480, "valid", pools=False),
                            "Height and width each have their own length: this pooling used the height for both.":
                                _rows(270, 480, "valid", square=True)}),
        case("the dense layers", 270, 480, "valid",
             holds={"rows 10 to 12: 95,424,512, 16,781,312 and 118,813 parameters": lambda rows, *s: (printed[9:], rows[9:])},
             hint="Their shape is (units,). The first sees 7 · 13 · 256 numbers, the second 4096, and each unit has a bias.",
             slips={"The biases are missing: one for each unit.": _rows(270, 480, "valid", dense_biases=False)}),
        case("all of them", 270, 480, "valid", expected=printed, hint="Print your rows beside the table of the lesson."),
        case("padded", 270, 480, "same", expected=_rows(270, 480, "same"), slips=padded,
             hint="With \"same\", conv1 and the poolings have n / stride places, rounded up. The parameters follow."),
        case("227 by 227", 227, 227, "valid", expected=_rows(227, 227, "valid"),
             hint="The first dense layer sees as many numbers as the last map has: here 6 · 6 · 256. Compute it."),
        case("100 by 331, padded", 100, 331, "same", expected=_rows(100, 331, "same"),
             hint="Nothing may depend on 270 by 480: go from each shape to the next."),
    ]


def _normalized(x, size, alpha, beta, k, reach=None, left=False):
    """PyTorch's rule, number by number; `reach` and `left` make usual mistakes."""
    reach, result = size // 2 if reach is None else reach, np.empty(x.shape)
    for place in np.ndindex(x.shape):
        near = [x[place[:-1]][c] for c in range(place[-1] - reach, place[-1] + reach + 1) if 0 <= c < x.shape[-1]]
        share = alpha / (len(near) if left else size)
        result[place] = x[place] / (k + share * sum(value * value for value in near)) ** beta
    return result


@check.exercise
def pytorch_lrn():
    """Exercise 6.2."""
    row, maps = np.array([3.0, 0.0, 0.0, 4.0]).reshape(1, 1, 1, 4), np.random.default_rng(4).normal(0, 3, size=(2, 3, 4, 9))
    return [
        case("a window of one", np.full((1, 1, 1, 3), 2.0), 1, 1.0, 0.5, expected=np.full((1, 1, 1, 3), 2 / 5 ** 0.5),
             hint="The number itself belongs to its window: 2 divided by the root of 1 + 2 · 2.",
             slips={"The window of size 1 holds the number alone. `size` is the whole window, not a radius.":
                        _normalized(np.full((1, 1, 1, 3), 2.0), 1, 1.0, 0.5, 1.0, reach=1),
                    "The number itself belongs to its window: the slice ends at c + reach + 1.": np.full((1, 1, 1, 3), 2.0)}),
        case("three of four channels", row, 3, 3.0, 0.5, expected=row / np.sqrt([10, 1, 1, 17]),
             hint="A window of 3 reaches one channel to each side, and none before the first: max(0, ...).",
             slips={"Divide alpha by size first: here 3 / 3 = 1.": _normalized(row, 1, 3.0, 0.5, 1.0),
                    "Divide alpha by `size` also at the ends, where fewer channels are left.":
                        _normalized(row, 3, 3.0, 0.5, 1.0, left=True)}),
        case("the shape", maps, 5, shape=(2, 3, 4, 9), hint="One number for each number: stack along the last axis."),
        case("a window of five", maps, 5, 0.5, expected=_normalized(maps, 5, 0.5, 0.75, 1.0),
             hint="Two channels to each side where there are two, and alpha divided by 5 everywhere."),
        case("in double precision", maps, 5, 0.5, expected=_normalized(maps, 5, 0.5, 0.75, 1.0), tolerance=1e-12,
             hint="These numbers were computed in single precision. Write the sum of squares in NumPy and keep the type of x."),
        case("the layer of TFLearn", 30 * maps, 11, 0.0011, expected=_normalized(30 * maps, 11, 0.0011, 0.75, 1.0),
             hint="A radius of 5 is a window of 11, and 0.0011 / 11 is TFLearn's alpha."),
        case("a window wider than all channels", maps, 31, 3.1, 0.75, 2.0, expected=_normalized(maps, 31, 3.1, 0.75, 2.0),
             hint="Clip the window at both ends. And the sum is added to k, here 2."),
    ]


@check.exercise
def clip_together():
    """Exercise 6.3."""
    long, uneven = [np.array([[6.0, 0.0]]), np.array([8.0])], [np.array([30.0, 40.0]), np.array([0.5])]
    nine, factor = [np.eye(2), np.full(7, -1.0)], 5 / math.sqrt(30 ** 2 + 40 ** 2 + 0.5 ** 2)
    short, half = [np.array([[0.3, 0.0]]), np.array([0.4])], [np.array([[3.0, 0.0]]), np.array([4.0])]
    return [
        case("short ones stay", short, 5.0, expected=short,
             hint="Clip only what is longer than the limit. Add up the squares array by array: the shapes differ.",
             slips={"These were stretched to the limit. What is shorter stays as it is.": half}),
        case("long ones", long, 5.0, expected=half,
             hint="The length of 6 and 8 together is 10. One factor for all arrays: 5 / 10.",
             slips={"Each number or each array was clipped on its own. Compute one length from all arrays together.":
                        [np.array([[5.0, 0.0]]), np.array([5.0])],
                    "This divides by the sum of squares, 100. The length is its root, 10.": short}),
        case("one long, one short", uneven, 5.0, expected=[factor * slope for slope in uneven],
             hint="The short one shrinks by the same factor, or the step would turn."),
        case("another limit", nine, 2.0, expected=[slope * 2 / 3 for slope in nine],
             hint="The root of the sum of all squares, here 3, against the limit of this call, 2.",
             slips={"Nothing was clipped. Compare the length, here 3, with `limit`, here 2.": nine}),
        case("no slope at all", [np.zeros((2, 3)), np.zeros(3)], 5.0, expected=[np.zeros((2, 3)), np.zeros(3)],
             hint="0 divided by 0 is nan: divide only when you clip."),
    ]


@check.exercise
def first_difference():
    """Exercise 6.4."""
    good = {"conv1": np.array([[1.0, -2.0]]), "fc1": np.array([500.0, 0.01]), "fc2": np.array([0.001, 0.002])}
    ones = {"fc1": np.ones(1), "fc2": np.ones(1)}
    return [
        case("two that agree", good, good, expected=None, hint="Return None at the end, after the loop."),
        case("a smaller number", {"fc1": np.full(1, 0.5), "fc2": np.ones(1)}, ones, expected="fc1",
             hint="0.5 differs from 1 as 1.5 does: take the absolute value of the difference."),
        case("the second of three", {**good, "fc1": np.array([0.0, 0.01]), "fc2": np.full(2, 9.0)}, good, expected="fc1",
             hint="Return the name of the first one at once.",
             slips={"This is the last layer that differs. Return the name at once, inside the loop.": "fc2"}),
        case("large numbers, a small difference", {**good, "fc1": np.array([500.01, 0.02])}, good, expected=None,
             hint="0.01 of 500 is rounding: divide the largest difference by the largest number of the original's layer, "
                  "not number by number."),
        case("the largest number is negative", {**good, "conv1": np.array([[1.0, -2.00015]])}, good, expected=None,
             hint="Largest by absolute value: 0.00015 of 2 is less than 0.0001."),
        case("small numbers, a large difference", {**good, "fc2": np.array([0.001, 0.0021])}, good, expected="fc2",
             hint="0.0001 of 0.002 is a twentieth. Divide by the largest number of the original's layer."),
        case("one number of a hundred", {"fc1": np.append(np.ones(99), 1.001)}, {"fc1": np.ones(100)}, expected="fc1",
             hint="The largest difference counts, not the mean."),
        case("a tolerance of 0.1", {"fc1": np.array([1.05]), "fc2": np.array([1.105])}, ones, 0.1, expected="fc2",
             hint="0.105 of the original's 1 is more than 0.1. Divide by the original, not by ours.",
             slips={"0.05 is less than this call's tolerance of 0.1. Compare with `tolerance`.": "fc1"}),
        case("not a number", {**good, "conv1": np.array([[1.0, np.nan]])}, good, expected="conv1",
             hint="`if not difference <= tolerance` is true for nan."),
        case("another shape", {"conv1": np.ones((3, 1))}, {"conv1": np.ones((1, 3))}, expected="conv1",
             hint="Compare shapes first: NumPy stretches (3, 1) and (1, 3) to (3, 3) and finds no difference."),
        case("another shape, as long", {"fc1": np.ones((3, 1))}, {"fc1": np.ones(3)}, expected="fc1",
             hint="Compare .shape, not len()."),
    ]


@check.exercise
def lengths_behind():
    """Exercise 6.5."""
    whole = "These are floats. Lengths are whole numbers: multiply and add, and nothing needs / or float."
    return [
        case("steps of 1, same", 1024, 5, 1, "same", expected=(1024, 1024), hint="With steps of 1 each length has one input.",
             slips={whole: (1024.0, 1024.0), "With \"same\" the kernel does not matter.": (1028, 1028),
                    "The longest is one too long: 1025 pixels have 1025 places.": (1024, 1025),
                    "The longest and the shortest are one too long: 1025 pixels have 1025 places.": (1025, 1025),
                    "The shortest is one too long: it is longer than the longest.": (1025, 1024)}),
        case("steps of 1, valid", 24, 5, 1, "valid", expected=(28, 28), hint="A window of 5 has n - 4 places.",
             slips={"With \"valid\" the kernel counts: a window of 5 has n - 4 places in n pixels.": (24, 24)}),
        case("the rows of the picture", 68, 11, 4, "same", expected=(269, 272), hint="From 67 · 4 + 1 to 68 · 4.",
             slips={"269 pixels have 68 places, too: 269 / 4 is 67.25, rounded up.": (270, 272)}),
        case("an input shorter than the kernel, same", 1, 7, 2, "same", expected=(1, 2),
             hint="With \"same\" even one pixel is enough."),
        case("some inputs shorter than the kernel, same", 4, 11, 3, "same", expected=(10, 12),
             hint="10, 11 and 12 pixels have 4 places.",
             slips={"With \"same\" a row of 10 may have a window of 11: a search must begin at 1, not at the kernel.": (11, 12)}),
        case("steps of 2, valid", 32, 3, 2, "valid", expected=(65, 66),
             hint="31 steps of 2 and a window of 3 are the shortest; one more pixel may be left over.",
             slips={"The longest leaves over stride - 1 pixels, here 1, not 2.": (65, 67)}),
        case("steps of 3, same", 17, 4, 3, "same", expected=(49, 51), hint="From 16 · 3 + 1 to 17 · 3, for any kernel."),
        case("steps of 3, valid", 17, 5, 3, "valid", expected=(53, 55),
             hint="16 steps of 3 and a window of 5, or up to 2 pixels more."),
    ]


def _scattered(row, kernel, stride, flip=False, gaps=False, overwrite=False):
    result = np.zeros((len(row) - (0 if gaps else 1)) * stride + len(kernel))
    for i, number in enumerate(row):
        for j, weight in enumerate(kernel[::-1] if flip else kernel):
            result[i * stride + j] = number * weight + (0 if overwrite else result[i * stride + j])
    return result


@check.exercise
def transposed_row():
    """Exercise 6.6."""
    random = np.random.default_rng(5)
    long, short, weights = random.normal(size=13), random.normal(size=5), np.array([1.0, -2.0, 0.5, 3.0, 1.0])
    three, pair, two = np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]), np.array([2.0])
    flipped = "The kernel is flipped. Each copy stands as it is: number * kernel."
    too_long = "Zeros are left over at the end. The last copy ends at (n - 1) · stride + len(kernel)."
    gathered = [long[place:place + 5] @ weights for place in range(0, 9, 2)]  # the convolution of the long row
    return [
        case("one number", two, three, 2, expected=[2.0, 4.0, 6.0], hint="One copy of the kernel, times the number.",
             slips={flipped: [6.0, 4.0, 2.0], too_long: [2.0, 4.0, 6.0, 0.0, 0.0],
                    "Numbers are left out: this convolves and then takes every second result. Scatter instead.": [2.0, 6.0]}),
        case("side by side", pair, np.array([1.0, 2.0]), 2, expected=[1.0, 2.0, 10.0, 20.0],
             hint="The copy for number i begins at i · stride; there are (n - 1) · stride + len(kernel) numbers in all."),
        case("overlapping", pair, three, 1, expected=[1.0, 12.0, 23.0, 30.0],
             hint="Add to what is there: += on a slice of zeros.",
             slips={"The second copy replaced the first where they overlap. Add: += in place of =.":
                        _scattered(pair, three, 1, overwrite=True)}),
        case("whole numbers", np.array([1, -2, 3]), np.array([4, 5, 6]), 2, expected=[4.0, 5.0, -2.0, -10.0, 0.0, 15.0, 18.0],
             hint="A loop of your own takes whole numbers as well; a library's convolution refuses them."),
        case("five numbers", short, weights[:3], 2, expected=_scattered(short, weights[:3], 2),
             hint="Begin with zeros that are floats: np.zeros(...).",
             slips={flipped: _scattered(short, weights[:3], 2, flip=True)}),
        case("the transpose", short, weights, 2, hint="Copies of the whole kernel, `stride` places apart.",
             holds={"(conv a) · b = a · (transposed b)": lambda r, b, *s: (np.dot(gathered, b), long @ r)}),
    ]
