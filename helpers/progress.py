"""Live progress in one line that stays as the record of a run.

Keras's own bar prints a line per epoch, which fills a page and cannot be told apart from results. Here one line is updated in
place; what remains in the notebook is its last state. Nothing goes to standard error.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

import keras

from helpers.live_line import Line

__all__ = ["Progress", "track"]


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
        self._line, self._start, self._epoch, self._numbers = Line(), time.perf_counter(), 0, ""

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
    line, start = Line(), time.perf_counter()
    for done, item in enumerate(items):
        line.update(f"{label}  {_bar(done, len(items))}  {done}/{len(items)}")
        yield item
    line.update(f"{label}  {_bar(1, 1)}  {len(items)}/{len(items)}  {time.perf_counter() - start:.0f} s", final=True)
