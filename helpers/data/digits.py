"""The offline sample of handwritten digits: the UCI digits that come with scikit-learn, at MNIST's size.

The copy in scikit-learn is the test file of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak,
1998): 1,797 images of 8x8 pixels with values 0 to 16. Its authors write that 13 people filled in a preprinted form.
The file does not say who wrote what, but the form can be recognized: the labels repeat a sequence of 130 digits, 14
times, with a few digits missing. So we know which images stand on one sheet (:data:`FORM_STARTS`). That 13 people
made 14 sheets says that one of them, if both statements are right, filled in two; nothing in the file tells who.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from helpers.data.dataset import Dataset

__all__ = ["DIGIT_NAMES", "FORM_STARTS", "enlarge", "load_digits_sample"]

DIGIT_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

FORM_STARTS = (0, 130, 256, 386, 516, 646, 776, 906, 1029, 1157, 1287, 1415, 1545, 1667)
"""Index of the first image of each of the 14 sheets, read off the labels."""

TEST_FORMS = (0, 1, 2)
"""The sheets of the test set: whole ones, so that no sheet is on both sides, and neighbors, so that a person who filled in
two sheets in a row could be on both sides at one border only. The hands on either side of it (2 and 3) look unalike."""


def enlarge(images: ArrayLike) -> np.ndarray:
    """Enlarge 8x8 images (values 0 to 16) to MNIST's 28x28 (uint8, 0 to 255).

    As in MNIST the digit fills the middle 20x20 pixels (bilinear) and a border of 4 is empty. The arithmetic is in
    whole numbers, so that every machine gets the same bytes.
    """
    images = np.asarray(images, np.int64)
    # The center of new pixel i lies at (i + 1/2) * 8/20 - 1/2 old pixels; counted in fortieths that is a whole number.
    position = np.clip((2 * np.arange(20) + 1) * 8 - 20, 0, 7 * 40)
    before, weight = position // 40, position % 40
    after = np.minimum(before + 1, 7)
    rows = images[:, before] * (40 - weight)[:, None] + images[:, after] * weight[:, None]
    both = rows[:, :, before] * (40 - weight) + rows[:, :, after] * weight
    scale = 16 * 40 * 40
    pixels = (both * 255 + scale // 2) // scale
    return np.pad(pixels, ((0, 0), (4, 4), (4, 4))).astype(np.uint8)


def load_digits_sample() -> Dataset:
    """Return the offline sample; its groups are the sheets (0 to 13) on which the digits were written."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = enlarge(digits.images), digits.target.astype(np.int64)
    sheets = np.searchsorted(FORM_STARTS, np.arange(len(labels)), side="right") - 1
    test = np.isin(sheets, TEST_FORMS)
    return Dataset(
        name="Digits", source="sample", origin="UCI handwritten digits from scikit-learn, enlarged from 8x8",
        license="CC BY 4.0",
        citation="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning "
                 "Repository, 1998. doi:10.24432/C50P49",
        class_names=DIGIT_NAMES,
        x_train=images[~test], y_train=labels[~test], x_test=images[test], y_test=labels[test],
        groups_train=sheets[~test], groups_test=sheets[test],
        notes=("The groups are the sheets on which the digits were written, recognized by the order of the labels. No "
               "sheet is on both sides of the split. Whether a writer is cannot be told: the authors name 13 writers, "
               "there are 14 sheets, and the file does not say who wrote which.",))
