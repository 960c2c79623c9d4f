# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the animation of a character goes, and what becomes of what it had."""

from __future__ import annotations

import bpy
import characters
import gltf_file
import numpy as np
import pytest
import support


@pytest.fixture
def hero(performed):
    """A character beside a captured head that performs for 24 frames; its torso has an action of the user's."""
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = characters.mesh("Face", ["jawOpen", "eyeBlinkLeft"], rig)
    (channels,) = support.module("scene.actions").animate("Walk", [rig])
    frames = np.arange(5.0, 20.0)
    channels.write('pose.bones["spine"].location', 1, frames, frames / 10.0, group="spine")
    bpy.context.scene.ddfa.retarget.character = rig
    return rig, face, performed


def walk_at(frame):
    bpy.context.scene.frame_set(frame)
    rig = bpy.data.objects["Hero"]
    return rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["spine"].location.y


def action_of(block):
    return block.animation_data.action


def test_the_users_action_goes_down_into_the_nla_and_plays_on(hero):
    rig, face, performance = hero
    walk = action_of(rig)
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    assert action_of(rig) != walk and action_of(rig).name == "clip · Hero"
    (track,) = rig.animation_data.nla_tracks
    assert (track.name, track.strips[0].action, track.strips[0].frame_start) == ("Walk", walk, 5.0)
    assert walk_at(12) == pytest.approx(1.2, abs=1e-5)
    assert characters.values(face, 3)[0] == pytest.approx(performance.arkit[2, jaw()], abs=1e-5)
    np.testing.assert_array_equal(support.module("scene.actions").keys(walk_curve(walk))[:, 0], np.arange(5.0, 20.0))


def jaw():
    return support.module("ddfa_blender.names").ARKIT_NAMES.index("jawOpen")


def walk_curve(walk):
    if hasattr(walk, "fcurves"):
        return walk.fcurves[0]
    return walk.layers[0].strips[0].channelbags[0].fcurves[0]


def test_one_action_for_all_parts_where_slots_exist(hero):
    rig, face, _ = hero
    bpy.ops.ddfa.retarget()
    shared = action_of(rig) == action_of(face.data.shape_keys)
    assert shared == support.module("scene.actions").HAS_SLOTS
    assert action_of(face.data.shape_keys).name.startswith("clip · Hero")


def test_again_replaces_in_place(hero):
    rig, face, _ = hero
    bpy.ops.ddfa.retarget()
    action, blocks = action_of(rig), support.data_names()
    target = next(t for t in bpy.context.scene.ddfa.retarget.targets if t.name == "eyeBlinkLeft")
    target.sources.clear()
    bpy.context.scene.ddfa.retarget.share_neck = 0.0
    bpy.ops.ddfa.retarget()
    assert action_of(rig) == action and support.data_names() == blocks
    assert len(rig.animation_data.nla_tracks) == 1
    find = support.module("scene.actions").find_curve
    assert find(face.data.shape_keys, 'key_blocks["eyeBlinkLeft"].value') is None
    assert find(face.data.shape_keys, 'key_blocks["jawOpen"].value') is not None
    neck = find(rig, 'pose.bones["spine.005"].rotation_quaternion', 0)
    np.testing.assert_allclose(support.module("scene.actions").keys(neck)[:, 1], 1.0, atol=1e-6)


@pytest.mark.parametrize("change", ["another head bone", "no head", "no face", "a mesh less"])
def test_again_stops_what_is_driven_no_longer(hero, change):
    rig, face, _ = hero
    other = characters.mesh("Teeth", ["jawOpen"], rig)
    scene, find = bpy.context.scene, support.module("scene.actions").find_curve
    settings = scene.ddfa.retarget
    settings.character = rig  # finds the teeth too
    scene.frame_set(12)
    bpy.ops.ddfa.retarget()
    head, keys = 'pose.bones["spine.006"].rotation_quaternion', face.data.shape_keys
    assert find(rig, head) is not None and find(keys, 'key_blocks["jawOpen"].value') is not None
    if change == "another head bone":
        settings.head_bone, settings.neck_bone, settings.lower_neck_bone = "spine.004", "", ""
    elif change == "no head":
        settings.use_head = False
    elif change == "no face":
        settings.use_face = False
    else:
        settings.face_meshes[other.name].use_mesh = False
    bpy.ops.ddfa.retarget()
    if change in ("another head bone", "no head"):
        assert find(rig, head) is None
        assert tuple(rig.pose.bones["spine.006"].rotation_quaternion) == (1.0, 0.0, 0.0, 0.0)
        assert find(keys, 'key_blocks["jawOpen"].value') is not None
    stopped = {"no face": [face, other], "a mesh less": [other]}.get(change, [])
    for mesh in stopped:
        assert find(mesh.data.shape_keys, 'key_blocks["jawOpen"].value') is None
        assert mesh.data.shape_keys.key_blocks["jawOpen"].value == 0.0


