"""The first code cell of every lesson, kept once.

It must run in a clone, in an installed environment and on Colab, where only the notebook itself is there: then it fetches the
course. `COURSE_REPOSITORY` lets a test (or a school without internet) fetch from elsewhere.
"""

from helpers.project import course_settings

_TEMPLATE = '''import importlib.util, os, subprocess, sys

sys.path += ["..", "course"]                      # a clone's own folder, or the copy fetched below
if importlib.util.find_spec("helpers") is None:   # on Colab: fetch the course, once
    address = os.environ.get("COURSE_REPOSITORY", "https://github.com/{repository}")
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, "course"], check=True)
    importlib.invalidate_caches()
import helpers.quiet_start                        # TensorFlow and Keras, without their start-up messages
'''


def setup_cell(imports, repository=None):
    """Return the source of the set-up cell.

    Parameters
    ----------
    imports : str
        What the lesson imports itself, as Python source.
    repository : str, optional
        "OWNER/REPO"; by default the course's own address.
    """
    return _TEMPLATE.format(repository=repository or course_settings()["repository"]) + "\n" + imports.strip()
