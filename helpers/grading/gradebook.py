"""The instructor's page: what needs attention, one row for each student, and how each exercise went."""

from __future__ import annotations

from collections import Counter, defaultdict

from helpers.grading.feedback import nothing_to_do, render
from helpers.grading.records import ENDED, MISSING, NOT_ATTEMPTED, PARTLY, RIGHT

PARTS = (("right", "right"), ("partly", "partly right"), ("wrong", "wrong"), ("none", "not attempted"))
"""What the bars of an exercise are made of: the name of a color, and words."""


def _part(exercise):
    """Return which part of its bar a result belongs to."""
    if exercise.status in (NOT_ATTEMPTED, MISSING):
        return "none"
    return "right" if exercise.status == RIGHT else "partly" if exercise.status == PARTLY or exercise.earned else "wrong"


def label(student):
    """Return what tells a student from all others: the name, and the identity where that is another word."""
    return student.name if student.name == student.identity else f"{student.name} ({student.identity})"


def _identical(work):
    """Return who handed in the same bytes, work and not just the untouched lesson: the lessons by students."""
    files, found = defaultdict(set), defaultdict(list)
    for one, result, _ in work:
        if result and any(_part(exercise) != "none" for exercise in result.exercises):
            files[one.lesson, one.data].add(one.student)
    for (lesson, _), students in files.items():
        if len({student.identity for student in students}) > 1:
            found[tuple(sorted(students))].append(lesson)
    return found


def _attention(the_class, work):
    """Return what an instructor should look at: (title, what it means, entries), an entry being a text, a link and students."""
    stopped = [(f"{label(one.student)}, {one.lesson}, {exercise.title}: {exercise.status}", link, [one.student])
               for one, result, link in work if result for exercise in result.exercises if exercise.status in ENDED]
    identical = [(f"{', '.join(map(label, students))}: {', '.join(lessons)}", "", students)
                 for students, lessons in _identical(work).items()]
    return [
        ("Not read", "These files have no grade.", [
            (f"{label(one.student)}: {one.path}: {one.problem}", link, [one.student])
            for one, _, link in work if one.problem and not nothing_to_do(one)]),
        ("The class as a whole", "What was noticed about the folder.", [(remark, "", []) for remark in the_class.remarks]),
        ("Identical", "Students whose notebooks have the same cells, letter for letter.", identical),
        ("Stopped", "Exercises that were ended before they were through.", stopped),
        ("Nothing handed in", "On the roster, without a file.", [(label(one), "", [one]) for one in the_class.missing]),
        ("Not on the roster", "With a file, but without a row.", [(label(one), "", [one]) for one in the_class.unknown]),
        ("Attempts and names", "Which file counts, and which names were told apart.", [
            (f"{label(one.student)}: {note}", link, []) for one, _, link in work for note in one.notes]),
    ]


def _lesson(name, points, results):
    """Return what the page says of one lesson."""
    exercises = {}
    for result in results:
        for exercise in result.exercises:
            exercises.setdefault(exercise.title, Counter())[_part(exercise)] += 1
    mean = sum(result.earned for result in results) / max(1, len(results))
    return {"name": name, "points": points, "count": len(results), "mean": mean, "exercises": exercises.items()}


def gradebook_page(the_class, work, students, lessons, facts):
    """Return the instructor's page.

    Parameters
    ----------
    the_class : Class
        As `collect` returns it.
    work : list of (Submission, LessonResult or None, str)
        Each submission, what came of it, and the address of its page.
    students : list of Student
        One for each row.
    lessons : dict of str to float
        The points of each lesson, one for each column.
    facts : dict of str to str
        What else to say about the run.
    """
    attention, cells = _attention(the_class, work), {}
    needs = {student.identity for _, _, entries in attention for _, _, concerned in entries for student in concerned}
    for one, result, link in work:
        if result or (one.student.identity, one.lesson) not in cells:
            cells[one.student.identity, one.lesson] = (result.earned if result else None, link)
    rows = []
    for student in students:
        mine = [cells.get((student.identity, lesson)) for lesson in lessons]
        total = sum(cell[0] for cell in mine if cell and cell[0] is not None)
        rows.append({"name": student.name, "identity": student.identity, "cells": mine, "total": total,
                     "attention": student.identity in needs})
    return render(
        "gradebook.html", title="Gradebook", rows=rows, parts=PARTS, facts=facts, attention=attention,
        graded=sum(result is not None for _, result, _ in work), handed_in=len(work),
        lessons=[_lesson(name, points, [result for _, result, _ in work if result and result.lesson == name])
                 for name, points in lessons.items()])
