# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.capture import capture
from ddfa_blender.errors import CaptureCancelled, CaptureError
from ddfa_blender.footage.video import Video
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.take import Take
from ddfa_blender.tracking.detector import FINEST_SIDE, Detection
from ddfa_blender.tracking.face_path import FacePath, find_path
from tests.ddfa_blender.support import SquareDetector, grey, square_engine, square_frame, write_clip

#: Two people who change places: the upper one goes from left to right, the lower one back.
COUNT = 30


def crossing() -> list[np.ndarray]:
    return [square_frame([(60 + 7 * i, 60, 60), (263 - 7 * i, 180, 60)]) for i in range(COUNT)]


def middles(take: Take) -> np.ndarray:
    low, high = take.landmarks68[..., :2].min(axis=1), take.landmarks68[..., :2].max(axis=1)
    return (low + high) / 2.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "two.mp4", crossing(), fps=25.0)


@pytest.mark.parametrize("upper", [True, False])
def test_a_face_picked_late_is_followed_back_to_the_in_point(clip: Path, model: MorphableModel, upper: bool) -> None:
    picked = COUNT - 1
    hint = (60.0 + 7 * picked, 60.0) if upper else (263.0 - 7 * picked, 180.0)
    settings = CaptureSettings(face_hint=hint, face_hint_time=picked / 25.0)
    take = capture(clip, settings=settings, engine=square_engine(model))
    assert take.tracked.all()
    expected = 60.0 + 7 * np.arange(COUNT) if upper else 263.0 - 7 * np.arange(COUNT)
    np.testing.assert_allclose(middles(take)[:, 0], expected, atol=3.0)
    np.testing.assert_allclose(middles(take)[:, 1], 60.0 if upper else 180.0, atol=3.0)


def test_a_face_picked_before_the_in_point_is_followed_on_to_it(clip: Path, model: MorphableModel) -> None:
    settings = CaptureSettings(start=0.8, face_hint=(60.0, 60.0), face_hint_time=0.0)
    take = capture(clip, settings=settings, engine=square_engine(model))
    np.testing.assert_allclose(middles(take)[:, 1], 60.0, atol=3.0)
    assert take.time[0] == pytest.approx(0.8)


def test_before_the_picked_face_comes_nobody_else_is_tracked(tmp_path: Path, model: MorphableModel) -> None:
    frames = [square_frame([(80, 120, 60)] + ([(240, 120, 50)] if i >= 12 else [])) for i in range(24)]
    clip = write_clip(tmp_path / "late.mp4", frames, fps=25.0)
    settings = CaptureSettings(face_hint=(240.0, 120.0), face_hint_time=0.8)
    take = capture(clip, settings=settings, engine=square_engine(model))
    assert not take.tracked[:10].any()
    assert take.tracked[15:].all()
    np.testing.assert_allclose(middles(take)[15:, 0], 240.0, atol=3.0)


def test_a_tracker_that_was_led_astray_comes_back_to_the_picked_face(tmp_path: Path, model: MorphableModel) -> None:
    """The picked face hides for a moment just where another one appears."""
    frames = []
    for i in range(30):
        squares = [(100, 120, 60)] if not 8 <= i < 14 else []
        frames.append(square_frame([*squares, *([(180, 120, 60)] if i >= 7 else [])]))
    clip = write_clip(tmp_path / "astray.mp4", frames, fps=25.0)
    settings = CaptureSettings(face_hint=(100.0, 120.0), face_hint_time=1.16)
    take = capture(clip, settings=settings, engine=square_engine(model))
    np.testing.assert_allclose(middles(take)[20:, 0], 100.0, atol=3.0)


def test_the_in_points_own_frame_needs_no_path(clip: Path) -> None:
    detector = SquareDetector()
    settings = CaptureSettings(start=0.4, face_hint=(130.0, 60.0), face_hint_time=0.4)
    assert find_path(lambda: Video(clip), detector, settings) is None
    assert detector.calls == 0


