# SPDX-License-Identifier: GPL-3.0-or-later
"""What an animator did to a captured head's keys is not lost when a setting bakes them again."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support

_SECOND_KEY, _RAISED = 1, 0.75
_JAW = 'key_blocks["jawOpen"].value'
_EXPRESSION = 'key_blocks["Expression 01"].value'
_HEAD = 'pose.bones["head"].rotation_quaternion'


@pytest.fixture
def captured(tmp_path):
    """A head that is made of a take on the disk, and follows its settings."""
    library = support.module("ddfa_blender.take_library")
    file = library.save_new(support.take(), tmp_path, "Actor")
    return support.module("scene.take_heads").new_head(bpy.context, file).head


def jaw(captured):
    actions = support.module("scene.actions")
    return actions.find_curve(captured.mesh.data.shape_keys, _JAW)


def expression(captured):
    """A curve that :func:`gain` changes."""
    return support.module("scene.actions").find_curve(captured.mesh.data.shape_keys, _EXPRESSION)


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
    return keys(kept_curve(name, _JAW))


def kept_curve(name, path):
    """A curve of an action that nobody plays."""
    action = bpy.data.actions[name]
    if hasattr(action, "layers"):
        bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
        curves = [curve for bag in bags for curve in bag.fcurves]
    else:
        curves = list(action.fcurves)
    return next(curve for curve in curves if curve.data_path == path)


def bend(curve, interpolation="BEZIER"):
    """Give all keys another interpolation, and handles that reach above them, as in the graph editor."""
    for key in curve.keyframe_points:
        key.interpolation, key.handle_left_type, key.handle_right_type = interpolation, "FREE", "FREE"
        key.handle_right = (key.co.x + 0.25, key.co.y + 0.5)
    curve.update()


def between_keys(curve):
    """The curve's value half a frame behind its second key."""
    return curve.evaluate(curve.keyframe_points[_SECOND_KEY].co.x + 0.5)


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
        support.module("scene.nla").push_down(block)
    animation = captured.armature.animation_data
    (track,) = animation.nla_tracks
    track.select = track.strips[0].select = True
    animation.nla_tracks.active = track
    animation.use_tweak_mode = True
    assert actions.is_tweaked(captured.armature)
    gain(captured, 1.5)
    assert captured.armature.ddfa.problem.endswith("leave tweak mode first.")


def test_pushed_down_animation_stays_and_the_head_gets_a_new_action(captured):
    for block in (captured.armature, captured.mesh.data.shape_keys):
        support.module("scene.nla").push_down(block)
    (strip,) = captured.armature.animation_data.nla_tracks[0].strips
    pushed = strip.action.name
    gain(captured, 1.5)
    assert captured.armature.ddfa.problem == ""
    assert captured.armature.animation_data.action.name != pushed
    assert strip.action.name == pushed and jaw(captured) is not None


@pytest.mark.parametrize("interpolation", ["BEZIER", "CONSTANT", "SINE"])
def test_another_interpolation_is_kept_like_other_keys(captured, interpolation):
    """The keys stand where they were baked; only what joins them is the animator's."""
    curve, before = expression(captured), action_names()
    bend(curve, interpolation)
    drawn = between_keys(curve)
    for value in (1.5, 1.6, 1.7):
        gain(captured, value)
    assert {key.interpolation for key in expression(captured).keyframe_points} == {"LINEAR"}
    assert len(action_names()) - len(before) == (1 if support.module("scene.actions").HAS_SLOTS else 2)
    kept = kept_curve(support.module("scene.hand_edits").kept(captured.armature), _EXPRESSION)
    assert {key.interpolation for key in kept.keyframe_points} == {interpolation}
    assert between_keys(kept) == pytest.approx(drawn)


def test_handles_on_a_curve_that_is_baked_as_it_was_stay_and_are_kept_once(captured):
    """The head's movement is cleaned anew; the jaw comes out as before, with the animator's handles."""
    bend(jaw(captured))
    drawn, before = between_keys(jaw(captured)), action_names()
    for seconds in (0.1, 0.2, 0.3):
        captured.armature.ddfa.settings.cleanup.smooth_head = seconds
    assert between_keys(jaw(captured)) == pytest.approx(drawn)
    first = support.module("scene.hand_edits").kept(captured.armature)
    assert len(action_names()) - len(before) == (1 if support.module("scene.actions").HAS_SLOTS else 2)
    key = jaw(captured).keyframe_points[_SECOND_KEY]
    key.handle_right = (key.co.x + 0.25, key.co.y - 0.5)
    captured.armature.ddfa.settings.cleanup.smooth_head = 0.4
    assert support.module("scene.hand_edits").kept(captured.armature) not in ("", first)


def test_handles_that_bend_nothing_are_no_edits(captured):
    """Fingerprints in files of earlier releases know the keys alone."""
    actions = support.module("scene.actions")
    bend(jaw(captured), "LINEAR")
    before = action_names()
    gain(captured, 1.5)
    assert action_names() == before
    channels = actions.assigned(captured.mesh.data.shape_keys)
    np.testing.assert_array_equal(channels.read([_JAW])[_JAW, 0], keys(jaw(captured)).ravel())
    bend(jaw(captured))
    assert len(channels.read([_JAW])[_JAW, 0]) > 2 * len(jaw(captured).keyframe_points)


@pytest.mark.parametrize("how", ["taken away", "pushed down"])
@pytest.mark.parametrize("bare", ["bones", "face"])
def test_edits_survive_where_only_bones_or_face_have_an_action(captured, bare, how):
    actions = support.module("scene.actions")
    bones, face = captured.armature, captured.mesh.data.shape_keys
    block, other, path = (bones, face, _JAW) if bare == "bones" else (face, bones, _HEAD)
    curve = actions.find_curve(other, path)
    curve.keyframe_points[_SECOND_KEY].co.y = _RAISED
    edited, own = keys(curve), other.animation_data.action
    if how == "taken away":
        block.animation_data.action = None
    else:
        support.module("scene.nla").push_down(block)
    for value in (0.1, 0.2):
        captured.armature.ddfa.settings.cleanup.smooth_head = value
        captured.armature.ddfa.settings.cleanup.gain_mouth = 1.0 + value
    assert captured.armature.ddfa.problem == ""
    np.testing.assert_array_equal(
        keys(kept_curve(support.module("scene.hand_edits").kept(captured.armature), path)), edited
    )
    assert other.animation_data.action == own
    assert actions.find_curve(other, path).keyframe_points[_SECOND_KEY].co.y != pytest.approx(_RAISED)
    assert actions.frame_range(block) == actions.frame_range(other)


def test_an_action_that_moved_nothing_is_not_lost(captured, tmp_path):
    """From 4.4 an action can be assigned without a slot of it; a bake needs one that moves the bones."""
    if not support.module("scene.actions").HAS_SLOTS:
        pytest.skip("every action moves what it is assigned to")
    mine = bpy.data.actions.new("Mine")
    mine.slots.new(id_type="OBJECT", name="Walk")
    captured.armature.animation_data.action = mine
    captured.armature.animation_data.action_slot = None
    gain(captured, 1.5)
    assert captured.armature.ddfa.problem == "" and captured.armature.animation_data.action != mine
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert "Mine" in bpy.data.actions
