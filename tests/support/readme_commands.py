"""The two commands of README.md, read out of it, so that what CI runs is what a newcomer types.

    python -m tests.support.readme_commands open      prints the command that opens the course
    python -m tests.support.readme_commands test      prints the command that runs every test

In README.md each stands in a fenced block below a comment `<!-- command: open -->` or `<!-- command: test -->`.
"""

import re
import sys

from helpers.project import ROOT


def marked(text, page="README.md"):
    """Return the marked commands of a page by name.

    Raises
    ------
    ValueError
        When a block is doubled or not one line.
    """
    found = {}
    for name, block in re.findall(r"<!-- command: (\w+) -->\s*```(?:sh|bash|shell)?\n(.*?)```", text, re.DOTALL):
        lines = [line for line in block.strip().splitlines() if line.strip()]
        if name in found or len(lines) != 1:
            raise ValueError(f"{page}: the command {name!r} must stand there once, on one line; found {lines}")
        found[name] = lines[0].strip()
    return found


def commands(text=None):
    """Return the README's commands by name.

    Raises
    ------
    ValueError
        When a block is missing, doubled, or not one line.
    """
    found = marked((ROOT / "README.md").read_text(encoding="utf-8") if text is None else text)
    if set(found) != {"open", "test"}:
        raise ValueError(f"README.md must give the commands 'open' and 'test'; found {sorted(found)}")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("open", "test"):
        raise SystemExit("Use: python -m tests.support.readme_commands open|test")
    print(commands()[sys.argv[1]])
