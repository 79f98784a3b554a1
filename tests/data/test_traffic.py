"""Traffic signs: the archive and the array file, tracks on one side, what may lie there instead, and the drawn sample."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from helpers.data import load_traffic_signs, traffic
from helpers.data.catalog import DataFile, FileLayout
from helpers.data.draw_traffic import FRAMES, PLATES, TRACKS, draw_track
from helpers.data.errors import DataNotFoundError, SettingsError, VerificationError
from helpers.data.storage import read_hdf5
from helpers.data.traffic_archive import read_images
from helpers.data.traffic_names import SIGN_NAMES
from tests.data.support import traffic_arrays
from tests.recorders.draw_plates import plate
from tests.support.real_data import needs, real_file

pytestmark = pytest.mark.usefixtures("machine")
ARCHIVE = "GTSRB-Training_fixed.zip"
PUBLISHED = real_file("GTSRB-Training_fixed-sample.zip", ARCHIVE)


def archive(path, classes=range(43), tracks=3, frames=2, change=lambda label, track, frame: None):
    """Frames of one color each: red tells the class, green the track, blue the frame."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("GTSRB/Readme.txt", "about the data")
        for label in classes:
            for track in range(tracks):
                for frame in range(frames):
                    content = change(label, track, frame)
                    if content is None:
                        stream = io.BytesIO()
                        Image.new("RGB", (50 + track, 40), (5 * label, 50 * track, 50 * frame)).save(stream, "PPM")
                        content = stream.getvalue()
                    file.writestr(f"GTSRB/Training/{label:05d}/{track:05d}_{frame:05d}.ppm", content)
    return path


@pytest.fixture
def unpublished(monkeypatch):
    """The source without the published archive's checksum, so that a test's own archive passes."""
    source = traffic.INFO
    forms = (*source.layouts[:2], FileLayout(files=(DataFile(ARCHIVE),), read=lambda paths: None, archive=True))
    monkeypatch.setattr(traffic, "INFO", type(source)(**{**vars(source), "layouts": forms}))


def test_the_archive_is_read_by_class_track_and_frame(tmp_path):
    images, labels, tracks, left_out = read_images(archive(tmp_path / "small.zip", classes=(3, 1)))
    assert labels.tolist() == [1] * 6 + [3] * 6 and tracks.tolist() == [0, 0, 1, 1, 2, 2] * 2 and left_out == []
    np.testing.assert_array_equal(images[:, 0, 0], np.stack([5 * labels, 50 * tracks, 50 * (np.arange(12) % 2)], axis=1))
    assert images.shape == (12, 32, 32, 3)


def test_empty_and_broken_frames_are_left_out_counted_and_said(given, unpublished, capsys):
    broken = {(2, 0, 0): b"", (2, 0, 1): b"P6\n50 50\n255\n too short"}
    archive(given / ARCHIVE, change=lambda *frame: broken.get(frame))
    signs = load_traffic_signs("real")
    said = capsys.readouterr().out
    assert "left out 2 files" in said and "00002/00000_00000.ppm" in said
    assert len(signs.x_train) + len(signs.x_test) == 43 * 6 - 2


def test_an_archive_that_is_not_the_published_one_is_refused(given):
    archive(given / ARCHIVE)
    with pytest.raises(DataNotFoundError, match="MD5"):
        load_traffic_signs("real")


def test_an_archive_without_frames_is_named(tmp_path):
    with pytest.raises(VerificationError, match="no frame that can be read"):
        read_images(archive(tmp_path / ARCHIVE, classes=()))


@needs(PUBLISHED, "GTSRB", "traffic")
def test_frames_of_the_official_archive():
    """The whole one, or a piece of it with three tracks of each of five classes."""
    def three_tracks(frames):
        first = {label: sorted({frame[1] for frame, _ in frames if frame[0] == label})[:3] for label in (1, 14, 17, 25, 33)}
        return [(frame, name) for frame, name in frames if frame[1] in first.get(frame[0], ())]

    images, labels, tracks, left_out = read_images(PUBLISHED, three_tracks)
    assert len(images) == 450 and left_out == [] and sorted(set(labels)) == [1, 14, 17, 25, 33]
    assert all(len(set(tracks[labels == label])) == 3 for label in set(labels))
    assert 20 < images.mean() < 200 and images.std() > 20


