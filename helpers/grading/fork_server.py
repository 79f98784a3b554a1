"""A warm process that forks a worker in a few hundredths of a second, each into a sandbox of its own.

    python -m helpers.grading.fork_server SOCKET SETTINGS

It imports what every worker needs, and never runs a student's code, a notebook's cell or anything else from outside. For each
worker it opens a sandbox with nothing in it but a sleeping `cat`, forks, and the child joins the namespaces of that sandbox, gives
up its rights (`confine`) and answers requests (`worker`). So a worker has what a new Python under bubblewrap would have, without
the seconds that importing takes: its own processes, files, network and users, none shared with this process or with another
worker.

Messages come through SOCKET, one line of JSON each: `start` (with two open files, the ends of the worker's pipes) and `end`. When
the other side is gone, all workers are ended. SETTINGS is JSON: `program` (bwrap, or null for no sandbox), `limits`, `modules`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

from helpers.grading.errors import SandboxError
from helpers.grading.sandbox import bubblewrap, cgroup, confine

LATE_MODULES = (
    "IPython.core.completer", "IPython.core.debugger", "IPython.core.magics.pylab", "IPython.core.oinspect",
    "IPython.core.pylabtools", "IPython.utils.module_paths", "asyncio.unix_events", "numpy.random", "pdb", "unittest.mock",
)
"""What IPython and NumPy import only when a cell asks for it, and what inside the sandbox would take its time again and again."""


@dataclasses.dataclass
class _Running:
    """One worker: its number, its sandbox, its group, and how it ended."""

    pid: int
    sandbox: subprocess.Popen | None
    group: cgroup.Group | None
    code: int | None = None

    def wait(self) -> bool:
        """Return whether it has ended."""
        if self.code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if ended else None
        return self.code is not None

    def kill(self) -> None:
        """End it and, with its sandbox, everything that it has started."""
        if self.sandbox:
            self.sandbox.kill()
            self.sandbox.stdin.close()
            self.sandbox.stdout.close()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def gone(self) -> bool:
        """Take leave of its processes, and return whether nothing is left of it."""
        return bool(self.wait() and (not self.sandbox or self.sandbox.poll() is not None)
                    and (not self.group or self.group.remove()))


class Server:
    """Starts and ends workers.

    Parameters
    ----------
    program : str or None
        Bubblewrap, or None for no sandbox.
    limits : confine.Limits
        What each worker may take.
    shell : worker.Shell
        What workers begin with.
    """

    def __init__(self, program, limits, shell):
        self._program, self._limits, self._shell = program, limits, shell
        self.groups = cgroup.open_groups() if program else None
        self._running: dict[int, _Running] = {}
        self._ending: list[_Running] = []

    def start(self, descriptors):
        """Start a worker on the ends of two pipes, and return what the grader needs to watch it."""
        group = sandbox = None
        pids = []
        try:
            if self._program:
                group = self.groups.new(self._limits) if self.groups else None
                sandbox, pids = bubblewrap.open_sandbox(self._program, self._limits)
                for pid in pids if group else ():
                    group.add(pid)
            pid = self._fork(descriptors, group, pids[:1])
        except BaseException:
            if sandbox:
                sandbox.kill()
                sandbox.wait()
            if group:
                group.remove()
            raise
        self._running[pid] = _Running(pid, sandbox, group)
        return {"pid": pid, "sandbox": pids[:1]}

    def _fork(self, descriptors, group, first):
        """Fork a process that joins group and sandbox and forks the worker, because only its children are inside; return that."""
        said, say = os.pipe()
        middle = os.fork()
        if middle == 0:
            try:
                confine.keep_only([*descriptors, say])
                if group:
                    group.add(os.getpid())
                if first:
                    confine.enter(first[0])
                pid = os.fork()
                if pid == 0:
                    os.close(say)
                    self._become_worker(*descriptors)
                os.write(say, str(pid).encode())
            except BaseException as error:
                os.write(say, f"{type(error).__name__}: {error}".encode())
            finally:
                os._exit(0)
        os.close(say)
        with open(said) as file:
            answer = file.read()
        os.waitpid(middle, 0)
        if not answer.isdecimal():
            raise SandboxError(f"a worker could not enter its sandbox: {answer}")
        return int(answer)

    def _become_worker(self, requests, replies):
        """Confine this process, and answer requests until there are no more."""
        from helpers.grading import worker

        try:
            os.setsid()
            os.nice(5)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            os.chdir(bubblewrap.SCRATCH)
            if self._program:
                os.environ.clear()
            os.environ.update(bubblewrap.environment())
            if self._program:
                confine.confine(self._limits)
        except BaseException as error:
            with open(replies, "wb", buffering=0) as out:
                worker.send(out, {"failed": f"{type(error).__name__}: {error}"})
            os._exit(70)
        with contextlib.suppress(BaseException):
            worker.serve(requests, replies, self._shell)
        os._exit(0)

    def end(self, pid):
        """End a worker, and return how it had ended before: the code, and whether its group had run out of memory."""
        one = self._running.pop(pid)
        one.wait()
        said = {"code": one.code, "memory": bool(one.group and one.group.ran_out())}
        one.kill()
        self._ending.append(one)
        return said

    def reap(self):
        """Take leave of what has ended; return whether anything is left that ends."""
        self._ending = [one for one in self._ending if not one.gone()]
        return bool(self._ending)

    def serve(self, channel):
        """Answer messages until the other side closes."""
        while True:
            # Letting go of TensorFlow's memory takes longer than a fork does, and nobody has to wait for it.
            while self.reap() and not select.select([channel], [], [], 0.05)[0]:
                pass
            message, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 2)
            if not message:
                return
            request = json.loads(message)
            try:
                answer = self.start(descriptors) if request["do"] == "start" else self.end(request["pid"])
            except (OSError, SandboxError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            channel.sendall(json.dumps(answer).encode() + b"\n")

    def close(self):
        """End everything."""
        for pid in list(self._running):
            self.end(pid)
        deadline = time.monotonic() + 10
        while self.reap() and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.groups:
            self.groups.remove()


def warm(modules):
    """Import what workers need, and return the shell that they begin with.

    Parameters
    ----------
    modules : sequence of str
        What the cells will import.
    """
    # Imports make much and drop little: the garbage collector would look again and again for what is not there.
    gc.disable()
    from helpers.grading import worker

    for name in modules:
        importlib.import_module(name)
    for name in LATE_MODULES:
        # Which of them there are differs between versions.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    shell = worker.new_shell()
    gc.collect()
    # What is here now is never looked at by the garbage collector again, so that children go on sharing it.
    gc.freeze()
    gc.enable()
    return shell


def main():
    """Import, say ready, serve."""
    channel, settings = socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2])
    try:
        shell = warm(settings["modules"])
    except ImportError as error:
        channel.sendall(json.dumps({"error": f"{type(error).__name__}: {error}"}).encode() + b"\n")
        return
    if sys.platform == "linux":
        confine.adopt_orphans()
    server = Server(settings["program"], confine.Limits(**settings["limits"]), shell)
    channel.sendall(json.dumps({"cgroup": server.groups.version if server.groups else 0}).encode() + b"\n")
    try:
        server.serve(channel)
    finally:
        server.close()


if __name__ == "__main__":
    main()
