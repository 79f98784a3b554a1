"""Type the README's first command, wait until JupyterLab serves the first lesson, and stop it again.

    python3 -m tests.support.open_course

Needs only the standard library: it runs before anything is installed.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from helpers.start import FIRST_PAGE, ROOT

PATIENCE = 1500  # seconds: the first time everything is installed


def _running_server(runtime):
    """Return address and token of the server that left its card in Jupyter's runtime folder."""
    for card in Path(runtime).glob("jpserver-*.json"):
        try:
            facts = json.loads(card.read_text(encoding="utf-8"))
            return facts["url"], facts["token"]
        except (ValueError, KeyError):  # still being written
            continue
    return None


def _get(url, token, path):
    request = urllib.request.Request(url + path, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode("utf-8")


def end(process):
    """End a process that leads a session of its own, and all that it has started."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)


def _signal(process, number):
    # A session that has ended by itself needs no end, and must not hide why.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def open_course(command):
    """Run the command until the lesson can be read through it.

    Parameters
    ----------
    command : str
        The README's command, run by the shell as a newcomer would.

    Raises
    ------
    SystemExit
        When the command ends by itself, or nothing answers in time.
    """
    with tempfile.TemporaryDirectory() as runtime:
        environment = dict(os.environ, JUPYTER_RUNTIME_DIR=runtime, BROWSER="true")
        process = subprocess.Popen(command, shell=True, cwd=ROOT, env=environment, start_new_session=True,
                                   stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + PATIENCE
            while not (server := _running_server(runtime)):
                if process.poll() is not None:
                    raise SystemExit(f"{command!r} ended with {process.returncode} before JupyterLab was up")
                if time.monotonic() > deadline:
                    raise SystemExit(f"{command!r}: no JupyterLab after {PATIENCE} s")
                time.sleep(1)
            time.sleep(2)
            lesson = json.loads(_get(*server, f"api/contents/{FIRST_PAGE}"))
            page = _get(*server, f"lab/tree/{FIRST_PAGE}")
            picture = _get(*server, "files/img/course_map.svg")
            if lesson["content"]["cells"][0]["source"][:2] != "# " or "JupyterLab" not in page or "<svg" not in picture:
                raise SystemExit(f"JupyterLab answers, but not with {FIRST_PAGE} and its pictures")
            print(f"{command!r} opened {FIRST_PAGE} in JupyterLab")
        finally:
            end(process)


if __name__ == "__main__":
    from tests.support.readme_commands import commands

    open_course(sys.argv[1] if len(sys.argv) > 1 else commands()["open"])
