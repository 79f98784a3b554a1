"""What students and instructors read: feedback pages, the gradebook, tables for learning platforms, results.json."""

import csv
import dataclasses
import html
import io
import json
import os
import re
import stat
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from helpers.grading.records import (
    DEAD,
    FLOOD,
    MEMORY,
    MISSING,
    NOT_ATTEMPTED,
    NOTHING_TO_DO,
    PARTLY,
    RIGHT,
    TIME_OUT,
    WRONG,
    CheckResult,
    ExerciseResult,
    LessonResult,
    Student,
    Submission,
)
from helpers.grading.report import _gradebooks, feedback_page, page_name, spelled_out, write_report
from tests.grading.generated_class import HINT, LESSONS, class_of, large_class, lesson_result
from tests.support.browser import chromium

LESSON = LESSONS[0]
ADA, BEN = Student("ada", "ada"), Student("1234", "Ben Baker")


def handed_in(student=ADA, lesson=LESSON, **more):
    return Submission(student, lesson, f"{student.identity}/{lesson}.ipynb", more.pop("data", b"{}"), **more)


def words_of(page):
    """Return the text of a page that stands open: without what is folded, and without its head."""
    page = re.sub(r"(?s)<head>.*?</head>|<details(?![^>]* open).*?</details>", "", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def report(tmp_path, work, **more):
    the_class, results = class_of(work, **{name: more.pop(name) for name in ("missing", "unknown", "remarks") if name in more})
    return write_report(tmp_path, the_class, results, **more)


# What a student reads


def test_what_is_not_right_comes_first_and_open_and_what_is_right_is_folded():
    page = feedback_page(handed_in(), lesson_result(LESSON, (RIGHT, WRONG, RIGHT, PARTLY, NOT_ATTEMPTED)))
    titles = re.findall(r"Exercise 1\.(\d)", page)
    assert titles == ["2", "4", "5", "1", "3"]
    seen = words_of(page)
    assert "3 of 10 points" not in seen and "5 of 10 points" in seen
    assert "Exercise 1.1" not in seen and "Exercise 1.2: task 2 0 of 2 Not right yet." in seen
    assert seen.count("1 hidden check not right yet (0 of 1)") == 3 and seen.count("1 hidden check right (1 of 1)") == 1


def test_feedback_says_what_was_called_what_came_and_one_hint_but_no_hidden_answer():
    seen = words_of(feedback_page(handed_in(), lesson_result(LESSON, (WRONG,))))
    assert "called pool(array([[1., 2.], [3., 4.]]), 2) got 3.0 expected 4.0 difference it is 3.0, not 4.0 hint" in seen
    assert "called pool(np.array([[0.0, 4.0]]), 2) got 3.0 1 hidden check" in seen
    assert seen.count("hint") == 1 and seen.count("expected") == 1 and "5.0" not in seen


def test_revealed_answers_come_with_the_difference():
    seen = words_of(feedback_page(handed_in(), lesson_result(LESSON, (WRONG,)), reveal=True))
    assert "called pool(np.array([[1.0, 4.0]]), 2) got 3.0 expected 5.0 difference it is 3.0, not 5.0" in seen


def test_checks_that_say_the_same_are_told_once():
    result = lesson_result(LESSON, (WRONG,))
    for check in result.exercises[0].checks:
        check.got, check.call, check.status = "NameError: name 'pool' is not defined", None, "error"
    seen = words_of(feedback_page(handed_in(), result))
    assert seen.count("2 hidden checks not right yet (0 of 2) got NameError: name 'pool'") == 1


@pytest.mark.parametrize(
    "expected, got, said",
    [
        ("np.array([1.0, 2.0], dtype=np.float32)", "np.array([1.0, 3.0])", "at [1] it is 3.0, not 2.0"),
        ("(np.float64(1.5), 'a')", "(np.float64(1.5), 'b')", "in part 2, it is 'b', not 'a'"),
        ("np.array([[1, 2]])", "np.array([1, 2])", "its shape is (2,), not (1, 2)"),
        ("1.0", "<an object>", None),
        ("1.0", "(" * 3000, None),
        ("1.0", "-" * 2000 + "1", None),
    ],
)
def test_the_difference_is_told_where_both_can_be_read(expected, got, said):
    result = lesson_result(LESSON, (WRONG,))
    for check in result.exercises[0].checks:
        check.call = dataclasses.replace(check.call, expected=expected, got=got)
    seen = words_of(feedback_page(handed_in(), result, reveal=True))
    assert (f"difference {said}" in seen) if said else seen.count("difference") == 1


def test_a_call_can_be_pasted():
    page = feedback_page(handed_in(), lesson_result(LESSON, (WRONG,)))
    calls = [html.unescape(one) for one in re.findall(r"<dt>called</dt>\s*<dd><pre[^>]*>(.*?)</pre>", page, re.DOTALL)]
    assert len(calls) == 2
    for call in calls:
        compile(call, "pasted", "eval")
    assert calls[0] == "pool(np.array([[0.0, 4.0]]), 2)" and html.unescape(page).count(HINT) == 1


@pytest.mark.parametrize(
    "status, said",
    [
        (NOT_ATTEMPTED, "Not attempted."),
        (MISSING, "The cell of this exercise is not in your notebook."),
        (TIME_OUT, "ran too long"),
        (DEAD, "ended Python"),
        (MEMORY, "too much memory"),
        (FLOOD, "printed too much"),
        (PARTLY, "Partly right."),
        (WRONG, "Not right yet."),
    ],
)
def test_every_status_is_said_in_words(status, said):
    assert said in words_of(feedback_page(handed_in(), lesson_result(LESSON, (status,))))


def test_a_note_begins_like_a_sentence():
    result = lesson_result(LESSON, (WRONG,))
    result.exercises[0].note = "your notebook does not define: pool"
    assert "Not right yet. Your notebook does not define: pool" in words_of(feedback_page(handed_in(), result))


def test_a_hint_in_another_form_is_shown_as_it_is():
    result = lesson_result(LESSON, (WRONG,))
    result.exercises[0].hint = "NameError: pool"
    assert "The check in the lesson NameError: pool 1 hidden check" in words_of(feedback_page(handed_in(), result))


def test_nothing_that_a_student_wrote_becomes_markup_or_steers_a_terminal():
    evil = "<script>alert(1)</script>\x1b[31m\x00\u202e\udcff&"
    exercise = ExerciseResult("task_1", evil, 2, 0, WRONG, evil, evil, evil, evil, [CheckResult("task_1-1", 2, 0, "error", evil)])
    one = handed_in(Student("evil", evil), notes=(evil,))
    result = LessonResult(LESSON, 7, [exercise])
    pages = [
        feedback_page(one, result),
        feedback_page(one, result, reveal=True),
        feedback_page(handed_in(one.student, problem=evil)),
    ]
    for page in pages:
        assert "<script" not in page and not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\ud800-\udfff]", page)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\x00\\u202e\\udcff&amp;" in page


