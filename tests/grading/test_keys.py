"""Keys are read and checked; answers are compared as nbval compares them; results are kept and reported."""

import csv
import io
import json

import nbformat
import pytest

from helpers.grading import __main__ as command
from helpers.grading import grade_class as classes
from helpers.grading import pages, report, store, threads
from helpers.grading.answer_keys import KEYS, defined_names, imported_modules, needs_tensorflow, read_key, read_keys, with_seed
from helpers.grading.errors import GradingError, KeyNotebookError
from helpers.grading.find_submissions import Submission
from helpers.grading.run import Options, shown
from helpers.grading.score import agrees

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
    assert (key.lesson, key.points, one.title, one.points, one.stub) == ("01_one", 2, "Exercise 1.1: alpha", 2, None)
    assert one.setup == ("import math\nSEED = 20", "y = 1") and one.solution == "def alpha():\n    return 41"
    assert (one.checks[0].source, one.checks[0].expected, one.checks[0].name) == ("alpha() + y", "42", "alpha-hidden-1")


def broken_keys():
    yield "does not say its lesson", new_key(lesson=None)
    yield "needs `points` above zero", new_key(hidden=hidden(answer("1"), points=None))
    yield "needs `points` above zero", new_key(hidden=hidden(answer("1"), points=0))
    yield "must end with an expression", new_key(hidden=hidden([]))
    yield "must end with an expression", new_key(hidden=hidden(answer("1", **{"text/html": "1"})))
    yield "answers only 'True'", new_key(hidden=hidden(answer("True")))
    yield "answers only", new_key(hidden=hidden(answer("[True, (False, None)]")))
    yield "has stored an error", new_key(hidden=hidden([nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]))
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
    keys = read_keys()
    assert {path.stem for path in KEYS.glob("*.ipynb")} == set(keys)
    for lesson, key in keys.items():
        assert 4 <= len(key.exercises) <= 6
        assert with_seed(key, 7).digest != key.digest
        assert all(exercise.stub for exercise in key.exercises), f"{lesson}: an exercise of the key is not in the lesson"


def test_another_seed(tmp_path):
    key = read_key(saved(tmp_path, new_key()), tmp_path)
    assert with_seed(key, 7).exercises[0].setup[0] == "import math\nSEED = 7"
    plain = new_key()
    plain.cells[0].source = "import math"
    with pytest.raises(KeyNotebookError, match="has no line 'SEED = NUMBER'"):
        with_seed(read_key(saved(tmp_path, plain), tmp_path), 7)


def test_what_code_says_of_itself():
    assert defined_names("import a.b, c as d\nfrom e import f\nx = y = 1\nz: int = 2\ndef g(): h = 1\nclass K: pass") == \
        {"a", "d", "f", "x", "y", "z", "g", "K"}
    assert defined_names("def x(:") == defined_names("x\0") == set()
    assert imported_modules(["import numpy as np\nfrom helpers import shapes\nfrom helpers.data import load_signs"]) == \
        ["helpers", "helpers.data", "helpers.shapes", "numpy"]
    assert needs_tensorflow(["import numpy", "x = keras.Input(3)"]) and not needs_tensorflow(
        ["import numpy", "my_keras_like = 1"]
    )


@pytest.mark.parametrize("results, right", [
    (["42"], True), (["42", "42"], False), ([], False), (["43"], False), (["42.0"], False), ([" 42"], False)])
def test_results_are_compared_by_nbval(results, right):
    assert agrees(results, "42") is right


def test_texts_are_shown_without_what_changes_from_run_to_run():
    assert shown("\x1b[31m<f at 0x7f12ab34cd>\x1b[0m") == "<f at 0x...>"
    assert len(shown("x" * 10_000)) < 2100


def test_results_are_kept_whole_or_not_at_all(tmp_path):
    kept = store.Store(tmp_path / "work")
    assert kept.get("a") is None
    kept.put("a", {"earned": 1})
    assert kept.get("a") == {"earned": 1}
    (tmp_path / "work" / "b.json").write_text('{"earn')
    (tmp_path / "work" / ".c.part").write_text("half")
    assert store.Store(tmp_path / "work").get("b") is None
    assert not list((tmp_path / "work").glob(".*.part"))
    with pytest.raises(TypeError):
        store.write_whole(tmp_path / "d", 3)
    assert not list(tmp_path.glob(".*.part")) and not (tmp_path / "d").exists()


def test_a_result_is_kept_under_all_that_decides_it(tmp_path):
    key = read_key(saved(tmp_path, new_key()), tmp_path)
    names = {
        store.work_name(b"a", key, Options()),
        store.work_name(b"b", key, Options()),
        store.work_name(b"a", key, Options(seed=1)),
        store.work_name(b"a", with_seed(key, 1), Options()),
        store.work_name(b"a", key, Options(timeout=1)),
    }
    assert len(names) == 5 and store.work_name(b"a", key, Options()) in names


