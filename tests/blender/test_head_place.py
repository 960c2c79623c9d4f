# SPDX-License-Identifier: GPL-3.0-or-later
"""New heads stand beside those that are there, which stay where they are."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support
from mathutils import Euler, Matrix


@pytest.fixture
def new_head(model):
    """Makes a head of the same actor."""
    performance = support.performance()

    def make(name="Actor"):
        return support.module("scene.pipeline").apply_performance(bpy.context, model, performance, name=name).head

    return make


def place(made):
    bpy.context.view_layer.update()
    return tuple(made.armature.matrix_world.translation)


def extent(made):
    """Lowest and highest corner (2, 3) of the neutral face in the world, in the scene's units."""
    bpy.context.view_layer.update()
    world = np.array(made.mesh.matrix_world)
    points = np.array([key.co for key in made.mesh.data.shape_keys.reference_key.data])
    points = points @ world[:3, :3].T + world[:3, 3]
    return np.stack([points.min(axis=0), points.max(axis=0)])


def test_heads_stand_in_a_row_a_width_and_a_half_apart(new_head):
    heads = [new_head(f"Actor {i}") for i in range(4)]
    width = float(np.ptp(extent(heads[0])[:, 0]))
    assert width > 0.1
    for i, made in enumerate(heads):
        assert place(made) == pytest.approx((1.5 * width * i, 0.0, 0.0), abs=1e-5)
        assert np.ptp(extent(made)[:, 0]) == pytest.approx(width, rel=1e-5)


def test_the_first_free_place_is_taken(new_head):
    first, second, _third = (new_head() for _ in range(3))
    step = place(second)[0]
    bpy.data.objects.remove(second.mesh)
    bpy.data.objects.remove(second.armature)
    assert place(new_head())[0] == pytest.approx(step, abs=1e-6)
    first.armature.location = (0.0, 5.0, 0.0)
    assert place(new_head())[0] == 0.0
    assert place(first) == pytest.approx((0.0, 5.0, 0.0))


@pytest.mark.parametrize(
    "world",
    [
        Matrix.Translation((0.05, 0.02, 0.1)),
        Matrix.Diagonal((4.0, 4.0, 4.0, 1.0)),
        Matrix.Translation((0.1, 0.0, 0.0)) @ Euler((0.0, 1.5, 0.7)).to_matrix().to_4x4(),
        Matrix.Diagonal((-1.0, 1.0, 1.0, 1.0)),
    ],
    ids=["moved", "scaled", "turned", "mirrored"],
)
def test_a_head_that_was_moved_is_not_touched(new_head, world):
    first = new_head()
    first.armature.matrix_world = world
    before = extent(first)
    second = extent(new_head())
    np.testing.assert_allclose(extent(first), before, atol=1e-6)
    room = 0.2 * np.ptp(second[:, 0])
    assert (second[0] > before[1] + room).any() or (second[1] < before[0] - room).any()


def test_a_parent_and_a_hidden_collection_count(new_head):
    first = new_head()
    holder = bpy.data.objects.new("Holder", None)
    bpy.context.scene.collection.objects.link(holder)
    holder.location.x = 3.0
    first.armature.parent = holder
    second = new_head()
    assert place(second)[0] == 0.0
    second.armature.hide_set(True)
    second.mesh.hide_set(True)
    assert place(new_head())[0] > 0.1
    assert place(first)[0] == pytest.approx(3.0)


def test_what_is_no_captured_head_and_other_scenes_do_not_count(new_head):
    bpy.ops.mesh.primitive_monkey_add(size=1.0)
    elsewhere = bpy.data.scenes.new("Elsewhere")
    made = new_head()
    assert place(made)[0] == 0.0
    for obj in (made.armature, made.mesh):
        elsewhere.collection.objects.link(obj)
        for collection in obj.users_collection:
            if collection != elsewhere.collection:
                collection.objects.unlink(obj)
    assert place(new_head())[0] == 0.0


def test_the_unit_of_the_scene_counts(new_head):
    bpy.context.scene.unit_settings.scale_length = 0.01
    first, second = new_head(), new_head()
    width = np.ptp(extent(first)[:, 0])
    assert width > 10.0 and place(second)[0] == pytest.approx(1.5 * width, rel=1e-5)


def test_nobody_stands_still_for_a_head_without_an_end(new_head):
    first = new_head()
    first.armature.location.x = float("inf")
    assert place(new_head())[0] == 0.0
