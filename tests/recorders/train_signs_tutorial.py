"""Train the tutorial's recipe of lesson 04 on the second and third split of the real photos, where the lesson has no time to.

Environment: that of the course, with the real data.

    COURSE_DATA_DIR=... python tests/recorders/train_signs_tutorial.py data/pretrained

The network is the lesson's own, taken from the notebook. Test photos are not looked at: the lesson tests it.
"""

import sys
import time
from pathlib import Path

import helpers.quiet_start  # noqa: F401

import keras
from keras import layers

from helpers import pretrained
from helpers.data import load_signs
from tests.support.lesson_code import definitions

EPOCHS, BATCH = 25, 64


def main(folder):
    lesson = definitions("04_sign_language", ["new_network"], {"keras": keras, "layers": layers})
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for split in (1, 2):
        data = load_signs("real", split=split)
        keras.utils.set_random_seed(split)
        network = lesson["new_network"]()
        network.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                        metrics=["accuracy"], jit_compile=False)
        start = time.time()
        network.fit(data.x_train.astype("float32") / 255, data.y_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)
        pretrained.save(network, folder / f"signs_tutorial_{split}.h5", {
            "training": f"Sign Language Digits, split {split}, {len(data.y_train)} photos, {EPOCHS} epochs in batches of "
                        f"{BATCH}, Adam at its default rate", "keras": keras.__version__})
        print(f"split {split}: {time.time() - start:.0f} s, {network.count_params():,} parameters")


if __name__ == "__main__":
    main(sys.argv[1])
