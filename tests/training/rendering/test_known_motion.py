# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.arkit.lips import LipSeam
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_INDEX, ARKIT_NAMES
from ddfa_blender.projection import euler_degrees
from training.evaluation.correlation import MOVING
from training.rendering.known_motion import PERFORMANCES, VISEMES, known_motion, weights_at


def test_every_channel_moves_in_some_clip():
    spread = np.max([known_motion(name, 0).arkit.std(axis=0) for name in PERFORMANCES], axis=0)
    # The lips are held closed on a dropped jaw for a syllable at a time only.
    still = [ARKIT_NAMES[k] for k in np.flatnonzero(spread < MOVING) if ARKIT_NAMES[k] != "mouthClose"]
    assert not still
    assert spread[ARKIT_INDEX["mouthClose"]] > 0.5 * MOVING


@pytest.mark.parametrize("name", PERFORMANCES)
def test_weights_and_heads_stay_within_what_is_human(name):
    motion = known_motion(name, 3)
    assert 60 <= len(motion.time) <= 100
    assert motion.arkit.min() >= 0.0 and motion.arkit.max() <= 1.0
    angles = np.abs(euler_degrees(motion.rotation)).max(axis=0)
    assert (angles <= [12.0, 7.0, 4.0]).all() and angles.max() > 1.0
    assert (motion.arkit[:, ARKIT_INDEX["mouthClose"]] <= motion.arkit[:, ARKIT_INDEX["jawOpen"]] + 1e-9).all()


def test_the_same_seed_moves_alike_and_another_does_not():
    one, again, other = (known_motion("lips", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.rotation, again.rotation)
    assert np.abs(one.rotation - other.rotation).max() > 0.01
    np.testing.assert_array_equal(one.arkit, other.arkit)


def test_speech_closes_the_lips_on_a_dropped_jaw():
    model = MorphableModel.load()
    seam, time = LipSeam.of(model), np.arange(75) / 30.0
    for name in ("speech_calm", "speech_lively"):
        arkit = weights_at(PERFORMANCES[name], time)
        closed = (seam.gap(arkit).max(axis=1) < 0.3) & (arkit[:, ARKIT_INDEX["jawOpen"]] > 0.1)
        assert closed.sum() >= 2
    assert {"M", "P", "A", "O"} <= VISEMES.keys()
