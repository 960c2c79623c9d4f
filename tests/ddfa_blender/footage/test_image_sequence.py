# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.capture import capture
from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.image_sequence import sequence_from
from ddfa_blender.footage.video import Video
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.settings import CaptureSettings
from tests.ddfa_blender.support import square_engine, square_frame


def write_pictures(folder: Path, numbers: list[int], pattern: str = "shot_v2_{:04d}.png") -> list[Path]:
    """Pictures whose grey value is their number."""
    files = [folder / pattern.format(number) for number in numbers]
    for number, file in zip(numbers, files, strict=True):
        _, data = cv2.imencode(file.suffix, np.full((48, 64, 3), number, np.uint8))
        file.write_bytes(data.tobytes())
    return files


def test_the_numbered_pictures_follow_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, [9, 10, 11, 100], "take {}.png")
    write_pictures(tmp_path, [10], "other {}.png")
    write_pictures(tmp_path, [10], "take {}.jpg")
    assert sequence_from(files[0]) == list(zip([9, 10, 11, 100], files, strict=True))
    assert sequence_from(files[1]) == list(zip([10, 11, 100], files[1:], strict=True))


@pytest.mark.parametrize("name", ["portrait.png", "portrait_1.png"])
def test_a_picture_on_its_own_is_a_photo(tmp_path: Path, name: str) -> None:
    (file,) = write_pictures(tmp_path, [1], name)
    assert sequence_from(file) == []
    with pytest.raises(CaptureError, match="is a photo"):
        Video(file)


def test_pictures_are_footage_of_the_given_rate(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, [20, 21, 22, 23])
    with Video(files[0], sequence_rate=12.0) as video:
        assert (video.info.width, video.info.height, video.info.fps, video.info.frame_count) == (64, 48, 12.0, 4)
        assert video.info.is_sequence
        frames = list(video.frames())
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(4) / 12.0)
    assert [int(frame.image.mean()) for frame in frames] == [20, 21, 22, 23]


def test_a_missing_number_is_a_gap_in_time(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, [1, 2, 5])
    with Video(files[0], sequence_rate=10.0) as video:
        assert video.info.duration == pytest.approx(0.5)
        frames = list(video.frames())
    np.testing.assert_allclose([frame.time for frame in frames], [0.0, 0.1, 0.4])
    assert [frame.index for frame in frames] == [0, 1, 4]


def test_a_damaged_picture_is_left_out(tmp_path: Path) -> None:
    files = write_pictures(tmp_path, [1, 2, 3])
    files[1].write_bytes(files[1].read_bytes()[:40])
    with Video(files[0]) as video:
        assert [int(frame.image.mean()) for frame in video.frames()] == [1, 3]


@pytest.mark.parametrize(("time", "shown"), [(0.0, 10), (0.2, 12), (0.35, 14), (99.0, 15)])
def test_one_picture_of_a_sequence(tmp_path: Path, time: float, shown: int) -> None:
    files = write_pictures(tmp_path, [10, 11, 12, 14, 15])
    with Video(files[0], sequence_rate=10.0) as video:
        assert int(video.frame_at(time).image.mean()) == shown


def test_a_sequence_is_captured(tmp_path: Path, model: MorphableModel) -> None:
    for i in range(6):
        frame = cv2.cvtColor(square_frame([(100 + 3 * i, 120, 80)]), cv2.COLOR_RGB2BGR)
        assert cv2.imwrite(str(tmp_path / f"face.{i:03d}.png"), frame)
    settings = CaptureSettings(start=0.1, sequence_rate=20.0)
    take = capture(tmp_path / "face.000.png", settings=settings, engine=square_engine(model))
    assert take.tracked.all()
    np.testing.assert_allclose(take.time, [0.1, 0.15, 0.2, 0.25])
    assert take.header.fps == 20.0 and not take.header.stopped_early
    assert take.header.source == "face.000.png"
