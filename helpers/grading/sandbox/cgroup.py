"""Bound the memory, number and processor share of all processes of a sandbox together; see how much memory it has taken.

With version 1 root makes a group below each controller's own folder; with version 2 systemd hands a part of the tree to whoever
asks (`systemd-run --user --scope`). A group counts what limits on single processes and a look at them cannot see: shared memory,
files in memory, socket buffers. Where there is none, a look has to do. See https://docs.kernel.org/admin-guide/cgroup-v2.html.
"""

import contextlib
import functools
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import psutil

from helpers.grading.sandbox.confine import MEGABYTE, Limits

TREE = Path("/sys/fs/cgroup")
NAME = "course-grading-"
COPIED = 384 * MEGABYTE  # what a worker may copy of the memory that it shares with its warm parent, just by running
CORES = 2  # processor cores that one sandbox may keep busy
MOST_PROCESSES = 96  # that a look counts, so that none takes long; a sandbox has fewer: see `confine.Limits`
RESERVE = 256 * MEGABYTE  # when less of the machine's memory is free, sandboxes that have taken as much themselves are ended
_DELEGATED = ["systemd-run", "--user", "--scope", "--quiet", "--collect", "--property=Delegate=yes"]
_OPTIONAL = ("memory.memsw.limit_in_bytes", "memory.kmem.tcp.limit_in_bytes", "memory.swap.max")  # not in every Linux


def _settings(limits):
    """Return by folder what to write into which file: version 1 has a folder for each controller, version 2 one."""
    memory, processes, period = limits.memory + COPIED, limits.processes + 8, 100_000
    if (TREE / "memory").is_dir():
        return {TREE / "memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory,
                                  "memory.kmem.tcp.limit_in_bytes": 16 * MEGABYTE},
                TREE / "pids": {"pids.max": processes}, TREE / "cpu": {"cpu.cfs_quota_us": CORES * period}}
    own = Path("/proc/self/cgroup").read_text().strip().rpartition("::/")[2].removesuffix("/server")
    return {TREE / own: {"memory.max": memory, "memory.swap.max": 0, "pids.max": processes,
                         "cpu.max": f"{CORES * period} {period}"}}


class Group:
    """A group named after this process, also where that sees other files by now; it `bounds` nothing where it may not be made."""

    def __init__(self, limits: Limits | None):
        self._name, self._opened = f"{NAME}{os.getpid()}", []
        try:
            for folder, files in (_settings(limits) if limits else {}).items():
                place = folder / self._name
                place.mkdir()
                self._opened.append((os.open(folder, os.O_RDONLY), os.open(place / "cgroup.procs", os.O_WRONLY)))
                for name, value in files.items():
                    with contextlib.suppress(*([OSError] if name in _OPTIONAL else [])):
                        (place / name).write_text(str(value))
                for events in filter(Path.exists, (place / "memory.oom_control", place / "memory.events")):
                    self._events = os.open(events, os.O_RDONLY)
        except OSError:
            self.remove()
            self._opened = []
        self.bounds = bool(self._opened)

    def add(self, *pids: int) -> None:
        """Put processes into the group, 0 for the one that asks; their children will be born there."""
        for pid in pids:
            for _, processes in self._opened:
                os.write(processes, str(pid).encode())

    def took_too_much(self, memory: int, start: int) -> bool:
        """Return whether the sandbox joined is to be ended: it took so many bytes beyond `start`, or the machine runs short."""
        short = psutil.virtual_memory().available < RESERVE
        if self.bounds and re.search(rb"^oom_kill [1-9]", os.pread(self._events, 4096, 0), re.MULTILINE):
            return True
        return (short or not self.bounds) and memory_taken(start) > (RESERVE if short else memory)

    def remove(self) -> None:
        """Remove the group, and wait five seconds at most for processes of it that are ending."""
        for parent, _ in self._opened:
            for _ in range(500):
                with contextlib.suppress(OSError):
                    os.rmdir(self._name, dir_fd=parent)
                    break
                time.sleep(0.01)


@functools.cache
def command() -> list[str]:
    """Return what must stand before a command so that it gets a subtree of its own, where version 2 can give one."""
    if not (TREE / "memory").is_dir() and shutil.which(_DELEGATED[0]):
        for words in (_DELEGATED, [word for word in _DELEGATED if word != "--user"]):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                if subprocess.run([*words, "true"], capture_output=True, timeout=20).returncode == 0:
                    return words
    return []


def prepare() -> int:
    """Make this process ready to have groups; return the version of cgroup that it can use, or 0."""
    version = 1 if (TREE / "memory").is_dir() else 2
    # Of runs that were killed together with all their processes; another run may clear them, too.
    for place in TREE.glob(f"*/{NAME}*") if version == 1 else ():
        if not Path("/proc", place.name.removeprefix(NAME)).exists():
            with contextlib.suppress(OSError):
                place.rmdir()
    with contextlib.suppress(OSError):
        if version == 2:
            # A group that has children with limits has no processes itself.
            own = next(iter(_settings(Limits())))
            (own / "server").mkdir(exist_ok=True)
            (own / "server" / "cgroup.procs").write_text(str(os.getpid()))
            (own / "cgroup.subtree_control").write_text("+memory +pids +cpu")
        group = Group(Limits())
        group.remove()
        return version if group.bounds else 0
    return 0


def memory_taken(start: int = 0) -> int:
    """Return the bytes of all processes in the sandbox joined, files excepted, and for each without the first `start` bytes."""
    total = 0
    for pid in [name for name in os.listdir("/proc") if name.isdigit()][:MOST_PROCESSES]:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as file:
            sizes = [int(line.split()[1]) * 1024 for line in file if line.startswith(("RssAnon", "RssShmem"))]
            total += max(0, sum(sizes) - start)
    return total
