# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of clips, fed with tracks whose answer is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, PARAMETER_COUNT
from ddfa_blender.take import Take, TakeHeader
from training.evaluation.clip_scores import measure_clips
from training.evaluation.contest import ClipTracks
from training.evaluation.jitter_scores import clip_jitter, measure_jitter
from training.evaluation.report import Section
from training.evaluation.teacher_tracks import TeacherTrack

FRAMES, FPS = 240, 30.0
BLINK, JAW = ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("jawOpen")
_OPEN_EYE = {37: -1, 38: -1, 40: 1, 41: 1, 43: -1, 44: -1, 46: 1, 47: 1}


def pulses() -> np.ndarray:
    time = np.arange(FRAMES) / FPS
    return np.sum([np.exp(-(((time - t) / 0.08) ** 2)) for t in (2.0, 4.0, 6.0)], axis=0)


def points(model: MorphableModel, closing: np.ndarray, shake: float) -> np.ndarray:
    """The mean face 100 pixels wide whose eyes close and which shakes by ± ``shake`` pixels from frame to frame."""
    face = model.landmarks68(np.zeros(40), np.zeros(10))[:, :2] * [1.0, -1.0]
    face = (face - face.min(axis=0)) * 100.0 / np.ptp(face[:, 0]) + 100.0
    track = np.repeat(face[None], FRAMES, axis=0)
    for point, side in _OPEN_EYE.items():
        track[:, point, 1] += side * 3.0 * (1.0 - closing)
    track[..., 0] += shake * (-1.0) ** np.arange(FRAMES)[:, None]
    return track


def take(landmarks: np.ndarray, arkit: np.ndarray) -> Take:
    count = len(arkit)
    header = TakeHeader("clip.mp4", 300, 300, FPS, "regressor.onnx", "0" * 64)
    depth = np.concatenate([landmarks, np.zeros((count, 68, 1))], axis=2).astype(np.float32)
    return Take(
        np.arange(count) / FPS, np.zeros((count, PARAMETER_COUNT), np.float32), np.ones(count, np.float32),
        np.zeros((count, 4)), depth, arkit.astype(np.float32), header,
    )  # fmt: skip


@pytest.fixture
def clip(model: MorphableModel) -> ClipTracks:
    """Our blink keeps 80 % of the teacher's and our eyelids 50 %; we shake half as much as the published model."""
    pulse = pulses()
    arkit = np.zeros((FRAMES, len(ARKIT_NAMES)), np.float32)
    arkit[:, BLINK], arkit[:, JAW] = pulse, 0.03 * np.sin(np.arange(FRAMES))
    teacher = TeacherTrack(np.zeros((FRAMES, 478, 3), np.float32), arkit, np.zeros((FRAMES, 4, 4), np.float32))
    return ClipTracks(
        "clip", take(points(model, 0.5 * pulse, 1.0), 0.8 * arkit + 0.1), points(model, 0.0 * pulse, 2.0),
        points(model, 0.0 * pulse, 1.25), teacher, points(model, pulse, 0.25), teacher,
    )  # fmt: skip


def contest_of(clip: ClipTracks) -> Any:
    return SimpleNamespace(clip=lambda _name: clip)


def value(section: Section, start: str, who: str = "ours") -> float:
    return next(getattr(row, who) for row in section.rows if row.name.startswith(start))


def test_channels_that_follow_count_as_one_and_still_ones_do_not_count(clip: ClipTracks) -> None:
    section = measure_clips(contest_of(clip))
    assert value(section, "blink, clips not trained on") == pytest.approx(1.0)
    assert value(section, "ARKit, clips not trained on") == pytest.approx(1.0)
    assert any(line.startswith("eyeBlinkLeft") for line in section.details)
    assert not any(line.startswith("jawOpen") for line in section.details)


def test_jitter_of_a_known_shake(clip: ClipTracks) -> None:
    # ± a pixels every frame have second differences of 4a.
    width, height = np.ptp(clip.published[0], axis=0)
    published, exact, teacher, ours = clip_jitter(clip)
    assert published == pytest.approx(8.0 / np.sqrt(width * height), rel=1e-3)
    assert exact / published == pytest.approx(0.625, rel=1e-2)
    assert ours / published == pytest.approx(0.5, rel=2e-2)
    assert teacher < 0.2 * published


def test_known_shares_of_the_peaks_are_kept(clip: ClipTracks) -> None:
    section = measure_jitter(contest_of(clip))
    assert value(section, "jitter ÷ published") == pytest.approx(0.5, rel=2e-2)
    assert value(section, "  peaks kept: blink, score") == pytest.approx(80.0, abs=0.1)
    assert value(section, "  peaks kept: blink, lids") == pytest.approx(50.0, abs=1.0)
    assert value(section, "  peaks kept: blink, lids", "published") == pytest.approx(0.0, abs=1.0)
    assert np.isnan(value(section, "  peaks kept: mouth opening, lips"))


def test_a_model_that_lost_the_face_is_not_called_steady(clip: ClipTracks) -> None:
    clip.published[100:] = clip.published[99] + 80.0
    steady = clip_jitter(clip)[0]
    assert steady == pytest.approx(8.0 / np.sqrt(np.prod(np.ptp(clip.published[0], axis=0))), rel=1e-3)
