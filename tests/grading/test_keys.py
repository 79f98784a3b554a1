"""Keys are read and checked, and their hidden cells have names of their own."""

import ast
import builtins
import dataclasses
import subprocess
import sys

import nbformat
import pytest

from helpers.grading.answer_keys import KEYS, _in_own_scope, read_key, read_keys
from helpers.grading.reading import defined_names
from helpers.grading.records import Check, Exercise, Key, KeyNotebookError, Match
from helpers.grading.run import WITH_TENSORFLOW, wanted_imports
from helpers.project import ROOT
from tests.support.exercise_cells import answers, key_exercises, key_setup, run, stored

EXERCISES = [(lesson, exercise.name) for lesson, key in read_keys().items() for exercise in key.exercises]
new_code, new_notebook = nbformat.v4.new_code_cell, nbformat.v4.new_notebook


def answer(text, **data):
    return [nbformat.v4.new_output("execute_result", {"text/plain": text, **data}, execution_count=1)]


def new_key(lesson="01_one", hidden=None):
    cells = [
        new_code("import math\nSEED = 20", metadata={"tags": ["key-setup"]}),
        nbformat.v4.new_markdown_cell("## Exercise 1.1: alpha", metadata={"exercise": "alpha"}),
        new_code("y = 1", metadata={"exercise": "alpha", "tags": ["exercise-setup"]}),
        new_code("def alpha():\n    return 41", metadata={"exercise": "alpha", "tags": ["exercise-solution"]}),
        hidden
        or new_code(
            "alpha() + y",
            outputs=answer("42"),
            metadata={"exercise": "alpha", "tags": ["exercise-hidden"], "points": 2, "name": "alpha-hidden-1"},
        ),
    ]
    return new_notebook(cells=cells, metadata={"course": {"lesson": lesson}} if lesson else {})


def hidden(outputs, points=1):
    metadata = {"exercise": "alpha", "tags": ["exercise-hidden"]}
    return new_code("alpha()", outputs=outputs, metadata={**metadata, **({} if points is None else {"points": points})})


def saved(folder, notebook, name="key.ipynb"):
    nbformat.write(notebook, folder / name)
    return folder / name


def test_a_key_is_read(tmp_path):
    key = read_key(saved(tmp_path, new_key()), tmp_path)
    one, = key.exercises
    assert (key.lesson, one.title, one.points, one.stub) == ("01_one", "Exercise 1.1: alpha", 2, None)
    assert one.setup == ("import math\nSEED = 20", "y = 1") and one.solution == "def alpha():\n    return 41"
    assert (one.checks[0].expected, one.checks[0].name) == ("42", "alpha-hidden-1")
    assert one.checks[0].source == _in_own_scope("alpha() + y", one.setup[:1])


def broken_keys():
    yield "does not say its lesson", new_key(lesson=None)
    yield "needs `points` above zero", new_key(hidden=hidden(answer("1"), points=None))
    yield "needs `points` above zero", new_key(hidden=hidden(answer("1"), points=0))
    yield "must end with an expression", new_key(hidden=hidden([]))
    yield "must end with an expression", new_key(hidden=hidden(answer("1", **{"text/html": "1"})))
    yield "answers only 'True'", new_key(hidden=hidden(answer("True")))
    yield "answers only", new_key(hidden=hidden(answer("[True, (False, None)]")))
    error = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    yield "not with an error: run the key again", new_key(hidden=hidden([error]))
    two = new_key()
    two.cells.append(nbformat.from_dict({**two.cells[3], "id": "another"}))
    yield "needs one cell tagged exercise-solution", two
    lonely = new_key()
    del lonely.cells[-1]
    yield "needs one cell tagged exercise-solution", lonely
    yield "has no exercises", new_notebook(metadata={"course": {"lesson": "01_one"}})


