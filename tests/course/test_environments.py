"""Environments that users have: each test makes the situation and reads the one sentence that explains it."""

import json
import os
import re
import subprocess
import sys
import types
import venv
from importlib import metadata

import pytest

from helpers import environment, platforms, start
from helpers.course.setup_cell import setup_cell
from helpers.project import ROOT, newest_tested, python_versions, read_toml, required
from tests.support.lesson_code import FRONT, code_of, imported

OLDEST, NEWEST = python_versions()
OPTIONAL = {"ipywidgets", "anywidget", "traitlets", "IPython", "cycler", "tomli",
            "torch", "jax", "optax", "safetensors", "onnx", "onnxruntime"}
"""Imported where it is there (panels, other frameworks), or there wherever a kernel or Matplotlib is, or on Python 3.10 alone."""
BESIDE = {"anywidget", "ipywidgets", "jinja2", "jupyterlab", "nbval", "psutil", "tomli"}
"""Required and not imported by lessons: what opens, grades and tests them, and what Keras uses itself."""


def python(source, executable=sys.executable, folder=ROOT / "notebooks", **variables):
    """Run code in a process of its own; return it when it has ended."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KERAS_BACKEND")}
    return subprocess.run([str(executable), "-c", source], cwd=folder, capture_output=True, text=True, timeout=300,
                          env={**kept, **variables})


# What is required


def test_what_lessons_import_is_required_and_checked():
    lessons = (code_of(path.stem) for path in (ROOT / "notebooks").glob("*.ipynb"))
    sources = (*lessons, *(path.read_text(encoding="utf-8") for path in FRONT))
    found = {module.partition(".")[0] for source in sources for module in imported(source)}
    assert found - set(sys.stdlib_module_names) - {"helpers", "tomllib"} - OPTIONAL == set(environment.IMPORTED)
    packages = {package for module in environment.IMPORTED for package in environment._PACKAGES.get(module, (module,))}
    assert set(required()) == packages | BESIDE


def test_the_tested_versions_are_those_of_every_direct_requirement():
    extras = read_toml(ROOT / "pyproject.toml")["project"]["optional-dependencies"]
    named = {re.match(r"[\w-]+", line).group() for lines in extras.values() for line in lines} - {"convnet-course"}
    assert set(newest_tested()) == set(required()) | named
    assert all(newest_tested()[package] >= oldest for package, oldest in required().items())


def test_the_installed_course_requires_the_same():
    installed = {re.match(r"[\w-]+", line).group() for line in metadata.requires("convnet-course") if "extra ==" not in line}
    assert installed == set(required())


# Before anything is installed


@pytest.mark.parametrize(("machine", "words"), [
    (("darwin", "x86_64", 64, ""), "Intel processor.*Apple chip"),
    (("win32", "ARM64", 64, ""), "Windows on ARM"),
    (("win32", "AMD64", 32, ""), "32-bit"),
    (("linux", "armv7l", 32, ""), "32-bit"),
    (("linux", "x86_64", 64, "cpython-312-x86_64-linux-musl"), "Alpine"),
    (("linux", "riscv64", 64, ""), "riscv64")])
def test_a_machine_without_tensorflow_is_named(machine, words):
    said = platforms.unsupported_platform(*machine)
    assert re.search(words, said) and "Colab or Binder" in said


@pytest.mark.parametrize("machine", [("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")])
def test_the_other_machines_are_not_refused(machine):
    assert platforms.unsupported_platform(*machine, 64, "cpython-312-x86_64-linux-gnu") is None
    assert platforms.unsupported_platform() is None


@pytest.mark.parametrize("version", [(3, 9), (2, 7), (OLDEST[0], OLDEST[1] - 1, 20)])
def test_an_old_python_is_refused_with_the_one_to_install(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=rf"needs Python {OLDEST[0]}\.{OLDEST[1]} or newer.*-m helpers\.start"):
        start.check_machine()
    with pytest.raises(RuntimeError, match="or newer"):
        environment.check()


@pytest.mark.parametrize("version", [OLDEST, (3, 11, 7), NEWEST])
def test_the_tested_pythons_pass_in_silence(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    start.check_machine()
    assert capsys.readouterr().out == ""


def test_a_newer_python_gets_a_line_and_goes_on(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (NEWEST[0], NEWEST[1] + 1, 0))
    start.check_machine()
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and f"use Python {NEWEST[0]}.{NEWEST[1]}, Colab or Binder" in said


def test_a_processor_without_avx_is_named(monkeypatch):
    assert "AVX" in platforms.missing_instructions("processor : 0\nflags\t: fpu sse4_2 popcnt\n")
    assert platforms.missing_instructions("flags\t\t: fpu avx avx2\n") is None
    assert platforms.missing_instructions("processor : 0\nFeatures : fp asimd\n") is None  # ARM
    monkeypatch.setattr(platforms, "missing_instructions", lambda: platforms.NO_AVX)
    with pytest.raises(SystemExit, match="AVX"):
        start.check_machine()
    with pytest.raises(RuntimeError, match=r"AVX.*Colab or Binder"):
        environment.check()


# After TensorFlow was installed, the start command imports it once


@pytest.mark.parametrize(("tensorflow", "words"), [
    ("import os, signal\nos.kill(os.getpid(), signal.SIGILL)", "lacks AVX.*Colab or Binder"),
    ("import os, sys\nsys.stderr.write('compiled to use AVX')\nsys.stderr.flush()\nos.abort()", "lacks AVX"),
    ("raise ImportError('DLL load failed while importing _pywrap_tensorflow_internal')", r"Visual C\+\+ runtime.*https://aka"),
    ("raise ImportError('libstdc++.so.6: no such file')", r"(?s)imported: ImportError: libstdc.*Remove .*Colab or Binder"),
    ("import os\nos._exit(7)", "it ended with 7")])
def test_a_tensorflow_that_does_not_start_is_explained(monkeypatch, tmp_path, tensorflow, words):
    (tmp_path / "tensorflow.py").write_text(tensorflow, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SystemExit, match=words):
        start.try_tensorflow(sys.executable)
    (tmp_path / "tensorflow.py").write_text("", encoding="utf-8")
    start.try_tensorflow(sys.executable)


# In a lesson's first cell


def test_a_good_environment_passes_in_silence(capsys):
    environment._tell_newer.cache_clear()
    assert environment.check() is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("own", [True, False])
def test_a_wrong_kernel_is_named_with_the_command(monkeypatch, tmp_path, own):
    """A Python that has nothing, as the system's: run as a notebook beside the course."""
    venv.create(tmp_path / "system", with_pip=False)
    executable = start.python_of(tmp_path / "system")
    (tmp_path / "course" / "notebooks").mkdir(parents=True)
    for name in ("helpers", "requirements.txt", "pyproject.toml"):
        (tmp_path / "course" / name).symlink_to(ROOT / name)
    if own:
        (tmp_path / "course" / ".venv").mkdir()
    # The folder of the course is resolved, so the checkout's own .venv would count.
    make = f"import helpers.project, pathlib\nhelpers.project.ROOT = pathlib.Path({str(tmp_path / 'course')!r})\n"
    done = python(f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + make + setup_cell(), executable,
                  tmp_path / "course" / "notebooks")
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith(f"RuntimeError: This notebook runs on {executable}, which lacks tensorflow, keras, numpy")
    assert ("open the course with: python3 -m helpers.start" if own else "-m pip install -r") in said


