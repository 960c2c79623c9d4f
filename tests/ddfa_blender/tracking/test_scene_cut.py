# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np

from ddfa_blender.tracking.scene_cut import SceneCuts


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


def test_frames_may_change_their_size() -> None:
    assert cuts([noise(0), noise(0)[::2, ::2]]) == []
