"""Hand signs for the numbers 0 to 5, of lesson 04: photos of 64x64 pixels, 1,080 for training and 120 for testing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.dataset import Dataset
from helpers.data.errors import SettingsError, VerificationError
from helpers.data.finding import load
from helpers.data.places import say_left_out, say_once
from helpers.data.sign_split import SPLITS, draw_split
from helpers.data.storage import read_hdf5, write_hdf5

__all__ = ["INFO", "SIGN_NAMES", "load_signs", "write_pair"]

SIGN_NAMES = ("zero", "one", "two", "three", "four", "five")
_PARTS = {"train": ("train_signs.h5", "train_set"), "test": ("test_signs.h5", "test_set"),
          "validation": ("train_signs.h5", "validation_set")}
_COMMIT = "4b09433ef9d5c60602e8805bb54b8aa2428527f8"
CONTENT = "29443181319a463dd640576229829c99ee35a41c02f47234a7349cded0ca8ffb"
"""SHA-256 over the photos of the archive that the course was measured on. Not of the zip: its host may repack it."""


def _check_part(name, images, labels):
    """Return labels of shape (photos,), or refuse."""
    labels = np.ravel(labels) if labels.ndim == 2 and 1 in labels.shape else labels
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (64, 64, 3) or not len(images):
        raise VerificationError(f"{name}_x should be uint8 photos of shape (n, 64, 64, 3), and is {images.dtype} of shape "
                                f"{images.shape}")
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise VerificationError(f"{name}_y should be {len(images)} whole numbers, one for each photo, and is {labels.dtype} of "
                                f"shape {labels.shape}")
    if labels.min() < 0 or labels.max() >= len(SIGN_NAMES):
        raise VerificationError(f"{name}_y should hold the signs 0 to 5, and reaches from {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)


def _read_pair(paths):
    """Read and check the two HDF5 files; groups and a validation set are there only if the course made them."""
    parts = {}
    for part in ("train", "test", "validation"):
        file, key = _PARTS[part]
        path = paths[file]
        if part == "validation" and not parts["made by the course"]:
            continue
        names = [f"{key}_x", f"{key}_y"] + (["list_classes"] if part == "test" else [])
        arrays, attributes = read_hdf5(path, names, digests="if present")
        parts["made by the course"] = "convnet_course" in attributes
        _check_origin(path, attributes, parts)
        try:
            images, labels = arrays[f"{key}_x"], _check_part(key, arrays[f"{key}_x"], arrays[f"{key}_y"])
        except VerificationError as error:
            raise VerificationError(f"{path.name} cannot be used: {error}") from None
        if part == "test" and np.ravel(arrays["list_classes"]).tolist() != list(range(len(SIGN_NAMES))):
            raise VerificationError(f"{path.name} cannot be used: list_classes should be 0 to 5, and is "
                                    f"{np.ravel(arrays['list_classes']).tolist()}")
        groups = None
        if parts["made by the course"]:
            groups = read_hdf5(path, [f"{key}_series"], digests="required")[0][f"{key}_series"]
        parts[part] = (images, labels, groups)
    return parts


def _check_origin(path, attributes, parts):
    """Note which archive a file of the course was made from; refuse one that does not tell, and two that do not agree."""
    content = attributes.get("archive_sha256")
    if parts["made by the course"] and not isinstance(content, str):
        raise VerificationError(f"{path.name} cannot be used: it does not say from which archive it was made (an earlier version "
                                "of the course made it)")
    if parts.setdefault("content", content) != content:
        raise VerificationError("train_signs.h5 and test_signs.h5 cannot be used: they were not made from the same archive")


def _say_other_content():
    say_once(f"{INFO.title}: these photos are not the ones that the course was measured on (perhaps another version of the "
             "archive). They are used, but no expected range applies to them.", about="other sign language digits")


def _check_zip(paths):
    from helpers.data.sign_archive import check_archive, content_sha256

    path = paths["sign-language-digits.zip"]
    check_archive(path)
    if content_sha256(path) != CONTENT:
        _say_other_content()


def write_pair(folder: Path, photos: np.ndarray, signs: np.ndarray, series: np.ndarray, rows: dict[str, np.ndarray],
               content: str) -> None:
    """Write the two HDF5 files of the course, with the keys that students know.

    ``rows`` says which photos are for "train", "test" and "validation"; ``content`` is the archive's ``content_sha256``.
    """
    contents = {file: {} for file, _ in _PARTS.values()}
    for part, (file, key) in _PARTS.items():
        chosen = rows[part]
        contents[file].update({f"{key}_x": photos[chosen], f"{key}_y": signs[chosen], f"{key}_series": series[chosen]})
    for arrays in contents.values():
        arrays["list_classes"] = np.arange(len(SIGN_NAMES))
    for file, arrays in contents.items():
        write_hdf5(folder / file, arrays, {"convnet_course": 1, "archive_sha256": content})


def _convert(paths, folder):
    from helpers.data.sign_archive import content_sha256, read_photos

    path = paths["sign-language-digits.zip"]
    photos, signs, series, left_out = read_photos(path)
    say_left_out(INFO.title, left_out)
    write_pair(folder, photos, signs, series, draw_split(signs, series, SPLITS[0]), content_sha256(path))


INFO = DatasetInfo(
    name="signs",
    title="Sign Language Digits",
    layouts=(FileLayout((DataFile("train_signs.h5"), DataFile("test_signs.h5")), read=_read_pair),
             FileLayout((DataFile("sign-language-digits.zip",
                                  f"https://github.com/ardamavi/Sign-Language-Digits-Dataset/archive/{_COMMIT}.zip",
                                  size=17_373_585, aliases=(f"Sign-Language-Digits-Dataset-{_COMMIT}.zip",
                                                            "Sign-Language-Digits-Dataset-master.zip")),),
                        read=_check_zip, archive=True)),
    convert=_convert,
    in_data_folder=True,
    license="Apache-2.0",
    citation="A. Mavi: A New Dataset and Proposed Convolutional Neural Network Architecture for Classification of American "
             "Sign Language Digits. arXiv:2011.08927 (2020)",
    sample="hands drawn by the course's own code")


def load_signs(source: str = "auto", split: int = 0) -> Dataset:
    """Return photos of hands that show 0 to 5: 1,080 for training, 120 for testing, RGB, 64x64 pixels.

    Parameters
    ----------
    source : {"auto", "real", "sample"}
        "auto" takes a copy on this machine, else downloads one, else takes the offline sample and says so. "real"
        raises an error instead of taking the sample. "sample" takes the sample. The environment variables COURSE_DATA and
        COURSE_DATA_DIR change what "auto" does, see :mod:`helpers.data`.
    split : {0, 1, 2}
        Which draw of training and test photos. ``train_signs.h5`` and ``test_signs.h5`` hold draw 0; the others put all photos
        together and draw again, so that a result can be checked on three test sets.

    Returns
    -------
    Dataset
        Images uint8 of shape ``(photos, 64, 64, 3)``; labels int64, 0 to 5. Validation photos and groups (one student's
        series of signs) where the files include them: those that the course made do, other people's files of the same
        names do not.

    Raises
    ------
    DataNotFoundError
        When the real data is requested but unavailable.
    SettingsError
        When ``source``, ``split`` or an environment variable is invalid.
    """
    if split not in SPLITS or isinstance(split, bool):
        raise SettingsError(f"split must be one of {', '.join(map(str, SPLITS))}, not {split!r}")
    return load(INFO, source, lambda found: _real(found, split), lambda: _sample(split))


def _drawn_again(parts, split):
    """Put all photos together and draw another split."""
    known = [parts[part] for part in ("train", "test", "validation") if part in parts]
    photos, signs = (np.concatenate([part[field] for part in known]) for field in (0, 1))
    series = None if known[0][2] is None else np.concatenate([part[2] for part in known])
    try:
        rows = draw_split(signs, series, split)
    except ValueError as error:
        raise SettingsError(f"split={split} cannot be drawn from these files ({error}); split=0 is what they hold") from None
    drawn = {part: (photos[chosen], signs[chosen], None if series is None else series[chosen]) for part, chosen in rows.items()}
    if not len(drawn["validation"][0]):
        del drawn["validation"]
    return drawn


def _dataset(parts, **facts):
    empty = (None, None, None)
    (x_train, y_train, groups_train), (x_test, y_test, groups_test) = parts["train"], parts["test"]
    x_validation, y_validation, _ = parts.get("validation", empty)
    return Dataset(class_names=SIGN_NAMES, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test,
                   x_validation=x_validation, y_validation=y_validation, groups_train=groups_train,
                   groups_test=groups_test, **facts)


def _real(found, split):
    parts = found.content if split == 0 else _drawn_again(found.content, split)
    if found.content["made by the course"]:
        notes = ("The archive does not name the students. The numbers of its files show which photos were taken "
                 "one after another, and the groups are these series.",)
        other = found.content["content"] != CONTENT
        if other:
            _say_other_content()
            notes += ("These photos are not the ones that the course was measured on.",)
        return _dataset(parts, name=INFO.title, source="real", origin=found.origin, license=INFO.license,
                        citation=INFO.citation, expected="own" if other else "", notes=notes)
    return _dataset(parts, name="Hand signs", source="real", origin=f"train_signs.h5 and test_signs.h5, {found.origin}",
                    license="license as given by whoever made the files", citation="as given by whoever made the files",
                    expected="own",
                    notes=("The files do not say who is on which photo, so the same person may be on both sides.",))


def _sample(split):
    from helpers.data.draw_hands import draw_sample

    parts = draw_sample()
    if split:
        parts = _drawn_again(parts, split)
    return _dataset(parts, name="Hand signs", source="sample", origin="drawn by the course's own code", license="CC BY 4.0",
                    citation="this course", notes=("The groups are invented persons, each of whom shows all six signs once.",))
