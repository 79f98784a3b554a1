"""The checks of lesson 04, hand signs: what is tried under each exercise."""

from __future__ import annotations

import functools
import itertools
import math
import tempfile
from pathlib import Path

import numpy as np

from helpers.exercises.checking import Checks, case

__all__ = ["check"]

check = Checks()

_Z = 1.959964
"""As on the page: 95 % of a normal distribution lies within so many standard deviations."""


@functools.cache
def _folder():
    return tempfile.TemporaryDirectory()  # goes when Python ends


@functools.cache
def _signs_file(part, label_shape):
    """Write five small photos and their labels, and return the path."""
    import h5py

    path = Path(_folder().name, f"{part}_{len(label_shape)}.h5")
    with h5py.File(path, "w") as file:
        file[f"{part}_set_x"] = np.arange(60, dtype="uint8").reshape(5, 2, 2, 3) * 4 + 3
        file[f"{part}_set_y"] = np.array([5, 0, 3, 3, 1], "uint8").reshape(label_shape)
    return str(path)


def _kinds(result, *_):
    return (["float32", "int64"], [getattr(part, "dtype", np.dtype(object)).name for part in result])


@check.exercise
def read_signs():
    """Exercise 4.1."""
    photos = np.reshape([value / 255 for value in range(3, 243, 4)], (5, 2, 2, 3))
    labels = np.array([5, 0, 3, 3, 1])
    good, row = (photos, labels), (photos, labels.reshape(1, 5))
    train, test = _signs_file("train", (5,)), _signs_file("test", (5,))
    closed = ("file[name] is a handle, of no use once the with block has closed the file; file[name][:] reads the array. "
              "Return both arrays, and no list of numbers.")
    return [
        case("two arrays that outlive the file", train, hint=closed,
             holds={"photos and labels, both NumPy arrays": lambda r, *_: isinstance(r, (tuple, list)) and len(r) == 2 and
                    all(isinstance(part, np.ndarray) for part in r)}),
        case("photos and labels", train, expected=good, hint="Divide the photos by 255. Return all five labels as they are.",
             slips={"255 becomes 1: divide by 255.": (photos * 255, labels),
                    "Divide by 255, not by the largest pixel of this file.": (photos * 255 / 239, labels),
                    "Photos come first, then labels.": (labels, photos),
                    "Only the photos are rescaled. A label is a name, not a brightness.": (photos, labels / 255)}),
        case("their types", train, holds={"photos of type float32, labels of type int64": _kinds},
             hint='Bytes / 255 are float64: write astype("float32") / 255. This file has its labels as bytes: astype("int64").'),
        case("the test photos", test, "test", expected=good,
             hint='The names in the file begin with the part: f"{part}_set_x".'),
        case("labels of shape (1, 5)", _signs_file("test", (1, 5)), "test", expected=good,
             slips={"reshape(-1) puts any shape in one row.": row},
             hint="This file keeps its labels in an array of shape (1, 5). reshape(-1) puts any shape in one row."),
    ]


def _keras_step(x, scale, offset, moving_mean, moving_variance, momentum=0.99, epsilon=1e-3):
    """Return what Keras's own layer returns and keeps, in double precision."""
    import keras

    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([scale, offset, moving_mean, moving_variance])
    normalized = layer(x, training=True)
    return tuple(keras.ops.convert_to_numpy(value) for value in (normalized, layer.moving_mean, layer.moving_variance))


def _step(x, scale, offset, moving_mean, moving_variance, momentum=0.99, epsilon=1e-3, **slip):
    """Return a step with one usual mistake in it."""
    axes = slip.get("axes", tuple(range(x.ndim - 1)))
    mean, variance = x.mean(axes), x.var(axes, ddof=slip.get("ddof", 0))
    share = 1 - momentum if slip.get("swapped") else momentum
    root = np.sqrt(variance) + epsilon if slip.get("outside") else np.sqrt(variance + epsilon)
    normalized = (x - (moving_mean if slip.get("old_mean") else mean)) / root
    normalized = (normalized + offset) * scale if slip.get("offset_first") else normalized * scale + offset
    kept = variance + epsilon if slip.get("kept_epsilon") else variance
    return normalized, share * moving_mean + (1 - share) * mean, share * moving_variance + (1 - share) * kept


def _mistaken(settings, mistakes):
    return {hint: _step(*settings, **slip) for hint, slip in mistakes.items()}


_ALL_BUT_ONE = ("One mean and one variance per channel: average over all axes but the last, tuple(range(x.ndim - 1)), "
                "not over the batch alone.")
