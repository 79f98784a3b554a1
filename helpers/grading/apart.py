"""Take a student's file apart in a process of its own, because parsing has no limits: a few hundred letters can take an hour."""

import multiprocessing
import sys
from collections.abc import Callable
from typing import Any

from helpers.grading.records import SubmissionError
from helpers.grading.sandbox.confine import MEGABYTE, Limits, set_limits

LIMITS = Limits(memory=1024 * MEGABYTE, seconds=20, files=1024)  # of which the grader may have many open


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what some work gives, or raise what it raises, but SubmissionError where it takes more time or memory than it may.

    It is done in a fork of this process, and no student's code may run in it. Only Linux knows the limits.
    """
    if sys.platform != "linux":  # where nothing is graded but what is trusted
        return work(*arguments)
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_tell, args=(ours, theirs, work, arguments))
    process.start()
    theirs.close()
    try:
        came = ours.recv()
    except (EOFError, OSError):
        raise SubmissionError(f"its code takes more than {LIMITS.seconds} seconds or {LIMITS.memory // MEGABYTE} MB to be read, "
                              "as none does that was written by hand") from None
    finally:
        ours.close()
        process.kill()  # who is interrupted does not wait for it
        process.join()
        process.close()
    if isinstance(came, Exception):
        raise came
    return came


def _tell(ours, theirs, work, arguments):
    ours.close()  # or it would not end when there is nobody left to read
    set_limits(LIMITS)
    try:
        theirs.send(work(*arguments))
    except (MemoryError, KeyboardInterrupt, BrokenPipeError):
        return
    except Exception as error:
        theirs.send(error)
