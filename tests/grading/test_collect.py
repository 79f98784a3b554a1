"""No grade is lost in silence: every file that came in is a grade, an attempt of the same person, or a line that says why not."""

import contextlib
import dataclasses
import errno
import gc
import io
import json
import os
import random
import stat
import subprocess
import sys
import time
import zipfile

import psutil
import pytest

from helpers.grading import apart as forks
from helpers.grading import collect as collecting
from helpers.grading import handed_in
from helpers.grading.collect import collect
from helpers.grading.reading import LARGEST_FILE
from helpers.grading.records import Cell, Check, Exercise, GradingError, Key
from helpers.project import ROOT
from tests.grading.test_reading import WORK, code, notebook


def exercise(name):
    return Exercise(name, name, (), f"def {name}():\n    return 1", f"def {name}():\n    return ...",
                    (Check(f"{name}-hidden-1", f"{name}()", 1, "1"),))


def lesson_cells(*names):
    return tuple(Cell("code", exercise(name).stub, name, frozenset(["exercise-solution"])) for name in names)


KEYS = {"01_one": Key("01_one", (exercise("alpha"), exercise("beta")), lesson_cells("alpha", "beta")),
        "02_two": Key("02_two", (exercise("gamma"), exercise("delta")), lesson_cells("gamma", "delta"))}
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked, and nothing has limits")
TWO = notebook(code("def gamma():\n    return 2", "gamma"), lesson="02_two")
UNTOUCHED = notebook(code("def alpha():\n    return ...", "alpha"), lesson="01_one")
NEWER = notebook(code("def alpha():\n    return 'newer'", "alpha"), lesson="01_one")
KEY = notebook({**code("alpha()"), "metadata": {"tags": ["exercise-hidden"]}}, code("def alpha():\n    return 1", "alpha"),
               lesson="01_one")


def put(folder, name, text=WORK, age=0):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (1_700_000_000 - age,) * 2)
    return path


def zipped(files, **more):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, **more) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return made.getvalue()


def found(folder):
    """Return (name, lesson) of what is graded."""
    return [(one.student.name, one.lesson) for one in collect(folder, KEYS).submissions if not one.problem]


def problems(folder):
    return {one.path: one.problem for one in collect(folder, KEYS).submissions if one.problem}


def test_a_folder_for_each_student(tmp_path):
    put(tmp_path, "ada/any name.ipynb")
    put(tmp_path, "ben/deeper/still/x.ipynb")
    put(tmp_path, "ben/.ipynb_checkpoints/x-checkpoint.ipynb")
    put(tmp_path, "__MACOSX/ada/._any name.ipynb")
    the_class = collect(tmp_path, KEYS)
    assert [(one.student.name, one.lesson, one.path, one.notes) for one in the_class.submissions] == [
        ("ada", "01_one", "ada/any name.ipynb", ()), ("ben", "01_one", "ben/deeper/still/x.ipynb", ())]
    assert the_class.remarks == []


@pytest.mark.parametrize("name, student", [
    ("ada.ipynb", "ada"), ("ada_01_one.ipynb", "ada"), ("01_one_ada.ipynb", "ada"), ("ada_01_one-2.ipynb", "ada"),
    ("ada_01_one (1).ipynb", "ada"), ("ada_01_one-Copy1.ipynb", "ada"), ("ada_01_one__20260115103000.ipynb", "ada"),
    ("student01.ipynb", "student01"), ("20231_01_one.ipynb", "20231"), ("01_one_20231.ipynb", "20231"),
    ("01_one-20231.ipynb", "20231"), ("s1234567_01_one.ipynb", "s1234567"), ("jsmith2-01_one-1.ipynb", "jsmith2"),
    ("lovelaceada_123456_7891011_01_one.ipynb", "lovelaceada"), ("o_brien_LATE_123456_7891011_hw-1.ipynb", "o_brien"),
    ("Ada Lovelace_123_assignsubmission_file_hw.ipynb", "Ada Lovelace"), ("Participant_7_assignsubmission_file_x.ipynb",
                                                                          "Participant 7"),
    ("Ada Lovelace_123_assignsubmission_file_/hw.ipynb", "Ada Lovelace"), ("Participant_7_assignsubmission_file_/x.ipynb",
                                                                           "Participant 7")])
def test_whose_a_file_is(tmp_path, name, student):
    put(tmp_path, name)
    put(tmp_path, "zoe_01_one.ipynb")
    assert found(tmp_path) == sorted([(student, "01_one"), ("zoe", "01_one")])


@pytest.mark.parametrize("names", [
    ("student01.ipynb", "student02.ipynb"), ("jsmith1_01_one.ipynb", "jsmith2_01_one.ipynb"), ("20231.ipynb", "20232.ipynb"),
    ("01_one_20231.ipynb", "01_one_20232.ipynb"), ("s1234567_01_one.ipynb", "s1234890_01_one.ipynb"),
    ("schmidtanna_111_900_01_one.ipynb", "schmidtanna_222_901_01_one.ipynb"),
    ("Anna Schmidt_111_assignsubmission_file_/a.ipynb", "Anna Schmidt_222_assignsubmission_file_/a.ipynb"),
    ("Anna Schmidt_111_assignsubmission_file_a.ipynb", "Anna Schmidt_222_assignsubmission_file_a.ipynb"),
    ("Participant_7_assignsubmission_file_/a.ipynb", "Participant_8_assignsubmission_file_/a.ipynb"),
    ("ada_2026_1015_01_one.ipynb", "ben_2026_1015_01_one.ipynb"), ("José/a.ipynb", "Jose\u0301/a.ipynb"),
    ("Ada/a.ipynb", "ada/a.ipynb"),
    ("111/a.ipynb", "ada_111_900_01_one.ipynb"), ("ada1.zip", "ada2.zip"), ("ada/x.ipynb", "ada_/x.ipynb")])
