# SPDX-License-Identifier: GPL-3.0-or-later
"""The buttons of the panels Timing and Head, on made-up performances."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support

NTSC = 30 / 1.001


@pytest.fixture
def captured(model, monkeypatch):
    """A head of 29.97 fps footage in a scene of 24, which bakes again without a take on the disk."""
    scene = bpy.context.scene
    scene.render.fps = 24
    pipeline, live = support.module("scene.pipeline"), support.module("scene.live")
    camera, timebase = support.module("scene.camera"), support.module("scene.timebase")
    performance = support.performance(count=300, fps=NTSC)
    head = pipeline.apply_performance(bpy.context, model, performance, name="Actor").head
    head.armature.ddfa.take = "made up"
    scene.ddfa.head = head.armature

    def settings(armature):
        return armature.ddfa.settings.bake_settings()

    def rebake(scene, armature):
        found = support.module("scene.head").of_armature(armature)
        pipeline.bake_again(scene, found, model, performance, settings(armature))

    def shot_of(scene, armature):
        rate = support.module("scene.clock").scene_rate(scene)
        clock = timebase.Timebase.of(settings(armature), rate, performance.time)
        found = support.module("scene.head").of_armature(armature)
        return camera.Shot(found, model, performance, None, settings(armature), clock)

    monkeypatch.setattr(live, "rebake", rebake)
    monkeypatch.setattr(support.module("operators.head"), "shot_of", shot_of)
    return head


def last_key(head):
    return support.module("scene.actions").frame_range(head.armature)[1]


def straight_at(head, frame):
    """How far the head is from looking straight ahead, degrees."""
    bpy.context.scene.frame_set(frame)
    bone = head.armature.pose.bones["head"]
    angle = (bone.matrix @ bone.bone.matrix_local.inverted()).to_quaternion().angle
    return np.degrees(min(angle, 2.0 * np.pi - angle))


def test_the_scene_gets_exactly_the_footages_rate_and_the_head_follows(captured):
    render = bpy.context.scene.render
    assert last_key(captured) == pytest.approx(1 + 299 / NTSC * 24, abs=0.5)
    assert bpy.ops.ddfa.set_scene_rate() == {"FINISHED"}
    assert render.fps == 30 and render.fps_base == pytest.approx(1.001)
    assert last_key(captured) == 300.0
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (1, 300)
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.ddfa.set_scene_rate()


def test_heads_baked_at_another_rate_are_known_and_baked_again(captured):
    scene, operators = bpy.context.scene, support.module("operators.timing")
    assert operators.baked_at_another_rate(scene) == []
    scene.render.fps = 60
    assert operators.baked_at_another_rate(scene) == [captured.armature]
    assert bpy.ops.ddfa.bake_again() == {"FINISHED"}
    assert operators.baked_at_another_rate(scene) == []
    assert last_key(captured) == pytest.approx(1 + 299 / NTSC * 60, abs=0.5)


def test_a_head_in_another_scene_keeps_its_scenes_clock(captured):
    """Settings are changed while another scene is at work; the rate of the head's own counts."""
    other = bpy.data.scenes.new("Other")
    other.render.fps = 60
    support.module("scene.live").rebake(other, captured.armature)
    assert last_key(captured) == pytest.approx(1 + 299 / NTSC * 24, abs=0.5)
    assert support.module("operators.timing").baked_at_another_rate(other) == []


def test_the_users_own_frame_range_stays(captured):
    scene = bpy.context.scene
    scene.frame_end = 100
    captured.armature.ddfa.settings.timing.frame_start = 51
    assert (scene.frame_start, scene.frame_end) == (1, 100)


def test_the_scenes_range_follows_the_animation(captured):
    captured.armature.ddfa.settings.timing.frame_start = 51
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (51, int(last_key(captured)))


def test_without_a_head_the_buttons_say_why():
    for name in ("timing", "head"):
        reason = support.module(f"operators.{name}").disabled_reason(bpy.context)
        assert reason == "Capture some footage first, or choose a captured head"
    for operator in (bpy.ops.ddfa.set_scene_rate, bpy.ops.ddfa.bake_again, bpy.ops.ddfa.level_head):
        with pytest.raises(RuntimeError, match="poll"):
            operator()


