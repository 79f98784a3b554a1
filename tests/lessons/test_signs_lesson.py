"""Lesson 04 on files laid out like those of a well-known course, and its network."""

import json

import h5py
import keras
import numpy as np
import pytest

from helpers import pretrained, shapes
from helpers.data import load_signs
from helpers.project import ROOT
from helpers.results import closing_table
from tests.support.exercise_cells import run
from tests.support.lesson_code import code_cells, definitions

LESSON = "04_sign_language"


@pytest.fixture(scope="module")
def lesson():
    return definitions(LESSON, ["new_network", "RandomView", "wilson", "measure_again"],
                       {"keras": keras, "layers": keras.layers, "ops": keras.ops, "np": np})


def test_the_network_of_the_lesson(lesson):
    network = lesson["new_network"]()
    assert network.count_params() == 170_438
    assert sum(np.prod(weight.shape) for weight in network.non_trainable_weights) == 192
    assert shapes.from_keras(network).parameters == 170_438
    assert [layer.momentum for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)] == [0.99, 0.99]


def test_measuring_again_gives_the_plain_mean_over_batches(lesson):
    network = lesson["new_network"]()
    x = np.random.default_rng(0).normal(2, 3, (192, 64, 64, 3)).astype("float32")
    lesson["measure_again"](network, x)
    maps = keras.Model(network.input, network.get_layer("conv0").output)
    means = [np.mean(maps(x[start:start + 64]), axis=(0, 1, 2)) for start in (0, 64, 128)]
    np.testing.assert_allclose(network.get_layer("bn0").moving_mean, np.mean(means, axis=0), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("turn", "zoom", "shift"), [(0, 0, 0), (0.2, 0, 0), (0, 0.08, 0), (0, 0, 4)])
def test_a_view_keeps_the_middle_within_its_shift(lesson, turn, zoom, shift):
    """Turning and zooming go about the middle: a dot there stays there, and a shift moves it no further than it says."""
    keras.utils.set_random_seed(3)
    photo = np.zeros((16, 64, 64, 3), "float32")
    photo[:, 31:33, 31:33] = 1
    views = np.asarray(lesson["RandomView"](turn, zoom, shift)(photo, training=True))[..., 0]
    rows, columns = np.indices((64, 64))
    weight = views.sum((1, 2))
    moved = np.hypot((views * rows).sum((1, 2)) / weight - 31.5, (views * columns).sum((1, 2)) / weight - 31.5)
    assert moved.max() <= np.hypot(shift, shift) + 0.1
    assert (moved.max() > 1) == (shift > 0)
    assert np.array_equal(lesson["RandomView"](turn, zoom, shift)(photo, training=False), photo)


def test_the_interval_of_a_perfect_score_is_not_a_point(lesson):
    low, high = lesson["wilson"](120, 120)
    assert 0.96 < low < 0.975 and high == pytest.approx(1)


@pytest.mark.parametrize("split", [1, 2])
def test_the_networks_for_the_other_splits_fit_the_lesson(lesson, split):
    network = lesson["new_network"]()
    facts = pretrained.restore(network, pretrained.FOLDER / f"signs_tutorial_{split}.h5")
    assert f"split {split}, 1080 photos, 25 epochs" in facts["training"]
    # 425 steps have moved the running statistics off their start.
    assert float(np.abs(network.get_layer("bn0").moving_mean).max()) > 0.01


def test_files_like_those_of_a_well_known_course_run_through_the_lesson(tmp_path, monkeypatch, capsys):
    """Photos of the sample under the other course's names and layout: labels as a row, no series, no validation set.

    The lesson is run up to its first training; what comes after works on the same arrays.
    """
    sample = load_signs("sample")
    for part in ("train", "test"):
        with h5py.File(tmp_path / f"{part}_signs.h5", "w") as file:
            file[f"{part}_set_x"] = getattr(sample, f"x_{part}")
            file[f"{part}_set_y"] = getattr(sample, f"y_{part}").reshape(1, -1)
            file["list_classes"] = np.arange(6)
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(ROOT / "notebooks")
    page = {"__name__": "__main__"}
    for cell in code_cells(LESSON)[1:]:
        if ".fit(" in cell.source and "def " not in cell.source:
            break
        print(run([cell.source], page))
    measured = json.loads((ROOT / "data" / "measured_results.json").read_text(encoding="utf-8"))[LESSON]["real"]["results"]
    closing_table(measured, lesson=LESSON, data=page["signs"])
    said = capsys.readouterr().out
    assert "Hand signs (real data): 1,080 training + 120 test images" in said and "expected on files of your own" in said
