"""Ten epochs of a new head on the pretrained base: features computed once, as in lesson 07, beside a base run in every epoch."""

import keras
import numpy as np

from helpers import pretrained
from helpers.data import load_traffic_signs
from tests.benchmark.batches import single_threaded_batches
from tests.benchmark.entries import entry

COUNT, EPOCHS, BATCH = 6144, 10, 128


class Frozen(keras.layers.Layer):
    """A network that runs as in evaluation, also where `fit` calls with training=True."""

    def __init__(self, network, **options):
        super().__init__(**options)
        self.network = network
        self.network.trainable = False

    def call(self, x):
        return self.network(x, training=False)


def with_head(inputs, features):
    """Put a new head on features, the same in each call, and compile it as the lesson does."""
    head = keras.layers.Dense(len(pretrained.LEFT_OUT), name="head", kernel_initializer=keras.initializers.GlorotUniform(0))
    model = keras.Model(inputs, head(features))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  jit_compile=False, steps_per_execution=10)
    return model


def train(model, x, y):
    """Train ten epochs in one call of `fit`: the rows of all epochs one after another, the same order in each call."""
    rows = np.concatenate([np.random.default_rng(epoch).permutation(len(x)) for epoch in range(EPOCHS)])
    model.fit(single_threaded_batches(x[rows], y[rows], BATCH), shuffle=False, verbose=0)


def both_ways(base, x, y):
    """Return the two models and the two pieces of work: a base run in every epoch, and features computed once."""
    extractor = keras.Model(base.inputs, base.get_layer("features").output)
    pictures, features = keras.Input((32, 32, 3)), keras.Input((256,))
    naive, cached = with_head(pictures, Frozen(extractor)(pictures)), with_head(features, features)
    return (naive, lambda: train(naive, x, y)), \
        (cached, lambda: train(cached, extractor.predict(x, batch_size=BATCH, verbose=0), y))


@entry("a new head, ten epochs", baseline="the base in every epoch", limit=1 / 8)
def new_head():
    """The time of the features counts. Pictures are drawn with repetition: the offline sample has fewer than are timed."""
    data = load_traffic_signs(classes=pretrained.LEFT_OUT)
    rows = np.random.default_rng(0).integers(len(data.x_train), size=COUNT)
    base, _ = pretrained.pretrained_network()
    (_, naive), (_, cached) = both_ways(base, data.x_train[rows].astype("float32") / 255, data.y_train[rows])
    return {"features computed once, as the lesson": cached, "the base in every epoch": naive}
