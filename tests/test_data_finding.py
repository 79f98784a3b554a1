"""Where the loaders look, in which order, what the settings mean, and what happens when nothing is found."""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import helpers.data
from helpers.data import DataError, digits, download, finding, load_mnist, mnist, places
from helpers.data.dataset import Dataset
from helpers.data.errors import DataNotFoundError, SettingsError, VerificationError
from helpers.data.sources import DataFile, Form, Source
from helpers.data.storage import read_hdf5, write_hdf5
from helpers.project import ROOT
from tests.test_data_support import (
    ARRAYS,
    EXPECTED,
    HTML,
    LFS_POINTER,
    NPZ,
    good,
    machine_fixture,  # noqa: F401
    npz_bytes,
    same,
    server_fixture,  # noqa: F401
    small_arrays,
    small_source,
)

pytestmark = pytest.mark.usefixtures("machine")
OTHER = npz_bytes(small_arrays(seed=1))


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A folder named by COURSE_DATA_DIR."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def small_mnist(monkeypatch, server):
    """MNIST, except that the arrays are small and the address is that of the test's server."""
    source = small_source(server.url("/mnist.npz"), name="mnist.npz")
    monkeypatch.setattr(mnist, "SOURCE", source)
    return source


def put(folder, content=NPZ, name="small.npz"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def load_small(source, wanted="auto"):
    """A loader as the course's own are, for the small set."""
    def real(found):
        return Dataset(name="Small", source="real", origin=found.origin, license="", citation="",
                       class_names=digits.DIGIT_NAMES, **found.content)

    return finding.load(source, wanted, real, lambda: load_mnist("sample"))


def test_the_folders_are_searched_in_the_documented_order(tmp_path, given):
    source = small_source()
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
        assert str(tmp_path) not in finding.obtain(small_source(server.url("/a"))).origin
        if path:
            path.unlink()


def test_any_container_of_the_same_arrays_serves(given):
    put(given, npz_bytes(ARRAYS, compressed=True))
    assert same(finding.obtain(small_source()).content)


@pytest.mark.parametrize(("content", "words"), [
    (HTML, "it is an HTML page"), (LFS_POINTER, "Git LFS pointer"), (b"", "it is empty"),
    (NPZ[:-1000], "cannot be read as an .npz file"), (OTHER, "differs from the published one"),
], ids=["HTML", "LFS pointer", "empty", "cut short", "other images"])
def test_a_bad_copy_is_named_not_used_and_not_touched(given, machine, capsys, content, words):
    path = put(given, content)
    put(machine)
    found = finding.obtain(small_source())
    assert found.origin == "the course's cache" and same(found.content)
    assert path.read_bytes() == content
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert str(path) in said and words in said and "Delete it or put a good copy in its place" in said


def test_a_bad_copy_is_announced_once(given, machine, capsys):
    put(given, HTML)
    put(machine)
    finding.obtain(small_source())
    finding.obtain(small_source())
    assert capsys.readouterr().out.count("is not used") == 1


def test_a_copy_with_another_checksum_is_not_used(given, machine):
    """Even where reading it would raise no objection, as with an archive."""
    put(given, OTHER)
    put(machine)
    file = DataFile("small.npz", checksum="sha256:" + hashlib.sha256(NPZ).hexdigest())
    source = Source(**{**vars(small_source()), "forms": (Form((file,), lambda paths: paths["small.npz"].read_bytes()),)})
    assert finding.obtain(source).content == NPZ


def test_a_copy_that_cannot_be_opened(given, machine, monkeypatch):
    put(given)
    put(machine)

    def read(paths):
        if paths["small.npz"].parent == given:
            raise PermissionError(13, "Permission denied", str(paths["small.npz"]))
        return dict(ARRAYS)

    source = small_source()
    source = Source(**{**vars(source), "forms": (Form(source.forms[0].files, read),)})
    assert finding.obtain(source).origin == "the course's cache"


def test_auto_falls_back_to_the_sample_and_says_so_once(server, capsys):
    source = small_source(server.url("/a"))
    for _ in range(2):
        assert load_small(source).source == "sample"
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("Small: no copy on this machine, and no download (small.npz: 127.0.0.1")
    assert "answered 404" in said and "The offline sample stands in: nothing much." in said


def test_auto_prefers_the_real_data(server):
    server["/a"] = good()
    assert load_small(small_source(server.url("/a"))).source == "real"


def test_real_raises_and_lists_what_was_tried(given, server, machine):
    path = put(given, HTML)
    with pytest.raises(DataNotFoundError) as caught:
        load_small(small_source(server.url("/a")), "real")
    message = str(caught.value)
    for words in (f"{path} is not used", "it is an HTML page", "answered 404", "python -m helpers.data download small",
                  f"{server.url('/a')} saved as small.npz", "COURSE_DATA_DIR", 'source="sample"'):
        assert words in message
    assert isinstance(caught.value, (DataError, FileNotFoundError))


def test_sample_searches_nothing(server, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA_DIR", "/there/is/no/such/folder")
    server["/a"] = good()
    assert load_small(small_source(server.url("/a")), "sample").source == "sample"
    assert server.asked == [] and capsys.readouterr().out == ""


@pytest.mark.parametrize(("argument", "variable", "meant"), [
    ("auto", None, "auto"), ("auto", "", "auto"), ("auto", "auto", "auto"), ("auto", "real", "real"),
    ("auto", "sample", "sample"),
    ("auto", " Sample ", "sample"), ("real", "sample", "real"), ("sample", "real", "sample"), ("real", "nonsense", "real"),
])
def test_the_variable_decides_for_auto_and_only_for_auto(monkeypatch, argument, variable, meant):
    if variable is not None:
        monkeypatch.setenv("COURSE_DATA", variable)
    assert places.wanted_source(argument) == meant


def test_an_unknown_source_is_refused(monkeypatch):
    with pytest.raises(SettingsError, match="source must be 'auto', 'real' or 'sample', not 'reel'"):
        load_mnist("reel")
    monkeypatch.setenv("COURSE_DATA", "offline")
    with pytest.raises(SettingsError, match="COURSE_DATA is 'offline'; set it to auto, real or sample"):
        load_mnist()


def test_a_folder_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=r"COURSE_DATA_DIR is .*missing', which does not exist"):
        load_mnist()
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(SettingsError, match="which is a file, not a folder"):
        load_mnist()
    monkeypatch.setenv("COURSE_DATA_DIR", "no/such/folder")
    with pytest.raises(SettingsError, match="a relative path starts at the course's folder"):
        load_mnist()


def test_a_relative_folder_means_the_same_from_everywhere(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", "elsewhere")
    for working in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(working)
        assert places.folders()[0].path == (tmp_path / "elsewhere").resolve()


def test_keras_is_asked_where_it_keeps_its_files(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    assert places.folders()[-1].path == tmp_path / "k" / "datasets"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert places.folders()[-1].path == tmp_path / ".keras" / "datasets"


def test_paths_are_shown_short(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert places.shown(tmp_path / "a" / "b") == str(Path("~", "a", "b"))
    assert places.shown(ROOT / "data" / "cache") == str(Path("data", "cache"))
    assert places.shown(tmp_path.parent) == str(tmp_path.parent)


def test_an_installation_apart_from_the_course_uses_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    assert places.cache_folder() == tmp_path / "user"


def archived(server, converted, in_data_folder=False):
    """A set that is published as one archive (here: an .npz) and used as an HDF5 file."""
    def convert(paths, folder):
        converted.append(folder)
        with np.load(paths["archive.npz"], allow_pickle=False) as arrays:
            write_hdf5(folder / "small.h5", {name: arrays[name] for name in EXPECTED})

    def read(paths):
        return read_hdf5(paths["small.h5"], EXPECTED)[0]

    base = small_source(server.url("/archive.npz"), name="archive.npz")
    file = DataFile("archive.npz", base.forms[0].files[0].urls, aliases=("archive-1.npz",))
    archive = Form((file,), base.forms[0].read, archive=True)
    return Source(**{**vars(base), "forms": (Form((DataFile("small.h5"),), read), archive), "convert": convert,
                     "in_data_folder": in_data_folder})


def test_an_archive_is_converted_once(server, machine):
    server["/archive.npz"], converted = good(), []
    source = archived(server, converted)
    first, second = finding.obtain(source), finding.obtain(source)
    assert same(first.content) and same(second.content)
    assert first.origin.startswith("downloaded from 127.0.0.1") and second.origin == "the course's cache"
    assert len(converted) == 1 and server.asked == ["/archive.npz"]
    assert sorted(path.name for path in machine.iterdir()) == ["archive.npz", "small.h5"]


def test_an_archive_given_by_the_reader_is_converted_too(server, given, machine):
    converted = []
    put(given, name="archive-1.npz")
    source = archived(server, converted)
    assert finding.obtain(source).origin == "local copy in COURSE_DATA_DIR"
    assert finding.obtain(source).origin == "the course's cache"
    assert len(converted) == 1 and server.asked == []
    assert [path.name for path in given.iterdir()] == ["archive-1.npz"]


def test_a_conversion_that_fails_leaves_nothing_half_done(server, machine):
    server["/archive.npz"] = good()
    source = archived(server, [])

    def convert(paths, folder):
        write_hdf5(folder / "small.h5", {"x_train": ARRAYS["x_train"]})
        raise VerificationError("archive.npz cannot be used: it holds no pictures")

    with pytest.raises(DataNotFoundError, match="it holds no pictures"):
        finding.obtain(Source(**{**vars(source), "convert": convert}))
    assert [path.name for path in machine.iterdir()] == ["archive.npz"]
    assert same(finding.obtain(source).content)


def test_what_a_conversion_wrote_is_verified_before_it_is_kept(server, machine):
    server["/archive.npz"] = good()

    def convert(paths, folder):
        write_hdf5(folder / "small.h5", {"x_train": ARRAYS["x_train"]})

    with pytest.raises(DataNotFoundError, match="the array 'y_train' is missing"):
        finding.obtain(Source(**{**vars(archived(server, [])), "convert": convert}))
    assert not (machine / "small.h5").exists()


def test_a_damaged_conversion_is_made_again_from_the_archive(server, machine):
    server["/archive.npz"], converted = good(), []
    source = archived(server, converted)
    finding.obtain(source)
    (machine / "small.h5").write_bytes(HTML)
    assert same(finding.obtain(source).content)
    assert len(converted) == 2 and server.asked == ["/archive.npz"]
    assert (machine / "small.h5.damaged").read_bytes() == HTML


def test_the_data_folder_counts_only_for_sets_that_say_so(server, tmp_path):
    write_hdf5(places.DATA_FOLDER / "small.h5", ARRAYS)
    assert finding.obtain(archived(server, [], in_data_folder=True)).origin == "the course's data folder"
    with pytest.raises(DataNotFoundError):
        finding.obtain(archived(server, []))


def test_files_that_belong_together_must_lie_together(tmp_path, given, machine, capsys):
    form = Form((DataFile("one"), DataFile("two")), lambda paths: {name: path.read_text() for name, path in paths.items()})
    source = Source(name="pair", title="Pair", forms=(form,), license="", citation="", homepage="", sample="")
    (given / "one").write_text("given")
    for name in ("one", "two"):
        (machine / name).write_text("cache")
    assert finding.obtain(source).content == {"one": "cache", "two": "cache"}
    assert "holds one but not two; they belong in one folder" in capsys.readouterr().out


def test_a_set_without_an_address_says_what_to_put_where():
    with pytest.raises(DataNotFoundError, match=r"put small\.npz into"):
        finding.obtain(small_source())


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
    assert data.source == "sample" and "offline sample, not the real data" in repr(data)
    assert "The offline sample stands in" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(DataNotFoundError):
        load_mnist()


def _folder_with_mnist():
    given = os.environ.get("COURSE_DATA_DIR")
    folders = [ROOT / given, Path(given).absolute()] if given else []
    return next((folder for folder in [*folders, ROOT / "data" / "cache"] if (folder / "mnist.npz").is_file()), None)


REAL_FOLDER = _folder_with_mnist()  # before a fixture hides the reader's settings


@pytest.mark.skipif(REAL_FOLDER is None, reason="no copy of MNIST on this machine (python -m helpers.data download mnist)")
def test_the_real_mnist(monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(REAL_FOLDER))
    data = load_mnist("real")
    assert data.x_train.shape == (60000, 28, 28) and data.x_test.shape == (10000, 28, 28)
    assert data.source == "real" and data.image_shape == (28, 28)
    assert np.bincount(data.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_published_address_is_the_one_keras_uses():
    keras = importlib.util.find_spec("keras")  # found, not imported: that would take seconds
    source = (Path(keras.origin).parent / "src" / "datasets" / "mnist.py").read_text(encoding="utf-8")
    folder, name = mnist.SOURCE.forms[0].files[0].urls[0].rsplit("/", 1)
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


def test_a_failed_host_does_not_slow_down_the_next_call(server, monkeypatch):
    waits = []
    monkeypatch.setattr(download, "PAUSE", 1.0)
    monkeypatch.setattr(download.time, "sleep", waits.append)
    server["/a"] = lambda handler: None  # closes without an answer
    for _ in range(3):
        load_small(small_source(server.url("/a")))
    assert waits == [1.0, 2.0] and len(server.asked) == 3