def without(monkeypatch, *modules):
    """Let some modules be missing."""
    real = environment.importlib.util.find_spec
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None if name in modules else real(name))


def test_colab_without_tensorflow_is_told_where_to_change_the_runtime(monkeypatch):
    without(monkeypatch, "tensorflow")
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    with pytest.raises(RuntimeError, match="Change runtime type > CPU"):
        environment.check()


def test_a_platform_without_tensorflow_is_told_in_the_lesson(monkeypatch):
    without(monkeypatch, "tensorflow")
    monkeypatch.setattr(platforms.sys, "platform", "darwin")
    monkeypatch.setattr(platforms.platform, "machine", lambda: "x86_64")
    with pytest.raises(RuntimeError, match=r"Intel processor.*Colab or Binder"):
        environment.check()


def test_quiet_start_lets_the_check_explain():
    """Where TensorFlow is missing, the error is the check's sentence, not "No module named 'tensorflow'"."""
    hide = ("import sys\nclass Hide:\n    def find_spec(name, path=None, target=None):\n        if name == 'tensorflow':\n"
            "            raise ModuleNotFoundError(name)\nsys.meta_path.insert(0, Hide)\nimport importlib.util as util\n"
            "real = util.find_spec\nutil.find_spec = lambda name: None if name == 'tensorflow' else real(name)\n")
    done = python(hide + "import helpers.quiet_start", COLAB_RELEASE_TAG="release-colab")
    assert "Change runtime type > CPU" in done.stderr.strip().splitlines()[-1]


def test_old_packages_are_named_beside_missing_ones(monkeypatch):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "2.15.0" if name == "keras" else real(name))
    without(monkeypatch, "matplotlib")
    with pytest.raises(RuntimeError, match=r"lacks matplotlib and has an old keras 2\.15\.0 \(needs 3\.10 or newer\)"):
        environment.check()


def test_a_newer_tensorflow_gets_one_line(monkeypatch, capsys):
    monkeypatch.setattr(environment, "newest_tested", lambda: {"tensorflow": (2, 1, 0), "keras": (99, 0, 0)})
    environment._tell_newer.cache_clear()
    for _ in range(2):
        environment.check()
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.startswith("tensorflow ") and "newer than 2.1.0" in said
    environment._tell_newer.cache_clear()


def test_tensorflow_starts_in_silence_and_settings_that_lessons_cannot_use_are_not_followed(tmp_path):
    (tmp_path / ".keras").mkdir()
    settings = {"backend": "torch", "image_data_format": "channels_first", "floatx": "float16", "epsilon": 1e-7}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings), encoding="utf-8")
    done = python("import helpers.quiet_start, keras, sys\nc = keras.config\nprint('up', file=sys.stderr)\n"
                  "print(c.backend(), c.image_data_format(), c.floatx(), keras.layers.Dense(1).dtype_policy.name)",
                  HOME=str(tmp_path), USERPROFILE=str(tmp_path), KERAS_HOME=str(tmp_path / ".keras"), KERAS_BACKEND="torch")
    assert (done.stderr.strip(), done.stdout) == ("up", "tensorflow channels_last float32 float32\n")
    assert json.loads((tmp_path / ".keras" / "keras.json").read_text(encoding="utf-8")) == settings


def test_keras_on_another_backend_is_named(monkeypatch):
    keras = types.SimpleNamespace(config=types.SimpleNamespace(backend=lambda: "torch"), __spec__=sys.__spec__)
    monkeypatch.setitem(sys.modules, "keras", keras)
    with pytest.raises(RuntimeError, match=r"runs on torch; the lessons need TensorFlow\. Restart the kernel"):
        environment.check()
