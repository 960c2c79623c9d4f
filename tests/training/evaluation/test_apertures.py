# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.apertures import EYES, eye_aspect_ratio, lip_gap


def face(eye_opening: float, mouth_opening: float) -> np.ndarray:
    """Points in a box of 100×100 with a left eye 20 wide and inner lips apart by known amounts."""
    points = np.full((68, 2), 50.0)
    points[0], points[16] = [0.0, 0.0], [100.0, 100.0]
    outer = [30.0, 40.0]
    corners = [
        [0, 0],
        [7, -eye_opening / 2],
        [13, -eye_opening / 2],
        [20, 0],
        [13, eye_opening / 2],
        [7, eye_opening / 2],
    ]
    points[list(EYES["left"])] = np.array(outer) + corners
    points[[61, 62, 63], 1] -= mouth_opening / 2
    points[[65, 66, 67], 1] += mouth_opening / 2
    return points


def test_a_known_eye() -> None:
    assert eye_aspect_ratio(face(6.0, 0.0), "left") == pytest.approx(0.3)
    assert eye_aspect_ratio(face(0.0, 0.0), "left") == 0.0


def test_neither_size_nor_roll_changes_an_eye() -> None:
    turn = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    assert eye_aspect_ratio(3.0 * face(6.0, 0.0) @ turn + 7.0, "left") == pytest.approx(0.3)


def test_known_lips_as_a_share_of_the_box() -> None:
    assert lip_gap(face(6.0, 12.0)) == pytest.approx(0.12)
    assert lip_gap(2.0 * face(6.0, 12.0)) == pytest.approx(0.12)


def test_sequences_and_depth_are_accepted() -> None:
    clip = np.stack([np.c_[face(opening, 4.0), np.arange(68.0)] for opening in (2.0, 4.0, 6.0)])
    np.testing.assert_allclose(eye_aspect_ratio(clip, "left"), [0.1, 0.2, 0.3])
    np.testing.assert_allclose(lip_gap(clip), [0.04] * 3)
