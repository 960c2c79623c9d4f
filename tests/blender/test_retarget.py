# SPDX-License-Identifier: GPL-3.0-or-later
"""Performances on characters of every kind: what is evaluated must be what was performed."""

from __future__ import annotations

import math
import types

import bpy
import characters
import numpy as np
import pytest
import support
from test_followers import delete

#: Model (x, y, z) → Blender (x, −z, y), for directions.
_TO_BLENDER = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


@pytest.fixture
def settings():
    return bpy.context.scene.ddfa.retarget


@pytest.fixture
def arkit_names():
    return support.module("ddfa_blender.names").ARKIT_NAMES


def channel(performance, name, index):
    names = support.module("ddfa_blender.names").ARKIT_NAMES
    return performance.arkit[index, names.index(name)]


def head_turn(performance, index):
    """The head's turn (3, 3) in a sample, in Blender's axes, straight from the quaternion."""
    w, x, y, z = performance.head_rotation[index]
    turned = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    return _TO_BLENDER @ turned @ _TO_BLENDER.T


def angle(rotation):
    return math.degrees(math.acos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0)))


def test_every_spelling_on_several_meshes_follows_the_performance(performed, settings, arkit_names):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    spaced = ["".join(f" {c}" if c.isupper() else c for c in name).title() for name in arkit_names]
    snake = ["".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in arkit_names]
    meshes = [
        characters.mesh("Face", list(arkit_names), rig),
        characters.mesh("Lashes", snake, rig),
        characters.mesh("Teeth", ["Jaw Open", "Hat", *spaced[:3]], rig),
    ]
    settings.character = rig
    assert [item.mesh for item in settings.face_meshes] == meshes
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (0, 7, 23):
        frame = index + 1
        np.testing.assert_allclose(characters.values(meshes[0], frame), performed.arkit[index], atol=1e-5)
        np.testing.assert_allclose(characters.values(meshes[1], frame), performed.arkit[index], atol=1e-5)
        teeth = characters.values(meshes[2], frame)
        assert teeth[0] == pytest.approx(channel(performed, "jawOpen", index), abs=1e-5)
        assert teeth[1] == 0.0
        np.testing.assert_allclose(teeth[2:], performed.arkit[index, :3], atol=1e-5)


def test_what_is_unmatched_is_listed_on_both_sides(performed, settings):
    face = characters.mesh("Face", ["jawOpen", "Hat", "eyeBlink_L"])
    bpy.context.view_layer.objects.active = face
    for obj in bpy.context.selected_objects:
        obj.select_set(obj == face)
    face.select_set(True)
    assert bpy.ops.ddfa.use_selection() == {"FINISHED"}
    assert settings.character is None
    listed = {item.name: [source.channel for source in item.sources] for item in settings.targets}
    assert listed == {"jawOpen": ["jawOpen"], "eyeBlink_L": ["eyeBlinkLeft"], "Hat": []}
    unused = support.module("scene.mapping_items").unused_channels(settings)
    assert len(unused) == 50 and "eyeBlinkRight" in unused and "jawOpen" not in unused


@pytest.mark.parametrize("clicked", ["Body", "Face", "Hero"])
def test_a_click_on_any_part_chooses_a_character_with_an_armature_whole(performed, settings, clicked):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    characters.mesh("Face", ["jawOpen"], rig)
    characters.mesh("Lashes", ["eyeBlink_L"], rig)
    body = characters.mesh("Body", [], rig)
    assert not support.module("scene.character").has_keys(body)
    for obj in bpy.context.scene.objects:
        obj.select_set(obj.name == clicked)
    assert bpy.ops.ddfa.use_selection() == {"FINISHED"}
    assert settings.character == rig
    assert {(item.mesh.name, item.use_mesh) for item in settings.face_meshes} == {("Face", True), ("Lashes", True)}
    assert {item.name for item in settings.targets if item.sources} == {"jawOpen", "eyeBlink_L"}


