"""The closing table of a lesson: what this run found, the range in which every run so far has fallen, and the real data's figure.

The ranges are in ``data/expected_results.toml``: for each lesson a table for real data and one for the offline sample. In it ::

    [01_mnist_softmax.real]
    softmax_tf_accuracy = { each = [0.912, 0.922] }

says that every seed must land in the range; ``mean = [low, high]`` bounds the mean over the seeds, and ``equal = 61706`` asks
for exactly that number. A result without a range is an error, and so is a range without a result. What was recorded on the real
data is in ``data/measured_results.json``, which ``python -m helpers.course.measure`` writes.
"""

from __future__ import annotations

import json
import numbers
from typing import TYPE_CHECKING

import numpy as np
from IPython.display import display

from helpers.project import ROOT, read_toml
from helpers.tables import Table

if TYPE_CHECKING:
    from helpers.data import Dataset

__all__ = ["closing_table", "describe_rule", "describe_value", "problems", "recorded"]

_EXPECTED, _MEASURED = ROOT / "data" / "expected_results.toml", ROOT / "data" / "measured_results.json"


def _several(value):
    return isinstance(value, (list, tuple, np.ndarray))


def _number(value):
    if not isinstance(value, numbers.Number) or isinstance(value, bool):
        return str(value)
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    return f"{value:.3g}" if abs(value) < 0.01 and value else f"{value:.4f}" if abs(value) < 10 else f"{value:,.1f}"


def describe_value(value: object) -> str:
    """Show a result: a number, or the mean and the range of one number for each seed."""
    if not _several(value) or len(value) == 1:
        return _number(float(value[0]) if _several(value) else value)
    values = [float(one) for one in value]
    return (f"mean {_number(np.mean(values))}, from {_number(min(values))} to {_number(max(values))} "
            f"({len(values)} seeds)")


def describe_rule(rule: dict) -> str:
    """Say a rule in words: ``{"each": [0.9, 1.0]}`` gives "0.9000 to 1.0000"."""
    return "; ".join(f"exactly {_number(bound)}" if kind == "equal" else
                     f"{'mean ' * (kind == 'mean')}{_number(bound[0])} to {_number(bound[1])}" for kind, bound in rule.items())


def _complaints(key, value, rule):
    """Yield what is wrong with one result."""
    if not rule:
        raise ValueError(f"{_EXPECTED.name}: {key} has no rule")
    for kind, bound in rule.items():
        if kind == "equal":
            if _several(value) or value != bound:
                yield f"{key} is {describe_value(value)}, but must be exactly {bound}"
        elif kind in ("each", "mean"):
            low, high = bound
            tested = [np.mean(value)] if kind == "mean" else value if _several(value) else [value]
            # "not (low <= v <= high)" and not "v < low or v > high": the first one also catches nan.
            outside = [float(v) for v in tested if not low <= v <= high]
            if outside:
                yield f"{key}: {kind} {', '.join(map(_number, outside))} is outside {_number(low)} to {_number(high)}"
        else:
            raise ValueError(f"{_EXPECTED.name}: {key} has the unknown rule {kind!r}; known are each, mean and equal")


def problems(results: dict, rules: dict) -> list[str]:
    """Return one sentence for each result that is missing, unknown or out of its range.

    Rules are ``{"each": [low, high]}``, ``{"mean": [low, high]}`` or ``{"equal": value}``.
    """
    found = [f"{key} has a range, but the lesson left no such result" for key in rules if key not in results]
    found += [f"{key} has no range in {_EXPECTED.name}" for key in results if key not in rules]
    return found + [text for key in results if key in rules for text in _complaints(key, results[key], rules[key])]


def recorded(lesson: str) -> dict[str, object]:
    """Return what a lesson's last recorded run on the real data found: numbers, or lists of them, by name.

    Parameters
    ----------
    lesson : str
        The notebook's name without its ending; a lesson that was never recorded has an empty dict.
    """
    return json.loads(_MEASURED.read_text(encoding="utf-8")).get(lesson, {}).get("real", {}).get("results", {})


_WORDS = {"real": "real data", "sample": "the offline sample", "own": "files of your own"}


def closing_table(results: dict, *, lesson: str, data: Dataset | str | None = None) -> None:
    """Show the results of a lesson beside the ranges expected of them.

    Parameters
    ----------
    results : dict
        Numbers, or lists of numbers (one per seed), by name.
    lesson : str
        The notebook's name without its ending, for example ``"03_lenet"``.
    data : helpers.data.dataset.Dataset or {"real", "sample"}, optional
        The data that the lesson ran on: ranges differ between real data and the offline sample. A lesson whose results depend on
        no data set leaves it out; its table speaks of no data, either.

    Raises
    ------
    ValueError
        When there are no ranges for this lesson.
    AssertionError
        When a result is out of its range, after the table has been shown.
    """
    source = data if isinstance(data, str) else "sample" if data is None else data.expected or data.source
    expected = read_toml(_EXPECTED)
    if source not in expected.get(lesson, {}):
        raise ValueError(f"{_EXPECTED.name} has no table [{lesson}.{source}]")
    rules, on_real = expected[lesson][source], recorded(lesson)
    rows = [(key, describe_value(value), describe_rule(rules.get(key, {})),
             describe_value(on_real[key]) if key in on_real else "") for key, value in results.items()]
    headers = ["result", "this run", f"expected on {_WORDS[source]}", "recorded on real data"]
    if data is None:
        rows, headers = [row[:3] for row in rows], [*headers[:2], "expected"]
    display(Table(rows, headers))
    wrong = problems(results, rules)
    if wrong:
        raise AssertionError("This run differs from all runs before it: " + "; ".join(wrong) + ". If you changed the "
                             "lesson, that may be what you wanted; if not, it is a defect worth reporting.")
