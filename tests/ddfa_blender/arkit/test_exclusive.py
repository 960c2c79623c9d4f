# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np

from ddfa_blender.arkit.exclusive import EXCLUSIVE_PAIRS, allowed, differences
from ddfa_blender.names import ARKIT_NAMES

RANDOM = np.random.default_rng(0).random((20, 52))


def test_the_pairs_are_opposites_of_one_side_and_no_channel_is_in_two():
    names = [{ARKIT_NAMES[i] for i in pair} for pair in EXCLUSIVE_PAIRS]
    assert {"jawLeft", "jawRight"} in names and {"eyeLookUpLeft", "eyeLookDownLeft"} in names
    assert {"eyeBlinkRight", "eyeWideRight"} in names
    assert len(np.unique(EXCLUSIVE_PAIRS)) == EXCLUSIVE_PAIRS.size
    for pair in names:
        sides = {name.removesuffix("Left") != name for name in pair}
        assert len(sides) == 1 or pair in ({"jawLeft", "jawRight"}, {"mouthLeft", "mouthRight"})


def test_of_a_pair_the_difference_is_left_and_other_channels_stay():
    result = differences(RANDOM)
    pairs = np.array([pair for pair in EXCLUSIVE_PAIRS if not ARKIT_NAMES[pair[0]].startswith("eyeBlink")])
    one, other = pairs.T
    assert np.minimum(result[:, one], result[:, other]).max() == 0.0
    np.testing.assert_allclose(result[:, one] - result[:, other], RANDOM[:, one] - RANDOM[:, other])
    rest = np.setdiff1d(np.arange(52), pairs)  # blinks among them: what is said of wide eyes takes nothing off
    np.testing.assert_array_equal(result[:, rest], RANDOM[:, rest])


def test_the_weaker_of_a_pair_is_not_allowed():
    upper = allowed(RANDOM)
    one, other = EXCLUSIVE_PAIRS.T
    assert (upper[:, one] + upper[:, other] == 1.0).all()
    assert ((RANDOM[:, one] > RANDOM[:, other]) == (upper[:, one] == 1.0)).all()
    rest = np.setdiff1d(np.arange(52), EXCLUSIVE_PAIRS)
    assert (upper[:, rest] == 1.0).all()