def test_the_array_file_serves(given):
    np.savez(given / "gtsrb_32.npz", **traffic_arrays())
    signs = load_traffic_signs("real")
    assert signs.source == "real" and len(signs.class_names) == 43 and signs.x_train.shape[1:] == (32, 32, 3)
    assert not set(signs.groups_train) & set(signs.groups_test)
    assert {group // 100 for group in signs.groups_test} == set(range(43)) == {group // 100 for group in signs.groups_train}


@pytest.mark.parametrize(("changes", "words"), [
    ({"tracks": None}, "the array 'tracks' is missing"),
    ({"images": np.zeros((258, 48, 48, 3), np.uint8)}, r"\(258, 48, 48, 3\)"),
    ({"images": np.zeros((258, 32, 32, 3))}, "float64"),
    ({"labels": np.zeros(7, int)}, "258 whole numbers each"),
    ({"labels": np.repeat(np.arange(43), 6) + 1}, "reach from 1 to 43"),
    ({"tracks": np.zeros(258, int)}, "two tracks"),
    ({"tracks": np.tile(np.repeat([5, 99, 100], 2), 43)}, "reach from 5 to 100"),
])
def test_a_wrong_array_file_gives_one_clear_sentence(given, changes, words):
    np.savez(given / "gtsrb_32.npz", **traffic_arrays(**changes))
    with pytest.raises(DataNotFoundError, match=words):
        load_traffic_signs("real")


def test_what_is_no_array_file_is_named(given):
    (given / "gtsrb_32.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataNotFoundError, match=r"gtsrb_32\.npz cannot be used"):
        load_traffic_signs("real")


def test_no_pickle_is_opened(given):
    np.savez(given / "gtsrb_32.npz", **traffic_arrays(tracks=np.array([{}] * 258, dtype=object)))
    with pytest.raises(DataNotFoundError, match="cannot be used"):
        load_traffic_signs("real")


@pytest.fixture(scope="module")
def sample():
    return load_traffic_signs("sample", classes=(1, 5, 14, 30))


def test_chosen_classes_are_counted_anew(sample):
    few = load_traffic_signs("sample", classes=[14, 1])
    assert few.class_names == ("stop", "speed limit 30") and set(few.y_train) == {0, 1}
    assert set(few.groups_train[few.y_train == 0] // 100) == {14}
    # The same tracks are held out as when more classes are loaded: a network pretrained on the rest has seen none of them.
    assert set(few.groups_test) == {group for group in sample.groups_test if group // 100 in (14, 1)}


@pytest.mark.parametrize("classes", [[], [1], [1, 1], [1, 43], [-1, 2], ["1", 2], [True, 2]])
def test_classes_that_make_no_sense_are_named(classes):
    with pytest.raises(SettingsError, match="two different numbers from 0 to 42"):
        load_traffic_signs("sample", classes=classes)


def test_one_class_alone_is_no_list():
    with pytest.raises(SettingsError, match="a list of numbers"):
        load_traffic_signs("sample", classes=5)


def test_classes_may_come_from_a_generator():
    assert load_traffic_signs("sample", classes=(label for label in (14, 1))).class_names == ("stop", "speed limit 30")


def test_the_sample_has_its_classes_in_tracks(sample):
    assert sample.source == "sample" and len(set(SIGN_NAMES)) == 43
    assert sample.class_names == ("speed limit 30", "speed limit 80", "stop", "snow or ice")
    assert len(sample.x_train) + len(sample.x_test) == 4 * TRACKS * FRAMES
    assert not set(sample.groups_train) & set(sample.groups_test)


def test_a_track_is_drawn_the_same_again():
    one, again, other = (draw_track(14, np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert one.shape == (FRAMES, 32, 32, 3) and one.dtype == np.uint8


def test_no_two_plates_are_alike_and_the_recorder_draws_them_again():
    plates = read_hdf5(PLATES, ["plates"])[0]["plates"]
    assert plates.shape == (43, 96, 96, 4) and plates.dtype == np.uint8 and PLATES.stat().st_size < 300_000
    flat = plates.reshape(43, -1).astype(np.float32)
    for label in range(1, 43):
        assert np.abs(flat[:label] - flat[label]).mean(1).min() > 0.5, SIGN_NAMES[label]
    for label in (13, 25, 40):
        np.testing.assert_array_equal(np.asarray(plate(label)), plates[label])
    # Lettering depends on Pillow's version.
    assert np.abs(np.asarray(plate(14), float) - plates[14]).mean() < 10


def test_a_random_split_flatters(sample):
    """The leak that lesson 07 is about: the nearest neighbor knows the track, and for a new track it knows little."""
    limits = load_traffic_signs("sample", classes=[1, 2, 3, 5, 7])
    x = np.concatenate([limits.x_train, limits.x_test]).reshape(-1, 32 * 32 * 3).astype("float32")
    y, groups = np.concatenate([limits.y_train, limits.y_test]), np.concatenate([limits.groups_train, limits.groups_test])
    random = np.random.default_rng(0)
    at_random = random.permutation(len(x)) < len(x) // 5
    by_track = np.isin(groups, random.permutation(np.unique(groups))[:10])
    scores = [KNeighborsClassifier(1).fit(x[~held], y[~held]).score(x[held], y[held]) for held in (at_random, by_track)]
    assert scores[0] > 0.9 and scores[0] - scores[1] > 0.3, scores
