"""A filter of system calls, as the bytes that Linux takes (seccomp in filter mode).

The namespaces of the sandbox decide what a kernel can see. This filter takes away the calls with which it could make new
namespaces and mounts of its own, and memory that no limit counts, or reach for parts of Linux that a notebook never needs.
See `man 2 seccomp`; the numbers are those of Linux's own tables (`man 2 syscalls`).
"""

from __future__ import annotations

import platform
import struct

EPERM, ENOSYS = 1, 38
CLONE_NEW = 0x7E020000 | 0x80
"""The flags of clone and unshare that make a new namespace: user, mount, pid, net, ipc, uts, cgroup, time."""

# name of the machine -> (number of its convention, calls refused, clone, clone3 and memfd_create)
_ARCHITECTURES = {
    "x86_64": (0xC000003E, {
        "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "ptrace": 101,
        "process_vm_readv": 310, "process_vm_writev": 311, "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321,
        "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430,
        "fsmount": 432, "mount_setattr": 442, "shmget": 29, "msgget": 68, "semget": 64, "personality": 135},
        {"clone": 56, "clone3": 435, "memfd_create": 319}),
    "aarch64": (0xC00000B7, {
        "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "keyctl": 219, "add_key": 217, "request_key": 218, "bpf": 280,
        "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425, "open_tree": 428, "move_mount": 429, "fsopen": 430,
        "fsmount": 432, "mount_setattr": 442, "shmget": 194, "msgget": 186, "semget": 190, "personality": 92},
        {"clone": 220, "clone3": 435, "memfd_create": 279}),
}
_LOAD, _EQUAL, _AT_LEAST, _AND_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


def _step(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)


def program(machine=None):
    """Return the filter for a machine.

    Parameters
    ----------
    machine : str, optional
        As `platform.machine` says it; the one this runs on, if left out.

    Returns
    -------
    bytes
        Instructions of eight bytes; empty for a machine whose numbers this module does not know.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        return b""
    convention, refused, special = _ARCHITECTURES[machine]
    steps = [_step(_LOAD, 4), _step(_EQUAL, convention, yes=1), _step(_RETURN, _KILL), _step(_LOAD, 0)]
    if machine == "x86_64":
        # The same calls by their 32-bit numbers.
        steps += [_step(_AT_LEAST, 0x40000000, no=1), _step(_RETURN, _ERROR | EPERM)]
    for number in refused.values():
        steps += [_step(_EQUAL, number, no=1), _step(_RETURN, _ERROR | EPERM)]
    # clone3 keeps its flags where a filter cannot look. The C library goes back to clone where there is none.
    for name in ("clone3", "memfd_create"):
        steps += [_step(_EQUAL, special[name], no=1), _step(_RETURN, _ERROR | ENOSYS)]
    steps += [_step(_EQUAL, special["clone"], no=3), _step(_LOAD, 16), _step(_AND_BITS, CLONE_NEW & ~0x80, no=1),
              _step(_RETURN, _ERROR | EPERM), _step(_RETURN, _ALLOW)]
    return b"".join(steps)
