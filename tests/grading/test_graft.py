"""Plain nbval: key notebooks with students' code in them, which give the same points as the grader."""

import contextlib
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from helpers.grading.answer_keys import KEYS, read_keys
from helpers.grading.collect import collect
from helpers.grading.grade_class import grade_class
from helpers.grading.match import match
from helpers.grading.reading import parse
from helpers.grading.records import GradingError
from helpers.grading.report import _grafted, feedback_page, write_grafts
from helpers.grading.run import Runner
from helpers.grading.workers import Options
from helpers.project import ROOT
from tests.submissions.building import LESSON, as_bytes, exercises, handed_out, inserted, is_solution, solved

ALL_KEYS = read_keys()
KEY = ALL_KEYS[LESSON]
NOTEBOOK = json.loads((KEYS / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
FIRST, SECOND, *_ = exercises()


def code_of(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def is_hidden(cell):
    return "exercise-hidden" in cell["metadata"].get("tags", [])


def graft(notebook):
    return _grafted(KEY, match(KEY, parse(as_bytes(notebook))[1]))


def without(name):
    """Return the lesson, solved, without one exercise's cell."""
    notebook = solved()
    notebook["cells"] = [cell for cell in notebook["cells"] if not is_solution(cell, name)]
    return notebook


CLASS = {
    "ada-perfect": solved(),
    "ben-partly": solved(**{FIRST: "def x(:", SECOND: "y = 1"}),
    "cem-untouched": handed_out(),
    "dora-prints": solved(
        **{
            FIRST: exercises()[FIRST].solution.replace(
                "    scores = scores / temperature", "    print('here')\n    scores = scores / temperature"
            )
        }
    ),
    "dirk-wrong": solved(
        **{name: one.solution.replace("return ", "return 0 * ", 1) for name, one in list(exercises().items())[:3]}
    ),
    "emil-magic": solved(**{FIRST: "%%time\n" + exercises()[FIRST].solution}),
    "finn-other-names": solved(**{FIRST: exercises()[FIRST].solution + "\nSEED, random = 1, 2\ndef plain(*_): return 'mine'"}),
    "gina-helper": inserted(
        solved(**{FIRST: exercises()[FIRST].solution.replace("scores / temperature", "cooled(scores, temperature)")}),
        SECOND,
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": "def cooled(scores, temperature):\n    return scores / temperature",
        },
    ),
    "hugo-deleted": without(FIRST),
}


@pytest.fixture(scope="module")
def the_class(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    for name, notebook in CLASS.items():
        (folder / name).mkdir()
        (folder / name / "x.ipynb").write_bytes(as_bytes(notebook))
    return collect(folder, ALL_KEYS)


def test_the_key_s_solutions_are_gone_and_the_student_s_code_is_there():
    code = code_of(graft(solved(**{FIRST: "mine = 1"})))
    text = "\n".join(cell["source"] for cell in code)
    assert "mine = 1" in text and exercises()[FIRST].solution not in text and exercises()[SECOND].solution in text


def test_hidden_cells_keep_their_answers_and_points_and_nothing_else_is_compared():
    made, stored = ([cell for cell in code_of(one) if is_hidden(cell)] for one in (graft(handed_out()), NOTEBOOK))
    assert [cell["outputs"][0]["data"]["text/plain"] for cell in made] == [
        "".join(cell["outputs"][0]["data"]["text/plain"]) for cell in stored]
    assert [cell["metadata"] for cell in made] == [
        {name: cell["metadata"][name] for name in ("name", "points", "tags")} for cell in stored
    ]
    others = [cell for cell in code_of(graft(handed_out())) if not is_hidden(cell)]
    assert all(cell["metadata"]["tags"] == ["nbval-ignore-output"] and cell["outputs"] == [] for cell in others)


def test_every_cell_has_an_id_of_its_own():
    for notebook in CLASS.values():
        ids = [cell["id"] for cell in graft(notebook)["cells"]]
        assert len(ids) == len(set(ids))


def test_a_rerun_replaces_its_own_notebooks_and_refuses_a_foreign_folder(the_class, tmp_path):
    count = write_grafts(the_class.submissions, ALL_KEYS, tmp_path / "out")
    assert count == len(CLASS) == len(list((tmp_path / "out").rglob("*.ipynb")))
    assert write_grafts(the_class.submissions[:1], ALL_KEYS, tmp_path / "out") == 1
    assert len(list((tmp_path / "out").rglob("*.ipynb"))) == 1
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(GradingError, match=r"holds 'mine\.txt', which is no part of an earlier graft: name a"):
        write_grafts(the_class.submissions, ALL_KEYS, tmp_path / "out")
    with pytest.raises(GradingError, match="is a file: name a new or empty folder"):
        write_grafts(the_class.submissions, ALL_KEYS, tmp_path / "out" / "mine.txt")


def points_by_nbval(folder):
    """Run the notebooks of a folder with nbval alone; return the points by the name of the student's folder."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", f"--junitxml={report}", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    points = {}
    students = [path.name for path in folder.iterdir() if path.is_dir()]
    for case in ElementTree.parse(report).iter("testcase"):
        student = next(one for one in students if one in case.get("classname"))
        notebook = json.loads((folder / student / f"{LESSON}.ipynb").read_text())
        cell = code_of(notebook)[int(re.search(r"\d+$", case.get("name"))[0])]
        if is_hidden(cell):
            earned = not list(case)
            points[student] = points.get(student, 0) + earned * cell["metadata"]["points"]
    return points


@pytest.fixture(scope="module")
def results(the_class, tmp_path_factory):
    """What the grader gives, under the seed that the key stores as nbval does."""
    store = tmp_path_factory.mktemp("work")
    with contextlib.closing(Runner((), Options(sandbox="none"))) as runner:
        return grade_class(the_class.submissions, ALL_KEYS, runner, store, jobs=2)


@pytest.mark.slow
def test_both_ways_give_the_same_points(the_class, results, tmp_path):
    write_grafts(the_class.submissions, ALL_KEYS, tmp_path / "grafts")
    ours = {one.student.identity: result.earned for one, result in zip(the_class.submissions, results)}
    assert points_by_nbval(tmp_path / "grafts") == ours
    assert ours["ada-perfect"] == 10 and ours["cem-untouched"] == 0 and 0 < ours["ben-partly"] < 10


@pytest.mark.slow
@pytest.mark.parametrize("reveal", [False, True])
def test_feedback_names_nothing_of_the_key_s_own(the_class, results, reveal):
    """Neither its seed nor its helpers; lost checks say what was called instead."""
    called = 0
    for one, result in zip(the_class.submissions, results):
        page = feedback_page(one, result, reveal)
        assert not re.search(r"SEED|\bplain\(|_hidden_cell|default_rng", page), one.student.name
        called += page.count("<dt>called</dt>")
    assert called >= 4
