"""Write the README's table of measured results from the ranges that the lessons are held to.

    python -m tests.tools.readme_results            rewrite the table
    python -m tests.tools.readme_results --check    only say whether it is up to date
"""

import re
import sys

from helpers.project import ROOT, read_toml
from helpers.results import describe_rule

_BLOCK = re.compile(r"(?<=<!-- results: begin -->\n).*?(?=<!-- results: end -->)", re.DOTALL)


def table():
    """Return the rows for real data, as Markdown."""
    rows = []
    for lesson, tables in sorted(read_toml(ROOT / "tests" / "expected_results.toml").items()):
        for key, rule in tables["real"].items():
            rows.append(f"| {lesson} | {key.replace('_', ' ')} | {describe_rule(rule)} |\n")
    return "".join(rows)


def updated(text):
    """Return the README with the table of today.

    Raises
    ------
    ValueError
        When the README has no place for it.
    """
    if len(_BLOCK.findall(text)) != 1:
        raise ValueError("README.md needs the comments <!-- results: begin --> and <!-- results: end --> once")
    return _BLOCK.sub(lambda _: table(), text)


def main():
    """Read the command line."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    new = updated(text)
    if "--check" in sys.argv[1:]:
        sys.exit(0 if new == text else "README.md: the results lag behind; run: python -m tests.tools.readme_results")
    path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
