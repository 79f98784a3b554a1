"""Make digits.npz, the ten images that the small networks are shown when they are recorded.

They are the first ten of the UCI handwritten digits (one of each, 0 to 9) as scikit-learn brings them, enlarged to MNIST's size.
The old environments have no scikit-learn.

Run in the environment of the course: ``python -m tests.recorders.make_digits``
"""

from pathlib import Path

import numpy as np


def digits():
    """Return the ten images, uint8, shape (10, 28, 28), and their labels.

    As in MNIST a digit fills the middle 20x20 pixels (bilinear, in whole numbers) and a border of 4 is empty.
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    images = source.images[:10].astype(np.int64)  # 8x8, values 0 to 16
    # The center of new pixel i lies at (i + 1/2) * 8/20 - 1/2 old pixels; counted in fortieths that is a whole number.
    position = np.clip((2 * np.arange(20) + 1) * 8 - 20, 0, 7 * 40)
    before, weight = position // 40, position % 40
    after = np.minimum(before + 1, 7)
    rows = images[:, before] * (40 - weight)[:, None] + images[:, after] * weight[:, None]
    both = rows[:, :, before] * (40 - weight) + rows[:, :, after] * weight
    scale = 16 * 40 * 40
    pixels = (both * 255 + scale // 2) // scale
    return np.pad(pixels, ((0, 0), (4, 4), (4, 4))).astype(np.uint8), source.target[:10].astype(np.uint8)


if __name__ == "__main__":
    images, labels = digits()
    np.savez_compressed(Path(__file__).with_name("digits.npz"), images=images, labels=labels)
