"""Classes of any size for the tests of the report: submissions and results as the grader hands them over, made up from a seed."""

import random
from types import SimpleNamespace

from helpers.grading.records import (
    DEAD,
    MISSING,
    NOT_ATTEMPTED,
    PARTLY,
    RIGHT,
    TIME_OUT,
    WRONG,
    Call,
    Check,
    CheckResult,
    Exercise,
    ExerciseResult,
    Key,
    LessonResult,
    Student,
    Submission,
)

LESSONS = (
    "01_mnist_softmax",
    "02_hidden_layer",
    "03_lenet",
    "04_sign_language",
    "05_frameworks",
    "06_alexnet_translation",
    "07_transfer_learning",
    "08_deeper_networks",
)
HINT = """pool: ✗ 1 of 3 checks passed (one window). The next one did not: steps of two
  called     pool(array([[1., 2.],
                         [3., 4.]]), 2)
  got        3.0
  expected   4.0
  difference it is 3.0, not 4.0
  hint       Take the largest of the window, not its mean."""


def key(lesson, exercises=5):
    return Key(
        lesson,
        tuple(
            Exercise(
                f"task_{number}",
                f"Exercise {int(lesson[:2])}.{number}: task {number}",
                (),
                "",
                None,
                (Check(f"task_{number}-1", "", 1, "4.0"), Check(f"task_{number}-2", "", 1, "5.0")),
            )
            for number in range(1, exercises + 1)
        ),
    )


KEYS = {lesson: key(lesson) for lesson in LESSONS}


def exercise_result(exercise, status):
    right = {RIGHT: 2, PARTLY: 1}.get(status, 0)
    checks = []
    for number, check in enumerate(exercise.checks):
        good = number < right
        called = Call(f"pool(np.array([[{number}.0, 4.0]]), 2)", check.expected if good else "3.0", check.expected)
        checks.append(
            CheckResult(check.name, 1, good, "ok", called.got, called)
            if status in (RIGHT, PARTLY, WRONG)
            else CheckResult(check.name, 1)
        )
    hint = HINT if status in (PARTLY, WRONG) else ""
    return ExerciseResult(exercise.name, exercise.title, exercise.points, right, status, hint=hint, checks=checks)


def lesson_result(lesson, statuses=(RIGHT, WRONG, PARTLY, NOT_ATTEMPTED, TIME_OUT)):
    return LessonResult(lesson, 7, [exercise_result(one, status) for one, status in zip(KEYS[lesson].exercises, statuses)])


def class_of(work, missing=(), unknown=(), remarks=()):
    """Return a class, and its results, from pairs of a submission and a result."""
    submissions = [one for one, _ in work]
    return SimpleNamespace(submissions=submissions, remarks=list(remarks), missing=list(missing), unknown=list(unknown)), [
        result for _, result in work
    ]


def large_class(count=1000, seed=1):
    """Return a class of `count` students, of whom some hand in nothing, or the same, or what cannot be read."""
    choose = random.Random(seed)
    kinds = (RIGHT, PARTLY, WRONG, NOT_ATTEMPTED, MISSING, TIME_OUT, DEAD)
    students = [
        Student(str(20_000 + number) if number % 3 else f"student{number:04}", f"Given{number} von Familienname-Beispiel{number}")
        for number in range(count)
    ]
    work, missing = [], [student for number, student in enumerate(students) if number % 97 == 5]
    for number, student in enumerate(students):
        for lesson in LESSONS if student not in missing else ():
            path = f"{student.identity}/{lesson}.ipynb"
            if choose.random() < 0.05:
                continue
            if choose.random() < 0.005:
                work.append(
                    (Submission(student, lesson, path, b"{", problem="the file is not a notebook: Expecting ',' delimiter"), None)
                )
                continue
            skill = choose.random() * 4
            statuses = choose.choices(kinds, (3 * skill, 2, 2, 1.5, 0.2, 0.01, 0.005), k=len(KEYS[lesson].exercises))
            notes = ("2 attempts; the newest counts: second.ipynb",) if choose.random() < 0.05 else ()
            data = b"the same" if number in (10, 11) else path.encode()
            work.append((Submission(student, lesson, path, data, notes=notes), lesson_result(lesson, statuses)))
    return class_of(
        work, missing, students[:2], ["Two folders are called Anna Schmidt: told apart by their numbers 1234 and 1240"]
    )
