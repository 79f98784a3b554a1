"""The data sets of the course: find a copy, else download and verify one, else use the offline sample.

A lesson needs one line, ``dataset = load_mnist()``. Every loader returns a :class:`~helpers.data.dataset.Dataset` and
takes the same ``source``:

``"auto"``
    A copy on this machine, else a download, else the offline sample, and then it says so in one line.
``"real"``
    The published data or an error; never the sample.
``"sample"``
    The offline sample; neither disk nor network is searched.

Two environment variables change this without editing a notebook, for a whole class or a test run. ``COURSE_DATA`` (auto,
real or sample) replaces "auto", which is what the lessons say; a call that says "real" or "sample" is not affected.
``COURSE_DATA_DIR`` names a folder that is searched before all others; a relative path starts at the course's folder.

``python -m helpers.data`` shows what is on this machine, downloads and verifies. ``helpers/data/catalog.py`` explains how to
add a data set.
"""

import importlib

_WHERE = {
    "Dataset": "dataset",
    "DataError": "errors",
    "load_mnist": "mnist",
    "load_signs": "signs",
    "load_traffic_signs": "traffic",
}

__all__ = ["DataError", "Dataset", "load_mnist", "load_signs", "load_traffic_signs"]


def __getattr__(name):
    # Imported on first use: a lesson on digits loads no image library, and one loader never breaks another.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__():
    return sorted(__all__)
