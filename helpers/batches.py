"""Deal out batches in one thread, so that on few cores the others are the network's."""

import tensorflow as tf


def dealt_out(x, labels, batch_size, seed=None):
    """Return a `tf.data.Dataset` of batches, as lesson 3 builds it by hand.

    What `fit` makes of arrays lets TensorFlow choose how many threads deal, and on two cores these at times keep the network
    waiting: `python -m tests.benchmark sign` measures it.

    Parameters
    ----------
    x : array of shape (n, ...)
        Examples.
    labels : array of shape (n,)
        Their labels.
    batch_size : int
        Examples in a batch; the last may have fewer.
    seed : int, optional
        Deal in another order in each epoch, drawn from this seed. Without it, in the order of the array.

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
