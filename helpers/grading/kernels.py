"""Where kernels come from: forked from a warm template, started one by one under bubblewrap, or, if asked for, in no sandbox."""

from __future__ import annotations

import os
import subprocess
import threading
from importlib.metadata import EntryPoint

from jupyter_client import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from helpers.grading.answer_keys import needs_tensorflow
from helpers.grading.errors import SandboxError
from helpers.grading.sandbox import bubblewrap
from helpers.grading.sandbox.kernelspec import kernel_spec
from helpers.grading.sandbox.warm import Template

HEAVY_MODULES = ("helpers.quiet_start",)


class ManagedKernel:
    """A kernel that Jupyter's own manager starts, in the sandbox by the course's provisioner or without any."""

    def __init__(self, sandboxed, limits):
        megabytes = {"memory": limits.memory // bubblewrap.MEGABYTE, "disk": limits.disk // bubblewrap.MEGABYTE}
        spec = kernel_spec(**megabytes, processes=limits.processes, seconds=limits.seconds)
        if not sandboxed:
            spec.metadata = {}
        _register()
        self._manager = KernelManager(kernel_name="python3")
        self._manager._kernel_spec = spec
        environment = {} if sandboxed else _plain_environment()
        self._manager.start_kernel(
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        info = self._manager.get_connection_info()
        self.connection = {**info, "key": info["key"].decode()}
        self.processes = [self._manager.provisioner.process.pid]

    def ended(self):
        """Return the code it ended with, or None while it runs."""
        process = self._manager.provisioner.process
        return process.poll() if process else -9

    def end(self):
        """End it and remove its files."""
        self._manager.shutdown_kernel(now=True)


def _register():
    """Make the provisioner known also where the course was installed before it had one."""
    entry = EntryPoint("bubblewrap-provisioner", "helpers.grading.sandbox.provisioner:BubblewrapProvisioner",
                       KernelProvisionerFactory.GROUP_NAME)
    KernelProvisionerFactory.instance().provisioners.setdefault(entry.name, entry)


def _plain_environment():
    return {**os.environ, **{name: value for name, value in bubblewrap.environment().items()
                             if name in ("PYTHONPATH", "PYTHONHASHSEED", "COURSE_DATA", "MPLBACKEND", "CUDA_VISIBLE_DEVICES")}}


class Kernels:
    """The source of kernels of one grading process.

    Parameters
    ----------
    sandbox : {"bwrap", "none"}
        Whether student code is locked in.
    modules : sequence of str
        What the keys import: templates have it ready.
    limits : bubblewrap.Limits
        What each kernel may take.
    say : callable
        Takes a line for the instructor.
    warm : bool
        Whether to fork from templates where that is possible.
    """

    def __init__(self, sandbox, modules, limits, say=print, warm=True):
        self.sandbox, self.limits, self._say = sandbox, limits, say
        self._heavy = [name for name in modules if needs_tensorflow([f"import {name}"])]
        self._light = [name for name in modules if name not in self._heavy]
        self._templates, self._warm, self._lock = {}, warm and sandbox == "bwrap", threading.Lock()
        if sandbox == "bwrap":
            bubblewrap.find()

    def _template(self, tensorflow):
        """Return the template for this kind of exercise; the first call starts it."""
        with self._lock:
            if tensorflow not in self._templates:
                modules = [*HEAVY_MODULES, *self._heavy, *self._light] if tensorflow else self._light
                self._templates[tensorflow] = Template(list(dict.fromkeys(modules)))
            return self._templates[tensorflow]

    def prepare(self, tensorflow):
        """Let the template for this kind of exercise begin to import, without waiting for it."""
        if self._warm:
            self._template(tensorflow)

    def start(self, tensorflow):
        """Return a new kernel.

        Parameters
        ----------
        tensorflow : bool
            Whether the code that will run asks for TensorFlow or Keras.
        """
        if self._warm:
            try:
                kernel = self._template(tensorflow).start(self.limits)
                kernel.warm = True
                return kernel
            except SandboxError as error:
                self._cool_down(error)
        return ManagedKernel(self.sandbox == "bwrap", self.limits)

    def _cool_down(self, error):
        """Go on with one bubblewrap for each kernel: slower, and as safe."""
        with self._lock:
            if self._warm:
                self._warm = False
                self._say(
                    f"No warm kernels on this machine ({error}); each kernel is started by itself, which is slower."
                )

    def refused(self, kernel, error):
        """Take note that a warm kernel could not enter its sandbox."""
        if not getattr(kernel, "warm", False):
            raise error
        self._cool_down(error)

    def close(self):
        """End the templates."""
        for template in self._templates.values():
            template.close()
        self._templates = {}
