"""Lesson 07: its network, its splits, its training until the loss is flat, and its folder of photos."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image, ImageOps
from scipy import stats
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from helpers import pretrained, shapes
from helpers.data.photo_folder import write_sign_photos
from helpers.project import ROOT
from helpers.results import recorded
from tests.support.lesson_code import code_of, definitions, names_given

NAMES = ["LOSS", "tutorial_network", "split", "one_step", "what_moved", "four_of_each", "halved", "SMALL", "draw", "RATES",
         "OUTPUTS", "new_head", "new_model", "start_over", "fresh", "train", "paired", "imagenet_accuracy", "group_of",
         "sort_photos", "result_name"]


@pytest.fixture(scope="module")
def lesson():
    return definitions("07_transfer_learning", NAMES, {
        "keras": keras, "layers": layers, "np": np, "tf": tf, "stats": stats, "pretrained": pretrained, "Path": Path,
        "Image": Image, "ImageOps": ImageOps, "base": pretrained.pretrained_network()[0], "patience": 4, "budget": 30,
        "StratifiedGroupKFold": StratifiedGroupKFold, "StratifiedKFold": StratifiedKFold})


def test_the_network_of_the_tutorial(lesson):
    network = lesson["tutorial_network"]()
    assert network.count_params() == 923_269 == shapes.from_keras(network).parameters


def test_one_split_keeps_tracks_whole_and_the_other_does_not(lesson):
    groups = np.repeat([100 * label + track for label in range(5) for track in range(10)], 7)
    y = groups // 100
    (cut, out), (whole, held) = (lesson["split"](y, groups, by_track, 0) for by_track in (False, True))
    assert len(out) == len(held) == len(groups) // 5
    assert set(groups[held]).isdisjoint(groups[whole]) and set(groups[out]) & set(groups[cut])
    # Two tracks of each class, or nearly (scikit-learn 1.7): no class is missing on a side.
    assert np.bincount(np.unique(groups[held]) // 100).min() >= 1 and np.bincount(np.unique(groups[whole]) // 100).min() >= 7


@pytest.mark.parametrize(("way", "moved", "by"), [
    ("nothing frozen", {"kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"}, "batch"),
    ("trainable = False", {"nothing"}, "moving averages"),
    ("stop_gradient", {"moving_mean", "moving_variance"}, "batch"),
    ("the head's variables only", {"moving_mean", "moving_variance"}, "batch")])
def test_three_ways_of_freezing(lesson, way, moved, by):
    keras.utils.set_random_seed(0)
    found, normalized = lesson["what_moved"](way)
    assert (set(found.split(", ")), normalized) == (moved, by)


def test_small_is_counted_in_groups_and_no_group_is_on_both_sides(lesson):
    groups = np.repeat([100 * label + track for label in range(5) for track in range(15)], 4)
    lesson["JOBS"] = {"similar": (None, groups // 100, groups, None, None)}
    for seed in (0, 1):
        small, watched = lesson["draw"]("similar", "small", seed)
        large, same = lesson["draw"]("similar", "large", seed)
        assert np.bincount(np.unique(groups[small]) // 100).tolist() == [5] * 5 and len(small) == 100
        assert set(small) < set(large) and np.array_equal(watched, same)
        assert set(groups[large]).isdisjoint(groups[watched]) and len(large) + len(watched) == len(groups)


def test_four_frames_of_each_track(lesson):
    rows = lesson["four_of_each"](np.repeat([3, 1], [30, 7]))
    assert rows.tolist() == [30, 32, 34, 36, 0, 9, 19, 29]


def test_photos_are_halved_by_averaging(lesson):
    photos = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    small = lesson["halved"](photos)
    assert small.shape == (2, 32, 32, 3) and small.dtype == np.float32
    np.testing.assert_allclose(small[1, 5, 7], photos[1, 10:12, 14:16].mean((0, 1)) / 255, rtol=1e-6)


def test_training_stops_when_flat_and_keeps_the_best_weights(lesson):
    random = np.random.default_rng(0)
    y = np.arange(48) % 3
    x = (np.eye(3)[y] + random.normal(0, 0.6, (48, 3))).astype("float32")
    head = lesson["new_head"](3)
    head.compile(keras.optimizers.Adam(0.1), lesson["LOSS"])
    history = lesson["train"](head, x[:32], y[:32], (x[32:], y[32:]), seed=0)
    losses = history["val_loss"]
    assert len(losses) < 30
    assert head.evaluate(x[32:], y[32:], verbose=0) <= min(losses) + 0.01 + 1e-4


@pytest.fixture(scope="module")
def models(lesson):
    """Models of two ways for a job of 16 pictures, trained for one step each, and their pictures."""
    x, y = np.random.default_rng(0).uniform(size=(16, 32, 32, 3)).astype("float32"), np.arange(16) % 5
    end = "features from the end"
    inputs = {"fine-tune": x, end: x.reshape(16, -1)[:, :256]}
    lesson["JOBS"], lesson["INPUTS"] = {"similar": (x, y)}, {("similar", way): [one] for way, one in inputs.items()}
    lesson["MODELS"] = {way: lesson["new_model"](way) for way in inputs}
    for way, model in lesson["MODELS"].items():
        model.fit(inputs[way], y, verbose=0)
    return lesson["MODELS"]


def test_every_training_starts_over(lesson, models):
    head, base = models["features from the end"], lesson["base"]
    model = lesson["fresh"]("fine-tune")
    for weight, start in zip(model.get_weights(), [*base.get_weights()[:-2], *head.get_weights()], strict=True):
        assert np.array_equal(weight, start)
    trained = head.get_weights()
    assert not np.array_equal(lesson["fresh"]("features from the end").get_weights()[0], trained[0])
    for way in ("fine-tune", "features from the end"):
        iteration, rate, *remembered = (one.numpy() for one in models[way].optimizer.variables)
        assert iteration == 0 and rate == pytest.approx(lesson["RATES"][way]) and not any(one.any() for one in remembered)


def test_a_fine_tuned_base_keeps_its_moving_averages(lesson, models):
    model = lesson["fresh"]("fine-tune")
    before = {weight.path: weight.numpy() for weight in model.weights}
    model.fit(*lesson["JOBS"]["similar"], verbose=0)
    moved = {weight.path for weight in model.weights if not np.array_equal(weight, before[weight.path])}
    assert any("conv1" in path for path in moved) and not any("bn" in path for path in moved)


def test_paired_differences_use_the_factor_for_two_degrees_of_freedom(lesson):
    mean, off = lesson["paired"]([0.7, 0.8, 0.9], [0.68, 0.77, 0.85])
    assert mean == pytest.approx(0.1 / 3) and off == pytest.approx(4.302653 * np.std([0.02, 0.03, 0.05], ddof=1) / 3 ** 0.5)


def test_the_base_brings_the_two_layers_that_features_come_from():
    base, _ = pretrained.pretrained_network()
    assert base.get_layer("features").output.shape == (None, 256)
    assert base.get_layer("early").output.shape == (None, 8, 8, 32)


def test_a_fifth_way_trains_a_head_on_the_same_rows(lesson):
    groups = np.repeat(np.arange(75), 4)
    y = groups // 15
    features = (np.eye(5)[y] + np.random.default_rng(0).normal(0, 0.1, (300, 5))).astype("float32")
    lesson["JOBS"] = {"similar": (None, y, groups, None, y)}
    assert lesson["imagenet_accuracy"]("small", "similar", 0, features, features) > 0.9


def test_photos_are_sorted_by_group_and_what_cannot_be_read_is_told(lesson, tmp_path):
    photos = write_sign_photos(tmp_path / "photos", (14, 1), places=2, frames=3)
    (photos / "stop" / "notes.txt").write_text("not a photo")
    skipped = lesson["sort_photos"](photos, tmp_path / "sorted", lambda path: "test" if "place1" in path.name else "train")
    assert skipped == ["stop/notes.txt", "stop/place0-0.jpg"]
    copies = sorted(path.relative_to(tmp_path / "sorted").as_posix() for path in (tmp_path / "sorted").glob("*/stop/*"))
    assert copies == ["test/stop/place1-0.png", "test/stop/place1-1.png", "test/stop/place1-2.png",
                      "train/stop/place0-1.png", "train/stop/place0-2.png"]
    assert {Image.open(path).mode for path in (tmp_path / "sorted").glob("*/*/*")} == {"RGB"}
    assert lesson["group_of"](str(photos / "stop" / "place1-2.jpg")) == "stop/place1"


@pytest.mark.parametrize(("case", "way", "name"), [
    ("small, similar", "from scratch", "small_similar_scratch"), ("large, different", "fine-tune", "large_different_fine_tune"),
    ("small, different", "features from early layers", "small_different_layers")])
def test_results_have_short_names(lesson, case, way, name):
    assert lesson["result_name"](case, way) == name


def test_the_checklist_leads_to_headings_of_the_page():
    cells = nbformat.read(ROOT / "notebooks" / "07_transfer_learning.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    headings = {line.lstrip("# ").replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(links) >= 6 and set(links) <= headings


def test_the_prose_tells_the_rates_and_the_patience_of_the_code(lesson):
    text = "\n".join(cell.source for cell in nbformat.read(ROOT / "notebooks" / "07_transfer_learning.ipynb", 4).cells)
    assert "a twentieth of the head's rate" in text and "160 steps without progress on the photos, 80 on the drawings" in text
    assert lesson["RATES"]["features from the end"] == pytest.approx(20 * lesson["RATES"]["fine-tune"])
    rounds = {source: definitions("07_transfer_learning", ["patience"], {"limits": SimpleNamespace(source=source)})["patience"]
              for source in ("real", "sample")}
    assert (20 * rounds["real"], 20 * rounds["sample"]) == (160, 80)


def test_what_the_page_says_of_features_from_imagenet_was_recorded():
    """On hands far ahead of the end and close to the early layers, on signs behind the end."""
    imagenet = {case: np.mean(found) for case, found in pretrained.recorded_imagenet("real").items()}
    own = {name: np.mean(found) for name, found in recorded("07_transfer_learning").items()}
    for size in ("small", "large"):
        assert imagenet[f"{size}, different"] > own[f"{size}_different_end"] + 0.05
        assert abs(imagenet[f"{size}, different"] - own[f"{size}_different_layers"]) < 0.05
        assert imagenet[f"{size}, similar"] < own[f"{size}_similar_end"] - 0.01


def test_the_recorder_of_the_imagenet_column_names_what_the_lesson_defines():
    """It needs PyTorch, so it cannot be imported here; a name that is gone would stop it at its end."""
    source = (ROOT / "tests" / "recorders" / "record_imagenet_features.py").read_text(encoding="utf-8")
    names = next(ast.literal_eval(one.value) for one in ast.parse(source).body
                 if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "NAMES")
    assert set(names) <= names_given(code_of("07_transfer_learning"))