def test_the_head_looks_straight_in_the_current_frame(captured):
    assert straight_at(captured, 40) > 5.0
    assert bpy.ops.ddfa.level_head(source="FRAME") == {"FINISHED"}
    # Frame 40 lies between two frames of the footage: what is left is how far the head turns in half of one.
    assert straight_at(captured, 40) < 3.0
    settings = captured.armature.ddfa.settings.head
    assert any((settings.level_yaw, settings.level_pitch, settings.level_roll))
    before = straight_at(captured, 90)
    assert bpy.ops.ddfa.level_head(source="RESET") == {"FINISHED"}
    assert straight_at(captured, 40) > 5.0 and straight_at(captured, 90) != pytest.approx(before, abs=0.1)


def test_the_head_looks_straight_on_average(captured):
    assert bpy.ops.ddfa.level_head(source="AVERAGE") == {"FINISHED"}
    motion = support.module("ddfa_blender.head_motion")
    turns = []
    for frame in range(1, 240, 3):
        bpy.context.scene.frame_set(frame)
        bone = captured.armature.pose.bones["head"]
        turns.append((bone.matrix @ bone.bone.matrix_local.inverted()).to_quaternion())
    mean = motion.mean_rotation(np.array(turns))
    assert np.degrees(np.arccos((np.trace(mean) - 1.0) / 2.0)) < 1.5


def test_the_panels_tell_the_rates_and_the_errors(captured):
    from test_panels import Layout

    panel = support.module("panels.timing")
    context = _Context()
    layout = Layout()
    panel.DDFA_PT_timing.draw_settings(None, layout, context)
    assert "Footage 29.97 fps, scene 24 fps" in _text(layout)
    timing = captured.armature.ddfa.settings.timing
    timing.mode = "FRAMES"
    timing.use_thinning = True
    layout = Layout()
    panel.DDFA_PT_timing.draw_settings(None, layout, context)
    assert "1.25 times as long" in _text(layout)
    baked = captured.armature.ddfa.baked
    assert f"{baked.kept_keys} of {baked.all_keys} keys, off by at most" in _text(layout)
    assert baked.kept_keys < baked.all_keys
    bpy.context.scene.render.fps = 30
    layout = Layout()
    panel.DDFA_PT_timing.draw_settings(None, layout, context)
    assert (
        "rate was changed after Actor had been baked" in _text(layout)
        and ("operator", "ddfa.bake_again") in layout.record
    )


class _Context:
    """What a panel asks of Blender's context."""

    def __init__(self):
        self.scene = bpy.context.scene
        self.preferences = type("P", (), {"system": type("S", (), {"ui_scale": 1.0})})
        self.region = type("R", (), {"width": 4000})


def _text(layout):
    return " ".join(value for kind, value in layout.record if kind == "label")


def test_footage_chosen_after_the_head_was_deleted_is_one_sentence(captured):
    """While the file browser is open, the rest of Blender goes on."""
    operator = support.by_hand(support.module("operators.head").DDFA_OT_add_footage_camera, filepath="/clip.mp4")
    bpy.data.objects.remove(captured.armature)
    assert operator.execute(bpy.context) == {"CANCELLED"}
    assert [kinds for kinds, _ in operator.reports] == [{"ERROR"}]


# Which head is meant --------------------------------------------------------------------------------------------------


@pytest.fixture
def two(captured, model):
    """A second head, which is selected and not the current one."""
    made = support.module("scene.pipeline").apply_performance(
        bpy.context, model, support.performance(count=20), name="Other"
    )
    made.head.armature.ddfa.take = "made up"
    return captured, made.head


def chosen_reason():
    return support.module("operators.head").other_head_reason(bpy.context)


def make_active(obj):
    bpy.context.view_layer.objects.active = obj


@pytest.mark.parametrize("part", ["armature", "mesh"])
def test_the_head_that_was_clicked_becomes_the_current_one(two, part):
    _, other = two
    make_active(getattr(other, part))
    assert chosen_reason() is None
    assert bpy.ops.ddfa.use_active_head() == {"FINISHED"}
    assert bpy.context.scene.ddfa.head == other.armature
    assert chosen_reason() == "It is the current head already"


def test_what_is_no_captured_head_cannot_become_the_current_one(two):
    cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    bpy.context.scene.collection.objects.link(cube)
    for obj in (cube, None):
        make_active(obj)
        assert chosen_reason() == "Click a captured head in the viewport first"
    with pytest.raises(RuntimeError, match="Click a captured head"):
        bpy.ops.ddfa.use_active_head()
