"""Batches made in one thread, so that the other cores are left to the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    import numpy as np


def single_threaded_batches(x: np.ndarray, labels: np.ndarray, batch_size: int, seed: int | None = None) -> tf.data.Dataset:
    """Return a `tf.data.Dataset` of batches that one thread makes.

    Given arrays, `fit` lets TensorFlow choose how many threads make the batches, and on two cores these compete with the network
    for CPU time: `python -m tests.benchmark sign` measures it.

    Parameters
    ----------
    x : array of shape (n, ...)
        Examples.
    labels : array of shape (n,)
        Their labels.
    batch_size : int
        Examples in a batch; the last may have fewer.
    seed : int, optional
        Shuffle anew in each epoch, starting from this seed. Without it, keep the order of the arrays.

    Returns
    -------
    tf.data.Dataset
        Pairs of arrays, of shapes (batch_size, ...) and (batch_size,).

    Raises
    ------
    ValueError
        When `x` and `labels` differ in length, or `batch_size` is below 1.
    """
    if len(x) != len(labels):
        raise ValueError(f"x has {len(x)} examples and labels has {len(labels)}: each example needs one label")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    options = tf.data.Options()
    options.autotune.enabled, options.threading.private_threadpool_size = False, 1
    data = tf.data.Dataset.from_tensor_slices((x, labels))
    if seed is not None:
        data = data.shuffle(len(x), seed=seed)
    return data.batch(batch_size).prefetch(1).with_options(options)