def test_again_keeps_what_the_user_keyed_beside_it(hero):
    rig, _, _ = hero
    bpy.ops.ddfa.retarget()
    spine = rig.pose.bones["spine"]
    spine.rotation_mode = "QUATERNION"
    spine.keyframe_insert("rotation_quaternion", frame=3)
    bpy.context.scene.ddfa.retarget.use_head = False
    bpy.ops.ddfa.retarget()
    find = support.module("scene.actions").find_curve
    assert find(rig, 'pose.bones["spine"].rotation_quaternion') is not None
    assert find(rig, 'pose.bones["spine.006"].rotation_quaternion') is None


def test_an_action_of_an_earlier_release_is_replaced_as_far_as_can_be_told(hero):
    rig, face, _ = hero
    bpy.ops.ddfa.retarget()
    for action in bpy.data.actions:
        if "ddfa_written" in action:
            del action["ddfa_written"]
    settings = bpy.context.scene.ddfa.retarget
    next(t for t in settings.targets if t.name == "jawOpen").sources.clear()
    rig.pose.bones["spine.006"].rotation_mode = "XYZ"
    bpy.ops.ddfa.retarget()
    find = support.module("scene.actions").find_curve
    assert find(face.data.shape_keys, 'key_blocks["jawOpen"].value') is None
    assert find(rig, 'pose.bones["spine.006"].rotation_quaternion') is None
    assert find(rig, 'pose.bones["spine.006"].rotation_euler') is not None


def test_a_new_action_each_time_keeps_the_others(hero):
    rig, _, _ = hero
    bpy.context.scene.ddfa.retarget.action_mode = "NEW"
    walk = action_of(rig)
    bpy.ops.ddfa.retarget()
    first = action_of(rig)
    bpy.ops.ddfa.retarget()
    second = action_of(rig)
    assert len({walk, first, second}) == 3 and not rig.animation_data.nla_tracks
    assert walk.use_fake_user and first.use_fake_user and not second.use_fake_user


def test_a_new_action_mixes_with_the_nla_as_is_set_too(hero):
    rig, _, _ = hero
    settings = bpy.context.scene.ddfa.retarget
    for settings.action_mode, mode, influence in (("LAYER", "ADD", 50.0), ("NEW", "COMBINE", 80.0)):
        settings.blend_mode, settings.blend_influence = mode, influence
        bpy.ops.ddfa.retarget()
        mixed = rig.animation_data.action_blend_type, rig.animation_data.action_influence
        assert mixed == (mode, pytest.approx(influence / 100.0))
    settings.action_mode, settings.blend_mode = "MERGE", "REPLACE"
    bpy.ops.ddfa.retarget()
    assert rig.animation_data.action_blend_type == "COMBINE"


def test_into_the_present_action_keeps_the_rest_of_it(hero):
    rig, _, _ = hero
    bpy.context.scene.ddfa.retarget.action_mode = "MERGE"
    walk = action_of(rig)
    bpy.ops.ddfa.retarget()
    assert action_of(rig) == walk and not rig.animation_data.nla_tracks
    paths = {curve.data_path for curve in support.module("scene.actions").curves(rig)}
    assert 'pose.bones["spine"].location' in paths and 'pose.bones["spine.006"].rotation_quaternion' in paths
    assert walk_at(12) == pytest.approx(1.2, abs=1e-5)


def test_face_and_head_can_be_left_out(hero):
    rig, face, _ = hero
    settings = bpy.context.scene.ddfa.retarget
    settings.use_head = False
    walk = action_of(rig)
    bpy.ops.ddfa.retarget()
    assert action_of(rig) == walk and action_of(face.data.shape_keys) is not None
    settings.use_face = False
    assert not bpy.ops.ddfa.retarget.poll()