def test_two_students_stay_two(tmp_path, names):
    for name in names:
        put(tmp_path, name, zipped({"01_one.ipynb": WORK}) if name.endswith(".zip") else WORK)
    submissions = collect(tmp_path, KEYS).submissions
    assert len(submissions) == 2 and not any(one.notes or one.problem for one in submissions)
    assert len({one.student.identity for one in submissions}) == len({one.student.name for one in submissions}) == 2


def test_students_of_one_name_are_told_apart_by_number_and_that_is_said(tmp_path):
    put(tmp_path, "schmidtanna_111_900_01_one.ipynb")
    put(tmp_path, "schmidtanna_222_901_01_one.ipynb")
    put(tmp_path, "schmidtanna_222_902_02_two.ipynb", TWO)
    the_class = collect(tmp_path, KEYS)
    assert [(one.student.identity, one.student.name, one.lesson) for one in the_class.submissions] == [
        ("111", "schmidtanna (111)", "01_one"), ("222", "schmidtanna (222)", "01_one"), ("222", "schmidtanna (222)", "02_two")]
    assert the_class.remarks == ["2 students are called schmidtanna: they are told apart by the number behind the name"]


def test_students_whose_names_are_spelled_alike_are_numbered(tmp_path):
    put(tmp_path, "Jos\u00e9/a.ipynb")
    put(tmp_path, "Jose\u0301/a.ipynb")
    assert sorted(name for name, _ in found(tmp_path)) == ["Jos\u00e9 (1)", "Jos\u00e9 (2)"]


def counts(folder):
    one, = (one for one in collect(folder, KEYS).submissions if not one.problem)
    return one


@pytest.mark.parametrize("winner, loser", [
    (("b.ipynb", NEWER, 0), ("a.ipynb", WORK, 10)),
    (("w-10.ipynb", NEWER, 0), ("w-2.ipynb", WORK, 0)),
    (("01_one.ipynb", NEWER, 0), ("01_one-Copy1.ipynb", WORK, 0)),
    (("01_one-1.ipynb", NEWER, 0), ("01_one.ipynb", WORK, 0)),
    (("01_one.ipynb", NEWER, 0), ("01_one__20260115103000.ipynb", WORK, 0)),
    (("01_one__20260115103000.ipynb", WORK, 10), ("01_one.ipynb", UNTOUCHED, 0)),
    (("01_one.ipynb", WORK, 10), ("01_one (1).ipynb", UNTOUCHED, 0)),
    (("01_one.ipynb", WORK, 10), ("01_one-1.ipynb", "{", 0)),
])
def test_which_attempt_counts(tmp_path, winner, loser):
    for name, text, age in (winner, loser):
        put(tmp_path, f"ada/{name}", text, age)
    one = counts(tmp_path)
    assert one.path == f"ada/{winner[0]}" and one.notes[0] == f"2 attempts; this one counts: ada/{winner[0]}"
    assert one.notes[1].startswith(f"ada/{loser[0]} does not count")


def test_why_an_attempt_does_not_count_is_said(tmp_path):
    put(tmp_path, "ada/01_one.ipynb", WORK, 10)
    put(tmp_path, "ada/01_one-1.ipynb", "{")
    put(tmp_path, "ada/01_one-2.ipynb", UNTOUCHED)
    notes = counts(tmp_path).notes
    assert "ada/01_one-1.ipynb does not count: the file is not a notebook" in notes[1] + notes[2]
    assert "ada/01_one-2.ipynb does not count: untouched" in notes


def test_equal_work_has_an_equal_digest_and_no_outputs(tmp_path):
    put(tmp_path, "ada/x.ipynb")
    put(tmp_path, "ben/x.ipynb", WORK.replace('"outputs": []', '"outputs": [{"output_type": "stream", "text": "x"}]'))
    put(tmp_path, "cem/x.ipynb", NEWER)
    one, other, third = collect(tmp_path, KEYS).submissions
    assert one.data == other.data != third.data and len(one.data) == 32


