"""Groups of processes whose memory, number and processor share Linux itself bounds.

With version 1 root makes a group below each controller's own folder; with version 2 a service of systemd hands a part of the tree
to whoever asks (`systemd-run --user --scope`). A group counts what limits on single processes and a watch cannot see: shared
memory, files in memory, socket buffers. See https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from helpers.grading.sandbox.confine import MEGABYTE, Limits

TREE = Path("/sys/fs/cgroup")
NAME = "course-grading"
COPIED = 384 * MEGABYTE
"""What a worker may copy of the memory that it shares with its warm parent, just by running."""
CORES = 2
"""Processor cores that one sandbox may keep busy."""
_DELEGATED = ["systemd-run", "--user", "--scope", "--quiet", "--collect", "--property=Delegate=yes"]


def _settings(limits: Limits) -> dict[int, dict[str, dict[str, object]]]:
    """Return, for both versions, what to write into which file below which controller's folder; "" is the only one of version 2."""
    memory = limits.memory + COPIED
    return {
        1: {"memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory,
                       "memory.kmem.tcp.limit_in_bytes": 16 * MEGABYTE},
            "pids": {"pids.max": limits.processes + 8}, "cpu": {"cpu.shares": 512, "cpu.cfs_quota_us": CORES * 100_000}},
        2: {"": {"memory.max": memory, "memory.swap.max": 0, "pids.max": limits.processes + 8, "cpu.weight": 50,
                 "cpu.max": f"{CORES * 100_000} 100000"}},
    }


_OPTIONAL = ("memory.memsw.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes", "memory.swap.max")
"""Linux can be built or started without these."""


class Group:
    """The group of one sandbox.

    Parameters
    ----------
    places : dict of str to Path
        Its folder below each controller, or with version 2 its only folder, below ""; made here.
    limits : Limits
        What all its processes together may take.
    version : int
        Of cgroup.

    Raises
    ------
    OSError
        Where Linux does not allow it.
    """

    def __init__(self, places: dict[str, Path], limits: Limits, version: int):
        self._places, self._version = places, version
        for controller, files in _settings(limits)[version].items():
            places[controller].mkdir()
            for name, value in files.items():
                with contextlib.suppress(*([OSError] if name in _OPTIONAL else [])):
                    (places[controller] / name).write_text(str(value))

    def add(self, pid: int) -> None:
        """Put a process into the group; its children will be born there."""
        for place in self._places.values():
            (place / "cgroup.procs").write_text(str(pid))

    def ran_out(self) -> bool:
        """Return whether Linux has ended a process of the group because its memory was used up."""
        name = "memory.events" if self._version == 2 else "memory/memory.oom_control"
        controller, _, name = name.rpartition("/")
        with contextlib.suppress(OSError):
            return bool(re.search(r"^oom_kill [1-9]", (self._places[controller] / name).read_text(), re.MULTILINE))
        return False

    def remove(self) -> bool:
        """Remove the group; return whether it is gone, which it is not while a process of it ends."""
        for place in self._places.values():
            with contextlib.suppress(OSError):
                place.rmdir()
        return not any(place.exists() for place in self._places.values())


class Groups:
    """All groups of one grading process.

    Parameters
    ----------
    version : int
        Of cgroup.
    roots : dict of str to Path
        By controller, the folder below which each group is made.
    """

    def __init__(self, version: int, roots: dict[str, Path]):
        self.version, self._roots, self._numbers = version, roots, itertools.count()

    def new(self, limits: Limits) -> Group:
        """Make the group of one sandbox; raises OSError where Linux does not allow it."""
        name = str(next(self._numbers))
        return Group({controller: root / name for controller, root in self._roots.items()}, limits, self.version)

    def remove(self, seconds: float = 5) -> None:
        """Remove what is left of all groups, and wait a little for processes that are ending."""
        deadline = time.monotonic() + seconds
        for root in self._roots.values():
            while (left := list(root.glob("[0-9]*"))) and time.monotonic() < deadline:
                for place in left:
                    with contextlib.suppress(OSError):
                        place.rmdir()
                time.sleep(0.01)
            if self.version == 1:
                with contextlib.suppress(OSError):
                    root.rmdir()


def open_groups() -> Groups | None:
    """Make the place for groups of this process: version 1 as root, or version 2 in a subtree that is ours; None if there is none."""
    with contextlib.suppress(OSError):
        if (TREE / "memory").is_dir():
            roots = {controller: TREE / controller / f"{NAME}-{os.getpid()}" for controller in ("memory", "pids", "cpu")}
            _clear()
            for root in roots.values():
                root.mkdir()
            return _tried(Groups(1, roots))
        own = TREE / Path("/proc/self/cgroup").read_text().strip().rpartition("::/")[2]
        # A group that has children with limits has no processes itself.
        (own / "server").mkdir(exist_ok=True)
        (own / "server" / "cgroup.procs").write_text(str(os.getpid()))
        (own / "cgroup.subtree_control").write_text("+memory +pids +cpu")
        return _tried(Groups(2, {"": own}))
    return None


def _tried(groups):
    """Return the groups if one can be made."""
    try:
        groups.new(Limits()).remove()
    except OSError:
        groups.remove()
        raise
    return groups


def _clear():
    """Remove the places of processes that are no more."""
    for place in TREE.glob(f"*/{NAME}-*"):
        if not Path("/proc", place.name.rpartition("-")[2]).exists():
            Groups(1, {"": place}).remove(0.1)


@functools.cache
def command() -> list[str]:
    """Return what must stand before a command so that it has a subtree of its own, where version 2 can give one."""
    if (TREE / "memory").is_dir() or not shutil.which(_DELEGATED[0]):
        return []
    for words in (_DELEGATED, [word for word in _DELEGATED if word != "--user"]):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if subprocess.run([*words, "true"], capture_output=True, timeout=20).returncode == 0:
                return words
    return []
