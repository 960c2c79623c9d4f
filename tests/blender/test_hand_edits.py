# SPDX-License-Identifier: GPL-3.0-or-later
"""What an animator did to a captured head's keys is not lost when a setting bakes them again."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support

_SECOND_KEY, _RAISED = 1, 0.75
_JAW = 'key_blocks["jawOpen"].value'


@pytest.fixture
def captured(tmp_path):
    """A head that is made of a take on the disk, and follows its settings."""
    library = support.module("ddfa_blender.take_library")
    file = library.save_new(support.take(), tmp_path, "Actor")
    return support.module("scene.take_heads").new_head(bpy.context, file).head


def jaw(captured):
    actions = support.module("scene.actions")
    return actions.find_curve(captured.mesh.data.shape_keys, _JAW)


def edit(captured):
    """Raise a key of the jaw, as in the graph editor; gives all keys of the curve."""
    jaw(captured).keyframe_points[_SECOND_KEY].co.y = _RAISED
    return keys(jaw(captured))


def keys(curve):
    return support.module("scene.actions").keys(curve).copy()


def action_names():
    return sorted(action.name for action in bpy.data.actions)


def kept_keys(name):
    """The jaw's keys in an action that nobody plays."""
    action = bpy.data.actions[name]
    if hasattr(action, "layers"):
        bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
        curves = [curve for bag in bags for curve in bag.fcurves]
    else:
        curves = list(action.fcurves)
    return keys(next(curve for curve in curves if curve.data_path == _JAW))


def gain(captured, value):
    captured.armature.ddfa.settings.cleanup.gain_mouth = value


def test_without_edits_nothing_is_kept(captured):
    before = action_names()
    for value in (1.5, 0.5, 1.0):
        gain(captured, value)
    assert action_names() == before
    assert support.module("scene.hand_edits").kept(captured.armature) == ""


def test_edited_keys_are_kept_once_and_the_head_follows_all_the_same(captured):
    before, edited = action_names(), edit(captured)
    for value in (1.5, 1.6, 1.7):  # as a slider is dragged
        gain(captured, value)
    assert captured.armature.ddfa.problem == ""
    name = support.module("scene.hand_edits").kept(captured.armature)
    added = sorted(set(action_names()) - set(before))
    assert name in added and all(added_name.endswith("Edited") for added_name in added)
    assert len(added) == (1 if support.module("scene.actions").HAS_SLOTS else 2)
    assert all(bpy.data.actions[added_name].use_fake_user for added_name in added)
    np.testing.assert_array_equal(kept_keys(name), edited)
    assert jaw(captured).keyframe_points[_SECOND_KEY].co.y != pytest.approx(_RAISED)


def test_a_deleted_key_and_an_action_of_the_users_own_count_as_edits(captured):
    hand_edits = support.module("scene.hand_edits")
    points = jaw(captured).keyframe_points
    points.remove(points[_SECOND_KEY])
    gain(captured, 1.5)
    first = hand_edits.kept(captured.armature)
    assert len(kept_keys(first)) == len(jaw(captured).keyframe_points) - 1
    edited = edit(captured)
    gain(captured, 1.6)
    second = hand_edits.kept(captured.armature)
    assert second != first and first in bpy.data.actions
    np.testing.assert_array_equal(kept_keys(second), edited)


def test_the_panel_says_so_until_it_is_dismissed(captured):
    hand_edits = support.module("scene.hand_edits")
    edit(captured)
    gain(captured, 1.5)
    name = hand_edits.kept(captured.armature)
    assert name and bpy.ops.ddfa.dismiss_kept_edits() == {"FINISHED"}
    assert hand_edits.kept(captured.armature) == "" and name in bpy.data.actions


def test_a_copy_that_is_gone_is_not_told_of(captured):
    hand_edits = support.module("scene.hand_edits")
    edit(captured)
    gain(captured, 1.5)
    bpy.data.actions.remove(bpy.data.actions[hand_edits.kept(captured.armature)])
    assert hand_edits.kept(captured.armature) == ""


def test_curves_that_no_bake_touches_are_no_edits(captured):
    captured.armature.location.x = 2.0
    captured.armature.keyframe_insert("location", frame=5)
    before = action_names()
    gain(captured, 1.5)
    assert action_names() == before
    assert support.module("scene.actions").find_curve(captured.armature, "location") is not None


def test_the_edits_survive_saving(captured, tmp_path):
    edited = edit(captured)
    gain(captured, 1.5)
    armature = captured.armature.name
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    name = support.module("scene.hand_edits").kept(bpy.data.objects[armature])
    np.testing.assert_array_equal(kept_keys(name), edited)


def test_a_strip_that_is_tweaked_is_one_sentence(captured):
    """The bones' action is tweaked in the NLA, the face has none of its own any more."""
    actions = support.module("scene.actions")
    for block in (captured.armature, captured.mesh.data.shape_keys):
        actions.push_down(block)
    animation = captured.armature.animation_data
    (track,) = animation.nla_tracks
    track.select = track.strips[0].select = True
    animation.nla_tracks.active = track
    animation.use_tweak_mode = True
    assert actions.is_tweaked(captured.armature)
    gain(captured, 1.5)
    assert captured.armature.ddfa.problem.endswith("leave tweak mode first.")


def test_pushed_down_animation_stays_and_the_head_gets_a_new_action(captured):
    actions = support.module("scene.actions")
    for block in (captured.armature, captured.mesh.data.shape_keys):
        actions.push_down(block)
    (strip,) = captured.armature.animation_data.nla_tracks[0].strips
    pushed = strip.action.name
    gain(captured, 1.5)
    assert captured.armature.ddfa.problem == ""
    assert captured.armature.animation_data.action.name != pushed
    assert strip.action.name == pushed and jaw(captured) is not None
