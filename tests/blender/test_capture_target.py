# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capture animates: a new head, the current one, the scene in which it was started. Heads are small."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
import support


@pytest.fixture(autouse=True)
def small_head(monkeypatch, model):
    """Heads are built of the small model, whatever the takes say."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    return model


@pytest.fixture
def targets():
    return support.module("scene.capture_target")


@pytest.fixture
def footage(tmp_path):
    file = tmp_path / "take one.mp4"
    file.write_bytes(b"not looked at")
    bpy.context.scene.ddfa.footage.video = str(file)
    return file


@pytest.fixture
def result(model):
    """What a capture hands over, by the take's title: model, performance, file."""

    def made(title, **arguments):
        library, takes = support.module("ddfa_blender.take_library"), support.module("scene.takes")
        file = library.save_new(support.take(**arguments), takes.user_folder(), title)
        settings = support.module("scene.properties").current(bpy.context.scene)
        performance = support.module("scene.live").performance_of(file, settings.solve_settings(), settings.clean_up())
        return model, performance, file

    return made


def of(armature):
    return support.module("scene.head").of_armature(armature)


def keys(armature):
    actions = support.module("scene.actions")
    return actions.keys(actions.find_curve(armature, 'pose.bones["head"].rotation_quaternion', 1))


def points(armature):
    vertices = of(armature).mesh.data.vertices
    found = np.empty(3 * len(vertices), np.float32)
    vertices.foreach_get("co", found)
    return found


def captured(targets, result, title="first", **arguments):
    return targets.chosen(bpy.context.scene).animate(bpy.context, *result(title, **arguments))


def test_a_new_head_is_named_after_the_footage_and_becomes_the_current_one(targets, footage, result):
    armature = captured(targets, result)
    assert armature.name == "take one" and bpy.context.scene.ddfa.head == armature
    assert Path(armature.ddfa.take).stem.startswith("first")


def test_without_a_current_head_none_can_be_captured_into(targets, footage):
    scene = bpy.context.scene
    scene.ddfa.target.kind = "HEAD"
    assert "no current head" in support.module("operators.capture").disabled_reason(bpy.context)
    assert not bpy.ops.ddfa.capture.poll()
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="no current head"):
        targets.chosen(scene)


def test_a_retake_keeps_the_heads_settings_and_shape_and_adds_no_data(targets, footage, result):
    armature = captured(targets, result, seed=1)
    armature.ddfa.settings.timing.frame_start = 40
    bpy.context.scene.ddfa.target.kind = "HEAD"
    before, shape, blocks = keys(armature), points(armature), support.data_names()
    again = captured(targets, result, "second", seed=2)
    assert again == armature and support.data_names() == blocks
    assert armature.ddfa.settings.timing.frame_start == 40
    assert Path(armature.ddfa.take).stem.startswith("second") and armature.ddfa.problem == ""
    assert support.module("scene.actions").frame_range(armature)[0] == 40.0
    assert not np.array_equal(keys(armature)[:, 1], before[:, 1])
    assert np.array_equal(points(armature), shape)


def test_another_actor_changes_the_shape_too(targets, footage, result):
    armature = captured(targets, result, seed=1)
    shape = points(armature)
    bpy.context.scene.ddfa.target.kind, bpy.context.scene.ddfa.target.use_shape = "HEAD", True
    captured(targets, result, "second", seed=2)
    assert not np.allclose(points(armature), shape)


def test_a_head_that_is_deleted_meanwhile_is_one_sentence(targets, footage, result):
    armature = captured(targets, result)
    bpy.context.scene.ddfa.target.kind = "HEAD"
    target, made = targets.chosen(bpy.context.scene), result("second")
    bpy.data.objects.remove(armature)
    before = support.data_names()
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="the take is kept"):
        target.animate(bpy.context, *made)
    assert support.data_names() == before