ARCHIVES = {
    "one for each student": {"ada.zip": zipped({"01_one.ipynb": WORK, "sub/02_two.ipynb": TWO}), "ben/x.ipynb": WORK},
    "in a student's folder": {"ada/work.zip": zipped({"a/01_one.ipynb": WORK, "02_two.ipynb": TWO}), "ben/x.ipynb": WORK},
    "nested": {"ada/work.zip": zipped({"in.zip": zipped({"01_one.ipynb": WORK}), "02.ipynb": TWO}), "ben/x.ipynb": WORK},
    "Canvas's for the class": {"submissions.zip": zipped({
        "ada_111_9001_01_one.ipynb": WORK, "ada_111_9002_hw.zip": zipped({"02_two.ipynb": TWO}),
        "ben_222_9003_01_one.ipynb": WORK})},
    "Moodle's for the class": {"course-hw.zip": zipped({
        "ada_11_assignsubmission_file_/x.ipynb": WORK, "ada_11_assignsubmission_file_/y.ipynb": TWO,
        "ben_12_assignsubmission_file_/x.zip": zipped({"x.ipynb": WORK})})},
    "a class of folders": {"all.zip": zipped({"ada/x.ipynb": WORK, "ada/y.ipynb": TWO, "ben/x.ipynb": WORK})},
    "a class of files": {"all.zip": zipped({"ada_01_one.ipynb": WORK, "ada_02_two.ipynb": TWO, "ben_01_one.ipynb": WORK})},
    "a class one folder too deep": {"all/ada/x.ipynb": WORK, "all/ada/y.ipynb": TWO, "all/ben/x.ipynb": WORK},
    "two folders too deep": {"a/b/ada/x.ipynb": WORK, "a/b/ada/y.ipynb": TWO, "a/b/ben/x.ipynb": WORK},
    "a folder for each lesson": {"01_one/ada.ipynb": WORK, "02_two/ada.ipynb": TWO, "01_one/ben.ipynb": WORK},
    "an archive for each lesson, without a platform's names": {
        "01_one.zip": zipped({"ada.ipynb": WORK, "ben.ipynb": WORK}), "02_two.zip": zipped({"ada/x.ipynb": TWO})},
    "an archive for each lesson": {"hw1.zip": zipped({"ada_111_9001_x.ipynb": WORK, "ben_222_9003_x.ipynb": WORK}),
                                   "hw2.zip": zipped({"ada_111_9002_x.ipynb": TWO})},
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archives_and_classes_a_folder_too_deep(tmp_path, kind):
    for name, text in ARCHIVES[kind].items():
        put(tmp_path, name, text)
    the_class = collect(tmp_path, KEYS)
    got = [(one.student.name, one.lesson) for one in the_class.submissions if not one.problem]
    assert got == [("ada", "01_one"), ("ada", "02_two"), ("ben", "01_one")], the_class
    assert bool(the_class.remarks) is (not any(name.startswith(("ada.", "ada/")) for name in ARCHIVES[kind]))
    assert all("holds a class" in remark for remark in the_class.remarks)


def test_an_empty_folder_among_canvas_files_changes_nothing(tmp_path):
    for name, text in (("ada_111_9001_x", WORK), ("ada_111_9002_y", TWO), ("ben_222_9003_x", WORK)):
        put(tmp_path, f"all/{name}.ipynb", text)
    (tmp_path / "all" / "feedback").mkdir()
    assert found(tmp_path) == [("ada", "01_one"), ("ada", "02_two"), ("ben", "01_one")]


def test_times_come_from_the_archive(tmp_path):
    put(tmp_path, "ada/z.zip", zipped({"01_one.ipynb": NEWER}))
    put(tmp_path, "ada/01_one.ipynb", WORK, 10**8)
    assert counts(tmp_path).path == "ada/z.zip/01_one.ipynb"
    put(tmp_path, "ada/01_one.ipynb", WORK, 1_700_000_000 - time.time())
    assert counts(tmp_path).path == "ada/01_one.ipynb"


def link(name):
    one = zipfile.ZipInfo(name)
    one.external_attr = (stat.S_IFLNK | 0o777) << 16
    return one


def shrink(monkeypatch):
    for name, value in (("MOST_FILES", 100), ("LARGEST_FILE", 2**20), ("LARGEST_ARCHIVE", 5 * 2**20)):
        monkeypatch.setattr(handed_in, name, value)


def hostile(name):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        if name == "bomb":
            for number in range(20):
                archive.writestr(f"{number}.ipynb", b" " * (2**20 + 1))
        elif name == "entries":
            for number in range(200):
                archive.writestr(f"{number}.ipynb", b"")
        elif name == "link":
            archive.writestr(link("01_one.ipynb"), "/etc/passwd")
        elif name == "bzip2":
            archive.writestr("01_one.ipynb", WORK, zipfile.ZIP_BZIP2)
        elif name == "deep":
            data = zipped({"01_one.ipynb": WORK})
            archive.writestr("a.zip", zipped({"b.zip": zipped({"c.zip": data})}))
        else:
            archive.writestr(name, WORK)
    return made.getvalue()


@pytest.mark.parametrize("name, words", [
    ("bomb", "unpacks to far more than its size"), ("entries", "more than 100 entries"), ("link", "links are not followed"),
    ("bzip2", "packed in an unusual way"), ("deep", "more than 2 archives deep"),
    ("../ben/01_one.ipynb", "leads out of the archive"), ("/etc/01_one.ipynb", "leads out of the archive"),
    ("C:/01_one.ipynb", "leads out of the archive"), ("..\\ben\\01_one.ipynb", "leads out of the archive")])
def test_hostile_archives_are_refused_and_the_others_go_on(tmp_path, monkeypatch, name, words):
    shrink(monkeypatch)
    put(tmp_path, "ada/work.zip", hostile(name))
    put(tmp_path, "ben/x.ipynb")
    assert found(tmp_path) == [("ben", "01_one")]
    assert any(words in problem for problem in problems(tmp_path).values()), problems(tmp_path)


def test_a_bomb_is_unpacked_only_so_far(tmp_path, monkeypatch):
    shrink(monkeypatch)
    read, unpacked = [], zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *args: (data := unpacked(*args), read.append(len(data)))[0])
    data = hostile("bomb")
    put(tmp_path, "ada/work.zip", zipped({f"{number}.zip": data for number in range(3)}))
    put(tmp_path, "ben/x.ipynb")
    assert found(tmp_path) == [("ben", "01_one")]
    assert sum(read) <= handed_in.LARGEST_ARCHIVE + handed_in.MOST_TIMES * (tmp_path / "ada/work.zip").stat().st_size


