"""Take the four changes of lesson 04's recipe one at a time, on three splits of the real photos, where the lesson has no time to.

Environment: that of the course, with the real data.

    COURSE_DATA_DIR=... python -m tests.recorders.record_signs_ablation data/recorded/signs_ablation.json

The functions are the lesson's own, taken from the notebook. Each result is kept at once; what the file holds is not trained
again.
"""

import json
import sys
from pathlib import Path

import helpers.quiet_start  # noqa: F401

import keras
import numpy as np
from keras import layers

from helpers.data import load_signs
from helpers.progress import Progress
from tests.support.lesson_code import definitions

EPOCHS = 10
WAYS = {"the tutorial's recipe": {}, "1. momentum 0.9": {"momentum": 0.9}, "2. batches of 16": {"batch_size": 16},
        "3. falling rate": {"falling": True}, "4. random views": {"views": True},
        "all four": {"momentum": 0.9, "batch_size": 16, "falling": True, "views": True}}


def main(path):
    """Train what is missing in the file, and write it."""
    path = Path(path)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {
        "about": f"test accuracy on 120 photos, for splits 0, 1, 2 of the Sign Language Digits, {EPOCHS} epochs", "accuracy": {}}
    lesson = definitions("04_sign_language", ["scaled", "new_network", "random_views", "train_recipe", "accuracy_of"], {
        "keras": keras, "layers": layers, "ops": keras.ops, "np": np, "Progress": Progress, "every": 1, "final_epochs": EPOCHS,
        "loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)})
    for way, changes in WAYS.items():
        for split in range(len(kept["accuracy"].setdefault(way, [])), 3):
            data = load_signs("real", split=split)
            network = lesson["train_recipe"](data, split, **changes)
            kept["accuracy"][way].append(lesson["accuracy_of"](network, lesson["scaled"](data.x_test), data.y_test))
            kept["keras"] = keras.__version__
            path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
