"""Build the whole course as a web book: static pages with navigation and search, for reading without running.

    python -m helpers.course.web_book                   into build/site, opened with any browser: build/site/index.html
    python -m helpers.course.web_book FOLDER            into FOLDER
    python -m helpers.course.web_book --check           only build in a temporary folder and report warnings

The pages show the outputs stored in the notebooks; nothing is executed. Sphinx makes the pages, MyST-NB reads the notebooks,
Furo is the theme, and MathJax comes along, so that the book can be read without network.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat

from helpers.project import ROOT

__all__ = ["SiteError", "build", "write_sources"]

MISSING = ("the web book needs {name}, which is not installed. Install it into the course's environment: "
           "python -m pip install -e '.[book]'")
NAVIGATION = """
```{{toctree}}
:hidden:
:caption: Lessons

{lessons}
```

```{{toctree}}
:hidden:
:caption: More

{pages}
```
"""
MARKER = ".course-book.txt"
"""File in a finished book that lists what belongs to it, so that a new book replaces these files and no others."""
COMMAND_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
LINK = re.compile(r"(?<=\]\()([^)#:\s]+)(?=[)#])")


def lessons():
    """Return the paths of the lessons, in their order."""
    return sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


class SiteError(RuntimeError):
    """The web book could not be built; the message says why and what to do."""


def configuration():
    """Return the settings of Sphinx for this book, as a dict.

    Raises
    ------
    SiteError
        When Sphinx, MyST-NB, Furo or the offline MathJax is missing.
    """
    for module, name in (("sphinx", "Sphinx"), ("myst_nb", "MyST-NB"), ("furo", "Furo"),
                         ("sphinx-mathjax-offline", "sphinx-mathjax-offline")):
        try:
            __import__(module)
        except ImportError:
            raise SiteError(MISSING.format(name=name)) from None
    return {
        "project": "Convolutional networks, checked by the machine", "language": "en", "copyright": "its authors, CC BY 4.0",
        "extensions": ["myst_nb", "sphinx-mathjax-offline"], "html_theme": "furo", "html_title": "Convolutional networks",
        "nb_execution_mode": "off", "nb_merge_streams": True, "nb_remove_code_outputs": False,
        "myst_enable_extensions": ["dollarmath"], "myst_heading_anchors": 3, "html_copy_source": False, "html_show_sphinx": False,
        "html_permalinks": False, "html_static_path": ["_static"], "html_css_files": ["course.css"],
        "pygments_style": "a11y-high-contrast-light", "pygments_dark_style": "a11y-high-contrast-dark",
    }


STYLE = """
/* Wide tables and long lines scroll inside their own box, so that a page is never wider than a phone. */
.cell_output table { display: block; overflow-x: auto; max-width: 100%; }
.cell_output img, article img { max-width: 100%; height: auto; }
.cell_output img { background: #fff; }
"""


def _figure(output):
    """Return an image output as HTML with its alternative text, which MyST-NB would lose."""
    shape = output.metadata.get("image/png", {})
    source = re.sub(r"\s", "", output.data["image/png"])
    base64.b64decode(source, validate=True)
    size = "".join(f' {side}="{shape[side]}"' for side in ("width", "height") if side in shape)
    return f'<img src="data:image/png;base64,{source}" alt="{html.escape(shape.get("alt", ""), quote=True)}"{size}>'


def _readable(notebook):
    """Prepare a lesson for reading: figures with their alternative text, scrollable outputs reachable by keyboard."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                output.data = nbformat.from_dict({"text/html": _figure(output), "text/plain": data.get("text/plain", "")})
            data.pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def _linked_files(text, page):
    """Yield every file of the project to which a page links with a relative address."""
    for address in LINK.findall(text):
        target = (page.parent / address).resolve()
        if target.is_file() and target.is_relative_to(ROOT):
            yield target


def _pages():
    """Return the Markdown files that the front page leads to, directly or by way of another, without their endings."""
    found = [ROOT / "README.md"]
    for page in found:  # grows while it is read
        linked = _linked_files(page.read_text(encoding="utf-8"), page)
        found += dict.fromkeys(target for target in linked if target.suffix == ".md" and target not in found)
    return [path.relative_to(ROOT).with_suffix("").as_posix() for path in found[1:]]


def write_sources(folder):
    """Lay out what Sphinx reads: the front page, the lessons, the data sheet, pictures and every other file they link to.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder.

    Returns
    -------
    list of str
        The pages, in the order of the navigation.
    """
    names = [path.stem for path in lessons()]
    pages = _pages()
    extra = set(ROOT.glob("img/*.svg"))
    for source in (ROOT / "README.md", *(ROOT / f"{page}.md" for page in pages)):
        text = source.read_text(encoding="utf-8")
        extra.update(_linked_files(text, source))
        text = COMMAND_COMMENT.sub("", text)
        target = folder / ("index.md" if source == ROOT / "README.md" else source.relative_to(ROOT))
        if target.name == "index.md":
            text += NAVIGATION.format(lessons="\n".join(f"notebooks/{name}" for name in names), pages="\n".join(pages))
        else:
            text = text.replace("../README.md", "../index.md")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (folder / "notebooks").mkdir(exist_ok=True)
    for path in lessons():
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                extra.update(_linked_files(cell.source, path))
                cell.source = cell.source.replace("](../README.md", "](../index.md")
        nbformat.write(_readable(notebook), folder / "notebooks" / path.name)
    taken = {"README.md", *(f"{page}.md" for page in pages), *(f"notebooks/{name}.ipynb" for name in names)}
    for file in sorted(extra):
        place = file.relative_to(ROOT).as_posix()
        if place not in taken:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / place)
    (folder / "_static").mkdir()
    (folder / "_static" / "course.css").write_text(STYLE, encoding="utf-8")
    return ["index", *(f"notebooks/{name}" for name in names), *pages]


