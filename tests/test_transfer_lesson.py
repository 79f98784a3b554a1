"""Lesson 06: its network, its splits, its way to begin again, and the layer that keeps a network as it was measured."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from helpers import pretrained, shapes
from helpers.batches import dealt_out
from tests.tools.lesson_code import definitions

NAMES = ["LOSS", "TRACKS", "tutorial_network", "Learner", "random_split", "split_by_track", "AsMeasured", "one_step", "draw",
         "halved"]


@pytest.fixture(scope="module")
def lesson():
    return definitions("06_transfer_learning", NAMES,
                       {"keras": keras, "layers": layers, "np": np, "tf": tf, "dealt_out": dealt_out})


def test_the_network_of_the_tutorial(lesson):
    network = lesson["tutorial_network"]()
    assert network.count_params() == 923_269 == shapes.from_keras(network).parameters


def test_one_split_keeps_tracks_whole_and_the_other_does_not(lesson):
    groups = np.repeat([100 * label + track for label in range(5) for track in range(10)], 7)
    random, whole = (lesson[name](groups, np.random.default_rng(0)) for name in ("random_split", "split_by_track"))
    assert random.sum() == whole.sum() == len(groups) // 5
    assert set(groups[whole]).isdisjoint(groups[~whole])
    assert set(groups[random]) & set(groups[~random])
    # Two tracks of each class, so that no class is missing on a side.
    assert np.bincount(np.unique(groups[whole]) // 100).tolist() == [2] * 5


def test_starting_over_forgets_everything(lesson):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(64, 4)).astype("float32"), random.integers(0, 3, 64)
    learner = lesson["Learner"](keras.Sequential([keras.Input((4,)), layers.Dense(3)]))
    start = learner.model.get_weights()
    found = []
    for seed in (1, 1, 2):
        learner.model.set_weights(start)
        learner.learn(x, y, epochs=6, seed=seed, batch_size=16)
        found.append(learner.model.get_weights())
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5, atol=1e-6)
    assert not np.allclose(found[0][0], found[2][0], rtol=1e-4)
    assert not np.allclose(found[0][0], start[0], rtol=1e-3)


def test_a_network_stays_as_measured_and_still_trains(lesson):
    small = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.5)])
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(lesson["AsMeasured"](small)(inputs)))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss=lesson["LOSS"])
    before = {weight.path: weight.numpy() for weight in small.weights}
    x, y = np.random.default_rng(0).normal(5, 2, (32, 4)), np.arange(32) % 2
    model.fit(x, y, epochs=2, verbose=0)
    moved = {weight.path.split("/")[-1] for weight in small.weights if not np.array_equal(weight, before[weight.path])}
    assert moved >= {"kernel", "gamma", "beta"} and not moved & {"moving_mean", "moving_variance"}


@pytest.mark.parametrize(("way", "moved", "by"), [
    ("nothing frozen", {"kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"}, "batch"),
    ("trainable = False", {"nothing"}, "moving averages"),
    ("stop_gradient", {"moving_mean", "moving_variance"}, "batch"),
    ("the head's variables only", {"moving_mean", "moving_variance"}, "batch")])
def test_three_ways_of_freezing(lesson, way, moved, by):
    name, found, normalized = lesson["one_step"](way)
    assert (name, set(found.split(", ")), normalized) == (way, moved, by)


def test_a_draw_takes_as_many_of_each_class(lesson):
    y = np.repeat([0, 1, 2], [40, 20, 30])
    rows = lesson["draw"](y, 10, seed=0)
    assert np.bincount(y[rows]).tolist() == [10] * 3 and len(set(rows)) == 30


def test_photos_are_halved_by_averaging(lesson):
    photos = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    small = lesson["halved"](photos)
    assert small.shape == (2, 32, 32, 3) and small.dtype == np.float32
    np.testing.assert_allclose(small[1, 5, 7], photos[1, 10:12, 14:16].mean((0, 1)) / 255, rtol=1e-6)


def test_the_base_brings_the_two_layers_that_features_come_from():
    base, _ = pretrained.pretrained_network()
    assert base.get_layer("features").output.shape == (None, 256)
    assert base.get_layer("early").output.shape == (None, 8, 8, 64)
