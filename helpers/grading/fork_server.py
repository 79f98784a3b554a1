"""A warm process that forks a worker in a few hundredths of a second, each into a sandbox of its own.

    python -m helpers.grading.fork_server SOCKET SETTINGS

It imports what every worker needs, and never runs a student's code. For each message, which brings the ends of two pipes and of
a socket, it forks a supervisor. That opens a sandbox with nothing in it but a sleeping `cat`, joins its namespaces, and forks the
worker, which gives up its rights (`confine`) and answers requests through the pipes (`worker`). The supervisor ends it if memory
is used up or the socket closed, and tells there how it ended. SETTINGS is JSON: `program` (bwrap or null), `limits`, `imports`.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile

from helpers.grading import worker
from helpers.grading.records import DEAD, MEMORY
from helpers.grading.sandbox import bubblewrap, cgroup, confine

INTERVAL = 0.2  # seconds between two looks at the memory


def _supervise(program, limits, shell, requests, replies, control):
    """Start a worker in a sandbox, wait for its end or the grader's word, say how it ended, and leave nothing behind."""
    with contextlib.ExitStack() as stack:
        try:
            group = cgroup.Group(limits if program else None)
            stack.callback(group.remove)
            if program:
                pids = stack.enter_context(bubblewrap.open_sandbox(program, limits))
                confine.enter(pids[0])
                group.add(*pids)
            pid = os.fork() or _become_worker(program, limits, shell, requests, replies, group)
            os.close(requests)
            os.close(replies)
            said = _wait(pid, control, limits, program, group)
        except BaseException as error:
            said = "lost", f"{type(error).__name__}: {error}"
        with contextlib.suppress(OSError):  # if the grader still listens
            os.write(control, json.dumps(said).encode())


def _become_worker(program, limits, shell, requests, replies, group):
    """Confine this process, and answer requests until there are no more."""
    try:
        # By itself, before it runs anything: what it started sooner would be outside.
        group.add(0)
        confine.keep_only([requests, replies])
        os.setsid()
        os.nice(5)
        if program:
            os.environ.clear()
            os.environ.update(bubblewrap.ENVIRONMENT)
            tempfile.tempdir = None  # what was imported may have asked for the folder of this process
            confine.confine(limits)
        os.chdir(bubblewrap.SCRATCH)
        worker.serve(requests, replies, shell)
    except BaseException as error:
        worker.send(replies, {"number": 0, "status": "error", "detail": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(70)


def _wait(pid, control, limits, program, group):
    """Return the status and the reason of a worker's end, both empty where it was alive when the grader had enough of it."""
    watched = [control, *([os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else [])]
    start = cgroup.memory_taken() if program else 0
    while True:
        told = control in select.select(watched, [], [], INTERVAL)[0]
        if program and group.took_too_much(limits.memory, start):
            return MEMORY, f"took more than {limits.memory // confine.MEGABYTE} MB of memory"
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return DEAD, f"the worker was ended by signal {-code}" if code < 0 else f"the worker ended itself with code {code}"
        if told:
            if not program:
                os.killpg(pid, signal.SIGKILL)
            return "", ""


def main():
    """Import, say ready, fork."""
    channel, settings = socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2])
    # Imports make much and drop little: the garbage collector would look again and again for what is not there.
    gc.disable()
    exec("\n".join(settings["imports"]), {})
    shell, program, limits = worker.new_shell(), settings["program"], confine.Limits(**settings["limits"])
    gc.collect()
    # What is here now is never looked at by the garbage collector again, so that children go on sharing it.
    gc.freeze()
    gc.enable()
    if program:
        cgroup.prepare()
    channel.sendall(b"ready")
    # Nobody has to wait for supervisors.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while descriptors := socket.recv_fds(channel, 1, 3)[1]:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            confine.keep_only(descriptors)
            try:
                _supervise(program, limits, shell, *descriptors)
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


if __name__ == "__main__":
    main()
