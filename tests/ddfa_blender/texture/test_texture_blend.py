# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.texture.texture_blend import Blender, even_out, outvoted, to_display, to_linear, tone

SIZE = 64


def flat(value: float) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), value, np.float32)


def test_srgb_as_its_standard_has_it() -> None:
    known = {0.0: 0.0, 0.04045: 0.0031308, 0.5: 0.2140411, 0.735357: 0.5, 1.0: 1.0}
    display, linear = (np.array([list(values)] * 3, np.float32).T for values in (known.keys(), known.values()))
    np.testing.assert_allclose(to_linear(display), linear, atol=1e-6)
    np.testing.assert_allclose(to_display(linear), display, atol=1e-5)
    bytes_ = np.arange(255, -1, -1, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    np.testing.assert_array_equal(np.round(to_display(to_linear(bytes_)) * 255.0), bytes_)
    assert to_display(np.array([-1.0, 2.0])).tolist() == [0.0, 1.0]


def test_of_three_pictures_the_one_that_shows_something_else_is_outvoted() -> None:
    pictures = np.stack([flat(0.4), flat(0.42), flat(0.4)])
    pictures[2, :, : SIZE // 2] = 0.05  # a dark hand
    weights = np.ones((3, SIZE, SIZE), np.float32)
    agrees = outvoted(pictures, weights)
    left, right = slice(4, SIZE // 2 - 4), slice(SIZE // 2 + 4, -4)
    assert agrees[2][:, left].max() < 0.01 and agrees[2][:, right].min() > 0.99
    assert agrees[:2].min() > 0.99
    weights[1] = 0.0
    np.testing.assert_allclose(outvoted(pictures, weights), 1.0, atol=1e-6, err_msg="of two nobody knows who is right")


@pytest.mark.parametrize("exposure", [0.25, 1.0, 3.0])
def test_a_darker_picture_is_brought_to_the_others_exposure(exposure: float) -> None:
    random = np.random.default_rng(4)
    target = random.uniform(0.2, 0.6, (SIZE, SIZE, 3)).astype(np.float32)
    seen = np.zeros((SIZE, SIZE), np.float32)
    seen[:, : SIZE // 2] = 1.0  # the right half has no other picture: the field runs on into it
    field = even_out(exposure * target, seen, target, np.ones_like(seen), reach=0.06)
    np.testing.assert_allclose(field, -np.log(exposure), atol=0.04)
    nothing = even_out(exposure * target, seen, target, np.zeros_like(seen), reach=0.06)
    assert not nothing.any()


def test_a_blend_of_one_picture_is_that_picture_and_of_two_keeps_the_sharper_ones_detail() -> None:
    checks = np.indices((SIZE, SIZE)).sum(axis=0) % 2 * 0.2 + 0.3
    sharp, plain = np.repeat(checks[..., None], 3, axis=2).astype(np.float32), flat(0.4)
    whole = np.ones((SIZE, SIZE), np.float32)
    alone = Blender(SIZE)
    alone.add(sharp, whole)
    np.testing.assert_allclose(alone.result(), sharp, atol=1e-5)
    both = Blender(SIZE)
    both.add(sharp, whole)
    both.add(plain, 0.5 * whole)
    mixed = both.result()
    assert mixed.std() > 0.95 * sharp.std(), "a mean would have washed it out"
    np.testing.assert_allclose(mixed.mean(), 0.4, atol=1e-3)
    assert not Blender(SIZE).result().any()


def test_equal_steps_of_tone_are_equal_ratios_of_light() -> None:
    steps = np.diff(tone(np.array([0.5, 1.0, 2.0, 4.0])))
    np.testing.assert_allclose(steps, np.log(2.0), atol=0.01)
    assert np.isfinite(tone(np.zeros(3))).all()
