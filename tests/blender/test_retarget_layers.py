# SPDX-License-Identifier: GPL-3.0-or-later
"""Several takes on one character, and characters whose parts are called something else by now."""

from __future__ import annotations

import bpy
import characters
import numpy as np
import pytest
import support

JAW = 'key_blocks["jawOpen"].value'


@pytest.fixture
def actions():
    return support.module("scene.actions")


@pytest.fixture
def new_head(tmp_path):
    """Makes a captured head of a new take that begins at a frame; takes may have the same title."""
    library, heads = support.module("ddfa_blender.take_library"), support.module("scene.take_heads")

    def make(title, start=1, seed=0):
        folder = tmp_path / f"{title} {start} {seed}"
        file = library.save_new(support.take(seed=seed), folder, title)
        armature = heads.new_head(bpy.context, file).head.armature
        armature.ddfa.settings.timing.frame_start = start
        return armature

    return make


@pytest.fixture
def hero():
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = characters.mesh("Face", ["jawOpen", "eyeBlinkLeft"], rig)
    bpy.context.scene.ddfa.retarget.character = rig
    return rig, face


def retarget(head):
    bpy.context.scene.ddfa.head = head
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}


def jaws(face, frames):
    return np.array([characters.values(face, frame)[0] for frame in frames])


def strips(block):
    return [strip.action.name for track in block.animation_data.nla_tracks for strip in track.strips]


@pytest.mark.parametrize("titles", [("one", "two"), ("clip", "clip")])
@pytest.mark.parametrize("later_first", [False, True])
def test_two_takes_play_each_in_its_own_frames(hero, new_head, titles, later_first):
    _, face = hero
    early, late = range(1, 24, 3), range(200, 223, 3)
    takes = [(new_head(titles[0], 1, seed=1), early), (new_head(titles[1], 200, seed=2), late)]
    alone = {}
    for head, frames in takes:
        retarget(head)
        alone[frames] = jaws(face, frames)
        for block in hero[0], face.data.shape_keys:
            block.animation_data_clear()
    for head, _ in reversed(takes) if later_first else takes:
        retarget(head)
    for _, frames in takes:
        assert np.ptp(alone[frames]) > 0.05
        np.testing.assert_allclose(jaws(face, frames), alone[frames], atol=1e-5)
    assert np.ptp(jaws(face, [60, 120])) < 1e-6  # between them the face waits


@pytest.mark.parametrize("blend", ["REPLACE", "ADD"])
def test_a_take_that_lies_below_comes_up_again_and_is_there_once(hero, new_head, blend):
    rig, face = hero
    bpy.context.scene.ddfa.retarget.blend_mode = blend
    one, two = new_head("one", seed=1), new_head("two", seed=2)
    frames = range(1, 24, 3)
    retarget(one)
    first = jaws(face, frames)
    retarget(two)
    both = jaws(face, frames)
    before = support.data_names()
    retarget(one)
    assert support.data_names() == before
    assert rig.animation_data.action.name == "one · Hero" and len(strips(rig)) == len(strips(face.data.shape_keys)) == 1
    np.testing.assert_allclose(jaws(face, frames), first if blend == "REPLACE" else both, atol=1e-5)
    retarget(two)
    assert support.data_names() == before and rig.animation_data.action.name == "two · Hero"
    np.testing.assert_allclose(jaws(face, frames), both, atol=1e-5)


def test_a_strip_that_the_user_moved_stays(hero, new_head):
    rig, face = hero
    one, two = new_head("one", seed=1), new_head("two", seed=2)
    retarget(one)
    retarget(two)
    for block in (rig, face.data.shape_keys):
        strip = block.animation_data.nla_tracks[-1].strips[0]
        strip.frame_start_ui = 300.0
    retarget(one)
    assert len(strips(rig)) == len(strips(face.data.shape_keys)) == 2
    assert rig.animation_data.nla_tracks[0].strips[0].frame_start == 300.0


def test_an_action_alone_holds_before_and_after(hero, new_head):
    rig, face = hero
    retarget(new_head("one", 20))
    assert {block.animation_data.action_extrapolation for block in (rig, face.data.shape_keys)} == {"HOLD"}


