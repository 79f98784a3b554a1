"""Record the TensorFlow 1 networks: ``tf.layers``, trained by an Estimator.

Environment: Python 3.7, in a new virtual environment with its own old pip::

    pip install --no-deps tensorflow==1.15.5 tensorflow-estimator==1.15.1 tensorboard==1.15.0 keras-applications==1.0.8
        keras-preprocessing==1.1.2 absl-py==0.15.0 astor==0.8.1 gast==0.2.2 google-pasta==0.2.0 numpy==1.18.5
        opt-einsum==3.3.0 protobuf==3.20.3 six==1.16.0 termcolor==1.1.0 wrapt==1.14.1 grpcio==1.50.0 wheel==0.38.4
        markdown==3.3.7 werkzeug==2.0.3 h5py==2.10.0 keras==2.3.1 scipy==1.5.4 pyyaml==6.0 importlib-metadata==4.13.0
        zipp==3.11.0 typing-extensions==4.4.0 pillow==9.5.0

    COURSE_DATA_DIR=... python tests/recorders/record_tf1_layers.py data/recorded

tf1_layers_listing   the network as the well-known listing has it (5x5 first, no padding: 35,338 parameters)
tf1_layers_common    the common specification (50,186 parameters)
"""

import functools
import os
import shutil
import tempfile
import warnings

warnings.simplefilter("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import recording  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)

NAMES = ["tf1_layers_listing", "tf1_layers_common"]
LAYERS = [("conv1", "convolution, relu", "tf.layers.conv2d", "conv2d"),
          ("pool1", "max pooling", "tf.layers.max_pooling2d", None),
          ("conv2", "convolution, relu", "tf.layers.conv2d", "conv2d_1"),
          ("pool2", "max pooling", "tf.layers.max_pooling2d", None),
          ("flatten", "flatten", "tf.contrib.layers.flatten", None),
          ("logits", "dense", "tf.layers.dense", "dense"),
          ("probabilities", "softmax", "tf.nn.softmax", None)]


def conv_net(x_dict, n_classes, listing):
    """The listing's network, or the common specification; returns the tensor of every layer."""
    with tf.variable_scope("ConvNet"):
        first, padding = (5, "valid") if listing else (3, "same")
        x = tf.reshape(x_dict["images"], shape=[-1, 28, 28, 1])
        conv1 = tf.layers.conv2d(x, 32, first, activation=tf.nn.relu, padding=padding)
        pool1 = tf.layers.max_pooling2d(conv1, 2, 2)
        conv2 = tf.layers.conv2d(pool1, 64, 3, activation=tf.nn.relu, padding=padding)
        pool2 = tf.layers.max_pooling2d(conv2, 2, 2)
        flatten = tf.contrib.layers.flatten(pool2)
        logits = tf.layers.dense(flatten, n_classes, activation=None)
        return {"conv1": conv1, "pool1": pool1, "conv2": conv2, "pool2": pool2, "flatten": flatten, "logits": logits,
                "probabilities": tf.nn.softmax(logits)}


def model_fn(features, labels, mode, params):
    """What the listing leaves out: the three modes of an Estimator."""
    layers = conv_net(features, recording.CLASSES, params["listing"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=layers)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, layers["logits"])
    if mode == tf.estimator.ModeKeys.EVAL:  # without the optimizer, whose variables a replayed checkpoint does not have
        accuracy = tf.metrics.accuracy(labels, tf.argmax(layers["logits"], 1))
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})
    optimizer = tf.train.MomentumOptimizer(recording.LEARNING_RATE, recording.MOMENTUM)
    return tf.estimator.EstimatorSpec(mode, loss=loss,
                                      train_op=optimizer.minimize(loss, global_step=tf.train.get_global_step()))


class EpochTimes(tf.train.SessionRunHook):
    """Times each 60,000 images, from the first step to the last."""

    def __init__(self):
        self.stopwatch, self._step, self._running = recording.Stopwatch(), 0, False

    def before_run(self, run_context):
        if not self._running:
            self.stopwatch.__enter__()
            self._running = True

    def after_run(self, run_context, run_values):
        self._step += 1
        if self._step * recording.BATCH_SIZE >= 60000 * (len(self.stopwatch.seconds) + 1):
            self.stopwatch.__exit__()
            self._running = False


def input_fn(images, labels=None, train=False):
    return tf.estimator.inputs.numpy_input_fn(
        {"images": images}, labels, batch_size=recording.BATCH_SIZE if train else 500,
        num_epochs=recording.EPOCHS if train else 1, shuffle=train)


