"""A filter of system calls, as the bytes that Linux takes (seccomp in filter mode).

The namespaces of the sandbox decide what a process can see. This filter takes away the calls with which it could make new
namespaces and mounts of its own, use memory that no limit counts, leave word for other students at files that all can read, or
reach for parts of Linux that a notebook never needs. See `man 2 seccomp`; the numbers are those of Linux's own tables
(`man 2 syscalls`).
"""

import platform
import struct

EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
CLONE_NEW = 0x7E020000  # user, mount, pid, net, ipc, uts, cgroup: the flags of clone, unshare and setns for namespaces
_AF_UNIX, _AF_INET = 1, 2
_LOCKS, _LEASE_AND_NOTIFY = (6, 7, 37, 38), (1024, 1026)  # F_(OFD_)SETLK(W) of fcntl; F_SETLEASE, F_NOTIFY
_CONVENTIONS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# The number of each call in the order of the conventions; none where the machine has no such call.
_REFUSED = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "personality": (135, 92),
    "kcmp": (312, 272), "syslog": (103, 116), "setsid": (112, 157), "inotify_init": (253,), "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27), "fanotify_init": (300, 262), "fanotify_mark": (301, 263), "io_uring_setup": (425, 425),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsmount": (432, 432), "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442)}
_LOAD, _EQUAL, _AT_LEAST, _AND_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _CONVENTION, _FIRST, _SECOND = 0, 4, 16, 24  # where Linux puts what the filter looks at


def _step(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)


def _return(error):
    return _step(_RETURN, _ERROR | error)


def _when(values, answer):
    """Return steps that give an answer where what was loaded last is one of some values."""
    return b"".join(_step(_EQUAL, value, no=len(answer) // 8) + answer for value in values)


_PASS = _step(_RETURN, _ALLOW)
_SPECIAL = {
    # clone3 keeps its flags where a filter cannot look. The C library goes back to clone where there is none.
    "clone3": ((435, 435), _return(ENOSYS)),
    "memfd_create": ((319, 279), _return(ENOSYS)),
    "clone": ((56, 220), _step(_LOAD, _FIRST) + _step(_AND_BITS, CLONE_NEW, no=1) + _return(EPERM) + _PASS),
    # Locks are said to be taken, and none is: nobody else can write where they would guard, and the same file lies before all
    # students. Error 0 is success.
    "flock": ((73, 32), _return(0)),
    "fcntl": ((72, 25), _step(_LOAD, _SECOND) + _when(_LOCKS, _return(0)) + _when(_LEASE_AND_NOTIFY, _return(EPERM)) + _PASS),
    "socket": ((41, 198), _step(_LOAD, _FIRST) + _when((_AF_UNIX, _AF_INET), _PASS) + _return(EAFNOSUPPORT)),
}


def program(machine: str = platform.machine()) -> bytes:
    """Return the filter, in instructions of eight bytes; empty for a machine whose numbers this module does not know."""
    if machine not in _CONVENTIONS:
        return b""
    place, convention = list(_CONVENTIONS).index(machine), _CONVENTIONS[machine]
    steps = _step(_LOAD, _CONVENTION) + _step(_EQUAL, convention, yes=1) + _step(_RETURN, _KILL) + _step(_LOAD, _NUMBER)
    if machine == "x86_64":
        # The same calls by their 32-bit numbers.
        steps += _step(_AT_LEAST, 0x40000000, no=1) + _return(EPERM)
    for numbers, answer in (*((numbers, _return(EPERM)) for numbers in _REFUSED.values()), *_SPECIAL.values()):
        steps += _when(numbers[place:place + 1], answer)
    return steps + _PASS
