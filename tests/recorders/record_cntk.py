"""Record the CNTK networks.

Environment: Python 3.6, ``pip install cntk==2.7 h5py==2.10.0``. CNTK wants OpenMPI 1.10 by its old library names: install
OpenMPI (Debian: ``apt-get install libopenmpi3 openmpi-bin``), make a folder with two symbolic links, ``libmpi_cxx.so.1``
to the system's ``libmpi_cxx.so.40`` and ``libmpi.so.12`` to its ``libmpi.so.40``, and put that folder into LD_LIBRARY_PATH
(as root also OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1).

    LD_LIBRARY_PATH=... COURSE_DATA_DIR=... python tests/recorders/record_cntk.py data/recorded

cntk_listing   the network as the well-known listing has it (a hidden dense layer of 64: 220,234 parameters)
cntk_common    the common specification (50,186 parameters)
"""

import warnings

warnings.simplefilter("ignore")

import cntk as C  # noqa: E402
import numpy as np  # noqa: E402
import recording  # noqa: E402

NAMES = ["cntk_listing", "cntk_common"]
LAYOUT = {"images": "channels first: (images, channels, height, width)",
          "kernels": "W: (out, in, height, width); correlated, not flipped; b: (out, 1, 1)",
          "dense": "W: (channels, height, width, out) after a feature map, (in, out) after a vector: CNTK has no Flatten"}


def conv_net(features, num_output_classes, hidden):
    """The listing, with names for its layers; ``hidden`` is the width of its extra dense layer, None to leave it out."""
    with C.layers.default_options(init=C.glorot_uniform(), activation=C.relu):
        model = C.layers.Sequential([
            C.layers.For(range(2), lambda i: [
                C.layers.Convolution((3, 3), [32, 64][i], pad=True, name="conv{}".format(i + 1)),
                C.layers.MaxPooling((2, 2), strides=(2, 2), name="pool{}".format(i + 1)),
            ]),
            [C.layers.Dense(hidden, name="dense1")] if hidden else [],
            C.layers.Dense(num_output_classes, activation=None, name="logits"),
        ])
    return model(features)


def sgd(parameters, unit_gain=False):
    """SGD with momentum as the other frameworks mean it; CNTK's own default multiplies the gradient by 1 - momentum."""
    return C.momentum_sgd(parameters, C.learning_parameter_schedule(recording.LEARNING_RATE),
                          C.momentum_schedule(recording.MOMENTUM), unit_gain=unit_gain)


def train(z, features, x_train, y_train):
    label = C.input_variable(recording.CLASSES)
    loss, error = C.cross_entropy_with_softmax(z, label), C.classification_error(z, label)
    trainer = C.Trainer(z, (loss, error), [sgd(z.parameters)])
    one_hot, stopwatch = np.eye(recording.CLASSES, dtype=np.float32)[y_train], recording.Stopwatch()
    for epoch in range(recording.EPOCHS):
        order = recording.epoch_order(epoch)
        with stopwatch:
            for start in range(0, len(order), recording.BATCH_SIZE):
                batch = order[start:start + recording.BATCH_SIZE]
                trainer.train_minibatch({features: x_train[batch], label: one_hot[batch]})
    return stopwatch


def accuracy(z, images, labels):
    right = 0
    for start in range(0, len(images), 500):
        right += int((z.eval(images[start:start + 500]).argmax(1) == labels[start:start + 500]).sum())
    return right / float(len(labels))


def momentum(unit_gain):
    inputs, labels, kernel = recording.momentum_problem()
    x, y = C.input_variable(6), C.input_variable(3)
    weight, bias = C.parameter((6, 3), init=kernel), C.parameter(3, init=0)
    z = C.times(x, weight) + bias
    trainer = C.Trainer(z, C.cross_entropy_with_softmax(z, y), [sgd(z.parameters, unit_gain)])
    kernels, biases = [weight.value.copy()], [bias.value.copy()]
    for _ in range(recording.MOMENTUM_STEPS):
        trainer.train_minibatch({x: inputs, y: labels})
        kernels.append(weight.value.copy())
        biases.append(bias.value.copy())
    return recording.momentum_record(kernels, biases)


