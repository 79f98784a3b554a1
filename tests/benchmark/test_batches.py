"""Each example comes once per epoch, from one thread."""

import numpy as np
import pytest
import tensorflow as tf

from tests.benchmark.batches import single_threaded_batches

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


def test_one_thread_makes_them():
    options = single_threaded_batches(X, LABELS, 100, 5).options()
    assert options.threading.private_threadpool_size == 1 and options.autotune.enabled is False


@pytest.mark.parametrize(("labels", "size", "words"), [
    (LABELS[:-1], 10, "x has 250 examples and labels has 249"), (LABELS, 0, "batch_size must be at least 1, got 0")])
def test_bad_arguments_are_refused(labels, size, words):
    with pytest.raises(ValueError, match=words):
        single_threaded_batches(X, labels, size)
