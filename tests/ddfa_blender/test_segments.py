# SPDX-License-Identifier: GPL-3.0-or-later
"""A clip that several workers capture side by side gives the very take that one gives."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender import segments
from ddfa_blender.capture import Engine, capture
from ddfa_blender.errors import CaptureCancelled, CaptureError
from ddfa_blender.footage import video as video_module
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.paths import model_file
from ddfa_blender.segments import MINIMUM_FRAMES, begins_of
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.take import Take
from ddfa_blender.tracking.detector import Detection
from ddfa_blender.tracking.scene_cut import FRAMES_REMEMBERED, Thumbnail
from ddfa_blender.tracking.tracker import FaceFit, FaceFitter, Tracker
from tests.ddfa_blender.support import (
    SquareDetector,
    SquareRegressor,
    frame_duration,
    grey,
    set_frame_durations,
    square_engine,
    square_frame,
    write_clip,
)

_RENDERED_CLIP = Path(__file__).resolve().parents[1] / "data" / "rendered_clip.mp4"
_NO_NETWORKS = not (model_file("regressor.onnx").exists() and model_file("face_detector.onnx").exists())


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips can then be short too."""
    monkeypatch.setattr(segments, "MINIMUM_FRAMES", 25)


def wandering(count: int, width: int = 320, other: float = 0.0, growth: float = 0.0) -> list[np.ndarray]:
    """A face that moves all the time, and another one that stands still and grows to 110 pixels."""
    places = [(150 + 50 * np.sin(i / 9.0), 120 + 30 * np.cos(i / 7.0), 70 + 8 * np.sin(i / 11.0)) for i in range(count)]
    sides = [min(other + growth * i, 110.0) for i in range(count)]
    both = [[place, (400, 100, side)] if side else [place] for place, side in zip(places, sides, strict=True)]
    return [square_frame(squares, (240, width)) for squares in both]


def assert_same(one: Take, other: Take) -> None:
    assert one.readings is not None
    for name in ("time", "params", "confidence", "roi", "landmarks68", "arkit", "readings"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.header == other.header


def captured(clip: Path, engine: Engine, workers: int, settings: CaptureSettings | None = None) -> tuple[Take, list]:
    notes: list[str] = []
    return capture(clip, engine=engine, workers=workers, notes=notes, settings=settings), notes


def assert_seamless(
    clip: Path, engine: Engine, settings: CaptureSettings | None = None, numbers: Sequence[int] = (2, 3)
) -> Take:
    """Several workers give what one gives, and each has done its part."""
    one, nothing = captured(clip, engine, 1, settings)
    assert nothing == []
    for workers in numbers:
        several, notes = captured(clip, engine, workers, settings)
        assert_same(one, several)
        assert notes == []
    return one


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "mp4v"), ("clip.avi", "MJPG"), ("clip.mkv", "FFV1")])
def test_the_seams_vanish(tmp_path: Path, model: MorphableModel, name: str, codec: str) -> None:
    clip = write_clip(tmp_path / name, wandering(110), codec=codec)
    assert len(assert_seamless(clip, square_engine(model))) == 110


@pytest.mark.skipif(_NO_NETWORKS, reason="model/ is not set up: run `python build.py env`")
def test_the_seams_vanish_with_the_real_networks() -> None:
    assert assert_seamless(_RENDERED_CLIP, Engine.load(), numbers=[3]).tracked.all()


@pytest.mark.skipif(_NO_NETWORKS, reason="model/ is not set up: run `python build.py env`")
def test_the_seams_vanish_in_real_footage_with_b_frames_and_a_cut(shared: Path) -> None:
    engine = Engine.load()
    assert_seamless(shared / "clips" / "d18.mp4", engine, CaptureSettings(start=1.0, end=4.0), [2])
    assert_seamless(shared / "clips" / "face_noface.mov", engine, CaptureSettings(end=4.5), [3])


