"""Run cells in a kernel that may be hostile: everything it says is bounded in size and in time.

nbval and nbclient talk to kernels they trust: a cell that prints without end fills their memory, and one that ignores interrupts
stops them. This client speaks the same protocol (jupyter_client's `Session` over ZeroMQ) and gives up on a kernel that says too
much.
"""

from __future__ import annotations

import dataclasses
import json
import time

import zmq
from jupyter_client.session import Session

LARGEST_MESSAGE = 4 * 2**20
"""Bytes. ZeroMQ drops the connection of whoever sends a larger one."""
MOST_OUTPUT = 32 * 2**20
"""Bytes that a cell may send altogether before it is ended."""
KEPT_OUTPUT = 20_000
"""Characters of one stream, result or error message that are kept."""
SETTLING = 5.0
"""Seconds to wait for the last outputs of a cell that has ended."""
POLL = 0.1


@dataclasses.dataclass
class CellRun:
    """What came of one cell.

    Parameters
    ----------
    status : str
        "ok", "error" (an exception), "time-out", "dead" (the kernel ended), "flood" (too much output); the grader adds
        "memory" (ended for taking too much) and "not run".
    detail : str
        The exception, the signal, ... in words.
    results : list of str
        The text of each execute_result.
    stdout : str
        What it printed, cut at `KEPT_OUTPUT` characters.
    """

    status: str = "ok"
    detail: str = ""
    results: list = dataclasses.field(default_factory=list)
    stdout: str = ""


def _text(value, limit=KEPT_OUTPUT):
    value = value if isinstance(value, str) else repr(value)
    return value if len(value) <= limit else value[:limit] + " ..."


class Client:
    """The grader's end of a kernel.

    Parameters
    ----------
    kernel : object
        With `connection` (Jupyter's connection information) and `ended()`, which says how it ended or None while it runs.
    """

    def __init__(self, kernel):
        self._kernel = kernel
        connection = kernel.connection
        self._session = Session(key=connection["key"].encode())
        self._context = zmq.Context()
        for option, value in ((zmq.MAXMSGSIZE, LARGEST_MESSAGE), (zmq.RCVHWM, 100), (zmq.LINGER, 0)):
            self._context.setsockopt(option, value)
        separator = "-" if connection["transport"] == "ipc" else ":"
        address = f"{connection['transport']}://{connection['ip']}{separator}"
        self._shell = self._context.socket(zmq.DEALER)
        self._shell.connect(f"{address}{connection['shell_port']}")
        self._poller = zmq.Poller()
        self._poller.register(self._shell, zmq.POLLIN)
        self._iopub_address, self._iopub = f"{address}{connection['iopub_port']}", None
        self._listen()

    def _listen(self):
        """Subscribe to outputs; also anew, because ZeroMQ does not come back to whoever has sent too large a message."""
        if self._iopub is not None:
            self._poller.unregister(self._iopub)
            self._iopub.close()
        self._iopub = self._context.socket(zmq.SUB)
        self._iopub.subscribe(b"")
        self._iopub.connect(self._iopub_address)
        self._poller.register(self._iopub, zmq.POLLIN)

    def close(self):
        """Let go of the sockets."""
        self._context.destroy(linger=0)

    def _messages(self, deadline):
        """Return (channel, message, bytes) for what has come, waiting a little, and not beyond the deadline, if nothing has."""
        messages = []
        for channel in dict(self._poller.poll(1000 * max(0, min(POLL, deadline - time.monotonic())))):
            parts = channel.recv_multipart()
            messages.append((channel, self._read(parts), sum(map(len, parts))))
        return messages

    def _read(self, parts):
        """Return a message, or nothing if it is not one of Jupyter's: student code can send anything, and wins nothing by it.

        Its signature is not checked. Whoever can send here is the kernel, which has the key.
        """
        try:
            header, parent, _, content = map(json.loads, self._session.feed_identities(parts)[1][1:5])
            return {"msg_type": header["msg_type"], "parent_header": parent, "content": content}
        except Exception:
            return {}

    def wait_until_ready(self, seconds=60):
        """Wait until the kernel answers and its outputs arrive; return whether it does."""
        deadline, again = time.monotonic() + seconds, 0.0
        answered = heard = False
        while time.monotonic() < deadline:
            if time.monotonic() > again:
                # Asked anew while outputs do not arrive: those before the subscription are lost.
                self._session.send(self._shell, "kernel_info_request")
                again = time.monotonic() + 0.25
            for channel, message, _ in self._messages(again):
                answered |= channel is self._shell and bool(message)
                heard |= channel is self._iopub and bool(message)
            if answered and heard:
                return True
            if self._kernel.ended() is not None:
                return False
        return False

    def run(self, source, seconds):
        """Run one cell.

        Parameters
        ----------
        source : str
            The code.
        seconds : float
            How long it may take.

        Returns
        -------
        CellRun
            After any status but "ok" and "error" the kernel is of no more use.
        """
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
                   "stop_on_error": False}
        identity = self._session.send(self._shell, "execute_request", content)["header"]["msg_id"]
        run, total, replied, idle = CellRun(), 0, False, False
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            messages = self._messages(deadline)
            for channel, message, size in messages:
                total += size
                kind, content = self._of_cell(message, identity)
                if channel is self._shell and kind == "execute_reply" and not replied:
                    # Only the last outputs are missing. A message that was too large took them along: then they never come.
                    replied, deadline = True, min(deadline, time.monotonic() + SETTLING)
                elif channel is self._iopub:
                    idle |= self._take(run, kind, content)
            if replied and idle:
                return run
            if total > MOST_OUTPUT:
                return dataclasses.replace(run, status="flood", detail="printed too much")
            code = None if messages else self._kernel.ended()
            if code is not None:
                return dataclasses.replace(run, status="dead", detail=_how(code))
        if not replied:
            return dataclasses.replace(run, status="time-out", detail=f"ran longer than {seconds:g} seconds")
        self._listen()
        return run if self.wait_until_ready(SETTLING) else dataclasses.replace(run, status="flood", detail="printed too much")

    @staticmethod
    def _of_cell(message, identity):
        """Return the kind and the content of a message about one cell; two Nones for any other, and for what is no message."""
        try:
            if message["parent_header"]["msg_id"] == identity:
                return message["msg_type"], message["content"]
        except (KeyError, TypeError):
            pass
        return None, None

    @staticmethod
    def _take(run, kind, content):
        """Keep what matters of one output; return whether the cell has come to rest."""
        try:
            if kind == "stream" and content["name"] == "stdout" and len(run.stdout) < KEPT_OUTPUT:
                run.stdout = _text(run.stdout + content["text"])
            elif kind == "execute_result" and len(run.results) < 10:
                run.results.append(_text(content["data"].get("text/plain", "")))
            elif kind == "error":
                run.status, run.detail = "error", _text(f"{content['ename']}: {content['evalue']}", 2000)
            return kind == "status" and content["execution_state"] == "idle"
        except (KeyError, TypeError, AttributeError):
            # A forged message without the fields that Jupyter's have.
            return False


def _how(code):
    if code < 0:
        return f"the kernel was ended by signal {-code}"
    return f"the kernel ended itself with code {code}"
