"""What is asked under the exercises of lesson 03."""

import numpy as np

from helpers.exercises.checking import Checks, case

check = Checks()


def _random(seed, *shapes):
    random = np.random.default_rng(seed)
    return [random.integers(-9, 10, size=shape).astype(float) for shape in shapes]


def _pooled(images, size, stride, how=np.max):
    height, width, channels = images.shape[1:]
    rows, columns = range(0, height - size + 1, stride), range(0, width - size + 1, stride)
    return np.array([[[[how(image[r:r + size, c:c + size, channel]) for channel in range(channels)]
                       for c in columns] for r in rows] for image in images])


@check.exercise
def pool_windows():
    """Exercise 3.1."""
    board, wide = np.arange(16.0).reshape(1, 4, 4, 1), _random(1, (2, 7, 10, 3))[0]
    return [
        case("windows of 2, steps of 2", board, 2, 2, expected=np.array([[5.0, 7.0], [13.0, 15.0]]).reshape(1, 2, 2, 1),
             hint="Keep every second window along both axes and take the maximum over the two window axes, which come last.",
             slips={"This is the window at every place. Keep one in `stride` of them, down and across.": _pooled(board, 2, 1),
                    "This steps down, but not to the right: the second axis of places needs its step, too.":
                        _pooled(board, 2, 1)[:, ::2],
                    "These are means. Max pooling keeps the largest number.": _pooled(board, 2, 2, np.mean)}),
        case("windows that overlap", np.arange(25.0).reshape(1, 5, 5, 1), 3, 2,
             expected=np.array([[12.0, 14.0], [22.0, 24.0]]).reshape(1, 2, 2, 1),
             hint="In 5 pixels a window of 3 stands at 0 and at 2."),
        case("wide pictures with three channels", wide, 3, 2, expected=_pooled(wide, 3, 2),
             hint="(7 - 3) // 2 + 1 rows, (10 - 3) // 2 + 1 columns, and a maximum for each picture and each channel.",
             slips={"One maximum over all channels. Each channel keeps its own: reduce the two window axes only.":
                    np.repeat(_pooled(wide, 3, 2).max(axis=-1, keepdims=True), 3, axis=-1)}),
        case("steps of 1", np.eye(4).reshape(1, 4, 4, 1), 2, 1, expected=_pooled(np.eye(4).reshape(1, 4, 4, 1), 2, 1),
             hint="The window's size and its step are two numbers: here 2 and 1."),
        case("nothing but negative numbers", np.full((1, 3, 3, 1), -5.0), 2, 1, expected=np.full((1, 2, 2, 1), -5.0),
             hint="No zero may come in from outside: this pooling does not pad."),
    ]


@check.exercise
def output_length():
    """Exercise 3.2."""
    return [
        case("every place", 28, 5, 1, "valid", expected=24,
             hint="Count the places of a window of 2 in a row of 3 on paper. Divide with //, which stays whole.",
             slips={"One place is missing: the window also stands at the very start.": 23}),
        case("the last window ends on the last pixel", 65, 3, 2, "valid", expected=32,
             hint="The windows start at 0, 2, 4 ... 62. How many are these?",
             slips={"One place is missing: the window that starts at pixel 62 and ends on the last pixel.": 31}),
        case("two pixels left over", 13, 6, 5, "valid", expected=2,
             hint="Windows start at 0 and 5; one at 10 would need 16 pixels. Divide with //, which rounds down and stays whole.",
             slips={"A window that does not fit was counted: with \"valid\" you round down.": 3}),
        case("same, not divisible", 13, 6, 5, "same", expected=3,
             hint="13 / 5 rounded up. -(-a // b) rounds up in whole numbers.",
             slips={"One place is missing: with \"same\" the length is 13 / 5, rounded up, whatever the window.": 2}),
        case("a window longer than the row", 4, 11, 4, "valid", expected=0, hint="No place is 0, never a negative number."),
        case("a window longer by one pixel", 10, 11, 4, "valid", expected=0, hint="-1 // 4 is -1, but int(-1 / 4) is 0."),
        case("same, a window longer than the row", 3, 5, 1, "same", expected=3, hint="Zeros make room for any window."),
        case("AlexNet's first layer, valid", 270, 11, 4, "valid", expected=65, hint="Windows start at 0, 4, 8 ... 256."),
        case("AlexNet's first layer, same", 270, 11, 4, "same", expected=68, hint="270 / 4 is 67.5."),
    ]