def test_text_keeps_its_letters_and_lines():
    assert spelled_out("Zoë\tनमस्ते\n👩‍🔬") == "Zoë\tनमस्ते\n👩‍🔬"
    assert spelled_out("a\x1b]0;b\x07\r\x85\u2028") == "a\\x1b]0;b\\x07\\r\\x85\\u2028"


@pytest.mark.parametrize(
    "problem, remedy",
    [
        ("not graded; nothing to do", "You do not need to do anything."),
        ("the file is empty", "larger than 0 bytes"),
        ("it is a link, not a file; links are not followed", "the file itself"),
        ("the file has 61 MB; at most 20 are read", "Clear Outputs"),
        ("the notebook has 3,000 cells; at most 2,000 are read", "Clear Outputs"),
        ("it belongs to no lesson with a key", "copy your answers"),
        ("the folder holds no notebook", "ends in .ipynb"),
        ("the file is not a notebook: it has no list of cells", "Download the notebook"),
        ("the archive needs a password", "without a password"),
        ("the folder cannot be read (Permission denied)", "your instructor has to"),
        ("something else", "Ask your instructor"),
        ("only notebooks (.ipynb) are graded, not answers.pdf", "ends in .ipynb"),
        ("only notebooks (.ipynb) are graded, not nothing to do/is empty: link to zip cells.pdf", "ends in .ipynb"),
        ("a clone of the course in which no exercise was worked at", "in the lessons of your clone"),
    ],
)
def test_a_problem_page_says_what_helps(problem, remedy):
    seen = words_of(feedback_page(handed_in(problem=problem)))
    assert f"{problem}." in seen and remedy in seen


# One page for each student

NAMES = [
    "ada",
    "Ada",
    "ADA",
    "a" * 240,
    "b/" * 120,
    "नमस्ते",
    "नमस्ते ",
    "\udcff",
    "\x1b[2J",
    "..",
    ".",
    "con",
    "nul.txt",
    "",
    "é",
    "e\u0301",
    "ada-0123456789",
    " ada",
    "ada.",
    "<b>",
]


