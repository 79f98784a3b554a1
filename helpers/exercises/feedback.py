"""What `check` says of an answer, as text and as HTML."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

__all__ = ["Feedback"]


@dataclass(repr=False, eq=False)
class Feedback:
    """What `check` says, shown when it is the last line of a cell.

    Attributes
    ----------
    attempted : bool
        False while the stub is untouched.
    passed : list of str
        What the cases that passed are about.
    rows : list of tuple of str
        The first case that failed: pairs of a word, such as "expected", and a text.
    notes : list of tuple of str
        Where all is right, what the grader would miss, in the same form.
    """

    name: str
    total: int
    passed: list[str] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)
    about: str = ""
    attempted: bool = True
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when every case passed."""
        return self.attempted and not self.rows

    def headline(self) -> str:
        """Say in one line how it stands."""
        if not self.attempted:
            return "not attempted yet. Replace the ... in the cell above, run it, then run this cell again."
        told = f" ({'; '.join(self.passed)})" if self.passed else ""
        if self.complete:
            return f"✓ all {self.total} checks passed{told}"
        if not self.total:
            return f"✗ {self.about}"
        if not self.passed:
            return f"✗ the first of {self.total} checks did not pass: {self.about}"
        return f"✗ {len(self.passed)} of {self.total} checks passed{told}. The next one did not: {self.about}"

    def __repr__(self):
        lines = [f"{self.name}: {self.headline()}"]
        for word, text in self.rows + self.notes:
            lines.append(f"  {word:10} " + text.replace("\n", "\n" + " " * 13))
        return "\n".join(lines)

    def _repr_html_(self):
        # The colors repeat what the words say; the border's shades stand out on light and dark pages alike.
        color = "#888888" if not self.attempted else "#3a923a" if self.complete else "#c86400"
        columns = "margin-left: 1.2em; display: grid; grid-template-columns: 5.4em auto; justify-content: start"
        rows = ""
        for word, text in self.rows + self.notes:
            text = f"<code>{html.escape(text)}</code>" if word in ("called", "got") else html.escape(text)
            rows += f'<div style="{columns}"><b>{word}</b> <span style="white-space: pre-wrap">{text}</span></div>'
        return (f'<div style="border-left: 4px solid {color}; padding-left: 0.8em"><div><b>{html.escape(self.name)}</b>: '
                f"{html.escape(self.headline())}</div>{rows}</div>")