def _framed(images, before, after):
    return np.pad(images, [(0, 0), (before, after), (before, after), (0, 0)])


@check.exercise
def center_in_frame():
    """Exercise 3.3."""
    two = np.arange(1.0, 5).reshape(1, 2, 2, 1)
    flat = np.arange(1.0, 9).reshape(1, 2, 4, 1)
    names_both = {"a message with the numbers 9 and 8": lambda message, *s: ([True, True], [n in message for n in ("9", "8")])}
    return [
        case("MNIST", np.ones((2, 28, 28, 1), "float32"), 32, expected=_framed(np.ones((2, 28, 28, 1)), 2, 2),
             hint="Images come as (n, height, width, channels). Half of the missing pixels go on each side."),
        case("height and width differ", flat, 6, expected=np.pad(flat, [(0, 0), (2, 2), (1, 1), (0, 0)]),
             hint="4 rows and 2 columns are missing: compute the frame once for each axis."),
        case("an odd number of zeros", two, 5, expected=_framed(two, 1, 2), hint="3 missing: 3 // 2 before, the rest after.",
             slips={"The extra zero stands in front. Put it at the end.": _framed(two, 2, 1)}),
        case("nothing to add", two, 2, expected=two, hint="A frame of width 0 is allowed."),
        case("bytes stay bytes", np.ones((1, 3, 3, 1), "uint8"), 8, dtype="uint8",
             hint="np.pad keeps the type; np.zeros makes float64 unless told otherwise."),
        case("fractions stay fractions", two / 8, 3, expected=_framed(two / 8, 0, 1),
             hint="The result has the type of `images`, whatever that is: np.zeros(..., images.dtype), or np.pad."),
        case("too wide", np.ones((1, 5, 9, 1)), 8, raises=ValueError, holds=names_both,
             hint="Compare both lengths with `size` first, and raise ValueError with a message that names the numbers."),
        case("too high", np.ones((1, 9, 5, 1)), 8, raises=ValueError, holds=names_both,
             hint="Height and width can each be too large. The message must name the picture's size and the square's."),
    ]


@check.exercise
def count_parameters():
    """Exercise 3.4."""
    front = [("conv", 5, 6), ("pool", 2), ("conv", 5, 16), ("pool", 2)]
    return [
        case("one convolution", (32, 32, 1), front[:1], expected=156, hint="5 · 5 · 1 · 6 weights and 6 biases.",
             slips={"The biases are missing: one for each kernel.": 150}),
        case("a color picture", (32, 32, 3), front[:1], expected=456, hint="A kernel is as deep as its input has channels."),
        case("two convolutions", (32, 32, 1), front[:3], expected=156 + 2416, hint="After the first, there are 6 channels.",
             slips={"The second convolution was counted with one channel; it sees 6.": 156 + 416}),
        case("a dense layer alone", (28, 28, 1), [("dense", 10)], expected=7850, hint="784 numbers in a row, times 10, plus 10."),
        case("two dense layers", (32, 32, 1), [*front, ("dense", 120), ("dense", 10)], expected=51_902,
             hint="The first dense layer sees 5 · 5 · 16 numbers, the second 120."),
        case("LeNet", (32, 32, 1), [*front, ("dense", 120), ("dense", 84), ("dense", 10)], expected=61_706,
             hint="The table above has every row: print yours beside it."),
        case("an odd map and a flat picture", (9, 12, 2), [("conv", 2, 3), ("pool", 3), ("dense", 4)], expected=103,
             hint="8 by 11 after the convolution; a pooling of 3 leaves 2 by 3. That is 27 + 18 · 4 + 4.",
             slips={"The pooling rounded up. What does not fit is cut off: 8 by 11 becomes 2 by 3.": 27 + 36 * 4 + 4}),
    ]


