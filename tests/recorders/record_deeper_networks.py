"""Train the networks of lesson 08 that take too long for a page, on the real traffic signs.

Environment: that of the course, with the real data.

    COURSE_DATA_DIR=... python -m tests.recorders.record_deeper_networks data/recorded/deeper_networks.json

The functions are the lesson's own, taken from the notebook. Each result is kept at once; what the file holds is not trained
again. It takes less than two hours on two cores. Beside the file it writes the weights that the lesson restores, those of the
first seed's own network, and the pairs of signs that this network confuses.
"""

import json
import sys
import time
from pathlib import Path

import helpers.quiet_start  # noqa: F401

import keras
import numpy as np
from keras import layers
from sklearn.model_selection import StratifiedGroupKFold

from helpers import pretrained
from helpers.data import load_traffic_signs
from tests.support.lesson_code import definitions

LESSON = "08_deeper_networks"
NAMES = ["LOSS", "centered", "conv_bn", "conv_bn_relu", "block", "deep_network", "vgg", "inception", "resnet", "densenet",
         "mobilenet", "FAMILIES", "race_network", "parts", "train", "with_views", "own_resnet"]
FRAMES = 8000
SEEDS = (0, 1, 2)
PAIRS = 6
"""So many confused pairs are kept."""


def depth_runs(lesson, seed=0):
    """Yield the name, the maker and the epochs of each network that differs in depth; the longest is trained once."""
    def maker(*settings):
        return lambda: lesson["deep_network"](*settings)

    for blocks in (8, 4, 1, 2):
        for name, skip in (("plain", False), ("residual", True)):
            yield f"{6 * blocks + 2} {name}", maker(blocks, skip), 6
    for name, skip in (("plain", False), ("residual", True)):
        yield f"50 {name} without batch normalization", maker(8, skip, False), 6
    if seed == 0:
        yield "50 plain 18 epochs", maker(8, False), 18


def race_runs(lesson, seed=0):
    """Yield the same of the five families."""
    for family, widths in lesson["FAMILIES"].items():
        yield family.__name__, lambda family=family, widths=widths: lesson["race_network"](family, widths), 12


def own_runs(lesson, seed=0):
    """Yield the same of the own network and of lesson 07's, both with random views."""
    yield "own ResNet", lambda: lesson["with_views"](lesson["own_resnet"]()), 16
    yield "lesson 7's network", lambda: lesson["with_views"](pretrained.network(43)), 16


def trained(lesson, make, epochs, seed, data):
    """Train one network; return it and what is kept of the run."""
    keras.utils.clear_session()  # the names of the layers count from the start
    keras.utils.set_random_seed(seed)
    model, start = make(), time.time()
    history = lesson["train"](model, *data[0], data[1], epochs)
    seconds = time.time() - start
    end = [model.evaluate(*part, verbose=0) for part in data]
    return model, rounded(history) | {"end": rounded(end), "seconds": round(seconds, 1)}


def rounded(values):
    """Return the same with four digits."""
    if isinstance(values, dict):
        return {name: rounded(one) for name, one in values.items()}
    return [rounded(one) for one in values] if isinstance(values, (list, tuple)) else float(f"{values:.4g}")


def keep_own(model, test):
    """Write the weights of the own network; return the pairs that it confuses: true, said, how often, frames of the true one."""
    answers = model.predict(test[0], verbose=0).argmax(1)
    pretrained.save(model.layers[-1], pretrained.FOLDER / "traffic_signs_resnet.h5", {
        "training": "43 signs of GTSRB from scratch, training tracks without a fifth for validation, 16 epochs, random views",
        "accuracy_by_track": f"{np.mean(answers == test[1]):.3f}"})
    counts = np.zeros((43, 43), int)
    np.add.at(counts, (test[1], answers), 1)
    frames = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    largest = np.argsort(-counts, axis=None, kind="stable")[:PAIRS]
    return [[int(true), int(said), int(counts[true, said]), int(frames[true])]
            for true, said in zip(*np.unravel_index(largest, counts.shape))]


def main(path):
    """Train what is missing in the file, and write it."""
    path = Path(path)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {
        "about": f"runs of lesson 08 on the real traffic signs, seeds {SEEDS}; "
                 "end: [loss, accuracy] on training, validation, test"}
    signs = load_traffic_signs("real")
    lesson = definitions(LESSON, NAMES, {"keras": keras, "layers": layers, "np": np,
                                         "StratifiedGroupKFold": StratifiedGroupKFold})
    for part, runs, frames in (("depth", depth_runs, FRAMES), ("race", race_runs, FRAMES), ("own", own_runs, None)):
        data = lesson["parts"](signs, frames)
        for seed in SEEDS:
            for name, make, epochs in runs(lesson, seed):
                one = kept.setdefault(part, {}).setdefault(name, [])
                if len(one) > seed:
                    continue
                model, run = trained(lesson, make, epochs, seed, data)
                one.append(run)
                if name == "own ResNet" and seed == 0:
                    kept["confused"] = keep_own(model, data[2])
                kept["keras"] = keras.__version__
                path.write_text(json.dumps(kept) + "\n", encoding="utf-8")
                print(part, seed, name, run["end"], flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
