"""One line of text that is updated in place: the record of a training run or a download.

Nothing goes to standard error, which in a notebook would look like a failure.
"""

from __future__ import annotations

import sys
import time

from helpers.environment import in_notebook

__all__ = ["Line"]

_SECONDS_BETWEEN_UPDATES = 0.25


class Line:
    """A line that changes in place in a notebook and in a terminal; in a log only its end is printed."""

    def __init__(self):
        self._in_notebook = in_notebook()
        self._handle = None
        self._last = 0.0

    def update(self, text: str, final: bool = False) -> None:
        """Show another text, at most four times a second; a final one is always shown."""
        now = time.monotonic()
        if not final and now - self._last < _SECONDS_BETWEEN_UPDATES:
            return
        self._last = now
        if self._in_notebook:
            self._show(text)
        elif sys.stdout.isatty():
            print(f"\r\x1b[K{text}", end="\n" if final else "", flush=True)
        elif final:
            print(text)

    def _show(self, text):
        from IPython.display import display

        content = {"text/plain": text}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)
