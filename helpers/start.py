"""Set the course up and open it, or run its tests, on a machine that has nothing but Python.

    python3 -m helpers.start          install what is missing into .venv, open the course in JupyterLab
    python3 -m helpers.start test     install what is missing into .venv, with what tests need, and run every test

Needs only the standard library, since it runs before anything is installed; where it finds uv, it lets uv install. Arguments
after ``open`` or ``test`` go to JupyterLab or pytest: ``python3 -m helpers.start test -k shapes``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from helpers import platforms
from helpers.project import ROOT

FIRST_PAGE = "notebooks/00_start_here.ipynb"
_ILLEGAL_INSTRUCTION = (-signal.SIGILL, 0xC000001D)  # how a program ends for it on POSIX and on Windows


def python_of(environment):
    """Return the interpreter of a virtual environment, on Windows and elsewhere."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def check_machine():
    """Stop with a remedy if TensorFlow cannot run here; print a line if this Python is newer than tested."""
    problem = platforms.old_python() or platforms.unsupported_platform() or platforms.missing_instructions()
    if problem:
        raise SystemExit(problem)
    if platforms.newer_python():
        print(platforms.newer_python())


def _run(command, remedy):
    try:
        subprocess.run([str(part) for part in command], cwd=ROOT, check=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise SystemExit(f"\nThis step failed: {' '.join(map(str, command))}\n({error})\n{remedy}") from None


def _has_pip(python):
    """Tell whether an interpreter starts and has pip: an environment that was interrupted in the making has not."""
    try:
        return subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def _clear(environment):
    """Remove half an environment, from a first try that was interrupted; stop at a folder that holds something else."""
    if not environment.exists():
        return
    # venv makes its folders first and pyvenv.cfg next, so without that file half an environment holds no file at all.
    is_environment = environment.is_dir() and ((environment / "pyvenv.cfg").is_file() or
                                               not any(files for _, _, files in os.walk(environment)))
    remedy = "Set COURSE_VENV to a new or empty folder, or unset it to use .venv in the course's folder."
    if not is_environment:
        raise SystemExit(f"COURSE_VENV or its default names {environment}, which holds something else than a virtual "
                         f"environment. Nothing in it was touched. {remedy}")
    try:
        shutil.rmtree(environment)
    except OSError as error:
        raise SystemExit(f"Half an environment in {environment} cannot be removed ({error}). Remove it yourself. "
                         f"{remedy}") from None


def _install_packages(python, extra):
    """Install the course and what it needs with uv, or with pip where there is no uv or it fails."""
    wanted = ["--quiet", "--editable", f".[{extra}]" if extra else "."]
    if not platforms.newer_python():  # for a newer Python the tested versions may have no packages
        wanted += ["--constraint", "helpers/constraints.txt"]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--python", str(python), *wanted]
        if subprocess.run(command, cwd=ROOT).returncode == 0:
            return
        print("uv could not install the course; trying with pip ...", flush=True)
    _run([python, "-m", "pip", "install", "--disable-pip-version-check", *wanted], platforms.newer_python() or
         "Is this machine online, with 3 GB of free disk? Start again: what is installed already is kept.")


def try_tensorflow(python):
    """Import TensorFlow once, in a process of its own; stop with an explanation if that fails."""
    done = subprocess.run([str(python), "-c", "import tensorflow"], cwd=ROOT, capture_output=True, text=True, errors="replace")
    if done.returncode == 0:
        return
    if done.returncode in _ILLEGAL_INSTRUCTION or "AVX" in done.stderr:
        raise SystemExit(platforms.NO_AVX)
    if "DLL load failed" in done.stderr:
        raise SystemExit("TensorFlow needs Microsoft's Visual C++ runtime, which is missing or old. Install it from "
                         "https://aka.ms/vs/17/release/vc_redist.x64.exe and start again.")
    why = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
    raise SystemExit(f"TensorFlow was installed and cannot be imported: {why}\nRemove {Path(python).parent.parent} and start "
                     f"again. If that does not help: {platforms.ELSEWHERE}")


def install(environment, extra=""):
    """Create the virtual environment and install the course, unless that has been done; return its interpreter.

    ``extra`` is "test" for what tests need beyond what a student needs. A step that fails stops the program with a remedy, and is
    done again next time.
    """
    python = python_of(environment)
    lists = b"".join((ROOT / name).read_bytes() for name in ("requirements.txt", "helpers/constraints.txt", "pyproject.toml"))
    wanted = hashlib.sha256(lists + str(ROOT).encode() + sys.version.encode()).hexdigest()
    stamp = environment / "course-installed.txt"
    done = stamp.read_text(encoding="utf-8").split() if python.exists() and stamp.exists() else []
    if wanted in done and (not extra or extra in done):
        return python
    print(f"Installing the course into {environment.name}/ (once; about 2 GB with TensorFlow, a few minutes) ...", flush=True)
    if not python.exists():
        _clear(environment)
    if not _has_pip(python):
        _run([sys.executable, "-m", "venv", environment],
             "On Debian and Ubuntu the module venv is a package of its own: sudo apt install python3-venv")
    _install_packages(python, extra)
    try_tensorflow(python)
    stamp.write_text(f"{wanted} {extra}", encoding="utf-8")
    return python


def open_command(python, folder=ROOT, arguments=()):
    """Return the command that serves the course in JupyterLab: all of it, since the lessons show pictures from img/."""
    command = [str(python), "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{FIRST_PAGE}",
               *arguments]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In containers people are root, and Jupyter would refuse with a page of text.
        command.append("--allow-root")
    return command


def main(arguments=None):
    """Read the command line, install, hand over to JupyterLab or pytest."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    task = arguments.pop(0) if arguments else "open"
    if task not in ("open", "test"):
        raise SystemExit(f"{task!r} is not known. Use: python3 -m helpers.start [open|test]")
    check_machine()
    environment = Path(os.environ.get("COURSE_VENV", ROOT / ".venv"))
    python = install(environment, "test" if task == "test" else "")
    if task == "test":
        # Side by side where there are cores for it; what the reader says about it comes last and counts.
        command = [python, "-m", "pytest", "--numprocesses", "logical", "--maxprocesses", "4", *arguments]
    else:
        command = open_command(python, arguments=arguments)
    try:
        settings = {**platforms.home_elsewhere(environment / "home"), **os.environ}
        raise SystemExit(subprocess.run([str(part) for part in command], cwd=ROOT, env=settings).returncode)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
