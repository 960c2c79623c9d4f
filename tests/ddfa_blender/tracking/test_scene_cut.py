# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.tracking.scene_cut import SceneCuts, thumbnail_of


def cuts(frames: list[np.ndarray]) -> list[int]:
    watch = SceneCuts()
    return [i for i, frame in enumerate(frames) if watch.is_cut(frame)]


def noise(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (3, 4, 3))
    return np.kron(coarse, np.ones((40, 40, 1))).astype(np.uint8)


def test_a_hard_cut_is_noticed_once() -> None:
    assert cuts([noise(0)] * 5 + [noise(1)] * 5) == [5]


def test_motion_pans_and_fades_are_no_cuts() -> None:
    pan = [np.roll(noise(0), 2 * i, axis=1) for i in range(20)]
    fade = [(noise(0) * (1.0 - i / 40.0)).astype(np.uint8) for i in range(40)]
    assert cuts(pan) == []
    assert cuts(fade) == []


@pytest.mark.parametrize("size", [(512, 512), (1080, 1920), (90, 4000), (100, 100), (20, 30)])
def test_a_thumbnail_shows_what_is_where_in_any_size(size: tuple[int, int]) -> None:
    height, width = size
    y, x = np.mgrid[:height, :width]
    ramp = np.stack([255.0 * x / width, 255.0 * y / height, np.full(size, 90.0)], axis=-1).astype(np.uint8)
    found = thumbnail_of(ramp)
    assert found.shape == (32, 32, 3) and found.dtype == np.uint8
    places = 255.0 * (np.arange(32) + 0.5) / 32.0
    across, down = np.broadcast_to(places, (32, 32)), np.broadcast_to(places[:, None], (32, 32))
    expected = np.stack([across, down, np.full((32, 32), 90.0)], axis=-1)
    assert np.abs(found - expected).max() < (6.0 if min(size) >= 32 else 12.0)


def test_a_cut_is_noticed_in_grainy_footage_and_grain_is_no_cut() -> None:
    rng = np.random.default_rng(7)
    large = [np.kron(noise(seed), np.ones((4, 4, 1), np.uint8)) for seed in (0, 1)]
    shots = [large[i // 15] for i in range(30)]
    assert cuts([np.clip(shot + rng.normal(0, 25, shot.shape), 0, 255).astype(np.uint8) for shot in shots]) == [15]


def test_frames_may_change_their_size() -> None:
    assert cuts([noise(0), noise(0)[::2, ::2]]) == []
