"""One epoch of lesson 03's LeNet on 60,000 pictures: `model.fit` beside the same epoch as one TensorFlow graph."""

import importlib.util

import keras
import numpy as np
import tensorflow as tf

from helpers import shapes
from helpers.data import load_mnist
from helpers.progress import Progress
from tests.benchmark.entries import entry
from tests.support.lesson_code import definitions

COUNT, BATCH = 60_000, 100
NAMES = ["to_32x32", "new_lenet", "cross_entropy", "new_shift"]


class SilentProgress(Progress):
    """The lesson's progress line with its work, but not its print."""

    def _show(self, epochs_done, final=False):
        pass


def pictures():
    """Return 60,000 pictures and labels: MNIST where it is at hand, else the sample repeated; the time is the same."""
    mnist = load_mnist()
    lesson = definitions("03_lenet", NAMES, {"np": np, "tf": tf, "keras": keras, "shapes": shapes})
    rows = np.arange(COUNT) % len(mnist.x_train)
    return lesson, lesson["to_32x32"](mnist.x_train[rows]), mnist.y_train[rows]


def with_shift(lesson, lenet):
    """Put the lesson's random shift in front of LeNet."""
    return keras.Sequential([keras.Input((32, 32, 1)), lesson["new_shift"](), lenet])


def with_fit(lesson, x, labels, shift):
    """Return a function that trains for one epoch as the lesson does."""
    lenet = lesson["new_lenet"]()
    model = with_shift(lesson, lenet) if shift else lenet
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=lesson["cross_entropy"], metrics=["accuracy"])
    return lambda: model.fit(x, labels, batch_size=BATCH, verbose=0, callbacks=[SilentProgress()])


def as_one_graph(lesson, x, labels, shift):
    """Return a function that trains for one epoch inside a single call into TensorFlow."""
    lenet, optimizer = lesson["new_lenet"](), keras.optimizers.Adam(1e-3)
    model = with_shift(lesson, lenet) if shift else lenet
    optimizer.build(model.trainable_variables)
    all_x, all_labels = tf.constant(x), tf.constant(labels)

    @tf.function
    def epoch(order):
        for step in tf.range(COUNT // BATCH):
            rows = order[step * BATCH:(step + 1) * BATCH]
            batch = tf.ensure_shape(tf.gather(all_x, rows), (BATCH, 32, 32, 1))
            with tf.GradientTape() as tape:
                loss = lesson["cross_entropy"](tf.gather(all_labels, rows), model(batch, training=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    random = np.random.default_rng(0)
    return lambda: epoch(tf.constant(random.permutation(COUNT)))


def in_pytorch(x, labels):
    """Return a function that trains for one epoch in plain PyTorch."""
    import torch

    layers = torch.nn
    model = layers.Sequential(
        layers.Conv2d(1, 6, 5), layers.ReLU(), layers.MaxPool2d(2), layers.Conv2d(6, 16, 5), layers.ReLU(),
        layers.MaxPool2d(2), layers.Flatten(), layers.Linear(400, 120), layers.ReLU(), layers.Linear(120, 84), layers.ReLU(),
        layers.Linear(84, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    all_x, all_labels = torch.from_numpy(np.moveaxis(x, -1, 1).astype("float32") / 255), torch.from_numpy(labels.astype("int64"))

    def epoch():
        for rows in torch.randperm(COUNT).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(all_x[rows]), all_labels[rows]).backward()
            optimizer.step()

    return epoch


@entry("LeNet, one epoch", baseline="one TensorFlow graph", limit=1.3)
def lenet():
    """Without the shift: a constant or falling rate."""
    keras.utils.set_random_seed(0)
    data = pictures()
    ways = {"model.fit, as the lesson": with_fit(*data, shift=False), "one TensorFlow graph": as_one_graph(*data, shift=False)}
    if importlib.util.find_spec("torch"):
        ways["plain PyTorch"] = in_pytorch(*data[1:])
    return ways


@entry("LeNet with the shift, one epoch", baseline="one TensorFlow graph", limit=1.3)
def lenet_with_shift():
    """With the shift: the recipe that the lesson chooses."""
    keras.utils.set_random_seed(0)
    data = pictures()
    return {"model.fit, as the lesson": with_fit(*data, shift=True), "one TensorFlow graph": as_one_graph(*data, shift=True)}
