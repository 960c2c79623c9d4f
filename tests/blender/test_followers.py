# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters follow the clean-up of the head that they were animated from; mappings are kept as Blender presets."""

from __future__ import annotations

from pathlib import Path

import bpy
import characters
import numpy as np
import pytest
import support


@pytest.fixture
def head(tmp_path):
    """A captured head whose take is real: what is cleaned is what is baked."""
    file = tmp_path / "clip.npz"
    support.take().save(file)
    made = support.module("scene.take_heads").new_head(bpy.context, file).head.armature
    bpy.context.scene.ddfa.head = made
    return made


@pytest.fixture
def hero(head):
    """A character animated from a captured head."""
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = characters.mesh("Face", ["jawOpen", "eyeBlinkLeft"], rig)
    bpy.context.scene.ddfa.retarget.character = rig
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    return head, rig, face


@pytest.fixture
def two_faces(head):
    """A character of two meshes and no armature, animated from a captured head."""
    faces = [characters.mesh(name, ["jawOpen", "eyeBlinkLeft"]) for name in ("A Beard", "B Face")]
    for obj in bpy.context.scene.objects:
        obj.select_set(obj in faces)
    assert bpy.ops.ddfa.use_selection() == {"FINISHED"}
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    return head, *faces


def delete(obj):
    """As the user does in the viewport: what the add-on names lives on outside of the scene."""
    with bpy.context.temp_override(selected_objects=[obj], active_object=obj):
        bpy.ops.object.delete()
    assert obj.name in bpy.data.objects and obj.name not in bpy.context.scene.objects


def problems():
    return support.module("scene.followers").problems(bpy.context.scene)


def jaw(face):
    """All keys of the jaw's curve."""
    actions = support.module("scene.actions")
    return actions.keys(actions.find_curve(face.data.shape_keys, 'key_blocks["jawOpen"].value'))


def neck(rig):
    actions = support.module("scene.actions")
    return actions.keys(actions.find_curve(rig, 'pose.bones["spine.006"].rotation_quaternion', 0))


def change(head):
    """As a slider of the panel Clean-Up does."""
    head.ddfa.settings.cleanup.smooth_mouth = 0.4


def test_another_clean_up_is_baked_onto_the_character_in_place(hero):
    head, rig, face = hero
    before, action, blocks = jaw(face), rig.animation_data.action, support.data_names()
    change(head)
    after = jaw(face)
    assert after.shape == before.shape and not np.allclose(after, before)
    assert rig.animation_data.action == action and support.data_names() == blocks
    assert not rig.ddfa.retargeted.problem
    # Pressing the button again gives the same: nothing was left out.
    bpy.ops.ddfa.retarget()
    np.testing.assert_array_equal(jaw(face), after)


def test_it_follows_with_the_mapping_it_was_made_with(hero):
    head, rig, face = hero
    settings = bpy.context.scene.ddfa.retarget
    other = characters.rig("Other", characters.MIXAMO)
    settings.character = other
    settings.share_neck = 99.0
    before, turned = jaw(face), neck(rig)
    change(head)
    assert not np.allclose(jaw(face), before) and not rig.ddfa.retargeted.problem
    assert neck(rig).shape == turned.shape
    assert not other.animation_data


def test_edited_keys_are_not_lost(hero):
    head, rig, face = hero
    actions = support.module("scene.actions")
    curve = actions.find_curve(face.data.shape_keys, 'key_blocks["jawOpen"].value')
    curve.keyframe_points[4].co.y = 0.123
    before = jaw(face)
    change(head)
    np.testing.assert_array_equal(jaw(face), before)
    assert "edited" in rig.ddfa.retargeted.problem and "Hero" in rig.ddfa.retargeted.problem
    assert support.module("scene.followers").problems(bpy.context.scene) == [rig.ddfa.retargeted.problem]
    bpy.ops.ddfa.retarget()
    assert not rig.ddfa.retargeted.problem and not np.array_equal(jaw(face), before)


