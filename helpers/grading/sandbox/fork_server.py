"""A warm process that forks a kernel in a few hundredths of a second, each into a sandbox of its own.

    python -m helpers.grading.sandbox.fork_server SOCKET MODULE...

It imports what every kernel needs and the MODULES, and never runs a student's code, a notebook's cell or anything else from
outside. For each kernel it starts a bubblewrap with nothing in it but a sleeping `cat`, forks, and the child joins the namespaces
of that sandbox, gives up its rights (`confine`) and becomes ipykernel. So a kernel has what a new Python under bubblewrap would
have, without the seconds that importing takes: its own processes, files, network and users, none shared with this process or with
another kernel.

Messages come through SOCKET, one JSON object each: `start` (with four listening sockets and the writing end of a pipe, which
tells whoever holds the other end how the kernel ended) and `kill`. When the other side is gone, all kernels are ended.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys

from helpers.grading.errors import SandboxError
from helpers.grading.sandbox import bubblewrap, confine

LARGEST_MESSAGE = 1 << 16
LATE_MODULES = (
    "ipykernel.debugger",
    "ipykernel.subshell_manager",
    "IPython.core.debugger",
    "IPython.core.debugger_backport",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.core.magics.pylab",
    "IPython.extensions.storemagic",
    "IPython.lib.backgroundjobs",
    "IPython.utils.module_paths",
    "matplotlib_inline.config",
    "numpy.random",
    "sqlite3",
    "pdb",
    "comm",
    "ipykernel.pylab.backend_inline",
    "pygments.lexers.python",
    "pygments.formatters.terminal256",
    "pygments.styles.default",
    "asyncio.unix_events",
    "tornado.platform.asyncio",
    "psutil",
)
"""What IPython and ipykernel import when a kernel starts or runs its first cell, half of the time that this takes."""
_sandboxes, _ending = {}, []


def open_sandbox(limits):
    """Start bubblewrap around a sleeping process; return it and the number of the sandbox's first process."""
    beginning = bubblewrap.Beginning()
    command = [bubblewrap_program(), *beginning.options, *bubblewrap.options(limits), "--cap-drop", "ALL", "--", "/usr/bin/cat"]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=beginning.descriptors, env={}, cwd="/"
        )
        try:
            pid = beginning.finish(limits)
            # An echo: the sandbox is whole, and its own program runs.
            process.stdin.write(b"x")
            process.stdin.flush()
            if process.stdout.read(1) != b"x":
                raise SandboxError("bubblewrap ended before its sandbox was ready")
            # Once more: now the sleeping process is there as well.
            confine.limit_others(pid, limits.as_dict())
        except BaseException:
            process.kill()
            process.wait()
            raise
    finally:
        beginning.close()
    return process, pid


def bubblewrap_program():
    """Return the path of bwrap as whoever started this process found it."""
    return os.environ["SANDBOX_PROGRAM"]


def _become_kernel(connection, limits, pipe):
    """Inside: confine this process, and run. The pipe is closed before the first message, and so before any student's code."""
    from helpers.grading.sandbox import launch

    os.setsid()
    os.chdir(bubblewrap.SCRATCH)
    os.nice(5)
    os.environ.clear()
    os.environ.update(bubblewrap.environment())
    confine.confine(limits)
    launch.run(connection, before=lambda: os.close(pipe))


def _fork_kernel(pid, request, descriptors):
    """Fork a supervisor, which joins the sandbox, forks the kernel, waits for it and writes how it ended into the pipe."""
    supervisor = os.fork()
    if supervisor:
        return supervisor
    code = 70
    try:
        pipe = descriptors[-1]
        nothing = os.open("/dev/null", os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        confine.close_files(keep=descriptors)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        confine.enter(pid)
        child = os.fork()
        if child == 0:
            connection = {**request["connection"], "descriptors": dict(zip("1234", descriptors))}
            _become_kernel(connection, request["limits"], pipe)
            os._exit(0)
        confine.close_files(keep=[pipe])
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(pipe, (json.dumps({"ended": status}) + "\n").encode())
        code = 0
    except BaseException as error:
        os.write(pipe, (json.dumps({"failed": f"{type(error).__name__}: {error}"}) + "\n").encode())
    finally:
        os._exit(code)


def start(request, descriptors):
    """Start one kernel and return what the grader needs to watch it."""
    limits = bubblewrap.Limits(**request["sandbox"])
    request["limits"] = limits.as_dict()
    process, pid = open_sandbox(limits)
    supervisor = _fork_kernel(pid, request, descriptors)
    _sandboxes[request["id"]] = (process, supervisor)
    return {"sandbox": process.pid, "supervisor": supervisor}


def kill(identity):
    """End a kernel and everything it has started. The end of the sandbox's first process is the end of all in it."""
    process, supervisor = _sandboxes.pop(identity)
    process.kill()
    for stream in (process.stdin, process.stdout):
        stream.close()
    _ending.append((process, supervisor))


def reap(flags=os.WNOHANG):
    """Take leave of the processes of ended kernels; unless told otherwise, of those that are gone already.

    Letting go of TensorFlow's memory takes longer than a fork does, and nobody has to wait for it.
    """
    for process, supervisor in list(_ending):
        if process.poll() is None and flags:
            continue
        process.wait()
        if os.waitpid(supervisor, flags)[0]:
            _ending.remove((process, supervisor))


def serve(channel):
    """Answer messages until the other side closes."""
    while True:
        while _ending and not select.select([channel], [], [], 0.05)[0]:
            reap()
        message, ancillary, _, _ = channel.recvmsg(LARGEST_MESSAGE, socket.CMSG_SPACE(8 * 4))
        if not message:
            return
        descriptors = array.array("i")
        for _, _, data in ancillary:
            descriptors.frombytes(data)
        request = json.loads(message)
        try:
            answer = start(request, list(descriptors)) if request["do"] == "start" else kill(request["id"])
        except (OSError, SandboxError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        channel.send(json.dumps(answer or {"ended": request["id"]}).encode())


def warm(modules):
    """Import what kernels need.

    Parameters
    ----------
    modules : sequence of str
        What the cells will import.
    """
    # Imports make much and drop little: the garbage collector would look again and again for what is not there.
    gc.disable()
    from helpers.grading.sandbox import launch  # noqa: F401

    for name in modules:
        importlib.import_module(name)
    for name in LATE_MODULES:
        # Which of them there are differs between versions of IPython.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    # What is here now is never looked at by the garbage collector again, so that children go on sharing it.
    gc.freeze()
    gc.enable()


def main():
    """Import, say ready, serve."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    try:
        warm(sys.argv[2:])
    except ImportError as error:
        channel.send(json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        return
    channel.send(b'{"ready": true}')
    try:
        serve(channel)
    finally:
        for identity in list(_sandboxes):
            kill(identity)
        reap(flags=0)


if __name__ == "__main__":
    main()
