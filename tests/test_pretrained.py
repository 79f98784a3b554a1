"""The pretrained network: small, whole, as good as its file says, and without the five signs."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers import pretrained, shapes
from helpers.data import DataError, load_traffic_signs
from helpers.data.traffic_names import SIGN_NAMES

SHARED = Path(os.environ.get("COURSE_DATA_DIR") or Path(__file__).resolve().parents[2] / "shared" / "data")


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
    assert model.count_params() == 750_470 == shapes.from_keras(model).parameters
    assert 0.90 < float(facts["accuracy_by_track"]) < 1 and "38 classes" in facts["training"]


def test_it_has_learned_something(loaded):
    """On drawn signs, which it has never seen, of kinds that it has: far better than chance."""
    model, _ = loaded
    signs = load_traffic_signs("sample", classes=pretrained.SEEN)
    answers = model.predict(signs.x_test.astype("float32") / 255, verbose=0).argmax(1)
    assert np.mean(answers == signs.y_test) > 5 / 38


@pytest.mark.skipif(not (SHARED / "gtsrb_32.npz").is_file(), reason="no copy of GTSRB on this machine")
def test_the_accuracy_in_the_file_is_true(loaded, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(SHARED))
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


@pytest.mark.parametrize("content", [b"", b"<html>no</html>", b"\x89HDF\r\n\x1a\n and then nothing"])
def test_a_damaged_file_is_refused(tmp_path, content):
    copy = tmp_path / "copy.h5"
    copy.write_bytes(content)
    with pytest.raises(DataError, match=r"copy\.h5 cannot be used"):
        pretrained.pretrained_network(copy)


def test_saved_and_loaded_computes_the_same(tmp_path):
    model = pretrained.network()
    pretrained.save(model, tmp_path / "new.h5", {"accuracy_by_track": "0"})
    again, _ = pretrained.pretrained_network(tmp_path / "new.h5")
    pictures = np.random.default_rng(0).uniform(size=(3, 32, 32, 3))
    np.testing.assert_array_equal(model.predict(pictures, verbose=0), again.predict(pictures, verbose=0))
