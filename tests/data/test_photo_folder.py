"""The folder of photos that lesson 07 writes: classes, places, and three odd files."""

import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError

from helpers.data.draw_traffic import draw_track
from helpers.data.photo_folder import write_sign_photos


def test_a_folder_has_classes_places_and_three_odd_files(tmp_path):
    folder = write_sign_photos(tmp_path / "new", (14, 1), places=2, frames=4)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*"))
    assert files == [f"{name}/place{place}-{frame}.jpg" for name in ("speed_limit_30", "stop") for place in (0, 1)
                     for frame in range(4)]
    with pytest.raises(UnidentifiedImageError):
        Image.open(folder / "stop" / "place0-0.jpg")
    assert [Image.open(folder / "stop" / f"place0-{frame}.jpg").mode for frame in range(1, 4)] == ["RGB", "L", "RGB"]


def test_the_photo_stored_sideways_says_so(tmp_path):
    folder = write_sign_photos(tmp_path, (14,), places=1, frames=3)
    drawn = draw_track(14, np.random.default_rng((7, 14, 0)), 3)[1].astype(float)
    stored = Image.open(folder / "stop" / "place0-1.jpg")
    upright = np.asarray(ImageOps.exif_transpose(stored)).astype(float)
    assert np.abs(upright - drawn).mean() < 6 < np.abs(np.asarray(stored) - drawn).mean()


def test_written_again_it_is_the_same(tmp_path):
    path = write_sign_photos(tmp_path, (33,), places=1, frames=3) / "turn_right_ahead" / "place0-2.jpg"
    before = path.read_bytes()
    write_sign_photos(tmp_path, (33,), places=1, frames=3)
    assert path.read_bytes() == before


def test_too_few_frames_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 3, not 2"):
        write_sign_photos(tmp_path, (33,), frames=2)
    assert not list(tmp_path.iterdir())
