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
sys.path.insert(0, os.path.abspath("course" if os.path.isdir("course") else ".."))
try:
    import helpers.environment
except ImportError:  # only the notebook is here, or another module of this name
    sys.modules.pop("helpers", None)
    problem = not os.path.isfile(f"{sys.path[0]}/helpers/environment.py") and (
        "/OWNER/" in ADDRESS and "its address was never set. Open the whole course."
        or os.path.exists("course") and "the folder course is in the way. Rename it."
        or not shutil.which("git") and "git is missing. Get it at https://git-scm.com."
        or subprocess.call(["git", "clone", "-q", "--depth=1", ADDRESS, "course"])
        and f"{ADDRESS} did not answer. Is this machine online?")
    if problem:
        raise RuntimeError(f"The course could not be fetched: {problem}")
    sys.path.insert(0, os.path.abspath("course"))
import helpers.quiet_start  # checks the versions, then loads TensorFlow and Keras
'''


def setup_cell(repository=None):
    """Return the source of the set-up cell.

    Parameters
    ----------
    repository : str, optional
        "OWNER/REPO"; by default the course's own address.
    """
    return _TEMPLATE.replace("OWNER/REPO", repository or course_settings()["repository"]).strip()
