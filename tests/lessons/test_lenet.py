"""What lesson 03 defines, on more inputs than the page shows: the functions are taken from the notebook itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import shapes
from tests.support.lesson_code import definitions


class Silent(keras.callbacks.Callback):
    """Stands in for the progress line."""

    def __init__(self, label):
        super().__init__()


NAMES = ["slide", "conv2d", "max_pool", "to_32x32", "tutorial_pad", "init_weight", "init_bias", "conv_2d", "max_pool_2x2",
         "LeNet", "new_lenet", "cross_entropy", "RandomShift", "RECIPES", "single_threaded_batches", "train",
         "standard_error", "classes_of", "accuracy_of"]


@pytest.fixture(scope="module")
def lesson():
    return definitions("03_lenet", NAMES, {"np": np, "tf": tf, "keras": keras, "Progress": Silent, "shapes": shapes})


@pytest.fixture(scope="module")
def bars():
    """Four hundred noisy pictures: a bar that stands, or one that lies, somewhere in the frame."""
    random = np.random.default_rng(0)
    images, labels = np.zeros((400, 32, 32, 1), "float32"), random.integers(0, 2, 400)
    for image, label, place in zip(images, labels, random.integers(4, 26, 400)):
        image[(slice(6, 26), slice(place, place + 2))[:: 1 if label else -1]] = 1
    return images + random.normal(0, 0.1, images.shape).astype("float32"), labels


@settings(max_examples=40, deadline=None)
@given(size=st.tuples(st.integers(3, 9), st.integers(3, 9)), kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
       channels=st.tuples(st.integers(1, 3), st.integers(1, 4)), seed=st.integers(0, 10))
def test_the_convolution_by_hand_is_the_library_s(lesson, size, kernel, channels, seed):
    random = np.random.default_rng(seed)
    images = random.standard_normal((2, *size, channels[0]), "float32")
    weights = random.standard_normal((*kernel, *channels), "float32")
    bias = random.standard_normal(channels[1], "float32")
    by_hand = lesson["conv2d"](images, weights, bias)
    assert np.allclose(by_hand, tf.nn.conv2d(images, weights, 1, "VALID") + bias, atol=1e-4)
    one = lesson["slide"](images[0, :, :, 0], weights[:, :, 0, 0])
    assert np.allclose(one, tf.nn.conv2d(images[:1, :, :, :1], weights[:, :, :1, :1], 1, "VALID")[0, :, :, 0], atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(height=st.integers(2, 9), width=st.integers(2, 9), channels=st.integers(1, 3))
def test_the_pooling_by_hand_is_the_library_s(lesson, height, width, channels):
    images = np.random.default_rng(height * width).standard_normal((2, height, width, channels), "float32")
    assert np.array_equal(lesson["max_pool"](images), tf.nn.max_pool2d(images, 2, 2, "VALID"))


@pytest.mark.parametrize("form", [(3, 784), (3, 28, 28), (3, 28, 28, 1), (0, 784), (1, 28, 28)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_padding_takes_three_forms(lesson, form, dtype):
    images = np.random.default_rng(0).integers(1, 256, form).astype(dtype)
    padded = lesson["to_32x32"](images)
    assert padded.shape == (form[0], 32, 32, 1) and padded.dtype == dtype
    assert np.array_equal(padded[:, 2:30, 2:30, 0].ravel(), images.ravel())
    assert padded.sum(dtype="float64") == images.sum(dtype="float64")


@pytest.mark.parametrize("form", [(), (784,), (28, 28), (28, 28, 1), (3, 1, 28, 28), (3, 28, 28, 3), (3, 32, 32, 1),
                                  (3, 783), (3, 27, 28)])
def test_padding_refuses_other_forms_and_says_what_helps(lesson, form):
    with pytest.raises(ValueError) as refusal:
        lesson["to_32x32"](np.zeros(form))
    assert str(form) in str(refusal.value)
    assert "np.newaxis" in str(refusal.value) and "np.moveaxis" in str(refusal.value)


def test_the_remedies_of_the_refusal_work(lesson):
    assert lesson["to_32x32"](np.zeros((28, 28))[np.newaxis]).shape == (1, 32, 32, 1)
    assert lesson["to_32x32"](np.moveaxis(np.zeros((3, 1, 28, 28)), 1, -1)).shape == (3, 32, 32, 1)


def test_the_tutorial_s_padding_does_what_the_lesson_says(lesson, capsys):
    with pytest.raises(ValueError):
        lesson["tutorial_pad"](np.zeros((5, 28, 28)))
    assert lesson["tutorial_pad"](np.zeros((5, 1, 28, 28))).shape == (5, 1, 28, 28)
    assert "not supported" in capsys.readouterr().out


def test_the_raw_network_and_keras_s_compute_the_same(lesson):
    raw, model = lesson["LeNet"](), lesson["new_lenet"]()
    for name, layer in zip(["conv1", "conv2", "fc1", "fc2", "fc3"], ["conv1", "conv2", "dense1", "dense2", "logits"]):
        model.get_layer(layer).set_weights([getattr(raw, f"{kind}_{name}").numpy() for kind in "Wb"])
    images = np.random.default_rng(0).random((5, 32, 32, 1), "float32")
    logits = raw(images).numpy()
    assert np.ptp(logits) > 0.1
    assert np.allclose(logits, model(images), atol=1e-4)
    assert model.count_params() == 61_706 == sum(int(tf.size(variable)) for variable in raw.variables)


def test_the_shift_moves_a_whole_batch_and_only_in_training(lesson):
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).random((3, 8, 6, 2), "float32")
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = {(down, right): framed[:, down:down + 8, right:right + 6] for down in range(3) for right in range(3)}
    layer, seen = lesson["RandomShift"](1), set()
    assert np.array_equal(layer(images), images) and np.array_equal(layer(images, training=False), images)
    for _ in range(120):
        moved = layer(images, training=True).numpy()
        hits = [place for place, window in windows.items() if np.array_equal(window, moved)]
        assert len(hits) == 1
        seen.update(hits)
    assert seen == set(windows)      # the chance to miss one of nine in 120 draws is below one in 100,000


def test_the_shift_keeps_the_shape_known_in_a_graph(lesson):
    layer = lesson["RandomShift"](1)
    traced = tf.function(lambda images: layer(images, training=True), input_signature=[tf.TensorSpec((None, 32, 32, 1))])
    assert traced.get_concrete_function().output_shapes.as_list()[1:] == [32, 32, 1]


@pytest.mark.parametrize("recipe", ["constant", "cosine", "cosine and shift"])
def test_each_recipe_learns_and_returns_lenet_alone(lesson, bars, recipe):
    x, labels = bars
    model = lesson["train"](recipe, x[:300], labels[:300], epochs=8, seed=0)
    assert model.count_params() == 61_706
    assert [layer.name for layer in model.layers] == [layer.name for layer in lesson["new_lenet"]().layers]
    assert lesson["accuracy_of"](model, x[300:], labels[300:]) > 0.9


@pytest.mark.parametrize(("count", "steps"), [(250, 3), (100, 1)])
def test_the_cosine_ends_at_zero_with_the_last_step(lesson, bars, monkeypatch, count, steps):
    optimizers = []
    adam = keras.optimizers.Adam
    monkeypatch.setattr(keras.optimizers, "Adam", lambda rate: optimizers.append(adam(rate)) or optimizers[-1])
    lesson["train"]("cosine", bars[0][:count], bars[1][:count], epochs=2, seed=0)
    assert int(optimizers[0].iterations) == 2 * steps
    assert float(optimizers[0].learning_rate) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("count", [250, 1_250])
def test_ten_steps_at_a_time_change_no_number(lesson, bars, monkeypatch, count):
    rows = np.arange(count) % len(bars[0])
    x, labels = bars[0][rows], bars[1][rows]
    in_tens = lesson["train"]("cosine", x, labels, epochs=1, seed=0)
    as_written, asked = keras.Sequential.compile, []

    def one_by_one(model, *arguments, steps_per_execution, **options):
        asked.append(steps_per_execution)
        as_written(model, *arguments, **options)

    monkeypatch.setattr(keras.Sequential, "compile", one_by_one)
    singly = lesson["train"]("cosine", x, labels, epochs=1, seed=0)
    assert asked == [10]
    for mine, theirs in zip(in_tens.get_weights(), singly.get_weights()):
        assert np.allclose(mine, theirs, atol=1e-5)


def test_accuracy_counts_every_picture_once(lesson):
    x, labels = np.arange(2_501, dtype="float32"), np.arange(2_501) % 10
    answers = np.where(np.arange(2_501) < 2_500, labels, (labels + 1) % 10)
    network = lambda part: np.eye(10)[answers[part.astype(int)]]      # noqa: E731
    assert lesson["accuracy_of"](network, x, labels) == pytest.approx(2_500 / 2_501)
    assert lesson["standard_error"](0.99, 10_000) == pytest.approx(0.000995, abs=1e-6)


def test_a_name_that_left_the_lesson_is_reported():
    with pytest.raises(LookupError, match="defines slope 0 times"):
        definitions("03_lenet", ["slope"], {})
