"""The first code cell of every lesson, kept once: it fetches the course where only the notebook is there, and checks.

It must run in a clone, in an installed environment and on Colab. It comes folded; the imports that a lesson talks about stand in
a second cell. `COURSE_REPOSITORY` lets a test (or a school without internet) fetch from elsewhere.
"""

from helpers.project import course_settings

NAME, IMPORTS = "set-up", "imports"
"""Names of the two cells in their metadata."""
FOLDED = {"jupyter": {"source_hidden": True}, "name": NAME, "tags": ["hide-input"]}
"""Metadata of the first cell: JupyterLab and the web book fold it. Colab goes by its first line."""

_TEMPLATE = '''# @title Set-up: fetch the course if it is not here { display-mode: "form" }
import os, shutil, subprocess, sys

ADDRESS = os.environ.get(
    "COURSE_REPOSITORY", "https://github.com/OWNER/REPO")


def course_folders():
    """Return where the course is: a clone around this notebook, or a fetched copy."""
    return [os.path.abspath(folder) for folder in ("..", "course")
            if os.path.isfile(os.path.join(folder, "helpers", "quiet_start.py"))]


def fetch_course():
    """Clone the course into the folder course, or say what is in the way."""
    git = ["git", "clone", "--quiet", "--depth=1", ADDRESS, "course"]
    if "/OWNER/" in ADDRESS:
        problem = ("this copy of the lesson was never told where the course is. Open "
                   "the lesson in the whole course, in its folder notebooks.")
    elif os.path.exists("course"):
        problem = "a folder named course is in the way. Rename it and run this again."
    elif not shutil.which("git"):
        problem = "git is missing. Install it from https://git-scm.com."
    elif subprocess.run(git).returncode:
        problem = f"{ADDRESS} did not answer. Is this machine online?"
    else:
        return
    raise RuntimeError(f"The course could not be fetched: {problem}")


sys.path[:0] = course_folders()
try:
    import helpers.environment
except ImportError:  # only the notebook is here, or another module named helpers
    sys.modules.pop("helpers", None)
    if not course_folders():
        fetch_course()
    sys.path[:0] = course_folders()
    import helpers.environment
helpers.environment.check()
import helpers.quiet_start  # TensorFlow and Keras without their start-up messages
'''


def setup_cell(repository=None):
    """Return the source of the set-up cell.

    Parameters
    ----------
    repository : str, optional
        "OWNER/REPO"; by default the course's own address.
    """
    return _TEMPLATE.replace("OWNER/REPO", repository or course_settings()["repository"]).strip()
