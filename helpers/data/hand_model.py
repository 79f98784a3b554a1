"""A hand as rounded bars in space: the skeleton from which the offline sample of hand signs is drawn.

Lengths are measured in palms, from the wrist to the root of the middle finger. x points to the thumb of an open right
hand that shows its palm, y along the fingers, z out of the palm towards the viewer. Angles are radians. The proportions
are roughly those of an adult hand; every person gets slightly other ones.
"""

from __future__ import annotations

import dataclasses

import numpy as np

__all__ = ["EXTENDED", "Bar", "Build", "hand_bars"]

EXTENDED = {0: "", 1: "i", 2: "im", 3: "tim", 4: "imrl", 5: "timrl"}
"""The fingers that a sign stretches out: thumb, index, middle, ring, little. Three is shown with the thumb, as in the
Sign Language Digits."""

_FINGERS = "imrl"
_ROOTS = np.array([(0.30, 0.94), (0.10, 1.00), (-0.10, 0.96), (-0.29, 0.86)])
_BONES = np.array([(0.45, 0.27, 0.22), (0.50, 0.31, 0.23), (0.46, 0.29, 0.22), (0.35, 0.21, 0.19)])
_RADII = np.array([0.105, 0.108, 0.102, 0.088])
_FAN = np.array([-0.15, -0.02, 0.10, 0.28])  # which way each finger leans when the hand is spread
_TAPER = np.array([1.06, 1.00, 0.93, 0.80])  # root, two joints, tip


@dataclasses.dataclass(frozen=True)
class Build:
    """What is the same on all photos of one hand: factors on the proportions of this module, near 1.

    Parameters
    ----------
    finger_length, finger_width, palm_width, thumb_length : float
        The factors.
    """

    finger_length: float = 1.0
    finger_width: float = 1.0
    palm_width: float = 1.0
    thumb_length: float = 1.0


@dataclasses.dataclass(frozen=True)
class Bar:
    """A straight piece between two balls.

    Parameters
    ----------
    part : {"arm", "palm", "finger", "thumb"}
        What it belongs to.
    ends : numpy.ndarray, shape (2, 3)
        The centers of the balls.
    radii : numpy.ndarray, shape (2,)
        Their radii.
    """

    part: str
    ends: np.ndarray
    radii: np.ndarray


def _joined(part, points, radii):
    """Bars from each point to the next."""
    points, radii = np.asarray(points, float), np.asarray(radii, float)
    return [Bar(part, points[i:i + 2], radii[i:i + 2]) for i in range(len(points) - 1)]


def _finger(number, build, random, extended, spread):
    """A finger; folded, it comes forward at the root, turns down at the second joint and back at the third."""
    if extended:
        lean = _FAN[number] * spread + random.normal(0, 0.04)
        bends = np.abs(random.normal(0, (0.12, 0.14, 0.10)))
    else:
        lean = 0.06 * (1.5 - number) + random.normal(0, 0.03)
        bends = random.normal((1.40, 1.70, 0.95), (0.10, 0.10, 0.12))
    points = [np.array([_ROOTS[number, 0] * build.palm_width, _ROOTS[number, 1], 0.02])]
    for angle, length in zip(np.cumsum(bends), _BONES[number] * build.finger_length):
        step = (-np.sin(lean) * np.cos(angle), np.cos(lean) * np.cos(angle), np.sin(angle))
        points.append(points[-1] + length * np.array(step))
    return _joined("finger", points, _RADII[number] * build.finger_width * _TAPER)


def _thumb(build, random, extended, over_fingers, spread):
    """The thumb: out to the side, or across the palm, or across the fingers folded onto it."""
    points = [np.array([0.24 * build.palm_width, 0.16, 0.05])]
    if extended:
        angles = 0.55 + 0.30 * spread + random.normal(0, 0.10) + np.array([0.0, -0.10, -0.22])
        for angle, length in zip(angles + random.normal(0, 0.08, 3), (0.46, 0.36, 0.30)):
            step = np.array([np.sin(angle), np.cos(angle), 0.12])
            points.append(points[-1] + length * build.thumb_length * step)
    else:
        height = 0.62 if over_fingers else 0.20
        for point in [(0.47 * build.palm_width, 0.46, 0.5 * height + 0.04), (0.27, 0.66, height + 0.03),
                      (-0.02, 0.68, height + 0.02)]:
            points.append(np.array(point) + random.normal(0, 0.035, 3))
    return _joined("thumb", points, 0.118 * build.finger_width * np.array([1.25, 1.05, 0.98, 0.80]))


def _palm(build):
    """The bones under the palm, the ball of the thumb, and the heel of the hand."""
    wide = np.array([build.palm_width, 1.0, 1.0])
    bars = []
    for x, y in _ROOTS:
        bars += _joined("palm", [(0.55 * x, 0.10, 0.0) * wide, (x, y - 0.06, 0.0) * wide], (0.17, 0.135))
    bars += _joined("palm", [(0.20, 0.22, 0.03) * wide, (0.31, 0.50, 0.05) * wide], (0.19, 0.14))
    return bars + _joined("palm", [(-0.20, 0.20, 0.03) * wide, (-0.26, 0.60, 0.02) * wide], (0.17, 0.14))


def _arm(build):
    """The wrist, and an arm long enough to leave the picture."""
    wrist = 0.245 * build.palm_width
    return _joined("arm", [(0.0, 0.12, -0.04), (0.0, -0.35, -0.06), (0.0, -2.4, -0.06)],
                   (wrist, 0.95 * wrist, 1.35 * wrist))


def hand_bars(sign, build, random):
    """Return a hand that shows a sign.

    Parameters
    ----------
    sign : int
        0 to 5.
    build : Build
        Whose hand it is.
    random : numpy.random.Generator
        No two hands are held quite alike.

    Returns
    -------
    list of Bar
        In palms, wrist at the origin.

    Raises
    ------
    ValueError
        When there is no such sign.
    """
    if sign not in EXTENDED:
        raise ValueError(f"the signs are 0 to 5, not {sign!r}")
    shown, spread = EXTENDED[sign], random.uniform(0.35, 1.15)
    bars = _arm(build) + _palm(build)
    for number, name in enumerate(_FINGERS):
        bars += _finger(number, build, random, name in shown, spread)
    # Where only the thumb is folded, it lies on the palm itself.
    return bars + _thumb(build, random, "t" in shown, over_fingers=shown != EXTENDED[4], spread=spread)
