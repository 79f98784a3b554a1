"""The command line of bubblewrap: what a sandboxed process can see, and how much it may take.

See `man bwrap` and https://github.com/containers/bubblewrap.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

from helpers.grading.errors import SandboxError
from helpers.grading.sandbox import confine, seccomp
from helpers.project import ROOT

NOBODY = 65534
INSTALL_LINE = "sudo apt-get install bubblewrap   (Fedora: sudo dnf install bubblewrap)"
SCRATCH = "/tmp"
"""The kernel's only writable folder, its home and where it starts: a file system in memory, gone when it ends."""

MEGABYTE = 2**20


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one sandboxed kernel may take.

    Parameters
    ----------
    memory : int
        Bytes, of one process beyond its start and of all processes together.
    disk : int
        Bytes in the scratch folder, and in one file.
    processes : int
        Processes and threads together.
    seconds : int
        Processor time of one process.
    files : int
        Open files of one process.
    """

    memory: int = 2048 * MEGABYTE
    disk: int = 256 * MEGABYTE
    processes: int = 256
    seconds: int = 3600
    files: int = 512

    def as_dict(self):
        """Return the limits under the names that `confine.set_limits` reads."""
        return {"memory": self.memory, "file_size": self.disk, "processes": self.processes, "seconds": self.seconds,
                "files": self.files}


def environment():
    """Return all environment variables of a sandboxed kernel; nothing of the instructor's own gets in.

    JPY_PARENT_PID is not among them: inside the sandbox the parent has another number, and ipykernel would take it for dead.
    """
    variables = {
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "nobody",
        "LOGNAME": "nobody",
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COURSE_DATA": "sample",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{SCRATCH}/.matplotlib",
        "IPYTHONDIR": f"{SCRATCH}/.ipython",
        "JUPYTER_RUNTIME_DIR": SCRATCH,
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # With oneDNN, TensorFlow wraps each operation in a function and optimizes it when it first runs, which the small network
        # of an exercise never earns back.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "KERAS_BACKEND": "tensorflow",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return variables


def _system_folders():
    """Yield bubblewrap's options for the programs and libraries of the system."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in ("ld.so.cache", "alternatives", "localtime", "fonts"):
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def python_folders():
    """Return the folders that hold this Python and its packages, without the course's own folder and without doubles."""
    wanted = [Path(sys.base_prefix), Path(sys.prefix)]
    if site.ENABLE_USER_SITE:
        wanted.append(Path(site.getusersitepackages()))
    folders = []
    # By both names, where a folder is reached through a link.
    for folder in (name for one in wanted for name in (one, one.resolve())):
        if folder.is_dir() and not folder.is_relative_to("/usr") and not any(folder.is_relative_to(other) for other in folders):
            folders.append(folder)
    return folders


def course_folders():
    """Return what a kernel sees of the course: the helpers and the weights that lessons read. No tests, no keys, no notebooks."""
    helpers = ROOT / "helpers"
    rooms = sorted({*helpers.iterdir(), *(helpers / "grading").iterdir()} - {helpers / "grading", helpers / "grading" / "keys"})
    data = (ROOT / "data" / name for name in ("recorded", "pretrained", "samples"))
    return [*rooms, *(path for path in data if path.is_dir())]


def visible_folders():
    """Return every folder of this machine that a sandboxed kernel can read, beside the system's own."""
    return python_folders() + course_folders()


