"""The part of the linter that is not about single notebooks: the style of the code, addresses, and what the README repeats."""

import contextlib
import io
import subprocess
import sys

from helpers.course import links, readme_results
from helpers.project import ROOT

FOLDERS = ["helpers", "tests", "img"]
LONGEST = 320  # lines of a file


def style(folders=FOLDERS, root=ROOT):
    """Return one line for each finding of ruff, and how to mend them."""
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--quiet", *folders]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    if "No module named ruff" in done.stderr:
        return ["ruff is not installed: python -m pip install -e '.[test]'"]
    return [*(done.stdout + done.stderr).splitlines(),
            f"ruff mends much of this itself: python -m ruff check --fix {' '.join(folders)}"]


def lengths(folders=FOLDERS[:1], root=ROOT):
    """Return one line for each Python file that has grown too long to be read at one sitting."""
    counted = ((path, len(path.read_text(encoding="utf-8").splitlines())) for folder in folders
               for path in sorted((root / folder).rglob("*.py")))
    return [f"{path.relative_to(root).as_posix()}: {lines} lines, wanted at most {LONGEST}; split it where its subject changes"
            for path, lines in counted if lines > LONGEST]


def addresses():
    """Return what does not carry the course's address; the lines say how to mend it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        differs = links.main(["--check"])
    return said.getvalue().splitlines() if differs else []


def readme():
    """Return what in the README lags behind the project."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    if readme_results.updated(text) == text:
        return []
    return ["README.md: the results lag behind data/expected_results.toml; run: python -m helpers.course.readme_results"]


def complaints():
    """Return all of them."""
    return style() + lengths() + addresses() + readme()
