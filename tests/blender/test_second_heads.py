# SPDX-License-Identifier: GPL-3.0-or-later
"""A second head in the scene: it gets the settings that are shown, but nothing that is about the first one's take."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def takes_of(model, monkeypatch, tmp_path):
    """Keeps a take of another actor for each seed."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    library = support.module("ddfa_blender.take_library")
    return lambda seed: library.save_new(support.take(60, seed=seed), tmp_path / f"takes {seed}", f"Actor {seed}")


def new_head(file):
    return support.module("scene.take_heads").new_head(bpy.context, file).head.armature


def keys(armature):
    """Of all curves of a head, by what they animate."""
    actions, captured = support.module("scene.actions"), support.module("scene.head").of_armature(armature)
    blocks = (armature, captured.mesh.data.shape_keys)
    return {(c.data_path, c.array_index): actions.keys(c) for block in blocks for c in actions.curves(block)}


@pytest.fixture
def first(takes_of):
    """A head with a neutral moment and a level of its own, and a gain."""
    armature = new_head(takes_of(5))
    scene = bpy.context.scene
    scene.frame_set(20)
    assert bpy.ops.ddfa.neutral_from_frame() == {"FINISHED"}
    scene.frame_set(33)
    assert bpy.ops.ddfa.level_head(source="FRAME") == {"FINISHED"}
    armature.ddfa.settings.cleanup.gain_mouth = 0.8
    return armature


def about_its_take(armature):
    settings = armature.ddfa.settings
    return settings.neutral.neutral_mode, settings.neutral.neutral_time, settings.head.level()


def test_another_actor_is_not_measured_by_the_first_ones_moments(first, takes_of):
    scene, file = bpy.context.scene, takes_of(9)
    before, own = about_its_take(first), keys(first)
    second = new_head(file)
    assert about_its_take(second) == ("off", 0.0, (0.0, 0.0, 0.0))
    assert second.ddfa.settings.cleanup.gain_mouth == pytest.approx(0.8)
    assert about_its_take(first) == before
    assert all(np.array_equal(own[place], now) for place, now in keys(first).items())
    scene.ddfa.head = None
    scene.ddfa.settings.cleanup.gain_mouth = 0.8
    alone = keys(new_head(file))
    for place, now in keys(second).items():
        np.testing.assert_allclose(now, alone[place], atol=1e-6)


def test_an_automatic_neutral_face_goes_on(first, takes_of):
    first.ddfa.settings.neutral.neutral_mode = "automatic"
    assert new_head(takes_of(9)).ddfa.settings.neutral.neutral_mode == "automatic"


def test_a_capture_gets_the_same_and_a_retake_the_heads_own(first):
    scene = bpy.context.scene
    target = support.module("scene.capture_target")
    before = about_its_take(first)
    with target.NewHead(scene.session_uid, "clip").settings(scene) as settings:
        assert settings.neutral.neutral_mode == "off" and settings.head.level() == (0.0, 0.0, 0.0)
        assert settings.clean_up().neutral.mode == "off"
    assert about_its_take(first) == before
    with target.CurrentHead(scene.session_uid, first.session_uid, False).settings(scene) as settings:
        assert settings.neutral.neutral_mode == "time" and settings.head.level() == before[2]


def test_the_settings_for_the_first_head_are_used_as_they_are(takes_of):
    neutral = bpy.context.scene.ddfa.settings.neutral
    neutral.neutral_mode, neutral.neutral_time = "time", 0.5
    assert about_its_take(new_head(takes_of(5)))[:2] == ("time", 0.5)


def test_after_a_recording_a_video_take_is_driven_as_usual(first, takes_of, tmp_path):
    live_link = support.module("ddfa_blender.formats.live_link_face")
    file = tmp_path / "MySlate_1.csv"
    live_link.write_live_link_face(support.performance(), file)
    assert bpy.ops.ddfa.import_live_link_face(filepath=str(file)) == {"FINISHED"}
    assert bpy.context.scene.ddfa.head.ddfa.settings.head.driving == "ARKIT"
    assert new_head(takes_of(9)).ddfa.settings.head.driving == "EXPRESSION"


def test_presets_leave_the_level_alone(first, tmp_path):
    file = tmp_path / "Other.py"
    lines = [
        "import bpy",
        "head = bpy.context.scene.ddfa.current().head",
        "head.level_yaw = 0.5",
        "head.neck_share = 0.5",
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = about_its_take(first)
    assert bpy.ops.ddfa.preset_apply(filepath=str(file)) == {"FINISHED"}
    assert first.ddfa.settings.head.neck_share == pytest.approx(0.5)
    assert about_its_take(first) == before


def test_a_duplicate_wears_its_own_skin(tmp_path):
    model = support.module("ddfa_blender.solutions")._bundled()
    look, heads = support.module("scene.look"), support.module("scene.head")
    materials = support.module("scene.materials")
    first = support.module("scene.pipeline").apply_performance(bpy.context, model, support.performance()).head
    for obj in bpy.context.view_layer.objects:
        obj.select_set(obj in (first.armature, first.mesh))
    bpy.context.view_layer.objects.active = first.armature
    bpy.ops.object.duplicate()
    second = heads.of_armature(bpy.context.view_layer.objects.active)
    skins = [materials.of_surface(each.mesh.data, materials.SKIN) for each in (first, second)]
    assert second.mesh != first.mesh and skins[0] == skins[1]
    before = materials.texture_of(skins[0])
    pixels = np.full((16, 16, 3), 0.5, np.float32)
    image = look.wear(second, model, pixels, "Actor B")
    assert materials.texture_of(materials.of_surface(first.mesh.data, materials.SKIN)) == before
    worn = materials.of_surface(second.mesh.data, materials.SKIN)
    assert materials.texture_of(worn) == image and worn != skins[0]
    # Once it is the head's own, it is painted in place.
    count = len(bpy.data.materials)
    look.wear(second, model, pixels, "Actor B")
    assert len(bpy.data.materials) == count
