"""End kernels that take too much memory together with all processes that they have started."""

from __future__ import annotations

import contextlib
import os
import threading
import time

import psutil

INTERVAL = 0.2


class Watch:
    """A thread that looks at all running kernels a few times a second.

    A limit of Linux on each process (`confine.set_limits`) stops one that asks for too much; this stops many that ask together.
    Pages that processes share are counted once (PSS), so that a kernel is not charged for the warm template it was forked from.
    """

    def __init__(self):
        self._kernels, self._lock, self._thread = {}, threading.Lock(), None
        self._stop = threading.Event()

    def add(self, kernel, memory, start):
        """Watch a kernel until `remove`: `memory` bytes beyond the `start` bytes that it had from its template."""
        with self._lock:
            self._kernels[kernel] = memory + start
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="memory watch")
                self._thread.start()

    def remove(self, kernel):
        """Forget a kernel; return whether it was ended for its memory."""
        with self._lock:
            return self._kernels.pop(kernel, None) is None

    def _run(self):
        while not self._stop.wait(INTERVAL):
            with self._lock:
                kernels = list(self._kernels.items())
            for kernel, most in kernels:
                if memory_of(kernel.processes, most) > most:
                    with self._lock:
                        if self._kernels.pop(kernel, None) is None:
                            continue
                    _end(kernel.processes)

    def close(self):
        """Stop looking."""
        self._stop.set()


# Linux can tell a process's children. Elsewhere, and in kernels built without it, psutil looks at all processes of the machine.
_TELLS_CHILDREN = os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def _children(pid):
    """Return the processes that a process has started."""
    found = []
    if not _TELLS_CHILDREN:
        with contextlib.suppress(psutil.NoSuchProcess):
            found = [child.pid for child in psutil.Process(pid).children()]
        return found
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found


def _tree(pids):
    """Yield processes and all their descendants."""
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        waiting += _children(pid)
        with contextlib.suppress(psutil.NoSuchProcess):
            yield psutil.Process(pid)


def memory_of(pids, enough=0):
    """Return the bytes that processes and all their descendants take.

    Parameters
    ----------
    pids : list of int
        Where to begin.
    enough : int
        A cheap upper estimate is returned as it is, if it stays below this.
    """
    processes, estimate, exact = list(_tree(pids)), 0, 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            estimate += process.memory_info().rss
    if estimate <= enough:
        return estimate
    for process in processes:
        try:
            exact += process.memory_full_info().pss
        except (psutil.AccessDenied, AttributeError):
            # Not ours to look at; or not Linux, which alone tells shared pages apart.
            with contextlib.suppress(psutil.Error):
                exact += process.memory_info().rss
        except psutil.Error:
            continue
    return exact


def _end(pids):
    for process in list(_tree(pids)):
        with contextlib.suppress(psutil.Error):
            process.kill()


def wait_for_end(pids, seconds=10):
    """Return whether all processes are gone within some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False
