"""Build the whole course as a web book: static pages with navigation and search, for reading without running.

    python -m helpers.course.web_book                   into build/site, opened with any browser: build/site/index.html
    python -m helpers.course.web_book FOLDER            into FOLDER
    python -m helpers.course.web_book --check           build in a temporary folder, fail on any warning
    python -m helpers.course.web_book --without-solutions   leave out the solutions of the exercises
    python -m helpers.course.web_book --links           ask for every external address, fail on any that is gone

The pages show the outputs stored in the notebooks; nothing is executed. Sphinx makes the pages with the settings and the
extension in `helpers/course/book`. MathJax comes along, so the book can be read without a network.
"""

from __future__ import annotations

import argparse
import io
import posixpath
import re
import shutil
import sys
import tempfile
from pathlib import Path

from helpers.course import solutions
from helpers.project import ROOT

__all__ = ["SiteError", "build", "check_links"]

BOOK = Path(__file__).resolve().parent / "book"
MARKER = ".course-book.txt"
"""File in a finished book that lists what belongs to it, so that a new book replaces these files and no others."""
FOLDERS = ("notebooks", "helpers", "data", "img")
FILES = ("README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", ".github/CONTRIBUTING.md")
LEFT_OUT = shutil.ignore_patterns("*.h5", "cache", ".*", "__pycache__", "keys")
MOVED = {"README.md": "index.md", ".github/CONTRIBUTING.md": "maintainers/contributing.md"}
"""Pages with another place in the book, as deep as before: a front page is an index, and hosts hide folders with a dot."""


class SiteError(RuntimeError):
    """The web book could not be built; the message says why and what to do."""


def _write_sources(folder, with_solutions):
    """Lay out what Sphinx reads: the course's pages and whatever they may link to, with links to the pages that move."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in FILES:
        place = folder / MOVED.get(name, name)
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, place)
    if with_solutions:
        solutions.write(folder / "solutions")
    for page in [*folder.rglob("*.md"), *folder.glob("notebooks/*.ipynb")]:
        text = page.read_text(encoding="utf-8")
        for old, new in MOVED.items():
            before, after = (posixpath.relpath(place, page.parent.relative_to(folder).as_posix()) for place in (old, new))
            text = text.replace(f"]({before})", f"]({after})").replace(f"]({before}#", f"]({after}#")
        # JupyterLab keeps capitals and commas in the address of a heading; Sphinx, like GitHub, does not.
        text = re.sub(r"\]\(#([^)]+)\)", lambda link: f"](#{link[1].lower().replace(',', '')})", text)
        page.write_text(text, encoding="utf-8")


def _run_sphinx(work, builder, with_solutions=True):
    """Run Sphinx in an empty folder; return the finished application and its warnings."""
    try:
        from sphinx.application import Sphinx
        from sphinx.errors import SphinxError
        source = Path(work, "source")
        _write_sources(source, with_solutions)
        complaints = io.StringIO()
        app = Sphinx(source, BOOK, Path(work, builder), Path(work, "doctrees"), builder, status=None, warning=complaints)
        app.build()
    except ImportError as error:
        raise SiteError(f"the web book needs a package that is not installed ({error}). Install what it needs into the course's "
                        'environment: python -m pip install -e ".[book]"') from error
    except SphinxError as error:
        raise SiteError(f"Sphinx could not build the book: {error}\nIf a package is missing, install what the book needs: "
                        'python -m pip install -e ".[book]"') from error
    plain = re.sub(r"\x1b\[[0-9;]*m", "", complaints.getvalue())  # without the colors of a terminal
    return app, [line.replace(f"{source}/", "") for line in plain.splitlines() if line.strip()]


def _files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def _check_destination(folder):
    """Refuse a place where a book would replace something that is no book of this course."""
    if folder.exists() and not folder.is_dir():
        raise SiteError(f"{folder} is a file; name a folder for the web book")
    if folder.exists():
        own = {MARKER}
        if (folder / MARKER).is_file():
            own.update((folder / MARKER).read_text(encoding="utf-8").splitlines())
        others = [name for name in _files(folder) if name not in own]
        if others:
            raise SiteError(f"{folder} holds something that is not a web book of this course ({others[0]}); name an empty or new "
                            "folder, or empty this one yourself")


def build(destination, with_solutions=True):
    """Build the web book.

    Parameters
    ----------
    destination : path-like
        Folder for the pages. It is replaced if it holds an earlier book, and refused if it holds anything else.
    with_solutions : bool
        Whether it has the pages of solutions, which are made from the keys.

    Returns
    -------
    pages : list of pathlib.Path
        The HTML pages of the course, the front page first.
    warnings : list of str
        What Sphinx complained about, such as a link to a page that is not there.

    Raises
    ------
    SiteError
        When a package is missing, the destination is a file or holds other things, or Sphinx fails.
    """
    destination = Path(destination).resolve()
    _check_destination(destination)
    with tempfile.TemporaryDirectory() as work:
        app, warnings = _run_sphinx(work, "html", with_solutions)
        output = Path(app.outdir)
        (output / MARKER).write_text("\n".join(_files(output)) + "\n", encoding="utf-8")
        # Only a finished book replaces the one before.
        if destination.exists():
            shutil.rmtree(destination)
        shutil.copytree(output, destination)
    pages = sorted(app.env.found_docs, key=lambda name: (name != "index", name))
    return [destination / f"{page}.html" for page in pages], warnings


def check_links():
    """Ask for every external address in the book; return one line for each that does not answer.

    Raises
    ------
    SiteError
        When a package is missing or Sphinx fails.
    """
    with tempfile.TemporaryDirectory() as work:
        return _run_sphinx(work, "linkcheck")[1]


def main(arguments=None):
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m helpers.course.web_book", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=ROOT / "build" / "site", type=Path, help="default: build/site")
    parser.add_argument("--without-solutions", action="store_true", help="leave out the solutions of the exercises")
    parser.add_argument("--check", action="store_true", help="build in a temporary folder; fail on any warning")
    parser.add_argument("--links", action="store_true", help="ask for every external address; fail on any that is gone")
    options = parser.parse_args(arguments)
    try:
        if options.links:
            warnings = check_links()
        elif options.check:
            with tempfile.TemporaryDirectory() as folder:
                _, warnings = build(Path(folder, "site"))
        else:
            pages, warnings = build(options.folder, not options.without_solutions)
            print(f"{len(pages)} pages. Open {pages[0]}")
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for warning in warnings:
        print(warning, file=sys.stderr)
    return 1 if warnings and (options.check or options.links) else 0


if __name__ == "__main__":
    sys.exit(main())
