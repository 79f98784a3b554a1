"""The sandbox by itself: its parts, its provisioner for any notebook, and what happens where it cannot be had."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from helpers.grading.answer_keys import KEYS
from helpers.grading.client import Client
from helpers.grading.errors import SandboxError
from helpers.grading.kernels import Kernels, ManagedKernel
from helpers.grading.sandbox import bubblewrap, kernelspec, seccomp
from helpers.grading.sandbox.warm import Template
from helpers.grading.watch import _TELLS_CHILDREN, memory_of, wait_for_end
from helpers.project import ROOT

try:
    bubblewrap.find()
    NO_SANDBOX = ""
except SandboxError as error:
    NO_SANDBOX = str(error)
needs_sandbox = pytest.mark.skipif(bool(NO_SANDBOX), reason=NO_SANDBOX or "there is one")
LIMITS = bubblewrap.Limits(memory=512 * bubblewrap.MEGABYTE)


def allowed(machine, number, first=0):
    """Run the filter as Linux would, and return what it says of a call."""
    convention = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    data = {0: number, 4: convention, 16: first}
    program, position, value = seccomp.program(machine), 0, 0
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


@pytest.mark.parametrize("machine, read, unshare, clone, clone3", [("x86_64", 0, 272, 56, 435), ("aarch64", 63, 97, 220, 435)])
def test_the_filter_refuses_new_namespaces_and_nothing_that_python_needs(machine, read, unshare, clone, clone3):
    assert allowed(machine, read) == 0x7FFF0000
    assert allowed(machine, unshare) == 0x00050001
    assert allowed(machine, clone3) == 0x00050026
    threads_flags, new_user = 0x3D0F00, 0x10000000
    assert allowed(machine, clone, threads_flags) == 0x7FFF0000
    assert allowed(machine, clone, threads_flags | new_user) == 0x00050001


def test_the_filter_knows_the_32_bit_numbers_and_other_machines():
    assert allowed("x86_64", 0x40000000 + 272) == 0x00050001
    assert seccomp.program("riscv64") == b""


def test_what_a_kernel_can_see():
    options = bubblewrap.options(LIMITS)
    bound = {options[number + 1] for number, one in enumerate(options) if one.startswith("--ro-bind")}
    assert {str(ROOT / "helpers" / name) for name in ("shapes", "quiet_start.py", "grading/hidden.py")} <= bound
    assert "--bind" not in options
    course = (KEYS, ROOT / "helpers" / "grading", ROOT / "helpers", ROOT / "tests", ROOT / "notebooks", ROOT)
    for secret in (*course, "/", "/home", "/etc", "/root", os.path.expanduser("~")):
        assert str(secret) not in bound
    assert options.count("--size") == 2 and "JPY_PARENT_PID" not in bubblewrap.environment()
    assert "--clearenv" in options and "--unshare-all" in options and "--die-with-parent" in options


def test_a_python_behind_a_link_is_visible_under_both_names(monkeypatch, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "link"))
    assert {tmp_path / "link", tmp_path / "real"} <= set(bubblewrap.python_folders())


def test_a_missing_bubblewrap_is_said_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match=r"sudo apt-get install bubblewrap.*--sandbox none"):
        bubblewrap.find()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_than_on_linux_it_says_where_to_grade(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SandboxError, match=rf"needs Linux, and this is {platform}: grade in WSL 2.*--sandbox none"):
        bubblewrap.find()


def test_a_bubblewrap_that_cannot_is_said(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho No permissions to create new namespace >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: str(program))
    with pytest.raises(SandboxError, match=r"cannot make a sandbox here: No permissions.*user namespaces"):
        bubblewrap.find()


@pytest.fixture(scope="module")
def template():
    made = Template(["numpy"])
    yield made
    made.close()


def run(kernel, *sources, seconds=60):
    client = Client(kernel)
    try:
        assert client.wait_until_ready()
        return [client.run(source, seconds) for source in sources]
    finally:
        client.close()
        kernel.end()


@pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
def test_no_open_file_is_left_where_bubblewrap_never_started():
    before = len(os.listdir("/proc/self/fd"))
    bubblewrap.Beginning().close()
    assert len(os.listdir("/proc/self/fd")) == before


@needs_sandbox
def test_kernels_of_a_template_share_nothing(template):
    first, second = template.start(LIMITS), template.start(LIMITS)
    source = "import os\nopen('mark', 'w').close()\nprint(os.listdir(), os.getuid(), [n for n in os.listdir('/proc') if n < 'a'])"
    one, = run(first, source)
    other, = run(second, "import os\nprint(os.listdir('/tmp'), os.path.exists('/tmp/mark'))\nos.listdir('/proc/self/fd')")
    assert "mark" in one.stdout and "65534 ['1', '2', '3']" in one.stdout
    assert other.stdout.endswith("False\n") and "mark" not in other.stdout


@needs_sandbox
def test_the_limits_hold(template):
    unshare, fork, memory, file, locked = run(template.start(LIMITS), *[
        "import ctypes\nctypes.CDLL(None).unshare(0x10000000)",
        "import os\nfor _ in range(400):\n    if os.fork() == 0:\n        import time; time.sleep(30); os._exit(0)",
        "x = bytearray(2**30)", "open('big', 'wb').truncate(2**40)",
        "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))"])
    assert unshare.results == ["-1"]
    assert (fork.status, fork.detail.split(":")[0]) == ("error", "BlockingIOError")
    assert (memory.status, memory.detail.split(":")[0]) == ("error", "MemoryError")
    assert file.status == locked.status == "error"


@needs_sandbox
def test_the_end_of_a_kernel_is_the_end_of_all_it_has_started(template):
    kernel = template.start(LIMITS)
    client = Client(kernel)
    assert client.wait_until_ready()
    sleeper = "import time, os; os.setsid(); time.sleep(600)"
    started = f"import subprocess, sys\nfor _ in range(3):\n    subprocess.Popen([sys.executable, '-c', {sleeper!r}])"
    assert client.run(started, 60).status == "ok"
    inside = [process.pid for pid in kernel.processes for process in psutil.Process(pid).children(recursive=True)]
    assert len(inside) >= 5 and memory_of(kernel.processes) > 1e6
    client.close()
    kernel.end()
    assert wait_for_end([*inside, *kernel.processes])


@needs_sandbox
def test_killing_the_grader_ends_everything(tmp_path):
    code = ("from helpers.grading.sandbox.warm import Template\nfrom helpers.grading.sandbox.bubblewrap import Limits\n"
            "t = Template()\nk = t.start(Limits())\nprint(t.pid, *k.processes, flush=True)\ninput()")
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as run:
        pids = [int(word) for word in run.stdout.readline().split()]
        assert len(pids) == 3 and all(map(psutil.pid_exists, pids))
        run.kill()
    assert wait_for_end(pids, 30)


@needs_sandbox
def test_a_module_that_is_not_there_is_said():
    made = Template(["no_such_module"])
    with pytest.raises(SandboxError, match=r"could not start: .*No module named 'no_such_module'"):
        made.start(LIMITS)
    made.close()


@needs_sandbox
def test_where_kernels_cannot_join_a_sandbox_each_gets_its_own(monkeypatch):
    said = []
    kernels = Kernels("bwrap", ["numpy"], LIMITS, said.append)
    monkeypatch.setattr(Template, "start", lambda *_: (_ for _ in ()).throw(SandboxError("setns: Operation not permitted")))
    kernel = kernels.start(False)
    kernels.close()
    assert isinstance(kernel, ManagedKernel) and len(said) == 1 and "setns: Operation not permitted" in said[0]
    seen, = run(kernel, "import os\nprint(os.getuid(), os.path.exists('/etc/hostname'))")
    assert seen.stdout == "65534 False\n"


def test_without_a_sandbox_kernels_run_too():
    one, two, end = run(Kernels("none", [], LIMITS).start(False), "print(1)\n2", "1 / 0", "import os\nos._exit(4)")
    assert (one.stdout, one.results, two.status, two.detail) == ("1\n", ["2"], "error", "ZeroDivisionError: division by zero")
    assert (end.status, end.detail) == ("dead", "the kernel ended itself with code 4")


@needs_sandbox
def test_any_notebook_can_run_in_the_sandbox(tmp_path, monkeypatch):
    kernelspec.main(["--memory", "512", "--prefix", str(tmp_path)])
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    assert kernelspec.NAME in KernelSpecManager().find_kernel_specs()
    source = "import os, socket\nprint(os.getuid(), os.getcwd(), os.path.exists('/etc/passwd'), os.environ.get('JPY_PARENT_PID'))"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        code = f"socket.create_connection({listening.getsockname()!r}, timeout=2)"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell(code)])
        with pytest.raises(CellExecutionError, match=r"ConnectionRefusedError|Network is unreachable"):
            NotebookClient(notebook, kernel_name=kernelspec.NAME, timeout=120).execute()
    assert notebook.cells[0].outputs[0].text == "65534 /tmp False None\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells pages that processes share from their own")
@pytest.mark.parametrize("tells", [True, False])
def test_the_watch_counts_a_whole_tree(monkeypatch, tells):
    monkeypatch.setattr("helpers.grading.watch._TELLS_CHILDREN", tells and _TELLS_CHILDREN)
    hoarder = "import time; x = bytearray(10**8); time.sleep(60)"
    code = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {hoarder!r}])\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code]) as parent:
        try:
            deadline = time.monotonic() + 60
            while memory_of([parent.pid]) < 1e8:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert memory_of([parent.pid], enough=1 << 62) >= memory_of([parent.pid])
        finally:
            for process in [*psutil.Process(parent.pid).children(recursive=True), parent]:
                process.kill()


def test_an_environment_below_the_scratch_folder_stays_visible(monkeypatch, tmp_path):
    """Mounts are made in order: memory over the scratch folder first, then what can be read, wherever it lies."""
    folder = bubblewrap.Path(bubblewrap.SCRATCH) / "some" / "where" / ".venv"
    monkeypatch.setattr(bubblewrap, "python_folders", lambda: [folder])
    options = bubblewrap.options(LIMITS)
    scratch = next(place for place, option in enumerate(options)
                   if option == "--tmpfs" and options[place + 1] == bubblewrap.SCRATCH)
    shown = next(place for place, option in enumerate(options) if option == "--ro-bind" and options[place + 1] == str(folder))
    made = [options[place + 1] for place, option in enumerate(options) if option == "--dir"]
    assert scratch < shown and str(folder.parent) in made and bubblewrap.SCRATCH not in made
