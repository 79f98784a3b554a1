"""The grader's side of a warm template: start it, ask it for kernels, end them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import uuid

from helpers.grading.errors import GradingError, SandboxError
from helpers.grading.sandbox import bubblewrap

PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5}


def listening_sockets(prefix, ports):
    """Open a listening Unix socket for each port, where ZeroMQ looks for it.

    Parameters
    ----------
    prefix : str
        The start of the path; at most about 100 characters, a limit of Linux.
    ports : iterable of int
        What the path ends with.

    Returns
    -------
    dict of int to socket.socket
        Not blocking, as ZeroMQ wants them.
    """
    opened = {}
    for port in ports:
        opened[port] = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        opened[port].bind(f"{prefix}-{port}")
        opened[port].listen(16)
    return opened


class WarmKernel:
    """A kernel forked from a template.

    Parameters
    ----------
    template : Template
        Where it comes from.
    limits : bubblewrap.Limits
        What it may take.
    """

    def __init__(self, template, limits):
        self._template, self.identity = template, uuid.uuid4().hex
        self._folder = tempfile.mkdtemp(prefix="kernel-")
        self._end = None
        prefix = os.path.join(self._folder, "k")
        self.connection = {"transport": "ipc", "ip": prefix, "key": uuid.uuid4().hex, "signature_scheme": "hmac-sha256", **PORTS}
        try:
            sockets = listening_sockets(prefix, list(PORTS.values())[:4])
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise GradingError(
                f"no socket can be opened at {prefix} ({error}): set TMPDIR to a folder with a shorter path"
            ) from error
        self._read, write = os.pipe()
        try:
            answer = template.ask({"do": "start", "id": self.identity, "sandbox": vars(limits), "connection": self.connection},
                                  [one.fileno() for one in sockets.values()] + [write])
        except BaseException:
            os.close(self._read)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        finally:
            os.close(write)
            for one in sockets.values():
                one.close()
        self.processes = [answer["sandbox"], answer["supervisor"]]

    def ended(self):
        """Return the code it ended with, a signal as a negative number, or None while it runs.

        Raises
        ------
        SandboxError
            When it could not enter its sandbox, or was lost together with its template.
        """
        if self._end is None and select.select([self._read], [], [], 0)[0]:
            said = os.read(self._read, 4096)
            self._end = json.loads(said.splitlines()[0]) if said else {"ended": -9}
            if self._end.get("ended") == -9 and self._template.gone():
                self._end = {"failed": "the template of the kernels was ended, perhaps for want of memory"}
        if self._end is None:
            return None
        if "failed" in self._end:
            raise SandboxError(f"a kernel lost its sandbox: {self._end['failed']}")
        return self._end["ended"]

    def end(self):
        """End it, with everything it has started, and forget it."""
        if self._folder:
            # Where the template is gone, its sandboxes have died with it.
            with contextlib.suppress(SandboxError):
                self._template.ask({"do": "kill", "id": self.identity})
            os.close(self._read)
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class Template:
    """A warm process that forks kernels.

    Parameters
    ----------
    modules : sequence of str
        What kernels find imported.

    Raises
    ------
    SandboxError
        When bubblewrap is missing; and from `start`, when a module cannot be imported.
    """

    def __init__(self, modules=()):
        program = bubblewrap.find()
        self._lock = threading.Lock()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        env = {**bubblewrap.environment(), "SANDBOX_PROGRAM": program}
        self._errors = tempfile.TemporaryFile()
        command = [sys.executable, "-m", "helpers.grading.sandbox.fork_server", str(theirs.fileno()), *modules]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=env, cwd="/", stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=self._errors, start_new_session=True)
        theirs.close()
        self.pid, self._ready = self._process.pid, False

    def _wait(self):
        """Wait until all is imported: whoever starts a template has other things to do meanwhile."""
        if not self._ready:
            self._answer("the template of the kernels could not start")
            self._ready = True

    def _answer(self, failure):
        said = json.loads(self._channel.recv(1 << 16) or b"{}")
        if not said:
            self._process.wait(timeout=20)
            self._errors.seek(0)
            words = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
            said = {"error": f"it ended ({words[0] if words else 'without a word'})"}
        if "error" in said:
            raise SandboxError(f"{failure}: {said['error']}")
        return said

    def ask(self, message, descriptors=()):
        """Send one message, with open files, and return the answer."""
        with self._lock:
            try:
                self._wait()
                socket.send_fds(self._channel, [json.dumps(message).encode()], list(descriptors))
                return self._answer(f"the template of the kernels refused to {message['do']} one")
            except (OSError, subprocess.TimeoutExpired) as error:
                raise SandboxError(f"the template of the kernels does not answer: {error}") from error

    def gone(self):
        """Return whether the process has ended."""
        return self._process.poll() is not None

    def start(self, limits):
        """Return a new `WarmKernel`."""
        return WarmKernel(self, limits)

    def close(self):
        """End the template and all its kernels."""
        self._channel.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
