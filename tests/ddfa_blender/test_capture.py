# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.capture import Engine, capture
from ddfa_blender.errors import CaptureCancelled, CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.take import Take
from ddfa_blender.timing import StageTimings
from ddfa_blender.tracking.session import open_session
from tests.ddfa_blender.support import grey, square_engine, square_frame, write_clip


def moving_square(count: int) -> list[np.ndarray]:
    return [square_frame([(100 + 3 * i, 120, 80)]) for i in range(count)]


def test_a_take_follows_the_face(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(20), fps=25.0)
    timings = StageTimings()
    take = capture(clip, engine=square_engine(model), timings=timings)
    assert take.tracked.all()
    boxes = np.concatenate([take.landmarks68[..., :2].min(axis=1), take.landmarks68[..., :2].max(axis=1)], axis=1)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2.0
    np.testing.assert_allclose(centers[:, 0], 100 + 3 * np.arange(20), atol=2.0)
    np.testing.assert_allclose(centers[:, 1], 120, atol=2.0)
    np.testing.assert_allclose(take.time, np.arange(20) / 25.0, atol=1e-4)
    header = take.header
    assert (header.source, header.width, header.height, header.stopped_early) == ("clip.mp4", 320, 240, False)
    assert header.model == "squares.onnx"
    assert {"load", "decode", "detect", "regress", "read"} <= timings.seconds.keys()
    assert take.readings is not None
    assert take.readings[:, 2:].min() > 0.9, "upright faces are cut out elsewhere than the red squares"


def test_lost_frames_are_nan_with_confidence_zero_and_the_face_is_found_again(
    tmp_path: Path, model: MorphableModel
) -> None:
    faces = moving_square(8)
    clip = write_clip(tmp_path / "clip.mp4", faces + grey(6, (240, 320)) + faces)
    take = capture(clip, engine=square_engine(model))
    np.testing.assert_array_equal(take.tracked, [True] * 8 + [False] * 6 + [True] * 8)
    lost = ~take.tracked
    assert (take.confidence[lost] == 0.0).all()
    assert take.readings is not None
    for values in (take.params, take.roi, take.landmarks68, take.arkit, take.readings):
        assert np.isnan(values[lost]).all()
        assert np.isfinite(values[~lost]).all()


def test_no_face_in_the_whole_clip(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "wall.mp4", grey(5))
    with pytest.raises(CaptureError, match=r"No face was found in wall\.mp4"):
        capture(clip, engine=square_engine(model))


def test_a_clip_of_one_frame(tmp_path: Path, model: MorphableModel) -> None:
    take = capture(write_clip(tmp_path / "one.mp4", moving_square(1)), engine=square_engine(model))
    assert len(take) == 1
    assert take.tracked.all()


def test_a_truncated_clip_says_that_it_stopped_early(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.avi", moving_square(40), codec="MJPG")
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    take = capture(clip, engine=square_engine(model))
    assert 10 < len(take) < 30
    assert take.header.stopped_early
    assert take.header.expected_frames == 40


def test_in_and_out_points(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(25), fps=25.0)
    take = capture(clip, settings=CaptureSettings(start=0.2, end=0.6), engine=square_engine(model))
    np.testing.assert_allclose(take.time, np.arange(5, 16) / 25.0, atol=1e-4)
    assert not take.header.stopped_early
    assert take.header.settings["start"] == 0.2
    with pytest.raises(CaptureError, match="in and the out point"):
        capture(clip, settings=CaptureSettings(start=50.0), engine=square_engine(model))


@pytest.mark.parametrize(("start", "end"), [(-1.0, None), (float("nan"), None), (2.0, 1.0), (0.0, 0.0)])
def test_senseless_in_and_out_points_are_refused(start: float, end: float | None) -> None:
    with pytest.raises(CaptureError, match="point"):
        CaptureSettings(start, end)


@pytest.mark.parametrize("place", [(5000.0, 20.0), (20.0, 241.0), (-1.0, 20.0), (float("nan"), 20.0)])
def test_a_face_cannot_be_picked_outside_the_picture(
    tmp_path: Path, model: MorphableModel, place: tuple[float, float]
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(2))
    with pytest.raises(CaptureError, match="outside the picture of 320 × 240 pixels; pick it again"):
        capture(clip, settings=CaptureSettings(face_hint=place), engine=square_engine(model))


def test_progress_counts_every_frame(tmp_path: Path, model: MorphableModel) -> None:
    calls: list[tuple[int, int]] = []
    clip = write_clip(tmp_path / "clip.mp4", moving_square(6))
    capture(clip, engine=square_engine(model), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(i, 6) for i in range(1, 7)]


def test_cancelling_stops_at_once(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(10))
    done: list[int] = []
    with pytest.raises(CaptureCancelled):
        capture(
            clip,
            engine=square_engine(model),
            progress=lambda frame, _: done.append(frame),
            cancelled=lambda: len(done) >= 3,
        )
    assert done == [1, 2, 3]


def test_cancelling_works_before_the_in_point(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(10))
    answers = iter([False, False, True])
    with pytest.raises(CaptureCancelled):
        capture(clip, settings=CaptureSettings(start=0.3), engine=square_engine(model), cancelled=lambda: next(answers))


def test_the_take_says_whose_coefficients_it_holds_and_what_was_not_measured(
    tmp_path: Path, model: MorphableModel
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(3))
    bundled = capture(clip, engine=square_engine(model)).header
    assert (bundled.basis, bundled.absent_outputs) == ("bundled", [])
    engine = replace(square_engine(model), basis="3DDFA-V2", absent_outputs=("arkit", "confidence"))
    capture(clip, engine=engine).save(tmp_path / "take.npz")
    header = Take.load(tmp_path / "take.npz").header
    assert (header.basis, header.absent_outputs) == ("3DDFA-V2", ["arkit", "confidence"])


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", moving_square(3))
    with pytest.raises(CaptureError, match="is not a model folder"):
        capture(clip, model=tmp_path)


def test_what_was_loaded_last_is_kept_until_its_files_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("regressor.onnx", "morphable_model.npz"):
        (tmp_path / name).write_bytes(b"not looked at")
    loaded: list[object] = []
    monkeypatch.setattr(Engine, "load", classmethod(lambda _cls, model: loaded.append(model) or object()))
    first = Engine.kept(tmp_path)
    assert Engine.kept(tmp_path) is first and loaded == [tmp_path]
    (tmp_path / "regressor.onnx").write_bytes(b"another network")
    assert Engine.kept(tmp_path) is not first and len(loaded) == 2


def test_a_capture_runs_single_threaded_sessions_that_do_not_spin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    made: list[object] = []

    def session(_content: bytes, options: object, **_rest: object) -> None:
        made.append(options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    file = tmp_path / "network.onnx"
    file.write_bytes(b"\x08\x08")  # an ONNX file that tells its version and nothing else
    open_session(file)
    (options,) = made
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)  # type: ignore[attr-defined]
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"  # type: ignore[attr-defined]
