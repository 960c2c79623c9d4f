# SPDX-License-Identifier: GPL-3.0-or-later
"""All or nothing: what a failing block made is gone, and what was there is as it was."""

from __future__ import annotations

import bpy
import pytest
import support


@pytest.fixture
def failing():
    """Run something and fail in the end."""
    rollback = support.module("scene.rollback")

    def fail(work):
        with rollback.rollback_on_error():
            work()
            raise ZeroDivisionError

    def run(work):
        with pytest.raises(ZeroDivisionError):
            fail(work)

    return run


def add_armature(name):
    made = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(made)
    return made


def make_many():
    """Some data of every kind that a capture makes; the last thing is being edited."""
    mesh = bpy.data.objects.new("Mesh", bpy.data.meshes.new("Mesh"))
    bpy.context.scene.collection.objects.link(mesh)
    mesh.shape_key_add(name="Basis")
    mesh.data.materials.append(bpy.data.materials.new("Material"))
    bpy.data.images.new("Image", 4, 4)
    bpy.data.actions.new("Action")
    bpy.context.view_layer.objects.active = add_armature("Armature")
    bpy.ops.object.mode_set(mode="EDIT")


def test_nothing_of_a_failed_block_stays(failing):
    active = bpy.context.view_layer.objects.active
    before = support.data_names()
    failing(make_many)
    assert support.data_names() == before
    assert bpy.context.view_layer.objects.active == active


def test_everything_of_a_block_that_ends_well_stays():
    with support.module("scene.rollback").rollback_on_error():
        make_many()
    assert {"Mesh", "Armature"} <= set(bpy.data.objects.keys()) and "Action" in bpy.data.actions
    bpy.ops.object.mode_set(mode="OBJECT")


def test_the_mode_of_the_active_object_comes_back(failing):
    rig = add_armature("Rig")
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="POSE")

    def work():
        bpy.ops.object.mode_set(mode="OBJECT")
        make_many()

    failing(work)
    assert bpy.context.view_layer.objects.active == rig and rig.mode == "POSE"
    bpy.ops.object.mode_set(mode="OBJECT")


def test_without_an_active_object_there_is_none_afterwards(failing):
    bpy.context.view_layer.objects.active = None
    failing(make_many)
    assert bpy.context.view_layer.objects.active is None


def test_a_linked_object_of_the_same_name_does_not_become_the_active_one(failing, tmp_path):
    rig = add_armature("Rig")
    bpy.data.libraries.write(str(tmp_path / "rig.blend"), {rig})
    bpy.data.objects.remove(rig)
    with bpy.data.libraries.load(str(tmp_path / "rig.blend"), link=True) as (_, wanted):
        wanted.objects = ["Rig"]
    bpy.context.scene.collection.objects.link(wanted.objects[0])
    own = add_armature("Rig")
    bpy.context.view_layer.objects.active = own
    assert own.library is None and own.name == wanted.objects[0].name
    failing(make_many)
    assert bpy.context.view_layer.objects.active == own
