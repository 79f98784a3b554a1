"""How pytest runs the lessons: loaded by pyproject.toml as a plug-in of pytest.

* Lessons run on the offline sample unless ``COURSE_DATA`` says otherwise, so that a test run needs no network.
* Panels show the picture that is stored, not sliders, unless ``COURSE_PANELS`` says otherwise: the picture is what is compared.
* A cell tagged ``nbval-check-output`` is compared with its stored output always; a cell tagged ``sample-check-output`` only on
  the sample, because on real data it rightly prints something else.
* Where pytest-xdist runs tests side by side (``-n 2``), the cells of one notebook stay together: they share a kernel.
* A lesson with a training in it counts as slow, cell by cell: `-m "not slow"` leaves it to the whole run.
* A new line on standard error is a defect (students see it in red), so untagged cells are watched for it as well.
"""

from __future__ import annotations

import os
import re

import pytest

_TRAINING = re.compile(r"\.fit\(|GradientTape|train_on_batch")


def pytest_configure(config):
    """Choose data and panels before any kernel starts, since kernels inherit the environment; keep notebooks whole."""
    os.environ.setdefault("COURSE_DATA", "sample")
    os.environ.setdefault("COURSE_PANELS", "static")
    if getattr(config.option, "dist", "no") == "load":  # not in pyproject.toml: pytest refuses --dist where xdist is missing
        config.option.dist = "loadscope"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Compare the cells whose output is fixed on the offline sample; mark the lessons that train as slow."""
    trains = {}
    for item in items:
        cell = getattr(item, "cell", None)
        if cell is None:
            continue
        if os.environ["COURSE_DATA"] == "sample" and "sample-check-output" in cell.metadata.get("tags", []):
            item.options["check"] = True
        if item.path not in trains:
            trains[item.path] = _TRAINING.search(item.path.read_text(encoding="utf-8")) is not None
        if trains[item.path]:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a notebook cell that writes to standard error."""
    result = yield
    outputs = getattr(item, "test_outputs", None)
    if getattr(item, "cell", None) is not None and outputs:
        written = "".join(output["text"] for output in outputs
                          if output.get("output_type") == "stream" and output.get("name") == "stderr")
        if written.strip():
            pytest.fail(f"the cell wrote to standard error: {written.strip()[:500]}", pytrace=False)
    return result
