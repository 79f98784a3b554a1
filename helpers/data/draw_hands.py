"""The offline sample of hand signs: photos of hands that never were, drawn with NumPy.

A photo is made in four steps. The skeleton of :mod:`helpers.data.hand_model` is turned in space and laid over the picture as a
map of heights, the front of every bar. The slopes of that map and a direction of light give the shading; places
deeper than their surroundings get less light. Behind it stands a wall on which the hand throws a shadow. Last come the
flaws of a camera: exposure, color cast, blur, noise.

Drawn at twice the size and averaged, so that edges are smooth. Every person and every photo has a random generator of
its own, so the sample does not depend on the order of drawing.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy.ndimage import uniform_filter

from helpers.data.hand_model import Build, hand_bars

__all__ = ["PEOPLE", "SIZE", "Person", "draw_hand", "draw_person", "draw_sample"]

SIZE = 64
"""Side of a picture in pixels."""

PEOPLE = {"train": 180, "test": 20, "validation": 26}
"""How many persons each part of the sample shows; each of them shows all six signs once."""

SEED = 1
_FINE = 2 * SIZE
_EMPTY = np.float32(-1e4)

# Skin in the middle of the light, from the lightest to the darkest; palms are nearer to one another than the rest of the skin.
_TONES = np.array([(248, 216, 196), (235, 190, 158), (208, 154, 114), (162, 110, 76), (112, 72, 50), (70, 45, 34)]) / 255
_PALM = np.array([(204, 143, 120)]) / 255


@dataclasses.dataclass(frozen=True)
class Person:
    """A hand, and the place and light in which it is photographed.

    Parameters
    ----------
    build : Build
        Proportions of the hand.
    left : bool
        Whether it is a left hand.
    skin, wall : numpy.ndarray of float, shape (3,)
        Colors, 0 to 1.
    sleeve : numpy.ndarray of float, shape (3,), or None
        The color of a sleeve, where one is in the picture.
    light : tuple of float
        Direction of the light, to the right and up, with 1 towards the viewer.
    """

    build: Build
    left: bool
    skin: np.ndarray
    wall: np.ndarray
    sleeve: np.ndarray | None
    light: tuple[float, float]


def draw_person(random):
    """Invent a person.

    Parameters
    ----------
    random : numpy.random.Generator
        Where the choices come from.
    """
    tone = random.uniform(0, len(_TONES) - 1)
    skin = np.array([np.interp(tone, range(len(_TONES)), _TONES[:, channel]) for channel in range(3)])
    nearer = 0.10 + 0.06 * tone
    skin = ((1 - nearer) * skin + nearer * _PALM[0]) * (1 + random.normal(0, 0.025) * np.array([1, 0, -1]))
    angle, tilt = random.uniform(-1.2, 1.2), random.uniform(0.25, 0.75)
    return Person(
        build=Build(*np.clip(random.normal(1, (0.06, 0.08, 0.06, 0.06)), 0.82, 1.2)),
        left=bool(random.uniform() < 0.15), skin=skin,
        wall=random.uniform(0.45, 1) * (1 + random.normal(0, 0.03, 3)),
        sleeve=random.uniform(0.05, 0.8) * random.uniform(0.6, 1, 3) if random.uniform() < 0.35 else None,
        light=(tilt * np.sin(angle), tilt * np.cos(angle)))


def _placed(bars, left, random):
    """Turn a hand in space, move it into the picture, and return its bars in pixels and the pixels of a palm."""
    tilt, turn, roll = random.normal(0, (0.16, 0.20, 0.20))
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    about_y = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    rotation = about_z @ about_x @ about_y
    scale = _FINE * random.uniform(0.28, 0.38)
    middle = np.array([0.5, 0.6, 0.0]) * _FINE + random.normal(0, 0.035 * _FINE, 3) * (1, 1, 0)
    to_pixels = scale * np.array([-1 if left else 1, -1, 1])  # rows count downwards
    center = rotation @ (0, 0.85, 0)
    placed = [dataclasses.replace(bar, ends=(bar.ends @ rotation.T - center) * to_pixels + middle,
                                  radii=bar.radii * scale) for bar in bars]
    return placed, scale


def _stamp(heights, bar, blend):
    """Raise a map of heights to the front of a bar; within ``blend`` pixels of each other, surfaces flow together."""
    (x0, y0, z0), (x1, y1, z1) = bar.ends.tolist()
    r0, r1 = bar.radii.tolist()
    reach = max(r0, r1) + 1
    left, top = max(0, int(min(x0, x1) - reach)), max(0, int(min(y0, y1) - reach))
    right, bottom = min(_FINE, int(max(x0, x1) + reach) + 1), min(_FINE, int(max(y0, y1) + reach) + 1)
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right, dtype=np.float32) - x0
    y = np.arange(top, bottom, dtype=np.float32)[:, None] - y0
    dx, dy = x1 - x0, y1 - y0
    along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
    inside = (r0 + (r1 - r0) * along) ** 2 - (x - along * dx) ** 2 - (y - along * dy) ** 2
    front = np.where(inside > 0, z0 + (z1 - z0) * along + np.sqrt(np.maximum(inside, 0)), _EMPTY)
    # A bar that points at the viewer is all end: the nearer ball hides the rest.
    near_x, near_y, near_z, radius = (0, 0, z0, r0) if z0 > z1 else (dx, dy, z1, r1)
    ball = radius ** 2 - (x - near_x) ** 2 - (y - near_y) ** 2
    front = np.where(ball > 0, np.maximum(front, near_z + np.sqrt(np.maximum(ball, 0))), front)
    part = heights[top:bottom, left:right]
    seam = np.maximum(1 - np.abs(part - front) / blend, 0)
    heights[top:bottom, left:right] = np.maximum(part, front) + 0.25 * blend * seam * seam


def _blurred(image, radius):
    """Mean over a square of ``2 * radius + 1`` pixels; the border is repeated."""
    return uniform_filter(image, (2 * radius + 1, 2 * radius + 1, 1)[:image.ndim], mode="nearest")


def _halved(image):
    return image.reshape(SIZE, 2, SIZE, 2).mean((1, 3))


def _light(heights, hand, scale, person, random):
    """How much light each place of the hand sends to the viewer."""
    floor = np.where(hand, heights, np.float32(-0.1 * scale))
    down, right = np.gradient(_blurred(floor, 1))
    to_right, up = person.light
    facing = (-right * to_right + down * up + 1) / np.sqrt((right * right + down * down + 1) * (to_right**2 + up**2 + 1))
    open_sky = np.clip(1 - (_blurred(floor, 6) - floor) / (0.55 * scale), 0.35, 1)
    ambient = random.uniform(0.35, 0.55)
    return (ambient + (1 - ambient) * np.maximum(facing, 0)) * open_sky


def _wall(hand, person, random):
    """The wall behind the hand, lit unevenly, with the hand's soft shadow on it."""
    grid = np.linspace(-1, 1, SIZE)
    slope_down, slope_right = random.normal(0, 0.07, 2)
    light = 1 + slope_down * grid[:, None] + slope_right * grid
    light -= 0.1 * random.uniform(0, 1.2) * (grid[:, None] ** 2 + grid**2)
    down, left = round(4 * person.light[1]) + 1, round(4 * person.light[0])  # away from the light
    shifted = np.pad(hand, ((5, 5), (5, 5)), mode="edge")[5 - down:5 - down + SIZE, 5 + left:5 + left + SIZE]
    return (light * (1 - random.uniform(0.08, 0.35) * _blurred(shifted, 3)))[:, :, None] * person.wall


