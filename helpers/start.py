"""Set the course up and open it, or run its tests, on a machine that has nothing but Python 3.10 to 3.13.

    python3 -m helpers.start          install what is missing into .venv, open the course in JupyterLab
    python3 -m helpers.start test     install what is missing into .venv, run every test

Needs only the standard library, since it runs before anything is installed. Arguments after ``open`` or ``test`` go to
JupyterLab or pytest: ``python3 -m helpers.start test -k shapes``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST_PAGE = "notebooks/00_start_here.ipynb"


def python_of(environment):
    """Return the interpreter of a virtual environment, on Windows and elsewhere."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def check_python(version=None):
    """Stop with a remedy if this Python cannot run the course.

    Raises
    ------
    SystemExit
        Outside 3.10 to 3.13: TensorFlow offers no package for other versions.
    """
    version = tuple(version or sys.version_info)[:2]
    if not (3, 10) <= version <= (3, 13):
        raise SystemExit(f"The course runs on Python 3.10 to 3.13, and this is {version[0]}.{version[1]}: TensorFlow has no "
                         "package for it. Install one of these (https://www.python.org/downloads/) and start again with it, "
                         "for example: python3.12 -m helpers.start")


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
    """Remove half an environment, from a first try that was interrupted, and nothing but an environment.

    Raises
    ------
    SystemExit
        When the folder holds files and is no environment, or cannot be removed.
    """
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


def install(environment):
    """Create the virtual environment and install the requirements, unless that has been done.

    Parameters
    ----------
    environment : pathlib.Path
        Folder of the virtual environment.

    Returns
    -------
    pathlib.Path
        Its interpreter.

    Raises
    ------
    SystemExit
        When a step fails, or the folder holds something else; the message names it and the remedy. A step that failed is
        done again next time.
    """
    python = python_of(environment)
    wanted = hashlib.sha256((ROOT / "requirements.txt").read_bytes() + str(ROOT).encode() + sys.version.encode()).hexdigest()
    stamp = environment / "course-installed.txt"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Installing the course into {environment.name}/ (once; about 2 GB with TensorFlow, a few minutes) ...", flush=True)
    if not python.exists():
        _clear(environment)
    if not _has_pip(python):
        _run([sys.executable, "-m", "venv", environment],
             "On Debian and Ubuntu the module venv is a package of its own: sudo apt install python3-venv")
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"],
         "Is this machine online, with 3 GB of free disk? Start again: what is installed already is kept.")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def open_command(python, folder=ROOT, arguments=()):
    """Return the command that serves the course in JupyterLab, as a list of str.

    Parameters
    ----------
    python : path-like
        The interpreter of an environment that has JupyterLab.
    folder : path-like
        The course. All of it is served, not only notebooks/: the lessons show pictures from img/.
    arguments : iterable of str
        Further options for JupyterLab.
    """
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
    check_python()
    python = install(Path(os.environ.get("COURSE_VENV", ROOT / ".venv")))
    if task == "test":
        command = [python, "-m", "pytest", *arguments]
    else:
        command = open_command(python, arguments=arguments)
    try:
        raise SystemExit(subprocess.run([str(part) for part in command], cwd=ROOT).returncode)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