def test_each_identity_has_a_safe_name_of_its_own():
    pages = {page_name(name, name) for name in NAMES} | {page_name("ada", "7"), page_name("ada", "8")}
    assert len({one.casefold() for one in pages}) == len(NAMES) + 2
    for one in pages:
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", one) and one not in ("con", "nul")
    # The shape of a digest is not left to whoever chooses names.
    taken = page_name("Ada", "Ada")
    assert page_name(taken, taken) != taken


def test_a_page_keeps_its_name_whoever_else_hands_in(tmp_path):
    report(tmp_path / "few", [(handed_in(BEN), lesson_result(LESSON))])
    report(
        tmp_path / "many",
        [(handed_in(Student(name, name)), lesson_result(LESSON)) for name in NAMES]
        + [(handed_in(BEN), lesson_result(LESSON)), (handed_in(Student("1235", "Ben Baker")), lesson_result(LESSON))],
    )
    few, many = (
        {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
        for folder in (tmp_path / "few", tmp_path / "many")
    )
    assert few < many and len(many) == len(NAMES) + 3


def test_each_file_has_a_page_of_its_own(tmp_path):
    broken = [Submission(ADA, None, f"ada/{name}", problem="the file is empty") for name in ("a/x.ipynb", "b/x.ipynb", "x.IPYNB")]
    report(
        tmp_path, [(handed_in(), lesson_result(LESSON)), *((one, None) for one in broken), (handed_in(problem="broken"), None)]
    )
    pages = json.loads((tmp_path / "results.json").read_text())["submissions"]
    assert len({one["page"] for one in pages}) == 5
    for one in pages:
        assert one["file"] in (tmp_path / one["page"]).read_text()


def test_a_rerun_clears_old_pages_and_nothing_else(tmp_path):
    report(tmp_path, [(handed_in(ADA), lesson_result(LESSON)), (handed_in(BEN), lesson_result(LESSON))])
    (tmp_path / "feedback" / "ada" / "note.txt").write_text("mine")
    (tmp_path / "mine").mkdir()
    ben = tmp_path / "feedback" / page_name(BEN.name, BEN.identity)
    assert ben.is_dir()
    outside = tmp_path.parent / f"{tmp_path.name}-outside.txt"
    outside.write_text("not ours")
    with (tmp_path / ".written-by-the-grader.txt").open("a") as listing:
        listing.write(f"../{outside.name}\n{outside}\n")
    report(tmp_path, [(handed_in(Student("cem", "cem")), lesson_result(LESSON))])
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {
        ".written-by-the-grader.txt",
        "feedback/ada/note.txt",
        f"feedback/cem/{LESSON}.html",
        "grades.csv",
        "index.html",
        "moodle-grades.csv",
        "results.json",
    }
    assert (tmp_path / "mine").is_dir() and not ben.exists() and outside.read_text() == "not ours"


def test_pages_of_a_run_that_was_killed_are_cleared_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.grading.report._gradebooks", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        report(tmp_path, [(handed_in(ADA), lesson_result(LESSON))])
    assert (tmp_path / "feedback" / "ada").exists()
    monkeypatch.undo()
    report(tmp_path, [(handed_in(BEN), lesson_result(LESSON))])
    assert not (tmp_path / "feedback" / "ada").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_grades_are_for_their_owner(tmp_path, umask):
    before = os.umask(umask)
    try:
        report(tmp_path / "out", [(handed_in(), lesson_result(LESSON))])
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").rglob("*") if path.is_file()} == {0o600}


# Tables for learning platforms

POINTS = dict.fromkeys(LESSONS[:2], 10)
ROSTER = [("ID", "77"), ("SIS User ID", "s77"), ("SIS Login ID", "bbaker"), ("Section", "A, B")]


def canvas(text, course):
    """Take points over as Canvas does: by ID, else SIS User ID, else SIS Login ID, else the name; see its GradebookImporter."""
    header, *rows = csv.reader(io.StringIO(text))
    assert "Student" in header[0] and "ID" in header[1] and header[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    points = {}
    for row in rows:
        if "Points Possible" in row[0]:
            points["possible"] = row[5:]
            continue
        found = next(
            (
                name
                for number, column in ((1, "id"), (2, "sis"), (3, "login"), (0, "name"))
                for name, known in course.items()
                if row[number] and known.get(column) == row[number]
            ),
            None,
        )
        points[found or f"unknown: {row[0]}"] = dict(zip(header[5:], row[5:]))
    return points


def moodle(text, map_from, users):
    """Take points over as Moodle does: each row's value of one column must be that of one user, or nothing is imported."""
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows and all(row[map_from] in users for row in rows), [row[map_from] for row in rows]
    return {users[row[map_from]]: row for row in rows}


def test_canvas_finds_everybody_by_what_the_roster_or_the_file_name_told():
    students = [
        Student("x", "Ben Baker", tuple(ROSTER)),
        Student("1234", "Anna Schmidt"),
        Student("jdoe2", "jdoe2"),
        Student("y", "Cem", (("SIS User ID", "s5"),)),
    ]
    course = {"ben": {"id": "77"}, "anna": {"id": "1234"}, "doe": {"login": "jdoe2"}, "cem": {"sis": "s5"}}
    earned = {("x", LESSONS[0]): 7.5, ("1234", LESSONS[0]): 10.0, ("jdoe2", LESSONS[1]): 1 / 3}
    got = canvas(_gradebooks(students, POINTS, earned)["grades.csv"], course)
    assert got.pop("possible") == ["10", "10"]
    assert got == {
        "ben": {LESSONS[0]: "7.5", LESSONS[1]: ""},
        "anna": {LESSONS[0]: "10", LESSONS[1]: ""},
        "doe": {LESSONS[0]: "", LESSONS[1]: "0.3333"},
        "cem": {LESSONS[0]: "", LESSONS[1]: ""},
    }


@pytest.mark.parametrize(
    "map_from, column", [("Username", "Username"), ("ID number", "ID number"), ("Email address", "Email address")]
)
def test_moodle_finds_everybody_on_the_roster_by_the_column_it_is_told(map_from, column):
    students = [
        Student("1", "Ada", ((column, "one"),)),
        Student("2", "Ben", ((column, "two"),)),
        Student("3", "Not on the roster"),
    ]
    written = _gradebooks(students, POINTS, {("2", LESSONS[0]): 4})["moodle-grades.csv"]
    got = moodle(written, map_from, {"one": "ada", "two": "ben"})
    assert got["ben"][LESSONS[0]] == "4" and got["ada"][LESSONS[0]] == "" and len(got) == 2


def test_moodle_without_a_roster_gets_the_folders_names():
    got = moodle(_gradebooks([ADA, Student("bob", "Bob")], POINTS, {("bob", LESSONS[0]): 4})["moodle-grades.csv"], "Username",
                 {"ada": "a", "bob": "b"})
    assert got["b"][LESSONS[0]] == "4"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "=1\nx", "Ada;=1+1", "Ada\t@x",
                                  "Ada;\"=1+1;y"])
