"""Reading trusts nothing; writing leaves whole files or none."""

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.catalog import all_datasets, named
from helpers.data.errors import VerificationError
from helpers.data.storage import array_sha256, check_checksum, read_hdf5, read_npz, what_is_it, write_hdf5
from helpers.project import ROOT
from helpers.whole_files import install, staging, whole_file, write_whole
from tests.data.support import HTML, LFS_POINTER, npz_bytes

TINY = {"images": np.arange(60, dtype=np.uint8).reshape(5, 4, 3), "labels": np.array([0, 1, 2, 2, 0], np.uint8)}
TINY_EXPECTED = {name: (array.shape, hashlib.sha256(array.tobytes()).hexdigest()) for name, array in TINY.items()}


def saved(tmp_path, content, name="file.npz"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_the_digest_is_that_of_the_bytes_in_c_order():
    array = np.arange(12, dtype=np.int32).reshape(3, 4)
    assert array_sha256(array) == hashlib.sha256(array.tobytes()).hexdigest()
    assert array_sha256(np.asfortranarray(array)) == array_sha256(array)
    assert array_sha256(array.T) != array_sha256(array)
    assert array_sha256(np.uint8(7)) == hashlib.sha256(b"\x07").hexdigest()
    assert array_sha256(np.zeros((0, 3))) == hashlib.sha256(b"").hexdigest()
    assert array_sha256(array.astype(">i4")) == array_sha256(array)  # values count, so a flipped byte order does too


@pytest.mark.parametrize(("content", "words"), [
    (b"", "empty"), (HTML, "HTML page"), (b"\xef\xbb\xbf\n  <html lang='en'>", "HTML page"), (LFS_POINTER, "Git LFS pointer"),
    (b"\x89HDF\r\n\x1a\n", ""), (b"PK\x03\x04", ""),
])
def test_what_lies_under_the_name(tmp_path, content, words):
    found = what_is_it(saved(tmp_path, content))
    assert (words in found) if words else found == ""


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_arrays_come_back(tmp_path, compressed):
    arrays = read_npz(saved(tmp_path, npz_bytes(TINY, compressed)), TINY_EXPECTED)
    assert set(arrays) == set(TINY) and all(np.array_equal(arrays[name], TINY[name]) for name in TINY)


@pytest.mark.parametrize(("arrays", "words"), [
    ({**TINY, "images": TINY["images"].astype(np.int64)}, "images is int64 of shape (5, 4, 3), not uint8"),
    ({**TINY, "images": TINY["images"][:4]}, "images is uint8 of shape (4, 4, 3), not uint8 of (5, 4, 3)"),
    ({**TINY, "labels": TINY["labels"][::-1]}, "the array labels differs"),
    ({"images": TINY["images"]}, "the array 'labels' is missing"),
    ({**TINY, "labels": np.array([0, 1, 2, 2, None])}, "cannot be read as an .npz file (Object arrays cannot be loaded"),
])
def test_npz_with_something_else(tmp_path, arrays, words):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    with pytest.raises(VerificationError) as caught:
        read_npz(saved(tmp_path, stream.getvalue()), TINY_EXPECTED)
    assert words in str(caught.value)


def test_a_single_npy_under_the_name_of_an_npz(tmp_path):
    stream = io.BytesIO()
    np.save(stream, TINY["images"])
    with pytest.raises(VerificationError, match=r"cannot be read as an \.npz file"):
        read_npz(saved(tmp_path, stream.getvalue()), TINY_EXPECTED)


def test_a_pickle_is_never_loaded(tmp_path):
    import pickle

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    with pytest.raises(VerificationError):
        read_npz(saved(tmp_path, pickle.dumps(Trap())), TINY_EXPECTED)
    assert not (tmp_path / "sprung").exists()


@settings(max_examples=200, deadline=None)
@given(compressed=st.booleans(), data=st.data())
def test_a_damaged_npz_is_refused_or_harmless(tmp_path_factory, compressed, data):
    content = bytearray(npz_bytes(TINY, compressed))
    if data.draw(st.booleans(), "cut"):
        del content[data.draw(st.integers(0, len(content) - 1), "at"):]
    else:
        for _ in range(data.draw(st.integers(1, 5), "changes")):
            content[data.draw(st.integers(0, len(content) - 1), "place")] = data.draw(st.integers(0, 255), "value")
    path = tmp_path_factory.mktemp("damaged") / "file.npz"
    path.write_bytes(bytes(content))
    try:
        arrays = read_npz(path, TINY_EXPECTED)
    except VerificationError:
        return
    assert all(np.array_equal(arrays[name], TINY[name]) for name in TINY)


def test_a_missing_file_is_reported_as_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "none.npz", TINY_EXPECTED)
    with pytest.raises(FileNotFoundError):
        read_hdf5(tmp_path / "none.h5", ["images"])


