"""Files that may be good and cannot be read now: never called damaged, never moved, never to be deleted."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from helpers import recorded
from helpers.data import __main__ as command
from helpers.data import download, finding, load_traffic_signs, places, traffic
from helpers.data.catalog import FileLayout
from helpers.data.errors import DataNotFoundError, DownloadError, FileAccessError
from helpers.data.storage import read_hdf5, read_npz, reading, write_hdf5
from helpers.project import ROOT
from tests.data.support import files_in, put, small_info, traffic_arrays

pytestmark = pytest.mark.usefixtures("machine")
fcntl = pytest.importorskip("fcntl", reason="locks of this kind are Unix's")
REMEDY = "is in use or cannot be locked, as on some network shares: close the program that uses it, or set the environment " \
    "variable HDF5_USE_FILE_LOCKING=FALSE and restart Python"

HOLDER = textwrap.dedent("""
    import fcntl, sys
    file = open(sys.argv[1], "rb")
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
""")


@pytest.fixture
def locked():
    """A function that lets another process lock a file until the test is over."""
    holders = []

    def lock(path):
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        holders.append(holder)
        assert holder.stdout.readline() == "locked\n"
        return path

    yield lock
    for holder in holders:
        holder.communicate("")


@pytest.fixture
def kept(given, locked):
    """A good file of traffic signs that another process has locked."""
    write_hdf5(given / "traffic_signs.h5", traffic_arrays())
    return locked(given / "traffic_signs.h5")


def test_a_locked_file_is_named_with_the_remedy_that_works(kept):
    with pytest.raises(FileAccessError, match=f"^traffic_signs.h5 {REMEDY}$"):
        read_hdf5(kept)
    program = "import sys; from helpers.data.storage import read_hdf5; print(len(read_hdf5(sys.argv[1])[0]['images']))"
    run = subprocess.run([sys.executable, "-c", program, str(kept)], cwd=ROOT, capture_output=True, text=True,
                         env={**os.environ, "HDF5_USE_FILE_LOCKING": "FALSE"})
    assert run.stdout == "258\n", run.stderr


def test_a_loader_says_so_once_and_leaves_the_file_alone(kept, given, machine, monkeypatch, capsys):
    monkeypatch.setattr(finding, "download", lambda *_: pytest.fail("asked the network"))
    put(given, name=traffic.INFO.layouts[2].files[0].name)  # nor is an archive converted in its place
    content = kept.read_bytes()
    with pytest.raises(DataNotFoundError, match="not tried, because the copy on this machine may be good"):
        load_traffic_signs("real")
    assert load_traffic_signs("auto", classes=[14, 1]).source == "sample"
    said = capsys.readouterr().out
    assert said.count(REMEDY) == 1 and "elete" not in said and "amaged" not in said
    assert kept.read_bytes() == content and files_in(machine) == []


def test_another_copy_serves_meanwhile(kept, machine):
    np.savez(machine / "gtsrb_32.npz", **traffic_arrays())
    assert load_traffic_signs("real").origin == "the course's cache"


def test_verify_does_not_advise_to_delete_it(kept, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    assert command.main(["verify", "traffic"]) == 1
    said = capsys.readouterr().out
    assert REMEDY in said and "Delete" not in said


def test_a_download_does_not_push_it_aside(machine, locked, tmp_path):
    write_hdf5(machine / "traffic_signs.h5", traffic_arrays())
    (tmp_path / "new").mkdir()
    write_hdf5(tmp_path / "new" / "traffic_signs.h5", traffic_arrays(images=np.zeros((258, 32, 32, 3), np.uint8)))
    locked(machine / "traffic_signs.h5")
    with pytest.raises(DownloadError, match=r"already holds a copy: .* in use"):
        download.keep(traffic.INFO.layouts[0], tmp_path / "new", machine)
    assert files_in(machine) == ["traffic_signs.h5"]


def test_a_recorded_network_is_not_to_be_fetched_again(locked, tmp_path):
    copy = tmp_path / "pytorch_common.h5"
    copy.write_bytes((recorded.FOLDER / copy.name).read_bytes())
    with pytest.raises(recorded.RecordedFileError, match=f"{REMEDY}$"):
        recorded.load(locked(copy))


@pytest.mark.parametrize(("error", "words"), [
    (PermissionError(13, "Permission denied"), "Permission denied"), (OSError(5, "I/O error"), "nput/output error"),
    (MemoryError(), "more memory than is free"),
])
@pytest.mark.parametrize("reader", [lambda path: read_hdf5(path), lambda path: read_npz(path, {"images": None})])
def test_what_is_not_the_files_fault(tmp_path, monkeypatch, reader, error, words):
    def fail(*_, **__):
        raise error

    path = put(tmp_path)
    monkeypatch.setattr("h5py.File", fail)
    monkeypatch.setattr(np, "load", fail)
    with pytest.raises(FileAccessError, match=words):
        reader(path)


def test_a_copy_that_may_not_be_opened_is_not_called_damaged(given, monkeypatch, capsys):
    put(given)
    info = small_info()

    def read(paths):
        with reading(paths["small.npz"], "an .npz file"):
            raise PermissionError(13, "Permission denied", str(paths["small.npz"]))

    copy = finding.Copy(FileLayout(info.layouts[0].files, read), places.Place("here", given), {"small.npz": given / "small.npz"})
    monkeypatch.setattr(finding, "copies", lambda _: [copy])
    with pytest.raises(DataNotFoundError, match=r"small\.npz cannot be opened"):
        finding.obtain(info)
    assert "elete" not in capsys.readouterr().out