def test_what_is_too_large_in_an_archive_leaves_room_for_the_others(tmp_path, monkeypatch):
    shrink(monkeypatch)
    large = {f"{number}.bin": b" " * 2**20 for number in range(30)}
    put(tmp_path, "all.zip", zipped({**large, "ada_11_assignsubmission_file_/x.ipynb": WORK,
                                     "ben_12_assignsubmission_file_/x.zip": zipped({"x.ipynb": WORK})}))
    assert found(tmp_path) == [("ada", "01_one"), ("ben", "01_one")]


def locked():
    data = bytearray(zipped({"01_one.ipynb": WORK}))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def spoilt():
    data = bytearray(zipped({"01_one.ipynb": WORK}))
    data[60] ^= 255
    return bytes(data)


@pytest.mark.parametrize("data, words", [
    (b"no archive", "cannot be opened as a zip archive"), (locked(), "is encrypted, password required"),
    (spoilt(), "cannot be read (Bad CRC"),
    (zipped({}), "holds no notebook")])
def test_broken_archives_are_named(tmp_path, data, words):
    put(tmp_path, "ada.zip", data)
    put(tmp_path, "ben/x.ipynb")
    assert words in " ".join(problems(tmp_path).values()) and found(tmp_path) == [("ben", "01_one")]


def test_no_broken_archive_stops_the_class(tmp_path):
    whole = zipped({"a/01_one.ipynb": WORK, ".": WORK, "helpers/grading/x": b"", "b.zip": zipped({"02_two.ipynb": TWO})})
    draw = random.Random(0)
    for number in range(300):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.choice([0, 1, 255, draw.randrange(256)])
        put(tmp_path, f"student{number}.zip", bytes(data[:draw.choice([len(data), draw.randrange(len(data))])]))
    assert len({one.student.identity for one in collect(tmp_path, KEYS).submissions}) == 300


def test_names_in_archives_are_read_in_the_usual_encodings(tmp_path):
    utf8 = bytearray(zipped({"Jose\u0301/\u4f5c\u696d.ipynb": WORK}))
    for mark, place in ((b"PK\3\4", 7), (b"PK\1\2", 9)):
        utf8[utf8.index(mark) + place] &= ~8  # an archive that does not say it is UTF-8
    put(tmp_path, "ada.zip", bytes(utf8))
    put(tmp_path, "ben.zip", zipped({"a\\b\x1b.ipynb": WORK}))
    assert [one.path for one in collect(tmp_path, KEYS).submissions] == ["ada.zip/Jose\u0301/\u4f5c\u696d.ipynb",
                                                                         "ben.zip/a/b\\x1b.ipynb"]


@pytest.mark.parametrize("name", ["01_one.ipynb.txt", "01_one.ipynb.json", "x.json", "x.txt", "01_one", "01_one.ipynb.download"])
def test_notebooks_with_another_ending_are_read_and_that_is_said(tmp_path, name):
    put(tmp_path, f"ada/{name}")
    assert counts(tmp_path).notes == (f"{name} is not called .ipynb, but holds a notebook",)


