"""On which machines TensorFlow runs, and what to do on the others. Needs only the standard library: it runs before anything else.

Each function looks at one thing and returns one sentence with the remedy, or None. Where a setting is an argument, tests can
play another machine.
"""

from __future__ import annotations

import platform
import struct
import sys
import sysconfig
import tempfile
from pathlib import Path

from helpers.project import python_versions

__all__ = ["home_elsewhere", "missing_instructions", "newer_python", "old_python", "unsupported_platform"]

ELSEWHERE = "Open the lessons in Colab or Binder instead: README.md has the links."
NO_AVX = f"This processor lacks AVX, the instructions that TensorFlow is built with. {ELSEWHERE}"
"""What to say before TensorFlow ends a program for it, or afterwards."""


def _written(version):
    return ".".join(map(str, version))


def old_python(version=None):
    """Return a sentence when this Python (or the given version) is older than the course needs."""
    version = tuple(version or sys.version_info)[:2]
    oldest, tested = python_versions()
    if version >= oldest:
        return None
    return (f"The course needs Python {_written(oldest)} or newer, and this is {_written(version)}. Install Python "
            f"{_written(tested)} (https://www.python.org/downloads/) and start again with it: "
            f"python{_written(tested)} -m helpers.start")


def newer_python(version=None):
    """Return a sentence when this Python (or the given version) is newer than any the course was tested with."""
    version = tuple(version or sys.version_info)[:2]
    tested = python_versions()[1]
    if version <= tested:
        return None
    return (f"Python {_written(version)} is newer than {_written(tested)}, the newest that the course was tested with. If "
            f"something fails, or TensorFlow has no package for it yet, use Python {_written(tested)}, Colab or Binder.")


def unsupported_platform(system=None, machine=None, bits=None, library=None):
    """Return a sentence when TensorFlow offers no package for this kind of machine, whatever the Python.

    A 64-bit machine can run a 32-bit Python; ``library`` is what the build of Python says of the C library, "musl" on Alpine.
    """
    system = system or sys.platform
    machine = (machine or platform.machine()).lower()
    bits = bits or 8 * struct.calcsize("P")
    if library is None:
        library = " ".join(str(sysconfig.get_config_var(name)) for name in ("SOABI", "HOST_GNU_TYPE", "MULTIARCH"))
    if bits == 32:
        return f"This Python is a 32-bit program, and TensorFlow needs a 64-bit one. Install that. {ELSEWHERE}"
    if system == "darwin" and machine == "x86_64":
        return ("TensorFlow 2.16 was the last one for Macs with an Intel processor, and the course needs a newer one. "
                f"{ELSEWHERE} (On a Mac with an Apple chip this Python was built for Intel: install one for arm64.)")
    if system == "win32" and machine in ("arm64", "aarch64"):
        return f"TensorFlow has no package for Windows on ARM processors. {ELSEWHERE}"
    if system == "linux" and "musl" in library:
        return f"TensorFlow has no package for Alpine and other Linux systems on musl instead of glibc. {ELSEWHERE}"
    if system == "linux" and machine not in ("x86_64", "amd64", "aarch64", "arm64"):
        return f"TensorFlow has no package for processors of the family {machine}. {ELSEWHERE}"
    return None


def missing_instructions(cpuinfo=None):
    """Return a sentence when the processor lacks AVX, without which TensorFlow ends the whole program as it is imported.

    Only Linux has /proc/cpuinfo; elsewhere nothing is known and nothing is said.
    """
    if cpuinfo is None:
        try:
            cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
    flags = [line.partition(":")[2].split() for line in cpuinfo.splitlines() if line.startswith("flags")]  # x86 alone
    if not flags or "avx" in flags[0]:
        return None
    return NO_AVX


def home_elsewhere(folder):
    """Return environment variables that keep Jupyter, IPython, Matplotlib and Keras out of a home that cannot be written."""
    try:
        with tempfile.TemporaryFile(dir=Path.home()):
            return {}
    except (OSError, RuntimeError):  # a RuntimeError where there is no home at all
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR", "KERAS_HOME")
        return {name: str(Path(folder) / name.lower()) for name in names}
