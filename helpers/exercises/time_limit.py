"""Ends a call that does not come back: for functions that students wrote, whose loops may have no end.

Works where the operating system has interval timers (not on Windows) and in the main thread, where notebooks run their cells.
Elsewhere the call runs as long as it runs, and Jupyter's stop button ends it.

Python 3.10 looks for signals neither before a ``try`` nor in arithmetic. A loop that holds only these, without a call, is ended
by nothing there but a restart of the kernel; from 3.11 on it ends like any other.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

__all__ = ["TooLong", "at_most"]


class TooLong(BaseException):
    """Raised in a call that took too long. Not an `Exception`, so that ``except Exception`` in the call does not swallow it."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the block when it takes longer, again and again: a bare ``except`` inside a loop does not win."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    waiting = True

    def ring(number, frame):
        if waiting:
            raise TooLong(f"it did not come back within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        try:
            waiting = False
        finally:  # also when it rang in this very moment
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
