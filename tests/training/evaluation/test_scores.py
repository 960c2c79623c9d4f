# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.tracking.detector import Detection
from ddfa_blender.tracking.roi import roi_from_landmarks
from ddfa_blender.tracking.tracker import FaceFit, FaceFitter
from training.evaluation import contest, material, scores, teacher_tracks
from training.evaluation.published_loop import follow_as_published
from training.evaluation.teacher_tracks import TeacherTrack
from training.workspace import DATA


def test_without_the_real_material_it_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(material, "SHARED", tmp_path / "shared")
    assert scores.main(["--json", str(tmp_path / "scores.json")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and str(tmp_path / "shared") in error
    assert not (tmp_path / "scores.json").exists()


def test_missing_results_of_the_teacher_say_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher_tracks, "TEACHER_FOLDER", tmp_path)
    with pytest.raises(CaptureError, match=r"tools\.measure_teacher"):
        TeacherTrack.load("d19", "video")


def test_missing_renders_say_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"training\.rendering\.heads"):
        next(material.rendered_heads(tmp_path))


def test_a_stored_track_tells_where_a_face_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher_tracks, "TEACHER_FOLDER", tmp_path)
    landmarks = np.ones((3, 478, 3), np.float32)
    landmarks[1] = np.nan
    arkit, matrix = np.zeros((3, 52), np.float32), np.zeros((3, 4, 4), np.float32)
    np.savez(TeacherTrack.path("clip", "video"), landmarks=landmarks, arkit=arkit, matrix=matrix)
    assert TeacherTrack.load("clip", "video").found.tolist() == [True, False, True]


class Follower(FaceFitter):
    """A fitter that finds a face 10 pixels right of the ROI's centre, of a given size, and keeps what it was shown."""

    def __init__(self, size: float) -> None:
        self.size = size
        self.rois: list[np.ndarray] = []

    def fit(self, image_rgb: np.ndarray, roi: np.ndarray) -> FaceFit:
        self.rois.append(roi)
        centre = (roi[:2] + roi[2:]) / 2.0 + [10.0, 0.0]
        points = np.zeros((68, 3))
        points[:, :2] = centre + self.size * np.stack([np.cos(np.arange(68.0)), np.sin(np.arange(68.0))], axis=1)
        return FaceFit(np.zeros(62, np.float32), 1.0, roi, points, np.zeros(52, np.float32))

    def fit_refined(self, image_rgb: np.ndarray, roi: np.ndarray) -> FaceFit:
        return self.fit(image_rgb, self.fit(image_rgb, roi).next_roi)


class Searcher:
    """A detector that finds one face from its third call on."""

    calls = 0

    def detect(
        self, image_rgb: np.ndarray, *, threshold: float = 0.5, sides: tuple[int, ...] = (320,)
    ) -> list[Detection]:
        self.calls += 1
        five = np.array([[85.0, 85.0], [115.0, 85.0], [100.0, 100.0], [88.0, 120.0], [112.0, 120.0]])
        return [Detection(np.array([70.0, 60.0, 130.0, 140.0]), 0.9, five)] if self.calls > 2 else []


def test_the_published_loop_looks_where_the_last_points_were() -> None:
    images = [np.zeros((200, 200, 3), np.uint8)] * 6
    fitter, detector = Follower(40.0), Searcher()
    track = follow_as_published(images, fitter, detector)
    assert np.isnan(track[:2]).all() and np.isfinite(track[2:]).all()
    assert detector.calls == 3
    # Detection, refinement, then one look a frame, each in the ROI of the frame before.
    assert len(fitter.rois) == 2 + 3
    for i in range(3):
        np.testing.assert_allclose(fitter.rois[2 + i], roi_from_landmarks(track[2 + i]))
    np.testing.assert_allclose(np.diff(track[2:, :, 0].mean(axis=1)), 10.0, rtol=0.05)


def test_the_published_loop_searches_again_when_the_face_has_shrunk_away() -> None:
    fitter, detector = Follower(10.0), Searcher()
    follow_as_published([np.zeros((200, 200, 3), np.uint8)] * 6, fitter, detector)
    assert detector.calls == 6


def test_every_table_has_a_command() -> None:
    assert set(scores.SECTIONS) == {"bench", "clips", "jitter", "sequences", "poses", "occlusion"}
    assert contest.PUBLISHED_FOLDER.parent == DATA
