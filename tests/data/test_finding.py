"""Where the loaders look, in which order, what the settings mean, and what happens when nothing is found."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import helpers.data
from helpers.data import DataError, digits, finding, load_mnist, mnist, places
from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.dataset import Dataset
from helpers.data.errors import DataNotFoundError
from helpers.project import ROOT
from tests.data.support import (
    ARRAYS,
    HTML,
    LFS_POINTER,
    NPZ,
    good,
    npz_bytes,
    put,
    same,
    small_arrays,
    small_info,
)
from tests.support.real_data import needs, real_file

pytestmark = pytest.mark.usefixtures("machine")
OTHER = npz_bytes(small_arrays(seed=1))


@pytest.fixture
def small_mnist(monkeypatch, server):
    """MNIST, except that the arrays are small and the address is that of the test's server."""
    source = small_info(server.url("/mnist.npz"), name="mnist.npz")
    monkeypatch.setattr(mnist, "INFO", source)
    return source


def load_small(source, wanted="auto"):
    """A loader as the course's own are, for the small set."""
    def real(found):
        return Dataset(name="Small", source="real", origin=found.origin, license="", citation="",
                       class_names=digits.DIGIT_NAMES, **found.content)

    return finding.load(source, wanted, real, lambda: load_mnist("sample"))


def test_the_folders_are_searched_in_the_documented_order(tmp_path, given):
    source = small_info()
    order = [(tmp_path / "keras" / "datasets", "Keras's cache"), (tmp_path / "user", "the user's cache"),
             (places.PROJECT_CACHE, "the course's cache"), (given, "local copy in COURSE_DATA_DIR")]
    for folder, words in order:  # each new copy is preferred to those before it
        put(folder)
        found = finding.obtain(source)
        assert found.origin == words and same(found.content)
        assert found.paths["small.npz"].parent == folder


def test_the_origin_never_shows_a_path_of_this_machine(tmp_path, given, server):
    server["/a"] = good()
    for folder in (given, tmp_path / "keras" / "datasets", None):
        path = put(folder) if folder else None
        assert str(tmp_path) not in finding.obtain(small_info(server.url("/a"))).origin
        if path:
            path.unlink()


def test_any_container_of_the_same_arrays_serves(given):
    put(given, npz_bytes(ARRAYS, compressed=True))
    assert same(finding.obtain(small_info()).content)


@pytest.mark.parametrize(("content", "words"), [
    (HTML, "it is an HTML page"), (LFS_POINTER, "Git LFS pointer"), (b"", "it is empty"),
    (NPZ[:-1000], "cannot be read as an .npz file"), (OTHER, "differs from the published one"),
], ids=["HTML", "LFS pointer", "empty", "cut short", "other images"])
def test_a_bad_copy_is_named_not_used_and_not_touched(given, machine, capsys, content, words):
    path = put(given, content)
    put(machine)
    for _ in range(2):  # and named once
        found = finding.obtain(small_info())
    assert found.origin == "the course's cache" and same(found.content)
    assert path.read_bytes() == content
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert str(path) in said and words in said and "Delete it or replace it with a good copy" in said


def test_a_copy_with_another_checksum_is_not_used(given, machine):
    """Even where reading it would raise no objection, as with an archive."""
    put(given, OTHER)
    put(machine)
    file = DataFile("small.npz", checksum="sha256:" + hashlib.sha256(NPZ).hexdigest())
    source = DatasetInfo(**{**vars(small_info()),
                            "layouts": (FileLayout((file,), lambda paths: paths["small.npz"].read_bytes()),)})
    assert finding.obtain(source).content == NPZ


def test_a_copy_that_cannot_be_opened(given, machine, monkeypatch):
    put(given)
    put(machine)

    def read(paths):
        if paths["small.npz"].parent == given:
            raise PermissionError(13, "Permission denied", str(paths["small.npz"]))
        return dict(ARRAYS)

    source = small_info()
    source = DatasetInfo(**{**vars(source), "layouts": (FileLayout(source.layouts[0].files, read),)})
    assert finding.obtain(source).origin == "the course's cache"


def test_auto_falls_back_to_the_sample_and_says_so_once(server, capsys):
    source = small_info(server.url("/a"))
    for _ in range(2):
        assert load_small(source).source == "sample"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("Small: no copy on this machine, and no download (small.npz: 127.0.0.1")
    assert "answered 404" in said and "Using the offline sample instead: nothing much." in said


def test_real_raises_and_lists_what_was_tried(given, server, machine):
    path = put(given, HTML)
    with pytest.raises(DataNotFoundError) as caught:
        load_small(small_info(server.url("/a")), "real")
    message = str(caught.value)
    for words in (f"{path} is not used", "it is an HTML page", "answered 404", "python -m helpers.data download small",
                  f"{server.url('/a')} saved as small.npz", "COURSE_DATA_DIR", 'source="sample"'):
        assert words in message
    assert isinstance(caught.value, (DataError, FileNotFoundError))


def test_sample_searches_nothing(server, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA_DIR", "/there/is/no/such/folder")
    server["/a"] = good()
    assert load_small(small_info(server.url("/a")), "sample").source == "sample"
    assert server.asked == [] and capsys.readouterr().out == ""


def test_a_set_without_an_address_says_what_to_put_where():
    with pytest.raises(DataNotFoundError, match=r"put small\.npz into"):
        finding.obtain(small_info())


def test_load_mnist_end_to_end(small_mnist, server, machine):
    server["/mnist.npz"] = good()
    data = load_mnist("real")
    assert (data.name, data.source) == ("Small", "real")
    assert data.y_train.dtype == data.y_test.dtype == np.int64
    assert np.array_equal(data.x_train, ARRAYS["x_train"]) and np.array_equal(data.y_test, ARRAYS["y_test"])
    assert "downloaded from 127.0.0.1" in repr(data)
    assert "the course's cache" in repr(load_mnist())


def test_load_mnist_without_anything(small_mnist, capsys, monkeypatch):
    data = load_mnist()
    assert data.source == "sample" and "offline sample" in repr(data)
    assert "Using the offline sample instead" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(DataNotFoundError):
        load_mnist()


REAL = real_file("mnist.npz")  # before a fixture hides the reader's settings


@needs(REAL, "MNIST", "mnist")
def test_the_real_mnist(monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(REAL.parent))
    data = load_mnist("real")
    assert data.x_train.shape == (60000, 28, 28) and data.x_test.shape == (10000, 28, 28)
    assert data.source == "real" and data.x_train.shape[1:] == (28, 28)
    assert np.bincount(data.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_published_address_is_the_one_keras_uses():
    keras = importlib.util.find_spec("keras")  # found, not imported: that would take seconds
    source = (Path(keras.origin).parent / "src" / "datasets" / "mnist.py").read_text(encoding="utf-8")
    folder, name = mnist.INFO.layouts[0].files[0].url.rsplit("/", 1)
    assert f'"{folder}/"' in source and name in source


def test_loading_imports_no_deep_learning_framework():
    program = ("import sys; from helpers.data import load_mnist; load_mnist('sample'); import helpers.data.__main__; "
               "print(sorted({'tensorflow', 'keras', 'torch'} & set(sys.modules)))")
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]" and run.stderr == ""


def test_names_are_imported_when_they_are_used():
    assert helpers.data.load_mnist is mnist.load_mnist
    assert "load_signs" in dir(helpers.data)
    with pytest.raises(AttributeError, match="has no attribute 'load_minst'"):
        helpers.data.load_minst  # noqa: B018
