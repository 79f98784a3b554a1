"""A Jupyter kernel provisioner that starts any Python kernel under bubblewrap, for any notebook and any Jupyter program.

`python -m helpers.grading.sandbox.kernelspec` installs a kernel named "Python 3 (sandboxed)" that uses it; JupyterLab, nbclient,
nbconvert and nbval (`--nbval-kernel-name python3-sandboxed`) then run notebooks in the sandbox without knowing.
See https://jupyter-client.readthedocs.io/en/latest/provisioning.html.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner
from traitlets import Integer

from helpers.grading.sandbox import bubblewrap
from helpers.grading.sandbox.warm import listening_sockets

INSIDE = "/run/kernel.json"


class BubblewrapProvisioner(LocalProvisioner):
    """Starts a kernel in a sandbox: no network, no files but the Python environment and a scratch folder in memory.

    The kernel never opens a socket: this class listens on Unix sockets in a folder of its own and hands them over, so that the
    two have no folder in common. What the kernel may take is set in the kernel specification's `config`.
    """

    memory = Integer(2048, config=True, help="Megabytes of memory.")
    disk = Integer(256, config=True, help="Megabytes of the scratch folder.")
    processes = Integer(256, config=True, help="Processes and threads.")
    seconds = Integer(3600, config=True, help="Seconds of processor time of one process.")

    _folder = None
    _sockets = None
    _beginning = None

    def limits(self):
        """Return what the kernel may take."""
        return bubblewrap.Limits(self.memory * bubblewrap.MEGABYTE, self.disk * bubblewrap.MEGABYTE, self.processes, self.seconds)

    async def pre_launch(self, **kwargs):
        """Choose Unix sockets, and put bubblewrap before the kernel."""
        program = bubblewrap.find()
        self._folder = self._folder or tempfile.mkdtemp(prefix="kernel-")
        manager = self.parent
        manager.transport, manager.ip, manager.cache_ports = "ipc", os.path.join(self._folder, "k"), False
        kwargs = await super().pre_launch(**kwargs)
        ports = {name: value for name, value in self.connection_info.items() if name.endswith("_port")}
        for port in ports.values():
            Path(f"{manager.ip}-{port}").unlink(missing_ok=True)
        self._sockets = listening_sockets(manager.ip, ports.values())
        descriptors = {str(port): one.fileno() for port, one in self._sockets.items()}
        limits = self.limits()
        inside = {**self.connection_info, "key": self.connection_info["key"].decode(), "descriptors": descriptors,
                  "limits": limits.as_dict()}
        held = os.memfd_create("connection")
        os.write(held, json.dumps(inside).encode())
        os.lseek(held, 0, os.SEEK_SET)
        self._beginning = bubblewrap.Beginning()
        extra = ["--perms", "0755", "--dir", "/run", "--perms", "0444", "--ro-bind-data", str(held), INSIDE]
        if self._beginning.as_root:
            # The kernel's first act is to become nobody (`confine`), which takes these two rights; it has no others.
            extra += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"]
        kwargs["cmd"] = [program, *self._beginning.options, *bubblewrap.options(limits, extra), "--", kwargs["cmd"][0], "-m",
                         "helpers.grading.sandbox.launch", INSIDE]
        kwargs["env"], kwargs["cwd"] = {}, "/"
        kwargs["pass_fds"] = [*descriptors.values(), held, *self._beginning.descriptors]
        kwargs.pop("independent", None)
        return kwargs

    async def launch_kernel(self, cmd, **kwargs):
        """Start bubblewrap, tell it who is who inside, and let go of the sockets."""
        passed = kwargs["pass_fds"]
        try:
            info = await super().launch_kernel(cmd, **kwargs)
            self._beginning.finish(self.limits())
        finally:
            self._beginning.close()
            os.close(passed[len(self._sockets)])
            for one in self._sockets.values():
                one.close()
        return info

    async def cleanup(self, restart=False):
        """Remove the folder of the sockets."""
        await super().cleanup(restart=restart)
        if self._folder and not restart:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
