"""Batches are dealt as lesson 03 builds them, in one thread."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.batches import dealt_out
from tests.support.lesson_code import definitions

X, LABELS = np.arange(500, dtype="float32").reshape(250, 2), np.arange(250)


def dealt(data):
    return [(x.numpy(), labels.numpy()) for x, labels in data]


def test_without_a_seed_the_order_of_the_array():
    batches = dealt(dealt_out(X, LABELS, 100))
    assert [len(labels) for _, labels in batches] == [100, 100, 50]
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X)
    assert np.array_equal(np.concatenate([labels for _, labels in batches]), LABELS)


def test_with_a_seed_each_epoch_another_order_of_the_same_pairs():
    tf.random.set_seed(0)
    data = dealt_out(X, LABELS, 64, seed=3)
    epochs = [dealt(data) for _ in range(2)]
    orders = [np.concatenate([labels for _, labels in epoch]) for epoch in epochs]
    assert not np.array_equal(*orders) and not np.array_equal(orders[0], LABELS)
    for epoch, order in zip(epochs, orders):
        assert np.array_equal(np.sort(order), LABELS)
        assert np.array_equal(np.concatenate([x for x, _ in epoch]), X[order])


def test_as_lesson_02_builds_it():
    by_hand = definitions("03_lenet", ["dealt_out"], {"tf": tf})["dealt_out"]
    found = []
    for deal in (lambda: by_hand(X, LABELS, 5), lambda: dealt_out(X, LABELS, 100, 5)):
        tf.random.set_seed(1)
        data = deal()
        found.append(([labels.tolist() for _, labels in dealt(data)], data.options().threading.private_threadpool_size,
                      data.options().autotune.enabled))
    assert found[0] == found[1] and found[0][1:] == (1, False)


@pytest.mark.parametrize(("labels", "size", "words"), [
    (LABELS[:-1], 10, "x has 250 examples and labels has 249"), (LABELS, 0, "batch_size must be at least 1, got 0")])
def test_what_cannot_be_dealt_is_refused(labels, size, words):
    with pytest.raises(ValueError, match=words):
        dealt_out(X, labels, size)
