"""Live progress in one line that stays as the record of a run.

Keras's own bar prints a line per epoch, which fills a page and cannot be told apart from results. Here one line is updated in
place; what remains in the notebook is its last state. Nothing goes to standard error.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import keras
from IPython import get_ipython
from IPython.display import display

__all__ = ["Progress", "track"]

_SECONDS_BETWEEN_UPDATES = 0.25


class _Line:
    """One line of text, updated in place in a notebook; in a terminal only its end is printed."""

    def __init__(self):
        shell = get_ipython()
        self._in_notebook = shell is not None and getattr(shell, "kernel", None) is not None
        self._handle = None
        self._last = 0.0

    def update(self, text, final=False):
        now = time.monotonic()
        if not final and now - self._last < _SECONDS_BETWEEN_UPDATES:
            return
        self._last = now
        if not self._in_notebook:
            if final:
                print(text)
            return
        content = {"text/plain": text}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def _bar(done, total, width=20):
    full = round(width * done / max(1, total))
    return "█" * full + "░" * (width - full)


Item = TypeVar("Item")


class Progress(keras.callbacks.Callback):
    """Show a training run as one live line: use with ``model.fit(..., verbose=0, callbacks=[Progress("LeNet")])``.

    Parameters
    ----------
    label : str
        What is being trained.
    """

    def __init__(self, label: str = "training"):
        super().__init__()
        self.label = label

    def on_train_begin(self, logs=None):
        self._line, self._start, self._epoch, self._numbers = _Line(), time.perf_counter(), 0, ""

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params.get("steps") or 1
        self._show(self._epoch + (batch + 1) / steps)

    def on_epoch_end(self, epoch, logs=None):
        self._numbers = "  ".join(f"{name} {value:.4f}" for name, value in (logs or {}).items()
                                  if name != "learning_rate")
        self._show(epoch + 1)

    def on_train_end(self, logs=None):
        self._show(self._epoch + 1, final=True)

    def _show(self, epochs_done, final=False):
        total = self.params["epochs"]
        seconds = time.perf_counter() - self._start
        self._line.update(f"{self.label}  {_bar(epochs_done, total)}  epoch {int(epochs_done)}/{total}  "
                          f"{seconds:.0f} s  {self._numbers}".rstrip(), final=final)


def track(items: Iterable[Item], label: str) -> Iterator[Item]:
    """Loop over something, with a live line.

    Parameters
    ----------
    items : iterable
        What to loop over; it must end.
    label : str
        What is being done.

    Yields
    ------
    object
        The items, one after another.
    """
    items = list(items)
    line, start = _Line(), time.perf_counter()
    for done, item in enumerate(items):
        line.update(f"{label}  {_bar(done, len(items))}  {done}/{len(items)}")
        yield item
    line.update(f"{label}  {_bar(1, 1)}  {len(items)}/{len(items)}  {time.perf_counter() - start:.0f} s", final=True)
