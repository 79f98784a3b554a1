"""What a process does to itself before it runs a student's code: enter the sandbox, take limits, give up every right.

Only the standard library, so that it can run in a process that is about to lose everything else. Each step raises `OSError` where
Linux refuses it: a kernel that could not be confined must not run.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

from helpers.grading.sandbox import seccomp

NOBODY = 65534
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_NAMESPACES = 0x7E020000
"""User, mount, process, network, ipc, host name and cgroup: all that `bwrap --unshare-all` makes."""


class _Capability(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


if sys.platform == "linux":
    import resource

    _libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *arguments):
    result = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def enter(pid):
    """Join all namespaces of the sandbox whose first process is `pid`; the next child is inside, among its processes."""
    descriptor = os.pidfd_open(pid)
    _call("setns", descriptor, _NAMESPACES)
    os.close(descriptor)


def set_limits(limits):
    """Take limits for this process and its children, which can never be raised again.

    Parameters
    ----------
    limits : dict
        `memory` (bytes beyond what this process has mapped already), `processes` (threads count), `file_size` (bytes of one
        file), `seconds` (of processor time), `files` (open at once).
    """
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    wanted = {
        resource.RLIMIT_AS: mapped + limits["memory"], resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_FSIZE: limits["file_size"], resource.RLIMIT_CPU: limits["seconds"],
        resource.RLIMIT_NOFILE: limits["files"], resource.RLIMIT_CORE: 0, resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


def limit_others(pid, limits):
    """Limit a process of the sandbox that is not the kernel, and its children: the kernel could reach into their memory.

    Parameters
    ----------
    pid : int
        The first process of the sandbox.
    limits : dict
        As for `set_limits`; those that a process without work of its own can bear.
    """
    pids = [pid]
    with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{pid}/children") as file:
        pids += map(int, file.read().split())
    for one in pids:
        for name, value in ((resource.RLIMIT_NPROC, limits["processes"]), (resource.RLIMIT_FSIZE, limits["file_size"]),
                            (resource.RLIMIT_NOFILE, limits["files"]), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_MSGQUEUE, 0)):
            with contextlib.suppress(ProcessLookupError):
                hard = resource.prlimit(one, name)[1]
                least = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.prlimit(one, name, (least, least))


def give_up_rights():
    """Become nobody, without any capability, and without a way to win one back."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Fails where this process may not; then it has none to lose.
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    _call("capset", ctypes.byref(_Capability(_CAPABILITY_VERSION_3, 0)), (ctypes.c_uint32 * 6)())
    # So that the grader, outside, may read how much memory this process takes. Inside, nobody has the right to look.
    _call("prctl", _PR_SET_DUMPABLE, 1, 0, 0, 0)
    with open("/proc/self/status") as file:
        rights = dict(line.split(":", 1) for line in file.read().splitlines())
    if int(rights["CapEff"], 16) or int(rights["CapPrm"], 16) or os.getuid() == 0:
        raise OSError(1, "the rights of this process could not be given up")


def filter_calls():
    """Refuse, from now on, the system calls that `seccomp` lists."""
    filtering = seccomp.program()
    if filtering:
        _call("prctl", _PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(filtering) // 8, filtering)), 0, 0)


def close_files(keep):
    """Close every open file but standard input, output, error and those in `keep`."""
    low = 3
    for descriptor in sorted(set(keep)):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, min(1 << 20, os.sysconf("SC_OPEN_MAX")))


def confine(limits):
    """Do all of the above to a process that is inside a sandbox already."""
    set_limits(limits)
    give_up_rights()
    filter_calls()
