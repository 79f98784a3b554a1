"""Real data for the tests that want it, and what to do where there is none."""

import os
from pathlib import Path

import pytest

from helpers.project import ROOT

FOLDERS = [*((ROOT / given, Path(given).expanduser().absolute()) if (given := os.environ.get("COURSE_DATA_DIR")) else ()),
           ROOT.parent / "shared" / "data", ROOT / "data" / "cache"]
"""First choice first: the folder that COURSE_DATA_DIR names, one beside the project, what the loaders have downloaded."""


def real_file(*names):
    """Return the first file of one of these names, or None. Called before a test hides the reader's settings."""
    return next((folder / name for folder in FOLDERS for name in names if (folder / name).is_file()), None)


def needs(file, title, name):
    """Return the mark of a test that skips without a file, and says what helps."""
    return pytest.mark.skipif(file is None, reason=f"no copy of {title} on this machine: python -m helpers.data download {name}, "
                              "or set COURSE_DATA_DIR to a folder that holds it")
