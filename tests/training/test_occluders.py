# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from training.occluders import Occluder

POINTS = np.random.default_rng(3).uniform(20, 40, (68, 2))


def draw(seed, crop=None, other=None):
    crop = np.full((60, 60, 3), 7, np.uint8) if crop is None else crop
    other = np.full((60, 60, 3), 200, np.uint8) if other is None else other
    return Occluder.draw(crop, POINTS, other, np.random.default_rng(seed))


def test_an_occluder_covers_its_mask_alone_and_counts_what_it_hides():
    picture = np.full((60, 60, 3), 7, np.uint8)
    occluder = draw(6)
    covered = occluder.cover(picture)
    np.testing.assert_array_equal(covered[~occluder.mask], 7)
    np.testing.assert_array_equal(covered[occluder.mask], occluder.patch[occluder.mask])
    inside, outside = (np.argwhere(m)[:1, ::-1] + 0.5 for m in (occluder.mask, ~occluder.mask))
    assert occluder.hidden_share(np.concatenate([inside, outside])) == 0.5


def test_most_occluders_hide_a_part_of_the_face_and_few_all_of_it():
    hidden = np.array([draw(seed).hidden_share(POINTS) for seed in range(300)])
    assert np.mean(hidden > 0) > 0.6
    assert np.mean((hidden > 0.1) & (hidden < 0.9)) > 0.2
    assert np.mean(hidden == 1) < 0.35


def test_some_occluders_have_the_faces_own_colour_and_some_anothers():
    crop, other = np.zeros((60, 60, 3), np.uint8), np.full((60, 60, 3), 200, np.uint8)
    crop[...] = (180, 120, 90)
    patches = [draw(seed, crop, other).patch.reshape(-1, 3).astype(float) for seed in range(120)]
    hue = [np.median(patch, axis=0) / max(np.median(patch), 1) for patch in patches]
    like_face = np.array([np.allclose(h, np.array([180, 120, 90]) / 120, atol=0.05) for h in hue])
    cut_out = np.array([np.all(patch == 200) for patch in patches])
    assert 0.2 < like_face.mean() < 0.5 and 0.2 < cut_out.mean() < 0.5
