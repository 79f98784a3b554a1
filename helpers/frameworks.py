"""Runs the listings of lesson 05 where their framework is installed, and gives what was recorded from them where it is not.

PyTorch, JAX, safetensors and ONNX are an extra: ``pip install -e ".[frameworks]"``. The lesson is whole without it:
``tests/recorders/record_frameworks.py`` has run the page, and ``data/recorded/frameworks.json`` keeps what each listing returned.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.project import ROOT

__all__ = ["PLACE", "TOLERANCE", "installed", "live", "on_engine", "run_on"]

PLACE = ROOT / "data" / "recorded" / "frameworks.json"
TOLERANCE = 1e-5

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1",
               "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}

_ENGINE = """
import json, sys, time
import keras, numpy as np

model, data = keras.saving.load_model(sys.argv[1]), np.load(sys.argv[2])
logits = model.predict(data["pictures"], verbose=0)
model.compile(keras.optimizers.SGD(0.02, momentum=0.9), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
seconds = []
for _ in range(3):
    start = time.process_time()
    model.fit(data["x"], data["y"], verbose=0)
    seconds.append(time.process_time() - start)
print(json.dumps({"logits": logits.tolist(), "seconds": min(seconds)}))
"""

# PyTorch's optimizers import Triton, a compiler for GPUs. On Linux, its library and TensorFlow's end a process that loads both.
sys.modules.setdefault("triton", None)  # type: ignore[arg-type]


def installed(*packages: str) -> bool:
    """Say whether all of these packages can be imported here."""
    return all(importlib.util.find_spec(package) is not None for package in packages)


def live(listing: Callable[[], dict], *packages: str) -> dict:
    """Return what a listing computes: run here where its packages are installed, else as it was recorded.

    Parameters
    ----------
    listing : callable
        A function without arguments that returns a dict of numbers, arrays and strings. Its name finds the recording.
    *packages : str
        The packages that it imports, for example ``"torch"``.

    Returns
    -------
    dict
        The recorded figures, lists of numbers as arrays: a page shows the same text with and without the packages. Beside
        recorded "seconds" stand "seconds here", a text.

    Raises
    ------
    LookupError
        When the listing was never recorded.
    AssertionError
        When it ran here and a figure differs from the recording by more than ``TOLERANCE``; "seconds" may.
    """
    name = listing.__name__
    figures = json.loads(PLACE.read_text(encoding="utf-8"))["figures"]
    if name not in figures:
        raise LookupError(f"{PLACE.name} has nothing for {name}(). Call it directly; a maintainer records it with: "
                          "python -m tests.recorders.record_frameworks")
    found = None
    if installed(*packages):
        found = run(listing)
        wrong = list(_differences(name, figures[name], found))
        if wrong:
            raise AssertionError(f"{'; '.join(wrong)}. If you changed the listing, call {name}() directly to see what it gives; "
                                 "if not, a newer framework may compute it differently.")
    return as_arrays(with_seconds(figures[name], found))


def run(listing: Callable[[], dict]) -> dict:
    """Run a listing without the warnings of its framework, and return its result as plain numbers, lists and strings."""
    with warnings.catch_warnings(), open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            return _plain(listing())
        finally:
            logging.disable(logging.NOTSET)


def on_engine(engine: str, path: str | os.PathLike, pictures: np.ndarray, x: np.ndarray, y: np.ndarray) -> dict:
    """Load a ``.keras`` file in a process of its own, in which Keras computes with another engine; predict, and time an epoch.

    Parameters
    ----------
    engine : {"tensorflow", "jax", "torch"}
        For ``KERAS_BACKEND``, which Keras reads once, when it is imported.
    path : str or path-like
        Of a network that returns logits.
    pictures : array, shape (images, height, width, channels)
        What it predicts.
    x, y : arrays, shapes (examples, height, width, channels) and (examples,)
        What it is trained on: SGD with momentum, batches of 32.

    Returns
    -------
    dict
        "logits", a list of rows, and "seconds" of processor time, the least of three epochs: the first one also compiles.

    Raises
    ------
    RuntimeError
        When the process fails, with its last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, pictures=pictures, x=x, y=y)
        return run_on(engine, _ENGINE, path, data)


def run_on(engine: str, program: str, *arguments: object) -> dict:
    """Run a program in a process of its own, in which Keras computes with another engine; return the JSON that it prints.

    Each engine gets one thread, so that seconds can be compared, also on a machine that has other work.

    Parameters
    ----------
    engine : {"tensorflow", "jax", "torch"}
        For ``KERAS_BACKEND``, which Keras reads once, when it is imported.
    program : str
        Python; it finds ``arguments`` in ``sys.argv[1:]`` and prints one line of JSON last.
    *arguments : object
        Handed over as text.

    Raises
    ------
    RuntimeError
        When the program fails, with its last words.
    """
    done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, **_ONE_THREAD, "KERAS_BACKEND": engine, "TF_CPP_MIN_LOG_LEVEL": "3"})
    if done.returncode:
        raise RuntimeError(f"The program ended with {done.returncode} on {engine}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _plain(value):
    """Turn arrays, tensors of any framework and dicts of them into what JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(one, (str, dict)) for one in value):
        return [_plain(one) for one in value]
    array = np.asarray(value)
    return array.item() if array.ndim == 0 else array.tolist()


def with_seconds(recorded, found):
    """Put "seconds here" beside every "seconds": what was measured here, to two digits, or that nothing was."""
    result = {}
    for key, value in recorded.items():
        own = found and found[key]
        result[key] = with_seconds(value, own) if isinstance(value, dict) else value
        if key == "seconds":
            result["seconds here"] = f"{own:.2f}" if found else "not run"
    return result


def as_arrays(value):
    """Turn lists of numbers into arrays, in dicts at any depth."""
    if isinstance(value, dict):
        return {key: as_arrays(one) for key, one in value.items()}
    if isinstance(value, list) and not any(isinstance(one, (str, dict)) for one in value):
        return np.array(value)
    return value


def rounded(value):
    """Round every number to seven digits, in dicts and lists at any depth: float32 has no more."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _differences(name, recorded, found):
    """Yield what differs between two results; numbers may by the tolerance, relative to the larger of 1 and the recorded one."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        if set(recorded) != set(found):
            yield f"{name}: recorded were {', '.join(recorded)}, here there are {', '.join(found)}"
            return
        for key, value in recorded.items():
            if key != "seconds":
                yield from _differences(f"{name}, {key}", value, found[key])
        return
    one, other = np.array(recorded), np.array(found)
    if one.shape != other.shape or one.dtype.kind in "US" or other.dtype.kind in "US":
        if recorded != found:
            yield f"{name}: recorded was {recorded}, here it is {found}"
        return
    one, other = one.astype(float), other.astype(float)
    gap = np.abs(one - other) / np.maximum(1, np.abs(one))
    if not np.all(gap <= TOLERANCE):  # catches nan, too
        yield f"{name}: differs from what was recorded by {np.max(gap):.1e}"
