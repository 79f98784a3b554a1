"""Lesson 08: its record holds what the page says of it, and its functions build what the record was made with."""

import json

import keras
import numpy as np
import pytest
from keras import layers

from helpers import pretrained, shapes
from helpers.project import ROOT
from tests.recorders import record_deeper_networks as recorder
from tests.support.lesson_code import code_of, definitions, names_given


@pytest.fixture(scope="module")
def lesson():
    return definitions("08_deeper_networks", [name for name in recorder.NAMES if name != "parts"],
                       {"keras": keras, "layers": layers, "np": np})


@pytest.fixture(scope="module")
def record():
    return json.loads((ROOT / "data" / "recorded" / "deeper_networks.json").read_text(encoding="utf-8"))


def test_the_recorder_names_what_the_lesson_defines():
    assert set(recorder.NAMES) <= names_given(code_of("08_deeper_networks"))


def test_the_record_holds_every_run_of_the_recorder(lesson, record):
    for part, runs in (("depth", recorder.depth_runs), ("race", recorder.race_runs), ("own", recorder.own_runs)):
        wanted = {name: epochs for name, _, epochs in runs(lesson)}
        assert set(record[part]) == set(wanted)
        for name, kept in record[part].items():
            assert {len(one[key]) for one in kept for key in ("accuracy", "loss", "val_accuracy", "val_loss")} == {wanted[name]}
            assert all(np.shape(one["end"]) == (3, 2) and one["seconds"] > 0 for one in kept)


def test_each_way_was_recorded_with_three_seeds(record):
    assert len(record["depth"]["50 plain 18 epochs"]) == 1
    assert all(len(kept) == len(recorder.SEEDS) for part in ("depth", "race", "own")
               for name, kept in record[part].items() if name != "50 plain 18 epochs")


def test_the_end_agrees_with_the_last_epoch_of_the_history(record):
    for part in ("depth", "race", "own"):
        for kept in record[part].values():
            for one in kept:
                assert one["end"][1] == pytest.approx([one["val_loss"][-1], one["val_accuracy"][-1]], rel=2e-3)


def test_the_shipped_weights_are_those_of_the_recorded_network(lesson, record):
    keras.utils.clear_session()
    network = lesson["own_resnet"]()
    facts = pretrained.restore(network, pretrained.FOLDER / "traffic_signs_resnet.h5")
    assert float(facts["accuracy_by_track"]) == pytest.approx(record["own"]["own ResNet"][0]["end"][2][1], abs=6e-4)
    assert network.count_params() <= 300_000


def test_confused_pairs_are_mistakes_and_come_most_frequent_first(record):
    counts = [count for _, _, count, _ in record["confused"]]
    assert counts == sorted(counts, reverse=True) and len(counts) == recorder.PAIRS
    assert all(true != said and 0 < count <= frames for true, said, count, frames in record["confused"])


def test_the_record_says_what_the_prose_says(lesson, record):
    def mean(part, name, where):
        return np.mean([run["end"][where][1] for run in record[part][name]])

    assert round(mean("depth", "50 plain", 0), 2) == 0.17  # "17 percent"
    assert round(mean("depth", "26 residual", 2) - mean("depth", "26 plain", 2), 2) == 0.10  # "ten points"
    own, theirs = (mean("own", name, 2) for name in ("own ResNet", "lesson 7's network"))
    assert max(abs(own - 0.955), abs(theirs - 0.955)) < 0.002  # "near 0.955"
    smaller = lesson["own_resnet"]().count_params() / pretrained.network(43).count_params()
    assert round(1 - smaller, 2) == 0.30  # "30 percent fewer"
    pairs = [(true, said, frames) for true, said, _, frames in record["confused"]]
    limits = {0, 1, 2, 3, 4, 5, 7, 8}  # GTSRB's numbers of the speed limits
    others = [frames for true, said, frames in pairs if not {true, said} <= limits]
    assert others == [60, 60]  # "four of the six pairs"; "kinds with 60 test frames"
    ours = shapes.from_keras(lesson["race_network"](lesson["mobilenet"], lesson["FAMILIES"][lesson["mobilenet"]]))
    assert 65 < 300_774_272 / ours.multiply_adds < 70  # "nearly seventy times the work"
    seconds = sum(run["seconds"] for part in ("depth", "race", "own") for runs in record[part].values() for run in runs)
    assert seconds < 2 * 3600  # the recorder's docstring


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("skip", [False, True])
def test_depth_counts_convolutions_and_the_dense_layer_on_the_longest_path(lesson, blocks, skip):
    network = lesson["deep_network"](blocks, skip)
    threes = sum(getattr(layer, "kernel_size", None) == (3, 3) for layer in network.layers)
    assert threes + 1 == 6 * blocks + 2


def test_the_five_families_need_nearly_equal_work(lesson):
    work = [shapes.from_keras(lesson["race_network"](*one)).multiply_adds for one in lesson["FAMILIES"].items()]
    assert len(work) == 5 and max(work) < 1.05 * min(work)


def test_parts_keep_tracks_whole():
    from sklearn.model_selection import StratifiedGroupKFold

    from helpers.data import load_traffic_signs

    signs = load_traffic_signs("sample")
    names = {"np": np, "StratifiedGroupKFold": StratifiedGroupKFold}
    parts = definitions("08_deeper_networks", ["centered", "parts"], names)["parts"]
    (x, y), (watched, _), (asked, answers) = parts(signs, 500)
    assert len(x) == len(y) == 500 and len(asked) == len(answers) == len(signs.x_test)
    frames = {frame.tobytes(): group for frame, group in zip(signs.x_train, signs.groups_train)}

    def groups(pictures):
        return {frames[np.round(255 * (picture + 0.5)).astype("uint8").tobytes()] for picture in pictures}

    assert not groups(x) & groups(watched)
    assert np.abs(x).max() <= 0.5