def test_hdf5_arrays_come_back(tmp_path):
    arrays = {**TINY, "scale": np.float32(0.5), "names": np.array([b"one", b"two"]), "none": np.zeros((0, 3))}
    write_hdf5(tmp_path / "file.h5", arrays, {"origin": "here", "version": 2})
    found, attributes = read_hdf5(tmp_path / "file.h5", arrays)
    for name, array in arrays.items():
        assert np.array_equal(found[name], array) and found[name].dtype == np.asarray(array).dtype
    assert attributes == {"origin": "here", "version": 2}


def test_hdf5_that_was_changed_is_refused(tmp_path):
    import h5py

    path = tmp_path / "file.h5"
    write_hdf5(path, TINY)
    with h5py.File(path, "r+") as file:
        file["labels"][0] = 1
    assert set(read_hdf5(path, ["images"])[0]) == {"images"}
    for digests in ("required", "if present"):
        with pytest.raises(VerificationError, match="labels has changed since it was written"):
            read_hdf5(path, ["labels"], digests)


def test_hdf5_made_by_others(tmp_path):
    import h5py

    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        file["images"] = TINY["images"]
        file.create_group("group")
    assert np.array_equal(read_hdf5(path, ["images"], "if present")[0]["images"], TINY["images"])
    with pytest.raises(VerificationError, match="was not made by this course"):
        read_hdf5(path, ["images"])
    with pytest.raises(VerificationError, match="the array 'labels' is missing; it holds group, images"):
        read_hdf5(path, ["labels"], "if present")
    with pytest.raises(VerificationError, match="the array 'group' is missing"):
        read_hdf5(path, ["group"], "if present")


def test_hdf5_with_a_name_that_is_no_text(tmp_path):
    write_hdf5(tmp_path / "file.h5", TINY)
    content = (tmp_path / "file.h5").read_bytes().replace(b"images", b"\xffmages")
    with pytest.raises(VerificationError, match=r"the array 'images' is missing; it holds .*mages"):
        read_hdf5(saved(tmp_path, content, "file.h5"), ["images"])


@pytest.mark.parametrize("value", ["text", "nothing"])
def test_hdf5_without_numbers_comes_as_an_array(tmp_path, value):
    import h5py

    with h5py.File(tmp_path / "file.h5", "w") as file:
        file["images"] = "text" if value == "text" else h5py.Empty("f")
    assert read_hdf5(tmp_path / "file.h5", ["images"], "if present")[0]["images"].shape == ()


@pytest.mark.parametrize(("content", "words"), [(HTML, "HTML page"), (LFS_POINTER, "Git LFS pointer"), (b"", "is empty"),
                                                (b"\x00" * 100, "cannot be read as an HDF5 file")])
def test_hdf5_that_is_something_else(tmp_path, content, words):
    with pytest.raises(VerificationError, match=words):
        read_hdf5(saved(tmp_path, content, "file.h5"), ["images"])


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_hdf5_that_is_cut_short(tmp_path, part):
    write_hdf5(tmp_path / "whole.h5", {"images": np.random.default_rng(0).integers(0, 256, (50, 20, 20), dtype=np.uint8)})
    content = (tmp_path / "whole.h5").read_bytes()
    with pytest.raises(VerificationError, match="cannot be read as an HDF5 file"):
        read_hdf5(saved(tmp_path, content[:int(part * len(content))], "file.h5"), ["images"])


