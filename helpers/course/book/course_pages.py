"""Sphinx extension: navigation on the front page, alternative texts of figures, boxes that the keyboard can scroll."""

from __future__ import annotations

from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.errors import ExtensionError

NAVIGATION = """
```{toctree}
:hidden:
:glob:
:caption: Lessons

notebooks/[0-9]*
```

SOLUTIONS
```{toctree}
:hidden:
:caption: Results and data

notebooks/RESULTS
data/README
```

```{toctree}
:hidden:
:caption: For instructors

helpers/grading/README
helpers/grading/TEACHING
helpers/grading/THREATS
```

```{toctree}
:hidden:
:caption: For maintainers

maintainers/contributing
CHANGELOG
```
"""
SOLUTIONS = """
```{toctree}
:hidden:
:glob:
:caption: Solutions

solutions/*
```
"""


def add_navigation(app, name, source):
    """Append the table of contents, which GitHub would show as text, to the front page."""
    if name == "index":
        source[0] += NAVIGATION.replace("SOLUTIONS", SOLUTIONS if (Path(app.srcdir) / "solutions").is_dir() else "")


def name_figures(app, document):
    """Give each figure in a lesson's outputs its alternative text, which MyST-NB does not read."""
    path = app.env.doc2path(app.env.docname)
    if not str(path).endswith(".ipynb"):
        return
    outputs = (output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", []))
    texts = [output.metadata.get("image/png", {}).get("alt", "") for output in outputs if "image/png" in output.get("data", {})]
    figures = [figure for bundle in document.findall(nodes.container) if bundle.get("mime_type") == "image/png"
               for figure in bundle.findall(nodes.image)]
    if len(figures) != len(texts):
        raise ExtensionError(f"{path}: {len(texts)} figures are stored, and the page shows {len(figures)}")
    for figure, text in zip(figures, texts):
        figure["alt"] = text


def open_to_the_keyboard(app, name, template, context, document):
    """Let boxes that may scroll take the keyboard's focus, and give the headings of the navigation a level."""
    if "body" in context:
        context["body"] = context["body"].replace("<pre", '<pre tabindex="0"').replace("<table", '<table tabindex="0"')
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app):
    """Connect the functions above to the events of Sphinx."""
    app.connect("source-read", add_navigation)
    app.connect("doctree-read", name_figures)
    app.connect("html-page-context", open_to_the_keyboard, priority=900)  # after the theme's own
    return {"parallel_read_safe": True, "parallel_write_safe": True}
