"""The sample class, good, wrong and hostile, gets the grades that it must get; also when the run is killed in the middle."""

import ast
import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers.grading import grade_class as classes
from helpers.grading.answer_keys import read_keys
from helpers.grading.collect import collect
from helpers.grading.grade_class import grade_class
from helpers.grading.records import RIGHT, GradingError, LessonResult, Student, Submission
from helpers.grading.run import Runner
from helpers.grading.sandbox import SandboxError
from helpers.grading.workers import Options
from helpers.project import ROOT
from tests.grading.running import NO_SANDBOX, SANDBOX, as_somebody, grade, needs_sandbox, needs_somebody
from tests.submissions import attacks
from tests.submissions.building import LESSON, first, full, solved, without
from tests.submissions.make import students, write

pytestmark = pytest.mark.slow
CLASS = students()
KEYS = read_keys()
ONE_KEY = {LESSON: KEYS[LESSON]}
SECRETS = {"SSH_AUTH_SOCK": "secret", "AWS_SECRET": "secret"}


def command(folder, out, jobs=3):
    return [sys.executable, "-m", "tests.grading.running", str(folder), str(out), str(jobs)]


def earned(submissions, results):
    return {one.student.identity: result and {part.exercise: part.earned for part in result.exercises}
            for one, result in zip(submissions, results)}


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
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
    write(folder / "in", [one.name for one in CLASS if not (NO_SANDBOX and one.hostile)])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        submissions, results = grade(folder / "in", folder / "out", jobs=3)
    return {one.student.name: (one, result) for one, result in zip(submissions, results)}, folder / "out"


def test_nobody_was_reached_outside(graded, listeners):
    assert graded and not any(came_to(one) for one in listeners)


def test_the_class_is_a_class():
    names = [one.name for one in CLASS]
    assert len(names) == len(set(names)) >= 20 and sum(one.hostile for one in CLASS) >= 20


@pytest.mark.parametrize("student", CLASS, ids=lambda one: one.name)
def test_every_student_gets_the_grade_that_is_due(graded, student):
    if NO_SANDBOX and student.hostile:
        pytest.skip(f"hostile work needs the sandbox: {NO_SANDBOX}")
    submission, result = graded[0][student.name]
    if student.earned is None:
        assert result is None and student.problem in submission.problem
        return
    assert {one.exercise: one.earned for one in result.exercises} == student.earned, result
    for one in result.exercises:
        assert student.statuses.get(one.exercise) in (None, one.status)
    if student.printed:
        assert result.exercises[0].printed == student.printed


def test_what_is_kept_holds_no_answer_but_for_calls_that_went_wrong(graded):
    by_name, out = graded
    kept = [path.read_text() for path in (out / "work").glob("*.json")]
    assert len(kept) >= 20 and all((path.stat().st_mode & 0o777) == 0o600 for path in (out / "work").glob("*.json"))
    lost = by_name["hugo-unstable"][1].exercises
    assert [one.hint for one in lost if one.status != RIGHT] and not any(one.hint for one in by_name["ada-perfect"][1].exercises)
    calls = [check.call for one in lost for check in one.checks if check.earned < check.points]
    assert calls and all(call.called.startswith("soft_cross_entropy(np.array(") and call.expected for call in calls)


@needs_somebody
@needs_sandbox
def test_hostile_work_gets_the_same_grades_from_an_ordinary_user(graded):
    hostile = [one.name for one in CLASS if one.hostile] + ["ada-perfect"]
    with tempfile.TemporaryDirectory(prefix="somebody-") as home:
        write(Path(home, "in"), hostile)
        Path(home, "out").mkdir()
        os.chown(Path(home, "out"), 23456, 23456)
        subprocess.run(as_somebody(command(Path(home, "in"), Path(home, "out")), Path(home)), check=True, timeout=590)
        there = json.loads(Path(home, "out", "all.json").read_text())
    for student in CLASS:
        if student.name in hostile:
            got = {one["exercise"]: one["earned"] for one in there[student.name]["exercises"]}
            assert got == student.earned, (student.name, there[student.name])
            assert not student.printed or there[student.name]["exercises"][0]["printed"] == student.printed


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


@needs_sandbox
def test_a_run_killed_twice_goes_on_where_it_stopped(tmp_path):
    chosen = ["ada-perfect", "ben-partly", "emil-only-last", "hugo-unstable", "kim-deleted-cell", "finn-close-floats",
              "lars-broken-json", "failure-exit", "paul-attempts", "gina-other-rounding"]
    write(tmp_path / "in", chosen)
    out, work = tmp_path / "killed", tmp_path / "killed" / "work"
    kept = {}
    for finished in (2, 5):
        # One at a time, so that on a machine with many cores they do not all come at once.
        with subprocess.Popen(command(tmp_path / "in", out, 1), cwd=ROOT) as run:
            wait_for(lambda least=finished: len(list(work.glob("*.json"))) >= least or run.poll() is not None)
            run.send_signal(signal.SIGKILL)
        assert run.returncode == -signal.SIGKILL, "the run ended before it could be killed"
        now = {path.name: path.stat().st_mtime_ns for path in work.glob("*.json")}
        assert len(now) < 9 and kept.items() <= now.items()
        kept = now
    again = earned(*grade(tmp_path / "in", out))
    after = {path.name: path.stat().st_mtime_ns for path in work.glob("*.json")}
    assert kept.items() <= after.items(), "finished work was done again"
    assert again == earned(*grade(tmp_path / "in", tmp_path / "whole"))
    assert {path.name: path.read_bytes() for path in work.glob("*")} == {
        path.name: path.read_bytes() for path in (tmp_path / "whole" / "work").glob("*")}


