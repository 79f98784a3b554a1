"""Which photos of hand signs are for training, validation and testing: three fixed draws, by series where series are known.

A series is what one student showed, one sign after another. No series is on two sides of a split.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["SPLITS", "TEST_PER_CLASS", "TRAIN_PER_CLASS", "draw_split", "series_from_numbers"]

TRAIN_PER_CLASS, TEST_PER_CLASS = 180, 20
"""Photos of each sign, as in the sign language data set of a well-known course."""

SPLITS = (0, 1, 2)
"""The draws that a loader offers."""

_FIRST_DRAW = 30
# The recipe of lesson 04 was chosen on draws 0 to 5 and 20 to 25, so it must be tested on others.


def series_from_numbers(signs: ArrayLike) -> np.ndarray:
    """Number the series of photos, from 0, by the signs in the order in which they were taken.

    Students showed the signs in rising order, so a sign that is not larger than the one before begins a new series.
    Two students who each left signs out may look like one, which makes a series too large and never too small.
    """
    signs = np.asarray(signs)
    starts = np.concatenate([[False], signs[1:] <= signs[:-1]]) if len(signs) else np.zeros(0, bool)
    return np.cumsum(starts)


def draw_split(signs: np.ndarray, series: np.ndarray | None, split: int) -> dict[str, np.ndarray]:
    """Draw 20 photos of each sign for testing and 180 for training; the rest is for validation.

    Returns row numbers for "train", "test" and "validation", each in random order; a photo left over from a series that is needed
    for training is in none. Where ``series`` is None, photos are drawn one by one. Raises ValueError when there are too few.
    """
    classes = np.unique(signs)
    random = np.random.default_rng((2011_08927, _FIRST_DRAW + int(split)))
    known = series is not None
    series = np.asarray(series) if known else np.arange(len(signs))
    if known:
        members = {number: np.flatnonzero(series == number) for number in np.unique(series)}
        whole = [number for number, rows in members.items() if np.array_equal(np.sort(signs[rows]), classes)]
        if len(whole) < TEST_PER_CLASS:
            raise ValueError(f"{TEST_PER_CLASS} series that show every sign once are needed, and there are {len(whole)}")
        in_test = np.isin(series, random.permutation(whole)[:TEST_PER_CLASS])
        # Series with gaps first: whole ones then raise all counts together.
        order = sorted(random.permutation([number for number in members if not in_test[members[number][0]]]),
                       key=lambda number: number in set(whole))
        rows = np.concatenate([members[number] for number in order])
    else:
        in_test = np.zeros(len(signs), bool)
        for sign in classes:
            in_test[random.permutation(np.flatnonzero(signs == sign))[:TEST_PER_CLASS]] = True
        rows = random.permutation(np.flatnonzero(~in_test))
    chosen = []
    for sign in classes:
        of_sign = rows[signs[rows] == sign][:TRAIN_PER_CLASS]
        if len(of_sign) < TRAIN_PER_CLASS:
            raise ValueError(f"{TRAIN_PER_CLASS + TEST_PER_CLASS} photos of sign {sign} are needed, "
                             f"and there are {(signs == sign).sum()}")
        chosen.append(of_sign)
    train = np.concatenate(chosen)
    taken = in_test | np.isin(series, series[train])
    return {"train": random.permutation(train), "test": random.permutation(np.flatnonzero(in_test)),
            "validation": random.permutation(np.flatnonzero(~taken))}
