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


def test_weights_of_another_network_are_refused(tmp_path):
    pretrained.save(pretrained.network(5), tmp_path / "five.h5", {"training": "none"})
    model = pretrained.network()
    before = model.get_weights()
    with pytest.raises(DataError, match=r"five\.h5 cannot be used: logits/kernel should have shape \(256, 38\)"):
        pretrained.restore(model, tmp_path / "five.h5")
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))


@pytest.fixture
def nothing_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_the_sample_fetches_no_imagenet_weights(nothing_kept, monkeypatch, capsys):
    monkeypatch.setattr(pretrained.requests, "head", lambda *_, **__: pytest.fail("asked the network"))
    assert pretrained.imagenet_network("sample") is None
    assert capsys.readouterr().out == "MobileNetV2 is left out: a run on the offline sample fetches nothing.\n"


def test_without_network_one_line_says_so(nothing_kept, monkeypatch, capsys):
    def refused(*_, **__):
        raise pretrained.requests.ConnectionError
    monkeypatch.setattr(pretrained.requests, "head", refused)
    assert pretrained.imagenet_network("real") is None
    assert "its weights are not on this machine, and their server cannot be reached" in capsys.readouterr().out


def test_weights_on_this_machine_are_used_without_asking(nothing_kept, monkeypatch):
    monkeypatch.setattr(pretrained.requests, "head", lambda *_, **__: pytest.fail("asked the network"))
    build = pretrained.keras.applications.MobileNetV2
    asked = []
    monkeypatch.setattr(pretrained.keras.applications, "MobileNetV2",
                        lambda *shape, weights, **options: asked.append(weights) or build(*shape, weights=None, **options))
    (nothing_kept / "models").mkdir()
    (nothing_kept / "models" / pretrained._IMAGENET).touch()
    model = pretrained.imagenet_network("real")
    assert asked == ["imagenet"] and model.output_shape == (None, 1280)
