"""The part of the linter that is not about single notebooks: style of the code, addresses, pages, and files that GitHub reads."""

import contextlib
import io
import re
import subprocess
import sys

from helpers.course import links, results_page
from helpers.project import ROOT

FOLDERS = ["helpers", "tests", "img"]
LONGEST = 320  # lines of a file
MOST_WORDS = 1100  # of the README
INSTALL = 'python -m pip install -e ".[test]"'
SCHEMAS = {"github-workflows": ".github/workflows/*.yml", "dependabot": ".github/dependabot.yml",
           "github-issue-forms": ".github/ISSUE_TEMPLATE/*.yml", "citation-file-format": "CITATION.cff"}
"""The schemas that come with check-jsonschema, and the files that must keep them."""


def style(folders=FOLDERS, root=ROOT):
    """Return one line for each finding of ruff, and how to mend them."""
    command = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--quiet", *folders]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    if "No module named ruff" in done.stderr:
        return [f"ruff is not installed: {INSTALL}"]
    return [*(done.stdout + done.stderr).splitlines(),
            f"ruff mends much of this itself: python -m ruff check --fix {' '.join(folders)}"]


def types(files=(), root=ROOT):
    """Return one line for each finding of mypy in these files, or else in those that pyproject.toml names."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", *files]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if "No module named mypy" in done.stderr:
        return [f"mypy is not installed: {INSTALL}"]
    return (done.stdout + done.stderr).splitlines() if done.returncode else []


def lengths(folders=FOLDERS[:1], root=ROOT):
    """Return one line for each Python file that has grown too long to be read at one sitting."""
    counted = ((path, len(path.read_text(encoding="utf-8").splitlines())) for folder in folders
               for path in sorted((root / folder).rglob("*.py")))
    return [f"{path.relative_to(root).as_posix()}: {lines} lines, wanted at most {LONGEST}; split it where its subject changes"
            for path, lines in counted if lines > LONGEST]


def addresses():
    """Return what does not carry the course's address; the lines say how to mend it."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        differs = links.main(["--check"])
    return said.getvalue().splitlines() if differs else []


def pages(readme=ROOT / "README.md"):
    """Return what lags behind the measurements, and a front page that has grown too long to be read."""
    found = [f"{path.name} lags behind the measurements; run: python -m helpers.course.results_page"
             for path in results_page.outdated()]
    words = len(re.sub(r"<!--.*?-->", "", readme.read_text(encoding="utf-8"), flags=re.DOTALL).split())
    if words > MOST_WORDS:
        found.append(f"README.md has {words} words, wanted at most {MOST_WORDS}; move what few need to a page of its own")
    return found


def schemas(root=ROOT):
    """Return one line for each fault in a workflow, form or citation that GitHub would not understand."""
    try:
        from check_jsonschema import main as check
    except ImportError:
        return [f"check-jsonschema is not installed: {INSTALL}"]
    found = []
    for schema, pattern in SCHEMAS.items():
        files = [str(path) for path in sorted(root.glob(pattern)) if path.name != "config.yml"]
        said = io.StringIO()
        if not files:
            found.append(f"{pattern} is missing")
            continue
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            differs = check(["--builtin-schema", f"vendor.{schema}", *files], standalone_mode=False)
        found += [line.strip().replace(f"{root}/", "") for line in said.getvalue().splitlines() if differs and line.strip()]
    return found


def complaints():
    """Return all of them."""
    return style() + types() + lengths() + addresses() + pages() + schemas()