def test_only_a_few_frames_are_searched(clip: Path) -> None:
    detector, seen = SquareDetector(), []
    settings = CaptureSettings(face_hint=(60.0 + 7 * 29, 60.0), face_hint_time=29 / 25.0)
    path = find_path(lambda: Video(clip), detector, settings, progress=lambda: seen.append(1))
    assert path is not None and path.covers(0.0) and path.covers(1.16) and not path.covers(2.0)
    assert len(seen) == COUNT and detector.calls < COUNT / 2


def test_a_cut_ends_the_path(tmp_path: Path) -> None:
    other = [frame + 80 for frame in grey(10, (240, 320))]
    frames = [*other, *[square_frame([(100, 120, 60)])] * 10]
    clip = write_clip(tmp_path / "cut.mp4", frames, fps=25.0)
    settings = CaptureSettings(face_hint=(100.0, 120.0), face_hint_time=0.72)
    path = find_path(lambda: Video(clip), SquareDetector(), settings)
    assert path is not None
    assert not path.covers(0.2) and path.covers(0.5)


def test_no_face_at_the_picked_place_is_one_sentence(clip: Path, model: MorphableModel) -> None:
    settings = CaptureSettings(face_hint=(300.0, 120.0), face_hint_time=0.6)
    with pytest.raises(CaptureError, match=r"No face is where one was picked at 0\.60 seconds"):
        capture(clip, settings=settings, engine=square_engine(model))


class OnlyAtItsFinest(SquareDetector):
    """Sees nothing with its other inputs."""

    def detect(
        self, image_rgb: np.ndarray, *, threshold: float = 0.5, sides: tuple[int, ...] = (320,)
    ) -> list[Detection]:
        return super().detect(image_rgb, threshold=threshold, sides=sides) if sides == (FINEST_SIDE,) else []


def test_the_smallest_face_can_be_picked_and_is_followed_as_finely(tmp_path: Path) -> None:
    frames = [square_frame([(300 + 3 * i, 60, 40)], (240, 1920)) for i in range(12)]
    clip = write_clip(tmp_path / "small.mp4", frames, fps=25.0)
    settings = CaptureSettings(face_hint=(333.0, 60.0), face_hint_time=0.44)
    path = find_path(lambda: Video(clip), OnlyAtItsFinest(), settings)
    assert path is not None
    box = path.box_at(0.0)
    assert box is not None and (box[0] + box[2]) / 2.0 == pytest.approx(300, abs=4)


def test_following_the_picked_face_can_be_cancelled_and_is_reported(clip: Path, model: MorphableModel) -> None:
    calls: list[tuple[int, int]] = []
    settings = CaptureSettings(face_hint=(263.0, 60.0), face_hint_time=1.16)
    with pytest.raises(CaptureCancelled):
        capture(
            clip,
            settings=settings,
            engine=square_engine(model),
            progress=lambda done, total: calls.append((done, total)),
            cancelled=lambda: len(calls) >= 4,
        )
    assert calls == [(0, COUNT)] * 4


def test_between_sightings_the_path_is_interpolated() -> None:
    nan = np.full(4, np.nan)
    path = FacePath(np.array([0.0, 0.1, 0.2, 0.3]), np.array([[0, 0, 10, 10], [20, 0, 30, 10], nan, nan]))
    found = path.box_at(0.04)
    assert found is not None
    np.testing.assert_allclose(found, [8, 0, 18, 10])
    assert path.box_at(0.26) is None
    assert path.covers(-0.08) and not path.covers(0.45)


@pytest.mark.parametrize("time", [-0.1, float("nan"), float("inf")])
def test_a_senseless_time_is_refused(time: float) -> None:
    with pytest.raises(CaptureError, match="picked"):
        CaptureSettings(face_hint=(1.0, 1.0), face_hint_time=time)