def _accessible(page):
    """Mend what the theme leaves out: boxes that scroll take the keyboard's focus, headings of the navigation have a level."""
    page = page.replace("<pre>", '<pre tabindex="0">').replace("<table", '<table tabindex="0"')
    return page.replace('role="heading"', 'role="heading" aria-level="2"')


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


def build(destination):
    """Build the web book.

    Parameters
    ----------
    destination : path-like
        Folder for the pages. It is replaced if it holds an earlier book, and refused if it holds anything else.

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
    settings = configuration()
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError

    destination = Path(destination).resolve()
    _check_destination(destination)
    complaints = io.StringIO()
    with tempfile.TemporaryDirectory() as work:
        source, output = Path(work, "source"), Path(work, "html")
        source.mkdir()
        pages = write_sources(source)
        Path(source, "conf.py").write_text("".join(f"{key} = {value!r}\n" for key, value in settings.items()), encoding="utf-8")
        try:
            Sphinx(source, source, output, Path(work, "doctrees"), "html", status=None, warning=complaints, parallel=1).build()
        except SphinxError as error:
            raise SiteError(f"Sphinx could not build the book: {error}") from error
        for page in output.rglob("*.html"):
            page.write_text(_accessible(page.read_text(encoding="utf-8")), encoding="utf-8")
        (output / MARKER).write_text("\n".join(_files(output)) + "\n", encoding="utf-8")
        # Only a finished book replaces the one before.
        if destination.exists():
            shutil.rmtree(destination)
        shutil.copytree(output, destination)
    warnings = [line.replace(f"{source}/", "") for line in complaints.getvalue().splitlines() if line.strip()]
    return [destination / f"{page}.html" for page in pages], warnings


def main(arguments=None):
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m helpers.course.web_book", description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", default=ROOT / "build" / "site", type=Path, help="default: build/site")
    parser.add_argument("--check", action="store_true", help="build in a temporary folder; fail on any warning")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            with tempfile.TemporaryDirectory() as folder:
                pages, warnings = build(Path(folder, "site"))
        else:
            pages, warnings = build(options.folder)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 2
    for warning in warnings:
        print(warning, file=sys.stderr)
    if not options.check:
        print(f"{len(pages)} pages. Open {pages[0]}")
    return 1 if options.check and warnings else 0


if __name__ == "__main__":
    sys.exit(main())
