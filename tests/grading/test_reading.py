"""Submissions are found and read, whatever their names, encodings and folders."""

import json
import os

import nbformat
import pytest

from helpers.grading.answer_keys import Check, Exercise, Key
from helpers.grading.errors import GradingError, SubmissionError
from helpers.grading.find_submissions import collect
from helpers.grading.graft import graft, tell_lesson, with_own_helpers
from helpers.grading.notebooks import LARGEST_FILE, Cell, decode, parse


def exercise(name, stub="..."):
    return Exercise(name, name, (), f"def {name}():\n    return 1", f"def {name}():\n    return {stub}",
                    (Check(f"{name}-hidden-1", f"{name}()", 1, "1"),))


KEYS = {"01_one": Key("01_one", (exercise("alpha"), exercise("beta")), "digest"),
        "02_two": Key("02_two", (exercise("gamma"), exercise("delta")), "digest")}


def code(source, name=None, **more):
    metadata = {"exercise": name, "tags": ["exercise-solution"]} if name else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None, **more}


def notebook(*cells, lesson=None):
    metadata = {"course": {"lesson": lesson}} if lesson else {}
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False)


WORK = notebook(code("def alpha():\n    return 'é'", "alpha"), lesson="01_one")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_encodings(encoding):
    assert decode(WORK.encode(encoding)) == WORK
    assert parse(WORK.encode(encoding))[1][0].source == "def alpha():\n    return 'é'"


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{", "not a notebook"),
        (b"[1]", "not an object"),
        (b'{"cells": 3}', "no list of cells"),
        (b"\x89PNG\r\n", "not a notebook"),
        (b'{"cells":' + b"[" * 100_000, "nested too deeply"),
        (b"x" * (LARGEST_FILE + 1), "has 50 MB"),
    ],
)
def test_what_is_no_notebook_is_refused(data, words):
    with pytest.raises(SubmissionError, match=words):
        parse(data)


def test_odd_notebooks_are_read():
    odd = {"cells": [{"cell_type": "code", "source": ["a = 1\n", "a"], "metadata": None}, "no cell", {"source": 3},
                     {"cell_type": "code", "metadata": {"tags": "x", "exercise": 7}, "source": "b"}], "metadata": []}
    lesson, cells = parse(json.dumps(odd).encode())
    assert lesson is None and [cell.source for cell in cells] == ["a = 1\na", "3", "b"] and cells[2].exercise is None


def test_notebooks_of_an_old_format_are_read():
    old = nbformat.v3.new_notebook(worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell("x = 1")])])
    assert parse(nbformat.v3.writes_json(old).encode())[1][0].source == "x = 1"


def test_the_lesson_is_told_by_metadata_then_names_then_definitions():
    def cells(*sources, **more):
        return [Cell("code", source, **more) for source in sources]

    assert tell_lesson("02_two", cells("def alpha(): pass"), KEYS) == "02_two"
    assert tell_lesson("unknown", cells("x", exercise="gamma"), KEYS) == "02_two"
    assert tell_lesson(None, cells("x", name="beta-solution"), KEYS) == "01_one"
    assert tell_lesson(None, cells("def beta():\n    return 2"), KEYS) == "01_one"
    assert tell_lesson(None, cells("x = 1", "def beta(:"), KEYS) is None
    assert tell_lesson(None, cells("def beta(): pass", "def gamma(): pass"), KEYS) is None


def grafted(*cells):
    return {one.exercise: one for one in graft(KEYS["01_one"], [Cell(**cell) for cell in cells])}


def solution(source, name):
    return {"kind": "code", "source": source, "exercise": name, "tags": frozenset(["exercise-solution"])}


def test_a_students_cell_takes_the_place_of_the_keys():
    got = grafted(solution("def alpha():\n    return 2", "alpha"), {"kind": "markdown", "source": "def beta(): pass"})
    assert got["alpha"].source == "def alpha():\n    return 2" and got["alpha"].note == ""
    assert got["beta"].source is None and "missing" in got["beta"].note


def test_an_untouched_stub_is_not_attempted():
    got = grafted(solution("def alpha():\n  return ...\n", "alpha"))
    assert got["alpha"].source is None and got["alpha"].note == "not attempted"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_copies_the_last_changed_one_counts(order):
    copies = [solution("def alpha():\n    return 2", "alpha"), solution("def alpha():\n    return ...", "alpha")]
    got = grafted(*[copies[number] for number in order])
    assert got["alpha"].source == "def alpha():\n    return 2" and "2 cells" in got["alpha"].note
    got = grafted(solution("first", "alpha"), solution("second", "alpha"))
    assert got["alpha"].source == "second"


