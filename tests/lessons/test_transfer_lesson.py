"""Lesson 07: its network, its splits, its way to begin again, and the layer that keeps a network as it was measured."""

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from helpers import pretrained, shapes
from helpers.batches import single_threaded_batches
from helpers.project import ROOT
from tests.support.lesson_code import definitions

NAMES = ["LOSS", "TRACKS", "tutorial_network", "Learner", "random_split", "split_by_track", "AsMeasured", "base_and_head",
         "one_step", "what_moved", "draw", "halved", "Job", "train_head", "FIFTH", "fifth_column"]


@pytest.fixture(scope="module")
def lesson():
    return definitions("07_transfer_learning", NAMES,
                       {"keras": keras, "layers": layers, "np": np, "tf": tf, "single_threaded_batches": single_threaded_batches,
                        "track": lambda rounds, _: rounds})


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
    name, found, normalized = lesson["what_moved"](way)
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


def test_a_fifth_column_goes_through_all_cases_and_seeds(lesson):
    """With a stand-in for the base from ImageNet, which a test cannot have."""
    random = np.random.default_rng(0)
    jobs = {}
    for name, classes in (("similar", 5), ("different", 6)):
        y = np.repeat(np.arange(classes), 8)
        x = (y[:, None, None, None] / classes + random.uniform(0, 0.05, (len(y), 32, 32, 3))).astype("float32")
        job = jobs[name] = lesson["Job"].__new__(lesson["Job"])
        job.x, job.y, job.x_test, job.y_test, job.classes, job.features, job.heads = x, y, x, y, classes, {}, {}
    cases = [(size, name) for name in jobs for size in ("small", "large")]
    lesson.update(ready=jobs, rounds=[(*setting, seed) for setting in cases for seed in (0, 1, 2)],
                  SIZES={"small": 4, "large": 8}, EPOCHS={"small": {"head": 3}, "large": {"head": 2}},
                  grid={f"{size}, {name}": {"from scratch": [0.5] * 3} for size, name in cases})
    stand_in = keras.Sequential([keras.Input((32, 32, 3)), layers.Resizing(96, 96), layers.Rescaling(2.0, offset=-1.0),
                                 layers.GlobalAveragePooling2D()])
    lesson["fifth_column"](stand_in)
    for ways in lesson["grid"].values():
        assert list(ways) == ["from scratch", lesson["FIFTH"]]
        assert len(ways[lesson["FIFTH"]]) == 3 and all(0 <= accuracy <= 1 for accuracy in ways[lesson["FIFTH"]])
    assert jobs["similar"].features["fifth"][0].shape == (40, 3)
    np.testing.assert_allclose(jobs["similar"].features["fifth"][0], 2 * jobs["similar"].x.mean((1, 2)) - 1, atol=1e-4)


def test_the_lesson_spoils_a_copy_and_not_its_base():
    """It shows how a base is spoiled, and must have done so to another one."""
    notebook = nbformat.read(ROOT / "notebooks" / "07_transfer_learning.ipynb", as_version=4)
    wanted = {"a-network-that-has-seen-38-other-signs-2": 1, **{f"frozen-in-three-ways-{number}": 1 for number in (5, 7)}}
    space = {"keras": keras, "layers": layers, "np": np, "pretrained": pretrained}
    for cell in notebook.cells:
        if wanted.pop(cell.id, None):
            exec(cell.source, space)
    assert not wanted
    as_read, _ = pretrained.pretrained_network()
    spoiled = [weight.path for weight, kept in zip(space["throwaway"].weights, as_read.weights)
               if not np.array_equal(weight, kept)]
    assert spoiled and all("moving" in path for path in spoiled)
    assert all(np.array_equal(*pair) for pair in zip(space["base"].get_weights(), as_read.get_weights()))
