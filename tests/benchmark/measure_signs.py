"""One epoch of lesson 04's network on 1,080 photos: `model.fit` as in the lesson beside a bare loop of `train_on_batch`."""

import keras
import numpy as np

from helpers.data import load_signs
from tests.benchmark.batches import single_threaded_batches
from tests.benchmark.entries import entry
from tests.benchmark.measure_lenet import SilentProgress
from tests.support.lesson_code import definitions

BATCH = 64


def new_model(lesson):
    """Compile the network as the lesson does."""
    keras.utils.set_random_seed(0)
    model = lesson["new_network"]()
    model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"],
                  jit_compile=False)
    return model


@entry("sign language, one epoch", baseline="a bare train_on_batch loop", limit=1.1)
def signs():
    """The tutorial's recipe; the lesson's look at accuracy after each epoch is no part of it."""
    data = load_signs()
    x, y = data.x_train.astype("float32") / 255, data.y_train
    lesson = definitions("04_sign_language", ["new_network"], {"keras": keras, "layers": keras.layers, "np": np})
    fitted, looped = new_model(lesson), new_model(lesson)
    batches, random = single_threaded_batches(x, y, BATCH, seed=0), np.random.default_rng(0)

    def loop():
        order = random.permutation(len(x))
        for start in range(0, len(x), BATCH):
            rows = order[start:start + BATCH]
            looped.train_on_batch(x[rows], y[rows])

    return {"model.fit, as the lesson": lambda: fitted.fit(batches, shuffle=False, verbose=0, callbacks=[SilentProgress()]),
            "a bare train_on_batch loop": loop}
