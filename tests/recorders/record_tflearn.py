"""Record the TFLearn network `alexnet_adapted`, on today's TensorFlow and on TensorFlow 1.

Environment of *_tf2: Python 3.11, ``pip install tensorflow==2.21.0 keras==3.15.1 pillow h5py`` and
``pip install --no-deps tflearn==0.5.0 six``; two names that TFLearn expects are given back below.
Environment of *_tf1: that of record_tf1_layers.py and ``pip install --no-deps tflearn==0.5.0``.

    python tests/recorders/record_tflearn.py data/recorded

tflearn_alexnet_relu_*   the network as its first listing has it, input 270x480x3 (153,069 parameters)
tflearn_alexnet_tanh_*   the same with tanh in the two hidden dense layers, as later fragments have it

The weights are not trained. They are drawn as TFLearn draws them and then rescaled: the three dense kernels are 1, 4 and 48
times as large, the biases are normal with standard deviation 0.1. With TFLearn's own initial weights all 29 probabilities
stay within 0.001 of each other, and with much larger kernels every input gets one probability of 1: in both cases the
outputs hardly depend on what the network does, and a comparison could not fail.
"""

import os
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import PIL.Image  # noqa: E402
import recording  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.util import nest  # noqa: E402

if not hasattr(nest, "is_sequence"):
    nest.is_sequence = nest.is_nested
if not hasattr(PIL.Image, "ANTIALIAS"):
    PIL.Image.ANTIALIAS = PIL.Image.LANCZOS

import tflearn  # noqa: E402
from tflearn.layers.conv import conv_2d, max_pool_2d  # noqa: E402
from tflearn.layers.core import dropout, fully_connected, input_data  # noqa: E402
from tflearn.layers.estimator import regression  # noqa: E402
from tflearn.layers.normalization import local_response_normalization  # noqa: E402

tf1 = tf.compat.v1
tf1.logging.set_verbosity(tf1.logging.ERROR)

ERA = "tf" + tf.__version__[0]
NAMES = ["tflearn_alexnet_relu_" + ERA, "tflearn_alexnet_tanh_" + ERA]
LAYOUT = {"images": "channels last: (images, height, width, channels)",
          "kernels": "W: (height, width, in, out)",
          "dense": "W: (in, out); the flattened input runs over height, then width, then channels"}
KERNEL_SCALES, BIAS_DEVIATION = {"fc1": 1, "fc2": 4, "probabilities": 48}, 0.1


