# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers where the face was lost: a head owns its own, the user's stay."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


def tracked(*gaps, count=240):
    """Flags with gaps of (first, last) lost frame."""
    flags = np.ones(count, dtype=bool)
    for first, last in gaps:
        flags[first : last + 1] = False
    return flags


@pytest.fixture
def bake(model):
    """Make a head, or bake one again, of a performance with these flags; gives the head."""
    bpy.context.scene.render.fps = 24
    pipeline, settings = support.module("scene.pipeline"), support.module("scene.settings")

    def run(flags, head=None, scene=None, **values):
        performance = support.performance(count=len(flags), tracked=flags)
        chosen = settings.BakeSettings(**values)
        if head is None:
            return pipeline.apply_performance(bpy.context, model, performance, chosen, "Actor").head
        pipeline.bake_again(scene or bpy.context.scene, head, model, performance, chosen)
        return head

    return run


def found(scene=None):
    return [(m.name, m.frame) for m in sorted((scene or bpy.context.scene).timeline_markers, key=lambda m: m.frame)]


def test_each_gap_has_its_beginning_and_its_end(bake):
    bake(tracked((48, 71), (120, 143)))
    assert found() == [
        ("Actor: face lost", 49), ("Actor: face back", 73), ("Actor: face lost 2", 121), ("Actor: face back 2", 145),
    ]  # fmt: skip


def test_a_face_that_never_comes_back_has_no_second_marker(bake):
    bake(tracked((0, 9), (200, 239)))
    assert found() == [("Actor: face lost", 1), ("Actor: face back", 11), ("Actor: face lost 2", 201)]


def test_gaps_with_a_glimpse_between_them_are_one(bake):
    """A flickering face would cover the timeline with markers."""
    bake(tracked((48, 50), (53, 60), (62, 71)))
    assert found() == [("Actor: face lost", 49), ("Actor: face back", 73)]


def test_baking_again_moves_them_and_leaves_the_users_alone(bake):
    scene = bpy.context.scene
    head = bake(tracked((48, 71)))
    scene.timeline_markers.new("My beat", frame=50)
    bake(tracked((48, 71)), head, frame_start=101)
    assert found() == [("My beat", 50), ("Actor: face lost", 149), ("Actor: face back", 173)]
    bake(tracked((48, 71)), head, mark_gaps=False)
    assert found() == [("My beat", 50)]


def test_a_renamed_head_still_knows_its_markers(bake):
    head = bake(tracked((48, 71)))
    head.armature.name = "Somebody"
    bake(tracked(), head)
    assert found() == []


def test_a_renamed_head_still_knows_its_markers_when_another_gets_its_name(bake):
    """The same clip is captured once more."""
    head = bake(tracked((48, 71)))
    head.armature.name = "Somebody"
    other = bake(tracked((100, 110)))
    assert other.armature.name == "Actor"
    bake(tracked((48, 71)), head, frame_start=11)
    assert [frame for _, frame in found()] == [59, 83, 101, 112]
    bake(tracked(), other)
    assert [frame for _, frame in found()] == [59, 83]


def test_two_heads_keep_theirs_apart(bake):
    first, _ = bake(tracked((48, 71))), bake(tracked((100, 110)))
    assert len(found()) == 4 and len({name for name, _ in found()}) == 4
    bake(tracked(), first)
    assert [frame for _, frame in found()] == [101, 112]


def test_a_duplicate_does_not_take_the_originals_away(bake):
    head = bake(tracked((48, 71)))
    copy = head.armature.copy()
    bpy.context.scene.collection.objects.link(copy)
    support.module("scene.markers").remove(copy)
    assert len(found()) == 2
    support.module("scene.markers").remove(head.armature)
    assert found() == []


def test_they_go_into_the_scene_that_the_head_is_in(bake):
    head = bake(tracked((48, 71)))
    other = bpy.data.scenes.new("Other")
    other.render.fps = 48
    bake(tracked((48, 71)), head, scene=other)
    assert found(other) == [] and [frame for _, frame in found()] == [49, 73]
