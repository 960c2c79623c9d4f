# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters that are library overrides, as the panel tells users to make them of linked ones."""

from __future__ import annotations

import bpy
import characters
import numpy as np
import pytest
import support


@pytest.fixture
def linked(tmp_path):
    """Saves a character as a library, links it into a new scene and overrides it; gives its armature."""

    def make(build):
        file, hero = tmp_path / "hero.blend", bpy.data.collections.new("Hero")
        bpy.context.scene.collection.children.link(hero)
        for obj in build():
            bpy.context.scene.collection.objects.unlink(obj)
            hero.objects.link(obj)
        bpy.data.libraries.write(str(file), {hero}, fake_user=True)
        for obj in list(hero.objects):
            bpy.data.objects.remove(obj)
        bpy.data.collections.remove(hero)
        with bpy.data.libraries.load(str(file), link=True) as (_, wanted):
            wanted.collections = ["Hero"]
        context = bpy.context
        made = wanted.collections[0].override_hierarchy_create(
            context.scene, context.view_layer, do_fully_editable=True
        )
        rig = next(obj for obj in made.all_objects if obj.type == "ARMATURE")
        assert rig.override_library is not None
        context.scene.ddfa.retarget.character = rig
        return rig

    return make


@pytest.fixture
def head(tmp_path):
    """A captured head of a take."""
    file = support.module("ddfa_blender.take_library").save_new(support.take(), tmp_path / "takes", "clip")
    armature = support.module("scene.take_heads").new_head(bpy.context, file).head.armature
    bpy.context.scene.ddfa.head = armature
    return armature


def with_properties():
    rig = characters.rig("Hero", characters.MIXAMO)
    for name in support.module("ddfa_blender.names").ARKIT_NAMES:
        rig[name] = 0.0
    return [rig, characters.mesh("Face", ["jawOpen", "eyeBlinkLeft"], rig)]


def face_of_bones():
    return [characters.rig("Hero", characters.RIGIFY_FACE)]


def mapped():
    return [target.name for target in bpy.context.scene.ddfa.retarget.targets if target.sources]


def turns(rig, bone="mixamorig:Head"):
    return np.array([characters.turn(rig, bone, frame) for frame in range(1, 24)])


def reopened(tmp_path):
    """The rig after saving and opening the scene."""
    file = str(tmp_path / "shot.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.open_mainfile(filepath=file)
    support.module("scene.take_list").refresh()
    return next(obj for obj in bpy.context.scene.objects if obj.type == "ARMATURE" and obj.override_library)


def test_a_character_is_retargeted_and_follows_after_saving(linked, head, tmp_path):
    rig = linked(with_properties)
    assert "jawOpen" in mapped()
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    assert np.ptp(turns(rig), axis=0).max() > 0.01
    rig = reopened(tmp_path)
    captured, before = bpy.context.scene.ddfa.head, turns(rig)
    captured.ddfa.settings.cleanup.gain_head = 0.3
    assert support.module("scene.followers").problems(bpy.context.scene) == []
    assert np.abs(turns(rig) - before).max() > 0.01
    assert len(rig.animation_data.nla_tracks) == 0


def test_a_face_of_bones_gets_its_poses_and_keeps_them(linked, head, tmp_path):
    local = characters.rig("Local", characters.RIGIFY_FACE)
    bpy.context.scene.ddfa.retarget.character = local
    wanted = mapped()
    assert len(wanted) > 20
    bpy.data.objects.remove(local)
    rig = linked(face_of_bones)
    assert mapped() == wanted
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    rig = reopened(tmp_path)
    poses = support.module("scene.bone_poses").of_armature(rig)
    assert len(poses) >= len(wanted) and mapped() == wanted


def test_a_pose_is_recorded_shown_and_forgotten(linked, head):
    rig = linked(face_of_bones)
    settings = bpy.context.scene.ddfa.retarget
    bone = next(bone for bone in rig.pose.bones if "jaw" in bone.name)
    bone.rotation_mode, bone.rotation_quaternion = "QUATERNION", (0.9, 0.43, 0.0, 0.0)
    settings.pose_channel = "jawOpen"
    assert bpy.ops.ddfa.record_pose() == {"FINISHED"}
    poses = {pose.name: pose.bones for pose in support.module("scene.bone_poses").of_armature(rig)}
    assert poses["jawOpen"][bone.name].rotation[1] == pytest.approx(0.43, abs=0.01)
    bone.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
    assert bpy.ops.ddfa.show_pose() == {"FINISHED"}
    assert bone.rotation_quaternion[1] == pytest.approx(0.43, abs=0.01)
    assert bpy.ops.ddfa.forget_pose() == {"FINISHED"}
    assert "jawOpen" not in {pose.name for pose in support.module("scene.bone_poses").of_armature(rig)}
    assert len(bpy.context.scene.ddfa.overrides) == 1


def test_what_the_library_recorded_is_used(linked, head):
    def build():
        (rig,) = face_of_bones()
        bpy.context.scene.ddfa.retarget.character = rig
        poses = support.module("scene.bone_poses")
        for pose in poses.of_armature(rig)[3:]:
            poses.forget(rig, pose.name)
        bpy.context.scene.ddfa.retarget.character = None
        return [rig]

    rig = linked(build)
    poses = support.module("scene.bone_poses")
    names = [pose.name for pose in poses.of_armature(rig)]
    assert len(names) == 3 and len(bpy.context.scene.ddfa.overrides) == 0
    poses.forget(rig, names[0])
    assert [pose.name for pose in poses.of_armature(rig)] == names[1:]