def inputs():
    """Return four inputs, int8 from -100 to 100: noise by the pixel, and in blocks of 6, 10 and 30 pixels."""
    random = np.random.RandomState(29)
    images = []
    for block in (1, 6, 10, 30):
        coarse = random.randint(-100, 101, size=(270 // block, 480 // block, 3))
        images.append(coarse.repeat(block, axis=0).repeat(block, axis=1))
    return np.stack(images).astype(np.int8)


def alexnet_adapted(activation):
    """The listing at 270x480x3; returns the model and (name, kind, TFLearn's function, tensor) of every layer."""
    layers = []

    def add(name, kind, original, tensor):
        layers.append((name, kind, original, tensor))
        return tensor

    x = input_data(shape=[None, 270, 480, 3])
    network = add("conv1", "convolution, relu", "conv_2d", conv_2d(x, 4, 11, 4, activation="relu"))
    network = add("pool1", "max pooling", "max_pool_2d", max_pool_2d(network, 3, strides=2))
    network = add("norm1", "local response normalization", "local_response_normalization",
                  local_response_normalization(network))
    network = add("conv2", "convolution, relu", "conv_2d", conv_2d(network, 8, 5, activation="relu"))
    network = add("pool2", "max pooling", "max_pool_2d", max_pool_2d(network, 3, strides=2))
    network = add("norm2", "local response normalization", "local_response_normalization",
                  local_response_normalization(network))
    network = add("conv3", "convolution, relu", "conv_2d", conv_2d(network, 12, 3, activation="relu"))
    network = add("conv4", "convolution, relu", "conv_2d", conv_2d(network, 12, 3, activation="relu"))
    network = add("conv5", "convolution, relu", "conv_2d", conv_2d(network, 8, 3, activation="relu"))
    network = add("pool3", "max pooling", "max_pool_2d", max_pool_2d(network, 3, strides=2))
    network = add("norm3", "local response normalization", "local_response_normalization",
                  local_response_normalization(network))
    network = add("fc1", "dense, " + activation, "fully_connected", fully_connected(network, 120, activation=activation))
    network = dropout(network, 0.5)
    network = add("fc2", "dense, " + activation, "fully_connected", fully_connected(network, 120, activation=activation))
    network = dropout(network, 0.5)
    network = add("probabilities", "dense, softmax", "fully_connected", fully_connected(network, 29, activation="softmax"))
    network = regression(network, optimizer="momentum", loss="categorical_crossentropy", learning_rate=0.001)
    return tflearn.DNN(network, tensorboard_verbose=0, tensorboard_dir=tempfile.gettempdir()), x, layers


def weights_for(name, shape, random):
    """Return W and b of a layer whose kernel has this shape: TFLearn's initial distribution, rescaled."""
    if len(shape) == 4:
        limit = np.sqrt(3.0 / np.prod(shape[:3]))
        kernel = random.uniform(-limit, limit, size=shape)
    else:
        normal = random.normal(size=shape)
        while np.any(np.abs(normal) > 2):
            normal = np.where(np.abs(normal) > 2, random.normal(size=shape), normal)
        kernel = KERNEL_SCALES[name] * 0.02 * normal
    return kernel.astype(np.float32), (BIAS_DEVIATION * random.normal(size=shape[-1])).astype(np.float32)


def momentum(steep):
    x, labels, kernel = recording.momentum_problem(steep)
    with tf1.Graph().as_default():
        dense = fully_connected(input_data(shape=[None, 6]), 3, activation="softmax")
        network = regression(dense, optimizer="momentum", loss="categorical_crossentropy", learning_rate=0.001)
        model = tflearn.DNN(network, tensorboard_verbose=0, tensorboard_dir=tempfile.gettempdir())
        model.set_weights(dense.W, kernel)
        model.set_weights(dense.b, np.zeros(3, np.float32))
        kernels, biases = [model.get_weights(dense.W)], [model.get_weights(dense.b)]
        for _ in range(recording.MOMENTUM_STEPS):
            model.fit_batch(x, labels)
            kernels.append(model.get_weights(dense.W))
            biases.append(model.get_weights(dense.b))
        model.session.close()
    return recording.momentum_record(kernels, biases, steep)


def measure():
    """Momentum (gentle, and steep enough for TFLearn's gradient clipping), LRN and dropout."""
    ones, value = recording.dropout_input(), recording.DROPOUT_ARGUMENT
    values = np.random.RandomState(5).randint(-150, 151, size=(2, 4, 5, 16)).astype(np.float32)
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.set_random_seed(3)
        tflearn.config.init_training_mode()
        dropped = dropout(tf1.constant(ones), value)
        normalized = session.run(local_response_normalization(tf1.constant(values)))
        tflearn.is_training(True, session=session)
        training = session.run(dropped)
        tflearn.is_training(False, session=session)
        inference = session.run(dropped)
    facts = {"call": "regression(network, optimizer='momentum', learning_rate=0.001); DNN(network)",
             "learning_rate": 0.001, "momentum": 0.9, "clip_gradients": 5.0}
    return {
        "momentum": (facts, momentum(False)),
        "momentum_steep": (facts, momentum(True)),
        "lrn": ({"call": "local_response_normalization(x)", "depth_radius": 5, "bias": 1.0, "alpha": 1e-4, "beta": 0.75},
                {"input": values, "output": normalized}),
        "dropout": ({"call": "dropout(x, 0.8)", "argument": "keep_prob", "value": value},
                    {"input": ones, "training": training, "inference": inference}),
    }


def record(name, folder, replay):
    activation = name.split("_")[2]
    images, random = inputs(), np.random.RandomState(1003)
    stored, _ = recording.stored(replay, name)
    with tf1.Graph().as_default():
        model, x, network = alexnet_adapted(activation)
        weights = {}
        for one, _, _, tensor in network:
            if hasattr(tensor, "W"):
                shape = tuple(int(n) for n in tensor.W.shape)
                drawn = dict(zip("Wb", weights_for(one, shape, random)))
                weights[one] = stored[one] if replay else drawn
                for key, variable in (("W", tensor.W), ("b", tensor.b)):
                    model.set_weights(variable, weights[one][key])
        values = model.session.run([tensor for _, _, _, tensor in network], {x: images.astype(np.float32)})
        model.session.close()
    layers = [recording.layer(one, kind, original, weights.get(one), value)
              for (one, kind, original, _), value in zip(network, values)]
    recording.write(folder, name, "TFLearn's alexnet_adapted with {} dense layers, on TensorFlow {}".format(
        activation, tf.__version__), "TFLearn", {"tflearn": "0.5.0", "tensorflow": tf.__version__}, layers, images, 1,
        LAYOUT, None, measure() if activation == "relu" else None, notes=[
            "Not trained: dense kernels 1, 4 and 48 times TFLearn's initial ones, biases normal with standard deviation 0.1.",
            "Dropout is the identity when the network predicts; its two layers are left out."])
    print("  outputs from {:.3g} to {:.3g}".format(values[-1].min(), values[-1].max()))
    sys.stdout.flush()


if __name__ == "__main__":
    recording.main(__doc__, NAMES, record)