def train(estimator, x, labels):
    times = EpochTimes()
    estimator.train(input_fn(x, labels, train=True), hooks=[times])
    return times.stopwatch


def replay_checkpoint(folder, weights, listing):
    """Write stored weights as a checkpoint, from which an Estimator predicts."""
    with tf.Graph().as_default(), tf.Session() as session:
        conv_net({"images": tf.placeholder(tf.float32, [None, 28, 28])}, recording.CLASSES, listing)
        step = tf.train.get_or_create_global_step()
        session.run(step.initializer)
        for one, _, _, variable in LAYERS:
            for key in ("kernel", "bias") if variable else ():
                name = "ConvNet/{}/{}:0".format(variable, key)
                target = [v for v in tf.global_variables() if v.name == name][0]
                target.load(weights[one][key], session)
        tf.train.Saver().save(session, os.path.join(folder, "model.ckpt"), global_step=step)


def momentum():
    inputs, labels, kernel = recording.momentum_problem()
    with tf.Graph().as_default(), tf.Session() as session:
        weight, bias = tf.Variable(kernel), tf.Variable(tf.zeros([3]))
        loss = tf.losses.softmax_cross_entropy(labels, tf.matmul(inputs, weight) + bias)
        step = tf.train.MomentumOptimizer(recording.LEARNING_RATE, recording.MOMENTUM).minimize(loss)
        session.run(tf.global_variables_initializer())
        states = [session.run([weight, bias])]
        for _ in range(recording.MOMENTUM_STEPS):
            session.run(step)
            states.append(session.run([weight, bias]))
    return recording.momentum_record(*zip(*states))


def measure():
    """Momentum, dropout (both functions) and padding, as TensorFlow 1 understands them."""
    ones, value = recording.dropout_input(), recording.DROPOUT_ARGUMENT
    image, kernel = recording.padding_input()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        training, inference, kept, padded = session.run([
            tf.layers.dropout(ones, rate=value, training=True), tf.layers.dropout(ones, rate=value, training=False),
            tf.nn.dropout(ones, keep_prob=value),
            tf.nn.conv2d(image[None, :, :, None], kernel[:, :, None, None], strides=[1, 2, 2, 1], padding="SAME")])
    return {
        "momentum": ({"call": "tf.train.MomentumOptimizer(0.05, 0.9)", "learning_rate": 0.05, "momentum": 0.9}, momentum()),
        "dropout": ({"call": "tf.layers.dropout(x, rate=0.8)", "argument": "rate", "value": value},
                    {"input": ones, "training": training, "inference": inference}),
        "dropout_keep": ({"call": "tf.nn.dropout(x, keep_prob=0.8)", "argument": "keep_prob", "value": value},
                         {"input": ones, "training": kept}),
        "padding": ({"call": "tf.nn.conv2d(image, kernel, strides=2, padding='SAME')"},
                    {"image": image, "kernel": kernel, "output": padded[0, :, :, 0]}),
    }


def record(name, folder, replay):
    listing = name.endswith("listing")
    model_dir = tempfile.mkdtemp()
    try:
        weights, metadata = recording.stored(replay, name)
        if replay:
            replay_checkpoint(model_dir, weights, listing)
        config = tf.estimator.RunConfig(tf_random_seed=1 + NAMES.index(name))
        estimator = tf.estimator.Estimator(model_fn, model_dir, config, {"listing": listing})
        training = recording.trained(
            metadata, recording.COMMON_TRAINING + "; shuffled by numpy_input_fn", functools.partial(train, estimator),
            lambda x, labels: float(estimator.evaluate(input_fn(x, labels))["accuracy"]))
        images = recording.sample_digits()
        predicted = list(estimator.predict(input_fn(recording.scaled(images))))
        layers = []
        for one, kind, original, variable in LAYERS:
            weights = {key: estimator.get_variable_value("ConvNet/{}/{}".format(variable, key))
                       for key in ("kernel", "bias")} if variable else {}
            layers.append(recording.layer(one, kind, original, weights, np.stack([row[one] for row in predicted])))
    finally:
        shutil.rmtree(model_dir)
    recording.write(folder, name, "The TensorFlow 1 layers listing" if listing else
                    "The common specification in TensorFlow 1 layers", "TensorFlow", {"tensorflow": tf.__version__},
                    layers, images[..., None], 255, recording.CHANNELS_LAST, training, None if listing else measure())


if __name__ == "__main__":
    recording.main(__doc__, NAMES, record)
