"""Lesson 04 on files laid out like those of a well-known course, and its network."""

import json

import h5py
import keras
import nbclient
import nbformat
import numpy as np
import pytest

from helpers import shapes
from helpers.data import load_signs
from helpers.project import ROOT
from tests.recorders.record_signs_ablation import WAYS
from tests.support.lesson_code import definitions

LESSON = ROOT / "notebooks" / "04_sign_language.ipynb"


@pytest.fixture(scope="module")
def lesson():
    return definitions("04_sign_language", ["new_network", "random_views", "wilson", "measure_again"],
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
    means = [np.mean(maps(x[start:start + 16]), axis=(0, 1, 2)) for start in range(0, 192, 16)]
    np.testing.assert_allclose(network.get_layer("bn0").moving_mean, np.mean(means, axis=0), rtol=1e-3, atol=1e-4)


def test_views_stay_near_the_photo_and_only_in_training(lesson):
    """A dot in the middle stays within the shift of 4 pixels, to which a turn and a zoom about the middle add next to nothing."""
    keras.utils.set_random_seed(3)
    photo = np.zeros((16, 64, 64, 3), "float32")
    photo[:, 31:33, 31:33] = 1
    views = lesson["random_views"]()
    assert np.array_equal(views(photo, training=False), photo)
    seen = np.asarray(views(photo, training=True))[..., 0]
    rows, columns = np.indices((64, 64))
    weight = seen.sum((1, 2))
    moved = np.abs([(seen * rows).sum((1, 2)) / weight - 31.5, (seen * columns).sum((1, 2)) / weight - 31.5])
    assert 1 < moved.max() < 4.5


def test_the_interval_of_a_perfect_score_is_not_a_point(lesson):
    low, high = lesson["wilson"](120, 120)
    assert 0.96 < low < 0.975 and high == pytest.approx(1)


def test_what_the_page_says_of_the_ablation():
    """The page draws what was recorded; these are its claims."""
    record = json.loads((ROOT / "data" / "recorded" / "signs_ablation.json").read_text(encoding="utf-8"))["accuracy"]
    assert list(record) == list(WAYS) and {len(values) for values in record.values()} == {3}
    for values in record.values():
        assert np.allclose(np.multiply(values, 120), np.round(np.multiply(values, 120)))
    mean = {way: np.mean(values) for way, values in record.items()}
    assert mean["all four"] >= 0.985 and min(mean["1. momentum 0.9"], mean["2. batches of 16"]) > 0.9
    assert max(mean[way] for way in ("the tutorial's recipe", "3. falling rate", "4. random views")) < 0.8


@pytest.mark.slow
def test_files_like_those_of_a_well_known_course_run_through_the_lesson(tmp_path, monkeypatch):
    """Photos of the sample under the other course's names and layout: labels as a row, no series, no validation set."""
    sample = load_signs("sample")
    for part in ("train", "test"):
        with h5py.File(tmp_path / f"{part}_signs.h5", "w") as file:
            file[f"{part}_set_x"] = getattr(sample, f"x_{part}")
            file[f"{part}_set_y"] = getattr(sample, f"y_{part}").reshape(1, -1)
            file["list_classes"] = np.arange(6)
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    notebook = nbformat.read(LESSON, as_version=4)
    sizes, = (cell for cell in notebook.cells if "SIZES[signs.source]" in cell.source)
    # Shorter than on the sample: accuracies of other files have no range to lie in.
    sizes.source = sizes.source.replace("SIZES[signs.source]", '{"every": 4, "epochs": 6, "final_epochs": 2}')
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(LESSON.parent)}}).execute()
    said = json.dumps([cell.get("outputs", []) for cell in notebook.cells])
    assert "Hand signs (real data): 1,080 training + 120 test images" in said
    assert "expected on files of your own" in said
