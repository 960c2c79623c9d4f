# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose frame range the scene has: that of its heads, or one that somebody set by hand."""

from __future__ import annotations

import bpy
import pytest
import support

_FPS = 24.0


@pytest.fixture
def capture(model):
    """Make a head with so many frames of animation."""
    bpy.context.scene.render.fps = int(_FPS)
    pipeline = support.module("scene.pipeline")

    def make(frames, **settings):
        baking = support.module("scene.settings").BakeSettings(**settings)
        performance = support.performance(count=frames, fps=_FPS)
        return pipeline.apply_performance(bpy.context, model, performance, baking, name="Actor").head

    return make


def of_scene():
    scene = bpy.context.scene
    return scene.frame_start, scene.frame_end


def test_a_new_files_range_becomes_that_of_the_animation(capture):
    capture(60)
    assert of_scene() == (1, 60) and bpy.context.scene.frame_current == 1


def test_a_range_set_by_hand_stays_and_so_does_the_current_frame(capture):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 101, 480
    scene.frame_set(150)
    head = capture(60)
    assert of_scene() == (101, 480) and scene.frame_current == 150
    assert not support.module("scene.frame_range").holds(scene, head.armature)


def test_a_second_shorter_head_does_not_cut_the_first(capture):
    capture(60)
    capture(30)
    assert of_scene() == (1, 60)
    capture(30, frame_start=100)
    assert of_scene() == (1, 129)


def test_after_a_head_is_deleted_the_range_is_nobodys(capture):
    head = capture(60)
    bpy.data.objects.remove(head.mesh)
    bpy.data.objects.remove(head.armature)
    capture(30)
    assert of_scene() == (1, 30)


def test_switched_on_by_hand_it_acts_at_once(capture):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 101, 480
    timing = capture(60).armature.ddfa.settings.timing
    timing.set_scene_range = False
    assert of_scene() == (101, 480)
    timing.set_scene_range = True
    assert of_scene() == (1, 60)
    assert not support.module("scene.frame_range").is_set_by_hand(scene)


def test_a_head_that_does_not_want_it_does_not_count(capture):
    first = capture(60)
    first.armature.ddfa.settings.timing.set_scene_range = False
    capture(30)
    assert of_scene() == (1, 30)


def test_a_range_of_an_earlier_release_is_known_by_its_heads(capture):
    capture(60)
    bpy.context.scene.ddfa.fitted_range = (0, 0)
    assert not support.module("scene.frame_range").is_set_by_hand(bpy.context.scene)


def test_frames_below_0_are_no_reason_to_think_that_it_was_set_by_hand(capture):
    scene, frame_range = bpy.context.scene, support.module("scene.frame_range")
    head = capture(60, frame_start=-20)
    assert of_scene() == (0, 39) and not frame_range.is_set_by_hand(scene)
    assert frame_range.holds(scene, head.armature)


def test_the_panel_and_the_capture_tell_of_it(capture):
    scene, timing = bpy.context.scene, support.module("operators.timing")
    assert timing.range_note(scene) == ""
    scene.frame_start, scene.frame_end = 101, 480
    assert timing.range_note(scene) == "The scene's range was set by hand and stays"
    scene.ddfa.head = capture(60).armature
    assert timing.range_note(scene).endswith("switch it off and on to get 1 to 60")
    scene.ddfa.head.ddfa.settings.timing.set_scene_range = False
    assert timing.range_note(scene) == ""