@pytest.mark.parametrize("how", ["interpolation", "handles", "easing"])
def test_curves_that_were_bent_by_hand_are_not_straightened(hero, how):
    """The keys stand where they were; a record that was made with bent keys tells other handles and easing too."""
    head, rig, face = hero
    curve = support.module("scene.actions").find_curve(face.data.shape_keys, 'key_blocks["jawOpen"].value')
    key = curve.keyframe_points[4]
    if how != "interpolation":
        key.interpolation = "BEZIER" if how == "handles" else "SINE"
        bpy.ops.ddfa.retarget()
        assert key.interpolation != "LINEAR"
    if how == "interpolation":
        key.interpolation = "CONSTANT"
    elif how == "handles":
        key.handle_right_type, key.handle_right = "FREE", (key.co.x + 0.25, key.co.y + 0.5)
    else:
        key.easing = "EASE_IN"
    before, drawn = jaw(face), curve.evaluate(key.co.x + 0.5)
    change(head)
    np.testing.assert_array_equal(jaw(face), before)
    assert curve.evaluate(key.co.x + 0.5) == drawn
    assert "edited" in rig.ddfa.retargeted.problem


def test_another_action_is_left_alone(hero):
    head, rig, face = hero
    for block in (rig, face.data.shape_keys):
        block.animation_data.action = None
    change(head)
    assert "another action" in rig.ddfa.retargeted.problem
    assert rig.animation_data.action is None


def test_a_deleted_mesh_is_told_and_the_others_follow_on(hero):
    head, rig, face = hero
    teeth = characters.mesh("Teeth", ["jawOpen"], rig)
    bpy.ops.ddfa.find_mapping()
    bpy.ops.ddfa.retarget()
    delete(teeth)
    before, left = jaw(face), jaw(teeth)
    for smoothing in (0.4, 0.9):
        head.ddfa.settings.cleanup.smooth_mouth = smoothing
        assert not np.allclose(jaw(face), before)
        assert "no longer there: jawOpen" in rig.ddfa.retargeted.problem
        before = jaw(face)
    np.testing.assert_array_equal(jaw(teeth), left)
    bpy.ops.ddfa.retarget()
    assert "no longer there" in support.module("operators.state").message
    bpy.ops.ddfa.find_mapping()
    bpy.ops.ddfa.retarget()
    assert "no longer there" not in support.module("operators.state").message
    change(head)
    assert problems() == [] and not np.allclose(jaw(face), before)


def test_meshes_alone_follow_again_after_the_first_was_deleted(two_faces):
    head, beard, face = two_faces
    delete(beard)
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    before, left = jaw(face), jaw(beard)
    change(head)
    assert not np.allclose(jaw(face), before)
    np.testing.assert_array_equal(jaw(beard), left)
    assert "no longer there" in face.ddfa.retargeted.problem
    bpy.ops.ddfa.find_mapping()
    bpy.ops.ddfa.retarget()
    assert problems() == []


def test_meshes_alone_warn_of_no_mesh_that_is_ticked_no_longer(two_faces):
    head, beard, face = two_faces
    settings = bpy.context.scene.ddfa.retarget
    settings.face_meshes[beard.name].use_mesh = False
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    before = jaw(face)
    change(head)
    assert problems() == [] and not np.allclose(jaw(face), before)
    settings.face_meshes[beard.name].use_mesh = True
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    both = jaw(beard), jaw(face)
    head.ddfa.settings.cleanup.smooth_mouth = 0.9
    assert problems() == []
    assert not np.allclose(jaw(beard), both[0]) and not np.allclose(jaw(face), both[1])


def test_retargeting_again_clears_what_another_mesh_of_the_character_told(two_faces):
    _, beard, _ = two_faces
    beard.ddfa.retargeted.problem = "of an earlier time"
    bpy.context.scene.ddfa.retarget.face_meshes[beard.name].use_mesh = False
    bpy.context.scene.ddfa.retarget.follow_clean_up = False
    bpy.ops.ddfa.retarget()
    assert problems() == [] and beard.ddfa.retargeted.source is None


@pytest.mark.parametrize("how", ["off", "merge"])
def test_it_does_not_follow_unasked(hero, how):
    head, rig, face = hero
    settings = bpy.context.scene.ddfa.retarget
    if how == "off":
        settings.follow_clean_up = False
    else:
        settings.action_mode = "MERGE"
    bpy.ops.ddfa.retarget()
    before = jaw(face)
    change(head)
    np.testing.assert_array_equal(jaw(face), before)
    assert not rig.ddfa.retargeted.problem


