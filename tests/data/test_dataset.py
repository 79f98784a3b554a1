"""The object that loaders return: what it refuses, what it says, how it splits."""

import dataclasses

import numpy as np
import pytest

from helpers.data.dataset import Dataset


def small(**changes):
    fields = {"name": "Small", "source": "sample", "origin": "drawn here", "license": "MIT", "citation": "nobody",
              "class_names": ("a", "b"), "x_train": np.zeros((24, 4, 4), np.uint8), "y_train": np.arange(24) % 2,
              "x_test": np.zeros((6, 4, 4), np.uint8), "y_test": np.arange(6) % 2}
    return Dataset(**{**fields, **changes})


def test_the_repr_is_one_honest_line():
    assert repr(small()) == ("Small (offline sample, not the real data): 24 training + 6 test images of 4x4, 2 classes; "
                             "drawn here; MIT")
    assert "(real data)" in repr(small(source="real"))
    assert "24 training + 2 validation + 6 test" in repr(small(x_validation=np.zeros((2, 4, 4), np.uint8),
                                                               y_validation=np.zeros(2, int)))


@pytest.mark.parametrize(("changes", "message"), [
    ({"source": "fake"}, "source must be 'real' or 'sample'"),
    ({"x_train": np.zeros((24, 4, 4))}, "x_train must be uint8 images, not float64"),
    ({"x_test": np.zeros((6, 16), np.uint8)}, r"shape \(6, 16\)"),
    ({"y_train": np.arange(23) % 2}, "24 train images, but labels of shape"),
    ({"y_test": np.array([0, 1, 2, 0, 1, 2])}, r"y_test must lie in 0\.\.1, but reaches from 0 to 2"),
    ({"y_test": np.array([0, 1, -1, 0, 1, 0])}, "from -1"),
    ({"y_test": np.zeros(6)}, "y_test must be integers, not float64"),
    ({"x_validation": np.zeros((2, 4, 4), np.uint8)}, "validation set needs both"),
    ({"groups_train": np.zeros(3, int)}, "groups_train has shape"),
])
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        small().source = "real"


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(12), 2)])
def test_a_split_holds_each_row_once(groups):
    data = small(groups_train=groups)
    training, validation = data.split_training(share=1 / 4, seed=3)
    assert sorted([*training, *validation]) == list(range(24)) and len(validation) == 6
    again = data.split_training(share=1 / 4, seed=3)
    assert np.array_equal(training, again[0]) and np.array_equal(validation, again[1])
    assert not np.array_equal(np.sort(validation), np.sort(data.split_training(share=1 / 4, seed=4)[1]))
    assert not np.array_equal(training, np.sort(training))


def test_a_split_keeps_groups_together():
    groups = np.repeat(np.arange(8), 3)
    training, validation = small(groups_train=groups).split_training(share=1 / 4)
    assert set(groups[training]).isdisjoint(groups[validation]) and len(set(groups[validation])) == 2


@pytest.mark.parametrize("share", [0, 1, -0.5, 2])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(ValueError, match="share must lie between 0 and 1"):
        small().split_training(share=share)
