"""The course's public address: kept once in pyproject.toml, written from there into every badge and set-up cell.

    python -m helpers.course.links OWNER/REPO                    set the address, rewrite everything that carries it
    python -m helpers.course.links OWNER/REPO --branch BRANCH    and the branch that the links open
    python -m helpers.course.links                               bring in what still carries the template's address
    python -m helpers.course.links --check                       say what disagrees, change nothing
"""

from __future__ import annotations

import argparse
import re
import sys

from helpers.project import ROOT, course_settings

__all__ = ["addresses", "badges", "main", "rewrite_notebook"]

TEMPLATE = {"repository": "OWNER/REPO", "branch": "main"}
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}")
_BRANCH = re.compile(rf"{_NAME}(?:/{_NAME})*")
_BADGES = "<!-- badges -->"
_HOSTS = ("https://colab.research.google.com/github/", "https://mybinder.org/v2/gh/")


def addresses(settings):
    """Return the address of the course on Colab, Binder, GitHub and GitHub Pages.

    The first two end where the lesson's own part begins, so that none is the beginning of another course's address.
    """
    repository, branch = settings["repository"], settings["branch"]
    owner, name = repository.split("/")
    return [f"{_HOSTS[0]}{repository}/blob/{branch}/notebooks/", f"{_HOSTS[1]}{repository}/{branch}?urlpath=lab/tree/notebooks/",
            f"https://github.com/{repository}", f"https://{owner}.github.io/{name}"]


def badges(lesson):
    """Return the line of links that a lesson opens with.

    Parameters
    ----------
    lesson : str
        The notebook's name without its ending.
    """
    colab, binder, *_ = addresses(course_settings())
    return f"[Open in Colab]({colab}{lesson}.ipynb) · [Open in Binder]({binder}{lesson}.ipynb)"


def rewrite(text, old, new):
    """Replace every address of the course in a text.

    Parameters
    ----------
    text : str
        Markdown, YAML, or a notebook's JSON.
    old, new : dict
        ``repository`` and ``branch``.
    """
    for before, after in zip(addresses(old), addresses(new)):
        # https://github.com/ada/course is not the address of https://github.com/ada/course-2.
        end = "" if before.endswith("/") else r"(?![\w-]|\.\w)"
        text = re.sub(re.escape(before) + end, lambda _, after=after: after, text)
    return text


def rewrite_notebook(notebook, lesson):
    """Put the badges in their place and the course's address in place of the template's.

    Parameters
    ----------
    notebook : dict
        A notebook as nbformat reads it; changed in place.
    lesson : str
        The notebook's name without its ending.
    """
    for cell in notebook["cells"]:
        cell["source"] = rewrite(cell["source"].replace(_BADGES, badges(lesson)), TEMPLATE, course_settings())


def _files():
    return [ROOT / "README.md", ROOT / "CITATION.cff", *sorted((ROOT / "notebooks").glob("*.ipynb")),
            *sorted((ROOT / "helpers" / "grading" / "keys").glob("*.ipynb"))]


def _disagreements(settings):
    """Yield one sentence for each file that carries another address."""
    colab, binder, *_ = addresses(settings)
    for path in _files():
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        if rewrite(text, TEMPLATE, settings) != text:
            yield f"{name} carries the template's address; run: python -m helpers.course.links"
        elif any(text.count(host) != text.count(right) for host, right in zip(_HOSTS, (colab, binder))):
            yield (f"{name} has a link to Colab or Binder that is not the course's address in pyproject.toml; "
                   f"write {_BADGES} in its place and run: python -m helpers.course.build {name}")


def _store(settings):
    """Write the address into pyproject.toml.

    Raises
    ------
    SystemExit
        When there is not one line for each of the two settings.
    """
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for key, value in settings.items():
        text, count = re.subn(rf'(?m)^{key} = ".*"$', f'{key} = "{value}"', text)
        if count != 1:
            raise SystemExit(f"pyproject.toml: expected one line '{key} = ...' below [tool.course], found {count}")
    path.write_text(text, encoding="utf-8", newline="\n")


def main(arguments=None):
    """Read the command line; return 1 when ``--check`` finds a difference."""
    parser = argparse.ArgumentParser(prog="python -m helpers.course.links", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", metavar="OWNER/REPO", help="the public address on GitHub")
    parser.add_argument("--branch", help="the branch that the links open (default: the one that is set)")
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 if something disagrees")
    options = parser.parse_args(arguments)
    old = course_settings()
    new = {"repository": options.repository or old["repository"], "branch": options.branch or old["branch"]}
    if options.check:
        if options.repository or options.branch:
            parser.error("--check compares with the address that is set; leave OWNER/REPO and --branch out")
        found = list(_disagreements(old))
        print("\n".join(found) or f"every link points at {old['repository']}")
        return 1 if found else 0
    if not _REPOSITORY.fullmatch(new["repository"]):
        raise SystemExit(f"{new['repository']!r} is not an address of the form OWNER/REPO, for example ada/convnet-course")
    if not _BRANCH.fullmatch(new["branch"]):
        raise SystemExit(f"{new['branch']!r} is not the name of a branch of OWNER/REPO, for example main or release/2026")
    for path in _files():
        text = path.read_text(encoding="utf-8")
        rewritten = rewrite(rewrite(text, old, new), TEMPLATE, new)
        if rewritten != text:
            path.write_text(rewritten, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(ROOT).as_posix()} rewritten")
    _store({key: new[key] for key in ("repository", "branch")})  # last, so that an interrupted run can be repeated
    print(f"every known link points at {new['repository']}, branch {new['branch']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
