# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.photo import read_photo

COLOURS = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


def encode(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def test_photos_are_rgb_from_any_path(tmp_path: Path) -> None:
    path = tmp_path / "Größe 写真.png"
    path.write_bytes(encode(COLOURS[..., ::-1]))
    np.testing.assert_array_equal(read_photo(path), COLOURS)


def test_grey_and_transparent_photos_become_rgb(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(COLOURS[..., 0]))
    assert read_photo(path).shape == (4, 5, 3)
    path.write_bytes(encode(np.concatenate([COLOURS, COLOURS[..., :1]], axis=-1)))
    assert read_photo(path).shape == (4, 5, 3)


@pytest.mark.parametrize(("content", "words"), [(None, "no photo at"), (b"", "not a photo"), (b"text", "not a photo")])
def test_what_is_no_photo(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "photo.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CaptureError, match=words):
        read_photo(path)


def test_a_picture_that_opencv_may_not_read_is_refused_without_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "linear.exr"
    path.write_bytes(b"v/1\x01" + bytes(200))
    with pytest.raises(CaptureError, match="use a JPEG or PNG file"):
        read_photo(path)
    assert capfd.readouterr() == ("", "")


def test_a_folder_or_an_impossible_name_is_no_photo(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is a folder; pick a photo in it"):
        read_photo(tmp_path)
    with pytest.raises(CaptureError, match="There is no photo at"):
        read_photo(tmp_path / ("long" * 200 + ".png"))