def test_what_cannot_be_graded_is_said_and_the_others_go_on(tmp_path):
    put(tmp_path, "ada/x.ipynb")
    for name in ("solution.py", "notes.txt", "table.json", "page.html"):
        put(tmp_path, f"ada/{name}", "no notebook")
    put(tmp_path, "ben/01_one.ipynb", "{")
    put(tmp_path, "cem/x.ipynb", notebook(code("x = 1")))
    (tmp_path / "dora").mkdir()
    outside = put(tmp_path, "secret.txt", "x")
    (tmp_path / "emil").mkdir()
    (tmp_path / "emil" / "x.ipynb").symlink_to(outside)
    (tmp_path / "finn").symlink_to(tmp_path / "ada")
    put(tmp_path, "gina/x.py", "x")
    put(tmp_path, "hugo/key.ipynb", KEY)
    put(tmp_path, "ines/00_start_here.ipynb", notebook(code("x"), lesson="00_start_here"))
    put(tmp_path, "jan/x.ipynb", b" " * (LARGEST_FILE + 1))
    os.mkfifo(tmp_path / "jan" / "y.ipynb")
    said = {path.split("/")[0]: problem for path, problem in problems(tmp_path).items()}
    assert found(tmp_path) == [("ada", "01_one")]
    assert said["ada"] == "only notebooks (.ipynb) are graded; also not graded: ada/page.html, ada/solution.py, ada/table.json"
    for name, words in {"ben": "not a notebook", "cem": "no lesson with a key", "dora": "the folder holds no notebook",
                        "emil": "links are not followed", "finn": "links are not followed", "gina": "only notebooks",
                        "hugo": "it is a key", "ines": "not graded; nothing to do", "secret.txt": "only notebooks"}.items():
        assert words in said[name]
    jan = " ".join(problem for path, problem in problems(tmp_path).items() if "jan" in path)
    assert "the file has more than 20 MB" in jan and "it is a link or a device" in jan


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(tmp_path, monkeypatch):
    put(tmp_path, "ada/x.ipynb")
    put(tmp_path, "ben/x.ipynb")
    scandir, closed = os.scandir, str(tmp_path / "ben")

    def refused(path):
        if str(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    assert found(tmp_path) == [("ada", "01_one")]
    assert problems(tmp_path)["ben"] == "it cannot be read (Permission denied): copy it to where you can read it"
    closed = str(tmp_path)
    with pytest.raises(GradingError, match="cannot be read"):
        collect(tmp_path, KEYS)


def test_a_file_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    put(tmp_path, "ada/x.ipynb")

    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(handed_in.Path, "open", refused)
    assert problems(tmp_path) == {"ada/x.ipynb": "the file cannot be read (Permission denied)"}


def test_a_notebook_that_cannot_be_taken_apart_costs_nobody_else(tmp_path, monkeypatch):
    put(tmp_path, "ada/01_one.ipynb")
    put(tmp_path, "ben/01_one.ipynb", NEWER)
    matched = collecting.match

    def refused(key, cells):
        if "newer" in cells[0].source:
            raise RecursionError("too deep")
        return matched(key, cells)

    monkeypatch.setattr(collecting, "match", refused)
    assert found(tmp_path) == [("ada", "01_one")]
    assert problems(tmp_path) == {"ben/01_one.ipynb": "the file cannot be read (too deep)"}


def nested(depth, inner, first=1):
    """Return `finally` blocks one in the other; Python compiles each twice, and what is inside twice as often."""
    lines = [f"{' ' * (first + level)}{word}" for level in range(depth) for word in ("try: s", "finally:")]
    return "\n".join([*lines, *(f"{' ' * (first + depth)}{line}" for line in inner.split("\n"))])


@on_linux
def test_code_that_takes_too_long_to_parse_is_told_and_costs_nobody_else(tmp_path, monkeypatch):
    heavy = "def alpha(s):\n" + nested(16, "def f(s):\n" + nested(16, "s"))  # some hundred letters, for hours
    monkeypatch.setattr(forks, "LIMITS", dataclasses.replace(forks.LIMITS, seconds=2))
    put(tmp_path, "ada/01_one.ipynb")
    put(tmp_path, "mallory/01_one.ipynb", notebook(code(heavy, "alpha"), lesson="01_one"))
    assert found(tmp_path) == [("ada", "01_one")]
    assert "its code takes more than 2 seconds or 1024 MB to be read" in problems(tmp_path)["mallory/01_one.ipynb"]


@on_linux
def test_a_file_that_takes_too_much_memory_is_told_and_costs_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(forks, "LIMITS", dataclasses.replace(forks.LIMITS, memory=2**26))
    put(tmp_path, "ada/01_one.ipynb")
    put(tmp_path, "mallory/01_one.ipynb", b'{"cells": [' + b'{"a":[{}]},' * 1_000_000 + b"{}]}")
    assert found(tmp_path) == [("ada", "01_one")]
    assert "or 64 MB to be read" in problems(tmp_path)["mallory/01_one.ipynb"]


def test_a_fork_gives_what_the_work_gives_or_raises():
    assert forks.apart(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        forks.apart(divmod, 7, 0)


@on_linux
def test_forks_leave_no_file_open_whatever_comes_of_them():
    before = os.listdir("/proc/self/fd")
    for number in range(30):
        with pytest.raises(ZeroDivisionError):
            forks.apart(divmod, number, 0)
    assert len(os.listdir("/proc/self/fd")) == len(before)


@on_linux
def test_a_fork_ends_when_nobody_is_left_to_read_what_it_says():
    code = ("import os, time\nfrom helpers.grading.apart import apart\n"
            "apart(lambda: print(os.getpid(), flush=True) or time.sleep(1) or bytes(2**21))")
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as reader:
        child = psutil.Process(int(reader.stdout.readline()))
        reader.kill()
    last = time.monotonic() + 60
    with contextlib.suppress(psutil.NoSuchProcess):
        while child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < last
            time.sleep(0.05)


def test_each_lesson_is_told_when_it_is_met(tmp_path):
    put(tmp_path, "ada/01_one.ipynb")
    put(tmp_path, "ben/01_one.ipynb", NEWER)
    put(tmp_path, "cem/empty.ipynb", b"")
    put(tmp_path, "dan/02_two.ipynb", TWO)
    told = []
    collect(tmp_path, KEYS, meet=lambda met: told.append([key.lesson for key in met]))
    assert told == [["01_one"], ["01_one", "02_two"]]


def test_threats_tells_the_limits_of_reading():
    limits = f"in {forks.LIMITS.seconds} seconds and {forks.LIMITS.memory // 2**30} GB at most"
    assert limits in (ROOT / "helpers" / "grading" / "THREATS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("own", ["mallory/x_1_assignsubmission_file_/01_one.ipynb", "mallory/x_1_2222_01_one.ipynb"])
def test_nobody_brings_work_under_another_name(tmp_path, own):
    put(tmp_path, "anna/01_one.ipynb", age=9)
    put(tmp_path, "mallory/anna/01_one.ipynb")
    put(tmp_path, own)
    assert found(tmp_path) == [("anna", "01_one"), ("mallory", "01_one")]
    assert collect(tmp_path, KEYS).submissions[0].path == "anna/01_one.ipynb"


def test_empty_folders_and_dates_in_names_make_no_class(tmp_path):
    put(tmp_path, "ben/homework_20261012_153045_final.ipynb")
    put(tmp_path, "carl/homework_20261012_160000_v2.ipynb")
    for name in ("dora", "emil"):
        (tmp_path / name / "homework").mkdir(parents=True)
    assert found(tmp_path) == [("ben", "01_one"), ("carl", "01_one")]
    assert list(problems(tmp_path)) == ["dora", "emil"]


def test_a_flood_of_files_is_counted(tmp_path):
    put(tmp_path, "ada/01_one.ipynb")
    put(tmp_path, "mallory/all.zip", zipped({f"{number}.ipynb": "" for number in range(90)}))
    told = [one.problem for one in collect(tmp_path, KEYS).submissions if one.student.name == "mallory"]
    assert len(told) == 20 and "the file is empty; also not graded: 70 more" in told
    assert found(tmp_path) == [("ada", "01_one")]


def test_copies_that_colab_made_have_no_owner_and_stay_apart(tmp_path):
    for name in ("Copy of 01_one.ipynb", "Copy of 01_one (1).ipynb", "Kopie von 01_one_ada.ipynb"):
        put(tmp_path, name)
    assert [name for name, _ in found(tmp_path)] == ["Copy of 01_one (1).ipynb", "Copy of 01_one.ipynb", "ada"]


def test_a_students_files_may_be_called_like_a_platforms(tmp_path):
    put(tmp_path, "ada/01_one.ipynb")
    put(tmp_path, "ada/data_001_002_x.csv", "1")
    put(tmp_path, "ben/.hidden.ipynb")
    put(tmp_path, "ben/._01_one.ipynb")
    the_class = collect(tmp_path, KEYS)
    assert found(tmp_path) == [("ada", "01_one"), ("ben", "01_one")] and the_class.remarks == []


@pytest.mark.skipif(sys.platform != "linux", reason="other file systems refuse such names")
def test_odd_names_are_survived_and_can_be_printed(tmp_path):
    for name in (b"bytes\xff", b"\x1b[31mred", b"line\nbreak", b"n" * 240, "\u0928\u0947".encode(), "\u0928\u093f".encode()):
        put(tmp_path, os.fsdecode(name) + "/x.ipynb")
    put(tmp_path, os.fsdecode(b"f\xfe_01_one.ipynb"))
    put(tmp_path, "m" * 240 + ".ipynb", "{")
    submissions = collect(tmp_path, KEYS).submissions
    assert len(submissions) == len({one.student for one in submissions}) == 8
    for one in submissions:
        text = one.student.name + one.student.identity + one.path + one.problem
        assert text.isprintable() and text.encode()


def clone(home, worked=(), place="course"):
    """Put a clone of the course into a home, in which some lessons were worked at."""
    put(home, f"{place}/notebooks/00_start_here.ipynb", notebook(code("x"), lesson="00_start_here"))
    for lesson in ("01_one", "02_two"):
        stub = UNTOUCHED if lesson == "01_one" else notebook(code("def gamma():\n    return ...", "gamma"), lesson="02_two")
        put(home, f"{place}/notebooks/{lesson}.ipynb", {"01_one": WORK, "02_two": TWO}[lesson] if lesson in worked else stub)
        put(home, f"{place}/helpers/grading/keys/{lesson}.ipynb", KEY)
    put(home, f"{place}/tests/keys/01_one.ipynb", WORK)
    put(home, f"{place}/notebooks/.ipynb_checkpoints/01_one-checkpoint.ipynb", WORK)
    put(home, f"{place}/README.md", "text")


def test_a_folder_of_homes(tmp_path):
    clone(tmp_path / "ada", ["01_one"])
    clone(tmp_path / "ben", place="git/my/course")
    clone(tmp_path / "cem", ["01_one", "02_two"], place=".")
    put(tmp_path, "cem/notebooks/01_one__20260115103000.ipynb", NEWER, 10)
    put(tmp_path, "ada/other course/hw.ipynb", notebook(code("x")))
    put(tmp_path, "ada/solutions/01_one.ipynb", KEY)
    put(tmp_path, "ada/diary.txt", "dear diary")
    put(tmp_path, "dora.zip", zipped({f"course/{name}": text for name, text in {
        "helpers/grading/keys/01_one.ipynb": KEY, "notebooks/01_one.ipynb": WORK, "notebooks/02_two.ipynb": UNTOUCHED,
        "tests/keys/02_two.ipynb": TWO, "requirements.txt": "x"}.items()}))
    assert found(tmp_path) == [("ada", "01_one"), ("cem", "01_one"), ("cem", "02_two"), ("dora", "01_one")]
    assert problems(tmp_path) == {"ben": "a clone of the course in which no exercise was worked at"}


def test_homes_a_folder_too_deep_and_one_home_alone(tmp_path):
    clone(tmp_path / "all" / "ada", ["01_one"])
    clone(tmp_path / "all" / "ben")
    assert found(tmp_path) == [("ada", "01_one")] and len(collect(tmp_path, KEYS).remarks) == 1
    assert found(tmp_path / "all" / "ada") == [("course", "01_one")]
    the_class = collect(tmp_path / "all" / "ada" / "course", KEYS)
    assert [one.student.name for one in the_class.submissions] == ["course"]
    assert "is a clone of the course" in the_class.remarks[0]


def test_files_that_are_called_like_the_folders_of_a_clone_make_none(tmp_path):
    for name in ("helpers", "notebooks"):
        put(tmp_path, name, b"x")
    for name in ("ada", "ben"):
        put(tmp_path, f"{name}/01_one.ipynb")
    assert [one.student.name for one in collect(tmp_path, KEYS).submissions if not one.problem] == ["ada", "ben"]


def test_a_clone_with_copies_of_a_lesson_is_no_class(tmp_path):
    clone(tmp_path / "course", ["01_one"], place=".")
    for name in ("first try", "second try"):
        put(tmp_path, f"course/notebooks/{name}/01_one.ipynb", NEWER, 10)
    the_class = collect(tmp_path / "course", KEYS)
    assert [(one.student.name, one.path) for one in the_class.submissions] == [("course", "notebooks/01_one.ipynb")]
    assert len(the_class.remarks) == 1 and "is a clone of the course" in the_class.remarks[0]


def test_one_students_folder_given_as_the_class_is_noticed(tmp_path):
    put(tmp_path / "ada", "01_one.ipynb")
    put(tmp_path / "ada", "01_one-1.ipynb", NEWER)
    put(tmp_path / "ada", "02_two.ipynb", TWO)
    assert found(tmp_path / "ada") == [("ada", "01_one"), ("ada", "02_two")]
    assert "the work of one student, ada" in collect(tmp_path / "ada", KEYS).remarks[0]
    assert found(tmp_path) == [("ada", "01_one"), ("ada", "02_two")]


def test_a_file_that_does_not_say_whose_it_is_is_said(tmp_path):
    put(tmp_path, "ada/x.ipynb")
    put(tmp_path, "01_one.ipynb")
    assert found(tmp_path) == [("01_one.ipynb", "01_one"), ("ada", "01_one")]
    assert collect(tmp_path, KEYS).remarks == ["01_one.ipynb does not say whose it is"]


def test_an_archive_with_one_lesson_that_bears_its_name_is_no_class(tmp_path):
    put(tmp_path, "ada/x.ipynb")
    put(tmp_path, "01_one.zip", zipped({"01_one.ipynb": WORK}))
    assert found(tmp_path) == [("01_one.zip", "01_one"), ("ada", "01_one")]
    assert collect(tmp_path, KEYS).remarks == ["01_one.zip does not say whose it is"]


def test_of_many_other_files_six_are_named_and_the_others_counted(tmp_path):
    for number in range(7):
        put(tmp_path, f"ben/{number}.py", "x")
        if number < 6:
            put(tmp_path, f"ada/{number}.py", "x")
    said = problems(tmp_path)
    assert said["ada/0.py"].endswith("not graded: ada/1.py, ada/2.py, ada/3.py, ada/4.py, ada/5.py")
    assert said["ben/0.py"].endswith("ben/4.py, ben/5.py and 1 more")


def test_no_archive_is_held_once_it_was_read(tmp_path, monkeypatch):
    put(tmp_path, "ada.zip", zipped({"a.zip": zipped({"01_one.ipynb": WORK, "x.py": "x"})}))
    put(tmp_path, "ben/x.ipynb")
    held, lift = [], collecting._lift

    def counted(*arguments):
        gc.collect()
        held.append(sum(isinstance(one, zipfile.ZipFile) for one in gc.get_objects()))
        return lift(*arguments)

    gc.collect()
    before = sum(isinstance(one, zipfile.ZipFile) for one in gc.get_objects())
    monkeypatch.setattr(collecting, "_lift", counted)
    assert len(collect(tmp_path, KEYS).submissions) == 3 and held == [before]


def test_a_class_that_is_not_there(tmp_path):
    with pytest.raises(GradingError, match="does not exist"):
        collect(tmp_path / "nowhere", KEYS)
    with pytest.raises(GradingError, match="no notebooks and no folders"):
        collect(tmp_path, KEYS)
    with pytest.raises(GradingError, match=r"class\.zip' is a file: unpack it, and give its folder"):
        collect(put(tmp_path, "class.zip"), KEYS)


def test_the_roster_is_entered(tmp_path):
    put(tmp_path, "ada/x.ipynb")
    put(tmp_path, "ben/x.ipynb")
    roster = [{"Username": "ada", "ID number": "7"}, {"Username": "cem", "Full name": "Cem Oz"}]
    the_class = collect(tmp_path, KEYS, roster)
    assert the_class.submissions[0].student.fields == (("Username", "ada"), ("ID number", "7"))
    assert [one.name for one in the_class.missing] == ["Cem Oz"] and [one.name for one in the_class.unknown] == ["ben"]


def test_everything_that_came_in_is_accounted_for(tmp_path):
    kinds = [("x.ipynb", WORK), ("x.ipynb", "{"), ("x.py", "x"), ("x.ipynb.txt", WORK), ("x.zip", zipped({"a.ipynb": TWO})),
             ("x.zip", b"?"), ("x.ipynb", UNTOUCHED), ("x.ipynb", KEY), ("x.pdf", b"%PDF"), ("x.ipynb", notebook(code("y")))]
    for number in range(100):
        name, text = kinds[number % len(kinds)]
        put(tmp_path, f"student{number:03}/{name}", text)
    submissions = collect(tmp_path, KEYS).submissions
    assert len(submissions) == len({one.student.identity for one in submissions}) == 100
    assert sum(not one.problem for one in submissions) == 40 and json.dumps([one.problem for one in submissions])


def test_work_that_may_be_somebody_elses_is_said(tmp_path):
    for place in ("group A/ada", "group A/ben", "group B/cem", ".anna"):
        put(tmp_path, f"{place}/01_one.ipynb")
    put(tmp_path, ".config/settings.txt", "no notebook")
    put(tmp_path, ".ipynb_checkpoints/01_one-checkpoint.ipynb")
    the_class = collect(tmp_path, KEYS)
    assert [one.startswith(".anna was not looked into") for one in the_class.remarks] == [True]
    of_a, of_b = (one.notes for one in the_class.submissions)
    assert of_a[1].startswith("they lie in several folders (ada, ben) and were taken for attempts") and of_b == ()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere paths have other limits")
def test_a_path_that_is_too_long_costs_nobody_else(tmp_path, monkeypatch):
    put(tmp_path, "ada/01_one.ipynb")
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "mia"
    place.mkdir()
    os.chdir(place)
    while len(str(place)) < 4_050:
        place = place / ("d" * min(200, 4_089 - len(str(place))))
        os.mkdir(place.name)
        os.chdir(place.name)
    with open("f" * 60 + ".ipynb", "w"):
        pass
    os.chdir(tmp_path)
    assert found(tmp_path) == [("ada", "01_one")]
    assert any("File name too long" in why for why in problems(tmp_path).values())


def test_archives_side_by_side_in_one_have_their_entries_together(tmp_path, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_FILES", 200)  # what is packed without compression is counted twice
    inner = zipped({f"{number}.x": "" for number in range(60)})
    put(tmp_path, "mallory/all.zip", zipped({"a.zip": inner, "b.zip": inner, "01_one.ipynb": WORK}))
    put(tmp_path, "ada/all.zip", zipped({"12:30 01_one.ipynb": WORK}))
    assert found(tmp_path) == [("ada", "01_one"), ("mallory", "01_one")]
    assert "more than 200 entries" in problems(tmp_path)["mallory/all.zip/b.zip"]


def test_attempts_that_do_not_count_take_no_memory_and_few_lines(tmp_path):
    long = notebook(code("def alpha():\n    return 1\n#" + "x" * 190_000, "alpha"), lesson="01_one")
    put(tmp_path, "ada/all.zip", zipped({f"{number}.ipynb": long for number in range(60)}))
    put(tmp_path, "ben/01_one.ipynb", UNTOUCHED)
    read = [collecting._read(one, KEYS) for one in handed_in.files(tmp_path)]
    assert sum(len(one.matches) for one in read) < 100_000
    one, _ = collect(tmp_path, KEYS).submissions
    assert len(one.matches[0].source) > 190_000 and len(one.notes) < 25


def test_code_that_grows_when_it_is_written_out_is_refused(tmp_path):
    deep = "".join(" " * depth + "if 1:\n" for depth in range(94)) + " " * 94 + "helper = 1;" + "a = 1;" * 20_000
    put(tmp_path, "ada/01_one.ipynb", notebook(code(deep), code("def alpha():\n    return helper", "alpha"), lesson="01_one"))
    assert "too large: more than 4,000,000 characters" in problems(tmp_path)["ada/01_one.ipynb"]


def test_exercises_solved_in_the_lesson_that_has_none_are_graded(tmp_path):
    put(tmp_path, "ada/00_start_here.ipynb", notebook(code("def alpha():\n    return 1", "alpha"), lesson="00_start_here"))
    assert found(tmp_path) == [("ada", "01_one")]


def test_what_cannot_be_read_in_a_clone_is_said(tmp_path):
    clone(tmp_path / "ada", ["01_one"])
    put(tmp_path, "ada/course/notebooks/final.ipynb", '{"cells": [')
    assert list(problems(tmp_path)) == ["ada/course/notebooks/final.ipynb"]


def test_spaces_of_any_kind_are_spaces(tmp_path):
    put(tmp_path, "山田\u3000太郎/01_one.ipynb")
    the_class = collect(tmp_path, KEYS, [{"Full name": "山田 太郎", "ID number": "7"}])
    assert (the_class.missing, the_class.unknown) == ([], [])


def test_a_hidden_link_is_not_followed(tmp_path):
    put(tmp_path, "class/ada/01_one.ipynb")
    put(tmp_path, "elsewhere/01_one.ipynb")
    (tmp_path / "class" / ".x").symlink_to(tmp_path / "elsewhere")
    assert collect(tmp_path / "class", KEYS).remarks == []


def test_exercises_of_a_second_lesson_in_one_notebook_are_not_lost_in_silence(tmp_path):
    both = notebook(code("def alpha():\n    return 1", "alpha"), code("def gamma():\n    return 1", "gamma"), lesson="01_one")
    put(tmp_path, "ada/01_one.ipynb", both)
    put(tmp_path, "ben/01_one.ipynb")
    ada, ben = collect(tmp_path, KEYS).submissions
    assert ada.lesson == "01_one" and ada.notes == ("01_one.ipynb also holds exercises of 02_two; none of them counts",)
    assert ben.notes == ()


def test_an_archive_larger_than_any_class_is_not_looked_through(tmp_path):
    put(tmp_path, "ada/01_one.ipynb")
    with open(put(tmp_path, "mallory/all.zip", b""), "r+b") as file:
        file.truncate(20 * handed_in.LARGEST_ARCHIVE + 1)  # a hole, which takes no disk
    assert found(tmp_path) == [("ada", "01_one")]
    assert "more than 2,000 MB" in problems(tmp_path)["mallory/all.zip"]