def test_deleted_meshes_are_no_part_of_the_character(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = characters.mesh("Face", ["jawOpen"], rig)
    lashes = characters.mesh("Lashes", ["eyeBlinkLeft"], rig)
    settings.character = rig
    settings.face_meshes["Lashes"].use_mesh = False
    delete(face)
    new = characters.mesh("Face", ["mouthFunnel"], rig)
    result = support.module("scene.retarget").retarget(bpy.context)
    assert result.targets == 0 and "jawOpen" in result.lost
    assert face.data.shape_keys.animation_data is None
    assert bpy.ops.ddfa.find_mapping() == {"FINISHED"}
    assert [(item.mesh, item.use_mesh) for item in settings.face_meshes] == [(lashes, False), (new, True)]
    assert {(item.owner, item.name) for item in settings.targets} == {(new.name, "mouthFunnel")}


def test_a_character_whose_meshes_are_all_deleted_or_left_out_is_none(performed, settings):
    faces = [characters.mesh(name, ["jawOpen"]) for name in ("Beard", "Face")]
    for obj in bpy.context.scene.objects:
        obj.select_set(obj in faces)
    bpy.ops.ddfa.use_selection()
    delete(faces[0])
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    assert [action.name for action in bpy.data.actions if " · " in action.name] == ["clip · Face"]
    assert bpy.ops.ddfa.find_mapping() == {"FINISHED"}
    assert [item.owner for item in settings.targets] == ["Face"]
    settings.face_meshes[0].use_mesh = False
    assert not bpy.ops.ddfa.retarget.poll()
    settings.face_meshes[0].use_mesh = True
    delete(faces[1])
    assert not bpy.ops.ddfa.retarget.poll() and not bpy.ops.ddfa.find_mapping.poll()
    assert "Use Selection" in support.module("scene.retarget").disabled_reason(bpy.context.scene)


def test_a_linked_object_of_the_same_name_makes_nothing_absent(settings, tmp_path):
    face = characters.mesh("Face", ["jawOpen"])
    bpy.data.libraries.write(str(tmp_path / "other.blend"), {face})
    bpy.context.scene.collection.objects.unlink(face)
    with bpy.data.libraries.load(str(tmp_path / "other.blend"), link=True) as (_, wanted):
        wanted.objects = ["Face"]
    (linked,) = wanted.objects
    character, scene = support.module("scene.character"), bpy.context.scene
    scene.collection.objects.link(linked)
    assert character.is_present(scene, linked) and not character.is_present(scene, face)
    scene.collection.objects.link(face)
    assert character.is_present(scene, linked) and character.is_present(scene, face)


def test_a_vrm_like_face_by_the_names_of_its_keys(performed, settings):
    rig = characters.rig("Avatar", {"J_Bip_C_Neck": ((0, 0, 1.3), (0, 0, 1.4), 0.0, ""),
                                    "J_Bip_C_Head": ((0, 0, 1.4), (0, 0, 1.6), 0.0, "J_Bip_C_Neck")})  # fmt: skip
    face = characters.mesh("Face", ["A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R", "Joy", "Neutral"], rig)
    settings.character = rig
    assert (settings.head_bone, settings.neck_bone) == ("J_Bip_C_Head", "J_Bip_C_Neck")
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    mapped = {item.name for item in settings.targets if item.sources}
    assert {"A", "I", "U", "E", "O", "Blink_L", "Blink_R"} <= mapped and "Neutral" not in mapped
    for index in (2, 11):
        values = dict(zip(face.data.shape_keys.key_blocks.keys()[1:], characters.values(face, index + 1), strict=True))
        assert values["Blink_L"] == pytest.approx(channel(performed, "eyeBlinkLeft", index), abs=1e-5)
        assert values["Blink_R"] == pytest.approx(channel(performed, "eyeBlinkRight", index), abs=1e-5)
    mouth = np.array([characters.values(face, frame)[:5] for frame in range(1, 25)])
    assert (np.ptp(mouth, axis=0) > 0.05).all()


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "ZXY", "AXIS_ANGLE"])
def test_a_head_with_odd_rolls_turns_exactly_as_performed(performed, settings, mode):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    rig.location, rig.scale = (1.0, 2.0, 3.0), (2.5, 2.5, 2.5)
    settings.character, settings.share_neck = rig, 40.0
    assert (settings.head_bone, settings.neck_bone, settings.lower_neck_bone) == ("spine.006", "spine.005", "spine.004")
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (0, 5, 12, 23):
        wanted = head_turn(performed, index)
        np.testing.assert_allclose(characters.turn(rig, "spine.006", index + 1), wanted, atol=1e-4)
        neck = characters.turn(rig, "spine.005", index + 1)
        assert angle(neck) == pytest.approx(0.4 * angle(wanted), abs=0.02)
        assert angle(characters.turn(rig, "spine.004", index + 1)) == pytest.approx(0.2 * angle(wanted), abs=0.02)
    names = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    paths = {curve.data_path for curve in support.module("scene.actions").curves(rig)}
    bones = ("spine.004", "spine.005", "spine.006")
    assert paths == {f'pose.bones["{bone}"].{names.get(mode, "rotation_euler")}' for bone in bones}


