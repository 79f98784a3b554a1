"""A reader's own photo: upright, square, and what is no picture is told."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.panels import photo_panel, read_photo
from helpers.panels import show_photo as panel_module

NAMES = ("zero", "one", "two")
TURNED = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""EXIF's orientation, and how the sensor sees a scene when the camera is held so."""


def scene():
    """Return a portrait photo, dark above and light below."""
    pixels = np.full((200, 120, 3), 40, np.uint8)
    pixels[100:] = 220
    return Image.fromarray(pixels)


def stored(orientation, kind="JPEG"):
    image = scene() if TURNED[orientation] is None else scene().transpose(TURNED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("orientation", TURNED)
def test_a_photo_stands_upright_however_the_camera_was_held(orientation, tmp_path):
    path = tmp_path / "hand.jpg"
    path.write_bytes(stored(orientation))
    photo = read_photo(path)
    assert photo.shape == (64, 64, 3) and photo.dtype == "float32"
    assert photo[:28].max() < 0.3 and 0.7 < photo[36:].min() <= photo.max() <= 1
    assert np.array_equal(photo, read_photo(path.read_bytes()))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P"])
def test_other_kinds_of_picture_become_rgb(mode):
    file = io.BytesIO()
    scene().convert(mode).save(file, "PNG")
    assert read_photo(file.getvalue(), 32).shape == (32, 32, 3)


def test_what_is_no_photo_is_told(tmp_path):
    with pytest.raises(ValueError, match="Save it as JPEG or PNG"):
        read_photo(b"no picture at all")
    with pytest.raises(ValueError, match="Save it as JPEG or PNG"):
        read_photo(stored(1)[:400])
    with pytest.raises(FileNotFoundError, match=r"there is no photo .*hand\.jpg"):
        read_photo(tmp_path / "hand.jpg")


def brightness(photo):
    """Answer one for a photo that is dark above, else two."""
    return np.array([0, 0.9, 0.1]) if photo[:20].mean() < 0.5 else np.array([0, 0.1, 0.9])


@pytest.mark.parametrize("wrapped", [lambda content: ({"name": "hand.jpg", "content": memoryview(content)},),
                                     lambda content: {"hand.jpg": {"content": content}}], ids=["ipywidgets 8", "ipywidgets 7"])
def test_the_panel_asks_about_the_photo_that_was_chosen(wrapped):
    panel = panel_module.new_panel(np.ones((64, 64, 3)), brightness, NAMES)
    panel.build()
    assert "The network says two with probability 0.90; next comes one with 0.10." in panel.line.value
    panel._on_change("upload", wrapped(stored(6)))
    assert "The network says one with probability 0.90" in panel.line.value
    panel._on_change("upload", wrapped(b"no picture"))
    assert "ValueError: this file is not a picture" in panel.line.value


def test_without_a_kernel_the_first_photo_is_shown(capsys):
    photo_panel(np.ones((64, 64, 3)), brightness, NAMES)
    assert "The network says two" in capsys.readouterr().out
