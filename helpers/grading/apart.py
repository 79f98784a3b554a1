"""Take a student's file apart in a process of its own, because parsing has no limits: a few hundred letters can take an hour."""

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

from helpers.grading.records import SubmissionError

MOST_SECONDS = 20  # of processor time
MOST_MEMORY = 2**30  # bytes beyond what the grader has


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """Return what some work gives, or raise what it raises, but SubmissionError where it takes more time or memory than it may.

    It is done in a fork of this process, and no student's code may run in it.
    """
    if not hasattr(os, "fork"):  # Windows, where nothing is graded but what is trusted
        return work(*arguments)
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(ours)
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if sys.platform == "linux":
                with open("/proc/self/statm") as file:
                    most = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + MOST_MEMORY
                resource.setrlimit(resource.RLIMIT_AS, (most, most))
            try:
                came = work(*arguments)
            except MemoryError:
                return None
            except Exception as error:
                came = error
            with open(theirs, "wb") as file:
                pickle.dump(came, file)
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file:
        said = file.read()
    os.waitpid(pid, 0)
    if not said:
        raise SubmissionError(f"its code takes more than {MOST_SECONDS} seconds or {MOST_MEMORY // 2**20} MB to be read, "
                              "as none does that was written by hand")
    came = pickle.loads(said)
    if isinstance(came, Exception):
        raise came
    return came
