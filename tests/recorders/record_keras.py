"""Record the Keras networks, in the Keras of the listing's time and in today's.

Environment of keras2_*: that of record_tf1_layers.py (Python 3.7, Keras 2.3.1 on TensorFlow 1.15.5).
Environment of keras3_*: Python 3.11, ``pip install tensorflow==2.21.0 keras==3.15.1``.

    COURSE_DATA_DIR=... python tests/recorders/record_keras.py data/recorded

keras2_listing   the network as the well-known listing has it (no padding: 34,826 parameters), with its own optimizer
keras2_common    the common specification (50,186 parameters)
keras3_common    the same in Keras 3: the control, and the speed of today
"""

import functools
import os
import warnings

warnings.simplefilter("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import recording  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D  # noqa: E402
from keras.models import Model, Sequential  # noqa: E402
from keras.optimizers import SGD  # noqa: E402

KERAS_2 = keras.__version__.startswith("2.")
NAMES = ["keras2_listing", "keras2_common"] if KERAS_2 else ["keras3_common"]
LISTING_TRAINING = ("MNIST, 60,000 images divided by 255, {} epochs, batches of {}; the listing's SGD(lr=0.05, decay=1e-6, "
                    "momentum=0.9, nesterov=True), categorical cross-entropy of the softmax").format(
                        recording.EPOCHS, recording.BATCH_SIZE)
NETWORK = [("conv1", "convolution, relu", "Conv2D"), ("pool1", "max pooling", "MaxPooling2D"),
           ("conv2", "convolution, relu", "Conv2D"), ("pool2", "max pooling", "MaxPooling2D"),
           ("flatten", "flatten", "Flatten"), ("probabilities", "dense, softmax", "Dense")]


class EpochTimes(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.stopwatch = recording.Stopwatch()

    def on_epoch_begin(self, epoch, logs=None):
        self.stopwatch.__enter__()

    def on_epoch_end(self, epoch, logs=None):
        self.stopwatch.__exit__()


def seed(number):
    if KERAS_2:
        np.random.seed(number)
        tf.compat.v1.set_random_seed(number)
    else:
        keras.utils.set_random_seed(number)


def build(padding):
    """The listing, with its padding as an argument."""
    model = Sequential()
    first = {"input_shape": (28, 28, 1)} if KERAS_2 else {}
    if not KERAS_2:
        model.add(keras.Input((28, 28, 1)))
    model.add(Conv2D(32, kernel_size=(3, 3), strides=(1, 1), padding=padding, activation="relu", **first))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Conv2D(64, kernel_size=(3, 3), strides=(1, 1), padding=padding, activation="relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Flatten())
    model.add(Dense(recording.CLASSES, activation="softmax"))
    return model


def optimizer(listing, learning_rate=recording.LEARNING_RATE):
    if listing:
        return SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)
    return SGD(learning_rate=learning_rate, momentum=recording.MOMENTUM)


def train(model, x, labels):
    times = EpochTimes()
    model.fit(x[..., None], np.eye(recording.CLASSES)[labels], epochs=recording.EPOCHS, batch_size=recording.BATCH_SIZE,
              verbose=0, callbacks=[times])
    return times.stopwatch


def accuracy(model, x, labels):
    return float(np.mean(model.predict(x[..., None], batch_size=500, verbose=0).argmax(1) == labels))


def outputs(model, x):
    """Every layer's output; the logits, which the softmax layer hides, from a twin of that layer without softmax."""
    flatten = model.layers[-2].output
    twin = Dense(recording.CLASSES)
    logits = twin(flatten)
    twin.set_weights(model.layers[-1].get_weights())
    start = model.input if KERAS_2 else model.inputs[0]
    values = Model(start, [layer.output for layer in model.layers] + [logits]).predict(x, verbose=0)
    result = {one: value for (one, _, _), value in zip(NETWORK, values)}
    result["logits"] = values[-1]
    return result


def measure():
    """Momentum, dropout and padding, as this Keras understands them."""
    inputs, labels, kernel = recording.momentum_problem()
    model = Sequential([Dense(3, activation="softmax", input_shape=(6,))] if KERAS_2 else
                       [keras.Input((6,)), Dense(3, activation="softmax")])
    model.set_weights([kernel, np.zeros(3)])
    model.compile(optimizer(False), "categorical_crossentropy")
    states = [model.get_weights()]
    for _ in range(recording.MOMENTUM_STEPS):
        model.train_on_batch(inputs, labels)
        states.append(model.get_weights())
    ones, value = recording.dropout_input(), recording.DROPOUT_ARGUMENT
    image, small = recording.padding_input()
    if KERAS_2:
        x = keras.layers.Input((100,))
        y = Dropout(value)(x)
        run = keras.backend.function([x, keras.backend.learning_phase()], [y])
        training, inference = run([ones, 1])[0], run([ones, 0])[0]
    else:
        training, inference = (np.asarray(Dropout(value, seed=3)(ones, training=phase)) for phase in (True, False))
    convolution = Sequential([Conv2D(1, 3, strides=2, padding="same", input_shape=(8, 8, 1))] if KERAS_2 else
                             [keras.Input((8, 8, 1)), Conv2D(1, 3, strides=2, padding="same")])
    convolution.set_weights([small[:, :, None, None], np.zeros(1)])
    return {
        "momentum": ({"call": "SGD(learning_rate=0.05, momentum=0.9)", "learning_rate": 0.05, "momentum": 0.9},
                     recording.momentum_record(*zip(*states))),
        "dropout": ({"call": "Dropout(0.8)", "argument": "rate", "value": value},
                    {"input": ones, "training": training, "inference": inference}),
        "padding": ({"call": "Conv2D(1, 3, strides=2, padding='same')"},
                    {"image": image, "kernel": small,
                     "output": convolution.predict(image[None, :, :, None], verbose=0)[0, :, :, 0]}),
    }


def record(name, folder, replay):
    listing = name.endswith("listing")
    seed(1 + listing)
    model = build("valid" if listing else "same")
    model.compile(optimizer(listing), "categorical_crossentropy", metrics=["accuracy"])
    weights, metadata = recording.stored(replay, name)
    if replay:
        model.set_weights([weights[one][key] for one in ("conv1", "conv2", "probabilities") for key in ("kernel", "bias")])
    text = LISTING_TRAINING if listing else recording.COMMON_TRAINING.replace("of the logits", "of the softmax")
    training = recording.trained(metadata, text, functools.partial(train, model), functools.partial(accuracy, model))
    images = recording.sample_digits()[..., None]
    values = outputs(model, recording.scaled(images))
    layers = []
    for (one, kind, original), built in zip(NETWORK, model.layers):
        weights = dict(zip(("kernel", "bias"), built.get_weights()))
        if one == "probabilities":
            layers.append(recording.layer("logits", "dense before its softmax", original, output=values["logits"],
                                          note="the softmax layer's own weights, without its softmax"))
        layers.append(recording.layer(one, kind, original, weights, values[one]))
    recording.write(folder, name, "The Keras listing" if listing else "The common specification in Keras", "Keras",
                    {"keras": keras.__version__, "tensorflow": tf.__version__}, layers, images, 255,
                    recording.CHANNELS_LAST, training, None if listing else measure())


if __name__ == "__main__":
    recording.main(__doc__, NAMES, record)
