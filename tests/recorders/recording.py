"""What all recorders share: inputs, small experiments on conventions, and the HDF5 file they write.

For seconds that can be compared, record under ``taskset --cpu-list 0``: on one core no framework spends processor time on
waiting for its own threads.

Runs on Python 3.6 to 3.13 with NumPy 1.18 or newer and h5py 2.10 or newer: the environments of five frameworks have
no more than that in common.

The file
--------
Attributes of the file itself: ``format`` (what this is), ``metadata`` (one JSON text: framework, versions, date, layers
in order, how to read every layout, training) and ``checksum`` (see :func:`checksum`).
Datasets::

    weights/<layer>/<parameter>     in the framework's own layout and under its own parameter name
    inputs                          what the network was fed, before the division by metadata["inputs"]["divisor"]
    outputs/<layer>                 its outputs for the first len(outputs) inputs, in the framework's own layout
    measurements/<experiment>/<array>
"""

from __future__ import print_function

import argparse
import datetime
import hashlib
import json
import os
import platform
import sys
import time

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FORMAT = "convnet-course recorded network 1"

# The settings of every training run, unless the listing itself states others.
EPOCHS, BATCH_SIZE, LEARNING_RATE, MOMENTUM = 3, 128, 0.05, 0.9
CLASSES = 10
CHANNELS_LAST = {"images": "channels last: (images, height, width, channels)", "kernels": "kernel: (height, width, in, out)",
                 "dense": "kernel: (in, out); the flattened input runs over height, then width, then channels"}
# Outputs of layers with a height and a width are kept for the first inputs only, to keep the files small.
FULL_INPUTS = 2

MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def mnist():
    """Return x_train, y_train, x_test, y_test of MNIST: float32 images (n, 28, 28) from 0 to 1, int64 labels.

    Read from mnist.npz in the folder that the environment variable COURSE_DATA_DIR names, and checked.
    """
    folder = os.environ.get("COURSE_DATA_DIR")
    path = os.path.join(folder or "", "mnist.npz")
    if not folder or not os.path.exists(path):
        raise SystemExit("Training needs MNIST: set COURSE_DATA_DIR to a folder that holds mnist.npz.")
    arrays = []
    with np.load(path) as stored:
        for key in ("x_train", "y_train", "x_test", "y_test"):
            array = np.ascontiguousarray(stored[key], dtype=np.uint8)
            if hashlib.sha256(array.tobytes()).hexdigest() != MNIST_SHA256[key]:
                raise SystemExit("mnist.npz: {} is not MNIST's (checksum).".format(key))
            arrays.append(scaled(array) if array.ndim == 3 else array.astype(np.int64))
    return arrays


def sample_digits():
    """Return the ten input images of the small networks, uint8, shape (10, 28, 28) (see make_digits.py)."""
    with np.load(os.path.join(HERE, "digits.npz")) as stored:
        return stored["images"]


def scaled(images):
    """Return images as the networks are fed them: float32 from 0 to 1."""
    return images.astype(np.float32) / np.float32(255)


def epoch_order(epoch):
    """Return the order in which the 60,000 training images are shown in an epoch (0, 1, ...)."""
    return np.random.RandomState(100 + epoch).permutation(60000)


# --- Small experiments that every framework repeats on the same numbers ----------------------------------------------

MOMENTUM_STEPS = 50


def momentum_problem(steep=False):
    """Return a softmax regression small enough to follow: inputs (16, 6), one-hot labels (16, 3), kernel (6, 3).

    The bias starts at zero. All 16 rows make one batch, so a step is one exact gradient. In the steep variant inputs are
    ten times as large (and the first kernel smaller, so that no probability vanishes): its first gradients are longer
    than 5.
    """
    random = np.random.RandomState(7)
    inputs = ((20.0 if steep else 2.0) * random.normal(size=(16, 6))).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[random.randint(0, 3, size=16)]
    kernel = ((0.025 if steep else 0.5) * random.normal(size=(6, 3))).astype(np.float32)
    return inputs, labels, kernel


