"""Batches are those that lesson 03 builds by hand, in one thread."""

import numpy as np
import pytest
import tensorflow as tf

from helpers.batches import single_threaded_batches
from tests.support.lesson_code import definitions

X, LABELS = np.arange(500, dtype="float32").reshape(250, 2), np.arange(250)


def arrays(data):
    return [(x.numpy(), labels.numpy()) for x, labels in data]


def test_without_a_seed_the_order_of_the_array():
    batches = arrays(single_threaded_batches(X, LABELS, 100))
    assert [len(labels) for _, labels in batches] == [100, 100, 50]
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X)
    assert np.array_equal(np.concatenate([labels for _, labels in batches]), LABELS)


def test_with_a_seed_each_epoch_another_order_of_the_same_pairs():
    tf.random.set_seed(0)
    data = single_threaded_batches(X, LABELS, 64, seed=3)
    epochs = [arrays(data) for _ in range(2)]
    orders = [np.concatenate([labels for _, labels in epoch]) for epoch in epochs]
    assert not np.array_equal(*orders) and not np.array_equal(orders[0], LABELS)
    for epoch, order in zip(epochs, orders):
        assert np.array_equal(np.sort(order), LABELS)
        assert np.array_equal(np.concatenate([x for x, _ in epoch]), X[order])


def test_as_lesson_03_builds_it():
    by_hand = definitions("03_lenet", ["single_threaded_batches"], {"tf": tf})["single_threaded_batches"]
    found = []
    for make in (lambda: by_hand(X, LABELS, 5), lambda: single_threaded_batches(X, LABELS, 100, 5)):
        tf.random.set_seed(1)
        data = make()
        found.append(([labels.tolist() for _, labels in arrays(data)], data.options().threading.private_threadpool_size,
                      data.options().autotune.enabled))
    assert found[0] == found[1] and found[0][1:] == (1, False)


@pytest.mark.parametrize(("labels", "size", "words"), [
    (LABELS[:-1], 10, "x has 250 examples and labels has 249"), (LABELS, 0, "batch_size must be at least 1, got 0")])
def test_bad_arguments_are_refused(labels, size, words):
    with pytest.raises(ValueError, match=words):
        single_threaded_batches(X, labels, size)
