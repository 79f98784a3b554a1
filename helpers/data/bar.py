"""The progress of a download, in one live line."""

from __future__ import annotations

import sys
import time

from helpers.data.places import in_notebook

__all__ = ["Bar"]


class Bar:
    """Progress of one file, with the methods that pooch calls.

    In a notebook the line is a display that is updated in place, because standard error would appear among the
    outputs as if something were wrong. In a terminal rich draws it on standard error. Elsewhere (a log, a test)
    nothing is shown.

    Parameters
    ----------
    name : str
        The file.
    size : int, optional
        Its published size in bytes, for servers that do not tell.
    """

    def __init__(self, name, size=None):
        self.name, self.total, self._size = name, 0, size
        self._done, self._start, self._last = 0, time.monotonic(), 0.0
        self._handle = self._rich = self._task = None
        if in_notebook():
            from IPython.display import display

            self._handle = display({"text/plain": f"downloading {name} ..."}, raw=True, display_id=True)
        elif sys.stderr is not None and sys.stderr.isatty():
            self._rich = _rich_progress()
            self._task = self._rich.add_task(name, total=size)
            self._rich.start()

    def update(self, count):
        """Add bytes that have arrived."""
        self._done += count
        self._show()

    def reset(self):
        """Start counting again; pooch does so before it fills the bar up."""
        self._done = 0

    def close(self):
        """Leave the last state of the line. May be called more than once."""
        if self._handle is not None:
            self._show(final=True)
            self._handle = None
        if self._rich is not None:
            self._rich.stop()
            self._rich = None

    def _show(self, final=False):
        total = self.total or self._size
        if self._rich is not None:
            self._rich.update(self._task, completed=self._done, total=total)
        now = time.monotonic()
        if self._handle is None or (not final and now - self._last < 0.25):
            return
        self._last = now
        whole = f" of {total / 1e6:,.1f}" if total else ""
        text = f"downloading {self.name}: {min(self._done, total or self._done) / 1e6:,.1f}{whole} MB"
        self._handle.update({"text/plain": f"{text}, {now - self._start:.0f} s"}, raw=True)


def _rich_progress():
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    return Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
                    TimeRemainingColumn(), console=Console(stderr=True))
