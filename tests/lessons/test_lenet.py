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


NAMES = ["slide", "conv2d", "max_pool", "to_32x32", "tutorial_pad", "tutorial_conv_2d", "new_lenet", "cross_entropy", "fit",
         "conv_block", "lenet_by_hand", "train_step", "new_shift", "train", "is_right", "standard_error"]


@pytest.fixture(scope="module")
def lesson():
    return definitions("03_lenet", NAMES, {"np": np, "tf": tf, "keras": keras, "Progress": Silent, "shapes": shapes,
                                           "sliding_window_view": np.lib.stride_tricks.sliding_window_view})


@pytest.fixture(scope="module")
def bars():
    """Four hundred noisy pictures of bytes: a bar that stands, or one that lies, somewhere in the frame."""
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 60, (400, 32, 32, 1), dtype="uint8"), random.integers(0, 2, 400)
    for image, label, place in zip(images, labels, random.integers(4, 26, 400)):
        image[(slice(6, 26), slice(place, place + 2))[:: 1 if label else -1]] = 255
    return images, labels


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


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_frame_keeps_every_pixel_and_the_type(lesson, count, dtype):
    images = np.random.default_rng(0).integers(1, 256, (count, 28, 28)).astype(dtype)
    padded = lesson["to_32x32"](images)
    assert padded.shape == (count, 32, 32, 1) and padded.dtype == dtype
    assert np.array_equal(padded[:, 2:30, 2:30, 0], images) and padded.sum(dtype="float64") == images.sum(dtype="float64")


@pytest.mark.parametrize("form", [(784,), (3, 784), (28, 28, 1), (3, 28, 28, 1), (3, 1, 28, 28), (3, 32, 32), (3, 27, 28)])
def test_the_frame_refuses_other_forms_and_names_them(lesson, form):
    with pytest.raises(ValueError) as refusal:
        lesson["to_32x32"](np.zeros(form))
    assert str(form) in str(refusal.value)


def test_the_tutorial_s_padding_does_what_the_lesson_says(lesson, capsys):
    with pytest.raises(ValueError):
        lesson["tutorial_pad"](np.zeros((5, 28, 28)))
    assert lesson["tutorial_pad"](np.zeros((5, 1, 28, 28))).shape == (5, 1, 28, 28)
    assert "not supported" in capsys.readouterr().out


def test_the_tutorial_s_convolution_takes_a_strangers_picture(lesson):
    with pytest.raises(NameError):
        lesson["tutorial_conv_2d"](np.ones((1, 8, 8, 1), "float32"), tf.ones([5, 5, 1, 2]))


def test_the_network_by_hand_and_keras_s_compute_the_same(lesson):
    model = lesson["new_lenet"]()
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1), dtype="uint8")
    logits = np.asarray(lesson["lenet_by_hand"](images, model.get_weights()))
    assert np.ptp(logits) > 0.1 and np.allclose(logits, model(images), atol=1e-4)
    assert model.count_params() == 61_706


def test_the_step_by_hand_is_a_step_of_fit(lesson, bars):
    x, labels = bars[0][:50], bars[1][:50]
    keras.utils.set_random_seed(0)
    model = lesson["new_lenet"]()
    weights, optimizer = [tf.Variable(array) for array in model.get_weights()], keras.optimizers.Adam(1e-3)
    optimizer.build(weights)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=lesson["cross_entropy"])
    for _ in range(2):
        lesson["train_step"](x, labels, weights, optimizer)
        model.train_on_batch(x, labels)
    for mine, theirs in zip(weights, model.get_weights()):
        assert np.allclose(mine, theirs, atol=1e-5)


def test_the_shift_moves_by_at_most_a_pixel_and_only_in_training(lesson):
    keras.utils.set_random_seed(0)
    image = np.random.default_rng(0).integers(1, 256, (1, 32, 32, 1)).astype("float32")
    framed = np.pad(image[0], ((1, 1), (1, 1), (0, 0)))
    windows = {(down, right): framed[down:down + 32, right:right + 32] for down in range(3) for right in range(3)}
    layer, seen = lesson["new_shift"](), set()
    assert np.array_equal(layer(image), image) and np.array_equal(layer(image, training=False), image)
    for moved in np.asarray(layer(np.repeat(image, 200, axis=0), training=True)):
        hits = [place for place, window in windows.items() if np.array_equal(window, moved)]
        assert len(hits) == 1
        seen.update(hits)
    assert seen == set(windows)  # a corner comes once in 16 draws


@pytest.fixture
def small(lesson, bars, monkeypatch):
    """Give the lesson's functions few pictures and a schedule for them."""
    steps = 8 * 3
    small = {"x_train": bars[0][:300], "y_train": bars[1][:300], "x_valid": bars[0][300:], "y_valid": bars[1][300:],
             "epochs": 8, "batch_size": 100, "falling": keras.optimizers.schedules.CosineDecay(2e-3, decay_steps=steps)}
    for name, value in small.items():
        monkeypatch.setitem(lesson, name, value)
    return lesson


@pytest.mark.parametrize("recipe", ["constant", "cosine", "cosine and shift"])
def test_each_recipe_learns_and_returns_lenet_alone(small, recipe):
    model = small["train"](recipe, seed=0)
    assert model.count_params() == 61_706
    assert [layer.name for layer in model.layers] == [layer.name for layer in small["new_lenet"]().layers]
    assert small["is_right"](model, small["x_valid"], small["y_valid"]).mean() > 0.9


def test_the_cosine_ends_at_zero_with_the_last_step(small, monkeypatch):
    optimizers = []
    adam = keras.optimizers.Adam
    monkeypatch.setattr(keras.optimizers, "Adam", lambda rate: optimizers.append(adam(rate)) or optimizers[-1])
    small["train"]("cosine", seed=0)
    assert int(optimizers[0].iterations) == 24 and float(optimizers[0].learning_rate) == pytest.approx(0, abs=1e-9)


def test_the_standard_error(lesson):
    assert lesson["standard_error"](0.99, 10_000) == pytest.approx(0.000995, abs=1e-6)


def test_a_name_that_left_the_lesson_is_reported():
    with pytest.raises(LookupError, match="defines slope 0 times"):
        definitions("03_lenet", ["slope"], {})
