# SPDX-License-Identifier: GPL-3.0-or-later
"""The smooth transition, against what makes it one."""

from __future__ import annotations

import numpy as np

from ddfa_blender.smoothstep import smoothstep


def test_it_is_flat_beyond_its_ends_and_halfway_in_the_middle() -> None:
    np.testing.assert_array_equal(smoothstep(np.array([-5.0, 2.0, 3.0, 4.0, 9.0]), 2.0, 4.0), [0.0, 0.0, 0.5, 1.0, 1.0])
    np.testing.assert_array_equal(smoothstep(np.array([[-1.0, 0.5, 2.0]])), [[0.0, 0.5, 1.0]])


def test_it_rises_without_a_kink() -> None:
    x = np.linspace(-0.5, 1.5, 2001)
    slope = np.gradient(smoothstep(x), x)
    assert slope.min() > -1e-12
    assert np.abs(np.diff(slope)).max() < 0.01  # a straight ramp's jumps by 1
    np.testing.assert_allclose(slope.max(), 1.5, atol=1e-3)


def test_it_falls_where_the_ends_are_exchanged() -> None:
    x = np.linspace(0.0, 1.0, 11)
    np.testing.assert_allclose(smoothstep(x, 1.0, 0.0), 1.0 - smoothstep(x), atol=1e-15)