@pytest.mark.parametrize("table", ["grades.csv", "moodle-grades.csv"])
def test_no_name_is_a_formula_for_a_spreadsheet_whatever_parts_its_cells(table, name):
    written = _gradebooks([Student(name, name)], POINTS, {(name, LESSON): 1})[table]
    cells = [cell for row in csv.reader(io.StringIO(written)) for whole in row for cell in re.split("[;\t]", whole)]
    assert not any(cell.lstrip(' \t\n"')[:1] in tuple("=+-@\uff1d") for cell in cells if cell)
    assert name.strip("\t") in written.replace("'", "").replace('""', '"')


def test_results_hold_everything(tmp_path):
    student = Student("\udcff", "\udcff", (("Email", "x@y"),))
    one, result = handed_in(student, notes=("two attempts",)), lesson_result(LESSON)
    report(
        tmp_path,
        [(one, result), (handed_in(problem="broken"), None)],
        missing=[BEN],
        unknown=[ADA],
        remarks=["renamed"],
        facts={"seed": 7, "limits": "cgroup v1", "versions": {"numpy": "2"}},
    )
    kept = json.loads((tmp_path / "results.json").read_text())
    assert (kept["seed"], kept["limits"], kept["versions"], kept["remarks"]) == (7, "cgroup v1", {"numpy": "2"}, ["renamed"])
    assert kept["missing"] == [{"student": "1234", "name": "Ben Baker"}] and kept["unknown"] == [
        {"student": "ada", "name": "ada"}
    ]
    first, second = kept["submissions"]
    assert (first["student"], first["fields"], first["notes"]) == ("\udcff", {"Email": "x@y"}, ["two attempts"])
    assert first["result"].pop("points") == 10 and first["result"].pop("earned") == 3
    assert LessonResult.from_dict(first["result"]) == result
    assert second["problem"] == "broken" and second["result"] is None


