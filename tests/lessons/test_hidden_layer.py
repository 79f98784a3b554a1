"""Lesson 02: early stopping by hand is what Keras does."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.support.exercise_cells import key_exercises


@pytest.mark.parametrize("seed", range(12))
def test_stopping_by_hand_is_what_keras_does(seed):
    space = {}
    exec(key_exercises("02_hidden_layer")["stopping_epoch"].sources("exercise-solution")[0], space)
    losses = np.random.default_rng(seed).integers(0, 8, size=14).astype(float).tolist()
    callback = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    callback.set_model(keras.Sequential([keras.Input((1,)), layers.Dense(1)]))
    callback.on_train_begin()
    callback.model.stop_training, epoch = False, 0
    while epoch < len(losses) and not callback.model.stop_training:
        callback.on_epoch_end(epoch, {"val_loss": losses[epoch]})
        epoch += 1
    assert space["stopping_epoch"](losses, 3) == (epoch, callback.best_epoch + 1)
