"""What tests need that run workers: whether there is a sandbox, and another user than root."""

import contextlib
import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from helpers.grading.answer_keys import read_keys
from helpers.grading.collect import collect
from helpers.grading.grade_class import grade_class
from helpers.grading.run import Runner
from helpers.grading.sandbox import SandboxError, bubblewrap, cgroup
from helpers.grading.sandbox.confine import MEGABYTE, Limits
from helpers.grading.workers import Options, Workers, bounds
from helpers.project import ROOT

try:
    bubblewrap.find()
    NO_SANDBOX = ""
except SandboxError as error:
    NO_SANDBOX = str(error)
needs_sandbox = pytest.mark.skipif(bool(NO_SANDBOX), reason=NO_SANDBOX or "there is one")
SANDBOX = "none" if NO_SANDBOX else "bwrap"
LIMITS = Limits(memory=256 * MEGABYTE)
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
WITH_CGROUP = "cgroup" in bounds("bwrap")
GROUPS = "**" if cgroup.command() else "*"  # the folders of groups: with version 2, somewhere below a scope of systemd's
REACHED = all(parent.stat().st_mode & 1 for folder in (ROOT, Path(sys.prefix)) for parent in (folder, *folder.parents))
needs_somebody = pytest.mark.skipif(not (IS_ROOT and shutil.which("setpriv") and REACHED), reason=(
    "needs root, to become somebody else, and a course in a folder that everybody may enter"))
SOMEBODY = 23456
"""A user that no system has."""


def new_workers(modules=("numpy",), memory=LIMITS.memory // MEGABYTE, sandbox=SANDBOX):
    return Workers([f"import {name}" for name in modules], Options(memory=memory, sandbox=sandbox))


def ran(workers, *sources, seconds=60):
    """Return what came of some cells in one worker, which has then been ended."""
    worker = workers.start()
    try:
        return [worker.run(source, seconds) for source in sources]
    finally:
        worker.close()


def as_somebody(command, home):
    """Return a command that runs another as an ordinary user. Where Python lies in root's home, that is opened, for it alone."""
    folder = Path(sys.base_prefix).resolve()
    closed = [parent for parent in reversed(folder.parents) if not parent.stat().st_mode & 1]
    home.mkdir(exist_ok=True)
    os.chown(home, SOMEBODY, SOMEBODY)
    opened = f"cd {ROOT}"
    if closed:
        behind, mounted = closed[0], home / "behind"
        mounted.mkdir()
        opened += (f" && mount --bind {folder} {mounted} && mount -t tmpfs -o mode=755 none {behind} && mkdir -p {folder}"
                   f" && mount --bind {mounted} {folder}")
    become = f"exec setpriv --reuid {SOMEBODY} --regid {SOMEBODY} --clear-groups env HOME={home} TMPDIR={home} \"$@\""
    return ["unshare", "--mount", "sh", "-c", f"{opened} && {become}", "sh", *command]


def grade(folder, out, options=None, keys=None, **more):
    """Grade a class; return its submissions and their results."""
    keys = keys or read_keys()
    submissions = collect(Path(folder), keys).submissions
    options = options or Options(timeout=15, memory=1024, sandbox=SANDBOX)
    with contextlib.closing(Runner((), options)) as runner:
        return submissions, grade_class(submissions, keys, runner, Path(out) / "work", **more)


if __name__ == "__main__":
    graded = grade(sys.argv[1], sys.argv[2], jobs=int(sys.argv[3]))
    written = {one.student.identity: result and dataclasses.asdict(result) for one, result in zip(*graded)}
    Path(sys.argv[2], "all.json").write_text(json.dumps(written))
