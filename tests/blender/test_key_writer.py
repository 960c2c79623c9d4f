# SPDX-License-Identifier: GPL-3.0-or-later
"""Thinned keys: what Blender plays stays within the bound, and the report says what it is."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support

COUNT = 240


@pytest.fixture
def baked(model):
    """Bake a lively performance with a thinning; gives the head, the full motion and what was noted."""
    bpy.context.scene.render.fps = 24
    performance = support.performance(count=COUNT)

    def bake(**tolerances):
        settings_module = support.module("scene.settings")
        thinning = settings_module.Thinning(**tolerances) if tolerances else None
        settings = settings_module.BakeSettings(thinning=thinning, use_translation=True)
        pipeline, timebase = support.module("scene.pipeline"), support.module("scene.timebase")
        head = pipeline.apply_performance(bpy.context, model, performance, settings).head
        motion = support.module("scene.bake").resample(
            model, performance, timebase.Timebase(1, 24.0), settings_module.BakeSettings()
        )
        return head, motion, head.armature.ddfa.baked

    return bake


def played(block, path, index=0):
    """A curve as Blender evaluates it on whole frames."""
    curve = support.module("scene.actions").find_curve(block, path, index)
    return np.array([curve.evaluate(frame) for frame in range(1, COUNT + 1)])


def keys_of(block, path, index=0):
    actions = support.module("scene.actions")
    return actions.keys(actions.find_curve(block, path, index))[:, 0]


def test_without_thinning_every_key_is_there_and_nothing_is_off(baked):
    _, _, noted = baked()
    assert noted.all_keys == noted.kept_keys == COUNT * (62 + 8 + 3)
    errors = noted.weight_error, noted.degrees_error, noted.millimetres_error
    assert errors == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_shape_keys_stay_within_their_share_of_the_range(baked):
    head, motion, noted = baked(weight=0.02, degrees=1.0, millimetres=2.0)
    worst = 0.0
    for name, values in motion.weights.items():
        span = 10.0 if name.startswith("Expression") else 1.0
        error = np.abs(played(head.mesh.data.shape_keys, f'key_blocks["{name}"].value') - values).max() / span
        assert error <= 0.02 + 1e-6, name
        worst = max(worst, error)
    assert noted.weight_error == pytest.approx(worst, abs=1e-6) and worst > 0.0
    assert noted.kept_keys < 0.8 * noted.all_keys


def test_rotations_stay_within_their_angle_and_share_their_keys(baked):
    """Measured as Blender plays it: the four curves interpolated, then normalised."""
    dense, _, _ = baked()
    head, _, noted = baked(weight=0.02, degrees=1.5, millimetres=2.0)
    worst = 0.0
    for bone in ("head", "neck"):
        path = f'pose.bones["{bone}"].rotation_quaternion'
        thinned = np.stack([played(head.armature, path, i) for i in range(4)], axis=1)
        thinned /= np.linalg.norm(thinned, axis=1, keepdims=True)
        exact = np.stack([played(dense.armature, path, i) for i in range(4)], axis=1)
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
        angle = np.degrees(2.0 * np.arccos(np.clip(np.abs((thinned * exact).sum(axis=1)), 0.0, 1.0)))
        assert angle.max() <= 1.5 + 0.05
        worst = max(worst, angle.max())
        frames = [keys_of(head.armature, path, i) for i in range(4)]
        assert all(np.array_equal(frames[0], other) for other in frames[1:]) and len(frames[0]) < COUNT
    assert noted.degrees_error == pytest.approx(worst, abs=0.06) and noted.degrees_error > 0.1


def test_the_place_stays_within_its_millimetres(baked):
    dense, _, _ = baked()
    head, _, noted = baked(weight=0.02, degrees=1.0, millimetres=3.0)
    path = 'pose.bones["neck"].location'
    thinned, exact = (np.stack([played(made.armature, path, i) for i in range(3)], axis=1) for made in (head, dense))
    off = 1000.0 * np.linalg.norm(thinned - exact, axis=1).max()
    assert off <= 3.0 + 1e-3
    assert noted.millimetres_error == pytest.approx(off, abs=1e-2)


def test_a_tighter_bound_keeps_more_keys(baked):
    counts = [baked(weight=w, degrees=100 * w, millimetres=100 * w)[2].kept_keys for w in (0.001, 0.01, 0.1)]
    assert counts[0] > counts[1] > counts[2]


def test_thinned_keys_keep_their_marks(baked):
    head, motion, _ = baked(weight=0.05, degrees=3.0, millimetres=5.0)
    curve = support.module("scene.actions").find_curve(head.mesh.data.shape_keys, 'key_blocks["jawOpen"].value')
    for key in curve.keyframe_points:
        assert (key.type == "JITTER") == motion.filled[int(key.co.x) - 1]
