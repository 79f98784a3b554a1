"""What the parts of the grader hand to each other: dataclasses named as an instructor would name things, and errors."""

import dataclasses
from typing import Any

RIGHT, PARTLY, WRONG = "right", "partly right", "wrong"
NOT_ATTEMPTED, MISSING = "not attempted", "missing"
TIME_OUT, DEAD, MEMORY, FLOOD = "time-out", "dead", "memory", "flood"
ENDED = (TIME_OUT, DEAD, MEMORY, FLOOD)  # why a worker was ended before the exercise was through
NOTHING_TO_DO = "not graded; nothing to do: this lesson has no exercises"


class GradingError(Exception):
    """The run cannot go on: the message names what is wrong and what to do."""


class KeyNotebookError(GradingError):
    """A key notebook does not keep to its form, or does not give the answers that it stores."""


class SubmissionError(GradingError):
    """One submission cannot be read; the others go on."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell, without its outputs: what a student's notebook claims to have shown counts for nothing."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    exercise: str | None = None
    tags: frozenset[str] = frozenset()
    name: str = ""  # its own, or its id


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of a student's function by a hidden check, for feedback."""

    called: str  # as it can be pasted into a cell
    got: str
    expected: str = ""  # what the key gives for the same inputs


@dataclasses.dataclass(frozen=True)
class Check:
    """One hidden cell of a key. Its answer under the present seed never enters a student's worker."""

    name: str
    source: str  # in a scope of its own, see `answer_keys`
    points: float
    expected: str
    calls: tuple[Call, ...] = ()  # those that it makes of the key's own functions, where the key has run here


@dataclasses.dataclass(frozen=True)
class Exercise:
    """One exercise of a key: it can be graded alone in a fresh worker."""

    name: str  # as metadata say it
    title: str  # its heading
    setup: tuple[str, ...]  # cells that run before the solution
    solution: str  # the key's own
    stub: str | None  # what the lesson hands out in its place, if the lesson is at hand
    checks: tuple[Check, ...]  # the hidden cells
    visible: str | None = None  # the lesson's own check, which gives feedback its hint

    @property
    def points(self) -> float:
        """What it is worth."""
        return sum(check.points for check in self.checks)


@dataclasses.dataclass(frozen=True)
class Key:
    """The key of one lesson."""

    lesson: str  # its name
    exercises: tuple[Exercise, ...]  # in order
    lesson_cells: tuple[Cell, ...] = ()  # the lesson as it is handed out: a student's code or a visible check may use its names
    digest: str = ""  # changes with the key, the lesson and the seed: results are kept under it
    seed: int | None = None  # what the hidden inputs were drawn from, where not from the seed that is stored


@dataclasses.dataclass(frozen=True)
class Match:
    """What will run as the solution of one exercise."""

    exercise: str
    source: str | None  # None where there is nothing to grade
    before: tuple[str, ...] = ()  # what it uses from elsewhere, in the order in which it runs
    status: str = ""  # `NOT_ATTEMPTED` or `MISSING` where there is nothing to grade
    note: str = ""  # how it was found


@dataclasses.dataclass(frozen=True, order=True)
class Student:
    """Who handed in. Two students are one only where `identity` is the same."""

    identity: str  # the name of the folder, or the learning platform's number wherever there is one
    name: str  # what to show
    fields: tuple[tuple[str, str], ...] = ()  # what a roster says: pairs of a column and a value, for `grades.csv`


@dataclasses.dataclass(frozen=True)
class Submission:
    """What one student's work at one lesson is graded from, or a file that cannot be graded."""

    student: Student  # whose it is
    lesson: str | None  # None where no lesson could be told
    path: str  # below the folder of submissions; `archive.zip/inside.ipynb` for what lay in an archive
    data: bytes = b""  # a digest of the cells: equal work, with whatever outputs, has an equal result
    matches: tuple[Match, ...] = ()  # one for each exercise, in the key's order
    problem: str = ""  # why it is not graded, or nothing
    notes: tuple[str, ...] = ()  # what the instructor should know: attempts that do not count, names that were told apart


@dataclasses.dataclass
class Class:
    """What a class has handed in: for each student and lesson a grade, or the reason why there is none; remarks on the whole."""

    submissions: list[Submission]
    remarks: list[str] = dataclasses.field(default_factory=list)
    missing: list[Student] = dataclasses.field(default_factory=list)  # on the roster, and nothing handed in
    unknown: list[Student] = dataclasses.field(default_factory=list)  # the other way round


@dataclasses.dataclass
class CellRun:
    """What came of one cell in a worker."""

    status: str = "ok"  # or "error" (an exception), one of `ENDED`, or "not run"
    detail: str = ""  # the exception, the signal, ... in words
    result: str | None = None  # the text of its last expression
    printed: str = ""  # what it wrote to standard output, cut
    calls: list[Call] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class CheckResult:
    """What came of one hidden check."""

    name: str
    points: float
    earned: float = 0
    status: str = "not run"
    got: str = ""
    call: Call | None = None


@dataclasses.dataclass
class ExerciseResult:
    """What came of one exercise."""

    exercise: str
    title: str
    points: float  # what it is worth
    earned: float = 0
    status: str = WRONG  # or `RIGHT`, `PARTLY`, `NOT_ATTEMPTED`, `MISSING` or one of `ENDED`
    note: str = ""  # how the cell was found
    error: str = ""  # of the student's own cell
    printed: str = ""  # by the student's own cell
    hint: str = ""  # what the lesson's own check says of it, where points were lost
    checks: list[CheckResult] = dataclasses.field(default_factory=list)  # one for each hidden check


@dataclasses.dataclass
class LessonResult:
    """What came of one submission; kept as JSON, so that a run that was stopped goes on."""

    lesson: str
    seed: int | None
    exercises: list[ExerciseResult]
    points: float = dataclasses.field(init=False)  # what the lesson is worth
    earned: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.points = sum(one.points for one in self.exercises)
        self.earned = sum(one.earned for one in self.exercises)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "LessonResult":
        """Take it back from what `dataclasses.asdict` gave; raises TypeError, KeyError or ValueError where that was another."""
        exercises = [ExerciseResult(**{**one, "checks": [
            CheckResult(**{**each, "call": each["call"] and Call(**each["call"])}) for each in one["checks"]]})
            for one in kept["exercises"]]
        return cls(kept["lesson"], kept["seed"], exercises)
