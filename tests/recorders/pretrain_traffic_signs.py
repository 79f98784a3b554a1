"""Pretrain the network of lesson 07 on 38 of the 43 signs of the real GTSRB.

Environment: that of the course, with the real data.

    COURSE_DATA_DIR=... python tests/recorders/pretrain_traffic_signs.py data/pretrained

Tracks kept for testing are never trained on, so the accuracy that is written into the file is one for new signs of known kinds.
"""

import sys
import time
from pathlib import Path

import helpers.quiet_start  # noqa: F401

import keras
import numpy as np

from helpers import pretrained
from helpers.data import load_traffic_signs

EPOCHS, BATCH, RATE, SEED = 10, 64, 1e-3, 0


def main(folder):
    signs = load_traffic_signs("real", classes=pretrained.SEEN)
    keras.utils.set_random_seed(SEED)
    network = pretrained.network()
    model = keras.Sequential([
        keras.Input((32, 32, 3)),
        keras.layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
        keras.layers.RandomBrightness(0.2, value_range=(0, 1)), network])
    x = signs.x_train.astype("float32") / 255
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * -(-len(x) // BATCH))
    model.compile(optimizer=keras.optimizers.Adam(rate), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy"], jit_compile=False)
    start = time.time()
    model.fit(x, signs.y_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    answers = network.predict(signs.x_test.astype("float32") / 255, batch_size=500, verbose=0).argmax(1)
    accuracy = float(np.mean(answers == signs.y_test))
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pretrained.save(network, folder / pretrained.PATH.name, {
        "training": f"GTSRB, {len(x)} frames of 38 classes, {EPOCHS} epochs in batches of {BATCH}, Adam, cosine from {RATE}, "
                    "random shifts of a tenth and brightness",
        "accuracy_by_track": f"{accuracy:.4f}", "test_frames": len(answers), "keras": keras.__version__})
    print(f"accuracy by track {accuracy:.4f} on {len(answers)} frames, {time.time() - start:.0f} s, "
          f"{network.count_params():,} parameters")


if __name__ == "__main__":
    main(sys.argv[1])