# The gradebook


def grades_of(page):
    """Return the rows of the gradebook's table as lists of text, and their links."""

    class Reader(HTMLParser):
        rows, links, open = [], {}, False

        def handle_starttag(self, tag, attributes):
            if tag == "tr":
                self.rows.append([])
            elif tag in ("th", "td"):
                self.rows[-1].append("")
                self.open = True
            elif tag == "a" and self.open:
                self.links[len(self.rows) - 1, len(self.rows[-1]) - 1] = dict(attributes)["href"]

        def handle_endtag(self, tag):
            self.open = self.open and tag not in ("th", "td", "table")

        def handle_data(self, data):
            if self.open:
                self.rows[-1][-1] = f"{self.rows[-1][-1]} {data.strip()}".strip()

    reader = Reader()
    reader.rows, reader.links = [], {}
    reader.feed(page)
    return reader.rows, reader.links


def test_the_gradebook_has_one_row_for_each_student_and_one_column_for_each_lesson(tmp_path):
    page = report(
        tmp_path,
        [
            (handed_in(ADA), lesson_result(LESSON)),
            (handed_in(ADA, LESSONS[1]), lesson_result(LESSONS[1], (RIGHT,))),
            (handed_in(BEN, LESSONS[1], problem="broken"), None),
        ],
        missing=[Student("cem", "cem")],
    )
    rows, links = grades_of(page.read_text())
    assert rows == [
        ["Student", "01 mnist softmax", "02 hidden layer", "Total"],
        ["ada", "3", "2", "5"],
        ["Ben Baker 1234", "–", "not read", "0"],
        ["cem", "–", "–", "0"],
    ]
    assert sorted(links) == [(1, 1), (1, 2), (2, 2)] and all((tmp_path / link).is_file() for link in links.values())
    assert links[1, 1] == f"feedback/ada/{LESSON}.html"


def test_students_of_one_name_are_told_apart(tmp_path):
    page = report(tmp_path, [(handed_in(Student(number, "Anna Schmidt")), lesson_result(LESSON)) for number in ("7", "8")])
    assert [row[0] for row in grades_of(page.read_text())[0]] == ["Student", "Anna Schmidt 7", "Anna Schmidt 8"]


def test_what_needs_attention_is_on_top(tmp_path):
    work = [
        (
            handed_in(
                Student(name, name), data=b"same" if name < "c" else name.encode(), notes=("2 attempts",) if name == "d" else ()
            ),
            lesson_result(LESSON, (RIGHT, status)),
        )
        for name, status in zip("abcd", (RIGHT, RIGHT, TIME_OUT, RIGHT))
    ]
    work += [(handed_in(Student(name, name), data=b"untouched"), lesson_result(LESSON, (NOT_ATTEMPTED,) * 5)) for name in "ef"]
    work += [
        (handed_in(Student("g", "g"), problem="the file is empty"), None),
        (handed_in(Student("i", "i"), problem="only notebooks (.ipynb) are graded, not nothing to do.pdf"), None),
        (handed_in(Student("h", "h"), "00_start_here", problem=NOTHING_TO_DO), None),
    ]
    page = report(tmp_path, work, missing=[BEN], unknown=[Student("a", "a")], remarks=["one folder too deep"]).read_text()
    top = words_of(re.sub("(?s)<h2>Students.*", "", page.replace("<details", "<details open")))
    for said in (
        "Not read: 2",
        "not nothing to do.pdf",
        "g: g/01_mnist_softmax.ipynb: the file is empty",
        "The class as a whole: 1",
        "one folder too deep",
        "Identical: 1",
        f"a, b: {LESSON}",
        "Stopped: 1",
        f"c, {LESSON}, Exercise 1.2: task 2: time-out",
        "Nothing handed in: 1",
        "Ben Baker (1234)",
        "Not on the roster: 1",
        "Attempts and names: 1",
        "d: 2 attempts",
    ):
        assert said in top, said
    assert "untouched" not in top and "h: " not in top and "e, f" not in top
    assert page.index("Needs attention") < page.index("Students</h2>") < page.index("Exercises</h2>")
    assert sorted(re.findall(r"<tr data-attention><th scope=\"row\">(.)", page)) == ["B", "a", "b", "c", "g", "i"]