_DDOF = "The variance is the plain mean of the squared deviations, np.var as it is."


@check.exercise
def normalize_step():
    """Exercise 4.2."""
    blocks = np.random.default_rng(7).normal(3, 2, size=(6, 5, 3, 4))
    ones, four = np.ones(4), np.arange(1.0, 5.0)
    plain = (blocks, ones, 0 * ones, 0 * ones, ones)
    scaled = (blocks, four, -ones, 0 * ones, ones, 0.9, 1.0)
    moving = (blocks, ones, 0 * ones, 5 * ones, 2 * ones, 0.75)
    rows = (blocks[:, 0, 0], *plain[1:])
    three = (blocks[:, 0], *plain[1:])
    far = (blocks + 5000, *plain[1:])
    return [
        case("a block", *plain, expected=_keras_step(*plain),
             hint=f"Return normalized x, new moving mean, new moving variance. {_ALL_BUT_ONE}",
             slips=_mistaken(plain, {_ALL_BUT_ONE: {"axes": 0}, _DDOF: {"ddof": 1},
                                     "Epsilon joins the variance under the root.": {"outside": True},
                                     "The momentum is the share of the old average that stays.": {"swapped": True},
                                     "In training the mean of the batch is subtracted. The moving mean is for evaluation.":
                                     {"old_mean": True},
                                     "Only the normalization uses epsilon; the moving variance does not.":
                                     {"kept_epsilon": True}})),
        case("scale and offset, epsilon 1", *scaled, expected=_keras_step(*scaled),
             hint="Normalize, multiply by the scale, add the offset. Epsilon, here 1, is an argument.",
             slips=_mistaken(scaled, {"Multiply by the scale first, then add the offset.": {"offset_first": True},
                                      "Epsilon joins the variance under the root.": {"outside": True}})),
        case("moving averages, momentum 0.75", *moving, expected=_keras_step(*moving),
             hint="momentum * old + (1 - momentum) * batch, for the mean and for the variance, with the momentum that is given.",
             slips=_mistaken(moving, {"The momentum is the share of the old average that stays.": {"swapped": True}})),
        case("behind a dense layer", *rows, expected=_keras_step(*rows), hint=_ALL_BUT_ONE),
        case("three axes", *three, expected=_keras_step(*three), hint=_ALL_BUT_ONE),
        case("float64 stays float64", *far, expected=_keras_step(*far),
             hint="Write the formula in NumPy. Keras and TensorFlow compute in float32, which leaves about seven digits.",
             holds={"three arrays of type float64": lambda r, *_: (["float64"] * 3, [np.asarray(one).dtype.name for one in r])}),
    ]


def _width(accuracy, n):
    """Return how wide Wilson's interval is: the distance of the roots of (accuracy - p)^2 = z^2 p (1 - p) / n."""
    a, b, c = 1 + _Z**2 / n, -(2 * accuracy + _Z**2 / n), accuracy**2
    return math.sqrt(b * b - 4 * a * c) / a


def _standard_error_width(accuracy, n):
    return 2 * _Z * math.sqrt(accuracy * (1 - accuracy) / n)


def _first(width_of, accuracy, width):
    return next(n for n in itertools.count(1) if width_of(accuracy, n) <= width)


@check.exercise
def photos_needed():
    """Exercise 4.3."""
    def one(about, accuracy, width):
        right = _first(_width, accuracy, width)
        usual = {"That is the first n that is too few: return the n after it.": right - 1,
                 "That is one photo too many: return the first n whose interval is narrow enough.": right + 1,
                 "That is where the distance from the middle fits. The width is the upper end minus the lower end.":
                 _first(_width, accuracy, 2 * width),
                 "That is what the standard error asks for. Use Wilson's interval.":
                 _first(_standard_error_width, accuracy, width),
                 "accuracy * n need not be a whole number: do not round it.":
                 _first(lambda share, n: _width(round(share * n) / n, n), accuracy, width)}
        return case(about, accuracy, width, expected=right,
                    slips={hint: n for hint, n in usual.items() if n != right},
                    hint="Count n up from 1 until upper - lower of wilson(accuracy * n, n) is at most the width; return that n, "
                         "a whole number.")

    return [one("narrow enough, none too many", 0.9, 0.1), one("half right", 0.5, 0.5), one("none wrong", 1.0, 0.03),
            one("our question", 0.98, 0.02), one("half the width", 0.98, 0.01)]