def momentum_record(kernels, biases, steep=False):
    """Turn the weights before the first and after each step into arrays of a measurement."""
    inputs, labels, _ = momentum_problem(steep)
    kernels, biases = np.stack(kernels).astype(np.float32), np.stack(biases).astype(np.float32)
    assert kernels.shape == (MOMENTUM_STEPS + 1, 6, 3) and biases.shape == (MOMENTUM_STEPS + 1, 3)
    return {"inputs": inputs, "labels": labels, "kernels": kernels, "biases": biases}


DROPOUT_ARGUMENT = 0.8


def dropout_input():
    """Return the input of the dropout experiment: 10,000 ones."""
    return np.ones((100, 100), dtype=np.float32)


def padding_input():
    """Return an 8x8 image and a 3x3 kernel of whole numbers, for one convolution with stride 2."""
    image = np.arange(1, 65, dtype=np.float32).reshape(8, 8)
    kernel = np.arange(1, 10, dtype=np.float32).reshape(3, 3)
    return image, kernel


# --- The file --------------------------------------------------------------------------------------------------------


def checksum(metadata_text, arrays):
    """Return the SHA-256 over the format, the metadata and every array's path, type, shape and bytes.

    Each part is preceded by its length in bytes as decimal digits and a colon, so that no two contents read alike.
    """
    digest = hashlib.sha256()

    def add(part):
        digest.update(str(len(part)).encode("ascii") + b":")
        digest.update(part)

    add(FORMAT.encode("utf-8"))
    add(metadata_text.encode("utf-8"))
    for path in sorted(arrays):
        array = np.ascontiguousarray(arrays[path])
        array = array.astype(array.dtype.newbyteorder("<"))
        add(path.encode("utf-8"))
        add(array.dtype.str.encode("ascii"))
        add(repr([int(n) for n in array.shape]).encode("ascii"))
        add(array.tobytes())
    return digest.hexdigest()


def layer(name, kind, original, weights=None, output=None, note=""):
    """Describe one layer: the course's name for it, what it does, what the framework calls it, weights and outputs.

    ``weights`` is a dict from the framework's parameter name to an array.
    """
    return {"name": name, "kind": kind, "original": original, "weights": weights or {}, "output": output, "note": note}


def write(folder, name, title, framework, versions, layers, inputs, divisor, layout, training=None, measurements=None,
          notes=()):
    """Write one recorded network to ``folder/name.h5``.

    ``inputs`` are integers; the network was fed float32(inputs) / float32(divisor). ``layout`` tells in words how to read
    images, kernels and dense weights. ``training`` holds text, epochs, test_accuracy, seconds_per_epoch, or is None for
    weights that were never trained. ``measurements`` maps an experiment to (dict of facts, dict of arrays).
    """
    arrays, described, parameters = {"inputs": inputs}, [], 0
    for one in layers:
        entry = {"name": one["name"], "kind": one["kind"], "original": one["original"], "note": one["note"],
                 "weights": sorted(one["weights"]), "parameters": 0}
        for parameter, array in one["weights"].items():
            arrays["weights/{}/{}".format(one["name"], parameter)] = np.asarray(array, dtype=np.float32)
            entry["parameters"] += int(np.asarray(array).size)
        if one["output"] is not None:
            output = np.asarray(one["output"], dtype=np.float32)
            assert len(output) == len(inputs), one["name"]
            entry["output_shape"] = [int(n) for n in output.shape[1:]]
            arrays["outputs/" + one["name"]] = output if np.ndim(output) == 2 and output.shape[1] <= 1000 else \
                output[:FULL_INPUTS]
        parameters += entry["parameters"]
        described.append(entry)
    experiments = {}
    for experiment, (facts, values) in (measurements or {}).items():
        experiments[experiment] = facts
        for key, array in values.items():
            arrays["measurements/{}/{}".format(experiment, key)] = np.asarray(array)
    versions = dict(versions, python=platform.python_version(), numpy=np.__version__, h5py=h5py.__version__)
    metadata = {
        "name": name, "title": title, "framework": framework, "framework_version": versions[framework.lower()],
        "versions": versions, "date": datetime.date.today().isoformat(),
        "recorder": os.path.basename(sys.argv[0]), "parameters": parameters, "layers": described,
        "inputs": {"count": len(inputs), "divisor": float(divisor)}, "layout": layout, "training": training,
        "measurements": experiments, "notes": list(notes),
    }
    text = json.dumps(metadata, sort_keys=True)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    path = os.path.join(folder, name + ".h5")
    with h5py.File(path + ".part", "w") as file:
        for key in sorted(arrays):
            compression = {"compression": "gzip", "compression_opts": 9, "shuffle": True} if arrays[key].size > 64 else {}
            file.create_dataset(key, data=arrays[key], track_times=False, **compression)
        file.attrs["format"] = FORMAT
        file.attrs["metadata"] = text
        file.attrs["checksum"] = checksum(text, arrays)
    os.replace(path + ".part", path)
    print("{}: {:,} parameters, {:,} bytes".format(name, parameters, os.path.getsize(path)))