def test_checksums(tmp_path):
    path = saved(tmp_path, b"abc")
    check_checksum(path, "md5:900150983cd24fb0d6963f7d28e17f72")
    check_checksum(path, "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")
    with pytest.raises(VerificationError, match=r"file\.npz cannot be used: its MD5 is 900150983cd24fb0d.*, not 000"):
        check_checksum(path, "md5:" + "0" * 32)
    for wrong in ("900150983cd24fb0d6963f7d28e17f72", "crc32:352441c2", "md5:"):
        with pytest.raises(ValueError, match="a checksum reads"):
            check_checksum(path, wrong)


def test_staging_is_gone_afterwards_whatever_happens(tmp_path):
    with staging(tmp_path, "set") as inside:
        (inside / "file").write_text("half")
        assert inside.parent == tmp_path
    with pytest.raises(ZeroDivisionError), staging(tmp_path, "set") as inside:
        (inside / "file").write_text("half")
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_install_never_deletes(tmp_path):
    for number, kept in enumerate(["file.damaged", "file.damaged-2", "file.damaged-3"]):
        (tmp_path / "file").write_text(f"old {number}")
        with staging(tmp_path, "set") as inside:
            (inside / "file").write_text("new")
            assert install(inside / "file", tmp_path) == tmp_path / kept
        assert (tmp_path / "file").read_text() == "new"
        assert (tmp_path / kept).read_text() == f"old {number}"


@pytest.mark.parametrize("data", ["text with ü", b"bytes"])
def test_a_file_is_written_whole_in_a_folder_that_need_not_exist(tmp_path, data):
    path = tmp_path / "new" / "file"
    write_whole(path, data)
    write_whole(path, data)
    assert path.read_bytes() == (data if isinstance(data, bytes) else data.encode()) and list(path.parent.iterdir()) == [path]
    (tmp_path / "plain").write_text("")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode  # the reader's umask counts


def test_a_file_stays_as_it_was_when_writing_fails(tmp_path):
    write_hdf5(tmp_path / "file", TINY)
    before = (tmp_path / "file").read_bytes()
    with pytest.raises(TypeError):
        write_hdf5(tmp_path / "file", {**TINY, "bad": np.array([{}], dtype=object)})
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "file") as part:
        part.write_bytes(b"half")
        1 / 0  # noqa: B018
    assert (tmp_path / "file").read_bytes() == before and list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_every_source_of_the_course_is_fully_described():
    sources = all_datasets()
    assert "mnist" in sources
    for name, source in sources.items():
        assert source.name == name and source.title and source.license and source.citation and source.sample
        assert not source.layouts[0].archive and (source.convert or not any(form.archive for form in source.layouts))
        assert source.download_layout, f"{name} has no address"
        for file in source.download_layout.files:
            assert file.size and file.url.startswith("https://")


def test_every_source_has_its_datasheet():
    text = " ".join((ROOT / "data" / "README.md").read_text(encoding="utf-8").split())
    for source in all_datasets().values():
        assert f"## {source.title}" in text and source.license in text
        for layout in source.layouts:
            assert all(file.url in text for file in layout.files if file.url)


def test_the_datasheet_names_what_the_hand_signs_are_compared_with():
    from helpers.data.signs import CONTENT

    assert CONTENT in (ROOT / "data" / "README.md").read_text(encoding="utf-8")


def test_sources_are_found_by_name():
    assert [source.name for source in named(["mnist", "mnist"])] == ["mnist"]
    assert [source.name for source in named([])] == list(all_datasets())
    with pytest.raises(ValueError, match="there is no data set called minst; the course has mnist"):
        named(["minst"])