def measure():
    """Momentum (both conventions), dropout and padding, as CNTK understands them."""
    ones = recording.dropout_input()
    x = C.input_variable(100)
    dropped = C.layers.Dropout(recording.DROPOUT_ARGUMENT, seed=3)(x)
    # Only a training pass drops anything: one that keeps what the backward pass needs.
    _, values = dropped.forward({x: ones}, outputs=[dropped.output], keep_for_backward={dropped.output})
    training = np.asarray(list(values.values())[0]).reshape(ones.shape)
    image, kernel = recording.padding_input()
    picture = C.input_variable((1, 8, 8))
    convolved = C.convolution(C.constant(kernel[None, None]), picture, strides=(1, 2, 2), auto_padding=[False, True, True])
    facts = {"call": "momentum_sgd(parameters, 0.05, momentum 0.9, unit_gain=False)", "learning_rate": 0.05, "momentum": 0.9}
    return {
        "momentum": (facts, momentum(False)),
        "momentum_unit_gain": (dict(facts, call="momentum_sgd(parameters, 0.05, momentum 0.9), unit_gain as by default"),
                               momentum(True)),
        "dropout": ({"call": "Dropout(0.8)", "argument": "dropout_rate", "value": 0.8},
                    {"input": ones, "training": training, "inference": dropped.eval(ones).reshape(ones.shape)}),
        "padding": ({"call": "convolution(kernel, image, strides=2, auto_padding=True)"},
                    {"image": image, "kernel": kernel, "output": convolved.eval(image[None, None])[0, 0]}),
    }


def record(name, folder, replay):
    C.cntk_py.set_fixed_random_seed(1 + NAMES.index(name))
    hidden = 64 if name.endswith("listing") else None
    features = C.input_variable((1, 28, 28))
    z = conv_net(features, recording.CLASSES, hidden)
    names = ["conv1", "pool1", "conv2", "pool2"] + (["dense1"] if hidden else []) + ["logits"]
    blocks = {one: z if one == "logits" else C.combine([C.logging.graph.find_by_name(z, one)]) for one in names}
    # The parameters in the order of the layers: each layer's output knows only those at and below it.
    parameters, seen = {}, set()
    for one in names:
        for parameter in blocks[one].parameters:
            if parameter.uid not in seen:
                seen.add(parameter.uid)
                parameters.setdefault(one, {})[parameter.name] = parameter
    weights, metadata = recording.stored(replay, name)
    if replay:
        for one in weights:
            for key in weights[one]:
                parameters[one][key].value = weights[one][key]
    training = recording.trained(
        metadata, recording.COMMON_TRAINING + "; unit_gain=False",
        lambda x, labels: train(z, features, x[:, None], labels), lambda x, labels: accuracy(z, x[:, None], labels))
    images = recording.sample_digits()[:, None]
    x = recording.scaled(images)
    kinds = {"conv1": ("convolution, relu", "Convolution"), "conv2": ("convolution, relu", "Convolution"),
             "pool1": ("max pooling", "MaxPooling"), "pool2": ("max pooling", "MaxPooling"),
             "dense1": ("dense, relu", "Dense"), "logits": ("dense", "Dense")}
    layers = [recording.layer(one, kinds[one][0], kinds[one][1], output=blocks[one].eval(x), weights={
        key: parameter.value for key, parameter in parameters.get(one, {}).items()}) for one in names]
    layers.append(recording.layer("probabilities", "softmax", "softmax", output=C.softmax(z).eval(x)))
    recording.write(folder, name, "The CNTK listing" if hidden else "The common specification in CNTK", "CNTK",
                    {"cntk": C.__version__}, layers, images, 255, LAYOUT, training, None if hidden else measure())


if __name__ == "__main__":
    recording.main(__doc__, NAMES, record)
