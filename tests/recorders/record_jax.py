"""Record the common network in JAX.

Environment: Python 3.11, ``pip install jax==0.10.2 optax==0.2.8 numpy h5py`` (the CPU build).

    COURSE_DATA_DIR=... python tests/recorders/record_jax.py data/recorded

jax_common    the common specification (50,186 parameters), as lesson 05 lists it: pure functions and explicit state
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import recording
from jax import lax

NAMES = ["jax_common"]
SHAPES = {"conv1": (3, 3, 1, 32), "conv2": (3, 3, 32, 64), "logits": (7 * 7 * 64, recording.CLASSES)}
LAYERS = [("conv1", "convolution, relu", "lax.conv_general_dilated, jax.nn.relu"), ("pool1", "max pooling", "lax.reduce_window"),
          ("conv2", "convolution, relu", "lax.conv_general_dilated, jax.nn.relu"), ("pool2", "max pooling", "lax.reduce_window"),
          ("flatten", "flatten", "reshape"), ("logits", "dense", "x @ kernel + bias"),
          ("probabilities", "softmax", "jax.nn.softmax")]
LAYOUT = recording.CHANNELS_LAST
ORDER = ("NHWC", "HWIO", "NHWC")


def start(key):
    """Draw the first parameters: JAX has no default, this is He's normal distribution."""
    parameters = {}
    for name, shape in SHAPES.items():
        key, own = jax.random.split(key)
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        parameters[name] = {"kernel": scale * jax.random.normal(own, shape), "bias": jnp.zeros(shape[-1])}
    return parameters


def layers(parameters, x):
    """Return the output of every layer."""
    found = {}
    for number in "12":
        weights = parameters["conv" + number]
        x = lax.conv_general_dilated(x, weights["kernel"], (1, 1), "SAME", dimension_numbers=ORDER)
        x = found["conv" + number] = jax.nn.relu(x + weights["bias"])
        x = found["pool" + number] = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = found["flatten"] = x.reshape(len(x), -1)
    found["logits"] = x @ parameters["logits"]["kernel"] + parameters["logits"]["bias"]
    return dict(found, probabilities=jax.nn.softmax(found["logits"]))


def loss(parameters, x, labels):
    logits = layers(parameters, x)["logits"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


@jax.jit
def step(parameters, state, x, labels):
    updates, state = optimizer.update(jax.grad(loss)(parameters, x, labels), state)
    return optax.apply_updates(parameters, updates), state


optimizer = optax.sgd(recording.LEARNING_RATE, momentum=recording.MOMENTUM)
guess = jax.jit(lambda parameters, x: layers(parameters, x)["logits"].argmax(1))


def train(network, x, labels):
    state = optimizer.init(network["parameters"])
    stopwatch = recording.Stopwatch()
    for epoch in range(recording.EPOCHS):
        order = recording.epoch_order(epoch)
        with stopwatch:
            for first in range(0, len(order), recording.BATCH_SIZE):
                batch = order[first:first + recording.BATCH_SIZE]
                network["parameters"], state = step(network["parameters"], state, x[batch][..., None], labels[batch])
            jax.block_until_ready(network["parameters"])
    return stopwatch


def accuracy(network, x, labels):
    right = sum(int((guess(network["parameters"], x[first:first + 1000][..., None]) == labels[first:first + 1000]).sum())
                for first in range(0, len(x), 1000))
    return right / len(labels)


def measure():
    """Momentum and padding, as optax and JAX understand them; plain JAX has no dropout."""
    inputs, labels, kernel = recording.momentum_problem()
    weights = {"kernel": jnp.asarray(kernel), "bias": jnp.zeros(3)}
    state, states = optimizer.init(weights), [weights]

    def small_loss(weights):
        return optax.softmax_cross_entropy(inputs @ weights["kernel"] + weights["bias"], labels).mean()

    for _ in range(recording.MOMENTUM_STEPS):
        updates, state = optimizer.update(jax.grad(small_loss)(weights), state)
        weights = optax.apply_updates(weights, updates)
        states.append(weights)
    image, small = recording.padding_input()
    padded = lax.conv_general_dilated(image[None, :, :, None], small[:, :, None, None], (2, 2), "SAME",
                                      dimension_numbers=ORDER)
    return {
        "momentum": ({"call": "optax.sgd(0.05, momentum=0.9)", "learning_rate": 0.05, "momentum": 0.9},
                     recording.momentum_record([one["kernel"] for one in states], [one["bias"] for one in states])),
        "padding": ({"call": "lax.conv_general_dilated(image, kernel, (2, 2), 'SAME')"},
                    {"image": image, "kernel": small, "output": np.asarray(padded)[0, :, :, 0]}),
    }


def record(name, folder, replay):
    weights, metadata = recording.stored(replay, name)
    network = {"parameters": weights or start(jax.random.key(0))}
    training = recording.trained(metadata, recording.COMMON_TRAINING, functools.partial(train, network),
                                 functools.partial(accuracy, network))
    images = recording.sample_digits()[..., None]
    values = layers(network["parameters"], recording.scaled(images))
    described = [recording.layer(one, kind, original, network["parameters"].get(one), np.asarray(values[one]))
                 for one, kind, original in LAYERS]
    recording.write(folder, name, "The common specification in JAX", "JAX", {"jax": jax.__version__, "optax": optax.__version__},
                    described, images, 255, LAYOUT, training, measure())


if __name__ == "__main__":
    recording.main(__doc__, NAMES, record)