def test_few_frames_are_tracked_twice(tmp_path: Path, model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frames before a segment tell its cuts, so that both sides of a seam soon know the same."""
    tracked: list[float] = []
    step = Tracker.step

    def counted(tracker: Tracker, image: np.ndarray, time: float, thumbnail: Thumbnail | None = None) -> FaceFit | None:
        tracked.append(time)
        return step(tracker, image, time, thumbnail)

    monkeypatch.setattr(Tracker, "step", counted)
    clip = write_clip(tmp_path / "clip.mp4", wandering(110))
    captured(clip, square_engine(model), 2)
    assert 110 < len(tracked) < 110 + FRAMES_REMEMBERED
    assert len(set(tracked)) == 110


def test_the_seams_vanish_where_the_rate_varies(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(120))
    d = frame_duration(clip)
    set_frame_durations(clip, ([d // 4] * 7 + [3 * d] + [d] * 12) * 6)
    assert_seamless(clip, square_engine(model))


def test_the_seams_vanish_at_cuts_and_where_the_face_is_lost(tmp_path: Path, model: MorphableModel) -> None:
    face = wandering(150)
    next_shot = [np.where(frame == 90, 200, frame).astype(np.uint8) for frame in face]
    frames = [*face[:37], *grey(8, (240, 320)), *face[45:60], *next_shot[60:80], *face[80:]]
    take = assert_seamless(write_clip(tmp_path / "clip.mp4", frames), square_engine(model))
    assert 0 < (~take.tracked).sum() < 20


def test_a_clip_that_ends_without_a_face(tmp_path: Path, model: MorphableModel) -> None:
    """Where nothing is tracked, only a tracker's patience, its memory and the rhythm of its searches must agree."""
    take = assert_seamless(
        write_clip(tmp_path / "clip.mp4", wandering(30) + grey(200, (240, 320))), square_engine(model)
    )
    assert take.tracked.sum() == 30


def test_in_and_out_points(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(160))
    take = assert_seamless(clip, square_engine(model), CaptureSettings(start=1.0, end=5.0))
    assert (take.time[0], take.time[-1]) == (pytest.approx(1.0), pytest.approx(5.0))


def test_a_clip_that_is_cut_short_says_so(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.avi", wandering(200), codec="MJPG")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    one, _ = captured(clip, square_engine(model), 1)
    several, _ = captured(clip, square_engine(model), 3)
    assert_same(one, several)
    assert several.header.stopped_early and 60 < len(several) < 140


def face_widths(take: Take) -> np.ndarray:
    return np.asarray(np.ptp(take.landmarks68[:, :, 0], axis=1))


def test_whom_it_has_begun_with_is_followed_although_a_larger_face_comes(tmp_path: Path, model: MorphableModel) -> None:
    """Whoever begins in the middle takes the larger face up: then the worker before goes on."""
    clip = write_clip(tmp_path / "clip.mp4", wandering(110, width=480, other=20, growth=3))
    one, _ = captured(clip, square_engine(model), 1)
    several, notes = captured(clip, square_engine(model), 3)
    assert_same(one, several)
    assert (face_widths(one) < 90).all()
    assert len(notes) == 2 and all("another face" in note for note in notes)


def test_the_face_that_was_picked_is_followed(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(110, width=480, other=110))
    take = assert_seamless(clip, square_engine(model), CaptureSettings(face_hint=(150.0, 150.0)))
    assert (face_widths(take) < 90).all()


def test_a_face_picked_in_a_later_frame(tmp_path: Path, model: MorphableModel) -> None:
    """Its way is known up to there, so that all workers follow it."""
    clip = write_clip(tmp_path / "clip.mp4", wandering(110, width=480, other=110))
    place = 150 + 50 * np.sin(100 / 9.0), 120 + 30 * np.cos(100 / 7.0)
    take = assert_seamless(clip, square_engine(model), CaptureSettings(face_hint=place, face_hint_time=4.0))
    assert (face_widths(take) < 90).all()


def test_numbered_pictures_with_gaps(tmp_path: Path, model: MorphableModel) -> None:
    for i, frame in enumerate(wandering(90)):
        if i not in (44, 45, 61):
            assert cv2.imwrite(str(tmp_path / f"shot_{i + 7:04}.png"), frame[..., ::-1])
    take = assert_seamless(tmp_path / "shot_0007.png", square_engine(model))
    assert len(take) == 87


def test_a_clip_that_cannot_be_sought_is_captured_by_one_worker_who_says_so(
    tmp_path: Path, model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(110))
    one, _ = captured(clip, square_engine(model), 1)

    def seek_to_the_end(self: video_module._FileReader, _time: float) -> None:
        while self.grab():
            pass

    monkeypatch.setattr(video_module._FileReader, "seek", seek_to_the_end)
    several, notes = captured(clip, square_engine(model), 2)
    assert_same(one, several)
    (note,) = notes
    assert "cannot be sought" in note


def test_a_container_that_tells_other_times_after_seeking_does_no_harm(
    tmp_path: Path, model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(110))
    one, _ = captured(clip, square_engine(model), 1)
    seek = video_module._FileReader.seek

    def land_elsewhere(self: video_module._FileReader, time: float) -> None:
        seek(self, time)
        grab = self.grab
        self.grab = lambda: (found := grab()) and (found[0], found[1] - 0.3)  # type: ignore[method-assign]

    monkeypatch.setattr(video_module._FileReader, "seek", land_elsewhere)
    several, notes = captured(clip, square_engine(model), 2)
    assert_same(one, several)
    assert len(notes) == 1


class Slow(SquareRegressor):
    """Takes longer at random."""

    def predict(self, crops: np.ndarray) -> object:  # type: ignore[override]
        time.sleep(float(np.random.default_rng().uniform(0.0, 0.004)))
        return super().predict(crops)


def test_nothing_hangs_on_how_fast_the_threads_are(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(110))
    one, _ = captured(clip, square_engine(model), 1)
    slow = replace(square_engine(model), fitter=FaceFitter(Slow(model), model))
    for _ in range(3):
        assert_same(one, captured(clip, slow, 4)[0])


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("face capture")]


def test_cancelling_in_the_middle_stops_all_threads(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(150))
    slow = replace(square_engine(model), fitter=FaceFitter(Slow(model), model))
    done: list[int] = []
    with pytest.raises(CaptureCancelled):
        capture(
            clip, engine=slow, workers=3, progress=lambda frame, _: done.append(frame), cancelled=lambda: bool(done)
        )
    assert 0 < done[-1] < 150
    assert running() == []


class Failing(SquareDetector):
    """Breaks down where the picture is bright."""

    def detect(self, image_rgb: np.ndarray, **options: object) -> list[Detection]:
        if image_rgb[0, 0, 1] > 150:
            raise CaptureError("The detector broke down.")
        return super().detect(image_rgb, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_in_one_worker_is_the_captures(tmp_path: Path, model: MorphableModel, workers: int) -> None:
    frames = wandering(150)
    frames[100:] = [np.where(frame == 90, 200, frame).astype(np.uint8) for frame in frames[100:]]
    engine = replace(square_engine(model), detector=Failing())
    with pytest.raises(CaptureError, match="broke down"):
        capture(write_clip(tmp_path / "clip.mp4", frames), engine=engine, workers=workers)
    assert running() == []


def test_a_thread_that_cannot_be_started_stops_the_others(
    tmp_path: Path, model: MorphableModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse_the_third(thread: threading.Thread) -> None:
        if thread.name == "face capture 2":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_the_third)
    slow = replace(square_engine(model), fitter=FaceFitter(Slow(model), model))
    with pytest.raises(RuntimeError, match="start new thread"):
        capture(write_clip(tmp_path / "clip.mp4", wandering(150)), engine=slow, workers=3)
    assert running() == []


def test_progress_rises_to_the_number_of_frames_on_the_callers_thread(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(110))
    calls: list[tuple[int, int]] = []
    threads = set()

    def progress(done: int, total: int) -> None:
        calls.append((done, total))
        threads.add(threading.current_thread())

    capture(clip, engine=square_engine(model), workers=3, progress=progress)
    done = [frames for frames, _ in calls]
    assert done == sorted(set(done)) and calls[-1] == (110, 110)
    assert threads == {threading.current_thread()}


def test_one_segment_at_a_time_is_shown(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", wandering(110))
    shown: list[tuple[str, bool]] = []
    inside = threading.Lock()

    def watch(image: np.ndarray, fit: object) -> None:
        assert inside.acquire(blocking=False)
        shown.append((threading.current_thread().name, image.shape == (240, 320, 3) and fit is not None))
        time.sleep(0.001)
        inside.release()

    capture(clip, engine=square_engine(model), workers=2, watch=watch)
    assert len(shown) >= 55 and all(good for _, good in shown)
    names = [name for name, _ in shown]
    assert names == sorted(names) and names[0] == "face capture 0"


def test_short_clips_and_clips_of_unknown_length_take_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MINIMUM_FRAMES", MINIMUM_FRAMES)
    assert begins_of(0.0, 4.0, MINIMUM_FRAMES, 8) == [0.0]
    assert begins_of(1.0, 4.0, 3 * MINIMUM_FRAMES, 8) == pytest.approx([1.0, 2.0, 3.0])
    assert begins_of(0.0, 100.0, 100 * MINIMUM_FRAMES, 4) == pytest.approx([0.0, 25.0, 50.0, 75.0])