@pytest.fixture
def followed(hero, new_head):
    head = new_head("clip")
    retarget(head)
    return head, *hero


def change(head, value=0.4):
    """As a slider of the panel Clean-Up does."""
    head.ddfa.settings.cleanup.smooth_mouth = value


def renamed(what, head, rig, face):
    if what == "mesh":
        face.name = "Face_GEO"
    elif what == "rig":
        rig.name = "HERO_rig"
    elif what == "shape keys":
        face.data.shape_keys.name = "Other"
    else:
        support.module("ddfa_blender.take_library").rename(head.ddfa.take, "Final")
        support.module("scene.take_list").refresh()


@pytest.mark.parametrize("blend", ["REPLACE", "ADD"])
@pytest.mark.parametrize("again", ["follows", "button"])
@pytest.mark.parametrize("what", ["mesh", "rig", "shape keys", "take"])
def test_names_are_not_what_a_character_is_known_by(followed, actions, what, again, blend):
    head, rig, face = followed
    bpy.context.scene.ddfa.retarget.blend_mode = blend
    retarget(head)
    keys, before = face.data.shape_keys, jaws(face, range(1, 24))
    action, blocks = rig.animation_data.action, len(bpy.data.actions)
    renamed(what, head, rig, face)
    if again == "follows":
        change(head)
    else:
        head.ddfa.settings.cleanup.gain_mouth = 0.5
        retarget(head)
    after = jaws(face, range(1, 24))
    assert not np.allclose(after, before) and after.max() <= before.max() and after.max() > 0.0
    assert rig.animation_data.action == action and len(bpy.data.actions) == blocks
    assert not strips(rig) and not strips(keys)
    assert rig.ddfa.retargeted.problem == ""
    assert actions.find_curve(keys, 'key_blocks["eyeBlinkLeft"].value') is not None


def test_a_copy_of_the_character_follows_too(followed):
    head, rig, face = followed
    face.parent = rig
    for obj in bpy.context.view_layer.objects:
        obj.select_set(obj in (rig, face))
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.duplicate()
    copies = bpy.data.objects["Hero.001"], bpy.data.objects["Face.001"]
    before = jaws(face, range(1, 24))
    change(head)
    after = jaws(face, range(1, 24))
    assert not np.allclose(after, before)
    np.testing.assert_allclose(jaws(copies[1], range(1, 24)), after, atol=1e-6)
    assert [obj.ddfa.retargeted.problem for obj in (rig, copies[0])] == ["", ""]
    assert not strips(copies[0]) and not strips(copies[1].data.shape_keys)


def test_a_target_that_is_gone_is_told_when_the_rest_follows(followed):
    head, rig, face = followed
    face.shape_key_remove(face.data.shape_keys.key_blocks["eyeBlinkLeft"])
    before = jaws(face, range(1, 24))
    change(head)
    assert not np.allclose(jaws(face, range(1, 24)), before)
    assert "eyeBlinkLeft" in rig.ddfa.retargeted.problem and "Hero" in rig.ddfa.retargeted.problem


def test_an_action_that_is_marked_by_its_name_is_known(followed):
    head, rig, face = followed
    for action in {rig.animation_data.action, face.data.shape_keys.animation_data.action}:
        action["ddfa_face_capture"] = "clip · Hero"  # as releases before takes had marks of their own wrote it
    rig.ddfa.retargeted.source = None
    retarget(head)
    assert not strips(rig) and not strips(face.data.shape_keys)


def test_a_retake_of_the_head_replaces_the_character_in_place(followed, tmp_path):
    head, rig, face = followed
    library = support.module("ddfa_blender.take_library")
    head.ddfa.take = str(library.save_new(support.take(seed=9), tmp_path / "retake", "clip 2"))
    head.ddfa.take_uid = ""
    before = jaws(face, range(1, 24))
    retarget(head)
    assert not np.allclose(jaws(face, range(1, 24)), before)
    assert not strips(rig) and not strips(face.data.shape_keys)
