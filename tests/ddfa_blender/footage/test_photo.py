# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.photo import read_photo, silent_opencv

COLOURS = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)


def encode(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def white_png(side: int) -> bytes:
    """A square of one bit a pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    row = b"\0" + b"\xff" * -(-side // 8)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


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


@pytest.mark.parametrize("loaded", ["capture", "tracking.roi"])
def test_a_small_file_cannot_unpack_to_gigabytes_whatever_was_loaded_first(tmp_path: Path, loaded: str) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(white_png(2**14 + 8))  # kilobytes that would become 800 MB
    script = (
        f"import sys, ddfa_blender.{loaded}\n"
        "from ddfa_blender.footage.photo import CaptureError, read_photo\n"
        "try:\n    print(read_photo(sys.argv[1]).shape)\nexcept CaptureError as error:\n    print(error)"
    )
    fresh = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}  # ours sets some
    answer = subprocess.run(
        [sys.executable, "-c", script, str(path)], env=fresh, capture_output=True, text=True, check=True
    )
    assert "is not a photo that can be read" in answer.stdout


def test_opencv_speaks_again_when_the_last_of_several_threads_is_done() -> None:
    """The one that came first need not be the one that leaves last."""
    before = cv2.getLogLevel()
    assert before > 0
    first, second = silent_opencv(), silent_opencv()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert cv2.getLogLevel() == 0, "the second is still at it"
    second.__exit__(None, None, None)
    assert cv2.getLogLevel() == before
