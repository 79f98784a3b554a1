"""The grader's side of the workers: start them, hand them a cell, take a bounded reply in bounded time, end them.

A reply is a text, and one that is not the answer earns nothing, whoever has written it. No call waits longer than it was told to.
"""

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

from helpers.grading.records import DEAD, FLOOD, MEMORY, TIME_OUT, Call, CellRun
from helpers.grading.sandbox import SandboxError, bubblewrap, cgroup
from helpers.grading.sandbox.confine import MEGABYTE, Limits

LARGEST_REPLY = 2**20  # Bytes. What an honest worker keeps of a cell is less, in any letters: see `worker`.
LONGEST_CALL = 10_000
PIECE = 1 << 16
PATIENCE = 60  # seconds for what only a machine that is very busy or broken does not do at once
MOST_RESTARTS = 5


class Worker:
    """One process that runs a student's cells, forked at the other end of a channel; raises SandboxError if none can be had."""

    def __init__(self, channel: socket.socket):
        self._number = 0
        self._ended: CellRun | None = None
        (requests, self._requests), (ours, replies), (self._control, control) = os.pipe(), os.pipe(), socket.socketpair()
        self._replies = open(ours, "rb", buffering=0)
        self._control.settimeout(PATIENCE)
        os.set_blocking(self._requests, False)
        os.set_blocking(ours, False)
        try:
            with control:
                socket.send_fds(channel, [b"x"], [requests, replies, control.fileno()])
            begun = self._exchange(b"", PATIENCE)
            failed = begun.detail if begun.status in ("ok", "error") else self._told()[1] or begun.detail
        except OSError as error:
            failed = f"the process that starts workers is lost ({error})"
        finally:
            os.close(requests)
            os.close(replies)
        if failed:
            self.close()
            raise SandboxError(f"a worker could not be started: {failed}")

    def _told(self):
        """End the worker; return what its supervisor says of its end: a status and the reason, or nothing if it was alive."""
        try:
            self._control.shutdown(socket.SHUT_WR)
            return json.loads(self._control.recv(PIECE) or '["lost", "its supervisor has ended"]')
        except OSError as error:
            return "lost", str(error)

    def run(self, source: str, seconds: float, record: Sequence[str] = ()) -> CellRun:
        """Run one cell, and tell the calls of the functions that `record` names.

        After any status but "ok" and "error" the worker has ended, and says the same of every later cell. Raises SandboxError
        when what stands between is lost, which is no student's fault.
        """
        if self._ended:
            return self._ended
        self._number += 1
        request = json.dumps({"number": self._number, "code": source, "record": list(record)}).encode() + b"\n"
        run = self._exchange(request, seconds)
        if run.status in ("ok", "error"):
            return run
        if run.status == DEAD:
            # Its pipe closes a moment before it is gone.
            select.select([self._control], [], [], 0.5)
        end, reason = self._told()
        if end == "lost":
            raise SandboxError(f"a worker could not be watched: {reason}")
        self._ended = CellRun(end, reason) if end == MEMORY or (end and run.status == DEAD) else run
        return self._ended

    def _exchange(self, request, seconds):
        """Write a request and return what comes of it, neither waiting nor reading more than allowed."""
        deadline, reply = time.monotonic() + seconds, bytearray()
        listening = [self._replies.fileno(), self._control.fileno()]
        if request and self._replies.read(1):
            return CellRun(DEAD, "the worker spoke out of turn")
        while not reply.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                return CellRun(TIME_OUT, f"ran longer than {seconds:g} seconds")
            heard, free, _ = select.select(listening, [self._requests] if request else [], [], left)
            if free:
                try:
                    request = request[os.write(self._requests, request[:PIECE]):]
                except OSError:  # the worker has closed this pipe, or filled it from its side
                    request = b""
            # In this order: what it wrote before it ended counts.
            piece = self._replies.read(PIECE) or b""
            reply += piece
            if heard and not piece:
                return CellRun(DEAD, "the worker ended")
            if len(reply) > LARGEST_REPLY:
                return CellRun(FLOOD, "sent more than a cell can have to say")
            if b"\n" in piece[:-1]:
                return CellRun(DEAD, "the worker spoke out of turn")
        return _checked(reply, self._number)

    def close(self) -> None:
        """Let its supervisor end it, with everything it has started; nobody waits for that."""
        self._control.close()
        self._replies.close()
        os.close(self._requests)