@needs_sandbox
def test_the_grader_stays_small_whatever_comes_in(tmp_path, record_property):
    """F5: the most memory that the whole command itself has had, with floods in the pipe, in files and in what is printed."""
    pipes = attacks.PIPES + "import time\n"
    floods = {"bytes": pipes + "while True:\n    os.write(replies, b'x' * 10**6)",
              "lists": pipes + "os.write(replies, b'[' + b'[],' * 3 * 10**5 + b'[]]\\n')\ntime.sleep(60)",
              "prints": "while True:\n    print('x' * 10**6)",
              "result": f"def {first()}(*arguments):\n    return 'x' * 10**8",
              "file": "#" * 19_000_000}
    for name, code in floods.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / f"{LESSON}.ipynb").write_text(json.dumps(solved(**{first(): code})))
    run = subprocess.run([sys.executable, "-c", "import sys\nfrom helpers.grading.__main__ import main\nmain(sys.argv[1:])\n"
                          "print(open('/proc/self/status').read())", tmp_path / "in", "--out", tmp_path / "out",
                          "--timeout", "3", "--memory", "1024", "--jobs", "5"],
                         cwd=ROOT, capture_output=True, text=True, timeout=500, check=True)
    assert "5 of 5 files graded" in run.stdout
    peak = int(run.stdout.partition("VmHWM:")[2].split()[0]) // 1024
    record_property("megabytes of the grader itself", peak)
    print(f"The grader itself took {peak} MB at most")
    assert 20 < peak < 400


@pytest.mark.parametrize("seed", [None, 4711])
def test_answers_learnt_by_heart_earn_nothing_with_another_seed(tmp_path, seed):
    key, name = read_keys(seed=seed)[LESSON], "tempered_softmax"
    told = [ast.literal_eval(check.expected) for check in key.exercises[0].checks]
    assert key.exercises[0].name == name and len(told) == 2
    learnt = (f"answers = [np.array(one) for one in {[*told[0][1:], told[1][0]]}]\n"
              f"def {name}(scores, temperature=1.0):\n    return answers.pop(0)")
    (tmp_path / "in" / "zoe").mkdir(parents=True)
    (tmp_path / "in" / "zoe" / "x.ipynb").write_text(json.dumps(solved(**{name: learnt})))
    got = grade(tmp_path / "in", tmp_path / "out", Options(sandbox=SANDBOX, memory=1024), {LESSON: key}, jobs=2)
    assert earned(*got) == {"zoe": full() if seed is None else without(name)} and got[1][0].seed == seed


def test_the_same_work_is_graded_once_and_kept(tmp_path, monkeypatch):
    write(tmp_path / "in", ["ada-perfect", "lars-broken-json"])
    (tmp_path / "in" / "ada-perfect").rename(tmp_path / "in" / "ada")
    write(tmp_path / "in", ["ada-perfect"])
    steps = []
    submissions, results = grade(tmp_path / "in", tmp_path / "out", keys=ONE_KEY, progress=lambda *step: steps.append(step))
    assert earned(submissions, results) == {"ada": full(), "ada-perfect": full(), "lars-broken-json": None}
    assert steps == [(0, 1), (1, 1)]
    monkeypatch.setattr(Runner, "warm", lambda *_: pytest.fail("done again"))
    assert grade(tmp_path / "in", tmp_path / "out", keys=ONE_KEY)[1] == results


