"""See how much memory a sandbox takes, where no cgroup counts for us, and how much the machine has left in any case."""

from __future__ import annotations

import contextlib
import os

from helpers.grading.sandbox.confine import MEGABYTE

MOST_PROCESSES = 96
"""Processes of a sandbox that a look counts, so that no look takes long. A sandbox has fewer: see `confine.Limits`."""
RESERVE = 256 * MEGABYTE
"""When less of the machine's memory is free, sandboxes that have taken as much themselves are ended."""


class Watch:
    """Eyes on this machine's processes, which stay open when this process joins a sandbox that has other files."""

    def __init__(self):
        self._proc = os.open("/proc", os.O_RDONLY)

    def _open(self, path):
        return open(path, opener=lambda name, flags: os.open(name, flags, dir_fd=self._proc))

    def _tasks(self, pid):
        folder = os.open(f"{pid}/task", os.O_RDONLY, dir_fd=self._proc)
        try:
            return os.listdir(folder)[:MOST_PROCESSES]
        finally:
            os.close(folder)

    def free_memory(self) -> int:
        """Return the bytes that this machine can still give."""
        with self._open("meminfo") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))

    def memory_of(self, pids: list[int], start: int = 0) -> int:
        """Return the bytes in memory of processes and all that they have started, files excepted.

        What a process shares with its parent counts for both: this is a cheap estimate.

        Parameters
        ----------
        pids : list of int
            Where to begin.
        start : int
            Bytes that each process has of the warm process, which do not count.
        """
        waiting, total = list(pids), 0
        for _ in range(MOST_PROCESSES):
            if not waiting:
                break
            pid = waiting.pop()
            with contextlib.suppress(OSError, ValueError):
                with self._open(f"{pid}/status") as file:
                    sizes = [int(line.split()[1]) * 1024 for line in file if line.startswith(("RssAnon", "RssShmem"))]
                total += max(0, sum(sizes) - start)
                for task in self._tasks(pid):
                    with self._open(f"{pid}/task/{task}/children") as file:
                        waiting += map(int, file.read().split())
        return total
