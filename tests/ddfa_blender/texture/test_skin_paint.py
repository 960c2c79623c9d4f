# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated skin: features where the landmarks are."""

from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.texture import skin_paint
from ddfa_blender.texture.position_map import position_map
from ddfa_blender.texture.skin_paint import SKIN, paint_skin

SIZE = 512


@pytest.fixture(scope="module")
def around(model):
    """Mean colour of the texels within some millimetres of a place on the mean head."""
    surface = position_map(model, model.mean, SIZE)
    landmarks = model.at_landmarks(model.mean)

    def colour(texture, index, offset=(0.0, 0.0, 0.0), radius=2.5):
        place = landmarks[index] if isinstance(index, int) else landmarks[list(index)].mean(axis=0)
        near = surface.mask & (np.linalg.norm(surface.positions - (place + offset), axis=2) < radius)
        assert near.any()
        return texture[near].mean(axis=0)

    return colour


def test_lips_are_redder_and_brows_darker_than_the_forehead(model, around):
    skin = paint_skin(model, SIZE)
    assert skin.shape == (SIZE, SIZE, 3) and skin.min() >= 0.0 and skin.max() <= 1.0
    forehead = around(skin, 27, (0.0, 45.0, -5.0), 15.0)
    np.testing.assert_allclose(forehead, SKIN, atol=0.04)
    lip = around(skin, (56, 66), (0.0, 0.0, 3.0), 4.0)
    assert lip[0] / lip[1] > 1.15 * forehead[0] / forehead[1]
    for brow in (19, 24):
        assert around(skin, brow).mean() < 0.75 * forehead.mean()
    # Between and above the brows there is none.
    assert around(skin, 27, (0.0, 8.0, 0.0)).mean() > 0.95 * forehead.mean()


def test_the_bare_skin_has_lips_but_no_brows(model, around):
    bare = paint_skin(model, SIZE, bare=True)
    for brow in (19, 24):
        np.testing.assert_allclose(around(bare, brow), SKIN, atol=0.04)
    lip = around(bare, (56, 66), (0.0, 0.0, 3.0), 4.0)
    assert lip[0] / lip[1] > 1.15 * SKIN[0] / SKIN[1]


def test_it_is_the_same_every_time_and_cannot_be_spoilt(model):
    first = paint_skin(model, 256)
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 0.0
    skin_paint._paint.cache_clear()
    np.testing.assert_array_equal(paint_skin(model, 256), first)