def _checked(reply, number):
    """Return a reply as a `CellRun`, whoever has written it."""
    try:
        said = json.loads(reply)
        answered, calls = said.pop("number"), said.pop("calls", [])
        run = CellRun(**said, calls=[Call(str(called)[:LONGEST_CALL], str(got)[:LONGEST_CALL]) for called, got in calls])
        texts = [run.detail, run.printed, *([] if run.result is None else [run.result])]
        if answered != number or run.status not in ("ok", "error") or {*map(type, texts)} != {str}:
            raise ValueError
        return run
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError):
        return CellRun(DEAD, "what the worker said is not a reply")


@dataclasses.dataclass(frozen=True)
class Options:
    """What decides how work is graded; part of the name under which a result is kept."""

    timeout: float = 60.0  # seconds that a cell may take
    memory: int = 2048  # megabytes that an exercise may take
    sandbox: str = "bwrap"  # or "none": whether student code is locked in


class Workers:
    """The source of workers of one grading process, for which some statements import what they find ready.

    Raises SandboxError when there is no bubblewrap, no way to fork, or the course lies where student code could read its keys.
    """

    def __init__(self, imports: Sequence[str], options: Options):
        program = bubblewrap.find() if options.sandbox == "bwrap" else None
        if not hasattr(os, "fork"):
            raise SandboxError(f"workers are forked, which {sys.platform} cannot do: grade in WSL 2, or on Linux or macOS")
        self.imports, self.options = tuple(imports), options
        # Processor time is a last resort: no worker runs so many cells that all cores could be busy for so long.
        seconds = (os.cpu_count() or 1) * max(600, int(20 * options.timeout))
        limits = Limits(memory=options.memory * MEGABYTE, seconds=seconds)
        self._settings = {"program": program, "limits": dataclasses.asdict(limits)}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock, self._starts = threading.Lock(), 0
        # Matplotlib's cache of fonts is worth keeping; its settings, and IPython's, are nobody's here.
        self._folder, self._errors = tempfile.TemporaryDirectory(), tempfile.TemporaryFile()

    def warm(self, imports: Sequence[str]) -> None:
        """Let the warm process begin with some imports, unless it has; TensorFlow's take longer than reading a class."""
        if not self._process or tuple(imports) != self.imports:
            self.imports = tuple(imports)
            self._open()

    def _open(self):
        """Start the warm process, in the place of an earlier one."""
        self.close(last=False)
        self._channel, theirs = socket.socketpair()
        self._ready, sandboxed = False, self._settings["program"]
        # By these systemd-run finds the service of this user.
        kept = {name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if name in os.environ}
        env = {**(kept if sandboxed else os.environ), **bubblewrap.ENVIRONMENT, "HOME": os.path.expanduser("~"),
               **dict.fromkeys(("XDG_CONFIG_HOME", "IPYTHONDIR", "TMPDIR"), self._folder.name)}
        del env["MPLCONFIGDIR"]
        command = [*(cgroup.command() if sandboxed else []), sys.executable, "-m", "helpers.grading.fork_server",
                   str(theirs.fileno()), json.dumps({**self._settings, "imports": self.imports})]
        with theirs:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=env, cwd="/", stdin=subprocess.DEVNULL,
                                             stdout=subprocess.DEVNULL, stderr=self._errors, start_new_session=True)

    def start(self) -> Worker:
        """Return a new worker; raises SandboxError when none can be had, or an import fails."""
        with self._lock:
            ended = self._process.poll() if self._process else None
            # One that was killed is started again, also while it imports; an import that fails would fail again.
            if not self._process or (ended is not None and (self._ready or ended < 0) and self._starts < MOST_RESTARTS):
                self._starts += 1
                self._open()
            self._ready = self._ready or self._channel.recv(5) == b"ready"
            if not self._ready:
                self._errors.seek(0)
                words = self._errors.read().decode(errors="replace").strip().splitlines() or ["it did not say why"]
                raise SandboxError(f"the process that starts workers has ended: {words[-1]}")
        return Worker(self._channel)

    def close(self, last: bool = True) -> None:
        """End the warm process, if there is one, and after the `last` its folder; supervisors end with their workers."""
        if self._process:
            self._channel.close()
            self._process.kill()
            self._process.wait()
        if last:
            self._folder.cleanup()
            self._errors.close()


def bounds(sandbox: str) -> str:
    """Return in words what locks in and bounds student code on this machine, for the report."""
    if sandbox == "none":
        return "no sandbox"
    version = 2 if cgroup.command() else cgroup.prepare() if os.path.isdir(cgroup.TREE / "memory") else 0
    return "bubblewrap; " + (f"cgroup v{version}" if version else "limits of each process and a watch of free memory")
