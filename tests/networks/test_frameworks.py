"""What lesson 05 shows of PyTorch, JAX, safetensors and ONNX: the page is whole without them, and a difference cannot pass."""

import json
import subprocess
import sys

import numpy as np
import pytest

from helpers import frameworks
from helpers.project import ROOT, newest_tested
from tests.support.exercise_cells import key_exercises
from tests.support.lesson_code import code_of

RECORDED = json.loads(frameworks.PLACE.read_text(encoding="utf-8"))
EXTRA = ("torch", "jax", "optax", "safetensors", "onnx", "onnxruntime", "onnxscript")


def torch_gradients():
    return {"gradients": [6.0, 12.0, 18.0]}


@pytest.fixture
def here(monkeypatch):
    """Packages that count as installed; none at first."""
    packages = set()
    monkeypatch.setattr(frameworks, "installed", lambda *wanted: packages.issuperset(wanted))
    return packages


def recorded_as(monkeypatch, tmp_path, figures):
    place = tmp_path / "frameworks.json"
    place.write_text(json.dumps({"figures": figures}), encoding="utf-8")
    monkeypatch.setattr(frameworks, "PLACE", place)


def test_without_the_framework_nothing_runs(here):
    def torch_gradients():
        pytest.fail("ran")
    np.testing.assert_array_equal(frameworks.live(torch_gradients, "torch")["gradients"], [6, 12, 18])


def test_with_it_the_listing_runs_and_the_recorded_numbers_come_back(here):
    here.add("torch")
    ran = []

    def torch_gradients():
        ran.append(True)
        return {"gradients": np.array([6.0, 12.0, 18.00001])}
    np.testing.assert_array_equal(frameworks.live(torch_gradients, "torch")["gradients"], [6, 12, 18])
    assert ran


@pytest.mark.parametrize(("found", "words"), [
    ({"gradients": [6.0, 12.0, 18.1]}, r"torch_gradients, gradients: differs from what was recorded by 5\.6e-03"),
    ({"gradients": [6.0, 12.0, float("nan")]}, "differs .* by nan"), ({"gradients": [6.0, 12.0]}, r"here it is \[6\.0, 12\.0\]"),
    ({"slopes": [6.0, 12.0, 18.0]}, "recorded were gradients, here there are slopes"),
    ({"gradients": "none"}, "recorded was .* here it is none")])
def test_another_result_stops_the_page(here, found, words):
    here.add("torch")

    def torch_gradients():
        return found
    with pytest.raises(AssertionError, match=rf"{words}.*call torch_gradients\(\) directly"):
        frameworks.live(torch_gradients, "torch")


def test_words_and_truth_are_compared_too(here, monkeypatch, tmp_path):
    recorded_as(monkeypatch, tmp_path, {"modes": {"train": {"same": False}, "graph": ["Conv", "Relu"]}})
    here.add("torch")
    for train, graph in ((True, ["Conv", "Relu"]), (False, ["Conv", "Gemm"])):
        def modes(train=train, graph=graph):
            return {"train": {"same": train}, "graph": graph}
        with pytest.raises(AssertionError, match=r"modes, (train, same|graph)"):
            frameworks.live(modes, "torch")


def test_seconds_may_differ_and_stand_beside_the_recorded_ones(here, monkeypatch, tmp_path):
    recorded_as(monkeypatch, tmp_path, {"engines": {"jax": {"seconds": 0.5, "logits": [1.0, 2.0]}}})

    def engines():
        return {"jax": {"seconds": 3.25, "logits": [1.0, 2.0]}}
    assert frameworks.live(engines, "jax")["jax"]["seconds here"] == "not run"
    here.add("jax")
    shown = frameworks.live(engines, "jax")["jax"]
    assert shown["seconds"] == 0.5 and shown["seconds here"] == "3.25"


def test_a_listing_that_was_never_recorded_says_how(here):
    with pytest.raises(LookupError, match=r"nothing for <lambda>\(\).*tests\.recorders\.record_frameworks"):
        frameworks.live(lambda: {}, "torch")


def test_an_engine_is_another_process_and_its_failure_is_told():
    program = "import json, os, sys\nprint('hello')\nprint(json.dumps([os.environ['KERAS_BACKEND'], *sys.argv[1:]]))"
    assert frameworks.run_on("jax", program, 1, "b") == ["jax", "1", "b"]
    with pytest.raises(RuntimeError, match=r"(?s)ended with 1 on torch: .*ValueError: no such engine"):
        frameworks.run_on("torch", "raise ValueError('no such engine')")


@pytest.mark.slow
def test_an_engine_loads_predicts_and_trains(tmp_path):
    import keras
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.save(tmp_path / "small.keras")
    pictures, labels = np.random.default_rng(0).random((4, 2, 2, 1)).astype("float32"), np.array([0, 1, 2, 0])
    found = frameworks.on_engine("tensorflow", tmp_path / "small.keras", pictures, pictures, labels)
    np.testing.assert_allclose(found["logits"], model.predict(pictures, verbose=0), atol=1e-6)
    assert found["seconds"] > 0


def test_the_figures_are_of_the_tested_versions():
    tested = newest_tested()
    found = {name: tuple(int(part) for part in version.split(".")[:3]) for name, version in RECORDED["versions"].items()}
    assert found == {name: tested[name] for name in found} and set(EXTRA[:-1]) < set(found)


def test_every_recorded_figure_is_shown():
    code = code_of("05_frameworks")
    assert RECORDED["figures"] and [name for name in RECORDED["figures"] if f"frameworks.live({name}, " not in code] == []


def test_triton_is_out_of_the_way():
    """With TensorFlow in the same process, its library ends the process."""
    done = subprocess.run([sys.executable, "-c", "import helpers.frameworks\nimport triton"], cwd=ROOT, capture_output=True,
                          text=True)
    assert "ModuleNotFoundError: import of triton halted" in done.stderr


@pytest.mark.slow
def test_the_page_is_whole_without_the_extra():
    hidden = ("from importlib.machinery import PathFinder as finder\nfind = finder.find_spec\n"
              f"finder.find_spec = lambda name, *more: None if name.split('.')[0] in {EXTRA} else find(name, *more)\n"
              "import sys\nsys.path.insert(0, '..')\nimport helpers.quiet_start\n")
    done = subprocess.run([sys.executable, "-c", hidden + code_of("05_frameworks")], cwd=ROOT / "notebooks", capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "onnx_max_abs_difference" in done.stdout  # the closing table: every cell before it has run


def test_the_solution_of_the_missing_line_trains_a_network_of_pytorch():
    torch = pytest.importorskip("torch")
    namespace = {}
    exec(key_exercises("05_frameworks")["train_and_validate"].sources("exercise-solution")[0], namespace)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Dropout(0.5), torch.nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = [(torch.rand(8, 2) + 1, torch.rand(8, 1)) for _ in range(3)]
    history = namespace["train_and_validate"](model, optimizer, torch.nn.functional.mse_loss, batches, batches, 2)
    assert len(history) == 2 and not model.training
    assert int(model[0].num_batches_tracked) == 6  # in both epochs