def test_renaming_scene_and_head_meanwhile_does_no_harm(targets, footage, result):
    armature = captured(targets, result)
    scene = bpy.context.scene
    scene.ddfa.target.kind = "HEAD"
    target = targets.chosen(scene)
    scene.name, armature.name = "Renamed", "Other"
    assert target.scene() == scene
    assert target.animate(bpy.context, *result("second")) == armature


def test_the_result_goes_to_the_scene_that_it_was_started_in(targets, footage, result):
    capture = support.module("operators.capture")
    first = bpy.context.scene
    target, made = targets.chosen(first), result("first")
    other = bpy.data.scenes.new("Other")
    bpy.context.window_manager.windows[0].scene = other
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        assert bpy.context.scene == other
        with capture._at_work_in(bpy.context, target.scene()) as there:
            armature = target.animate(there, *made)
    assert armature.users_scene == (first,) and first.ddfa.head == armature
    assert other.ddfa.head is None and len(other.objects) == 0


def test_a_scene_that_is_gone_is_one_sentence(targets, footage):
    target = targets.NewHead(scene_uid=0, name="head")
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="the take is kept"):
        target.scene()


def test_an_animation_lies_under_its_strip_and_stays_there(targets, result, tmp_path):
    sources = support.module("scene.footage_sources")
    timing = sources.FootageTiming(frame_start=30, mode="STRETCH", stretch=2.0)
    scene = bpy.context.scene
    armature = targets.NewHead(scene.session_uid, "strip", timing).animate(bpy.context, *result("first"))
    actions = support.module("scene.actions")
    before = actions.frame_range(armature)
    own = armature.ddfa.settings.timing
    assert before[0] == 30.0 and (own.frame_start, own.mode, own.stretch) == (30, "STRETCH", 2.0)
    armature.ddfa.settings.head.neck_share = 0.9  # bakes again
    assert actions.frame_range(armature) == before
    assert scene.ddfa.settings.timing.mode == "REAL_TIME", "the next head is not affected"


def test_a_strip_whose_beginning_lies_before_the_scenes_first_frame_stays_where_it_is(targets, result):
    """The clip is trimmed: its second 0 would be shown long before the scene begins."""
    timing = support.module("scene.footage_sources").FootageTiming(frame_start=-500, mode="REAL_TIME")
    scene, actions = bpy.context.scene, support.module("scene.actions")
    armature = targets.NewHead(scene.session_uid, "strip", timing).animate(bpy.context, *result("first"))
    before = actions.frame_range(armature)
    assert before[0] == -500.0
    armature.ddfa.settings.head.neck_share = 0.9  # bakes again
    assert actions.frame_range(armature) == before


def test_a_new_head_begins_with_the_shot_and_so_does_the_next(targets, footage, result):
    scene, actions = bpy.context.scene, support.module("scene.actions")
    scene.frame_start, scene.frame_end = 1001, 1200
    for title in ("first", "second"):
        armature = captured(targets, result, title)
        assert actions.frame_range(armature)[0] == 1001.0
        assert armature.ddfa.settings.timing.frame_start == 1001
    assert (scene.frame_start, scene.frame_end) == (1001, 1200)


@pytest.mark.parametrize("mode", ["REAL_TIME", "FRAMES", "STRETCH"])
def test_it_is_the_in_point_that_begins_with_the_shot(targets, footage, result, mode):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1001, 1200
    timing = scene.ddfa.settings.timing
    timing.mode, timing.stretch = mode, 2.0
    armature = targets.chosen(scene).animate(bpy.context, *result("late", begin=4.0))
    assert support.module("scene.actions").frame_range(armature)[0] == 1001.0


def test_a_start_frame_that_was_chosen_counts_more_than_the_shot(targets, footage, result):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1001, 1200
    scene.ddfa.settings.timing.frame_start = 1
    assert support.module("scene.actions").frame_range(captured(targets, result))[0] == 1.0


def test_a_new_file_has_no_shot(targets, footage, result):
    assert support.module("scene.actions").frame_range(captured(targets, result))[0] == 1.0
