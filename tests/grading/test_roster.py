"""The learning platform's own export tells who is who; what it cannot tell is said and not guessed."""

import pytest

from helpers.grading.records import Class, GradingError, Student, Submission
from helpers.grading.roster import enter, fitting, read_roster

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (55)
    Points Possible,,,,,10
"Lovelace, Ada",111,u1,ada@uni.example,Mo,9
"Schmidt, Anna",222,u2,schmidt1,Mo,
"Schmidt, Anna",333,u3,schmidt2,Tu,
"Núñez, José",444,u4,jn,Tu,
"Student, Test",999,,x,Mo,
"""
MOODLE = """First name;Surname;ID number;Email address;Username;Course total (Real)
Ada;Lovelace;u1;ada@uni.example;ada;9,00
Anna;Schmidt;u2;a.schmidt@uni.example;schmidt1;-
Anna;Schmidt;u3;anna@uni.example;schmidt2;-
José;Núñez;u4;jn@uni.example;jn;-
"""
WORKSHEET = """Identifier\tFull name\tID number\tEmail address\tStatus\tGrade
Participant 7\tAda Lovelace\tu1\tada@uni.example\tSubmitted\t
Participant 8\tAnna Schmidt\tu2\ta.schmidt@uni.example\tSubmitted\t
"""


def roster(tmp_path, text, encoding="utf-8"):
    (tmp_path / "roster.csv").write_bytes(text.encode(encoding))
    return read_roster(tmp_path / "roster.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_exports_are_read_in_any_usual_encoding_and_with_any_separator(tmp_path, encoding):
    for text, rows in ((CANVAS, 4), (CANVAS.replace("\n", "\r\n"), 4), (MOODLE, 4), (WORKSHEET, 2)):
        assert len(roster(tmp_path, text, encoding)) == rows
    read = roster(tmp_path, CANVAS, encoding)
    assert read[0] == {"Student": "Lovelace, Ada", "ID": "111", "SIS User ID": "u1", "SIS Login ID": "ada@uni.example",
                       "Section": "Mo"}
    assert read[3]["Student"] == "Núñez, José"


@pytest.mark.parametrize("text, identity, name, column, value", [
    (CANVAS, "222", "schmidtanna (222)", "SIS Login ID", "schmidt1"),
    (CANVAS, "schmidt2", "schmidt2", "ID", "333"), (CANVAS, "U1", "U1", "ID", "111"),
    (CANVAS, "Ada@Uni.Example", "Ada@Uni.Example", "ID", "111"),
    (CANVAS, "lovelaceada", "lovelaceada", "ID", "111"), (CANVAS, "Ada Lovelace", "Ada Lovelace", "ID", "111"),
    (CANVAS, "nunezjose", "nunezjose", "ID", "444"), (CANVAS, "x", "Jose\u0301 Nu\u0301n\u0303ez", "ID", "444"),
    (MOODLE, "5512", "Ada Lovelace", "Email address", "ada@uni.example"), (MOODLE, "schmidt1", "schmidt1", "ID number", "u2"),
    (MOODLE, "jn@uni.example", "jn@uni.example", "Last name", "Núñez"),
    (WORKSHEET, "8", "Participant 8", "ID number", "u2")])
def test_students_are_found_by_id_login_mail_and_name(tmp_path, text, identity, name, column, value):
    row, = fitting(roster(tmp_path, text), Student(identity, name))
    assert row[column] == value


@pytest.mark.parametrize("identity, name", [
    ("x", "Anna Schmidt"), ("schmidtanna", "schmidtanna"), ("nobody", "nobody"), ("", "")])
def test_who_cannot_be_told_is_not_guessed(tmp_path, identity, name):
    assert len(fitting(roster(tmp_path, CANVAS), Student(identity, name))) != 1


def test_a_platforms_number_is_no_other_number_of_somebody_else():
    moodle = [{"First name": "Anna", "Last name": "Schmidt", "ID number": "12"}, {"First name": "Ben", "ID number": "4711"}]
    assert fitting(moodle, Student("4711", "Anna Schmidt")) == moodle[:1]
    assert fitting(moodle, Student("4711", "4711")) == moodle[1:]
    canvas = [{"Student": "Schmidt, Anna", "ID": "4711"}, {"Student": "Meier, Ben", "ID": "12", "SIS User ID": "4711"}]
    assert fitting(canvas, Student("4711", "schmidtanna")) == canvas[:1]


def test_letters_are_folded_only_where_nobody_is_written_so():
    for column in ("Username", "Full name"):
        read = [{column: "Ada"}, {column: "ada"}, {column: "ADA"}, {column: "Ben"}]
        found = [[row[column] for row in fitting(read, Student("x", name))] for name in ("Ada", "ada", "ADA", "aDA", "ben")]
        assert found == [["Ada"], ["ada"], ["ADA"], ["Ada", "ada", "ADA"], ["Ben"]]


def entered(roster, *students):
    the_class = Class([Submission(Student(*one), lesson, "path") for *one, lesson in students])
    enter(roster, the_class)
    return the_class


def test_a_class_gets_fields_and_who_is_missing_or_unknown(tmp_path):
    the_class = entered(roster(tmp_path, CANVAS), ("111", "lovelaceada", "01_one"), ("x", "Anna Schmidt", "01_one"),
                        ("y", "stranger", None))
    assert dict(the_class.submissions[0].student.fields)["SIS User ID"] == "u1"
    assert [one.name for one in the_class.unknown] == ["Anna Schmidt", "stranger"]
    assert [one.identity for one in the_class.missing] == ["222", "333", "444"]
    assert the_class.remarks == ["Anna Schmidt fits 2 rows of the roster: it has to be told by hand"]


def test_one_person_under_two_numbers_is_one_where_no_lesson_comes_twice(tmp_path):
    read = roster(tmp_path, MOODLE)
    the_class = entered(read, ("5512", "Ada Lovelace (5512)", "01_one"), ("6613", "Ada Lovelace (6613)", "02_two"))
    assert len({one.student for one in the_class.submissions}) == 1 and "one person by the roster" in the_class.remarks[0]
    the_class = entered(read, ("5512", "Ada Lovelace (5512)", "01_one"), ("6613", "Ada Lovelace (6613)", "01_one"))
    assert len({one.student for one in the_class.submissions}) == len(the_class.unknown) == 2
    assert "told by hand" in the_class.remarks[0] and not any(one.student.fields for one in the_class.submissions)


@pytest.mark.parametrize("text, words", [("", "none of the columns"), ("a,b\n1,2\n", "none of the columns"),
                                         ("Section\nMo\n", "none of the columns"), ("Student\n" + "x" * 200_000, "as a table")])
def test_what_is_no_roster_is_refused(tmp_path, text, words):
    with pytest.raises(GradingError, match=f"roster.csv.*{words}"):
        roster(tmp_path, text)


def test_a_roster_that_is_not_there(tmp_path):
    with pytest.raises(GradingError, match="cannot be read: No such file"):
        read_roster(tmp_path / "nowhere.csv")


def test_a_roster_of_nobody_makes_everybody_unknown():
    assert [one.name for one in entered([], ("1", "ada", None)).unknown] == ["ada"]
