# SPDX-License-Identifier: GPL-3.0-or-later
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import decompose, euler_degrees, join, rotation_from_euler
from training.short_video import Motion, draw_profile, moving_views
from training.views import View

FIRST = View(np.eye(3), np.array([[0.9, 0.1, -20.0], [-0.1, 0.9, -5.0]]))


def params_at(yaw, pitch=0.0, roll=0.0):
    transform = np.concatenate([0.55 * rotation_from_euler([yaw, pitch, roll]), np.full((3, 1), 80.0)], axis=1)
    return join(transform, np.zeros(40), np.zeros(10))


def yaw_after(params, rotation):
    return euler_degrees(rotation @ decompose(params[:12].reshape(3, 4)).rotation)[0]


@pytest.mark.parametrize("yaw", [-50.0, -20.0, 20.0, 50.0])
def test_large_turns_go_on_to_the_side_that_the_face_looks_to(yaw):
    drawn = [yaw_after(params_at(yaw, 5.0, 12.0), draw_profile(params_at(yaw, 5.0, 12.0), np.random.default_rng(i)))
             for i in range(200)]  # fmt: skip
    beyond = np.array(drawn) * np.sign(yaw)
    assert beyond.max() <= 86.0
    assert (beyond > abs(yaw)).mean() > 0.6
    assert beyond.min() > abs(yaw) - 36.0


def test_a_frontal_face_is_turned_to_either_side_up_to_profile():
    yaws = np.array(
        [yaw_after(params_at(0.0), draw_profile(params_at(0.0), np.random.default_rng(i))) for i in range(300)]
    )
    assert yaws.min() < -75.0 and yaws.max() > 75.0
    assert (np.abs(yaws) < 15).mean() > 0.2


def test_a_turn_leaves_the_roll():
    params = params_at(10.0, -8.0, 25.0)
    for seed in range(20):
        turned = draw_profile(params, np.random.default_rng(seed)) @ decompose(params[:12].reshape(3, 4)).rotation
        assert euler_degrees(turned)[2] == pytest.approx(25.0, abs=1e-6)


def steps(motion, seed, count=12):
    """Per frame: degrees out of the plane, degrees in it, log scale, shift of the crop's centre."""
    views = [FIRST, *moving_views(FIRST, count, np.random.default_rng(seed), motion)]
    rows = []
    for before, after in pairwise(views):
        square = np.vstack([after.warp, [0, 0, 1]]) @ np.linalg.inv(np.vstack([before.warp, [0, 0, 1]]))
        turn = np.degrees(np.arccos(np.clip((np.trace(after.rotation @ before.rotation.T) - 1) / 2, -1, 1)))
        scale = np.hypot(square[0, 0], square[1, 0])
        angle = np.degrees(np.arctan2(square[1, 0], square[0, 0]))
        rows.append([turn, angle, np.log(scale), *(square[:2] @ [60, 60, 1] - 60)])
    return np.array(rows)


def test_each_frame_is_a_small_similarity_and_a_small_turn_from_the_last():
    motion = Motion(at_rest=0.0)
    rows = np.concatenate([steps(motion, seed) for seed in range(60)])
    spread = rows.std(axis=0)
    # A random walk of the velocity widens the spread: 1 at first, √(1 + 11·0.35²) = 1.5 at the end.
    assert 1.0 < np.sqrt((rows[:, 0] ** 2).mean() / 2) / motion.turn_degrees < 1.6
    assert 1.0 < spread[1] / motion.roll_degrees < 1.6
    assert 1.0 < spread[2] / motion.scale < 1.6


def test_motion_is_smooth():
    """Velocities of adjacent frames resemble each other."""
    pairs = [steps(Motion(at_rest=0.0), seed)[:, 1] for seed in range(60)]
    before, after = np.concatenate([p[:-1] for p in pairs]), np.concatenate([p[1:] for p in pairs])
    assert np.corrcoef(before, after)[0, 1] > 0.85


def test_some_videos_hardly_move():
    motion = Motion(at_rest=1.0)
    rows = np.concatenate([steps(motion, seed) for seed in range(30)])
    assert np.abs(rows[:, 1]).max() < motion.roll_degrees
