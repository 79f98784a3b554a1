"""The checks of lesson 08, deeper networks: receptive fields, separable convolutions, skips, and counts of a dense block."""

from __future__ import annotations

import numpy as np

from helpers.exercises import Checks, case

check = Checks()


def _pixels_seen(stack):
    """Collect the pixels that output 0 sees, layer by layer from the top, and measure how wide they lie."""
    seen = {0}
    for window, apart in reversed(stack):
        seen = {place * apart + step for place in seen for step in range(window)}
    return max(seen) - min(seen) + 1


def _walked(stack, *, own=False, strides=True):
    """Walk up with the distance of two neighbors; `own` and `strides` make usual mistakes."""
    width, apart = 1, 1
    for kernel, stride in stack:
        apart *= stride if own else 1
        width += (kernel - 1) * (apart if strides else 1)
        apart *= 1 if own else stride
    return width


@check.exercise
def receptive_field():
    """Exercise 8.1."""
    def stacked(about, stack, hint):
        slips = {"A stride moves the windows of every layer above it apart.": _walked(stack, strides=False),
                 "A layer's own stride does not widen its own window, only those above.": _walked(stack, own=True),
                 "Walk the other way: the last pair is the top layer, and the walk down begins there.": _walked(stack[::-1])}
        right = _pixels_seen(stack)
        return case(about, stack, expected=right, hint=hint, slips={text: slip for text, slip in slips.items() if slip != right})

    return [
        case("no layer", [], expected=1, hint="With an empty stack an output is a pixel of the picture."),
        case("one convolution", [(5, 1)], expected=5, hint="One output sees one window."),
        case("two 3×3", [(3, 1), (3, 1)], expected=5, hint="Three neighbors of the first layer together see five pixels.",
             slips={"Neighboring windows overlap: a second layer adds kernel - 1, not kernel.": 6,
                    "Widths are added, not multiplied: neighboring windows overlap.": 9}),
        stacked("a pooling, then a convolution", [(2, 2), (3, 2)], "Three pooled numbers side by side cover six pixels."),
        stacked("a convolution, then a pooling", [(3, 1), (2, 2)], "A pooled number sees two neighbors, which see four pixels."),
        stacked("three strides", [(7, 2), (3, 2), (3, 2)],
                "n neighbors of a layer need (n - 1) · stride + kernel of its inputs."),
        stacked("AlexNet's", [(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)],
                "n neighbors of a layer need (n - 1) · stride + kernel of its inputs."),
        stacked("a projection with a stride of 2", [(3, 1), (1, 2), (3, 1)],
                "A kernel of 1 adds nothing of its own, but its stride counts for the layers above it."),
    ]


def _separable(x, depthwise, pointwise, *, crossed=False):
    """Compute one output number after the other; `crossed` lets every kernel see all channels together."""
    (height, width, channels), (high, wide, _) = x.shape, depthwise.shape
    out = np.zeros((height - high + 1, width - wide + 1, pointwise.shape[1]))
    for i, j, k in np.ndindex(out.shape):
        for c in range(channels):
            window = x[i:i + high, j:j + wide, :].sum(axis=2) if crossed else x[i:i + high, j:j + wide, c]
            out[i, j, k] += float((window * depthwise[:, :, c]).sum()) * pointwise[c, k]
    return out