def test_a_dask_cluster_does_the_work(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    write(tmp_path / "in", ["ada-perfect", "ben-partly", "emil-only-last"])
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setattr(classes, "ThreadPoolExecutor", None)
        there = grade(tmp_path / "in", tmp_path / "out", keys=ONE_KEY, scheduler=cluster.scheduler_address)
    monkeypatch.undo()
    assert there == grade(tmp_path / "in", tmp_path / "again", keys=ONE_KEY, jobs=2)
    assert earned(*there)["ada-perfect"] == full() and len(there[1]) == 3


def test_a_cluster_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(classes, "SCHEDULER_TIMEOUT", "1s")
    pytest.importorskip("distributed", reason="Dask is not installed")
    write(tmp_path / "in", ["ada-perfect"])
    with pytest.raises(GradingError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        grade(tmp_path / "in", tmp_path / "out", keys=ONE_KEY, scheduler="tcp://127.0.0.1:9")


def test_what_a_cluster_that_is_lost_has_begun_is_done_here(monkeypatch):
    class Lost:
        """The executor of a cluster that has gone: what it was given is cancelled."""

        map = map

        def submit(self, *_):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    def lesson(key, matches, alone=False):
        assert alone
        return done

    done = LessonResult(LESSON, None, [])
    monkeypatch.setattr(classes, "_cluster", lambda scheduler: contextlib.nullcontext(Lost()))
    runner = SimpleNamespace(key_answers=lambda key, each: key, lesson=lesson)
    assert [*classes.graded({"ada": (LESSON, [])}, ONE_KEY, runner, scheduler="tcp://127.0.0.1:9")] == [("ada", done)]


def test_dask_is_only_needed_for_a_cluster(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    write(tmp_path / "in", ["ada-perfect"])
    with pytest.raises(GradingError, match="--scheduler needs Dask: pip install distributed"):
        grade(tmp_path / "in", tmp_path / "out", keys=ONE_KEY, scheduler="tcp://127.0.0.1:9")


def submission(name="ada", data=b"{}"):
    return Submission(Student(name, name), LESSON, f"{name}/x.ipynb", data)


def test_what_the_machine_cannot_run_is_said_and_the_class_goes_on(tmp_path, monkeypatch):
    """F9, and a file name that is not UTF-8 (F8)."""
    tried, lesson = [], Runner.lesson

    def refused(runner, key, matches, alone=False):
        if "unlucky" in (matches[0].source or ""):
            tried.append(1)
            raise SandboxError("this machine may be too busy")
        return lesson(runner, key, matches, alone)

    write(tmp_path / "in", ["ada-perfect", "cem-untouched", "ben-partly"])
    unlucky = "\n".join(["# unlucky", KEYS[LESSON].exercises[0].solution])
    (tmp_path / "in" / "ada-perfect" / f"{LESSON}.ipynb").write_text(json.dumps(solved(**{first(): unlucky})))
    submissions = [one if "ada" not in one.path else
                   dataclasses.replace(one, path="ada/\udcff.ipynb", student=Student("\udcff", "\udcff"))
                   for one in collect(tmp_path / "in", ONE_KEY).submissions]
    monkeypatch.setattr(Runner, "lesson", refused)
    said = []
    with contextlib.closing(Runner((), Options(sandbox=SANDBOX))) as runner:
        results = grade_class(submissions, ONE_KEY, runner, tmp_path / "work", jobs=2, say=said.append)
    assert [result is None for result in results] == [True, False, False] and len(tried) == 2
    assert said == ["ada/\udcff.ipynb is not graded yet: this machine may be too busy. The same command tries it again."]
    monkeypatch.undo()
    with contextlib.closing(Runner((), Options(sandbox=SANDBOX))) as runner:
        results = grade_class(submissions, ONE_KEY, runner, tmp_path / "work")
    assert results[0].earned == sum(full().values())


def test_results_are_not_taken_over_from_another_version_of_the_course(monkeypatch):
    before = classes.work_name(b"x", KEYS[LESSON], Options())
    assert classes.work_name(b"x", KEYS[LESSON], Options()) == before
    monkeypatch.setattr(classes, "COURSE", "changed")
    assert classes.work_name(b"x", KEYS[LESSON], Options()) != before


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"lesson": 1, "seed": 2, "exercises": [{}]}',
                                  '{"lesson": 1, "seed": 2, "exercises": 3}'])
def test_work_whose_result_cannot_be_read_is_done_again(tmp_path, monkeypatch, kept):
    def begin(*_):
        raise GradingError("done again")

    monkeypatch.setattr(Runner, "warm", begin)
    one, runner = Submission(Student("ada", "ada"), LESSON, "ada.ipynb", b"x"), Runner((), Options(sandbox="none"))
    (tmp_path / f"{classes.work_name(b'x', KEYS[LESSON], runner.options)}.json").write_text(kept)
    with pytest.raises(GradingError, match="done again"):
        grade_class([one], KEYS, runner, tmp_path)


@pytest.mark.parametrize("private, umask, mode", [(True, 0o022, 0o600), (False, 0o022, 0o644), (False, 0o077, 0o600)])
def test_grades_are_private_and_pages_follow_the_umask(tmp_path, private, umask, mode):
    """F16."""
    code = (f"import os\nos.umask({umask})\nfrom helpers.course.own_files import OwnFiles\n"
            f"files = OwnFiles({str(tmp_path)!r}, 'list.txt', private={private})\n"
            "files.write('grades.csv', 'x\\udcff')\nfiles.finish()")
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert (tmp_path / "grades.csv").stat().st_mode & 0o777 == mode
    assert (tmp_path / "grades.csv").read_bytes() == b"x?" and sorted(os.listdir(tmp_path)) == ["grades.csv", "list.txt"]
