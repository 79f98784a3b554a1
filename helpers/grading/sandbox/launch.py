"""Start ipykernel on sockets that somebody else has opened, so that it needs no folder in common with anyone.

    python -m helpers.grading.sandbox.launch CONNECTION_FILE

The connection file is Jupyter's, with two entries more: `descriptors`, which gives for each port the open file that listens for
it (where the heartbeat has none, there is no heartbeat), and `limits`, which this process takes before it becomes a kernel.
"""

from __future__ import annotations

import json
import os
import sys

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Config

from helpers.grading.sandbox import confine

SETTINGS = {
    "IPKernelApp": {"parent_handle": 0},
    "HistoryManager": {"enabled": False},
    "Session": {"key": b""},
    "Application": {"log_level": 50},
}
"""No history, no log, no signature on messages: see `client.Client`."""
CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


class _ListeningHeartbeat(Heartbeat):
    """A heartbeat on an open socket."""

    descriptor = None

    def _try_bind_socket(self):
        self.socket.setsockopt(zmq.USE_FD, self.descriptor)
        return self.socket.bind(f"ipc://{self.ip}-{self.port}")


class SandboxedKernelApp(IPKernelApp):
    """ipykernel's application on open sockets, without history file, profile or connection file of its own."""

    connection = None

    def parse_command_line(self, argv=None):
        """Take the settings from here: a command line would need a parser, built anew in each kernel."""
        self.update_config(Config(SETTINGS))

    def init_connection_file(self):
        """Take the connection from memory instead."""
        self.load_connection_info(self.connection)

    def write_connection_file(self, **kwargs):
        """Write nothing: whoever opened the sockets knows them."""

    def log_connection_info(self):
        """Keep the ports without writing them to a log."""
        self._ports = {name.removesuffix("_port"): self.connection[name] for name in CHANNELS}

    def _try_bind_socket(self, socket, port):
        descriptors = self.connection["descriptors"]
        socket.setsockopt(zmq.USE_FD, descriptors[str(port)])
        socket.bind(f"ipc://{self.ip}-{port}")
        return port

    def init_heartbeat(self):
        """Start a heartbeat if a socket is open for it."""
        descriptor = self.connection["descriptors"].get(str(self.connection["hb_port"]))
        if descriptor is None:
            self.heartbeat = None
            return
        self.heartbeat = _ListeningHeartbeat(zmq.Context(), ("ipc", self.ip, self.hb_port))
        self.heartbeat.descriptor = descriptor
        self.heartbeat.start()


def run(connection, before=lambda: None):
    """Become a kernel, and return when it is told to shut down.

    Parameters
    ----------
    connection : dict
        Jupyter's connection information, and `descriptors`.
    before : callable
        What to do when all is set up, before the first message is read.
    """
    app = SandboxedKernelApp.instance()
    app.connection = connection
    app.initialize([])
    before()
    app.start()


def main():
    """Read the connection file, take the limits, run."""
    with open(sys.argv[1], encoding="utf-8") as file:
        connection = json.load(file)
    os.environ.pop("JPY_PARENT_PID", None)
    confine.confine(connection["limits"])
    run(connection)


if __name__ == "__main__":
    main()