def test_the_layer_mixes_with_what_lies_below(hero):
    _, _, face = hero
    settings = bpy.context.scene.ddfa.retarget
    settings.blend_mode, settings.blend_influence = "ADD", 50.0
    bpy.ops.ddfa.retarget()
    keys = face.data.shape_keys
    assert (keys.animation_data.action_blend_type, keys.animation_data.action_influence) == ("ADD", 0.5)
    top = keys.animation_data.action
    keys.animation_data.action = None
    keys.animation_data.action_blend_type, keys.animation_data.action_influence = "REPLACE", 1.0
    (channels,) = support.module("scene.actions").animate("Low", [keys])
    channels.write('key_blocks["jawOpen"].value', 0, [1.0, 40.0], [0.25, 0.25], group="Shape Keys")
    support.module("scene.nla").push_down(keys)
    keys.animation_data.action = top
    if support.module("scene.actions").HAS_SLOTS:
        keys.animation_data.action_slot = next(s for s in top.slots if s.target_id_type == "KEY")
    keys.animation_data.action_blend_type, keys.animation_data.action_influence = "ADD", 0.5
    value = jaw(face)[6, 1]
    assert characters.values(face, float(jaw(face)[6, 0]))[0] == pytest.approx(0.25 + 0.5 * value, abs=1e-4)


def test_a_mapping_is_kept_as_a_preset_and_comes_back(hero):
    settings = bpy.context.scene.ddfa.retarget
    target = next(t for t in settings.targets if t.name == "jawOpen")
    target.sources[0].source_gain = 0.375
    assert bpy.ops.ddfa.mapping_preset_add(name="Mine") == {"FINISHED"}
    path = Path(bpy.utils.preset_find("Mine", "ddfa_face_capture_mappings", display_name=True, ext=".py"))
    assert path.is_file()
    bpy.ops.ddfa.find_mapping()
    target = next(t for t in settings.targets if t.name == "jawOpen")
    assert target.sources[0].source_gain == 1.0
    assert bpy.ops.ddfa.mapping_preset_apply(filepath=str(path), menu_idname="DDFA_PT_mapping_presets") == {"FINISHED"}
    target = next(t for t in settings.targets if t.name == "jawOpen")
    assert target.sources[0].source_gain == pytest.approx(0.375)
    assert bpy.ops.ddfa.mapping_preset_add(name="Mine", remove_name=True) == {"FINISHED"}
    assert not path.exists()


@pytest.mark.parametrize("text", ["plain", "it's", 'a "b"', "'\"", "a\\'b\n\t\0", "größe \u2028 \x85", "\\" * 9, ""])
def test_what_blender_writes_of_a_mapping_is_read_back(text):
    script = f"import bpy\nsettings = bpy.context.scene.ddfa.retarget\n\nsettings.mapping_text = {text!r}\n"
    assert support.module("operators.mapping_presets").mapping_in(script, "x") == text


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.remove('x')", "settings.mapping_text = '{'", "settings.mapping_text = '[]'", "(", "",
        "settings.mapping_text = '[' * 10**9", "settings.mapping_text = f'{x}'", "settings.mapping_text = '\\x'",
        f"settings.mapping_text = '{'[' * 100_000}'", "settings.mapping_text = '[1]'",
    ],
)  # fmt: skip
def test_a_strange_preset_is_refused_and_never_run(hero, tmp_path, text):
    file = tmp_path / "strange.py"
    file.write_text(text, encoding="utf-8")
    before = [t.name for t in bpy.context.scene.ddfa.retarget.targets if t.sources]
    with pytest.raises(RuntimeError, match="preset") as caught:
        bpy.ops.ddfa.mapping_preset_apply(filepath=str(file), menu_idname="DDFA_PT_mapping_presets")
    assert "Traceback" not in str(caught.value)
    assert [t.name for t in bpy.context.scene.ddfa.retarget.targets if t.sources] == before
