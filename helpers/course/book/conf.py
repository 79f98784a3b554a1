"""Sphinx settings of the web book. `helpers/course/web_book.py` lays out the pages and runs Sphinx with this file."""

from helpers import __version__
from helpers.project import course_settings

project = "Convolutional networks, checked by the machine"
copyright = "its authors, CC BY 4.0"
release = __version__
language = "en"

extensions = ["myst_nb", "sphinx-mathjax-offline", "helpers.course.book.course_pages"]
include_patterns = ["index.md", "CHANGELOG.md", "notebooks/*", "data/README.md", "helpers/grading/*.md", "maintainers/*.md",
                    "solutions/*.md"]

# Stored outputs are shown as they are. A slider cannot move on a page without a kernel, so the picture beside it is shown.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the set-up cell"
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None)]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "Convolutional networks"
html_static_path = ["static"]
html_css_files = ["course.css"]
html_copy_source = False
html_show_sphinx = False
html_permalinks = False
html_use_index = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

# `--links`: Binder would start a build for each visit, and before the address is set, the course's own pages do not exist.
linkcheck_ignore = [r"https://mybinder\.org/v2/"]
if course_settings()["repository"] == "OWNER/REPO":
    linkcheck_ignore.append(r"https://[^ ]*OWNER")
linkcheck_anchors = False
linkcheck_timeout = 30
linkcheck_retries = 3
