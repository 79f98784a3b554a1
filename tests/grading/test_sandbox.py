"""The sandbox: what student code can see and take in it, for root and for an ordinary user; what is said where there is none."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from helpers.grading import workers as outside
from helpers.grading.sandbox import SandboxError, bubblewrap, cgroup
from helpers.grading.sandbox.confine import MEGABYTE, Limits
from helpers.project import ROOT
from tests.grading.running import (
    GROUPS,
    LIMITS,
    WITH_CGROUP,
    as_somebody,
    needs_linux,
    needs_sandbox,
    needs_somebody,
    new_workers,
    ran,
)


def test_what_a_worker_can_see():
    options = bubblewrap.options(LIMITS.disk)
    bound = {options[number + 1] for number, one in enumerate(options) if one.startswith("--ro-bind")}
    assert str(ROOT / "helpers") in bound and "--bind" not in options
    for secret in (ROOT, ROOT / "tests", ROOT / "notebooks", "/", "/home", "/etc", "/root", os.path.expanduser("~")):
        assert str(secret) not in bound
    assert options.count("--size") == 3
    assert "--clearenv" in options and "--unshare-all" in options and "--die-with-parent" in options


def test_a_python_behind_a_link_is_visible_under_both_names(monkeypatch, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "link"))
    assert {tmp_path / "link", tmp_path / "real"} <= set(bubblewrap.python_folders())


def test_an_environment_below_the_scratch_folder_stays_visible(monkeypatch):
    """Mounts are made in order: memory over the scratch folder first, then what can be read, wherever it lies."""
    folder = Path(bubblewrap.SCRATCH) / "some" / "where" / ".venv"
    monkeypatch.setattr(bubblewrap, "python_folders", lambda: [folder])
    options = bubblewrap.options.__wrapped__(LIMITS.disk)
    scratch = next(place for place, option in enumerate(options)
                   if option == "--tmpfs" and options[place + 1] == bubblewrap.SCRATCH)
    shown = next(place for place, option in enumerate(options) if option == "--ro-bind-try" and options[place + 1] == str(folder))
    made = [options[place + 1] for place, option in enumerate(options) if option == "--dir"]
    assert scratch < shown and str(folder.parent) in made and bubblewrap.SCRATCH not in made


def test_a_course_or_a_class_that_the_sandbox_would_show_is_refused(monkeypatch, tmp_path):
    """F10: below /usr, as in many containers, every student could read the keys."""
    bubblewrap._refuse_visible(tmp_path, ROOT / "helpers" / "grading" / "keys")
    words = r"class lies in .*, which every student's code can read .*: move it to another place"
    for folder in ("/usr/src/app/class", "/lib/class", f"{sys.prefix}/class", ROOT / "helpers" / "class"):
        with pytest.raises(SandboxError, match=words):
            bubblewrap._refuse_visible(Path(folder))
    monkeypatch.setattr(bubblewrap, "ROOT", Path("/usr/src/app"))
    with pytest.raises(SandboxError, match=r"^/usr/src/app lies in /usr, .*move it to another place, such as "):
        bubblewrap._refuse_visible(tmp_path)


@pytest.fixture
def unknown():
    """Nothing of bubblewrap is known from before."""
    bubblewrap.find.cache_clear()
    yield
    bubblewrap.find.cache_clear()


def test_a_missing_bubblewrap_is_said_with_the_line_that_installs_it(monkeypatch, unknown):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match=r"sudo apt-get install bubblewrap.*--sandbox none"):
        bubblewrap.find()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_than_on_linux_it_says_where_to_grade(monkeypatch, platform, unknown):
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SandboxError, match=rf"needs Linux, and this is {platform}: grade in WSL 2.*--sandbox none"):
        bubblewrap.find()


def test_a_bubblewrap_that_cannot_is_said(monkeypatch, tmp_path, unknown):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho No permissions to create new namespace >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    with pytest.raises(SandboxError, match=r"cannot make a sandbox here: No permissions.*user namespaces"):
        bubblewrap.find()
    if sys.platform == "linux":
        with pytest.raises(SandboxError, match="ended before its sandbox was ready"):
            with bubblewrap.open_sandbox(str(program), LIMITS):
                pass


@pytest.fixture(scope="module")
def workers():
    made = new_workers(["numpy", "h5py"])
    yield made
    made.close()


@needs_sandbox
def test_workers_share_nothing(workers):
    first, second = workers.start(), workers.start()
    one = first.run("import os\nopen('mark', 'w').close()\n"
                    "os.listdir(), os.getuid(), [n for n in os.listdir('/proc') if n < 'a']", 60)
    other = second.run("import os\nos.listdir('/tmp'), os.path.exists('/tmp/mark')", 60)
    first.close()
    second.close()
    assert "mark" in one.result and "65534, ['1', '2', '3']" in one.result
    assert other.result.endswith("False)") and "mark" not in other.result


@needs_sandbox
def test_a_worker_has_two_pipes_and_nothing_else_open(workers):
    """F4: no file, and no error stream, that anybody else has open too."""
    links = "import os\n{number: os.readlink(f'/proc/self/fd/{number}') for number in os.listdir('/proc/self/fd')" \
            " if os.path.exists(f'/proc/self/fd/{number}')}"
    others = "[(pid, os.readlink(f'/proc/{pid}/fd/{number}')) for pid in (1, 2) for number in range(64)" \
             " if os.path.exists(f'/proc/{pid}/fd/{number}')]"
    ours, of_others = ran(workers, links, others)
    opened = eval(ours.result)
    kinds = sorted(link.split(":")[0] for link in opened.values())
    # The two of socket, and one of anon_inode, are the worker's own event loop.
    assert all(opened[number] == "/dev/null" for number in "012")
    assert kinds == ["/dev/null"] * 4 + ["anon_inode", "pipe", "pipe", "socket", "socket"]
    again = ran(workers, "import os", others)[1]
    private = {link for _, link in eval(of_others.result)} - {"/dev/null"}
    assert all(link.startswith(("pipe:", "anon_inode:")) for link in private)
    assert not {link for link in private if link.startswith("pipe")} & {link for _, link in eval(again.result)}


@needs_sandbox
def test_the_grader_and_its_keys_are_hidden(workers):
    source = ("import os\nfrom pathlib import Path\n"
              "[path.name for path in Path(HELPERS).rglob('*.ipynb')], os.listdir(HELPERS + '/grading')")
    assert ran(workers, source.replace("HELPERS", repr(str(ROOT / "helpers"))))[0].result == "([], [])"


@needs_sandbox
def test_the_limits_hold(workers):
    unshare, fork, memory, file, locked, opened, fits = ran(workers, *[
        "import ctypes\nctypes.CDLL(None).unshare(0x10000000)",
        "import os\nfor _ in range(400):\n    if os.fork() == 0:\n        import time; time.sleep(30); os._exit(0)",
        "x = bytearray(2**29)", "open('big', 'wb').truncate(2**40)",
        "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))",
        "many = [open('/dev/null') for _ in range(400)]",
        "import numpy as np\nx = np.ones(100 * 2**17)\nx.nbytes"])
    assert unshare.result == "-1"
    assert (fork.status, fork.detail.split(":")[0]) == ("error", "BlockingIOError")
    assert (memory.status, memory.detail.split(":")[0]) == ("error", "MemoryError")
    assert file.status == locked.status == "error" and "Too many open files" in opened.detail
    # F16: what is promised is there.
    assert fits.result == str(100 * MEGABYTE) and LIMITS.memory == 256 * MEGABYTE


@needs_sandbox
def test_what_limits_multiply_to_is_little(workers):
    """F2: registrations with epoll count for the user; each worker can have so many and no more, whatever it forks."""
    limits = Limits()
    most = limits.processes * (limits.files // 2) ** 2
    assert most <= 262_144
    counted, = ran(workers, "import select, os\nopened, polls, count = [], [select.epoll() for _ in range(20)], 0\n"
                            "try:\n    while True:\n        opened.append(os.pipe()[0])\n"
                            "except OSError:\n    pass\n"
                            "for poll in polls:\n    for one in opened:\n        poll.register(one)\n        count += 1\ncount")
    assert 0 < int(counted.result) <= (limits.files // 2) ** 2


@needs_sandbox
def test_students_have_no_channel_at_files_that_all_can_read(workers):
    """F16: locks on shared files are only pretended, and nobody is told of what others read."""
    shared = repr(sys.executable)
    lock = f"import fcntl\nfile = open({shared}, 'rb')\nfcntl.flock(file, fcntl.LOCK_EX), fcntl.lockf(file, fcntl.LOCK_SH)"
    first, second = workers.start(), workers.start()
    assert first.run(lock, 10).result == second.run(lock, 10).result == "(None, None)"
    ask = ("import struct\nasked = struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0)\n"
           "struct.unpack('hhqqi', fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] == fcntl.F_UNLCK")
    assert second.run(ask, 10).result == "True"
    calls = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n[libc.inotify_init1(0), libc.fanotify_init(0, 0)]"
    assert second.run(calls, 10).result == "[-1, -1]"
    first.close()
    second.close()


@needs_sandbox
def test_other_sockets_than_those_that_python_needs_are_refused(workers):
    source = ("import socket\nmade = []\nfor family in range(1, 46):\n    try:\n"
              "        socket.socket(family, socket.SOCK_STREAM).close()\n"
              "        made.append(family)\n    except OSError:\n        pass\nmade")
    assert ran(workers, source)[0].result == "[1, 2]"


@needs_sandbox
def test_what_notebooks_need_still_works(workers):
    hdf, sqlite, loop, command, threads = ran(
        workers, "import h5py\nwith h5py.File('a.h5', 'w') as file:\n    file['x'] = [1, 2]\nh5py.File('a.h5')['x'][()].sum()",
        "import sqlite3\nbase = sqlite3.connect('a.db')\nbase.execute('create table t (x)')\n"
        "base.execute('insert into t values (3)')\n"
        "base.commit()\nbase.execute('select * from t').fetchall()",
        "import asyncio\nasync def one(reader, writer):\n    writer.write(await reader.read(5))\n    writer.close()\n"
        "server = await asyncio.start_server(one, '127.0.0.1', 0)\n"
        "reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())\n"
        "writer.write(b'hello')\nawait reader.read()",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True, text=True).stdout",
        "from concurrent.futures import ThreadPoolExecutor\nlist(ThreadPoolExecutor(8).map(abs, [-1, 2]))")
    assert hdf.result == "np.int64(3)" or hdf.result == "3", hdf
    assert (sqlite.result, loop.result, command.result, threads.result) == ("[(3,)]", "b'hello'", r"'42\n'", "[1, 2]")


def children(pid):
    return [process.pid for process in psutil.Process(pid).children(recursive=True)]


def wait_for_end(pids, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


@needs_sandbox
def test_the_end_of_a_worker_is_the_end_of_all_it_has_started(workers):
    before = children(workers._process.pid)
    worker = workers.start()
    sleeper = "import time; time.sleep(600)"
    started = f"import subprocess, sys\nfor _ in range(3):\n    subprocess.Popen([sys.executable, '-c', {sleeper!r}])"
    assert worker.run(started, 60).status == "ok"
    inside = set(children(workers._process.pid)) - set(before)
    assert len(inside) >= 6, "a supervisor, a sandbox, a worker and what it has started"
    worker.close()
    assert wait_for_end(inside)


@needs_sandbox
def test_killing_the_grader_ends_everything():
    code = ("from helpers.grading.workers import Options, Workers\n"
            "ws = Workers([], Options())\nw = ws.start()\nprint(ws._process.pid, flush=True)\ninput()")
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          cwd=ROOT) as run:
        pids = [int(word) for word in run.stdout.readline().split()]
        pids += children(pids[0])
        assert len(pids) >= 4 and all(map(psutil.pid_exists, pids))
        run.kill()
    assert wait_for_end(pids, 30)
    if WITH_CGROUP:
        assert not [place for pid in pids for place in cgroup.TREE.glob(f"{GROUPS}/{cgroup.NAME}{pid}")]


@needs_sandbox
def test_where_a_worker_cannot_be_confined_it_does_not_run(monkeypatch):
    """Each step of `confine` must succeed: Linux refuses this limit."""
    monkeypatch.setattr(outside, "Limits", functools.partial(Limits, files=-2))
    made = new_workers()
    with pytest.raises(SandboxError, match=r"a worker could not be (started|confined)"):
        made.start()
    made.close()


@needs_linux
def test_confine_leaves_no_file_open():
    code = ("import os\nfrom helpers.grading.sandbox import confine\nread, write = os.pipe()\nopened = open('/dev/zero')\n"
            "confine.keep_only([write])\nlinks = []\nfor number in range(100):\n"
            "    try:\n        os.fstat(number); links.append(number)\n    except OSError:\n        pass\n"
            "os._exit(0 if links == [0, 1, 2, write] else 1)")
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.slow
@needs_somebody
@needs_sandbox
def test_all_this_holds_for_an_ordinary_user_too():
    files = [str(ROOT / "tests" / "grading" / name) for name in ("test_sandbox.py", "test_bounds.py", "test_worker.py")]
    with tempfile.TemporaryDirectory(prefix="somebody-") as home:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--basetemp={home}/base", *files]
        run = subprocess.run(as_somebody(command, Path(home)), capture_output=True, text=True, timeout=550)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


@needs_sandbox
def test_what_was_imported_before_does_not_choose_the_folder_of_temporary_files():
    made = new_workers(("tests.support.asked_for_a_folder",))
    source = "import tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    pass\nfolder.rpartition('/')[0]"
    try:
        assert [one.result for one in ran(made, source)] == ["'/tmp'"]
    finally:
        made.close()
