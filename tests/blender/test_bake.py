# SPDX-License-Identifier: GPL-3.0-or-later
"""The baked curves and the posed bones against the Performance."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support
from mathutils import Euler, Matrix, Quaternion

TO_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def settings(**values):
    return support.module("scene.settings").BakeSettings(**values)


def apply(model, performance, **values):
    pipeline = support.module("scene.pipeline")
    return pipeline.apply_performance(bpy.context, model, performance, settings(**values), "Take")


def curve_values(block, path, index=0):
    actions = support.module("scene.actions")
    return actions.keys(actions.find_curve(block, path, index)).T


def shape_values(head, name):
    return curve_values(head.mesh.data.shape_keys, f'key_blocks["{name}"].value')


def armature_space_turn(armature, bone_name):
    """How a posed bone is turned against its rest, as Blender evaluates it."""
    bone = armature.pose.bones[bone_name]
    return np.array((bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3())


def captured_turns(performance):
    """The head's rotation matrices in Blender's axes, straight from the contract."""
    return [TO_BLENDER @ np.array(Quaternion(q).to_matrix()) @ TO_BLENDER.T for q in performance.head_rotation]


@pytest.mark.parametrize("driving", ["EXPRESSION", "ARKIT"])
def test_shape_curves_equal_the_performance_at_the_scene_rate(model, driving):
    names, blend = support.module("ddfa_blender.names"), support.module("ddfa_blender.blend")
    bpy.context.scene.render.fps = 24
    p = support.performance()
    head = apply(model, p, driving=driving, frame_start=7).head
    if driving == "ARKIT":
        expression, arkit = np.zeros_like(p.expression), p.arkit
    else:
        expression, arkit = p.expression, blend.arkit_residual(model, p.expression, p.arkit)
    for columns, keys in ((expression, names.EXPRESSION_NAMES), (arkit, names.ARKIT_NAMES)):
        for name, values in zip(keys, columns.T, strict=True):
            frames, keyed = shape_values(head, name)
            np.testing.assert_array_equal(frames, 7 + np.arange(24))
            np.testing.assert_allclose(keyed, values, atol=1e-5)


def test_sliders_do_not_clip_what_was_captured(model):
    """An expression beyond the usual range reaches the face when Blender plays it."""
    p = support.performance(expression=np.full((24, 10), 7.5))
    head = apply(model, p).head
    bpy.context.scene.frame_set(5)
    for name in support.module("ddfa_blender.names").EXPRESSION_NAMES:
        assert head.mesh.data.shape_keys.key_blocks[name].value == pytest.approx(7.5)


@pytest.mark.parametrize("neck_share", [0.0, 0.3, 1.0])
def test_head_and_neck_together_turn_exactly_as_captured(model, neck_share):
    bpy.context.scene.render.fps = 24
    p = support.performance()
    head = apply(model, p, neck_share=neck_share).head
    for i, expected in enumerate(captured_turns(p)):
        bpy.context.scene.frame_set(1 + i)
        np.testing.assert_allclose(armature_space_turn(head.armature, "head"), expected, atol=2e-5)
        neck = Matrix(armature_space_turn(head.armature, "neck")).to_quaternion().angle
        whole = Matrix(expected).to_quaternion().angle
        assert min(neck, 2 * np.pi - neck) == pytest.approx(neck_share * min(whole, 2 * np.pi - whole), abs=1e-3)


def test_translation_puts_the_heads_pivot_where_it_was_seen(model):
    bpy.context.scene.render.fps = 24
    p = support.performance()
    head = apply(model, p, use_translation=True).head
    for i, (turn, moved) in enumerate(zip(captured_turns(p), p.head_translation, strict=True)):
        bpy.context.scene.frame_set(1 + i)
        bone = head.armature.pose.bones["head"]
        np.testing.assert_allclose(bone.head, TO_BLENDER @ moved / 1000.0, atol=1e-6)
        np.testing.assert_allclose(armature_space_turn(head.armature, "head"), turn, atol=2e-5)


def test_without_translation_the_neck_stands_still(model):
    head = apply(model, support.performance()).head
    base = head.armature.data.bones["neck"].head_local
    for frame in (1, 9, 20):
        bpy.context.scene.frame_set(frame)
        np.testing.assert_allclose(head.armature.pose.bones["neck"].head, base, atol=1e-7)


def test_bones_of_any_rest_orientation_and_roll_turn_as_captured():
    """The split is right for a foreign rig: slanted bones with roll, posed by Blender itself."""
    bake = support.module("scene.bake")
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    neck, head = data.edit_bones.new("neck"), data.edit_bones.new("head")
    neck.head, neck.tail, neck.roll = (0.1, 0.2, 1.0), (0.0, 0.3, 1.2), 0.7
    head.head, head.tail, head.roll = (0.0, 0.1, 1.3), (0.4, -0.2, 1.5), -2.1
    head.parent = neck
    bpy.ops.object.mode_set(mode="OBJECT")
    turns = [Euler((0.4, -0.8, 1.1)).to_quaternion(), Euler((-0.2, 0.5, -0.9)).to_quaternion()]
    moves = np.array([[0.01, 0.02, 0.03], [-0.05, 0.0, 0.02]])
    rest = {name: np.array(data.bones[name].matrix_local.to_quaternion()) for name in ("neck", "head")}
    pivot = np.array(data.bones["head"].head_local)
    poses = bake.share_with_neck(
        np.array(turns), moves, neck_rest=rest["neck"], head_rest=rest["head"],
        neck_to_head=pivot - np.array(data.bones["neck"].head_local), neck_share=0.4,
    )  # fmt: skip
    for i, (turn, move) in enumerate(zip(turns, moves, strict=True)):
        for name, pose in zip(("neck", "head"), poses, strict=True):
            bone = rig.pose.bones[name]
            bone.rotation_mode = "QUATERNION"
            bone.rotation_quaternion, bone.location = pose.rotation[i], pose.location[i]
        bpy.context.view_layer.update()
        np.testing.assert_allclose(armature_space_turn(rig, "head"), turn.to_matrix(), atol=1e-5)
        np.testing.assert_allclose(rig.pose.bones["head"].head, pivot + move, atol=1e-6)


def test_filled_frames_are_marked(model):
    bpy.context.scene.render.fps = 24
    result = apply(model, support.performance())
    curve = support.module("scene.actions").find_curve(
        result.head.armature, 'pose.bones["head"].rotation_quaternion', 0
    )
    marked = [int(k.co.x) for k in curve.keyframe_points if k.type == "JITTER"]
    assert marked == [13, 14, 15]
    assert result.filled_keys == 3


def test_frames_from_which_a_spike_was_taken_are_marked_too(model):
    bpy.context.scene.render.fps = 24
    spikes = np.arange(24) == 7
    result = apply(model, support.performance(spikes=spikes))
    curve = support.module("scene.actions").find_curve(result.head.mesh.data.shape_keys, 'key_blocks["jawOpen"].value')
    assert [int(k.co.x) for k in curve.keyframe_points if k.type == "EXTREME"] == [8]


def test_subframe_keys_lie_at_the_footages_own_times(model):
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.001
    p = support.performance(count=50, fps=23.976)
    head = apply(model, p, key_placement="SUBFRAME", frame_start=10).head
    frames, keyed = shape_values(head, "Expression 01")
    np.testing.assert_allclose(frames, 10 + p.time * 30 / 1.001, atol=1e-4)
    np.testing.assert_allclose(keyed, p.expression[:, 0], atol=1e-5)


def test_the_timeline_shows_the_whole_animation(model):
    scene = bpy.context.scene
    scene.render.fps = 25
    result = apply(model, support.performance(count=101, fps=50.0), frame_start=11)
    assert (result.frame_start, result.frame_end) == (11.0, 61.0)
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (11, 61, 11)
    apply(model, support.performance(count=11, fps=25.0), frame_start=300, set_scene_range=False)
    assert (scene.frame_start, scene.frame_end) == (11, 61)


def test_one_frame_gives_one_key(model):
    head = apply(model, support.performance(count=1, tracked=np.array([True]))).head
    frames, _ = shape_values(head, "jawOpen")
    np.testing.assert_array_equal(frames, [1.0])


def test_two_takes_live_side_by_side(model):
    first = apply(model, support.performance(seed=1)).head
    second = apply(model, support.performance(seed=2)).head
    assert first.mesh.name != second.mesh.name
    a, b = shape_values(first, "Expression 03")[1], shape_values(second, "Expression 03")[1]
    np.testing.assert_allclose(a, support.performance(seed=1).expression[:, 2], atol=1e-5)
    np.testing.assert_allclose(b, support.performance(seed=2).expression[:, 2], atol=1e-5)


def test_a_failure_half_way_leaves_the_file_as_it_was(model, monkeypatch):
    bake = support.module("scene.bake")
    mesh = bpy.data.objects.new("Mine", bpy.data.meshes.new("Mine"))
    bpy.context.scene.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    mesh.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    before = support.data_names()

    def fail(*_):
        raise RuntimeError("half way")

    monkeypatch.setattr(bake, "_write_bones", fail)
    with pytest.raises(RuntimeError, match="half way"):
        apply(model, support.performance())
    assert support.data_names() == before
    assert bpy.context.view_layer.objects.active == mesh
    assert mesh.mode == "EDIT" and mesh.select_get()


def test_the_new_head_is_selected_and_object_mode_kept(model):
    other = bpy.data.objects.new("Other", bpy.data.meshes.new("Other"))
    bpy.context.scene.collection.objects.link(other)
    bpy.context.view_layer.objects.active = other
    bpy.ops.object.mode_set(mode="EDIT")
    head = apply(model, support.performance()).head
    assert bpy.context.mode == "OBJECT"
    assert bpy.context.view_layer.objects.active == head.mesh
    assert not other.select_get()


def test_the_head_is_as_large_as_in_life_in_scenes_of_any_unit(model):
    """Where a unit is a centimetre, the head is a hundred times as many units high, and moves as many more."""
    bpy.context.scene.render.fps = 24
    p = support.performance()
    bpy.context.scene.unit_settings.scale_length = 0.01
    head = apply(model, p, use_translation=True).head
    bpy.context.scene.frame_set(9)
    pivot = head.armature.matrix_world @ head.armature.pose.bones["head"].head
    np.testing.assert_allclose(pivot, TO_BLENDER @ p.head_translation[8] / 10.0, rtol=1e-4, atol=1e-4)


def test_the_path_is_set_straight_before_it_is_keyed(model):
    bpy.context.scene.render.fps = 24
    p = support.performance()
    motion = support.module("ddfa_blender.head_motion").HeadMotion("ACTOR", (10.0, 5.0, -3.0), (1.0, 0.5, 0.0))
    head = apply(model, p, use_translation=True, head_motion=motion).head
    path = motion.apply(p.head_rotation, p.head_translation, p.tracked)
    for i in (0, 7, 23):
        bpy.context.scene.frame_set(1 + i)
        expected = TO_BLENDER @ np.array(Quaternion(path.rotation[i]).to_matrix()) @ TO_BLENDER.T
        np.testing.assert_allclose(armature_space_turn(head.armature, "head"), expected, atol=2e-5)
        np.testing.assert_allclose(
            head.armature.pose.bones["head"].head, TO_BLENDER @ path.translation[i] / 1000.0, atol=1e-6
        )


def test_the_weights_of_a_performance_are_worked_out_once(model, monkeypatch):
    """The residual is the dearest part of a bake, and neither timing nor the head's movement change it."""
    bake, timebase = support.module("scene.bake"), support.module("scene.timebase")
    calls, real = [], bake.arkit_residual
    monkeypatch.setattr(bake, "arkit_residual", lambda *args: calls.append(1) or real(*args))
    p = support.performance()
    for start in (1, 100):
        bake.resample(model, p, timebase.Timebase(start, 24.0), settings(frame_start=start))
    assert len(calls) == 1
    bake.resample(support.small_model(8), p, timebase.Timebase(1, 24.0), settings())
    bake.resample(model, support.performance(seed=9), timebase.Timebase(1, 24.0), settings())
    assert len(calls) == 3
