"""Make digits.npz, the ten images that the small networks are shown when they are recorded.

They are the first ten of the UCI handwritten digits (one of each, 0 to 9) as scikit-learn brings them, enlarged as in the
course's offline sample. The old environments have no scikit-learn. They are not MNIST images.

Run in the environment of the course: ``python -m tests.recorders.make_digits``
"""

from pathlib import Path

import numpy as np

from helpers.data.digits import enlarge


def digits():
    """Return the ten images, uint8, shape (10, 28, 28), and their labels."""
    from sklearn.datasets import load_digits

    source = load_digits()
    return enlarge(source.images[:10]), source.target[:10].astype(np.uint8)


if __name__ == "__main__":
    images, labels = digits()
    np.savez_compressed(Path(__file__).with_name("digits.npz"), images=images, labels=labels)