def draw_hand(sign, person, random):
    """Draw one photo.

    Parameters
    ----------
    sign : int
        0 to 5.
    person : Person
        Who shows it.
    random : numpy.random.Generator
        Where pose, light and flaws come from.

    Returns
    -------
    numpy.ndarray
        uint8, shape ``(SIZE, SIZE, 3)``.
    """
    bars, scale = _placed(hand_bars(sign, person.build, random), person.left, random)
    heights = np.full((_FINE, _FINE), _EMPTY, np.float32)
    for bar in bars:
        _stamp(heights, bar, blend=scale * (0.16 if bar.part in ("arm", "palm") else 0.03))
    hand = heights > _EMPTY / 2
    cover = _blurred(hand.astype(np.float32), 1)
    lit, cover = _halved(_light(heights, hand, scale, person, random) * cover), _halved(cover)
    color = np.broadcast_to(person.skin, (SIZE, SIZE, 3))
    if person.sleeve is not None:
        cuff, far_end = bars[1].ends[:, :2] / 2  # the arm below the wrist, in pixels of the finished picture
        axis = (far_end - cuff) / np.linalg.norm(far_end - cuff)
        places = np.moveaxis(np.mgrid[:SIZE, :SIZE], 0, -1)[..., ::-1] - cuff
        color = np.where((places @ axis)[:, :, None] > 0, person.sleeve, color)
    photo = _wall(cover, person, random) * (1 - cover)[:, :, None] + color * lit[:, :, None]
    photo *= random.uniform(0.75, 1.12) * (1 + random.normal(0, 0.03) * np.array([1, 0, -1]))
    out_of_focus = random.uniform(-1, 1)
    if out_of_focus > 0:
        photo = (1 - out_of_focus) * photo + out_of_focus * _blurred(photo, 1)
    photo += random.normal(0, random.uniform(0.004, 0.03), photo.shape)
    return np.rint(np.clip(photo, 0, 1) * 255).astype(np.uint8)


@functools.cache
def draw_sample():
    """Draw the whole sample, once in a process.

    Returns
    -------
    dict of str to (numpy.ndarray, numpy.ndarray, numpy.ndarray)
        For "train", "test" and "validation" the photos (uint8, ``(photos, SIZE, SIZE, 3)``), their signs, and the
        numbers of the persons, in a random order. The arrays cannot be written to.
    """
    sample, first = {}, 0
    for number, (part, count) in enumerate(PEOPLE.items()):
        rows = [(person, sign) for person in range(first, first + count) for sign in range(6)]
        order = np.random.default_rng((SEED, number)).permutation(len(rows))
        people = {person: draw_person(np.random.default_rng((SEED, 100, person))) for person in range(first, first + count)}
        photos = [draw_hand(sign, people[person], np.random.default_rng((SEED, 200, person, sign)))
                  for person, sign in rows]
        persons, signs = np.array(rows, np.int64).T
        sample[part] = tuple(array[order] for array in (np.stack(photos), signs, persons))
        for array in sample[part]:
            array.setflags(write=False)
        first += count
    return sample
