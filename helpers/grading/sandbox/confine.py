"""What a process does to itself before it runs a student's code: enter the sandbox, take limits, give up every right.

Only the standard library, so that it can run in a process that is about to lose everything else. Each step raises `OSError` where
Linux refuses it: a worker that could not be confined must not run.
"""

import ctypes
import dataclasses
import itertools
import os
import sys
from collections.abc import Iterable
from typing import Any

from helpers.grading.sandbox import seccomp

NOBODY = 65534
MEGABYTE = 2**20
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522

_libc: Any = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one sandbox may take.

    Processes and files are few, because what Linux lets each of them have (registrations with epoll, socket buffers) multiplies.

    Parameters
    ----------
    memory : int
        Bytes, beyond what the warm process has.
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
    processes: int = 64
    seconds: int = 3600
    files: int = 128


def _call(name, *arguments):
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def enter(pid: int) -> None:
    """Join all namespaces of the sandbox whose first process is `pid`; the next child is inside, among its processes."""
    descriptor = os.pidfd_open(pid)
    _call("setns", descriptor, seccomp.CLONE_NEW)
    os.close(descriptor)


def set_limits(limits: Limits, pid: int = 0) -> None:
    """Set limits that a process, this one or another, and its children can never raise again."""
    import resource

    with open(f"/proc/{pid or 'self'}/statm") as file:
        mapped, *_, written, _ = (int(number) * os.sysconf("SC_PAGE_SIZE") for number in file.read().split())
    # Memory counts beyond what is mapped already. Much is mapped (stacks, arenas, files) that is never written to.
    wanted = {
        resource.RLIMIT_DATA: written + limits.memory, resource.RLIMIT_AS: mapped + 2 * limits.memory + 512 * MEGABYTE,
        resource.RLIMIT_NPROC: limits.processes, resource.RLIMIT_FSIZE: limits.disk, resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_NOFILE: limits.files, resource.RLIMIT_CORE: 0, resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in wanted.items():
        hard = resource.prlimit(pid, name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.prlimit(pid, name, (value, value))


def _give_up_rights():
    """Become nobody, without any capability, and without a way to win one back."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Fails where this process may not; then it has none to lose.
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(*[NOBODY] * 3)
        os.setresuid(*[NOBODY] * 3)
    _call("capset", (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)())
    # So that the grader, outside, may read how much memory this process takes. Inside, nobody has the right to look.
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    with open("/proc/self/status") as file:
        rights = dict(line.split(":", 1) for line in file.read().splitlines())
    if int(rights["CapEff"], 16) or int(rights["CapPrm"], 16) or os.getuid() == 0:
        raise OSError(1, "the rights of this process could not be given up")


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def keep_only(descriptors: Iterable[int]) -> None:
    """Close every open file but these; standard input, output and error lead nowhere from now on."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    kept = [2, *sorted(descriptors), min(1 << 20, os.sysconf("SC_OPEN_MAX"))]
    for below, above in itertools.pairwise(kept):
        os.closerange(below + 1, above)


def confine(limits: Limits) -> None:
    """Take limits, give up rights, and refuse the system calls that `seccomp` lists: for a process that is inside a sandbox."""
    set_limits(limits)
    _give_up_rights()
    if filtering := seccomp.program():
        _call("prctl", _PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(filtering) // 8, filtering)), 0, 0)