@check.exercise
def separable_convolution():
    """Exercise 8.2."""
    random = np.random.default_rng(8)
    row = np.arange(10.0).reshape(1, 5, 2)
    ones, whole = np.ones((1, 3, 2)), random.integers(-9, 10, size=(4, 6, 3))
    window, mix, square = random.integers(-3, 4, size=(2, 3, 3)), random.integers(-3, 4, size=(3, 2)), np.array([[1, 2], [3, 5]])
    x, depthwise = random.normal(size=(5, 4, 2)), random.normal(size=(2, 2, 2))
    fine, kernel, last = random.normal(size=(5, 7, 3)), random.normal(size=(3, 2, 3)), random.normal(size=(3, 4))
    return [
        case("the shape", fine, kernel, last, shape=(3, 6, 4),
             hint="Count the places of the window: height - window height + 1. The last axis has pointwise.shape[1] channels."),
        case("two channels in a row", row, ones, np.eye(2), expected=_separable(row, ones, np.eye(2)),
             hint="Sums of three neighbors, each channel on its own: 0 + 2 + 4 comes first.",
             slips={"Each kernel sees one channel alone: do not add up the channels before the pointwise step.":
                    _separable(row, ones, np.eye(2), crossed=True)}),
        case("whole numbers", whole, window, mix, expected=_separable(whole, window, mix),
             hint="A slice of x times depthwise[i, j], added up over all i and j, then @ pointwise; no ReLU anywhere.",
             slips={"Do not flip the kernel.": _separable(whole, window[::-1, ::-1], mix),
                    "Each kernel sees one channel alone.": _separable(whole, window, mix, crossed=True)}),
        case("as many channels out as in", x, depthwise, square, expected=_separable(x, depthwise, square),
             hint="Number c of the depthwise step meets row c of pointwise.",
             slips={"pointwise has shape (channels, out): it is transposed here.": _separable(x, depthwise, square.T)}),
        case("ten digits", fine, kernel, last, expected=_separable(fine, kernel, last), tolerance=1e-10,
             hint="float32 holds seven digits. Stay in NumPy and in float64."),
        case("whole numbers times halves", whole, window / 2, mix, expected=_separable(whole, window / 2, mix),
             hint="An array made like x holds whole numbers alone. Start from np.zeros(shape), which holds floats."),
    ]


def _drawn(shape):
    """Draw a kernel that depends on its shape alone: so it is known wherever it stands in a student's block."""
    return np.random.default_rng(list(shape)).integers(-2, 3, size=shape) / 2


def _model(result, x, *, closed, shift):
    """Return the block as a model with drawn kernels, or zeros in windows of `closed`; each normalization halves and shifts."""
    import keras

    model = keras.Model(x, result)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(np.full(layer.moving_variance.shape, 4 - layer.epsilon))
            if layer.beta is not None:
                layer.beta.assign(np.full(layer.beta.shape, shift))
        elif isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(_drawn(layer.kernel.shape) * (layer.kernel_size[0] != closed))
    return model


def _picture(x):
    return np.random.default_rng(5).integers(-4, 5, size=(1, *x.shape[1:])).astype("float32")


def _computed(result, x, closed=0, shift=0.25):
    return _model(result, x, closed=closed, shift=shift)(_picture(x), training=False).numpy()


