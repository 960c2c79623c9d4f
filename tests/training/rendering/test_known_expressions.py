# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np

from ddfa_blender.names import ARKIT_INDEX
from ddfa_blender.projection import euler_degrees
from training.rendering.known_expressions import UNITS, random_faces


def test_units_are_channels_or_both_sides_of_one() -> None:
    for unit in UNITS:
        assert unit in ARKIT_INDEX or {f"{unit}Left", f"{unit}Right"} <= ARKIT_INDEX.keys()
    # `mouthLeft` is a direction, not a side.
    assert "mouth" not in UNITS and "jaw" not in UNITS and "mouthSmile" in UNITS and "mouthSmileLeft" in UNITS


def test_every_channel_is_shown() -> None:
    arkit = random_faces(0, 600).arkit
    assert arkit.shape == (600, 52) and arkit.min() >= 0.0 and arkit.max() <= 1.0
    assert (arkit.max(axis=0) > 0.5).all()
    assert (arkit.max(axis=1) == 0.0).any(), "nobody rests"


def test_faces_are_plausible() -> None:
    arkit = random_faces(1, 600).arkit
    assert (arkit[:, ARKIT_INDEX["mouthClose"]] <= arkit[:, ARKIT_INDEX["jawOpen"]] + 1e-9).all()
    tongue = arkit[:, ARKIT_INDEX["tongueOut"]] > 0.0
    assert tongue.any() and (arkit[tongue, ARKIT_INDEX["jawOpen"]] > 0.0).all()
    # Both eyes look the same way.
    np.testing.assert_allclose(
        arkit[:, ARKIT_INDEX["eyeLookInLeft"]], arkit[:, ARKIT_INDEX["eyeLookOutRight"]], atol=1e-9
    )


def test_the_seed_decides_and_heads_stay_frontal() -> None:
    one, again, other = (random_faces(seed, 40) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.arkit, again.arkit)
    np.testing.assert_array_equal(one.rotation, again.rotation)
    assert np.abs(one.arkit - other.arkit).max() > 0.3
    assert np.abs(euler_degrees(one.rotation)[:, 0]).max() < 45.0
