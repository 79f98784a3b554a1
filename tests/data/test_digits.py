"""The offline digits: MNIST's layout, whole sheets on each side, and the claims that are made about them."""

import difflib
import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

from helpers.data import load_mnist
from helpers.data.digits import DIGIT_NAMES, FORM_STARTS, TEST_FORMS, enlarge

UCI = load_digits()
ENDS = (*FORM_STARTS[1:], 1797)
SHEETS = np.repeat(np.arange(14), np.diff((*FORM_STARTS, 1797)))


@pytest.fixture(scope="module")
def data():
    return load_mnist("sample")


def test_the_layout_is_that_of_mnist(data):
    assert data.source == "sample" and "offline sample, not the real data" in repr(data)
    for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert images.dtype == np.uint8 and images.shape[1:] == (28, 28)
        assert labels.dtype == np.int64 and len(labels) == len(images)
        assert images.min() == 0 and images.max() == 255
    assert (len(data.x_train), len(data.x_test)) == (1411, 386)
    assert data.class_names == DIGIT_NAMES and len(DIGIT_NAMES) == 10


def test_every_digit_of_the_source_is_there_once(data):
    images = np.concatenate([data.x_test, data.x_train])  # the test sheets are the first of the file
    assert np.array_equal(images, enlarge(UCI.images))
    assert np.array_equal(np.concatenate([data.y_test, data.y_train]), UCI.target)


def test_no_sheet_is_on_both_sides(data):
    assert set(data.groups_test) == set(TEST_FORMS)
    assert set(data.groups_train) | set(data.groups_test) == set(range(14))
    assert not set(data.groups_train) & set(data.groups_test)
    assert np.array_equal(np.concatenate([data.groups_test, data.groups_train]), SHEETS)


def test_the_classes_are_balanced_on_both_sides(data):
    for labels in (data.y_train, data.y_test):
        counts = np.bincount(labels, minlength=10)
        assert counts.min() > 0.9 * counts.mean() and counts.max() < 1.1 * counts.mean()


def test_the_labels_show_the_sheets():
    """The same 130 digits on each of 14 sheets, a few left out; half of the sheets are complete and equal."""
    texts = ["".join(map(str, UCI.target[start:end])) for start, end in zip(FORM_STARTS, ENDS)]
    form = texts[0]
    assert len(form) == 130 and len(texts) == 14
    assert sum(text == form for text in texts) >= 7
    for text in texts:
        blocks = difflib.SequenceMatcher(None, form, text, autojunk=False).get_matching_blocks()
        in_order = sum(block.size for block in blocks)
        assert len(text) <= 130 and in_order >= len(text) - 1 and in_order >= 120
        assert text[:8] in "0123456789" and set(text) == set("0123456789")


def test_the_sheets_look_like_those_of_different_hands():
    """Mean digits of two sheets lie further apart than those of two halves of one: the sheets are groups indeed."""
    pixels, labels = UCI.data, UCI.target
    means = np.array([[pixels[(SHEETS == sheet) & (labels == digit)].mean(0) for digit in range(10)] for sheet in range(14)])
    between = {pair: np.linalg.norm(means[pair[0]] - means[pair[1]], axis=1).mean()
               for pair in itertools.combinations(range(14), 2)}
    generator, within = np.random.default_rng(0), []
    for sheet in range(14):
        distances = []
        for digit in range(10):
            rows = generator.permutation(np.flatnonzero((SHEETS == sheet) & (labels == digit)))
            halves = rows[:len(rows) // 2], rows[len(rows) // 2:]
            distances.append(np.linalg.norm(pixels[halves[0]].mean(0) - pixels[halves[1]].mean(0)))
        within.append(np.mean(distances))
    assert max(within) < min(between.values())
    # The one border between training and test set runs between two hands that are unalike.
    assert between[2, 3] > np.median(list(between.values()))


def test_whose_hands_are_tested_matters_as_the_datasheet_says():
    pixels, labels = UCI.data / 16, UCI.target
    accuracies = []
    for first in range(0, 12):
        test = np.isin(SHEETS, (first, first + 1, first + 2))
        model = RidgeClassifier().fit(pixels[~test], labels[~test])
        accuracies.append(model.score(pixels[test], labels[test]))
    assert min(accuracies) == pytest.approx(0.84, abs=0.015)
    assert max(accuracies) == pytest.approx(0.95, abs=0.015)
    assert accuracies[TEST_FORMS[0]] == pytest.approx(0.92, abs=0.015)


def test_enlarging_agrees_with_pillow():
    image_module = pytest.importorskip("PIL.Image")
    images = UCI.images[:40]
    for small, large in zip(images, enlarge(images)):
        other = image_module.fromarray((small * 255 / 16).astype(np.float32)).resize((20, 20), image_module.Resampling.BILINEAR)
        assert np.abs(large[4:-4, 4:-4] - np.asarray(other)).max() <= 0.5 + 1e-3
        assert large.sum() == large[4:-4, 4:-4].sum()


def test_enlarging_keeps_the_ends_of_the_scale_and_the_symmetry():
    assert enlarge(np.zeros((1, 8, 8))).max() == 0
    assert (enlarge(np.full((1, 8, 8), 16))[:, 4:-4, 4:-4] == 255).all()
    image = UCI.images[:1]
    assert np.array_equal(enlarge(image[:, ::-1]), enlarge(image)[:, ::-1])
    assert np.array_equal(enlarge(image.transpose(0, 2, 1)), enlarge(image).transpose(0, 2, 1))
    assert enlarge(np.zeros((0, 8, 8))).shape == (0, 28, 28)
