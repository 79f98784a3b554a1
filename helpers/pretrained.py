"""A network of the AlexNet family, pretrained on 38 of the 43 traffic signs of GTSRB, for lesson 07.

The weights lie in ``data/pretrained`` and were made by ``tests/recorders/pretrain_traffic_signs.py``. Five signs were left out,
so that the lesson can ask what the network learned for signs that it has never seen.
"""

from __future__ import annotations

import json
from pathlib import Path

import keras
from keras import layers

from helpers.data.catalog import DataFile, DatasetInfo, FileLayout
from helpers.data.download import download
from helpers.data.errors import DownloadError, FileAccessError, VerificationError
from helpers.data.places import folders, keras_folder, shown
from helpers.data.storage import read_hdf5, reading, write_hdf5
from helpers.project import ROOT

__all__ = ["FOLDER", "LEFT_OUT", "PATH", "RECORDED_IMAGENET", "SEEN", "imagenet_weights", "network", "pretrained_network",
           "recorded_imagenet", "restore", "save"]

FOLDER = ROOT / "data" / "pretrained"
"""Where the course keeps weights that it has trained."""

PATH = FOLDER / "traffic_signs_38.h5"
"""The file of weights."""

LEFT_OUT = (1, 14, 17, 25, 33)
"""GTSRB's numbers of the signs that the network has not seen: speed limit 30, stop, no entry, road works, turn right ahead."""

SEEN = tuple(label for label in range(43) if label not in LEFT_OUT)
"""The 38 signs it was trained on, in the order of its outputs."""

RECORDED_IMAGENET = ROOT / "data" / "recorded" / "imagenet_features.json"
"""What features from ImageNet gave in the four cases of lesson 07."""


