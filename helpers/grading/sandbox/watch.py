"""See how much memory a sandbox takes, where no cgroup counts for us, and how much the machine has left in any case."""

from __future__ import annotations

import contextlib
import os

import psutil

from helpers.grading.sandbox.cgroup import Group
from helpers.grading.sandbox.confine import MEGABYTE, Limits

MOST_PROCESSES = 96
"""Processes that a look counts, so that no look takes long. A sandbox has fewer: see `confine.Limits`."""
RESERVE = 256 * MEGABYTE
"""When less of the machine's memory is free, sandboxes that have taken as much themselves are ended."""


def free_memory() -> int:
    """Return the bytes that this machine can still give."""
    return psutil.virtual_memory().available


def memory_taken(start: int = 0) -> int:
    """Return the bytes of all processes in the sandbox joined, files excepted, and for each without the first `start` bytes."""
    total = 0
    for pid in [name for name in os.listdir("/proc") if name.isdigit()][:MOST_PROCESSES]:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status") as file:
            sizes = [int(line.split()[1]) * 1024 for line in file if line.startswith(("RssAnon", "RssShmem"))]
            total += max(0, sum(sizes) - start)
    return total


def took_too_much(limits: Limits, start: int, group: Group | None) -> bool:
    """Return whether the sandbox joined is to be ended: by its own limit, or because the machine runs short."""
    short = free_memory() < RESERVE
    if group and not short:
        return group.ran_out()
    return memory_taken(start) > (RESERVE if short else limits.memory)
