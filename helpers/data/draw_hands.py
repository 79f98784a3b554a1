"""The offline sample of hand signs: photos of hands that do not exist, drawn with NumPy.

A hand is a skeleton of rounded bars in space. Lengths are measured in palms, from the wrist to the root of the middle finger. x
points to the thumb of an open right hand that shows its palm, y along the fingers, z out of the palm towards the viewer. Angles
are radians. The proportions are roughly those of an adult hand, and each person's differ slightly.

A photo is made in four steps. The skeleton is turned in space and laid over the picture as a map of heights, the front of each
bar. The slopes of that map and a direction of light give the shading; places deeper than their surroundings get less light.
Behind it is a wall on which the hand throws a shadow. Last come the flaws of a camera: exposure, color cast, blur, noise.

Drawn at twice the size and averaged, so that edges are smooth. Each person and each photo has its own random generator, so
the sample does not depend on the order of drawing.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy.ndimage import uniform_filter

__all__ = ["EXTENDED", "PEOPLE", "SIZE", "draw_hand", "draw_person", "draw_sample", "hand_bars"]

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
    """What is the same on all photos of one hand: factors on the proportions above, near 1."""

    finger_length: float = 1.0
    finger_width: float = 1.0
    palm_width: float = 1.0
    thumb_length: float = 1.0


@dataclasses.dataclass(frozen=True)
class Bar:
    """A straight piece between two balls with ``ends`` of shape (2, 3) and ``radii`` of shape (2,)."""

    part: str  # arm, palm, finger or thumb
    ends: np.ndarray
    radii: np.ndarray


@dataclasses.dataclass(frozen=True)
class Person:
    """A hand, and the place and light in which it is photographed. Colors are three numbers from 0 to 1."""

    build: Build
    left: bool
    skin: np.ndarray
    wall: np.ndarray
    sleeve: np.ndarray | None
    light: tuple[float, float]  # direction: to the right and up, with 1 towards the viewer


def draw_person(random: np.random.Generator) -> Person:
    """Invent a person."""
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


def hand_bars(sign: int, build: Build, random: np.random.Generator) -> list[Bar]:
    """Return a hand that shows a sign, in palms, with its wrist at the origin; no two are held quite alike."""
    shown, spread = EXTENDED[sign], random.uniform(0.35, 1.15)
    bars = _arm(build) + _palm(build)
    for number, name in enumerate(_FINGERS):
        bars += _finger(number, build, random, name in shown, spread)
    # Where only the thumb is folded, it lies on the palm itself.
    return bars + _thumb(build, random, "t" in shown, over_fingers=shown != EXTENDED[4], spread=spread)


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


def draw_hand(sign: int, person: Person, random: np.random.Generator) -> np.ndarray:
    """Draw one photo of a person who shows a sign (0 to 5): uint8, shape ``(SIZE, SIZE, 3)``."""
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
def draw_sample() -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draw the whole sample, once in a process, in arrays that cannot be written to.

    For "train", "test" and "validation": photos (uint8, ``(photos, SIZE, SIZE, 3)``), signs, and persons, in a random order.
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
