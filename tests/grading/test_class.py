"""The sample class, good, wrong and hostile, gets the grades that it must get; also when the run is killed in the middle."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from helpers.project import ROOT
from tests.grading.test_sandbox import NO_SANDBOX
from tests.submissions import attacks
from tests.submissions.building import LESSON
from tests.submissions.make import students, write

CLASS = students()
TIMEOUT = "60" if NO_SANDBOX else "15"
"""Seconds. In the sandbox some never end, and TensorFlow is imported already; without it, nobody loops."""
SECRETS = {"SSH_AUTH_SOCK": "secret", "AWS_SECRET": "secret"}


def command(folder, out, *more):
    return [
        sys.executable,
        "-m",
        "helpers.grading",
        str(folder),
        "--out",
        str(out),
        "--timeout",
        TIMEOUT,
        "--memory",
        "1024",
        *more,
    ]


def grade(folder, out, *more):
    run = subprocess.run(command(folder, out, *more), cwd=ROOT, capture_output=True, text=True, timeout=900,
                         env={**os.environ, **SECRETS, "PYTHONPATH": str(ROOT)})
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads((out / "results.json").read_text())


def came_to(one):
    """Return whether anything has come to a socket that does not block."""
    try:
        one.accept() if one.type == socket.SOCK_STREAM else one.recv(10)
    except BlockingIOError:
        return False
    return True


@pytest.fixture(scope="module")
def listeners():
    """What a burglar would reach if the sandbox had the machine's network: TCP, UDP and a socket without a file."""
    where = ("127.0.0.1", attacks.LISTENING)
    places = [(socket.AF_INET, socket.SOCK_STREAM, where), (socket.AF_INET, socket.SOCK_DGRAM, where)]
    if sys.platform == "linux":
        places.append((socket.AF_UNIX, socket.SOCK_STREAM, f"\0course-{attacks.LISTENING}"))
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.socket(family, kind)) for family, kind, _ in places]
        for one, (family, kind, address) in zip(opened, places):
            one.bind(address)
            if kind == socket.SOCK_STREAM:
                one.listen()
            with socket.socket(family, kind) as caller:
                caller.connect(address)
                caller.send(b"x")
                assert came_to(one)
            one.setblocking(False)
        yield opened


@pytest.fixture(scope="module")
def graded(tmp_path_factory, listeners):
    """The whole class in the sandbox; without bubblewrap the harmless part of it, unprotected."""
    folder = tmp_path_factory.mktemp("class")
    chosen = [one.name for one in CLASS if not (NO_SANDBOX and one.hostile)]
    write(folder / "in", chosen)
    results = grade(folder / "in", folder / "out", "--sandbox", "none" if NO_SANDBOX else "bwrap")
    return {one["student"]: one for one in results["submissions"]}, folder / "out"


def test_nobody_was_reached_outside(graded, listeners):
    assert graded and not any(came_to(one) for one in listeners)


def test_the_class_is_a_class():
    names = [one.name for one in CLASS]
    assert len(names) == len(set(names)) >= 20 and sum(one.hostile for one in CLASS) >= 15


@pytest.mark.parametrize("student", CLASS, ids=lambda one: one.name)
def test_every_student_gets_the_grade_that_is_due(graded, student):
    if NO_SANDBOX and student.hostile:
        pytest.skip(f"hostile work needs the sandbox: {NO_SANDBOX}")
    got = graded[0][student.name]
    if student.earned is None:
        assert "result" not in got and student.problem in got["problem"]
        return
    exercises = got["result"]["exercises"]
    assert {one["exercise"]: one["earned"] for one in exercises} == student.earned, exercises
    for one in exercises:
        assert student.statuses.get(one["exercise"]) in (None, one["status"])
    if student.printed:
        assert exercises[0]["printed"] == student.printed


def test_the_feedback_escapes_what_students_write_and_keeps_the_answers(graded):
    out = graded[1]
    page = (out / "feedback" / "sven-debug-prints" / f"{LESSON}.html").read_text()
    assert "here &lt;b&gt;am" in page and "<b>am" not in page
    kept = [json.loads(path.read_text()) for path in (out / "work").glob("*.json")]
    answers = {text for one in kept for text in one["expected"].values() if len(text) > 30}
    assert answers
    lost = (out / "feedback" / "cem-untouched" / f"{LESSON}.html").read_text()
    assert not any(text.replace("'", "&#39;") in lost for text in answers)


def test_the_feedback_repeats_the_hint_where_points_were_lost(graded):
    got, out = graded
    lost = [one for one in got["hugo-unstable"]["result"]["exercises"] if one["earned"] < one["points"]]
    assert lost and all("hint" in one["hint"] and "called" in one["hint"] for one in lost)
    assert not any(one["hint"] for one in got["ada-perfect"]["result"]["exercises"])
    page = (out / "feedback" / "hugo-unstable" / f"{LESSON}.html").read_text()
    assert page.count("What the check in the lesson says") == len(lost)


def test_the_tables_hold_everybody(graded):
    out = graded[1]
    lines = (out / "grades.csv").read_text().splitlines()
    assert lines[0] == f"Student,ID,SIS User ID,SIS Login ID,Section,{LESSON}"
    assert len(lines) == len(graded[0]) + 1
    points = {line.split(",")[0]: line.split(",")[-1] for line in lines[1:]}
    assert (points["ada-perfect"], points["cem-untouched"], points["lars-broken-json"]) == ("10", "0", "")
    summary = (out / "index.html").read_text()
    assert "Most often missed" in summary and "vic-handed-in-nothing" in summary


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


@pytest.mark.skipif(bool(NO_SANDBOX), reason=NO_SANDBOX)
def test_a_run_killed_twice_goes_on_where_it_stopped(tmp_path):
    chosen = [
        "ada-perfect",
        "ben-partly",
        "emil-only-last",
        "hugo-unstable",
        "kim-deleted-cell",
        "finn-close-floats",
        "lars-broken-json",
        "failure-exit",
        "paul-attempts",
        "gina-other-rounding",
    ]
    write(tmp_path / "in", chosen)
    out, work = tmp_path / "killed", tmp_path / "killed" / "work"
    kept = {}
    for finished in (2, 5):
        # One at a time, so that on a machine with many cores they do not all come at once.
        with subprocess.Popen(command(tmp_path / "in", out, "--jobs", "1"), cwd=ROOT, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}) as run:
            wait_for(lambda least=finished: len(list(work.glob("*.json"))) >= least or run.poll() is not None)
            run.send_signal(signal.SIGKILL)
        assert run.returncode == -signal.SIGKILL, "the run ended before it could be killed"
        now = {path.name: path.stat().st_mtime_ns for path in work.glob("*.json")}
        assert len(now) < 9 and kept.items() <= now.items()
        kept = now
    grade(tmp_path / "in", out)
    after = {path.name: path.stat().st_mtime_ns for path in work.glob("*.json")}
    assert kept.items() <= after.items(), "finished work was done again"
    grade(tmp_path / "in", tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")