def _convolved(x, out, kernel, stride=1):
    """Slide a drawn kernel with "same" padding, place by place."""
    weights, size = _drawn((kernel, kernel, x.shape[-1], out)), [-(-n // stride) for n in x.shape[1:3]]
    missing = [max((count - 1) * stride + kernel - n, 0) for count, n in zip(size, x.shape[1:3])]
    padded = np.pad(x, [(0, 0), *((zeros // 2, zeros - zeros // 2) for zeros in missing), (0, 0)])
    made = np.zeros((1, *size, out))
    for i, j in np.ndindex(*size):
        window = padded[0, i * stride:i * stride + kernel, j * stride:j * stride + kernel]
        made[0, i, j] = [(window * weights[..., k]).sum() for k in range(out)]
    return made


def _normalized(x):
    return x / 2 + 0.25


def _relu(x):
    return np.maximum(x, 0)


def _bottleneck(x, channels, stride):
    y = _relu(_normalized(_convolved(x, channels // 4, 1)))
    y = _relu(_normalized(_convolved(y, channels // 4, 3, stride)))
    y = _normalized(_convolved(y, channels, 1))
    return _relu(y + (x if x.shape == y.shape else _normalized(_convolved(x, channels, 1, stride))))


def _before_each(x, channels, stride):
    y = _convolved(_relu(_normalized(x)), channels, 3, stride)
    y = _convolved(_relu(_normalized(y)), channels, 3)
    return y + (x if x.shape == y.shape else _convolved(x, channels, 1, stride))


def _input(size, channels):
    import keras

    return keras.Input((size, size, channels))


def _convolutions(result, x):
    """List the convolutions of a block as "3×3 to 16, stride 2", in alphabetical order."""
    import keras

    return ", ".join(sorted(f"{layer.kernel_size[0]}×{layer.kernel_size[1]} to {layer.filters}"
                            + f", stride {layer.strides[0]}" * (layer.strides[0] > 1)
                            for layer in keras.Model(x, result).layers if isinstance(layer, keras.layers.Conv2D)))


def _made_of(wanted):
    return {"the convolutions": lambda result, x, *sizes: (wanted, _convolutions(result, x))}


def _comes_out(*shape):
    return {"the shape of what comes out": lambda result, x, *sizes: ((None, *shape), tuple(result.shape))}


def _counted(wanted):
    import keras

    return {"the parameters": lambda result, x, *sizes: (wanted, keras.Model(x, result).count_params())}


def _values(by_hand):
    return {"what comes out with drawn kernels": lambda result, x, channels, stride=1: (
        by_hand(_picture(x), channels, stride), _computed(result, x))}


def _passes(by_hand):
    """Ask what comes out when every 3×3 kernel is zero."""
    return {"what comes out when all 3×3 kernels are zero": lambda result, x, channels, stride=1: (
        by_hand(_picture(x), channels, stride), _computed(result, x, closed=3, shift=0))}


@check.exercise
def residual_block():
    """Exercise 8.3."""
    return [
        case("the shape, where nothing changes", _input(6, 8), 8, holds=_comes_out(6, 6, 8),
             hint='padding="same" keeps the size, and adding keeps the channels. Return a tensor, what the last layer gives.'),
        case("three convolutions", _input(6, 8), 8, holds=_made_of("1×1 to 2, 1×1 to 8, 3×3 to 2"),
             hint="1×1 to channels // 4, 3×3 to channels // 4, 1×1 to channels; no projection where the shapes agree."),
        case("the skip", _input(6, 8), 8, holds=_passes(lambda x, *sizes: _relu(x)),
             hint="Keep x under its own name: what came in is added, and only then comes the last ReLU."),
        case("the parameters", _input(6, 8), 8, holds=_counted(8 * 2 + 9 * 2 * 2 + 2 * 8 + 4 * (2 + 2 + 8)),
             hint="Convolutions without biases, and batch normalization after each of the three."),
        case("more channels", _input(6, 8), 16, 1, holds=_made_of("1×1 to 16, 1×1 to 16, 1×1 to 4, 3×3 to 4"),
             hint="With a stride of 1 the channels may still differ: if x.shape != y.shape, a 1×1 convolution projects x."),
        case("a stride alone", _input(6, 8), 8, 2, holds=_made_of("1×1 to 2, 1×1 to 8, 1×1 to 8, stride 2, 3×3 to 2, stride 2"),
             hint="The stride belongs to the 3×3 convolution and to the projection, needed although the channels agree."),
        case("both", _input(6, 8), 16, 2, holds=_comes_out(3, 3, 16),
             hint="The projection has the stride and makes as many channels."),
        case("the parameters with a projection", _input(6, 8), 16, 2,
             holds=_counted(8 * 4 + 9 * 4 * 4 + 4 * 16 + 8 * 16 + 4 * (4 + 4 + 16 + 16)),
             hint="The projection has no bias and a batch normalization of its own."),
        case("the numbers", _input(5, 8), 8, 1, holds=_values(_bottleneck),
             hint="ReLU after the first normalization, after the second, and after the addition; none before the addition."),
        case("the numbers with a projection", _input(6, 4), 8, 2, holds=_values(_bottleneck),
             hint='The projection starts from what came in and has no ReLU; the 3×3 convolution has padding="same".'),
    ]


def _dense_block(channels, growth, steps, norm=4, *, grows=True, narrow=True, halves=True, bias=0):
    """Count layer by layer; the arguments after `steps` make usual mistakes."""
    layers, inside = [], 2 * growth if narrow else 0
    for step in range(steps):
        width = channels + step * growth * grows
        layers += [(1, width, inside), (3, inside, growth)] if narrow else [(3, width, growth)]
    width = channels + steps * growth
    layers += [(1, width, width // 2)] if halves else []
    return layers[-1][2] if halves else width, sum((kernel * kernel * i + norm + bias) * o for kernel, i, o in layers)


def _built(channels, growth, steps):
    """Build the block in Keras and ask what comes out and how many parameters it has."""
    import keras
    from keras import layers

    x = pictures = keras.Input((4, 4, channels))
    for out, kernel, appended in [*[(2 * growth, 1, False), (growth, 3, True)] * steps, (None, 1, False)]:
        start = x if kernel == 1 else y  # noqa: F821  (a 3×3 comes after a 1×1)
        y = layers.Conv2D(out or x.shape[-1] // 2, kernel, padding="same", use_bias=False)(start)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        x = layers.Concatenate()([x, y]) if appended else x
    return y.shape[-1], keras.Model(pictures, y).count_params()


@check.exercise
def dense_block_counts():
    """Exercise 8.4."""
    def block(about, *sizes, hint):
        right = _built(*sizes)
        slips = {"Batch normalization keeps four numbers per channel, of which two are not trained.": _dense_block(*sizes, 2),
                 "The convolutions are not normalized here: each has 4 more numbers per output channel.": _dense_block(*sizes, 0),
                 "No convolution has a bias.": _dense_block(*sizes, bias=1),
                 "Each step gets growth channels more than the one before it.": _dense_block(*sizes, grows=False),
                 "The 1×1 convolution to 2 · growth in front of each 3×3 is missing.": _dense_block(*sizes, narrow=False),
                 "The 1×1 convolution at the end, to half of the channels, is missing.": _dense_block(*sizes, halves=False)}
        return case(about, *sizes, expected=right, hint=hint, slips={text: slip for text, slip in slips.items() if slip != right})

    vast = 10**9, 10**6, 50
    return [
        block("no step", 10, 4, 0, hint="A 1×1 convolution from 10 channels to 5, and 4 · 5 for its normalization: (5, 70)."),
        block("one step", 6, 2, 1, hint="6 · 4 + 4 · 4, then 9 · 4 · 2 + 4 · 2, then from 8 channels to 4: 8 · 4 + 4 · 4."),
        block("four steps", 16, 9, 4, hint="The step number s, counted from 0, gets channels + s · growth."),
        block("an odd number of channels", 7, 5, 4, hint="Half of 27 channels is 13: // rounds down."),
        case("too large for any memory", *vast, expected=_dense_block(*vast),
             hint="Count with Python's whole numbers; a network of this size cannot be built."),
    ]


@check.exercise
def mend_skip():
    """Exercise 8.5."""
    return [
        case("the shape", _input(6, 4), 4, 1, holds=_comes_out(6, 6, 4), hint="Return the sum, which Add gives."),
        case("where shapes agree", _input(6, 4), 4, 1, holds=_made_of("3×3 to 4, 3×3 to 4"),
             hint="Nothing on the skip may be convolved where the shapes agree: a projection only if x.shape != y.shape."),
        case("what came in passes", _input(6, 4), 4, 1, holds=_passes(lambda x, *sizes: x),
             hint="Negative numbers are gone, or numbers are scaled: which x reaches Add, and does anything follow it?"),
        case("more channels", _input(6, 4), 8, 1, holds=_passes(lambda x, channels, stride: _convolved(x, channels, 1, stride)),
             hint="If x.shape != y.shape, the skip is a 1×1 convolution of what came in, before batch normalization and ReLU."),
        case("a stride alone", _input(7, 4), 4, 2,
             holds=_passes(lambda x, channels, stride: _convolved(x, channels, 1, stride)),
             hint="A stride changes the size, so a projection is needed although the channels agree."),
        case("the parameters", _input(6, 4), 8, 2, holds=_counted(9 * 4 * 8 + 9 * 8 * 8 + 4 * 8 + 4 * (4 + 8)),
             hint="Two normalizations, each in front of a 3×3 convolution; on the skip none, and no bias in the projection."),
        case("the numbers", _input(5, 4), 4, 1, holds=_values(_before_each),
             hint="The path through the two 3×3 convolutions was right: leave it as it was."),
        case("the numbers with a projection", _input(6, 4), 8, 2, holds=_values(_before_each),
             hint="The sum of the path and of the projection, and nothing after it. The 3×3 convolutions stay as they were."),
    ]
