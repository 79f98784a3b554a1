"""Reads the networks that were recorded in other frameworks, ``data/recorded/*.h5``.

Each file holds the weights of one network in its own framework's layout, a few inputs, the output of every layer, and the
facts: versions, date, training. The programs in ``tests/recorders`` wrote them. Lessons 05 and 06 load the weights into Keras
and compare. A file is verified from end to end before any of it is returned.

Attributes of a file: ``format``, ``metadata`` (one JSON text) and ``checksum``. Datasets: ``inputs``,
``weights/<layer>/<parameter>``, ``outputs/<layer>`` and ``measurements/<experiment>/<array>``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np

from helpers.data.errors import FileAccessError, VerificationError
from helpers.data.storage import read_hdf5
from helpers.project import ROOT

__all__ = ["FOLDER", "Layer", "Measurement", "Recorded", "RecordedFileError", "available", "load"]

FOLDER = ROOT / "data" / "recorded"
"""Where the course keeps the recorded networks."""

_FORMAT = "convnet-course recorded network 1"
_METADATA_KEYS = ("name", "title", "framework", "framework_version", "versions", "date", "recorder", "parameters",
                  "layers", "inputs", "layout", "training", "measurements", "notes")


class RecordedFileError(ValueError):
    """A file is not a recorded network of the course, or no longer what its recorder wrote, or it cannot be opened."""


@dataclasses.dataclass(frozen=True)
class Layer:
    """One layer of a recorded network.

    Attributes
    ----------
    name : str
        The course's name for it, the same in every framework: ``"conv1"``, ``"pool1"``, ..., ``"logits"``.
    kind : str
        What it does, in words: ``"convolution, relu"``.
    original : str
        What the framework calls it.
    output_shape : tuple of int
        Of one input, in the framework's own layout.
    parameters : int
        How many numbers its weights hold.
    """

    name: str
    kind: str
    original: str
    output_shape: tuple[int, ...]
    parameters: int


@dataclasses.dataclass(frozen=True, repr=False)
class Measurement:
    """A small experiment in the framework: what was called, and what it returned.

    Attributes
    ----------
    facts : dict
        ``"call"`` and the values of the arguments.
    arrays : dict of str to numpy.ndarray
        Inputs and results; ``measurement["output"]`` is short for ``measurement.arrays["output"]``.
    """

    facts: dict
    arrays: dict[str, np.ndarray]

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key]

    def __repr__(self):
        shapes = ", ".join(f"{key} {array.shape}" for key, array in self.arrays.items())
        return f"{self.facts.get('call', 'measurement')}: {shapes}"


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Recorded:
    """A network as its own framework computed it.

    Attributes
    ----------
    name, title : str
        Of the file, and in words.
    framework, framework_version : str
        For example ``"CNTK"`` and ``"2.7"``.
    versions : dict of str to str
        Of everything that had a part in it.
    date : str
        Day of the recording, as in 2026-01-31.
    parameters : int
        Sum over all weights.
    layers : tuple of Layer
        In order.
    weights : dict of str to dict of str to numpy.ndarray
        ``weights["conv1"]["kernel"]``: by layer, then by the framework's own parameter name; float32, own layout.
    inputs : numpy.ndarray
        What the network was fed, float32, in the framework's own layout.
    outputs : dict of str to numpy.ndarray
        ``outputs["pool1"]``: outputs for ``inputs[:len(outputs["pool1"])]``. Layers with a height and a width are kept
        for fewer inputs than the others.
    layout : dict of str to str
        How to read ``"images"``, ``"kernels"`` and ``"dense"`` weights.
    epochs : int
        0 when the weights were not trained.
    test_accuracy : float or None
        On the 10,000 test images of the real MNIST, as a fraction.
    seconds_per_epoch, cpu_seconds_per_epoch : tuple of float
        By the clock (an upper bound: the machine had other work), and of processor time, all threads together.
    measurements : dict of str to Measurement
        Momentum, dropout, padding and local response normalization in this framework.
    """

    name: str
    title: str
    framework: str
    framework_version: str
    versions: dict[str, str]
    date: str
    parameters: int
    layers: tuple[Layer, ...]
    weights: dict[str, dict[str, np.ndarray]]
    inputs: np.ndarray
    outputs: dict[str, np.ndarray]
    layout: dict[str, str]
    epochs: int
    test_accuracy: float | None
    seconds_per_epoch: tuple[float, ...]
    cpu_seconds_per_epoch: tuple[float, ...]
    measurements: dict[str, Measurement]

    def kernel_and_bias(self, layer: str) -> tuple[np.ndarray, np.ndarray]:
        """Return a layer's kernel, in the framework's own layout, and its biases as a row, whatever their names are there.

        Raises
        ------
        KeyError
            When the network has no such layer with weights; the message lists those that it has.
        """
        if layer not in self.weights:
            raise KeyError(f"{self.name} has no weights of a layer {layer!r}, only of {', '.join(self.weights)}")
        arrays = self.weights[layer]
        kernel = next(arrays[name] for name in ("kernel", "weight", "W") if name in arrays)
        return kernel, next(arrays[name] for name in ("bias", "b") if name in arrays).ravel()

    def __repr__(self):
        trained = "not trained" if not self.epochs else f"{self.epochs} epochs of MNIST"
        if self.test_accuracy is not None:
            trained += f", test accuracy {self.test_accuracy:.4f}"
        return (f"{self.title}: recorded {self.date} in {self.framework} {self.framework_version}, "
                f"{self.parameters:,} parameters, {trained}, {len(self.inputs)} inputs of "
                f"{'x'.join(map(str, self.inputs.shape[1:]))}")


def available() -> list[str]:
    """Return the names of the recorded networks that come with the course, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.h5"))