@check.exercise
def confusion_and_recall():
    """Exercise 4.4."""
    truth, said = np.array([0, 0, 0, 1, 1, 3, 3, 3, 3]), np.array([0, 0, 1, 1, 3, 3, 3, 0, 0])
    counts = np.array([[2, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [2, 0, 0, 2]])
    recalls, precisions = np.array([2 / 3, 1 / 2, 0, 1 / 2]), np.array([1 / 2, 1 / 2, 0, 2 / 3])
    whole = "np.zeros makes floats unless you ask for int."
    six = np.pad(counts, (0, 2)), np.pad(recalls, (0, 2))
    return [
        case("counts and recalls", truth, said, 4, expected=(counts, recalls),
             hint="Counts first, then recalls: right answers of a sign, divided by the photos of that sign.",
             slips={"matrix[truth, said] += 1 counts a pair once. np.add.at(matrix, (truth, said), 1) counts each photo.":
                    (np.minimum(counts, 1), np.array([1 / 2, 1 / 2, 0, 1 / 2])),
                    "The truth goes down: it is the first index.": (counts.T, recalls),
                    "The truth goes down: it is the first index. ": (counts.T, precisions),
                    "That is the precision. For the recall divide by the sum of the row, the photos of that sign.":
                    (counts, precisions),
                    "A class without photos has recall 0: divide by np.maximum(1, photos).":
                    (counts, np.array([2 / 3, 1 / 2, np.nan, 1 / 2]))}),
        case("whole numbers", truth, said, 4, hint=whole,
             holds={"counts of an integer type": lambda r, *_: np.asarray(r[0]).dtype.kind in "iu"}),
        case("signs that never occur", truth, said, 6, expected=six,
             hint="The size is `classes`, whatever labels occur: (6, 6) and (6,) here."),
    ]


def _two_steps(x, kernel, bias, scale, offset, mean, variance, epsilon):
    """Return the outputs of convolution and normalization for inputs as large as the kernel."""
    y = np.einsum("nhwi,hwio->no", x, kernel) + bias
    return (y - mean) / np.sqrt(variance + epsilon) * scale + offset


def _probed(kernel, *others, epsilon=1e-3):
    """Return kernel and bias of the two steps together, found by asking: zeros give the bias, a single 1 one weight."""
    inputs = np.eye(kernel[..., 0].size).reshape(-1, *kernel.shape[:3])
    bias = _two_steps(inputs[:1] * 0, kernel, *others, epsilon)[0]
    return (_two_steps(inputs, kernel, *others, epsilon) - bias).reshape(kernel.shape), bias


@check.exercise
def folded():
    """Exercise 4.5."""
    random = np.random.default_rng(9)
    kernel, plus, up = random.normal(size=(2, 3, 4, 4)), random.normal(size=4), random.uniform(1, 3, 4)
    zero, one = np.zeros(4), np.ones(4)
    factor = up / np.sqrt(up + 1e-3)
    everything = (kernel, plus, up, plus - 1, plus + 2, up)
    return [
        case("only a scale", kernel, zero, up, zero, zero, one, 0.0,
             expected=_probed(kernel, zero, up, zero, zero, one, epsilon=0),
             slips={"The kernel's last axis counts the channels that come out: multiply along that one.":
                    (kernel * up[:, None], zero),
                    "Epsilon is an argument, here 0.": (kernel * up / np.sqrt(1.001), zero)},
             hint="Return kernel and bias, in their old shapes. Each channel's kernel is multiplied by that channel's factor."),
        case("only a variance, epsilon 1", kernel, zero, one, zero, zero, up, 1.0,
             expected=_probed(kernel, zero, one, zero, zero, up, epsilon=1),
             slips={"The factor has a root in it: scale / sqrt(variance + epsilon).": (kernel / (up + 1), zero),
                    "Epsilon, here 1, joins the variance under the root.": (kernel / np.sqrt(up), zero),
                    "Epsilon joins the variance under the root, not behind it.": (kernel / (np.sqrt(up) + 1), zero)},
             hint="The factor is scale / sqrt(variance + epsilon)."),
        case("everything", *everything, expected=_probed(*everything),
             slips={"The mean is subtracted before the factor comes: (bias - mean) * factor.":
                    (kernel * factor, plus * factor - (plus + 2) + plus - 1),
                    "The offset comes last and is not multiplied.": (kernel * factor, (plus - (plus + 2) + plus - 1) * factor),
                    "The old bias goes in, too.": (kernel * factor, -(plus + 2) * factor + plus - 1)},
             hint="The mean is subtracted from the bias, the factor multiplies the difference, and the offset is added last."),
    ]
