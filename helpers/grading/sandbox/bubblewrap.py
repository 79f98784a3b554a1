"""The command line of bubblewrap (https://github.com/containers/bubblewrap): what a sandboxed process can see."""

import contextlib
import functools
import itertools
import json
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from helpers.grading.sandbox import SandboxError, confine
from helpers.grading.sandbox.confine import NOBODY, Limits
from helpers.project import ROOT

SCRATCH = "/tmp"  # the worker's only writable folder, its home and where it starts: in memory, gone when it ends
_LIBRARIES = [Path("/", name) for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32")]
_COVERED = str(ROOT / "helpers" / "grading")  # hidden, though it lies in a folder that can be read: the grader and its keys
_SETTINGS = ("ld.so.cache", "alternatives", "localtime", "fonts")
ENVIRONMENT = {  # all that a worker has; nothing of the instructor's own gets in
    "HOME": SCRATCH, "TMPDIR": SCRATCH, "USER": "nobody", "LOGNAME": "nobody", "LANG": "C.UTF-8",
    "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT),
    "PYTHONHASHSEED": "0", "COURSE_DATA": "sample", "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline", "MPLCONFIGDIR": f"{SCRATCH}/.matplotlib",
    # Locks would be a channel between students (see `confine`), and without them no file is safer here.
    "HDF5_USE_FILE_LOCKING": "FALSE",
    # No machine code is made for an operation when it first runs: the small network of an exercise never earns that back.
    "TF_ENABLE_ONEDNN_OPTS": "0", "TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL": "0", "TF_CPP_MIN_LOG_LEVEL": "3",
    # Threads count as processes, and a machine with many cores would start many.
    "TF_NUM_INTRAOP_THREADS": "2", "TF_NUM_INTEROP_THREADS": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}


def python_folders() -> list[Path]:
    """Return the folders that hold this Python and its packages, by both names where one is reached through a link."""
    wanted = [sys.base_prefix, sys.prefix, *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    return [folder for one in wanted for folder in (Path(one), Path(one).resolve()) if folder.is_dir()]


def _shown():
    """Return all files and folders that a worker can read, whether or not this system has them.

    Of the course these are the helpers and the weights that lessons read. No tests, no keys, no notebooks.
    """
    return [Path("/usr"), *_LIBRARIES, *(Path("/etc", name) for name in _SETTINGS), *python_folders(), ROOT / "helpers",
            *(ROOT / "data" / name for name in ("recorded", "pretrained", "samples"))]


def _refuse_visible(*paths):
    """Raise a SandboxError where one of the paths, or the course with its keys, lies where student code could read it."""
    for path, folder in itertools.product((*paths, ROOT), _shown()):
        real = path.resolve()
        if real.is_relative_to(folder.resolve()) and not real.is_relative_to(_COVERED):
            raise SandboxError(f"{path} lies in {folder}, which every student's code can read while it is graded: move it to "
                               f"another place, such as {Path.home() / real.name}")


@functools.cache
def find(*paths: Path) -> str:
    """Return the path of `bwrap`.

    Raises SandboxError, with what to do, when it is not installed, when this machine does not let it make a sandbox, and when one
    of some `paths` (submissions, results, keys), or the course, lies where a sandbox would show it.
    """
    if sys.platform != "linux":
        raise SandboxError(f"the sandbox needs Linux, and this is {sys.platform}: grade in WSL 2, in a virtual machine or in a "
                           "container. Or, if you trust every submission, ask for --sandbox none.")
    _refuse_visible(*paths)
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap is not installed, and without it a student's code would run with your rights. Install it: "
                           "sudo apt-get install bubblewrap   (Fedora: sudo dnf install bubblewrap). Or, if you trust every "
                           "submission, ask for --sandbox none.")
    tried = subprocess.run([program, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
                           capture_output=True, text=True, timeout=60)
    if tried.returncode:
        raise SandboxError(f"bubblewrap is installed but cannot make a sandbox here: {tried.stderr.strip()[:300]}. In a "
                           "container, allow user namespaces (docker run --security-opt seccomp=unconfined --security-opt "
                           "apparmor=unconfined --cap-add SYS_ADMIN, or podman); on Ubuntu 24.04 install the profile "
                           "/etc/apparmor.d/bwrap.")
    return program


@functools.cache
def options(disk: int) -> tuple[str, ...]:
    """Return bubblewrap's options for a sandbox whose scratch folder takes `disk` bytes."""
    # Each --size holds for the next --tmpfs. The scratch folder comes before the folders that can be read: the environment may
    # itself lie below it. Folders that bubblewrap makes on the way it makes for their owner alone.
    memory, shown = ["--size", str(disk), "--perms", "1777", "--tmpfs"], _shown()
    chosen = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv",
              "--cap-drop", "ALL", *memory, SCRATCH]
    for folder in sorted({parent for one in shown for parent in one.parents[:-1]} - {Path(SCRATCH)}):
        chosen += ["--perms", "0755", "--dir", str(folder)]
    for path in shown:
        linked = path in _LIBRARIES and path.is_symlink()
        chosen += [*(["--symlink", os.readlink(path)] if linked else ["--ro-bind-try", str(path)]), str(path)]
    # /dev and the root are themselves in memory: nobody may write there.
    return (*chosen, "--size", "4096", "--tmpfs", _COVERED, "--remount-ro", _COVERED, "--proc", "/proc", "--dev", "/dev",
            *memory, "/dev/shm", "--remount-ro", "/dev", "--remount-ro", "/")


@contextlib.contextmanager
def open_sandbox(program: str, limits: Limits) -> Iterator[list[int]]:
    """Keep bubblewrap around a sleeping process, for a worker to join; provide its sandbox's processes, the first first.

    Started by root, it can only map root into the sandbox, and Linux exempts root's own processes from their limit. So it says
    what process it has made and waits, and the map is written from here. Started by anybody else, it maps that user to nobody.
    """
    (said, info), (blocked, go), rules = os.pipe(), os.pipe(), os.memfd_create("filter")
    os.write(rules, confine.filter_program())
    os.lseek(rules, 0, os.SEEK_SET)
    root = os.getuid() == 0
    who = ["--userns-block-fd", str(blocked)] if root else ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    filtered = ["--seccomp", str(rules)] if confine.filter_program() else []
    # What these processes have open, the worker may reach too (/proc/1/fd): nothing that two sandboxes share.
    process = subprocess.Popen([program, "--info-fd", str(info), *who, *filtered, *options(limits.disk), "--", "/usr/bin/cat"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
                               pass_fds=(info, rules, *([blocked] if root else [])), bufsize=0)
    assert process.stdin and process.stdout
    try:
        os.close(info)
        with open(said) as file:
            pid = json.loads(file.read() or "{}").get("child-pid")
        if pid and root:
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{pid}/{name}").write_text(f"0 0 1\n{NOBODY} {NOBODY} 1\n")
            os.write(go, b"1")
        # An echo: the sandbox is whole, and its own program runs.
        if not pid or not process.stdin.write(b"x") or process.stdout.read(1) != b"x":
            raise SandboxError("bubblewrap ended before its sandbox was ready")
        # These are limited too: a worker could reach into their memory. Not every Linux is built to tell children.
        pids = [pid]
        with contextlib.suppress(FileNotFoundError):
            pids += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        for one in pids:
            confine.set_limits(limits, one)
        yield pids
    finally:
        process.kill()
        process.wait()
        for descriptor in (blocked, go, rules):
            os.close(descriptor)
