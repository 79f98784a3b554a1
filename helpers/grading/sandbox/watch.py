"""End sandboxes that take too much memory, where no cgroup counts for us; and in any case before the machine has none left."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

from helpers.grading.sandbox.confine import MEGABYTE

INTERVAL = 0.2
MOST_PROCESSES = 96
"""Processes of a sandbox that a look counts, so that no look takes long. A sandbox has fewer: see `confine.Limits`."""
RESERVE = 256 * MEGABYTE
"""When less of the machine's memory is free, the sandbox that has taken most of it is ended."""


def free_memory() -> int:
    """Return the bytes that this machine can still give."""
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable"))


def memory_of(pids: list[int]) -> int:
    """Return the bytes in memory of processes and all that they have started, files excepted.

    What a process shares with its parent counts for both: this is an upper estimate, and a cheap one.
    """
    waiting, total, page = list(pids), 0, os.sysconf("SC_PAGE_SIZE")
    for _ in range(MOST_PROCESSES):
        if not waiting:
            break
        pid = waiting.pop()
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{pid}/status") as file:
                sizes = dict(line.split(":", 1) for line in file if line.startswith("Rss"))
            total += sum(int(sizes[name].split()[0]) * 1024 for name in ("RssAnon", "RssShmem"))
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    waiting += map(int, file.read().split())
    return total


class Watch:
    """A thread that looks a few times a second, from a worker's start to its end.

    Parameters
    ----------
    counting : bool
        Whether to count each sandbox's memory: not needed where a cgroup does.
    free : callable
        Returns the bytes that are left.
    """

    def __init__(self, counting: bool, free: Callable[[], int] = free_memory):
        self._counting, self._free = counting, free
        self._watched: dict[int, tuple[list[int], int, Callable[[], None]]] = {}
        self._lock, self._stop, self._thread = threading.Lock(), threading.Event(), None

    def add(self, number: int, pids: list[int], memory: int, end: Callable[[], None]) -> None:
        """Watch the processes `pids` and what they start; call `end` when it takes more than `memory` bytes beyond today's."""
        with self._lock:
            self._watched[number] = pids, memory + memory_of(pids), end
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="memory watch")
                self._thread.start()

    def remove(self, number: int) -> bool:
        """Stop watching; return whether it has been ended for its memory."""
        with self._lock:
            return self._watched.pop(number, None) is None

    def _run(self):
        while not self._stop.wait(INTERVAL):
            with self._lock:
                watched = dict(self._watched)
            scarce = bool(watched) and self._free() < RESERVE
            if not (self._counting or scarce):
                continue
            taken = {number: memory_of(pids) for number, (pids, _, _) in watched.items()}
            over = {number for number in taken if taken[number] > watched[number][1]}
            # Whoever has most may be innocent: it is tried again when nobody else runs.
            over |= {max(taken, key=taken.get)} if scarce else set()
            for number in over:
                if not self.remove(number):
                    watched[number][2]()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
