# SPDX-License-Identifier: GPL-3.0-or-later
"""The action API's one home."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def animated():
    """An object and its shape keys, with one curve each."""
    actions = support.module("scene.actions")
    mesh = bpy.data.meshes.new("M")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    obj = bpy.data.objects.new("O", mesh)
    bpy.context.scene.collection.objects.link(obj)
    obj.shape_key_add(name="Basis")
    obj.shape_key_add(name="Up").slider_max = 5.0
    frames = np.arange(1.0, 11.0)
    on_object, on_keys = actions.animate("Take 1", [obj, mesh.shape_keys])
    on_object.write("location", 2, frames, frames * 0.5, group="Place")
    on_keys.write(
        'key_blocks["Up"].value',
        0,
        frames,
        frames * 0.25,
        group="Keys",
        kinds=actions.key_kinds(frames > 8, frames == 3),
    )
    return actions, obj, mesh.shape_keys, frames


def test_the_curves_drive_both_data_blocks(animated):
    _, obj, keys, _ = animated
    scene = bpy.context.scene
    for frame, part in ((4, 0.0), (7, 0.5)):
        scene.frame_set(frame, subframe=part)
        assert obj.location.z == pytest.approx((frame + part) * 0.5)
        assert keys.key_blocks["Up"].value == pytest.approx((frame + part) * 0.25)


def test_one_action_where_slots_exist_and_two_before(animated):
    actions, obj, keys, _ = animated
    one = obj.animation_data.action == keys.animation_data.action
    assert one == actions.HAS_SLOTS
    assert len(bpy.data.actions) == (1 if actions.HAS_SLOTS else 2)
    assert obj.animation_data.action.name == "Take 1"


def test_curves_are_found_again_with_keys_groups_and_marks(animated):
    actions, obj, keys, frames = animated
    assert [c.data_path for c in actions.curves(obj)] == ["location"]
    assert actions.find_curve(obj, "location", 0) is None
    curve = actions.find_curve(keys, 'key_blocks["Up"].value')
    np.testing.assert_array_equal(actions.keys(curve), np.column_stack([frames, frames * 0.25]))
    assert curve.group.name == "Keys"
    assert {k.interpolation for k in curve.keyframe_points} == {"LINEAR"}
    assert [k.type for k in curve.keyframe_points] == ["KEYFRAME"] * 2 + ["EXTREME"] + ["KEYFRAME"] * 5 + ["JITTER"] * 2
    assert actions.frame_range(obj) == (1.0, 10.0)


def test_a_data_block_without_animation_has_no_curves(animated):
    actions = animated[0]
    bare = bpy.data.objects.new("Bare", None)
    assert actions.curves(bare) == []
    assert actions.frame_range(bare) is None


def test_animating_again_leaves_the_earlier_take_alone(animated):
    actions, obj, keys, frames = animated
    before = obj.animation_data.action
    again, _ = actions.animate("Take 2", [obj, keys])
    again.write("location", 0, frames, frames, group="Place")
    assert before.name == "Take 1" and before != obj.animation_data.action
    assert [c.array_index for c in actions.curves(obj)] == [0]


def test_a_curve_that_is_already_right_is_left_alone(animated):
    """What the user did to its keys stays until the values change."""
    actions, obj, _, frames = animated
    curve = actions.find_curve(obj, "location", 2)
    curve.keyframe_points[4].interpolation = "BEZIER"
    channels = actions.assigned(obj)
    channels.write("location", 2, frames, frames * 0.5, group="Place")
    assert curve.keyframe_points[4].interpolation == "BEZIER"
    channels.write("location", 2, frames, frames * 0.75, group="Place")
    assert curve.keyframe_points[4].interpolation == "LINEAR"
    np.testing.assert_allclose(actions.keys(curve)[:, 1], frames * 0.75)


def test_the_same_keys_with_other_marks_are_written(animated):
    actions, obj, _, frames = animated
    curve = actions.find_curve(obj, "location", 2)
    kinds = actions.key_kinds(frames < 3, frames == 3)
    actions.assigned(obj).write("location", 2, frames, frames * 0.5, group="Place", kinds=kinds)
    assert [k.type for k in curve.keyframe_points][:4] == ["JITTER", "JITTER", "EXTREME", "KEYFRAME"]