def test_a_mesh_that_is_not_ticked_stays_still(hero):
    _, face, _ = hero
    settings = bpy.context.scene.ddfa.retarget
    settings.face_meshes[0].use_mesh = False
    result = support.module("scene.retarget").retarget(bpy.context)
    assert (result.targets, result.warnings) == (0, ())
    assert face.data.shape_keys.animation_data is None


def test_a_strip_keeps_where_and_how_the_action_played(hero):
    rig, _, _ = hero
    actions = support.module("scene.actions")
    (channels,) = actions.animate("Late", [rig])
    channels.write("location", 0, [10.5, 20.5], [1.0, 2.0], group="Place")
    rig.animation_data.action_extrapolation = "NOTHING"
    support.module("scene.nla").push_down(rig)
    strip = rig.animation_data.nla_tracks[-1].strips[0]
    assert action_of(rig) is None and strip.extrapolation == "NOTHING"
    bpy.context.scene.frame_set(15, subframe=0.5)
    assert rig.location.x == pytest.approx(1.5)
    support.module("scene.nla").push_down(rig)
    assert len(rig.animation_data.nla_tracks) == 1


def test_a_strip_in_tweak_mode_is_not_touched(hero):
    rig, _, _ = hero
    bpy.ops.ddfa.retarget()
    track = rig.animation_data.nla_tracks[0]
    track.select = track.strips[0].select = True
    rig.animation_data.nla_tracks.active = track
    rig.animation_data.use_tweak_mode = True
    blocks = support.data_names()
    with pytest.raises(RuntimeError, match="tweak mode"):
        bpy.ops.ddfa.retarget()
    assert support.data_names() == blocks


def test_a_target_that_is_gone_is_told(hero):
    _, face, _ = hero
    face.shape_key_remove(face.data.shape_keys.key_blocks["jawOpen"])
    result = support.module("scene.retarget").retarget(bpy.context)
    assert result.targets == 1 and "jawOpen" in result.warnings[0]


def test_the_character_leaves_by_blenders_own_exporter_with_face_and_head_in_one_animation(performed, tmp_path):
    bpy.ops.preferences.addon_enable(module="io_scene_gltf2")
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = with_faces(rig)
    bpy.context.scene.ddfa.retarget.character = rig
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    scene, path = bpy.context.scene, tmp_path / "hero.glb"
    scene.frame_start, scene.frame_end = 1, 24
    for obj in scene.objects:
        obj.select_set(obj in (rig, face))
    bpy.ops.export_scene.gltf(
        filepath=str(path), use_selection=True, export_animation_mode="ACTIVE_ACTIONS", export_frame_range=True,
        export_force_sampling=True, export_optimize_animation_size=False,
    )  # fmt: skip
    file = gltf_file.Gltf.read(path)
    assert len(file.json["animations"]) == 1
    channels = file.channels()
    times, weights = channels["Face", "weights"]
    np.testing.assert_allclose(weights.reshape(len(times), -1)[:, 0], performed.arkit[:, jaw()], atol=1e-4)
    head = channels["spine.006", "rotation"][1]
    assert len(head) == len(times) and np.ptp(head, axis=0).max() > 0.1


def with_faces(rig):
    """A plane that the rig carries, with the keys of two channels; exporters leave out what has no faces."""
    data = bpy.data.meshes.new("Face")
    data.from_pydata([(0, 0, 1.6), (0.1, 0, 1.6), (0.1, 0, 1.7), (0, 0, 1.7)], [], [(0, 1, 2, 3)])
    face = bpy.data.objects.new("Face", data)
    bpy.context.scene.collection.objects.link(face)
    face.shape_key_add(name="Basis")
    for i, name in enumerate(("jawOpen", "eyeBlinkLeft")):
        key = face.shape_key_add(name=name)
        key.data[i].co.z += 0.1
        key.value = 0.0
    face.vertex_groups.new(name="spine.006").add(range(4), 1.0, "REPLACE")
    face.modifiers.new("Armature", "ARMATURE").object = rig
    face.parent = rig
    return face