def result(earned=1, came="<b>41</b>"):
    check = {"name": "alpha-hidden-1", "points": 2, "earned": earned, "right": earned == 2, "status": "ok", "came": came,
             "tried": "alpha() + y  # one & two"}
    one = {
        "exercise": "alpha",
        "title": "Exercise <1>",
        "points": 2,
        "earned": earned,
        "status": "wrong",
        "hint": "<i>Divide first.</i>",
        "note": "",
        "printed": "<script>",
        "checks": [check],
    }
    return {"lesson": "01_one", "points": 2, "earned": earned, "exercises": [one], "expected": {"alpha-hidden-1": "<42>"}}


def test_feedback_says_what_came_and_never_what_was_expected():
    one = Submission("a<b", "01_one", "a<b/x.ipynb", b"", notes=("2 attempts",))
    page = pages.feedback_page(one, result())
    for part in (
        "a&lt;b",
        "&lt;b&gt;41&lt;/b&gt;",
        "&lt;script&gt;",
        "Exercise &lt;1&gt;",
        "one &amp; two",
        "&lt;i&gt;Divide first.",
        "alpha() + y",
        "1 of 2 points",
        "2 attempts",
    ):
        assert part in page
    assert "<script" not in page and "&lt;42" not in page
    assert "&lt;42&gt;" in pages.feedback_page(one, result(), reveal=True)


def test_the_report_has_a_row_for_everyone(tmp_path):
    key = read_key(saved(tmp_path, new_key()), tmp_path)
    many = [
        Submission("=cmd()", "01_one", "=cmd()/x.ipynb", b""),
        Submission("ben", None, "ben/y.ipynb", b"", problem="<broken>"),
        Submission("a/b", "01_one", "q.ipynb", b""),
        Submission("a_b", "01_one", "r.ipynb", b""),
    ]
    index = report.write_report(tmp_path / "out", many, [result(2), None, result(0.5), result(1)], {"01_one": key})
    rows = list(csv.reader(io.StringIO((tmp_path / "out" / "grades.csv").read_text())))
    assert rows[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert {row[0]: row[-1] for row in rows[1:]} == {"'=cmd()": "2", "ben": "", "a/b": "0.5", "a_b": "1"}
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.html"))
    assert written == [
        "feedback/_cmd()/01_one.html",
        "feedback/a_b-2/01_one.html",
        "feedback/a_b/01_one.html",
        "feedback/ben/y-not-graded.html",
        "index.html",
    ]
    page = tmp_path / "out" / "feedback" / "ben" / "y-not-graded.html"
    assert all("&lt;broken&gt;" in one.read_text() for one in (page, index))
    kept = json.loads((tmp_path / "out" / "results.json").read_text())
    assert "<42>" not in json.dumps(kept) and kept["lessons"] == {"01_one": {"points": 2}}


@pytest.mark.parametrize("arguments, words", [
    (["--jobs", "0"], "--jobs must be at least 1"), (["--timeout", "0"], "--timeout must be at least 0.1"),
    (["--memory", "3"], "--memory must be at least 64"), (["--seed", "-1"], "--seed must not be negative"),
    (["--keys", "nowhere"], "holds no key notebooks"), ([], "does not exist")])
def test_a_wrong_command_is_refused_in_one_sentence(tmp_path, capsys, arguments, words):
    assert command.main([str(tmp_path / "class"), "--out", str(tmp_path / "out"), "--sandbox", "none", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and said.startswith("helpers.grading: ") and said.count("\n") == 1


def test_work_that_a_sandbox_can_see_is_refused(tmp_path, capsys):
    from helpers.project import ROOT

    assert command.main([str(ROOT / "helpers" / "shapes" / "class"), "--out", str(tmp_path)]) == 2
    assert "which every sandboxed kernel can read: put it elsewhere" in capsys.readouterr().err


def test_without_dask_the_scheduler_is_refused(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(GradingError, match="pip install distributed"):
        list(classes._by_dask({}, {}, None, Options(), "tcp://127.0.0.1:1"))


def test_what_needs_no_tensorflow_goes_first():
    for key in read_keys().values():
        light, heavy = threads.halves(key)
        assert {*light.exercises, *heavy.exercises} == {*key.exercises} and light.points + heavy.points == key.points
        assert not any(needs_tensorflow([*one.sources(), one.solution]) for one in light.exercises)


@pytest.mark.parametrize("wait", [0, 1, 2, 3])
def test_whole_works_are_taken_as_soon_as_they_can_be_graded(wait):
    order = threads.Parts("abc", lambda: len(order.left) <= 3 - wait)
    taken = [order.take() for _ in range(6)]
    assert taken[:wait] == [(name, threads.LIGHT) for name in "abc"[:wait]]
    assert taken[wait:2 * wait] == [(name, threads.HEAVY) for name in "abc"[:wait]]
    assert taken[2 * wait:] == [(name, threads.WHOLE) for name in "abc"[wait:]] + [None] * (3 - wait)
