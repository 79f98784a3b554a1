"""The offline sample of traffic signs: tracks of frames, made from plain plates.

What depends on the *place* is drawn once per track: the light and its color, the background, the viewing angle, how worn the
sign is, a sticker, a branch in front of it. Little changes from frame to frame: the car comes nearer, shakes, and the camera
adds noise. So two frames of a track are almost the same picture, as in the real data, and two tracks of a class are not.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from helpers.data.storage import read_hdf5
from helpers.data.traffic_names import SIGN_NAMES
from helpers.project import ROOT

__all__ = ["FRAMES", "PLATES", "SIZE", "TRACKS", "draw_sample", "draw_track"]

PLATES = ROOT / "data" / "samples" / "traffic_plates.h5"
"""The 43 signs from the front, clean and in even light, drawn by ``tests/recorders/draw_plates.py``: uint8, RGBA."""

SIZE = 32
"""Side of a frame in pixels."""

TRACKS, FRAMES = 16, 7
"""Tracks of each class, and frames of each track."""

SEED = 3
PLATE = 96  # pixels on each side of a plate
_FINE = 2 * SIZE


@functools.cache
def _plates():
    return read_hdf5(PLATES, ["plates"])[0]["plates"]


def _background(random):
    """A blurred scene, larger than a frame: sky above, something darker below, a few patches."""
    scene = np.empty((96, 96, 3), np.float32)
    sky, ground = random.uniform(0.35, 1, 3) * (0.9, 0.95, 1), random.uniform(0.1, 0.5, 3) * (1, 1, 0.8)
    horizon = random.integers(20, 90)
    scene[:horizon], scene[horizon:] = sky, ground
    for _ in range(random.integers(2, 8)):
        row, column, height, width = random.integers(0, 80, 2).tolist() + random.integers(8, 50, 2).tolist()
        scene[row:row + height, column:column + width] = random.uniform(0.1, 0.85) * (1 + random.normal(0, 0.08, 3))
    return gaussian_filter(scene, (random.uniform(1, 6),) * 2 + (0,))


def _worn(label, random):
    """A plate in one place: bleached, dirty, with a sticker or behind a branch."""
    rgba = _plates()[label].astype(np.float32) / 255
    color, cover = rgba[..., :3], rgba[..., 3:]
    color = color + random.uniform(0, 0.35) * (color.mean(-1, keepdims=True) - color)  # bleached
    dirt = gaussian_filter(random.normal(0, 1, (PLATE, PLATE)), random.uniform(3, 12))
    color = color * (1 - random.uniform(0, 0.35) * np.clip(dirt / (np.abs(dirt).max() + 1e-6), 0, 1))[..., None]
    if random.uniform() < 0.2:
        row, column, size = *random.integers(10, 70, 2), random.integers(6, 18)
        color[row:row + size, column:column + size] = random.uniform(0, 1, 3)
    if random.uniform() < 0.15:
        rows, columns = np.indices((PLATE, PLATE)) - random.integers(20, 76, 2)[:, None, None]
        angle = random.uniform(0, np.pi)
        branch = np.abs(rows * np.cos(angle) + columns * np.sin(angle)) < random.uniform(2, 5)
        color = np.where(branch[..., None], random.uniform(0.05, 0.3, 3), color)
    return np.concatenate([np.clip(color, 0, 1), cover], axis=-1)


def _seen(worn, center, radius, turn, squeeze, lean):
    """Lay a plate over a fine frame: where each pixel of the frame looks on the plate."""
    cos, sin = np.cos(turn), np.sin(turn)
    scale = PLATE / 2 / radius
    a, b = scale * cos / squeeze, scale * sin / squeeze
    d, e = scale * (lean * cos - sin), scale * (lean * sin + cos)
    x, y = center
    coefficients = (a, b, PLATE / 2 - a * x - b * y, d, e, PLATE / 2 - d * x - e * y)
    channels = [np.asarray(Image.fromarray(worn[..., channel]).transform((_FINE, _FINE), Image.Transform.AFFINE, coefficients,
                                                                          Image.Resampling.BILINEAR)) for channel in range(4)]
    return np.stack(channels[:3], axis=-1), channels[3][..., None]


def draw_track(label: int, random: np.random.Generator, frames: int = FRAMES) -> np.ndarray:
    """Draw one physical sign (class 0 to 42) as a car drives up to it: uint8, shape ``(frames, 32, 32, 3)``."""
    worn, scene = _worn(label, random), _background(random)
    light, cast = random.uniform(0.18, 1.25), 1 + random.normal(0, 0.06, 3)
    haze, gamma = random.uniform(0, 0.2), random.uniform(0.75, 1.4)
    turn, squeeze, lean = random.normal(0, 0.08), random.uniform(0.82, 1), random.normal(0, 0.07)
    shade = random.uniform(-0.35, 0.35, 2)
    away, blur = random.normal(0, 1.0, 2), random.uniform(0.1, 0.8)
    radius, growth = random.uniform(22, 26), random.uniform(1.0, 1.2)
    place = random.integers(0, 96 - _FINE, 2)
    grid = np.linspace(-1, 1, SIZE)
    slope = 1 + shade[0] * grid[:, None, None] + shade[1] * grid[None, :, None]
    pictures = []
    for frame in range(frames):
        nearer = radius * growth ** (frame / max(1, frames - 1))
        center = _FINE / 2 + away + random.normal(0, 0.5, 2)
        color, cover = _seen(worn, center, nearer, turn + random.normal(0, 0.015), squeeze, lean)
        drift = np.clip(place + np.rint(random.normal(0, 0.7, 2)).astype(int) + frame // 4, 0, 96 - _FINE)
        behind = scene[drift[0]:drift[0] + _FINE, drift[1]:drift[1] + _FINE]
        picture = color * cover + behind * (1 - cover)
        picture = gaussian_filter(picture.reshape(SIZE, 2, SIZE, 2, 3).mean((1, 3)), (1.5 * blur / growth,) * 2 + (0,))
        picture = np.clip(picture * slope, 0, None) ** gamma * light * cast
        picture = (1 - haze) * picture + haze * light * 0.7 + random.normal(0, 0.02, picture.shape)
        pictures.append(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.stack(pictures)


@functools.cache
def _draw_class(label):
    return np.concatenate([draw_track(label, np.random.default_rng((SEED, label, track))) for track in range(TRACKS)])


def draw_sample(classes: Sequence[int] = tuple(range(len(SIGN_NAMES)))) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw these classes, each once in a process: images, labels, and the number of the track within its class.

    The images are uint8 of shape ``(len(classes) * TRACKS * FRAMES, 32, 32, 3)``, the others int64.
    """
    images = np.concatenate([_draw_class(label) for label in classes])
    labels = np.repeat(np.array(classes, np.int64), TRACKS * FRAMES)
    tracks = np.tile(np.repeat(np.arange(TRACKS), FRAMES), len(classes))
    return images, labels, tracks
