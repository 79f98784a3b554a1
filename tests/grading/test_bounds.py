"""What bounds a sandbox: the filter of system calls, cgroups of both versions, and a watch where there are none."""

import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.grading.records import MEMORY
from helpers.grading.sandbox import cgroup
from helpers.grading.sandbox.cgroup import MOST_PROCESSES, RESERVE, memory_taken
from helpers.grading.sandbox.confine import filter_program
from tests.grading.running import GROUPS, LIMITS, WITH_CGROUP, needs_linux, needs_sandbox, new_workers, ran

ALLOWED, PRETENDED = 0x7FFF0000, 0x00050000


def answer(machine, number, first=0, second=0):
    """Run the filter as Linux would, and return what it says of a call."""
    convention = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    data = {0: number, 4: convention, 16: first, 24: second}
    program, position, value = filter_program(machine), 0, 0
    while True:
        code, yes, no, operand = struct.unpack_from("=HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            value = data[operand]
        elif code == 0x06:
            return operand
        else:
            true = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            position += yes if true else no


@pytest.mark.parametrize("machine, read, unshare, clone, clone3, inotify, setsid", [
    ("x86_64", 0, 272, 56, 435, 294, 112), ("aarch64", 63, 97, 220, 435, 26, 157)])
def test_the_filter_refuses_new_namespaces_and_nothing_that_python_needs(machine, read, unshare, clone, clone3, inotify, setsid):
    assert answer(machine, read) == ALLOWED
    for refused in (unshare, inotify, setsid):
        assert answer(machine, refused) == PRETENDED | 1
    assert answer(machine, clone3) == PRETENDED | 38
    threads_flags, new_user = 0x3D0F00, 0x10000000
    assert answer(machine, clone, threads_flags) == ALLOWED
    assert answer(machine, clone, threads_flags | new_user) == PRETENDED | 1


@pytest.mark.parametrize("machine, flock, fcntl, socket_call", [("x86_64", 73, 72, 41), ("aarch64", 32, 25, 198)])
def test_the_filter_only_pretends_to_lock_and_knows_two_kinds_of_sockets(machine, flock, fcntl, socket_call):
    assert answer(machine, flock) == PRETENDED
    commands = {command: answer(machine, fcntl, 3, command) for command in range(1031)}
    assert {command for command, said in commands.items() if said == PRETENDED} == {6, 7, 37, 38}
    assert {command for command, said in commands.items() if said == PRETENDED | 1} == {1024, 1026}
    assert {family for family in range(50) if answer(machine, socket_call, family) == ALLOWED} == {1, 2}


def test_the_filter_knows_the_32_bit_numbers_and_other_machines():
    assert answer("x86_64", 0x40000000 + 272) == PRETENDED | 1
    assert filter_program("riscv64") == b""


@pytest.fixture(scope="module")
def workers():
    made = new_workers()
    yield made
    made.close()


SHARED = """
import mmap
hoard = [mmap.mmap(-1, 2**26) for _ in range(12)]
for one in hoard:
    for place in range(0, 2**26, 4096):
        one[place] = 1
len(hoard)"""


@needs_sandbox
@pytest.mark.parametrize("source", [
    SHARED,
    "import os\nfor name in ('/tmp', '/dev/shm'):\n    with open(name + '/fill', 'wb') as file:\n"
    "        for _ in range(250):\n            file.write(os.urandom(2**20))\n" + SHARED.replace("(12)", "(4)"),
    "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        hoard = bytearray(os.urandom(2**20)) * 100\n"
    "        time.sleep(20)\n        os._exit(0)\ntime.sleep(20)"])
def test_memory_is_counted_for_all_of_a_sandbox(workers, source):
    """F6: shared memory, files in memory and many processes together are more than the limit on each process sees."""
    if not WITH_CGROUP and "fill" in source:
        pytest.skip("without a cgroup files in memory are bounded by their own size, and by the watch of free memory")
    run, = ran(workers, source, seconds=60)
    assert run.status == MEMORY and run.detail == "took more than 256 MB of memory"


@needs_sandbox
def test_without_a_cgroup_a_machine_short_of_memory_ends_the_hoarder(monkeypatch):
    """The reserve is set so high that the machine is always short of memory: whoever has more than that is ended."""
    code = ("from types import SimpleNamespace\nfrom helpers.grading import fork_server\n"
            "from helpers.grading.sandbox import cgroup\n"
            "def refused(*_):\n    raise OSError\ncgroup._settings = refused\n"
            "cgroup.psutil.virtual_memory = lambda: SimpleNamespace(available=0)\nfork_server.main()")
    popen = subprocess.Popen

    def patched(command, **named):
        command = [sys.executable, "-c", code, *command[-2:]] if "helpers.grading.fork_server" in command else command
        return popen(command, **named)

    monkeypatch.setattr(subprocess, "Popen", patched)
    made = new_workers(memory=2048)
    made.warm(made.imports)
    monkeypatch.undo()
    small, = ran(made, "import time\ntime.sleep(1)\n1")
    assert small.result == "1"
    large, = ran(made, f"hoard = bytearray({RESERVE + 2**25})\nfor place in range(0, len(hoard), 4096):\n    hoard[place] = 1\n"
                       "import time\ntime.sleep(20)")
    made.close()
    assert large.status == MEMORY


@pytest.mark.skipif(not WITH_CGROUP, reason="needs cgroup version 1 and root, or version 2 and systemd")
def test_a_group_bounds_and_is_removed(workers):
    worker = workers.start()
    own = [line for line in worker.run("open('/proc/self/cgroup').read()", 10).result.split("\\n") if cgroup.NAME in line]
    assert len(own) == (1 if cgroup.command() else 3)
    place, = [one.parent for one in cgroup.TREE.glob(f"{GROUPS}/{own[0].rpartition('/')[2]}/pids.max")]
    assert int((place / "pids.max").read_text()) == LIMITS.processes + 8
    worker.close()
    deadline = time.monotonic() + 10
    while place.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not place.exists()


@needs_linux
def test_a_group_of_version_2_is_made_where_a_subtree_is_ours(monkeypatch, tmp_path):
    """No systemd here: files stand for Linux's own."""
    own = tmp_path / "user.slice" / "run-1.scope"
    (own / "server").mkdir(parents=True)
    read = Path.read_text
    monkeypatch.setattr(cgroup, "TREE", tmp_path)
    monkeypatch.setattr(Path, "read_text", lambda path, *_, **named: (
        "0::/user.slice/run-1.scope/server\n" if str(path) == "/proc/self/cgroup" else read(path, *_, **named)))
    mkdir = Path.mkdir

    def made(path, *arguments, **named):
        mkdir(path, *arguments, **named)
        if path.name.startswith(cgroup.NAME):
            (path / "cgroup.procs").touch()
            (path / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")

    monkeypatch.setattr(Path, "mkdir", made)
    group = cgroup.Group(LIMITS)
    place = own / f"{cgroup.NAME}{os.getpid()}"
    assert read(place / "memory.max") == str(LIMITS.memory + cgroup.COPIED) and read(place / "cpu.max") == "200000 100000"
    group.add(17)
    assert read(place / "cgroup.procs") == "17" and group.took_too_much(1, 0)
    rmdir = os.rmdir

    def removed(name, dir_fd=None):
        # A folder that Linux makes holds no files in the way.
        for file in (own / name).iterdir():
            file.unlink()
        rmdir(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", removed)
    group.remove()
    assert not place.exists() and cgroup.prepare() == 2
    assert read(own / "cgroup.subtree_control") == "+memory +pids +cpu"


def test_systemd_is_asked_for_a_subtree_where_there_is_one(monkeypatch, tmp_path):
    monkeypatch.setattr(cgroup, "TREE", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    asked = []

    def run(command, **_):
        asked.append(command)
        return subprocess.CompletedProcess(command, returncode=1 if "--user" in command else 0)

    monkeypatch.setattr(subprocess, "run", run)
    got = cgroup.command.__wrapped__()
    assert len(asked) == 2 and got[0] == "systemd-run" and "--user" not in got and "--property=Delegate=yes" in got


@needs_linux
def test_a_look_at_many_processes_is_short(monkeypatch):
    """F6: no look counts more processes than a sandbox can have."""
    sleepers, looked_at = [subprocess.Popen(["sleep", "60"]) for _ in range(MOST_PROCESSES + 20)], []
    monkeypatch.setattr(cgroup, "open", lambda path: looked_at.append(path) or open(path), raising=False)
    try:
        assert memory_taken() > 0 and memory_taken(2**62) == 0
        assert len(looked_at) == 2 * MOST_PROCESSES
    finally:
        for one in sleepers:
            one.kill()
            one.wait()
