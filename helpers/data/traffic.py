"""Traffic signs of lesson 07: frames of 32x32 pixels, in tracks.

A track is one physical sign, seen from a car that drives up to it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.dataset import Dataset
from helpers.data.errors import SettingsError, VerificationError
from helpers.data.finding import load
from helpers.data.places import say_left_out, say_once
from helpers.data.storage import read_hdf5, read_npz, write_hdf5
from helpers.data.traffic_names import SIGN_NAMES

__all__ = ["INFO", "SIGN_NAMES", "TEST_SHARE", "load_traffic_signs"]

TEST_SHARE = 0.2
"""Share of the tracks of each class that is kept for testing: one at least, and never all."""

_ARRAYS = ("images", "labels", "tracks")
_ARCHIVE = "GTSRB-Training_fixed.zip"


def _checked(path, arrays):
    """Refuse arrays that do not fit together; return them with whole numbers as int64."""
    images, labels, tracks = (arrays[name] for name in _ARRAYS)
    problem = None
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (32, 32, 3) or not len(images):
        problem = f"images should be uint8 of shape (n, 32, 32, 3), and is {images.dtype} of shape {images.shape}"
    elif any(array.shape != (len(images),) or not np.issubdtype(array.dtype, np.integer) for array in (labels, tracks)):
        problem = f"labels and tracks should be {len(images)} whole numbers each"
    elif tracks.max() >= 100 or tracks.min() < 0:
        problem = f"tracks should lie in 0..99, and reach from {tracks.min()} to {tracks.max()}"
    elif labels.max() >= len(SIGN_NAMES) or labels.min() < 0:
        problem = f"labels should lie in 0..{len(SIGN_NAMES) - 1}, and reach from {labels.min()} to {labels.max()}"
    else:
        one = [label for label in range(len(SIGN_NAMES)) if len(np.unique(tracks[labels == label])) < 2]
        if one:
            problem = f"each class needs two tracks, one for training and one for testing; these have fewer: {one}"
    if problem:
        raise VerificationError(f"{path.name} cannot be used: {problem}")
    return images, labels.astype(np.int64), tracks.astype(np.int64)


def _read_hdf5(paths):
    path = paths["traffic_signs.h5"]
    return _checked(path, read_hdf5(path, _ARRAYS, digests="required")[0])


def _read_npz(paths):
    path = paths["gtsrb_32.npz"]
    return _checked(path, read_npz(path, dict.fromkeys(_ARRAYS)))


def _counted(frames):
    """Go through the frames with a line of progress now and then: 26,640 of them take a while."""
    for number, frame in enumerate(frames, 1):
        yield frame
        if number % 5000 == 0:
            say_once(f"{INFO.title}: {number:,} of {len(frames):,} frames read")


def _convert(paths, folder):
    from helpers.data.traffic_archive import read_images

    images, labels, tracks, left_out = read_images(paths[_ARCHIVE], _counted)
    say_left_out(INFO.title, left_out)
    _checked(paths[_ARCHIVE], {"images": images, "labels": labels, "tracks": tracks})
    write_hdf5(folder / "traffic_signs.h5", {"images": images, "labels": labels, "tracks": tracks})


INFO = DatasetInfo(
    name="traffic",
    title="GTSRB traffic signs",
    layouts=(FileLayout((DataFile("traffic_signs.h5"),), read=_read_hdf5),
             FileLayout((DataFile("gtsrb_32.npz"),), read=_read_npz),
             FileLayout((DataFile(_ARCHIVE, f"https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/{_ARCHIVE}",
                                  checksum="md5:513f3c79a4c5141765e10e952eaa2478", size=187_490_228),),
                        read=lambda paths: None, archive=True)),
    convert=_convert,
    license="free for research, see the homepage",  # https://benchmark.ini.rub.de/gtsrb_news.html
    citation="J. Stallkamp, M. Schlipsing, J. Salmen, C. Igel: Man vs. computer: Benchmarking machine learning algorithms for "
             "traffic sign recognition. Neural Networks 32 (2012) 323-332",
    sample="traffic signs drawn by the course's own code")


def _chosen_classes(classes):
    if classes is None:
        return list(range(len(SIGN_NAMES)))
    if isinstance(classes, (int, np.integer)):
        raise SettingsError(f"classes must be a list of numbers, such as [{classes}, 14], not {classes!r}")
    classes = list(classes)
    known = all(isinstance(label, (int, np.integer)) and not isinstance(label, bool) and 0 <= label < len(SIGN_NAMES)
                for label in classes)
    chosen = [int(label) for label in classes] if known else []
    if len(set(chosen)) != len(chosen) or len(chosen) < 2:
        raise SettingsError(f"classes must be at least two different numbers from 0 to {len(SIGN_NAMES) - 1}, "
                            f"not {classes!r}")
    return chosen


def load_traffic_signs(source: str = "auto", classes: Iterable[int] | None = None) -> Dataset:
    """Return traffic signs in tracks: frames of 32x32 pixels, RGB, split into training and test by track.

    Parameters
    ----------
    source : {"auto", "real", "sample"}
        "auto" takes a copy on this machine, else downloads one, else takes the offline sample and says so. "real"
        raises an error instead of taking the sample. "sample" takes the sample. The environment variables COURSE_DATA and
        COURSE_DATA_DIR change what "auto" does, see :mod:`helpers.data`.
    classes : iterable of int, optional
        Numbers of GTSRB's classes, 0 to 42; all when left out. Labels then count through this list: the first class
        named becomes label 0, and ``class_names`` follows it.

    Returns
    -------
    Dataset
        Images uint8 of shape ``(frames, 32, 32, 3)``; labels int64; ``groups_train`` and ``groups_test`` number the tracks,
        100 times the class plus the track within it. No track is on both sides.

    Raises
    ------
    DataNotFoundError
        When the real data is requested but unavailable.
    SettingsError
        When ``source``, ``classes`` or an environment variable is invalid.
    """
    chosen = _chosen_classes(classes)
    facts = {"license": INFO.license, "citation": INFO.citation}
    return load(INFO, source,
                lambda found: _dataset(found.content, chosen, name=INFO.title, source="real", origin=found.origin, **facts),
                lambda: _sample(chosen))


def _dataset(content, chosen, **facts):
    images, labels, tracks = content
    groups = 100 * labels + tracks
    in_test = np.zeros(len(images), bool)
    for label in chosen:
        own = np.unique(groups[labels == label])
        count = min(max(1, round(TEST_SHARE * len(own))), len(own) - 1)
        in_test |= np.isin(groups, np.random.default_rng((32, label)).permutation(own)[:count])
    new_label = np.full(len(SIGN_NAMES), -1)
    new_label[chosen] = range(len(chosen))
    train, test = (np.flatnonzero((new_label[labels] >= 0) & side) for side in (~in_test, in_test))
    return Dataset(
        class_names=tuple(SIGN_NAMES[label] for label in chosen),
        x_train=images[train], y_train=new_label[labels[train]], x_test=images[test], y_test=new_label[labels[test]],
        groups_train=groups[train], groups_test=groups[test],
        notes=("The groups are tracks: frames of one physical sign, one after another. The split is by track.",), **facts)


def _sample(chosen):
    from helpers.data.draw_traffic import draw_sample

    return _dataset(draw_sample(sorted(chosen)), chosen, name="Traffic signs", source="sample",
                    origin="drawn by the course's own code", license="CC BY 4.0", citation="this course")
