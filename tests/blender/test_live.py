# SPDX-License-Identifier: GPL-3.0-or-later
"""A captured head follows its settings; takes are made up, the model is small."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def captured(monkeypatch, tmp_path, model):
    """A head in the scene whose "take" gives a made-up performance; the solve settings asked for are recorded."""
    live = support.module("scene.live")
    performance, asked = support.performance(), []

    def performance_of(take_file, *settings):
        asked.append((take_file, settings))
        return performance

    monkeypatch.setattr(live, "performance_of", performance_of)
    monkeypatch.setattr(live, "model_of", lambda take_file: model)
    monkeypatch.setattr(support.module("scene.takes"), "problem", lambda armature: "")
    result = support.module("scene.pipeline").apply_performance(bpy.context, model, performance)
    armature = result.head.armature
    armature.ddfa.take = str(tmp_path / "a.npz")
    bpy.context.scene.ddfa.head = armature
    return armature, asked


def curve(armature, path, index=0):
    return support.module("scene.actions").find_curve(armature, path, index)


def rotation_keys(armature, bone="head"):
    actions = support.module("scene.actions")
    return np.stack([actions.keys(curve(armature, f'pose.bones["{bone}"].rotation_quaternion', i)) for i in range(4)])


def test_a_setting_of_the_head_bakes_it_again_in_place(captured):
    armature, _ = captured
    before, blocks = rotation_keys(armature, "neck"), support.data_names()
    armature.ddfa.settings.head.neck_share = 0.0
    after = rotation_keys(armature, "neck")
    assert not np.allclose(before[0, :, 1], after[0, :, 1])
    assert np.allclose(after[0, :, 1], 1.0)
    assert support.data_names() == blocks and armature.ddfa.problem == ""


def test_the_start_frame_moves_all_keys(captured):
    armature, _ = captured
    armature.ddfa.settings.timing.frame_start = 101
    assert support.module("scene.actions").frame_range(armature) == (101.0, 124.0)


def test_translation_can_be_switched_on_and_off_again(captured):
    armature, _ = captured
    path = 'pose.bones["neck"].location'
    armature.ddfa.settings.head.use_translation = True
    assert np.ptp(support.module("scene.actions").keys(curve(armature, path))[:, 1]) > 0.0
    armature.ddfa.settings.head.use_translation = False
    assert curve(armature, path) is None
    assert tuple(armature.pose.bones["neck"].location) == (0.0, 0.0, 0.0)


def test_the_settings_for_the_next_head_change_nothing(captured):
    armature, asked = captured
    before = rotation_keys(armature)
    bpy.context.scene.ddfa.settings.cleanup.min_confidence = 0.7
    assert asked == [] and np.array_equal(rotation_keys(armature), before)


def test_copying_settings_bakes_once_not_for_each_value(captured):
    armature, asked = captured
    properties = support.module("scene.properties")
    bpy.context.scene.ddfa.settings.cleanup.min_confidence = 0.7
    properties.copy_values(bpy.context.scene.ddfa.settings, armature.ddfa.settings)
    assert armature.ddfa.settings.cleanup.min_confidence == pytest.approx(0.7) and asked == []


def test_a_missing_take_is_told_and_changes_no_key(tmp_path, model):
    result = support.module("scene.pipeline").apply_performance(bpy.context, model, support.performance())
    armature = result.head.armature
    armature.ddfa.take = str(tmp_path / "gone.npz")
    before = rotation_keys(armature)
    armature.ddfa.settings.head.neck_share = 0.9
    assert "There is no take at" in armature.ddfa.problem
    assert np.array_equal(rotation_keys(armature), before)


def test_curves_that_the_user_added_stay(captured):
    armature, _ = captured
    armature.location = (1.0, 0.0, 0.0)
    armature.keyframe_insert("location", index=0, frame=3)
    armature.ddfa.settings.head.neck_share = 0.6
    assert curve(armature, "location") is not None


@pytest.mark.parametrize("bone", ["head", "neck"])
def test_a_renamed_bone_is_told_and_changes_no_key(captured, bone):
    armature, _ = captured
    keys = support.module("scene.head").of_armature(armature).mesh.data.shape_keys
    armature.data.bones[bone].name = "DEF-mine"
    armature.ddfa.settings.timing.frame_start = 101
    assert f'"{bone}" was renamed or removed' in armature.ddfa.problem
    actions = support.module("scene.actions")
    assert actions.frame_range(armature) == actions.frame_range(keys) == (1.0, 24.0)
    armature.data.bones["DEF-mine"].name = bone
    armature.ddfa.settings.timing.frame_start = 201
    assert armature.ddfa.problem == ""
    assert actions.frame_range(armature) == actions.frame_range(keys) == (201.0, 224.0)


def test_shape_keys_that_the_user_deleted_are_left_out(captured):
    """All else follows, and a key that is gone is no edit of keys, this time or the next."""
    armature, _ = captured
    actions, mesh = support.module("scene.actions"), support.module("scene.head").of_armature(armature).mesh
    before = support.data_names()
    for frame, name in ((101, "tongueOut"), (201, "browDownLeft"), (301, "Expression 01")):
        mesh.shape_key_remove(mesh.data.shape_keys.key_blocks[name])
        armature.ddfa.settings.timing.frame_start = frame
        assert armature.ddfa.problem == ""
        for block in (armature, mesh.data.shape_keys):
            assert actions.frame_range(block) == (frame, frame + 23.0)
        assert actions.find_curve(mesh.data.shape_keys, f'key_blocks["{name}"].value') is None
    assert support.data_names() == before


def test_a_bone_that_was_removed_is_told(captured):
    armature, _ = captured
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones.remove(armature.data.edit_bones["head"])
    bpy.ops.object.mode_set(mode="OBJECT")
    before = rotation_keys(armature, "neck")
    armature.ddfa.settings.head.neck_share = 0.9
    assert '"head" was renamed or removed' in armature.ddfa.problem
    np.testing.assert_array_equal(rotation_keys(armature, "neck"), before)
