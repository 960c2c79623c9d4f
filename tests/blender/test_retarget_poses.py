# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces of bones by recorded poses, VRM expressions, and both in presets."""

from __future__ import annotations

import math
import types

import bpy
import characters
import numpy as np
import pytest
import support
import vrm_addon
from mathutils import Matrix, Quaternion


@pytest.fixture
def rig():
    """A rig whose face is bones, chosen as the character."""
    made = characters.rig("Puppet", characters.BONE_FACE)
    bpy.context.scene.ddfa.retarget.character = made
    return made


def rest(armature):
    for bone in armature.pose.bones:
        bone.matrix_basis = Matrix()


def record(armature, channel, pose):
    """Pose bones (bone → Matrix) and record that."""
    rest(armature)
    for bone, basis in pose.items():
        armature.pose.bones[bone].matrix_basis = basis
    bpy.context.scene.ddfa.retarget.pose_channel = channel
    bpy.ops.ddfa.record_pose()
    rest(armature)


def turned(axis, degrees):
    return Matrix.Rotation(math.radians(degrees), 4, axis)


def basis_at(armature, bone, frame):
    bpy.context.scene.frame_set(frame)
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.pose.bones[bone].matrix_basis.copy()


def channel(performance, name, index):
    return performance.arkit[index, support.module("ddfa_blender.names").ARKIT_NAMES.index(name)]