@pytest.mark.parametrize("follows", [0.0, 1.0])
def test_a_control_that_does_not_hang_on_the_neck_is_noticed(performed, settings, follows):
    rig = characters.rig("Hero", characters.RIGIFY_CONTROLS)
    constraint = rig.pose.bones["head"].constraints.new("COPY_ROTATION")
    constraint.target, constraint.subtarget, constraint.mix_mode = rig, "neck", "BEFORE"
    constraint.target_space, constraint.owner_space = "LOCAL_OWNER_ORIENT", "LOCAL"
    constraint.influence = follows
    copy = rig.pose.bones["ORG-spine.006"].constraints.new("COPY_TRANSFORMS")
    copy.target, copy.subtarget = rig, "head"
    settings.character, settings.share_neck = rig, 50.0
    assert (settings.head_bone, settings.neck_bone) == ("head", "neck")
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (3, 17):
        wanted = head_turn(performed, index)
        np.testing.assert_allclose(characters.turn(rig, "DEF-spine.006", index + 1), wanted, atol=1e-3)
        assert angle(characters.turn(rig, "neck", index + 1)) == pytest.approx(0.5 * angle(wanted), abs=0.05)


def test_a_bone_that_a_constraint_holds_is_warned_about(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_CONTROLS)
    copy = rig.pose.bones["ORG-spine.006"].constraints.new("COPY_TRANSFORMS")
    copy.target, copy.subtarget = rig, "head"
    before = [tuple(rig.pose.bones["neck"].rotation_quaternion), tuple(rig.pose.bones["head"].location)]
    settings.character = rig
    settings.head_bone = "ORG-spine.006"
    result = support.module("scene.retarget").retarget(bpy.context)
    assert any("ORG-spine.006" in warning and "control" in warning for warning in result.warnings)
    assert before[1] == tuple(rig.pose.bones["head"].location)


def test_a_mixamo_rig_in_centimetres_with_y_up(performed, settings):
    rig = characters.rig("Armature", characters.MIXAMO)
    rig.rotation_euler, rig.scale = (math.radians(90.0), 0.0, 0.0), (0.01, 0.01, 0.01)
    settings.character, settings.move_head = rig, True
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    bpy.context.view_layer.update()
    rest = np.array(rig.matrix_world @ rig.data.bones["mixamorig:Head"].head_local)
    for index in (1, 9, 20):
        found = characters.turn(rig, "mixamorig:Head", index + 1, world=True)
        np.testing.assert_allclose(found, head_turn(performed, index), atol=1e-4)
        moved = characters.place(rig, "mixamorig:Head", index + 1) - rest
        wanted = _TO_BLENDER @ performed.head_translation[index] / 1000.0
        np.testing.assert_allclose(moved, wanted, atol=1e-4)


