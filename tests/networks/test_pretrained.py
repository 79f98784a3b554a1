"""The pretrained network: small, whole, as good as its file says, and without the five signs."""

import shutil
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import requests

from helpers import pretrained, shapes
from helpers.data import DataError, download, load_traffic_signs, places
from helpers.data.traffic_names import SIGN_NAMES
from tests.support.real_data import needs, real_file

REAL = real_file("gtsrb_32.npz", "traffic_signs.h5")


@pytest.fixture(scope="module")
def loaded():
    return pretrained.pretrained_network()


def test_five_signs_are_left_out():
    assert sorted((*pretrained.SEEN, *pretrained.LEFT_OUT)) == list(range(43))
    assert [SIGN_NAMES[label] for label in pretrained.LEFT_OUT] == ["speed limit 30", "stop", "no entry", "road works",
                                                                    "turn right ahead"]


def test_the_file_is_small_and_says_how_good_it_is(loaded):
    model, facts = loaded
    assert pretrained.PATH.stat().st_size < 4_000_000
    assert model.count_params() == 393_878 == shapes.from_keras(model).parameters
    assert 0.90 < float(facts["accuracy_by_track"]) < 1 and "38 classes" in facts["training"]


def test_it_has_learned_something(loaded):
    """On drawn signs, which it has never seen, of kinds that it has: far better than chance."""
    model, _ = loaded
    signs = load_traffic_signs("sample", classes=pretrained.SEEN)
    answers = model.predict(signs.x_test.astype("float32") / 255, verbose=0).argmax(1)
    assert np.mean(answers == signs.y_test) > 5 / 38


@needs(REAL, "GTSRB", "traffic")
def test_the_accuracy_in_the_file_is_true(loaded, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(REAL.parent))
    model, facts = loaded
    signs = load_traffic_signs("real", classes=pretrained.SEEN)
    answers = model.predict(signs.x_test.astype("float32") / 255, batch_size=500, verbose=0).argmax(1)
    assert np.mean(answers == signs.y_test) == pytest.approx(float(facts["accuracy_by_track"]), abs=2e-3)


def test_an_altered_number_is_refused(tmp_path):
    copy = tmp_path / "copy.h5"
    copy.write_bytes(pretrained.PATH.read_bytes())
    with h5py.File(copy, "r+") as file:
        file["conv3/kernel"][0, 0, 0, 0] += 1
    with pytest.raises(DataError, match="conv3/kernel has changed"):
        pretrained.pretrained_network(copy)


def test_a_damaged_file_is_refused(tmp_path):
    copy = tmp_path / "copy.h5"
    copy.write_bytes(b"\x89HDF\r\n\x1a\n and then nothing")
    with pytest.raises(DataError, match=r"copy\.h5 cannot be used"):
        pretrained.pretrained_network(copy)


def test_saved_and_loaded_computes_the_same(tmp_path):
    model = pretrained.network()
    pretrained.save(model, tmp_path / "new.h5", {"accuracy_by_track": "0"})
    again, _ = pretrained.pretrained_network(tmp_path / "new.h5")
    pictures = np.random.default_rng(0).uniform(size=(3, 32, 32, 3))
    np.testing.assert_array_equal(model(pictures), again(pictures))


def test_weights_of_another_network_are_refused(tmp_path):
    pretrained.save(pretrained.network(5), tmp_path / "five.h5", {"training": "none"})
    model = pretrained.network()
    before = model.get_weights()
    with pytest.raises(DataError, match=r"five\.h5 cannot be used: logits/kernel should have shape \(256, 38\)"):
        pretrained.restore(model, tmp_path / "five.h5")
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))