def stored(folder, name):
    """Read the weights and the metadata of a recorded network, for a replay; None and None without a folder."""
    if not folder:
        return None, None
    with h5py.File(os.path.join(folder, name + ".h5"), "r") as file:
        text = file.attrs["metadata"]
        metadata = json.loads(text if isinstance(text, str) else text.decode("utf-8"))
        weights = {one: {key: file["weights"][one][key][()] for key in file["weights"][one]} for one in file["weights"]}
    return weights, metadata


# --- The command line ------------------------------------------------------------------------------------------------


class Stopwatch(object):
    """Collects the seconds of every epoch, of the clock and of the processor; evaluation is not timed."""

    def __init__(self):
        self.seconds, self.cpu_seconds = [], []

    def __enter__(self):
        self._start = time.time(), time.process_time()
        return self

    def __exit__(self, *unused):
        self.seconds.append(round(time.time() - self._start[0], 2))
        self.cpu_seconds.append(round(time.process_time() - self._start[1], 2))
        print("  epoch {}: {} s, {} s of processor time".format(len(self.seconds), self.seconds[-1], self.cpu_seconds[-1]))
        sys.stdout.flush()


def trained(metadata, text, train, accuracy):
    """Train a network and measure it, or only measure it if it has the weights of a stored one; return what the file says.

    ``train(x, labels)`` returns a Stopwatch, ``accuracy(x, labels)`` a fraction; x is float32 of shape (n, 28, 28). A replay,
    with the ``metadata`` of the stored file, needs MNIST for the accuracy alone, which is None without.
    """
    if metadata and not os.path.exists(os.path.join(os.environ.get("COURSE_DATA_DIR", ""), "mnist.npz")):
        return dict(metadata["training"], test_accuracy=None)
    x_train, y_train, x_test, y_test = mnist()
    if metadata:
        return dict(metadata["training"], test_accuracy=round(accuracy(x_test, y_test), 4))
    stopwatch = train(x_train, y_train)
    return {"text": text, "epochs": EPOCHS, "batch_size": BATCH_SIZE, "seconds_per_epoch": stopwatch.seconds,
            "cpu_seconds_per_epoch": stopwatch.cpu_seconds, "test_accuracy": round(accuracy(x_test, y_test), 4),
            "cores": len(os.sched_getaffinity(0)),
            "seconds_note": "the machine had other work: seconds by the clock are upper bounds; cpu_seconds add up all "
                            "threads and hardly depend on other work when there is one core"}


COMMON_TRAINING = ("MNIST, 60,000 images divided by 255, {} epochs, batches of {}; SGD, learning rate {}, momentum {}, "
                   "mean cross-entropy of the logits").format(EPOCHS, BATCH_SIZE, LEARNING_RATE, MOMENTUM)


def main(documentation, names, record):
    """Read the arguments that every recorder takes, and call ``record(name, folder, replay)`` for each network."""
    parser = argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where to write the .h5 files")
    parser.add_argument("--replay", metavar="FOLDER",
                        help="do not train: take the weights from the files in FOLDER and record the outputs again")
    parser.add_argument("--only", metavar="NAME", nargs="+", choices=names, default=names, help="which to record")
    arguments = parser.parse_args()
    for name in arguments.only:
        record(name, arguments.folder, arguments.replay)
