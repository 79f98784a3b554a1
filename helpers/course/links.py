"""The course's public address: kept once in pyproject.toml, written from there into every badge and set-up cell.

    python -m helpers.course.links OWNER/REPO      set the address, rewrite everything that carries it
    python -m helpers.course.links                 rewrite from the address that is set
    python -m helpers.course.links --check         say what disagrees, change nothing
"""

from __future__ import annotations

import argparse
import json
import re
import sys

from helpers.project import ROOT, course_settings

__all__ = ["badges", "main", "rewrite_notebook"]

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}")
_COLAB = re.compile(rf"https://colab\.research\.google\.com/github/{_NAME}/{_NAME}/blob/[^/\s)\"]+/")
_BINDER = re.compile(rf"https://mybinder\.org/v2/gh/{_NAME}/{_NAME}/[^?\s)\"]+")
# In a set-up cell and in a README the address ends at a quote, a space or a bracket.
_ADDRESS = re.compile(rf"(?<=https://github\.com/)OWNER/REPO|(?<=COURSE_REPOSITORY\", \"https://github\.com/){_NAME}/{_NAME}(?=\")"
                      rf"|(?<=<!-- address -->https://github\.com/){_NAME}/{_NAME}")
_PLACE = "<!-- badges -->"


def badges(lesson):
    """Return the line of links that a lesson opens with.

    Parameters
    ----------
    lesson : str
        The notebook's name without its ending.
    """
    settings = course_settings()
    repository, branch = settings["repository"], settings["branch"]
    colab = f"https://colab.research.google.com/github/{repository}/blob/{branch}/notebooks/{lesson}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/notebooks/{lesson}.ipynb"
    return f"[Open in Colab]({colab}) · [Open in Binder]({binder})"


def rewrite(text, settings):
    """Point every Colab, Binder and clone address in a text at the course's repository."""
    repository, branch = settings["repository"], settings["branch"]
    text = _COLAB.sub(f"https://colab.research.google.com/github/{repository}/blob/{branch}/", text)
    text = _BINDER.sub(f"https://mybinder.org/v2/gh/{repository}/{branch}", text)
    return _ADDRESS.sub(repository, text)


def rewrite_notebook(notebook, lesson):
    """Put the badges in their place and bring every address in a notebook up to date.

    Parameters
    ----------
    notebook : dict
        A notebook as nbformat or json reads it; changed in place.
    lesson : str
        The notebook's name without its ending.
    """
    settings = course_settings()
    for cell in notebook["cells"]:
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(source)
        new = rewrite(text.replace(_PLACE, badges(lesson)), settings)
        if new != text:
            cell["source"] = new if isinstance(source, str) else new.splitlines(keepends=True)


def _rewritten(path):
    """Return the text that a file should have."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return rewrite(text, course_settings())
    notebook = json.loads(text)
    rewrite_notebook(notebook, path.stem)
    # nbformat's canonical form, so that only the addresses differ.
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _files():
    return [ROOT / "README.md", *sorted((ROOT / "notebooks").glob("*.ipynb")),
            *sorted((ROOT / "helpers" / "grading" / "keys").glob("*.ipynb"))]


def _set_repository(repository):
    if not _REPOSITORY.fullmatch(repository):
        raise SystemExit(f"{repository!r} is not an address of the form OWNER/REPO, for example ada/convnet-course")
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    new, count = re.subn(r'(?m)^repository = ".*"$', f'repository = "{repository}"', text)
    if count != 1:
        raise SystemExit(f"pyproject.toml: expected one line 'repository = ...' below [tool.course], found {count}")
    path.write_text(new, encoding="utf-8")


def main(arguments=None):
    """Read the command line; return 1 when ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m helpers.course.links", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", metavar="OWNER/REPO", help="the public address on GitHub")
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 if something disagrees")
    options = parser.parse_args(arguments)
    if options.check and options.repository:
        parser.error("--check compares with the address that is set; leave OWNER/REPO out")
    if options.repository:
        _set_repository(options.repository)
    differing = [(path, new) for path in _files() if (new := _rewritten(path)) != path.read_text(encoding="utf-8")]
    for path, new in differing:
        name = path.relative_to(ROOT).as_posix()
        if options.check:
            print(f"{name} does not carry the address in pyproject.toml; run: python -m helpers.course.links")
        else:
            path.write_text(new, encoding="utf-8")
            print(f"{name} rewritten")
    if not differing:
        print(f"every link points at {course_settings()['repository']}")
    return 1 if options.check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
