"""Hand signs: the archive by series, files laid out like a well-known course's, what may lie there instead."""

import functools
import io
import shutil
import zipfile

import h5py
import numpy as np
import pytest
from PIL import Image

from helpers.data import load_signs
from helpers.data import signs as signs_module
from helpers.data.errors import DataNotFoundError, SettingsError
from helpers.data.sign_archive import content_sha256
from helpers.data.sign_split import SPLITS, draw_split, series_from_numbers
from helpers.data.signs import SIGN_NAMES
from tests.data.support import HTML
from tests.support.real_data import needs, real_file

pytestmark = pytest.mark.usefixtures("machine")
STUDENTS = 207
ARCHIVE = "Sign-Language-Digits-Dataset-master.zip"
PUBLISHED = "Sign-Language-Digits-Dataset-4b09433ef9d5c60602e8805bb54b8aa2428527f8.zip"
REAL = real_file("sign-language-digits.zip", PUBLISHED)


@functools.cache
def picture(color, size=(8, 8)):
    # PNG under the name of a JPEG: Pillow looks at the content, and the color stays what it is.
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, "PNG")
    return stream.getvalue()


def archive(path, students=STUDENTS, change=lambda student, sign: None, signs=range(6),
            number=lambda student, sign: 1000 + 10 * student + sign):
    """An archive in the published layout; photos of one student have one color, so that series can be recognized."""
    with zipfile.ZipFile(path, "w") as file:
        for student in range(students):
            for sign in signs:
                content = change(student, sign)
                if content is None:
                    content = picture((student, 100, 200))
                file.writestr(f"Sign-Language-Digits-Dataset-x/Dataset/{sign}/IMG_{number(student, sign)}.JPG", content)
    return path


def pair(folder, train=18, test=12, **changes):
    """Two files as the well-known course has them: labels as a row, no checksums, no series."""
    random = np.random.default_rng(0)
    arrays = {"train_set_x": random.integers(0, 256, (train, 64, 64, 3), dtype=np.uint8),
              "train_set_y": np.arange(train).reshape(1, -1) % 6,
              "test_set_x": random.integers(0, 256, (test, 64, 64, 3), dtype=np.uint8),
              "test_set_y": np.arange(test) % 6, "list_classes": np.arange(6)}
    arrays.update(changes)
    for part in ("train", "test"):
        with h5py.File(folder / f"{part}_signs.h5", "w") as file:
            for name, array in arrays.items():
                if array is not None and (name.startswith(part) or name == "list_classes"):
                    file[name] = array
    return arrays


def test_the_archive_gives_the_problem_of_the_lesson(given):
    archive(given / ARCHIVE, signs=range(10))
    signs = load_signs("real")
    assert (len(signs.x_train), len(signs.x_test)) == (1080, 120)
    assert signs.x_train.shape[1:] == (64, 64, 3) and signs.class_names == SIGN_NAMES
    assert np.bincount(signs.y_train).tolist() == [180] * 6 and np.bincount(signs.y_test).tolist() == [20] * 6
    assert len(signs.x_validation) == 6 * (STUDENTS - 200)
    # Colors are students: none on two sides, whichever split.
    for split in SPLITS:
        signs = load_signs("real", split=split)
        sides = [set(np.rint(x.mean((1, 2)))[:, 0]) for x in (signs.x_train, signs.x_test, signs.x_validation)]
        assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]


def test_three_splits_differ_and_each_comes_again(given):
    archive(given / ARCHIVE)
    tests = [set(load_signs("real", split=split).groups_test) for split in SPLITS]
    assert tests == [set(load_signs("real", split=split).groups_test) for split in SPLITS]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert len(tests[first] & tests[second]) < 10


@pytest.mark.parametrize("split", [3, -1, "0", None, True])
def test_an_unknown_split_is_named(split):
    with pytest.raises(SettingsError, match="split must be one of 0, 1, 2"):
        load_signs("sample", split=split)


def test_empty_and_broken_photos_are_left_out_and_counted(given, capsys):
    broken = {(3, 2): b"", (4, 2): b"not a picture", (5, 0): picture((5, 5, 5), (300, 300))[:200]}
    archive(given / ARCHIVE, change=lambda student, sign: broken.get((student, sign)))
    signs = load_signs("real")
    said = capsys.readouterr().out
    assert "left out 3 files" in said and "IMG_1032.JPG" in said
    assert len(signs.x_train) == 1080 and not (signs.x_train.reshape(1080, -1) == 0).all(1).any()


def test_too_few_usable_photos_stop_with_a_sentence(given):
    archive(given / ARCHIVE, change=lambda student, sign: b"" if sign == 4 and student % 2 else None)
    with pytest.raises(DataNotFoundError, match=r"104 usable photos of sign 4 .* 200 are needed"):
        load_signs("real")