def network(classes: int = 38) -> keras.Model:
    """Build the network with fresh weights.

    Five convolutions and two dense layers, as in AlexNet (Krizhevsky, Sutskever and Hinton 2012), for pictures of 32x32; batch
    normalization takes the place of local response normalization.

    Parameters
    ----------
    classes : int
        Outputs, one for each of :data:`SEEN` if left out.

    Returns
    -------
    keras.Model
        From pictures of shape ``(32, 32, 3)``, values 0 to 1, to logits. The layer ``"features"`` gives 256 numbers, the layer
        ``"early"`` maps of 8x8x32.
    """
    x = inputs = keras.Input((32, 32, 3))
    for number, (kernels, kernel, pooled) in enumerate([(16, 5, "pool1"), (32, 5, "early"), (64, 3, None), (64, 3, None),
                                                        (32, 3, "pool3")], 1):
        x = layers.Conv2D(kernels, kernel, padding="same", use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"bn{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
        if pooled:
            x = layers.MaxPooling2D(2, name=pooled)(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.4, name="dropout1")(layers.Dense(384, activation="relu", name="dense1")(x))
    x = layers.Dense(256, activation="relu", name="features")(x)
    x = layers.Dropout(0.4, name="dropout2")(x)
    return keras.Model(inputs, layers.Dense(classes, name="logits")(x), name="traffic_sign_network")


def save(model: keras.Model, path: str | Path, facts: dict[str, str | int]) -> None:
    """Write the weights of a network whose layers have names, each with its SHA-256, and facts about its training."""
    write_hdf5(path, {weight.path: weight.numpy() for weight in model.weights}, facts)


def pretrained_network(path: str | Path = PATH) -> tuple[keras.Model, dict]:
    """Return the network with its trained weights.

    Parameters
    ----------
    path : path-like, optional
        Another file of weights.

    Returns
    -------
    model : keras.Model
        As :func:`network` builds it, with 38 outputs in the order of :data:`SEEN`.
    facts : dict
        How it was trained; ``facts["accuracy_by_track"]`` is its accuracy on real frames of tracks it has not seen.

    Raises
    ------
    VerificationError
        When the file is damaged, altered or not one of these. It is a :class:`helpers.data.DataError`.
    FileNotFoundError
        When there is none.
    """
    model = network()
    return model, restore(model, path)


def restore(model: keras.Model, path: str | Path) -> dict:
    """Put the weights of a file written by :func:`save` into a network with the same architecture.

    Parameters
    ----------
    model : keras.Model
        Changed in place, once the whole file has been read and checked.
    path : path-like
        The file.

    Returns
    -------
    dict
        How it was trained.

    Raises
    ------
    VerificationError
        When the file is damaged, altered or one of another network. It is a :class:`helpers.data.DataError`.
    FileNotFoundError
        When there is none.
    """
    # The names of a Keras variable begin with its layer's, which is the same in every process.
    arrays, facts = read_hdf5(path, [weight.path for weight in model.weights])
    for weight in model.weights:
        if arrays[weight.path].shape != weight.shape:
            raise VerificationError(f"{Path(path).name} cannot be used: {weight.path} should have shape {tuple(weight.shape)}, "
                                    f"and has {arrays[weight.path].shape}")
    for weight in model.weights:
        weight.assign(arrays[weight.path])
    return facts


_IMAGENET = DataFile(
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5")


def _read_imagenet(paths):
    """Build MobileNetV2 from the file of weights. No checksum is published, so the file counts if all its weights load."""
    path = paths[_IMAGENET.name]
    with reading(path, "a file of these weights"):
        return keras.applications.MobileNetV2((96, 96, 3), include_top=False, pooling="avg", weights=str(path))


_IMAGENET_INFO = DatasetInfo(
    name="imagenet", title="MobileNetV2", layouts=(FileLayout((_IMAGENET,), read=_read_imagenet),), license="Apache 2.0",
    citation="Sandler and others 2018", sample="none")


def imagenet_weights(source: str) -> str | None:
    """Return where MobileNetV2's weights from ImageNet lie; where they are unavailable, say why in one line.

    Parameters
    ----------
    source : {"real", "sample"}
        What the lesson runs on. On the offline sample nothing is fetched.

    Returns
    -------
    str or None
        A file for the argument ``weights`` of ``keras.applications.MobileNetV2`` with pictures of shape ``(96, 96, 3)`` and
        without its top (Sandler and others 2018, table 2). None when the weights are not on this machine (in Keras's own folder
        or where the course keeps its data) and cannot be downloaded, or when the file is damaged.
    """
    folders_to_search = (keras_folder().parent / "models", *(place.path for place in folders()))
    kept = next((folder / _IMAGENET.name for folder in folders_to_search if (folder / _IMAGENET.name).is_file()), None)
    reason = "a run on the offline sample fetches nothing"
    try:
        if kept:
            _read_imagenet({_IMAGENET.name: kept})
            return str(kept)
        if source != "sample":
            return str(download(_IMAGENET_INFO, _IMAGENET_INFO.layouts[0])[0][_IMAGENET.name])
    except DownloadError as error:
        reason = f"its weights are not on this machine, and cannot be fetched ({error})"
    except FileAccessError as error:  # the file may be good
        reason = str(error)
    except VerificationError as error:
        reason = f"{error}. Delete {shown(kept)} and run this again"
    print(f"MobileNetV2 gets no weights: {reason}.")
    return None


def recorded_imagenet(source: str) -> dict[str, list[float]]:
    """Return what features of EfficientNet-Lite0, trained on ImageNet, gave in lesson 07's four cases.

    ``tests/recorders/record_imagenet_features.py`` measured it, with heads that are trained as the lesson trains them.

    Parameters
    ----------
    source : {"real", "sample"}
        The data.

    Returns
    -------
    dict of str to list of float
        Test accuracies by case, such as ``"small, similar"``, one for each of the lesson's seeds.
    """
    return json.loads(RECORDED_IMAGENET.read_text(encoding="utf-8"))[source]
