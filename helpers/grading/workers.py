"""The grader's side of the workers: start them, hand them a cell, take a bounded reply in bounded time, end them.

Nothing that a worker sends is believed: a reply is a text, and a text that is not the answer earns nothing, whoever has written it.
Nothing that it does or leaves undone stops the grader: no call here waits longer than it was told to.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

from helpers.grading.answer_keys import needs_tensorflow
from helpers.grading.errors import SandboxError
from helpers.grading.records import DEAD, FLOOD, MEMORY, TIME_OUT, Call, CellRun
from helpers.grading.sandbox import bubblewrap, cgroup
from helpers.grading.sandbox.confine import MEGABYTE, Limits
from helpers.grading.sandbox.watch import Watch

LARGEST_REPLY = 2**20
"""Bytes. What an honest worker keeps of a cell is less, in any letters: see `worker`."""
PIECE = 1 << 16
START_SECONDS = 60
MOST_RESTARTS = 5
HEAVY_MODULES = ("helpers.quiet_start",)


class ForkServer:
    """The grader's end of one warm process.

    Parameters
    ----------
    sandbox : {"bwrap", "none"}
        Whether its workers are locked in.
    limits : Limits
        What each of them may take.
    modules : sequence of str
        What they find imported.
    """

    def __init__(self, sandbox: str, limits: Limits, modules: Sequence[str]):
        program = bubblewrap.find() if sandbox == "bwrap" else None
        settings = {"program": program, "limits": dataclasses.asdict(limits), "modules": list(modules)}
        self._lock, self._cgroup = threading.Lock(), None
        self._channel, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()
        # Matplotlib's cache of fonts is worth keeping; its settings are nobody's here.
        self._folder = tempfile.TemporaryDirectory()
        own = {"HOME": os.path.expanduser("~"), "XDG_CONFIG_HOME": self._folder.name, "TMPDIR": self._folder.name}
        env = {**(os.environ if program is None else {}), **bubblewrap.environment(), **own}
        del env["MPLCONFIGDIR"], env["IPYTHONDIR"]
        before = cgroup.command() if program else []
        # systemd-run must find the service of this user.
        env.update({name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if name in os.environ and before})
        self._process = subprocess.Popen(
            [*before, sys.executable, "-m", "helpers.grading.fork_server", str(theirs.fileno()), json.dumps(settings)],
            pass_fds=[theirs.fileno()], env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self._errors, start_new_session=True)
        theirs.close()
        self.pid = self._process.pid

    def _answer(self):
        said = b""
        while not said.endswith(b"\n"):
            piece = self._channel.recv(PIECE)
            if not piece:
                self._errors.seek(0)
                words = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
                raise SandboxError(f"the process that starts workers has ended: {words[0] if words else 'without a word'}")
            said += piece
        answer = json.loads(said)
        if "error" in answer:
            raise SandboxError(f"no worker can be started: {answer['error']}")
        return answer

    def ready(self) -> int:
        """Wait until all is imported; return the version of cgroup that bounds its workers, or 0."""
        with self._lock:
            if self._cgroup is None:
                self._cgroup = self._answer()["cgroup"]
        return self._cgroup

    def ask(self, message: dict, descriptors: Sequence[int] = ()) -> dict:
        """Send one message, with open files, and return the answer; raises SandboxError when none comes."""
        self.ready()
        with self._lock:
            try:
                socket.send_fds(self._channel, [json.dumps(message).encode()], list(descriptors))
                return self._answer()
            except OSError as error:
                raise SandboxError(f"the process that starts workers does not answer: {error}") from error

    def lost(self) -> bool:
        """Return whether the process has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the process and all its workers."""
        self._channel.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
        self._errors.close()


class _Ended(Exception):
    """A worker is of no more use; carries the status and the reason."""


class Worker:
    """One process that runs a student's cells.

    Parameters
    ----------
    server : ForkServer
        Where it comes from.
    limits : Limits
        What it may take.
    watch : Watch or None
        What looks at its memory.
    tensorflow : bool
        Whether it has TensorFlow ready.

    Raises
    ------
    SandboxError
        When it does not start, or cannot enter its sandbox.
    """

    def __init__(self, server: ForkServer, limits: Limits, watch: Watch | None, tensorflow: bool = False):
        self._server, self._limits, self._watch, self.tensorflow, self._number = server, limits, watch, tensorflow, 0
        requests, self._requests = os.pipe()
        self._replies, replies = os.pipe()
        self._ended, self._pidfd, self._lock = None, None, threading.Lock()
        try:
            started = server.ask({"do": "start"}, [requests, replies])
        except BaseException:
            os.close(self._requests)
            os.close(self._replies)
            raise
        finally:
            os.close(requests)
            os.close(replies)
        self._pid = started["pid"]
        os.set_blocking(self._requests, False)
        os.set_blocking(self._replies, False)
        try:
            # Not reaped before `end`, so this number is still the worker's.
            self._pidfd = os.pidfd_open(self._pid) if hasattr(os, "pidfd_open") else None
            hello = json.loads(self._exchange(b"", START_SECONDS))
            if "failed" in hello:
                raise SandboxError(f"a worker could not be confined: {hello['failed']}")
        except (_Ended, OSError) as error:
            self.close()
            raise SandboxError(f"a worker did not start: {error}") from error
        except SandboxError:
            self.close()
            raise
        if watch:
            watch.add(self._pid, [*started["sandbox"], self._pid], limits.memory, self._kill)

    def _kill(self):
        with contextlib.suppress(SandboxError):
            self._end()

    def run(self, source: str, seconds: float, record: Sequence[str] = ()) -> CellRun:
        """Run one cell.

        Parameters
        ----------
        source : str
            The code.
        seconds : float
            How long it may take.
        record : sequence of str
            Functions whose calls are to be told.

        Returns
        -------
        CellRun
            After any status but "ok" and "error" the worker has been ended.
        """
        self._number += 1
        request = json.dumps({"number": self._number, "code": source, "record": list(record)}).encode() + b"\n"
        try:
            return _checked(self._exchange(request, seconds), self._number)
        except _Ended as ended:
            status, detail = ended.args
        finished = self._end()
        if finished["memory"]:
            return CellRun(MEMORY, f"took more than {self._limits.memory // MEGABYTE} MB of memory")
        if status == DEAD and finished["code"] is not None:
            code = finished["code"]
            detail = f"the worker was ended by signal {-code}" if code < 0 else f"the worker ended itself with code {code}"
        return CellRun(status, detail)

    def _exchange(self, request, seconds):
        """Write a request and return the line that comes, neither waiting nor reading more than allowed."""
        deadline, reply, poll = time.monotonic() + seconds, bytearray(), select.poll()
        if request and self._read(reply):
            raise _Ended(DEAD, "the worker spoke out of turn")
        if request:
            poll.register(self._requests, select.POLLOUT)
        for descriptor in (self._replies, self._pidfd):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        while not reply.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                raise _Ended(TIME_OUT, f"ran longer than {seconds:g} seconds")
            ready = dict(poll.poll(1000 * left))
            if self._requests in ready:
                try:
                    request = request[os.write(self._requests, request[:PIECE]):]
                except BlockingIOError:
                    pass
                except OSError:
                    request = b""
                if not request:
                    poll.unregister(self._requests)
            # In this order: what it wrote before it ended counts.
            if not self._read(reply) and (self._pidfd in ready or self._replies in ready):
                raise _Ended(DEAD, "the worker ended")
            if len(reply) > LARGEST_REPLY:
                raise _Ended(FLOOD, "sent more than a cell can have to say")
            if b"\n" in reply[:-1]:
                raise _Ended(DEAD, "the worker spoke out of turn")
        return bytes(reply)

    def _read(self, reply):
        """Add a piece of what has come; return whether there was any."""
        try:
            piece = os.read(self._replies, PIECE)
        except BlockingIOError:
            return False
        reply += piece
        return bool(piece)

    def _end(self):
        """End it with everything it has started, once; return how it had ended before."""
        with self._lock:
            if self._ended is None:
                self._ended = {"code": None, "memory": bool(self._watch and self._watch.remove(self._pid))}
                said = self._server.ask({"do": "end", "pid": self._pid})
                self._ended = {"code": said["code"], "memory": self._ended["memory"] or said["memory"]}
        return self._ended

    def close(self) -> None:
        """End it with everything it has started, and forget it."""
        # Where the server is lost, its sandboxes have died with it.
        with contextlib.suppress(SandboxError):
            self._end()
        for descriptor in (self._requests, self._replies, self._pidfd):
            if descriptor is not None:
                os.close(descriptor)
        self._requests = self._replies = self._pidfd = None


def _checked(reply, number):
    """Return a reply as a `CellRun`, whoever has written it."""
    try:
        said = json.loads(reply)
        texts = [said[name] for name in ("status", "detail", "printed")]
        calls = [Call(str(called), str(got)) for called, got in said["calls"]]
        if said["number"] != number or texts[0] not in ("ok", "error") or not all(isinstance(text, str) for text in texts):
            raise ValueError
        result = said["result"]
        return CellRun(*texts[:2], None if result is None else str(result), texts[2], calls)
    except (ValueError, LookupError, TypeError, RecursionError, MemoryError):
        raise _Ended(DEAD, "what the worker said is not a reply") from None


class Workers:
    """The source of workers of one grading process.

    Parameters
    ----------
    sandbox : {"bwrap", "none"}
        Whether student code is locked in.
    modules : sequence of str
        What the keys import: warm processes have it ready.
    limits : Limits
        What each worker may take.
    """

    def __init__(self, sandbox: str, modules: Sequence[str], limits: Limits):
        self._sandbox, self._limits = sandbox, limits
        self._heavy = [name for name in modules if needs_tensorflow([f"import {name}"])]
        self._light = [name for name in modules if name not in self._heavy]
        self._servers: dict[bool, ForkServer] = {}
        self._watch, self._lock, self._restarts = None, threading.Lock(), 0
        if sandbox == "bwrap":
            bubblewrap.find()

    def prepare(self, tensorflow: bool) -> ForkServer:
        """Let the warm process for this kind of code begin to import, and return it without waiting."""
        with self._lock:
            server = self._servers.get(tensorflow)
            if server and server.lost() and self._restarts < MOST_RESTARTS:
                self._restarts += 1
                self._servers.pop(tensorflow).close()
            if tensorflow not in self._servers:
                modules = [*HEAVY_MODULES, *self._heavy, *self._light] if tensorflow else self._light
                self._servers[tensorflow] = ForkServer(self._sandbox, self._limits, list(dict.fromkeys(modules)))
            return self._servers[tensorflow]

    def start(self, tensorflow: bool) -> Worker:
        """Return a new worker.

        Parameters
        ----------
        tensorflow : bool
            Whether the code that will run asks for TensorFlow or Keras.

        Raises
        ------
        SandboxError
            When none can be had.
        """
        server = self.prepare(tensorflow)
        counted = server.ready()
        if self._sandbox == "bwrap" and self._watch is None:
            self._watch = Watch(counting=not counted)
        return Worker(server, self._limits, self._watch, tensorflow)

    def close(self) -> None:
        """End all of it."""
        if self._watch:
            self._watch.close()
        for server in self._servers.values():
            server.close()
        self._servers = {}


def bounds(sandbox: str) -> str:
    """Return in words what locks in and bounds student code on this machine, for the report."""
    if sandbox == "none":
        return "no sandbox"
    version = 2 if cgroup.command() else 0
    if not version and (groups := cgroup.open_groups()):
        version = groups.version
        groups.remove()
    how = f"cgroup v{version}" if version else "limits of each process and a watch of free memory"
    return f"bubblewrap; {how}"