def test_photos_without_whole_series_are_named_and_the_sample_stands_in(given, capsys):
    """Each sign has a number range of its own, so no series shows two signs."""
    archive(given / ARCHIVE, number=lambda student, sign: 1000 * (sign + 1) + student)
    assert load_signs("auto").source == "sample"
    said = capsys.readouterr().out
    assert f"{ARCHIVE} cannot be converted: 20 series" in said and "there are 0. Delete it or replace it" in said


@pytest.mark.parametrize(("offset", "value", "words"), [(8, 1, "is encrypted"), (10, 9, "compression method is not supported")])
def test_photos_that_python_cannot_unpack_are_named_and_the_sample_stands_in(given, capsys, offset, value, words):
    content = bytearray(archive(given / ARCHIVE).read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:  # every entry of the table of contents
        content[at + offset] = value
        at = content.find(b"PK\x01\x02", at + 4)
    (given / ARCHIVE).write_bytes(bytes(content))
    assert load_signs("auto").source == "sample"
    said = capsys.readouterr().out
    assert f"{ARCHIVE} cannot be used: it holds 0 usable photos of sign 0" in said and words in said and "IMG_1000.JPG" in said


def test_other_photos_than_the_published_ones_are_used_and_said_to_be(given, monkeypatch, capsys):
    archive(given / ARCHIVE)
    for _ in range(2):  # from the archive, then from what was made of it
        signs = load_signs("real")
        assert signs.expected == "own" and "not the ones that the course was measured on" in signs.notes[-1]
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "not the ones that the course was measured on" in said
    assert "no expected range applies" in said
    monkeypatch.setattr(signs_module, "CONTENT", content_sha256(given / ARCHIVE))
    assert load_signs("real").expected == "" and len(load_signs("real").notes) == 1


def test_the_content_of_an_archive_is_that_of_its_photos_not_of_its_container(tmp_path):
    ten = {"students": 3, "signs": range(10)}
    first = content_sha256(archive(tmp_path / "first.zip", **ten))
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(tmp_path / "first.zip") as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("README.md", "more")
        for member in reversed(old.infolist()):
            new.writestr(f"elsewhere/{member.filename}", old.read(member))
    assert content_sha256(again) == first
    seen = {first}
    for change in (lambda student, sign: b"" if (student, sign) == (1, 7) else None,
                   lambda student, sign: picture((9, 9, 9)) if (student, sign) == (2, 0) else None):
        seen.add(content_sha256(archive(tmp_path / "other.zip", **ten, change=change)))
    seen.add(content_sha256(archive(tmp_path / "other.zip", **ten, number=lambda student, sign: 10 * student + sign)))
    assert len(seen) == 4


def test_files_that_do_not_say_from_which_archive_they_are_made_are_made_again(given, machine, capsys):
    archive(given / ARCHIVE)
    load_signs("real")
    with h5py.File(machine / "train_signs.h5", "r+") as file:
        del file.attrs["archive_sha256"]
    assert load_signs("real").origin == "local copy in COURSE_DATA_DIR"
    assert "it does not say from which archive it was made" in capsys.readouterr().out
    with h5py.File(machine / "train_signs.h5", "r+") as file:
        file.attrs["archive_sha256"] = "0" * 64
    load_signs("real")
    assert "not made from the same archive" in capsys.readouterr().out


def test_the_first_file_of_a_parallel_program_is_not_called_damaged(given, machine, capsys):
    """Another program has installed one file of the pair when this one has finished both."""
    archive(given / ARCHIVE)
    load_signs("real")
    (machine / "test_signs.h5").unlink()
    capsys.readouterr()
    load_signs("real")
    assert sorted(path.name for path in machine.iterdir()) == ["test_signs.h5", "train_signs.h5"]
    assert "failed verification" not in capsys.readouterr().out


def test_large_photos_are_averaged_not_sampled(given):
    board = Image.fromarray(np.indices((3024, 3024)).sum(0).astype(np.uint8) % 2 * 255).convert("RGB")
    stream = io.BytesIO()
    board.save(stream, "JPEG", quality=95)
    archive(given / ARCHIVE, change=lambda student, sign: stream.getvalue() if (student, sign) == (0, 0) else None)
    signs = load_signs("real")
    photos = np.concatenate([signs.x_train, signs.x_test, signs.x_validation])
    assert ((photos.std((1, 2, 3)) < 12) & (np.abs(photos.mean((1, 2, 3)) - 127) < 12)).any()


@pytest.mark.parametrize(("content", "words"), [(HTML, "HTML page"), (b"PK\x03\x04 and then nothing", "not a whole zip")])
def test_what_is_no_archive_is_named(given, content, words):
    (given / ARCHIVE).write_bytes(content)
    with pytest.raises(DataNotFoundError, match=words):
        load_signs("real")


def test_files_of_a_well_known_course_go_before_the_archive(given):
    arrays = pair(given)
    archive(given / ARCHIVE)
    signs = load_signs("real")
    assert signs.name == "Hand signs" and signs.expected == "own" and signs.groups_train is None
    assert signs.x_validation is None
    np.testing.assert_array_equal(signs.x_train, arrays["train_set_x"])
    np.testing.assert_array_equal(signs.y_train, arrays["train_set_y"][0])
    assert "may be on both sides" in signs.notes[0]


def test_other_splits_of_such_files_are_drawn_by_photo(given):
    arrays = pair(given, train=1080, test=120)
    signs = load_signs("real", split=2)
    assert np.bincount(signs.y_test).tolist() == [20] * 6 and len(signs.x_train) == 1080
    assert not np.array_equal(signs.x_test, arrays["test_set_x"])


def test_a_split_that_cannot_be_drawn_says_so(given):
    pair(given)
    with pytest.raises(SettingsError, match=r"split=1 cannot be drawn .* split=0 is what they hold"):
        load_signs("real", split=1)


@pytest.mark.parametrize(("changes", "words"), [
    ({"train_set_y": None}, "'train_set_y' is missing"),
    ({"list_classes": None}, "'list_classes' is missing"),
    ({"train_set_x": np.zeros((18, 32, 32, 3), np.uint8)}, r"of shape \(18, 32, 32, 3\)"),
    ({"train_set_x": np.zeros((18, 64, 64, 3), np.float32)}, "is float32"),
    ({"train_set_x": np.zeros((0, 64, 64, 3), np.uint8), "train_set_y": np.zeros((1, 0), int)}, r"\(0, 64, 64, 3\)"),
    ({"test_set_y": np.arange(11) % 6}, "12 whole numbers, one for each photo"),
    ({"test_set_y": np.arange(12) % 7}, "reaches from 0 to 6"),
    ({"test_set_y": np.arange(12) % 6 - 1}, "reaches from -1 to 4"),
    ({"train_set_y": np.linspace(0, 5, 18)}, "float64"),
    ({"list_classes": np.arange(10)}, "list_classes should be 0 to 5"),
])
def test_a_wrong_file_gives_one_clear_sentence(given, changes, words):
    pair(given, **changes)
    with pytest.raises(DataNotFoundError, match=words):
        load_signs("real")


def test_what_is_no_hdf5_file_is_named_and_kept(given):
    pair(given)
    (given / "train_signs.h5").write_bytes(HTML)
    with pytest.raises(DataNotFoundError, match=r"train_signs\.h5 cannot be used: it is an HTML page"):
        load_signs("real")
    assert (given / "train_signs.h5").read_bytes() == HTML


def test_series_begin_where_the_signs_do_not_rise():
    assert series_from_numbers([0, 1, 2, 5, 0, 1, 1, 3, 9, 2]).tolist() == [0, 0, 0, 0, 1, 1, 2, 2, 2, 3]
    assert series_from_numbers([]).tolist() == []


def test_series_with_gaps_fill_up_the_training_set():
    """As in the archive: most students show all signs, some leave out a few."""
    random = np.random.default_rng(0)
    shown = [range(6)] * 190 + [sorted(random.permutation(6)[:random.integers(1, 6)]) for _ in range(60)]
    signs = np.concatenate([np.array(list(row)) for row in shown])
    series = np.repeat(np.arange(len(shown)), [len(list(row)) for row in shown])
    rows = draw_split(signs, series, 0)
    assert np.bincount(signs[rows["train"]]).tolist() == [180] * 6 and np.bincount(signs[rows["test"]]).tolist() == [20] * 6
    assert not set(series[rows["train"]]) & set(series[rows["validation"]])
    assert len(set(rows["train"]) | set(rows["test"]) | set(rows["validation"])) == sum(map(len, rows.values()))


def test_too_few_whole_series_are_counted():
    with pytest.raises(ValueError, match=r"20 series .* there are 3"):
        draw_split(np.tile(np.arange(6), 3), np.repeat(np.arange(3), 6), 0)


@needs(REAL, "the Sign Language Digits", "signs")
def test_the_published_archive(given, capsys):
    shutil.copyfile(REAL, given / PUBLISHED)
    signs = load_signs("real")
    assert signs.expected == "" and capsys.readouterr().out == ""
    assert signs.name == "Sign Language Digits" and (len(signs.x_train), len(signs.x_test)) == (1080, 120)
    assert not set(signs.groups_train) & set(signs.groups_test) and len(signs.x_validation) >= 20