def test_work_that_this_machine_could_not_run_is_said_to_have_no_grade_yet(tmp_path):
    page = report(tmp_path, [(handed_in(), None), (handed_in(BEN), lesson_result(LESSON))]).read_text()
    assert "ada: ada/01_mnist_softmax.ipynb: this machine could not run it yet; the same command tries it again" in words_of(page)
    assert grades_of(page)[0][1:] == [["ada", "not read", "0"], ["Ben Baker 1234", "3", "3"]]


def test_an_exercise_separates_wrong_partly_right_and_not_attempted(tmp_path):
    statuses = [RIGHT] * 4 + [PARTLY] * 3 + [WRONG, TIME_OUT] + [NOT_ATTEMPTED] * 2 + [MISSING]
    page = report(
        tmp_path,
        [
            (handed_in(Student(f"s{number}", f"s{number}")), lesson_result(LESSON, (status,)))
            for number, status in enumerate(statuses)
        ],
    ).read_text()
    assert "4 right, 3 partly right, 2 wrong, 3 not attempted" in words_of(page)
    assert re.findall(r'class="b-(\w+)" x="(\d+)" width="(\d+)"', page) == [
        ("right", "0", "4"),
        ("partly", "4", "3"),
        ("wrong", "7", "2"),
        ("none", "9", "3"),
    ]


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    out = tmp_path_factory.mktemp("large")
    the_class, results = large_class(300)
    return write_report(out, the_class, results, facts={"seed": 7})


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 390])
def test_the_pages_are_accessible_and_no_wider_than_the_screen(large, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: pip install axe-playwright-python")
    feedback = next(large.parent.glob(f"feedback/*/{LESSON}.html"))
    problem = next(large.parent.glob("feedback/*/*not-graded*.html"))
    with chromium() as browser:
        # Axe runs inside the page, which the page's own policy would not allow.
        page = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True).new_page()
        for address in (large, feedback, problem):
            page.goto(address.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = axe.Axe().run(page).response["violations"]
            assert not found, [(one["id"], one["nodes"][0]["html"]) for one in found]


def test_the_gradebook_sorts_and_filters_under_its_own_policy_without_network(large):
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 390, "height": 800}, offline=True)
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(large.as_uri())
        shown = page.locator(".grades tbody tr:visible")
        assert shown.count() == 300 and page.locator("#shown").inner_text() == "300 of 300 shown"

        def column(number):
            return page.evaluate(
                "n => [...document.querySelectorAll('.grades tbody tr')].map(row => row.cells[n].innerText)", number
            )

        points = page.get_by_role("button", name=re.compile("^01"))
        for direction in ("descending", "ascending"):
            points.click()
            assert page.locator("[aria-sort]").get_attribute("aria-sort") == direction
            got = [float(one) for one in column(1) if one not in ("–", "not read")]
            assert got == sorted(got, reverse=direction == "descending") and len(set(got)) > 5
            assert not column(1)[-1].isdecimal(), "who has no points stands below"
        page.get_by_label("Find").fill("GIVEN29")
        assert shown.count() == 11 and page.locator("#shown").inner_text() == "11 of 300 shown"
        page.get_by_label("Find").fill("")
        page.get_by_label("only those").check()
        assert 0 < shown.count() < 150
        # The first column stays while the others move.
        page.evaluate("document.querySelector('.scroll').scrollLeft = 200")
        name, region = page.locator(".grades tbody th:visible").first.bounding_box(), page.locator(".scroll").bounding_box()
        assert abs(name["x"] - region["x"]) < 3 and name["width"] < 190
        assert said == []


def test_no_script_but_the_gradebooks_own_runs(large, tmp_path):
    text, foreign = large.read_text(), "<script>document.title = 'changed'</script></main>"
    (tmp_path / "index.html").write_text(text.replace("</main>", foreign))
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "index.html").as_uri())
        assert page.title() == "Gradebook" and page.locator("#shown").inner_text() == "300 of 300 shown"


def test_without_a_script_everybody_is_there(large):
    with chromium() as browser:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(large.as_uri())
        assert page.locator(".grades tbody tr").count() == 300 and not page.locator(".tools").is_visible()


def test_a_class_without_any_file_has_a_gradebook(tmp_path):
    page = write_report(tmp_path, SimpleNamespace(submissions=[], remarks=[], missing=[BEN], unknown=[]), [])
    assert grades_of(page.read_text())[0] == [["Student", "Total"], ["Ben Baker 1234", "0"]]