@pytest.mark.parametrize("words, notebook", list(broken_keys()))
def test_a_key_out_of_form_is_refused(tmp_path, words, notebook):
    with pytest.raises(KeyNotebookError, match=words):
        read_key(saved(tmp_path, notebook), tmp_path)


def test_folders_of_keys(tmp_path):
    with pytest.raises(KeyNotebookError, match="no key notebooks"):
        read_keys(tmp_path)
    saved(tmp_path, new_key())
    saved(tmp_path, new_key(), "other.ipynb")
    with pytest.raises(KeyNotebookError, match="two keys for the lesson 01_one"):
        read_keys(tmp_path)
    (tmp_path / "key.ipynb").write_text("{")
    with pytest.raises(KeyNotebookError, match=r"key\.ipynb cannot be read"):
        read_keys(tmp_path)


def test_the_courses_own_keys_are_in_form():
    keys, drawn = read_keys(), read_keys(seed=7)
    assert {path.stem for path in KEYS.glob("*.ipynb")} == set(keys)
    for lesson, key in keys.items():
        assert 4 <= len(key.exercises) <= 6
        assert drawn[lesson].digest != key.digest
        assert all(exercise.stub for exercise in key.exercises), f"{lesson}: an exercise of the key is not in the lesson"


def test_another_seed(tmp_path):
    key = read_key(saved(tmp_path, new_key()), tmp_path)
    other = read_keys(tmp_path, tmp_path, seed=7)["01_one"]
    assert other.exercises[0].setup[0] == "import math\nSEED = 7" and (key.seed, other.seed) == (None, 7)
    assert "SEED = 7" in other.exercises[0].checks[0].source and "SEED = 20" not in repr(other)
    assert repr(dataclasses.replace(other, digest=key.digest, seed=None)) == repr(key).replace("SEED = 20", "SEED = 7")
    plain = new_key()
    plain.cells[0].source = "import math"
    with pytest.raises(KeyNotebookError, match="has no line 'SEED = NUMBER'"):
        read_key(saved(tmp_path, plain), tmp_path, 7)


def test_what_code_says_of_itself():
    assert defined_names("def x(): pass\n%time y = 1\nz = 2") == {"x", "z"}
    assert wanted("import numpy as np\nfrom helpers import shapes\nfor _ in range(2): import math", "") == [
        "from helpers import shapes", "import math", "import numpy as np"]


def wanted(*setup):
    return wanted_imports([Key("01_one", (Exercise("one", "One", setup, "", None, (Check("one-1", "1", 1, "1"),)),))])


@pytest.mark.parametrize("source", [
    "import keras", "from tensorflow import nn", "from helpers import plots, layers", "from helpers.progress import track",
    "import helpers.pretrained as p", "from helpers import (plots,\n    layers)", "def f():\n    import tensorflow.keras as k",
    "x = keras.Input(3)", "%matplotlib inline\nimport keras", "__import__('tensorflow')",
    "import importlib\nimportlib.import_module('keras')"])
def test_what_imports_tensorflow_is_known(source):
    assert WITH_TENSORFLOW.search(source)
    assert not any(map(WITH_TENSORFLOW.search, ["from helpers import shapes", "my_keras_like = 1", "layers = 3", "def x(:"]))
    assert wanted("import numpy") == ["import numpy"]


def test_what_draws_finds_the_fonts_that_the_warm_process_has_found():
    drawn = Match("one", "plt.plot([1])", before=("import matplotlib.pyplot as plt",))
    assert wanted_imports([], [drawn]) == ["import matplotlib.pyplot"] and wanted_imports([], [Match("one", "1")]) == []


@pytest.mark.slow
def test_keras_is_loaded_bare_and_what_it_left_out_can_be_loaded_after_it():
    bare, itself = wanted("import keras")
    looks = "print({'sklearn', 'matplotlib', 'scipy', 'pandas', 'keras.src.wrappers'} & set(sys.modules))"
    later = "import sklearn, matplotlib.pyplot, scipy.signal, pandas"
    done = subprocess.run([sys.executable, "-c", f"{bare}\n{itself}\n{looks}\n{later}"],
                          cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "{'keras.src.wrappers'}"), done.stderr


