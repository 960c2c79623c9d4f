# SPDX-License-Identifier: GPL-3.0-or-later
"""Another actor's shape on a head that is there."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def captured(model):
    return support.module("scene.pipeline").apply_performance(bpy.context, model, support.performance()).head


def points(data):
    co = np.empty(3 * len(data), dtype=np.float32)
    data.foreach_get("co", co)
    return co.reshape(-1, 3)


def reshape(*args):
    support.module("scene.head").reshape(*args)


def test_it_is_the_head_that_the_other_actor_would_have_got(model, captured):
    identity = np.random.default_rng(5).normal(0.0, 1.0, 40)
    other = support.module("scene.head").build(bpy.context, model, identity, "Other")
    reshape(captured, model, identity)
    np.testing.assert_allclose(points(captured.mesh.data.vertices), points(other.mesh.data.vertices), atol=1e-6)
    for key in other.mesh.data.shape_keys.key_blocks:
        moved = captured.mesh.data.shape_keys.key_blocks[key.name]
        np.testing.assert_allclose(points(moved.data), points(key.data), atol=1e-6)
    for bone in other.armature.data.bones:
        mine = captured.armature.data.bones[bone.name]
        np.testing.assert_allclose(mine.head_local, bone.head_local, atol=1e-6)
        np.testing.assert_allclose(mine.tail_local, bone.tail_local, atol=1e-6)


def test_the_users_own_shape_key_does_the_same_on_the_new_shape(model, captured):
    key = captured.mesh.shape_key_add(name="Dimple", from_mix=False)
    dent = np.random.default_rng(2).normal(0.0, 0.01, points(key.data).shape).astype(np.float32)
    key.data.foreach_set("co", (points(key.data) + dent).ravel())
    reshape(captured, model, np.full(40, 1.5))
    basis = captured.mesh.data.shape_keys.reference_key
    np.testing.assert_allclose(points(key.data) - points(basis.data), dent, atol=1e-6)


def test_materials_weights_and_animation_stay(model, captured):
    material = bpy.data.materials.new("Mine")
    captured.mesh.data.materials[0] = material
    action = captured.armature.animation_data.action
    before = support.data_names()
    reshape(captured, model, np.full(40, -1.0))
    assert support.data_names() == before
    assert captured.mesh.data.materials[0] == material and captured.armature.animation_data.action == action
    assert {group.name for group in captured.mesh.vertex_groups} == {"head", "neck"}


def test_active_object_and_mode_stay(model, captured):
    for selected in bpy.context.selected_objects:  # they would go into edit mode together
        selected.select_set(False)
    mine = bpy.data.objects.new("Mine", bpy.data.meshes.new("Mine"))
    bpy.context.scene.collection.objects.link(mine)
    bpy.context.view_layer.objects.active = mine
    bpy.ops.object.mode_set(mode="EDIT")
    captured.armature.hide_set(True)
    reshape(captured, model, np.zeros(40))
    assert bpy.context.view_layer.objects.active == mine and mine.mode == "EDIT"
    assert captured.armature.hide_get()


def test_an_edited_mesh_is_refused_and_left_alone(model, captured):
    errors = support.module("ddfa_blender.errors")
    captured.mesh.data.shape_keys.name = "Keys"
    before = points(captured.mesh.data.vertices)
    bigger = support.small_model()
    bigger = type(bigger)(**{**bigger.__dict__, "mean": np.concatenate([bigger.mean, bigger.mean])})
    with pytest.raises(errors.CaptureError, match="edited"):
        reshape(captured, bigger, np.zeros(40))
    bpy.context.view_layer.objects.active = captured.mesh
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(errors.CaptureError, match="edit mode"):
        reshape(captured, model, np.zeros(40))
    bpy.ops.object.mode_set(mode="OBJECT")
    np.testing.assert_array_equal(points(captured.mesh.data.vertices), before)


def test_the_bones_move_even_if_a_linked_object_has_the_same_name(model, tmp_path):
    namesake = bpy.data.objects.new("Actor", None)
    bpy.data.libraries.write(str(tmp_path / "actor.blend"), {namesake})
    bpy.data.objects.remove(namesake)
    with bpy.data.libraries.load(str(tmp_path / "actor.blend"), link=True) as (_, wanted):
        wanted.objects = ["Actor"]
    first = bpy.data.collections.new("First")  # so that it comes first when Blender looks for the name
    bpy.context.scene.collection.children.link(first)
    first.objects.link(wanted.objects[0])
    pipeline = support.module("scene.pipeline")
    own = pipeline.apply_performance(bpy.context, model, support.performance(), name="Actor").head
    assert own.armature.name == "Actor" and bpy.context.view_layer.objects["Actor"] != own.armature
    before = own.armature.data.bones["head"].tail_local.copy()
    reshape(own, model, np.full(40, 1.5))
    assert (own.armature.data.bones["head"].tail_local - before).length > 1e-4
