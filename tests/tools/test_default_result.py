# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.quaternions import to_matrices
from tests.ddfa_blender.signals import about
from tools import default_result
from training.evaluation.apertures import aspect_ratio
from training.evaluation.rotations import constant_offset


def seen(blinks: list[float], gaps: list[float], jitter: float, opened: float = 0.0) -> default_result.Seen:
    shut = np.array(blinks)
    return default_result.Seen(
        shut, shut, np.full(4, opened), np.full(2, opened / 2.0), np.array(gaps), np.full(3, 1.5), np.full(3, jitter),
        np.full(3, 0.1), np.ones(3),
    )  # fmt: skip


def test_the_table_counts_what_looks_wrong() -> None:
    before = [seen([0.5, 0.7, 0.95], [2.0, 0.0], 0.6, 0.95), seen([0.6], [-3.0, 1.0], 0.4)]
    now = [seen([1.0, 1.0, 1.0], [0.0, 0.0], 0.2), seen([0.7], [0.0, 0.6], 0.2)]
    rows = {
        line[:64].strip(): line[64:].split()
        for line in default_result.table("made up", {"a": before, "b": now}).splitlines()
    }
    assert rows["eyes that are shut (4): eyeBlink, median"] == ["0.65", "1.00"]
    assert rows["eyeBlink below 0.8"] == ["75", "%", "25", "%"]
    assert rows["eyes that are open (8): eyeBlink above 0.9"] == ["50.0", "%", "0.0", "%"]
    assert rows["pairs that are alike (4): eyeBlink apart by more than 0.3"] == ["50.0", "%", "0.0", "%"]
    assert rows["lips that are closed (4): apart by more than 0.5 mm"] == ["50", "%", "25", "%"]
    assert rows["overlapping by more than 1.5 mm"] == ["25", "%", "0", "%"]
    assert rows["head: second difference of its rotation (truth 0.10°)"] == ["0.50°", "0.20°"]
    assert rows["rotation, off by (constant part taken away)"] == ["1.50°", "1.50°"]


def test_height_by_width_of_an_eye() -> None:
    eye = np.array([[0, 0, 0], [1, 0.5, 0], [2, 0.5, 0], [3, 0, 0], [2, -0.5, 0], [1, -0.5, 0]], dtype=float)
    assert aspect_ratio(eye[None])[0] == pytest.approx(1.0 / 3.0)


def test_a_turn_at_constant_speed_does_not_tremble() -> None:
    smooth = default_result.second_difference(to_matrices(about(1, np.arange(20.0) * 0.5)))
    shaking = default_result.second_difference(
        to_matrices(about(1, np.arange(20.0) * 0.5 + 0.5 * (-1.0) ** np.arange(20)))
    )
    assert smooth.max() < 0.02 and shaking.min() > 1.9


def test_a_fixed_offset_of_the_head_is_no_error() -> None:
    rotation = to_matrices(about(1, 10.0 * np.sin(np.arange(40) / 5.0)))
    turned = rotation @ to_matrices(about(0, np.array(12.0)))
    assert np.allclose(turned @ constant_offset(turned, rotation), rotation, atol=1e-9)