@pytest.mark.parametrize("name, source", [
    ("pandas", "import pandas as pd"), ("pandas", "load_iris(as_frame=True)"), ("sklearn", "keras.wrappers.SKLearnClassifier"),
    ("matplotlib", "keras.visualization.plot_image_gallery(images)")])
def test_keras_is_loaded_with_what_somebody_needs_it_to_know(name, source):
    assert repr(name) in wanted("import keras")[0] and repr(name) not in wanted(f"import keras\n{source}")[0]
    assert repr(name) not in wanted_imports([], [Match("one", "import keras", before=(source,))])[0]


def test_every_helper_that_imports_tensorflow_is_known():
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
             for path in (ROOT / "helpers").rglob("*.py")}
    loaded = {name: "\n".join(ast.unparse(node) for node in ast.parse(path.read_text(encoding="utf-8")).body
                              if isinstance(node, (ast.Import, ast.ImportFrom))) for path, name in names.items()}
    for name, imports in loaded.items():
        asked = {f"import {name}", f"from {name} import x", "from {} import {}".format(*name.rpartition(".")[::2])}
        heavy = bool(WITH_TENSORFLOW.search(imports))
        assert {bool(WITH_TENSORFLOW.search(one)) for one in asked} == {heavy}, name


def names(*sources):
    """Return the names to which code gives a value, and those whose value it asks for."""
    given, asked = set(), set()
    for node in ast.walk(ast.parse("\n".join(sources))):
        if isinstance(node, ast.Name):
            (given if isinstance(node.ctx, ast.Store) else asked).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            given.add(node.name)
    return given, asked


def test_a_hidden_cell_gives_its_value_and_leaves_no_name_but_its_own():
    namespace = {"random": "the student's", "draw": lambda: 1, "SEED": "hers", "plain": None, "range": 3, "print": 4}
    common = ("import math\nSEED = 20", "def plain(x):\n    return math.floor(x) + SEED")
    cell = "random = 2.5   # a comment\nrows = [random * one for one in range(2)]\nplain(random), rows, draw()"
    assert run([_in_own_scope(cell, common)], namespace) == (22, [0.0, 2.5], 1)
    assert (namespace["random"], namespace["SEED"], namespace["plain"]) == ("the student's", "hers", None)
    assert {"rows", "one", "math"}.isdisjoint(namespace)
    assert run([_in_own_scope("max = 3\nmax", ())], {}) == 3


@pytest.mark.parametrize("source, words", [
    ("def f(:", "is not plain Python"), ("%timeit 1", "is not plain Python"), ("x\0", "is not plain Python"),
    ("x = 1", "does not end with an expression")])
def test_a_hidden_cell_out_of_form_is_refused(tmp_path, source, words):
    with pytest.raises(KeyNotebookError, match=words):
        _in_own_scope(source, ())
    wrong = new_key()
    wrong.cells[-1].source = source
    with pytest.raises(KeyNotebookError, match=words):
        read_key(saved(tmp_path, wrong), tmp_path)


@pytest.mark.parametrize("lesson, name", EXERCISES)
def test_names_that_a_student_happens_to_use_cost_nothing(lesson, name):
    cells = key_exercises(lesson)[name]
    solution, = cells.sources("exercise-solution")
    given, used = names(key_setup(lesson), *cells.sources("exercise-hidden"))
    _, asked = names(key_setup(lesson), *cells.sources("exercise-setup"), solution)
    pythons = used & set(dir(builtins))
    taken = sorted((given | pythons) - asked - names(solution)[0] | {"SEED"})
    assert "plain" in taken
    spoilt = f"{solution}\n{' = '.join(taken)} = None"
    assert list(answers(lesson, name, spoilt)) == [answer for _, answer in stored(lesson, name)]
