"""The code keeps one style: ruff with the settings of pyproject.toml."""

import subprocess
import sys

from helpers.project import ROOT


def test_ruff_is_content():
    run = subprocess.run([sys.executable, "-m", "ruff", "check", "--output-format", "concise", "helpers", "tests", "img"],
                         cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