def load(name_or_path: str | os.PathLike) -> Recorded:
    """Read a recorded network and check that it is whole and unaltered.

    Parameters
    ----------
    name_or_path : str or path-like
        A name that :func:`available` lists, or the path of an ``.h5`` file.

    Returns
    -------
    Recorded
        All arrays are read-only.

    Raises
    ------
    FileNotFoundError
        When there is no such file; the message lists the names that there are.
    RecordedFileError
        When the file is cut short, altered, or something else. It is a ValueError.
    """
    path = _find(name_or_path)
    try:
        arrays, attributes = read_hdf5(path, digests="if present")  # one checksum covers the whole file
        return _assemble(*_verified(arrays, attributes))
    except FileAccessError as error:
        raise RecordedFileError(str(error)) from error
    except VerificationError as error:
        reason = str(error)
    except (KeyError, TypeError, AttributeError) as error:
        reason = f"{path.name} cannot be used: its parts do not fit together ({type(error).__name__}: {error})"
    except ValueError as error:
        reason = f"{path.name} cannot be used: {error}"
    raise RecordedFileError(f"{reason}. Get the original again: `git checkout -- data/recorded/{path.name}`, or download that "
                            "file from the repository.")


def _verified(arrays, attributes):
    """Return the metadata and the arrays of a file, or say what is wrong with them."""
    if attributes.get("format") != _FORMAT:
        raise ValueError(f"it is an HDF5 file, but not a recorded network (its attribute 'format' is "
                         f"{attributes.get('format')!r}, not {_FORMAT!r})")
    missing = [key for key in ("metadata", "checksum") if not isinstance(attributes.get(key), str)]
    if missing:
        raise ValueError(f"it lacks the attribute {' and '.join(missing)}")
    if checksum(attributes["metadata"], arrays) != attributes["checksum"]:
        raise ValueError("it was altered since it was recorded (its contents do not match its checksum)")
    try:
        metadata = json.loads(attributes["metadata"])
    except ValueError:
        raise ValueError("its metadata is not JSON") from None
    missing = [key for key in _METADATA_KEYS if key not in metadata] if isinstance(metadata, dict) else _METADATA_KEYS
    if missing:
        raise ValueError(f"its metadata lacks {', '.join(missing)}")
    return metadata, arrays


def checksum(metadata: str, arrays: dict[str, np.ndarray]) -> str:
    """Return the SHA-256 of a recorded network, as ``tests/recorders/recording.py`` computes it.

    It covers format, metadata and each array's path, type, shape and bytes, each after its length.
    """
    digest = hashlib.sha256()
    # HDF5 returns damaged text with surrogates in place of broken bytes: they must count, not stop the count.
    parts = [text.encode("utf-8", "surrogateescape") for text in (_FORMAT, metadata)]
    for key in sorted(arrays):
        array = np.asarray(arrays[key])
        array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
        parts += [text.encode("utf-8", "surrogateescape") for text in (key, array.dtype.str, str(list(array.shape)))]
        parts.append(array.tobytes())
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def _find(name_or_path):
    path = Path(name_or_path)
    if path.suffix != ".h5" and len(path.parts) == 1:
        path = FOLDER / f"{path.name}.h5"
    if not path.is_file():
        raise FileNotFoundError(f"There is no recorded network {str(name_or_path)!r}. "
                                f"The course has: {', '.join(available()) or 'none, data/recorded is empty'}.")
    return path


def _assemble(metadata, arrays):
    # Exactly the numbers that the recorder fed: whole numbers divided in single precision.
    inputs = arrays.pop("inputs").astype(np.float32) / np.float32(metadata["inputs"]["divisor"])
    weights, outputs, measured = {}, {}, {name: {} for name in metadata["measurements"]}
    for array in (inputs, *arrays.values()):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    for key, array in arrays.items():
        match key.split("/"):
            case ["weights", layer, name]:
                weights.setdefault(layer, {})[name] = array
            case ["outputs", layer]:
                outputs[layer] = array
            case ["measurements", experiment, name]:
                measured[experiment][name] = array
            case _:
                raise ValueError(f"it holds {key}, which has no place in a recorded network")
    layers = tuple(Layer(one["name"], one["kind"], one["original"], tuple(one["output_shape"]), one["parameters"])
                   for one in metadata["layers"])
    training = metadata["training"] or {}
    return Recorded(
        **{key: metadata[key] for key in ("name", "title", "framework", "framework_version", "versions", "date",
                                          "parameters", "layout")},
        layers=layers, weights={layer.name: weights[layer.name] for layer in layers if layer.name in weights},
        inputs=inputs, outputs={layer.name: outputs[layer.name] for layer in layers},
        epochs=training.get("epochs", 0),
        test_accuracy=training.get("test_accuracy"), seconds_per_epoch=tuple(training.get("seconds_per_epoch", ())),
        cpu_seconds_per_epoch=tuple(training.get("cpu_seconds_per_epoch", ())),
        measurements={name: Measurement(facts, measured[name]) for name, facts in metadata["measurements"].items()})
