"""Runs the recorders again where their frameworks are, and compares with the files of the course.

Set one variable for each environment you have, to the command that starts its Python (the docstring of each recorder says how
to make it). Words before the Python are allowed, for example ``env LD_LIBRARY_PATH=... python``:

- COURSE_ERA_TF1: TensorFlow 1.15.5, Keras 2.3.1 and TFLearn 0.5.0
- COURSE_ERA_TFLEARN: TFLearn 0.5.0 on TensorFlow 2.21
- COURSE_ERA_CNTK: CNTK 2.7, with OpenMPI under its old names in LD_LIBRARY_PATH
- COURSE_ERA_PYTORCH: PyTorch; without the variable, a Python of the course with the extra "frameworks"
- COURSE_ERA_JAX: JAX and Optax; the same
- COURSE_ERA_KERAS3: Keras 3; without the variable, the process of this test

A recorder does not train here: it takes the recorded weights and computes the outputs again. With MNIST in COURSE_DATA_DIR it
also measures the accuracy again.
"""

import importlib.util
import os
import runpy
import shlex
import subprocess
import sys

import numpy as np
import pytest

from helpers import recorded
from helpers.project import ROOT

RECORDERS = ROOT / "tests" / "recorders"
RECORDINGS = [
    ("COURSE_ERA_TF1", "record_tf1_layers.py", "tf1_layers_listing"),
    ("COURSE_ERA_TF1", "record_tf1_layers.py", "tf1_layers_common"),
    ("COURSE_ERA_TF1", "record_keras.py", "keras2_listing"),
    ("COURSE_ERA_TF1", "record_keras.py", "keras2_common"),
    ("COURSE_ERA_TF1", "record_tflearn.py", "tflearn_alexnet_relu_tf1"),
    ("COURSE_ERA_TF1", "record_tflearn.py", "tflearn_alexnet_tanh_tf1"),
    ("COURSE_ERA_TFLEARN", "record_tflearn.py", "tflearn_alexnet_relu_tf2"),
    ("COURSE_ERA_TFLEARN", "record_tflearn.py", "tflearn_alexnet_tanh_tf2"),
    ("COURSE_ERA_CNTK", "record_cntk.py", "cntk_listing"),
    ("COURSE_ERA_CNTK", "record_cntk.py", "cntk_common"),
    ("COURSE_ERA_PYTORCH", "record_pytorch.py", "pytorch_listing"),
    ("COURSE_ERA_PYTORCH", "record_pytorch.py", "pytorch_common"),
    ("COURSE_ERA_JAX", "record_jax.py", "jax_common"),
    ("COURSE_ERA_KERAS3", "record_keras.py", "keras3_common"),
]
EXTRA = {"COURSE_ERA_PYTORCH": "torch", "COURSE_ERA_JAX": "optax"}
PROBE = {"COURSE_ERA_TF1": "tensorflow, keras, tflearn, h5py", "COURSE_ERA_TFLEARN": "tensorflow, PIL, h5py",
         "COURSE_ERA_CNTK": "cntk, h5py", "COURSE_ERA_PYTORCH": "torch, h5py", "COURSE_ERA_JAX": "jax, optax, h5py",
         "COURSE_ERA_KERAS3": "keras, h5py"}


def environment():
    """This process's variables without what would lead another Python astray.

    With one OpenMP thread, a convolution of CNTK 2.7 ends the process with a floating point exception.
    """
    astray = ("PYTHONPATH", "PYTHONHOME", "KERAS_BACKEND", "OMP_NUM_THREADS")
    kept = {key: value for key, value in os.environ.items() if key not in astray}
    return dict(kept, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", TF_CPP_MIN_LOG_LEVEL="3",
                CUDA_VISIBLE_DEVICES="-1")


def interpreter(variable):
    """Return the command that starts the framework's Python, None for this process; skip where there is none."""
    command = os.environ.get(variable)
    if command:
        command = shlex.split(command)
        probe = subprocess.run([*command, "-c", f"import {PROBE[variable]}"], env=environment(), capture_output=True,
                               text=True)
        assert probe.returncode == 0, f"{variable} is set, but cannot import {PROBE[variable]}:\n{probe.stderr[-2000:]}"
        return command
    if variable == "COURSE_ERA_KERAS3":
        return None
    if importlib.util.find_spec(EXTRA.get(variable, "no module of this name")):
        return [sys.executable]  # not this process, which has loaded TensorFlow
    return pytest.skip(f"no environment: set {variable}, see the docstring of this test")


@pytest.mark.era
@pytest.mark.parametrize(("variable", "recorder", "name"), RECORDINGS, ids=[name for _, _, name in RECORDINGS])
def test_recorder_computes_the_same_again(variable, recorder, name, tmp_path, monkeypatch):
    python = interpreter(variable)
    command = [str(RECORDERS / recorder), str(tmp_path), "--only", name, "--replay", str(recorded.FOLDER)]
    if python:
        run = subprocess.run([*python, *command], env=environment(), capture_output=True, text=True)
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]
    else:
        monkeypatch.setattr(sys, "argv", command)
        monkeypatch.syspath_prepend(RECORDERS)
        runpy.run_path(command[0], run_name="__main__")
    again, stored = recorded.load(tmp_path / f"{name}.h5"), recorded.load(name)
    assert (again.parameters, again.layers, again.layout) == (stored.parameters, stored.layers, stored.layout)
    np.testing.assert_array_equal(again.inputs, stored.inputs)
    for layer, arrays in stored.weights.items():
        for key, array in arrays.items():
            np.testing.assert_array_equal(again.weights[layer][key], array)
    for layer, expected in stored.outputs.items():
        # On another processor the sums are taken in another order.
        scale = max(1.0, np.abs(expected).max())
        assert np.abs(again.outputs[layer] - expected).max() <= 1e-5 * scale, layer
    compare_measurements(again.measurements, stored.measurements)
    if again.test_accuracy is not None:
        assert again.test_accuracy == pytest.approx(stored.test_accuracy, abs=0.0003)


def compare_measurements(again, stored):
    assert set(again) == set(stored)
    for experiment, expected in stored.items():
        assert again[experiment].facts == expected.facts and set(again[experiment].arrays) == set(expected.arrays)
        for key, array in expected.arrays.items():
            if experiment.startswith("dropout") and key == "training":
                # Which units are dropped is chance; what becomes of them is not.
                np.testing.assert_array_equal(np.unique(again[experiment][key]), np.unique(array))
                assert (again[experiment][key] == 0).mean() == pytest.approx((array == 0).mean(), abs=0.03)
            else:
                np.testing.assert_allclose(again[experiment][key], array, rtol=1e-5, atol=2e-5)


def test_every_recording_has_a_recorder():
    assert sorted(name for _, _, name in RECORDINGS) == recorded.available()
    for _, recorder, name in RECORDINGS:
        program = (RECORDERS / recorder).read_text(encoding="utf-8")
        assert name.rsplit("_", 1)[0] in program and "def measure" in program