def test_a_bone_face_follows_its_recorded_poses(performed, rig):
    rig.pose.bones["jaw_master"].rotation_mode = "YXZ"
    record(rig, "jawOpen", {"jaw_master": turned("X", 30.0), "lips.L": Matrix.Translation((0.0, 0.0, 0.01))})
    record(rig, "eyeBlinkLeft", {"lid.T.L": turned("X", -40.0) @ Matrix.Diagonal((1.0, 1.0, 0.5, 1.0))})
    record(rig, "mouthSmileLeft", {"lips.L": Matrix.Translation((0.02, 0.0, 0.0))})
    mapped = {item.name: item.sources[0].channel for item in bpy.context.scene.ddfa.retarget.targets}
    assert mapped == {f"Pose: {name}": name for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft")}
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (0, 6, 19):
        open_, blink, smile = (channel(performed, n, index) for n in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft"))
        jaw = basis_at(rig, "jaw_master", index + 1)
        np.testing.assert_allclose(np.array(jaw), np.array(turned("X", 30.0 * open_)), atol=1e-5)
        lid = basis_at(rig, "lid.T.L", index + 1)
        assert lid.to_quaternion().angle == pytest.approx(math.radians(40.0 * blink), abs=1e-4)
        assert lid.to_scale().z == pytest.approx(0.5**blink, abs=1e-5)
        lips = basis_at(rig, "lips.L", index + 1)
        np.testing.assert_allclose(lips.translation, (0.02 * smile, 0.0, 0.01 * open_), atol=1e-6)
    # The head turns all the same.
    assert not np.allclose(np.array(basis_at(rig, "head", 7)), np.eye(4), atol=1e-3)


def test_poses_count_from_the_neutral_one(performed, rig):
    open_eyes = turned("X", 10.0)
    record(rig, "neutral", {"lid.T.L": open_eyes, "lid.T.R": open_eyes})
    record(rig, "eyeBlinkLeft", {"lid.T.L": turned("X", -20.0), "lid.T.R": open_eyes})
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (3, 14):
        blink = channel(performed, "eyeBlinkLeft", index)
        lid = basis_at(rig, "lid.T.L", index + 1)
        np.testing.assert_allclose(np.array(lid), np.array(turned("X", 10.0 - 30.0 * blink)), atol=1e-5)
        np.testing.assert_allclose(np.array(basis_at(rig, "lid.T.R", index + 1)), np.array(open_eyes), atol=1e-5)


def test_the_head_is_not_recorded_and_a_face_at_rest_is_refused(performed, rig):
    rig.pose.bones["head"].rotation_quaternion = Quaternion((0.0, 0.0, 1.0), 0.5)
    bpy.context.scene.ddfa.retarget.pose_channel = "jawOpen"
    with pytest.raises(RuntimeError, match="No bone is posed"):
        bpy.ops.ddfa.record_pose()
    assert not rig.ddfa.face_poses


def test_a_pose_is_shown_again_and_dropped(performed, rig):
    record(rig, "jawOpen", {"jaw_master": turned("X", 30.0)})
    record(rig, "mouthSmileLeft", {"lips.L": turned("Z", 15.0)})
    settings = bpy.context.scene.ddfa.retarget
    settings.pose_channel = "jawOpen"
    assert bpy.ops.ddfa.show_pose() == {"FINISHED"}
    np.testing.assert_allclose(
        np.array(rig.pose.bones["jaw_master"].matrix_basis), np.array(turned("X", 30.0)), atol=1e-6
    )
    np.testing.assert_allclose(np.array(rig.pose.bones["lips.L"].matrix_basis), np.eye(4), atol=1e-6)
    (smile,) = (i for i, target in enumerate(settings.targets) if target.name == "Pose: mouthSmileLeft")
    settings.active_target = smile
    record(rig, "browInnerUp", {"lips.L": turned("Z", 5.0)})  # its line comes first; the chosen one stays chosen
    assert settings.targets[settings.active_target].name == "Pose: mouthSmileLeft"
    settings.pose_channel = "browInnerUp"
    bpy.ops.ddfa.forget_pose()
    assert settings.targets[settings.active_target].name == "Pose: mouthSmileLeft"
    settings.pose_channel = "neutral"  # none is recorded: back to rest
    assert bpy.ops.ddfa.show_pose() == {"FINISHED"}
    np.testing.assert_allclose(np.array(rig.pose.bones["jaw_master"].matrix_basis), np.eye(4), atol=1e-6)
    assert not bpy.ops.ddfa.forget_pose.poll()
    settings.pose_channel = "jawOpen"
    assert bpy.ops.ddfa.forget_pose() == {"FINISHED"}
    assert [item.name for item in rig.ddfa.face_poses] == ["mouthSmileLeft"]
    assert [item.name for item in settings.targets] == ["Pose: mouthSmileLeft"]
    assert not bpy.ops.ddfa.show_pose.poll()


def test_with_a_mapping_that_makes_no_sense_no_pose_is_recorded_or_dropped(performed, rig):
    record(rig, "jawOpen", {"jaw_master": turned("X", 30.0)})
    settings = bpy.context.scene.ddfa.retarget
    target = settings.targets[0]
    target.target_min, target.target_max = 1.0, 0.0
    with pytest.raises(RuntimeError, match="Pose: jawOpen"):
        record(rig, "mouthSmileLeft", {"lips.L": turned("Z", 15.0)})
    assert [pose.name for pose in rig.ddfa.face_poses] == ["jawOpen"]
    settings.pose_channel = "jawOpen"
    with pytest.raises(RuntimeError, match="Pose: jawOpen"):
        bpy.ops.ddfa.forget_pose()
    assert [pose.name for pose in rig.ddfa.face_poses] == ["jawOpen"]
    target.target_min = 0.0
    target.target_max = 1.0
    record(rig, "mouthSmileLeft", {"lips.L": turned("Z", 15.0)})
    assert [pose.name for pose in rig.ddfa.face_poses] == ["jawOpen", "mouthSmileLeft"]


def test_a_preset_brings_mapping_and_poses_to_another_rig(performed, rig, tmp_path):
    record(rig, "jawOpen", {"jaw_master": turned("X", 30.0)})
    settings = bpy.context.scene.ddfa.retarget
    settings.targets[0].sources[0].source_gain = 0.3
    file = tmp_path / "puppets.json"
    assert bpy.ops.ddfa.save_mapping(filepath=str(file)) == {"FINISHED"}
    other = characters.rig("Puppet Two", characters.BONE_FACE)
    settings.character = other
    assert not settings.targets
    assert bpy.ops.ddfa.load_mapping(filepath=str(file)) == {"FINISHED"}
    (target,) = settings.targets
    assert (target.owner, target.name) == ("Puppet Two", "Pose: jawOpen")
    mapping = support.module("scene.mapping_items").mapping_of(settings)
    (source,) = mapping.targets[0].sources
    assert source.gain == 0.3 and source.clamp == (-math.inf, math.inf)
    bpy.ops.ddfa.retarget()
    jaw = basis_at(other, "jaw_master", 6)
    wanted = turned("X", 30.0 * 0.3 * channel(performed, "jawOpen", 5))
    np.testing.assert_allclose(np.array(jaw), np.array(wanted), atol=1e-5)


def test_a_preset_for_another_character_changes_nothing(performed, rig, tmp_path):
    record(rig, "jawOpen", {"jaw_master": turned("X", 30.0)})
    file = tmp_path / "a.json"
    mapping = support.module("ddfa_blender.retarget.mapping")
    target = mapping.Target(mapping.TargetKey("Face", "Smile"), (mapping.Source("mouthSmileLeft"),))
    support.module("ddfa_blender.retarget.presets").save_mapping(mapping.Mapping((target,)), file)
    with pytest.raises(RuntimeError, match="for another character"):
        bpy.ops.ddfa.load_mapping(filepath=str(file))
    assert [item.name for item in bpy.context.scene.ddfa.retarget.targets] == ["Pose: jawOpen"]


def moved(armature, bone, frame):
    """How far (3,) a bone's pivot has come from its rest, the head's turn taken out; in the armature's axes."""
    bpy.context.scene.frame_set(frame)
    pose = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    bones = armature.data.bones
    turn = pose["head"].matrix @ bones["head"].matrix_local.inverted()
    return np.array(turn.inverted() @ pose[bone].matrix.translation - bones[bone].head_local)


def test_a_rigify_face_is_animated_without_recording_anything(performed):
    rig = characters.rig("Metal", characters.RIGIFY_FACE)
    settings = bpy.context.scene.ddfa.retarget
    settings.character = rig
    driven = {source.channel for target in settings.targets for source in target.sources}
    assert {"jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "eyeLookUpLeft"} <= driven
    # All others must not move the bones that are looked at.
    alone = {"eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft"}
    for target in settings.targets:
        if target.sources[0].channel not in alone:
            target.sources[0].source_gain = 0.0
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    bones = rig.data.bones
    for index in (2, 9, 21):
        frame = index + 1
        for side, letter in (("Left", "L"), ("Right", "R")):
            way = np.array(bones[f"lid.B.{letter}.002"].head_local - bones[f"lid.T.{letter}.002"].head_local)
            blink = 0.95 * channel(performed, f"eyeBlink{side}", index)
            np.testing.assert_allclose(moved(rig, f"lid.T.{letter}.002", frame), blink * way, atol=1e-5)
        # Degrees by which the chin has turned about the jaw's joint, downwards.
        arm = np.array(bones["chin"].head_local - bones["jaw_master"].head_local)
        now = arm + moved(rig, "chin", frame)
        angles = [math.degrees(math.atan2(-v[2], -v[1])) for v in (arm, now)]
        assert angles[1] - angles[0] == pytest.approx(20.0 * channel(performed, "jawOpen", index), abs=0.01)
        smile = channel(performed, "mouthSmileLeft", index)
        np.testing.assert_allclose(moved(rig, "lips.L", frame), np.array((0.01, 0.006, 0.012)) * smile, atol=1e-5)
        np.testing.assert_allclose(moved(rig, "lips.R", frame), (0.0, 0.0, 0.0), atol=1e-5)


def test_poses_of_the_users_own_are_not_replaced_by_those_to_begin_with(performed):
    rig = characters.rig("Metal", characters.RIGIFY_FACE)
    support.module("scene.bone_poses").store(rig, [
        support.module("ddfa_blender.retarget.bone_poses").RecordedPose("jawOpen", {})
    ])  # fmt: skip
    bpy.context.scene.ddfa.retarget.character = rig
    assert [item.name for item in rig.ddfa.face_poses] == ["jawOpen"]


@pytest.fixture
def addon():
    with vrm_addon.registered():
        yield


@pytest.mark.parametrize("version", ["0.0", "1.0"])
def test_vrm_expressions_move_the_keys_that_they_bind(performed, addon, version):
    rig = characters.rig("Avatar", characters.BONE_FACE)
    face = characters.mesh("Body", ["key_1", "key_2", "key_3"], rig)
    lashes = characters.mesh("Lashes", ["key_1"], rig)
    extension = rig.data.vrm_addon_extension
    extension.spec_version = version
    wanted = {"blink_left": [(face, "key_1", 1.0), (lashes, "key_1", 0.5)], "blink_right": [(face, "key_2", 1.0)],
              "look_up": []}  # fmt: skip
    old_names = {"blink_left": "blink_l", "blink_right": "blink_r", "look_up": "lookup"}
    for name, binds in wanted.items():
        if version == "1.0":
            collection, node = getattr(extension.vrm1.expressions.preset, name).morph_target_binds, "node"
        else:
            group = extension.vrm0.blend_shape_master.blend_shape_groups.add()
            group.preset_name = old_names[name]
            collection, node = group.binds, "mesh"
        for mesh, key, weight in binds:
            vrm_addon.add(collection, node, mesh, key, weight)
    settings = bpy.context.scene.ddfa.retarget
    settings.character = rig
    assert {s.channel for t in settings.targets for s in t.sources} == {"eyeBlinkLeft", "eyeBlinkRight"}
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (4, 18):
        left, right = (channel(performed, f"eyeBlink{side}", index) for side in ("Left", "Right"))
        np.testing.assert_allclose(characters.values(face, index + 1), (left, right, 0.0), atol=1e-5)
        np.testing.assert_allclose(characters.values(lashes, index + 1), (0.5 * left,), atol=1e-5)


def test_shape_keys_go_before_expressions_where_they_follow_more(performed, addon):
    rig = characters.rig("Avatar", characters.BONE_FACE)
    face = characters.mesh("Body", ["eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "Fcl_X"], rig)
    rig.data.vrm_addon_extension.spec_version = "1.0"
    for name, key in (("blink_left", "eyeBlinkLeft"), ("aa", "Fcl_X")):
        preset = getattr(rig.data.vrm_addon_extension.vrm1.expressions.preset, name)
        vrm_addon.add(preset.morph_target_binds, "node", face, key, 1.0)
    settings = bpy.context.scene.ddfa.retarget
    settings.character = rig
    lines = {item.name: (len(item.sources), item.reason) for item in settings.targets}
    assert lines["VRM: blink_left"] == (0, "the shape keys follow more of the face")
    assert lines["eyeBlinkLeft"][0] == lines["jawOpen"][0] == 1
    bpy.ops.ddfa.retarget()
    blink = channel(performed, "eyeBlinkLeft", 5)
    assert characters.values(face, 6)[0] == pytest.approx(blink, abs=1e-5)


def test_the_dialog_proposes_a_name_that_every_system_takes():
    asked = []
    manager = types.SimpleNamespace(fileselect_add=asked.append)
    context = types.SimpleNamespace(scene=bpy.context.scene, window_manager=manager, blend_data=bpy.data)
    bpy.context.scene.ddfa.retarget.character = characters.rig("Anna: rig A/B", characters.RIGIFY_META)
    dialog = types.SimpleNamespace(filepath="")
    dialog.properties = dialog
    invoke = support.module("operators.mapping").DDFA_OT_save_mapping.invoke
    assert invoke(dialog, context, None) == {"RUNNING_MODAL"} and asked == [dialog]
    assert dialog.filepath == "Anna_ rig A_B.json"