@pytest.fixture
def nothing_kept(tmp_path, monkeypatch):
    """A machine without the weights of ImageNet; returns Keras's folder of weights."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("COURSE_DATA_DIR", raising=False)
    for name in ("PROJECT_CACHE", "USER_CACHE"):
        monkeypatch.setattr(places, name, tmp_path / "cache")
    (tmp_path / "keras" / "models").mkdir(parents=True)
    yield tmp_path / "keras" / "models"


@pytest.fixture(scope="module")
def imagenet_file(tmp_path_factory):
    """A file as Keras keeps it, with random weights."""
    path = tmp_path_factory.mktemp("weights") / pretrained._IMAGENET.name
    keras.applications.MobileNetV2((96, 96, 3), include_top=False, pooling="avg", weights=None).save(path)
    return path


def served(monkeypatch, content):
    """Let every address answer with these bytes, or raise."""
    def answer(url, path, pooch_object):
        if isinstance(content, Exception):
            raise content
        Path(path).write_bytes(content)
    monkeypatch.setattr(download.pooch, "HTTPDownloader", lambda **_: answer)
    monkeypatch.setattr(download, "PAUSE", 0)


def no_network(monkeypatch):
    monkeypatch.setattr(download.pooch, "HTTPDownloader", lambda **_: pytest.fail("asked the network"))


def test_the_sample_fetches_no_imagenet_weights(nothing_kept, monkeypatch, capsys):
    no_network(monkeypatch)
    assert pretrained.imagenet_weights("sample") is None
    assert capsys.readouterr().out == "MobileNetV2 gets no weights: a run on the offline sample fetches nothing.\n"


@pytest.mark.parametrize(("content", "reason"), [
    (requests.ConnectionError(), "cannot be reached"), (requests.ConnectTimeout(), "did not connect"),
    (requests.exceptions.ChunkedEncodingError(), "broke off"), (b"<html>sign in</html>", "it is an HTML page"),
    (b"\x89HDF\r\n\x1a\n and then nothing", "cannot be read as a file of these weights")])
def test_what_cannot_be_fetched_costs_one_line_and_leaves_nothing(nothing_kept, monkeypatch, capsys, content, reason):
    served(monkeypatch, content)
    assert pretrained.imagenet_weights("real") is None
    said = capsys.readouterr().out
    assert "its weights are not on this machine, and cannot be fetched" in said and reason in said
    assert not list((nothing_kept.parents[1] / "cache").rglob("*.h5"))


def test_fetched_weights_are_kept_and_not_fetched_again(nothing_kept, monkeypatch, imagenet_file):
    served(monkeypatch, imagenet_file.read_bytes())
    fetched = pretrained.imagenet_weights("real")
    no_network(monkeypatch)
    assert pretrained.imagenet_weights("sample") == fetched
    assert Path(fetched).read_bytes() == imagenet_file.read_bytes()


def test_weights_that_keras_has_kept_are_used(nothing_kept, monkeypatch, imagenet_file):
    no_network(monkeypatch)
    shutil.copy(imagenet_file, nothing_kept)
    weights = pretrained.imagenet_weights("real")
    base = keras.applications.MobileNetV2((96, 96, 3), include_top=False, pooling="avg", weights=weights)
    assert base.output_shape == (None, 1280)


def test_a_kept_file_that_was_cut_short_is_named(nothing_kept, monkeypatch, capsys, imagenet_file):
    no_network(monkeypatch)
    cut = nothing_kept / pretrained._IMAGENET.name
    cut.write_bytes(imagenet_file.read_bytes()[:100_000])
    assert pretrained.imagenet_weights("real") is None
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "cannot be read as a file of these weights" in said and f"Delete {places.shown(cut)}" in said
    assert cut.is_file()


def test_an_unwritable_home_is_left_aside_as_keras_does(monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(places.os, "access", lambda *_: False)
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(tmp_path))
    broken = tmp_path / ".keras" / "models" / pretrained._IMAGENET.name
    broken.parent.mkdir(parents=True)
    broken.touch()
    assert pretrained.imagenet_weights("sample") is None


def test_the_recorded_column_has_each_case_and_seed():
    for source in ("sample", "real"):
        recorded = pretrained.recorded_imagenet(source)
        assert list(recorded) == [f"{size}, {job}" for size in ("small", "large") for job in ("similar", "different")]
        assert all(len(values) == 3 and all(0 <= value <= 1 for value in values) for values in recorded.values())
