# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from training.photometric import Look, add_noise, motion_blur, shuffle_tiles


def dot():
    picture = np.zeros((41, 41, 3), np.uint8)
    picture[20, 20] = 255
    return picture


def test_motion_blur_smears_along_the_motion_and_keeps_the_centre():
    blurred = motion_blur(dot(), np.array([8.0, 0.0]))[..., 0].astype(float)
    columns = np.flatnonzero(blurred.sum(axis=0) > 0)
    assert np.flatnonzero(blurred.sum(axis=1) > 0).tolist() == [20]
    assert 8 <= np.ptp(columns) <= 10
    assert columns.mean() == 20
    across = motion_blur(dot(), np.array([0.0, 8.0]))[..., 0]
    np.testing.assert_array_equal(across, blurred.T)


def test_a_motion_below_a_pixel_does_not_blur():
    np.testing.assert_array_equal(motion_blur(dot(), np.array([0.5, 0.5])), dot())


def test_noise_has_the_deviation_asked_for_and_no_bias():
    grey = np.full((200, 200, 3), 128, np.uint8)
    noisy = add_noise(grey, 8.0, np.random.default_rng(4)).astype(float)
    assert noisy.std() == pytest.approx(8.0, rel=0.02)
    # Truncation to whole grey levels takes half a level off.
    assert noisy.mean() == pytest.approx(127.5, abs=0.1)


def test_frames_of_a_video_share_everything_but_noise():
    picture = np.random.default_rng(5).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for seed in range(30):
        look = Look.draw(np.random.default_rng(seed))
        one, two = (look.apply(picture, np.random.default_rng(i), np.zeros(2)).astype(float) for i in (0, 1))
        assert np.abs(one - two).mean() <= 1.5 * look.noise + 1e-9 or look.quality is not None
        assert np.array_equal(one, two) == (look.noise == 0)


def test_shuffled_tiles_keep_every_pixel():
    picture = np.random.default_rng(7).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    np.testing.assert_array_equal(shuffle_tiles(picture, np.arange(16)), picture)
    mixed = shuffle_tiles(picture, np.random.default_rng(8).permutation(16))
    assert not np.array_equal(mixed, picture)
    np.testing.assert_array_equal(np.sort(mixed.ravel()), np.sort(picture.ravel()))