def test_a_cell_without_name_is_found_by_what_it_defines():
    got = grafted({"kind": "code", "source": "import math\ndef alpha():\n    return 3"})
    assert "return 3" in got["alpha"].source and "lost its name" in got["alpha"].note


def test_helpers_from_other_cells_come_along():
    cells = [{"kind": "code", "source": "import math\nimport functools as tools\nslow = train()"},
             {"kind": "code", "source": "@tools.cache\ndef half(x):\n    return math.floor(x) / 2\n\ndef other(): pass"},
             solution("def alpha():\n    y = half(3)\n    return np.sum(y) + missing", "alpha")]
    got = grafted(*cells)["alpha"]
    assert got.note == "taken along from your other cells: half, math, tools"
    assert got.source.endswith(cells[2]["source"]) and "@tools.cache\ndef half" in got.source
    assert "train" not in got.source and "other" not in got.source
    given = Exercise("alpha", "alpha", ("def half(x): return 0",), "", None, ())
    assert with_own_helpers(given, "half(1)", [Cell(**cells[1])]) == ("half(1)", [])


def put(folder, name, text=WORK, age=0):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1_700_000_000 - age,) * 2)
    return path


def found(folder):
    return [(one.student, one.lesson, one.path) for one in collect(folder, KEYS)]


def test_a_folder_for_each_student(tmp_path):
    put(tmp_path, "ada/any name.ipynb")
    put(tmp_path, "ben/deeper/still/x.ipynb")
    put(tmp_path, "ben/.ipynb_checkpoints/x-checkpoint.ipynb")
    put(tmp_path, "__MACOSX/ada/._any name.ipynb")
    assert found(tmp_path) == [("ada", "01_one", "ada/any name.ipynb"), ("ben", "01_one", "ben/deeper/still/x.ipynb")]


def test_moodles_folders(tmp_path):
    put(tmp_path, "Ada Lovelace_12345_assignsubmission_file_/x.ipynb")
    assert found(tmp_path)[0][:2] == ("Ada Lovelace", "01_one")


@pytest.mark.parametrize("name, student", [
    ("ada.ipynb", "ada"), ("ada_01_one.ipynb", "ada"), ("01_one_ada.ipynb", "ada"), ("ada_01_one-2.ipynb", "ada"),
    ("ada_01_one (1).ipynb", "ada"), ("lovelaceada_123456_7891011_01_one.ipynb", "lovelaceada"),
    ("lovelaceada_LATE_123456_7891011_01_one-1.ipynb", "lovelaceada"), ("01_one.ipynb", "01_one")])
def test_one_flat_folder(tmp_path, name, student):
    put(tmp_path, name)
    assert found(tmp_path)[0][:2] == (student, "01_one")


def test_the_newest_attempt_counts(tmp_path):
    put(tmp_path, "ada/b.ipynb", age=10)
    put(tmp_path, "ada/a.ipynb")
    put(tmp_path, "ben/w-2.ipynb")
    put(tmp_path, "ben/w-10.ipynb")
    one, other = collect(tmp_path, KEYS)
    assert one.path == "ada/a.ipynb" and "2 attempts" in one.notes[0]
    assert other.path == "ben/w-10.ipynb"


def test_a_newer_broken_attempt_does_not_hide_an_older_good_one(tmp_path):
    put(tmp_path, "ada/01_one.ipynb", age=10)
    put(tmp_path, "ada/01_one-1.ipynb", "{")
    one, = collect(tmp_path, KEYS)
    assert one.path == "ada/01_one.ipynb" and "is newer but the file is not a notebook" in one.notes[1]


def test_what_cannot_be_graded_is_said_and_the_others_go_on(tmp_path):
    put(tmp_path, "ada/x.ipynb")
    put(tmp_path, "ben/01_one.ipynb", "{")
    put(tmp_path, "cem/x.ipynb", notebook(code("x = 1")))
    (tmp_path / "dora").mkdir()
    outside = put(tmp_path, "secret.txt", WORK)
    (tmp_path / "emil").mkdir()
    (tmp_path / "emil" / "x.ipynb").symlink_to(outside)
    problems = {one.student: one.problem for one in collect(tmp_path, KEYS)}
    assert problems["ada"] == "" and "not a notebook" in problems["ben"] and "no lesson with a key" in problems["cem"]
    assert problems["dora"] == "the folder holds no notebook" and "links are not followed" in problems["emil"]


def test_a_class_that_is_not_there(tmp_path):
    with pytest.raises(GradingError, match="does not exist"):
        collect(tmp_path / "nowhere", KEYS)
    with pytest.raises(GradingError, match="no notebooks and no folders"):
        collect(tmp_path, KEYS)