def find():
    """Return the path of `bwrap`.

    Raises
    ------
    SandboxError
        When it is not installed, or this machine does not let it make a sandbox; the message says what to do.
    """
    if sys.platform != "linux":
        raise SandboxError(f"the sandbox needs Linux, and this is {sys.platform}: grade in WSL 2, in a virtual machine or in a "
                           "container. Or, if you trust every submission, ask for --sandbox none.")
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError(
            f"bubblewrap is not installed, and without it a student's code would run with your rights. Install it: "
            f"{INSTALL_LINE}. Or, if you trust every submission, ask for --sandbox none."
        )
    tried = subprocess.run([program, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"],
                           capture_output=True, text=True, timeout=60)
    if tried.returncode:
        raise SandboxError(
            f"bubblewrap is installed but cannot make a sandbox here: {tried.stderr.strip()[:300]}. In a container, "
            "allow user namespaces (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
            "--cap-add SYS_ADMIN, or podman); on Ubuntu 24.04 install the profile /etc/apparmor.d/bwrap."
        )
    return program


def options(limits, extra=()):
    """Return bubblewrap's options for one sandbox.

    Parameters
    ----------
    limits : Limits
        How large the scratch folder may grow.
    extra : sequence of str
        More options, for example a file to show inside.

    Returns
    -------
    list of str
        Without the program and without the command to run.
    """
    chosen = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
    for name, value in environment().items():
        chosen += ["--setenv", name, value]
    chosen += list(_system_folders())
    # Each --size holds for the next --tmpfs. The scratch folder comes before the folders that can be read: the environment may
    # itself lie below it.
    memory = ["--size", str(limits.disk), "--perms", "1777", "--tmpfs"]
    chosen += [*memory, SCRATCH]
    # Folders that bubblewrap makes on the way it makes for their owner alone.
    above = {parent for folder in visible_folders() for parent in folder.parents[:-1]} - {Path(SCRATCH)}
    for folder in sorted(above):
        chosen += ["--perms", "0755", "--dir", str(folder)]
    for folder in visible_folders():
        chosen += ["--ro-bind", str(folder), str(folder)]
    # /dev and the root are themselves in memory: nobody may write there.
    chosen += ["--proc", "/proc", "--dev", "/dev", *memory, "/dev/shm", "--chdir", SCRATCH, *extra,
               "--remount-ro", "/dev", "--remount-ro", "/"]
    return chosen


class Beginning:
    """What is agreed with bubblewrap through open files while it makes a sandbox: the filter of system calls, and who is who.

    Started by root, bubblewrap can only map root into the sandbox, and Linux exempts root's own processes from their limit. So
    bubblewrap says what process it has made and waits, and the map is written from here: nobody inside is nobody outside. Started
    by anybody else, bubblewrap maps that user to nobody.
    """

    def __init__(self):
        self._said, self._info = os.pipe()
        self._blocked, self._go = os.pipe()
        self.as_root = os.getuid() == 0
        self._filter = os.memfd_create("filter")
        os.write(self._filter, seccomp.program())
        os.lseek(self._filter, 0, os.SEEK_SET)

    @property
    def options(self):
        """Options of bubblewrap."""
        chosen = ["--info-fd", str(self._info)]
        chosen += ["--userns-block-fd", str(self._blocked)] if self.as_root else ["--uid", str(NOBODY), "--gid", str(NOBODY)]
        return chosen + (["--seccomp", str(self._filter)] if seccomp.program() else [])

    @property
    def descriptors(self):
        """What the process of bubblewrap must inherit."""
        return (self._info, self._blocked, self._filter)

    def finish(self, limits):
        """Wait for bubblewrap's message, write the map, limit the processes that are there, return the number of the first."""
        os.close(self._info)
        self._info = None
        said = b""
        while b"}" not in said:
            part = os.read(self._said, 4096)
            if not part:
                raise SandboxError("bubblewrap ended before it had made a sandbox")
            said += part
        pid = json.loads(said)["child-pid"]
        if self.as_root:
            for name in ("uid_map", "gid_map"):
                with open(f"/proc/{pid}/{name}", "w") as file:
                    file.write(f"0 0 1\n{NOBODY} {NOBODY} 1\n")
            os.write(self._go, b"1")
        confine.limit_others(pid, limits.as_dict())
        return pid

    def close(self):
        """Close what is still open."""
        for descriptor in (self._said, self._info, self._blocked, self._go, self._filter):
            if descriptor is not None:
                os.close(descriptor)
