"""The student edition: the course without keys, solutions and tests, ready to push or to zip.

    python -m helpers.grading handout FOLDER --repository OWNER/REPO
"""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
from pathlib import Path

from helpers.course.links import TEMPLATE, rewrite
from helpers.course.own_files import OwnFiles
from helpers.grading.records import GradingError
from helpers.project import ROOT, course_settings

STAFF = ("tests/", ".ci/", ".github/", "helpers/course/", "helpers/grading/")
"""What no lesson needs: answers, what could give them away, and programs for those who have them."""
_ABOUT_STAFF = re.compile(r"helpers[./](course|grading)|\btests[/.]|-m pytest|start test|\.github/|[Ii]nstructor|[Mm]aintainer")
_STAFF_TABLE = re.compile(r"^(#.*\n)*\[(tool\.(pytest|ruff|mypy)|project\.entry-points).*\]\n((?![#\[]).*\n?)*", re.MULTILINE)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def course_files(root=ROOT):
    """Return the names of the course's own files: those that git knows, or, without git, those that .gitignore lets through."""
    if (root / ".git").exists():
        try:
            listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise GradingError(f"git cannot list the files of {root}: install git, or remove .git ({error})") from error
        names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
        return [name for name in names if (root / name).is_file()]  # some may be deleted and not committed yet
    ignored = [".git", *(line.strip("/") for line in (root / ".gitignore").read_text(encoding="utf-8").split())]
    names, found = [], lambda name: any(fnmatch.fnmatch(name, one) or fnmatch.fnmatch(Path(name).name, one) for one in ignored)
    for place, folders, files in os.walk(root):
        below = Path(place).relative_to(root)
        folders[:] = [one for one in folders if not found((below / one).as_posix())]
        names += [(below / one).as_posix() for one in files if not found((below / one).as_posix())]
    return sorted(names)


def _for_students(name, text):
    """Return a text file without what is about files that are not handed out."""
    if name == "pyproject.toml":
        return re.sub(r"(?m)^# .*\n", "", _STAFF_TABLE.sub("", text))
    if name == "README.md":
        sections = (_readable(section) for section in re.split(r"(?m)^(?=## )", text))
        return "\n".join(filter(None, sections))
    return text


def _readable(section):
    """Return a section without the paragraphs about staff's programs, or nothing where it begins with them."""
    first, *others = re.split(r"\n{2,}(?!- |\|)", section)
    kept = [first]
    if first.startswith("## ") and _ABOUT_STAFF.search(f"{first}\n{others[:1]}"):
        return ""
    for one in others:
        if not _ABOUT_STAFF.search(one):
            kept.append(one)
        elif "```" in one:  # the sentence that announces a command goes with it
            kept[-1] = re.sub(r"(?<=[.!?])\s+[^.!?]*:$", "", kept[-1].rstrip())
    return "\n\n".join(kept).rstrip() + "\n"


def write_handout(folder, repository=None, root=ROOT):
    """Write the student edition.

    Parameters
    ----------
    folder : path-like
        New, empty, or an earlier handout, which is replaced; git's own folder in it stays.
    repository : str, optional
        "OWNER/REPO" on GitHub, where students will find it; by default the course's own.
    root : Path
        The course.

    Returns
    -------
    str
        What there is now, in a sentence.

    Raises
    ------
    GradingError
        When the folder holds something else, or the repository is no address.
    """
    stored = course_settings()
    repository = repository or stored["repository"]
    if not _REPOSITORY.fullmatch(repository):
        raise GradingError(f"--repository {repository!r} is not of the form OWNER/REPO, for example ada/convnet-course")
    files = OwnFiles(folder, ".handout.txt", private=False)
    if files.folder.resolve() == root.resolve():
        raise GradingError(f"{folder} is the course itself: name a new or empty folder")
    files.refuse_others("a handout")
    home = {**stored, "repository": repository}
    names = [name for name in course_files(root) if not name.startswith(STAFF)]
    for name in names:
        data = (root / name).read_bytes()
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            files.write(name, data)
        else:
            text = rewrite(_for_students(name, text), stored, home)
            files.write(name, text.replace(f'"{stored["repository"]}"', f'"{repository}"') if name == "pyproject.toml" else text)
    files.finish()
    where = (f"the lessons fetch the course from https://github.com/{repository}" if repository != TEMPLATE["repository"] else
             "no lesson can fetch the course on Colab before --repository says where it will be")
    return f"{len(names)} files in {folder}; {where}."