def _lenet(size, padding):
    import keras

    layers = keras.layers
    model = keras.Sequential([keras.Input((size, size, 1)), layers.Rescaling(1 / 255)])
    for maps, frame in ((6, padding), (16, "valid")):
        model.add(layers.Conv2D(maps, 5, padding=frame, activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.Flatten())
    for units in (120, 84, 10):
        model.add(layers.Dense(units, activation="relu" if units > 10 else None))
    return model


def _answers(model, weights, pictures):
    model.set_weights(weights)
    return np.asarray(model(pictures), "float64").round(3)


@check.exercise
def lenet_28():
    """Exercise 3.5."""
    random = np.random.default_rng(0)
    framed = _lenet(32, "valid")
    shapes = [weight.shape for weight in framed.get_weights()]
    # Even weights would leave some units silent; these let every activation be felt.
    weights = [random.normal(0, 0.2, size=shape).astype("float32") for shape in shapes]
    digits = random.integers(0, 256, size=(2, 28, 28, 1)).astype("uint8")
    scores = _answers(framed, weights, _framed(digits, 2, 2))
    ends = [np.zeros(shape, "float32") for shape in shapes[:-1]] + [np.arange(-4, 6).astype("float32")]
    return [
        case("what goes in", holds={"pictures of 28 by 28 by 1": lambda model: ((28, 28, 1), tuple(model.input_shape)[1:])},
             hint="Begin with keras.Input((28, 28, 1)) in a keras.Sequential."),
        case("what comes out", holds={"ten numbers for each picture": lambda model: ((10,), tuple(model.output_shape)[1:])},
             hint="End with a dense layer of 10."),
        case("the arrays of weights", holds={"ten arrays with LeNet's shapes": lambda model: (
                 [tuple(shape) for shape in shapes], [tuple(weight.shape) for weight in model.get_weights()])},
             hint="Five layers have weights and biases, and a dense layer that sees another map than 5 by 5 has "
                  "weights of another shape: compare model.summary() with LeNet's."),
        case("logits", holds={"with all weights 0, the last biases": lambda model: (
                 ends[-1].astype(float), _answers(model, ends, digits)[0])},
             hint="The last layer has no activation: LeNet ends in logits, not in probabilities."),
        case("LeNet's own answers", tolerance=1e-2, holds={"the logits of LeNet on the framed pictures":
                 lambda model: (scores, _answers(model, weights, digits))},
             hint="The layers that meet the frame must replace it, and only these. Elsewhere keep what new_lenet has: "
                  "rescaling, padding, activations, the kind of pooling."),
    ]


_MEAN = "This is a mean over the places. A shared weight adds up what happens at all of them."


def _kernel_slopes(images, slopes):
    (height, width, channels), (rows, columns, kernels) = images.shape[1:], slopes.shape[1:]
    result = np.zeros((height - rows + 1, width - columns + 1, channels, kernels))
    for h, w, i, o in np.ndindex(result.shape):
        result[h, w, i, o] = np.sum(images[:, h:h + rows, w:w + columns, i] * slopes[:, :, :, o])
    return result


@check.exercise
def kernel_gradient():
    """Exercise 3.6."""
    images, slopes = _random(2, (1, 4, 5, 1), (1, 3, 3, 1))
    several, many = _random(3, (3, 5, 6, 2), (3, 4, 3, 4))
    one, result = _kernel_slopes(images, slopes), _kernel_slopes(several, many)
    return [
        case("a single pixel", np.eye(3)[None, :, :, None], np.array([[1.0, 0], [0, 0]])[None, :, :, None],
             expected=np.eye(2).reshape(2, 2, 1, 1),
             hint="Only the output in the corner counts. Its window is the 2 by 2 corner of the picture.",
             slips={_MEAN: np.eye(2).reshape(2, 2, 1, 1) / 4}),
        case("one picture, one channel, one kernel", images, slopes, expected=one,
             hint="The kernel is 4 - 3 + 1 by 5 - 3 + 1. For its weight at row h and column w: multiply each slope by the pixel "
                  "that this weight met, and add up.",
             slips={"This is flipped. The weight at row h met the pixel at r + h, not at r - h.": one[::-1, ::-1],
                    _MEAN: one / slopes.size}),
        case("three pictures", several[..., :1], many[..., :1], expected=result[:, :, :1, :1],
             hint="The kernel is the same for all pictures, so its slope adds up over the pictures as well.",
             slips={"This is the mean over the pictures. Where the loss is a mean, the slopes hold that division already.":
                    result[:, :, :1, :1] / 3}),
        case("two channels, four kernels", several, many, expected=result,
             hint="The result has the shape of the weights: height, width, channels in, kernels. In einsum, which letters stay?"),
    ]