def test_a_character_turned_in_the_scene_turns_its_own_head(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    rig.rotation_euler.z = math.radians(90.0)
    settings.character = rig
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    np.testing.assert_allclose(characters.turn(rig, "spine.006", 6), head_turn(performed, 5), atol=1e-4)


def test_a_head_under_a_scaled_parent_bone_moves_as_far_as_it_was_seen(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    rig.pose.bones["spine"].scale = (1.5, 1.5, 1.5)
    bpy.context.view_layer.update()
    settings.character, settings.move_head = rig, True
    start = np.array(rig.pose.bones["spine.006"].matrix.translation)
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (4, 15):
        place = characters.place(rig, "spine.006", index + 1)
        wanted = _TO_BLENDER @ performed.head_translation[index] / 1000.0
        np.testing.assert_allclose(place - start, wanted, atol=1e-4)


def test_retargeting_again_tries_the_rig_without_its_animation(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    settings.character = rig
    bpy.ops.ddfa.retarget()
    bpy.context.scene.frame_set(9)
    shown = [tuple(bone.rotation_quaternion) for bone in rig.pose.bones]
    rig.update_tag(refresh={"OBJECT", "DATA", "TIME"})
    settings.share_neck = 80.0
    bpy.ops.ddfa.retarget()
    wanted = head_turn(performed, 8)
    np.testing.assert_allclose(characters.turn(rig, "spine.006", 9), wanted, atol=1e-4)
    assert angle(characters.turn(rig, "spine.005", 9)) == pytest.approx(0.8 * angle(wanted), abs=0.02)
    settings.share_neck = 30.0
    bpy.ops.ddfa.retarget()
    bpy.context.scene.frame_set(9)
    np.testing.assert_allclose([tuple(bone.rotation_quaternion) for bone in rig.pose.bones], shown, atol=1e-6)


def test_hidden_rigs_are_told_by_their_parents(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    rig.data.bones["spine.006"].use_inherit_rotation = False
    rig.hide_set(True)
    settings.character = rig
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    rig.hide_set(False)
    np.testing.assert_allclose(characters.turn(rig, "spine.006", 6), head_turn(performed, 5), atol=1e-4)


def test_custom_properties_of_object_and_bones_are_driven(performed, settings):
    rig = characters.rig("Hero", characters.RIGIFY_CONTROLS)
    rig["jawOpen"], rig["Age"] = 0.0, 30.0
    rig.pose.bones["torso"]["eyeBlinkLeft"] = 0.0
    settings.character = rig
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in (0, 13):
        bpy.context.scene.frame_set(index + 1)
        assert rig["jawOpen"] == pytest.approx(channel(performed, "jawOpen", index), abs=1e-5)
        blink = rig.pose.bones["torso"]["eyeBlinkLeft"]
        assert blink == pytest.approx(channel(performed, "eyeBlinkLeft", index), abs=1e-5)
    assert rig["Age"] == 30.0


def test_a_key_with_a_driver_is_left_to_it(performed, settings):
    face = characters.mesh("Face", ["jawOpen", "mouthClose"])
    face.data.shape_keys.driver_add('key_blocks["jawOpen"].value').driver.expression = "0.25"
    face.select_set(True)
    bpy.ops.ddfa.use_selection()
    reasons = {item.name: item.reason for item in settings.targets if not item.sources}
    assert reasons.get("jawOpen") == "a driver moves it"


def test_gain_curve_and_limits_shape_what_is_driven(performed, settings):
    face = characters.mesh("Face", ["jawOpen", "mouthFunnel"])
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    face.select_set(True)
    bpy.ops.ddfa.use_selection()
    jaw, funnel = (next(item for item in settings.targets if item.name == n) for n in ("jawOpen", "mouthFunnel"))
    jaw.sources[0].source_gain, jaw.target_max = 2.0, 1.5
    settings.active_target = list(settings.targets).index(funnel)
    bpy.ops.ddfa.add_curve_point(source=0)
    points = funnel.sources[0].points
    assert [(p.point_in, p.point_out) for p in points] == [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)]
    points[1].point_out = 0.1
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    for index in range(0, 24, 5):
        found = characters.values(face, index + 1)
        assert found[0] == pytest.approx(min(2.0 * channel(performed, "jawOpen", index), 1.5), abs=1e-5)
        bent = np.interp(channel(performed, "mouthFunnel", index), (0.0, 0.5, 1.0), (0.0, 0.1, 1.0))
        assert found[1] == pytest.approx(bent, abs=1e-5)


def test_curve_points_are_added_in_order_and_taken_out_one_by_one(settings):
    target = settings.targets.add()
    target.sources.add()
    points = target.sources[0].points
    for _ in range(3):
        bpy.ops.ddfa.add_curve_point(source=0)
    assert [p.point_in for p in points] == [0.0, 0.25, 0.5, 0.75, 1.0]
    bpy.ops.ddfa.remove_curve_point(source=0, point=1)
    assert [p.point_in for p in points] == [0.0, 0.5, 0.75, 1.0]
    bpy.ops.ddfa.remove_curve_point(source=0, point=9)
    bpy.ops.ddfa.remove_curve_point(source=5, point=0)
    assert len(points) == 4
    for _ in range(3):
        bpy.ops.ddfa.remove_curve_point(source=0, point=0)
    assert not points  # one point alone is no curve


def test_mirrored_and_copied_sides(performed, settings):
    characters.mesh("Face", ["eyeBlinkLeft", "eyeBlinkRight"]).select_set(True)
    for obj in bpy.context.selected_objects:
        obj.select_set(obj.name == "Face")
    bpy.ops.ddfa.use_selection()
    next(item for item in settings.targets if item.name == "eyeBlinkLeft").sources[0].source_gain = 1.5
    assert bpy.ops.ddfa.mirror_mapping(sides="LEFT") == {"FINISHED"}
    assert [item.sources[0].source_gain for item in settings.targets] == [1.5, 1.5]
    assert bpy.ops.ddfa.mirror_mapping(sides="SWAP") == {"FINISHED"}
    assert [item.sources[0].channel for item in settings.targets] == ["eyeBlinkRight", "eyeBlinkLeft"]


def test_nothing_to_drive_is_an_error_that_changes_nothing(performed, settings):
    rig = characters.rig("Box", {"Bone": ((0, 0, 0), (0, 0, 1), 0.0, "")})
    settings.character = rig
    before = support.data_names()
    with pytest.raises(RuntimeError, match="Nothing of the character can be driven"):
        bpy.ops.ddfa.retarget()
    assert support.data_names() == before and rig.animation_data is None


def test_a_failure_on_the_way_changes_nothing(performed, settings, monkeypatch):
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = characters.mesh("Face", ["jawOpen", "mouthFunnel"], rig)
    own = bpy.data.actions.new("Own")
    rig.animation_data_create().action = own
    settings.character = rig
    before = support.data_names()
    actions = support.module("scene.actions")
    write, calls = actions.Channels.write, []

    def failing(self, *args, **kwargs):
        calls.append(args)
        if len(calls) == 4:
            raise RuntimeError("disk on fire")
        return write(self, *args, **kwargs)

    monkeypatch.setattr(actions.Channels, "write", failing)
    with pytest.raises(RuntimeError, match="disk on fire"):
        support.module("scene.retarget").retarget(bpy.context)
    assert support.data_names() == before
    assert rig.animation_data.action == own and face.data.shape_keys.animation_data is None


def test_the_chosen_take_goes_on_a_character_without_any_head(performed, settings, tmp_path):
    scene, shown = bpy.context.scene, bpy.context.window_manager.ddfa_takes
    scene.ddfa.head = None
    item = shown.items.add()
    item.name, item.file = "Monologue", str(tmp_path / "monologue.npz")
    shown.active = len(shown.items) - 1
    rig = characters.rig("Hero", characters.RIGIFY_META)
    settings.character = rig
    assert not bpy.ops.ddfa.retarget.poll()
    settings.performance = "TAKE"
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    assert rig.animation_data.action.name == "monologue · Hero"
    np.testing.assert_allclose(characters.turn(rig, "spine.006", 6), head_turn(performed, 5), atol=1e-4)


def test_a_captured_head_is_no_character(performed, settings):
    settings.character = bpy.context.scene.ddfa.head
    assert not bpy.ops.ddfa.retarget.poll() and not settings.targets


def test_another_character_gets_a_mapping_of_its_own(performed, settings):
    first, second = (characters.rig(name, characters.RIGIFY_META) for name in ("One", "Two"))
    characters.mesh("Face One", ["jawOpen"], first)
    characters.mesh("Face Two", ["Jaw_Open", "Hat"], second)
    settings.character = first
    assert [item.owner for item in settings.targets] == ["Face One"]
    settings.character = second
    assert [(item.owner, item.name) for item in settings.targets] == [("Face Two", "Jaw_Open"), ("Face Two", "Hat")]
    settings.character = None
    assert [item.owner for item in settings.targets] == ["Face Two"] * 2


def test_the_list_is_searched_by_target_and_channel_and_narrowed(performed, settings):
    characters.mesh("Face", ["Jaw_Open", "Hat", "eyeBlink_L"])
    for obj in bpy.context.selected_objects:
        obj.select_set(obj.name == "Face")
    bpy.data.objects["Face"].select_set(True)
    bpy.ops.ddfa.use_selection()
    ui_list = support.module("panels.retarget").DDFA_UL_mapping

    def asked(search="", by_name=False):
        asking = types.SimpleNamespace(filter_name=search, bitflag_filter_item=1, use_filter_sort_alpha=by_name)
        return ui_list.filter_items(asking, bpy.context, settings, "targets")

    def shown(search, kind):
        settings.shown_targets = kind
        return {item.name for item, flag in zip(settings.targets, asked(search)[0], strict=True) if flag}

    assert shown("", "ALL") == {"Jaw_Open", "Hat", "eyeBlink_L"}
    assert shown("", "MAPPED") == {"Jaw_Open", "eyeBlink_L"}
    assert shown("", "UNMATCHED") == {"Hat"}
    assert shown("jawop", "ALL") == {"Jaw_Open"}
    assert shown("EYEBLINKLEFT", "ALL") == {"eyeBlink_L"}
    names = [item.name for item in settings.targets]
    assert asked()[1] == []
    assert [asked(by_name=True)[1][names.index(name)] for name in ("eyeBlink_L", "Hat", "Jaw_Open")] == [0, 1, 2]


def test_reasons_are_told_one_after_another(settings):
    reason = support.module("scene.retarget").disabled_reason
    scene = bpy.context.scene
    assert reason(scene).startswith("Capture some footage first")
    settings.performance = "TAKE"
    assert reason(scene) == "Choose a take in the panel Takes"
    assert not bpy.ops.ddfa.retarget.poll() and not bpy.ops.ddfa.find_mapping.poll()
