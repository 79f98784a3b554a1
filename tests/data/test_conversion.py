"""Sets that are published as an archive: converted once, verified, kept; and files that belong together."""

import numpy as np
import pytest

from helpers.data import finding, places
from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.errors import DataNotFoundError, VerificationError
from helpers.data.storage import read_hdf5, write_hdf5
from tests.data.support import ARRAYS, EXPECTED, HTML, good, put, same, small_info

pytestmark = pytest.mark.usefixtures("machine")


def archived(server, converted, in_data_folder=False):
    """A set that is published as one archive (here: an .npz) and used as an HDF5 file."""
    def convert(paths, folder):
        converted.append(folder)
        with np.load(paths["archive.npz"], allow_pickle=False) as arrays:
            write_hdf5(folder / "small.h5", {name: arrays[name] for name in EXPECTED})

    def read(paths):
        return read_hdf5(paths["small.h5"], EXPECTED)[0]

    base = small_info(server.url("/archive.npz"), name="archive.npz")
    file = DataFile("archive.npz", base.layouts[0].files[0].url, aliases=("archive-1.npz",))
    archive = FileLayout((file,), base.layouts[0].read, archive=True)
    return DatasetInfo(**{**vars(base), "layouts": (FileLayout((DataFile("small.h5"),), read), archive), "convert": convert,
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
        finding.obtain(DatasetInfo(**{**vars(source), "convert": convert}))
    assert [path.name for path in machine.iterdir()] == ["archive.npz"]
    assert same(finding.obtain(source).content)


def test_what_a_conversion_wrote_is_verified_before_it_is_kept(server, machine):
    server["/archive.npz"] = good()

    def convert(paths, folder):
        write_hdf5(folder / "small.h5", {"x_train": ARRAYS["x_train"]})

    with pytest.raises(DataNotFoundError, match="the array 'y_train' is missing"):
        finding.obtain(DatasetInfo(**{**vars(archived(server, [])), "convert": convert}))
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
    form = FileLayout((DataFile("one"), DataFile("two")), lambda paths: {name: path.read_text() for name, path in paths.items()})
    source = DatasetInfo(name="pair", title="Pair", layouts=(form,), license="", citation="", sample="")
    (given / "one").write_text("given")
    for name in ("one", "two"):
        (machine / name).write_text("cache")
    assert finding.obtain(source).content == {"one": "cache", "two": "cache"}
    assert "holds one but not two; they must be in the same folder" in capsys.readouterr().out
