# SPDX-License-Identifier: GPL-3.0-or-later
"""The built head against the morphable model's own numbers."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support


def to_blender(millimetres):
    """The documented mapping, written out once more: metres, (x, −z, y)."""
    m = np.asarray(millimetres, dtype=np.float64) / 1000.0
    return np.stack([m[..., 0], -m[..., 2], m[..., 1]], axis=-1)


def coordinates(points, count):
    values = np.empty(3 * count, dtype=np.float32)
    points.foreach_get("co", values)
    return values.reshape(count, 3)


def evaluated(obj):
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    return coordinates(mesh.vertices, len(mesh.vertices))


@pytest.fixture(params=["small", "bundled"])
def built(request, model):
    """(model, identity, head) for the small model and the bundled one."""
    morphable_model = support.module("ddfa_blender.morphable_model")
    m = model if request.param == "small" else morphable_model.MorphableModel.load()
    identity = np.random.default_rng(5).normal(size=40)
    return m, identity, support.module("scene.head").build(bpy.context, m, identity, "Actor")


def test_vertices_and_faces_are_the_models(built):
    model, identity, head = built
    mesh = head.mesh.data
    np.testing.assert_allclose(
        coordinates(mesh.vertices, len(mesh.vertices)), to_blender(model.vertices(identity)), atol=1e-6
    )
    assert [tuple(p.vertices) for p in mesh.polygons[:50]] == [tuple(q) for q in model.quads[:50]]
    assert len(mesh.polygons) == len(model.quads)
    assert all(p.use_smooth for p in mesh.polygons)


def test_every_shape_key_is_the_models_basis(built):
    model, identity, head = built
    names = support.module("ddfa_blender.names")
    blocks = head.mesh.data.shape_keys.key_blocks
    assert blocks.keys() == ["Basis", *names.EXPRESSION_NAMES, *names.ARKIT_NAMES]
    count = len(model.mean)
    neutral = model.vertices(identity)
    deltas = [*zip(names.EXPRESSION_NAMES, model.expression_basis, strict=True)]
    deltas += zip(names.ARKIT_NAMES, model.arkit_basis, strict=True)
    for name, delta in deltas:
        np.testing.assert_allclose(coordinates(blocks[name].data, count), to_blender(neutral + delta), atol=1e-6)


def test_mixed_sliders_give_the_models_face(built):
    """Expression and ARKit together, below zero and above one, as Blender evaluates them."""
    model, identity, head = built
    names = support.module("ddfa_blender.names")
    rng = np.random.default_rng(6)
    expression, arkit = rng.uniform(-5.0, 5.0, 10), rng.uniform(-0.5, 1.0, 52)
    blocks = head.mesh.data.shape_keys.key_blocks
    for name, value in zip((*names.EXPRESSION_NAMES, *names.ARKIT_NAMES), (*expression, *arkit), strict=True):
        blocks[name].value = value
    expected = to_blender(model.vertices(identity, expression, arkit))
    np.testing.assert_allclose(evaluated(head.mesh), expected, atol=5e-6)


def test_turning_the_head_bone_turns_what_hangs_on_it(built):
    """Vertices weighted to the head turn about the origin, those of the neck stay."""
    model, identity, head = built
    bone = head.armature.pose.bones["head"]
    bone.rotation_quaternion = (np.cos(0.3), 0.0, np.sin(0.3), 0.0)
    bpy.context.view_layer.update()
    turn = np.array((bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3())
    rest = to_blender(model.vertices(identity))
    moved = evaluated(head.mesh)
    on_head, on_neck = model.head_weight == 1.0, model.head_weight == 0.0
    assert on_head.any() and on_neck.any()
    np.testing.assert_allclose(moved[on_head], rest[on_head] @ turn.T, atol=2e-6)
    np.testing.assert_allclose(moved[on_neck], rest[on_neck], atol=2e-6)


def test_bones_stand_at_the_pivot_and_below(built):
    _, _, head = built
    bones = head.armature.data.bones
    assert bones.keys() == ["neck", "head"]
    assert bones["head"].parent == bones["neck"]
    np.testing.assert_allclose(bones["head"].head_local, (0.0, 0.0, 0.0), atol=1e-7)
    assert bones["neck"].head_local.z < 0.0 < bones["head"].tail_local.z
    assert head.mesh.parent == head.armature
    assert [m.object for m in head.mesh.modifiers] == [head.armature]


def test_each_region_has_its_material(built):
    model, _, head = built
    materials, names = support.module("scene.materials"), support.module("ddfa_blender.names")
    mesh = head.mesh.data
    for region, surface in materials.SURFACES.items():
        faces = np.flatnonzero(model.quad_regions == names.REGION_NAMES.index(region))
        assert len(faces)
        found = {mesh.materials[mesh.polygons[f].material_index].name for f in faces} - {"Actor Iris"}
        assert found <= {f"Actor {surface.name}"}, region


def test_the_bundled_heads_irises_are_dark_discs_in_the_middle_of_its_eyes():
    model = support.module("ddfa_blender.morphable_model").MorphableModel.load()
    head = support.module("scene.head").build(bpy.context, model, np.zeros(40), "Actor")
    mesh = head.mesh.data
    iris = mesh.materials["Actor Iris"]
    assert max(iris.diffuse_color[:3]) < 0.1 < min(mesh.materials["Actor Eye"].diffuse_color[:3])
    materials = support.module("scene.materials")
    assert materials.texture_of(iris) == materials.texture_of(mesh.materials["Actor Eye"])
    for side in (-1.0, 1.0):
        corners = {
            v
            for p in mesh.polygons
            if mesh.materials[p.material_index] == iris and side * p.center.x > 0
            for v in p.vertices
        }
        points = np.array([mesh.vertices[v].co for v in corners])
        assert len(corners) > 8 and 0.008 < np.ptp(points[:, 0]) < 0.016


def test_the_bundled_heads_skin_faces_outward_and_the_face_looks_along_minus_y():
    model = support.module("ddfa_blender.morphable_model").MorphableModel.load()
    head = support.module("scene.head").build(bpy.context, model, np.zeros(40), "Actor")
    mesh = head.mesh.data
    nose = to_blender(model.landmarks68(np.zeros(40), np.zeros(10))[30])
    assert nose[1] < -0.05 and abs(nose[0]) < 0.002
    skin = [p for p in mesh.polygons if mesh.materials[p.material_index].name.endswith("Skin")]
    nearest = min(skin, key=lambda p: np.linalg.norm(np.array(p.center) - nose))
    assert nearest.normal.y < -0.3
    eyes = [p for p in mesh.polygons if mesh.materials[p.material_index].name.endswith(("Eye", "Iris"))]
    front = min(eyes, key=lambda p: p.center.y)
    assert front.normal.y < -0.9


def test_a_head_is_found_again_by_its_armature(built):
    _, _, head = built
    module = support.module("scene.head")
    assert module.of_armature(head.armature) == head
    assert module.of_armature(head.mesh) is None
    assert module.of_armature(None) is None
    assert module.of_armature(bpy.data.objects.new("A", bpy.data.armatures.new("A"))) is None


def test_a_head_is_found_while_any_key_of_the_two_sets_is_there(model):
    """Unused keys may be deleted; but a character with keys of ARKit's names is no captured head."""
    module, names = support.module("scene.head"), support.module("ddfa_blender.names")
    head = module.build(bpy.context, model, np.zeros(40), "Actor")

    def delete(deleted):
        for name in deleted:
            head.mesh.shape_key_remove(head.mesh.data.shape_keys.key_blocks[name])

    delete([*names.EXPRESSION_NAMES[:-1], *names.ARKIT_NAMES[:-1]])
    assert module.of_armature(head.armature) == head and module.missing_reason(head.armature) is None
    delete(names.EXPRESSION_NAMES[-1:])
    assert module.of_armature(head.armature) is None
    head.armature.ddfa.take = "actor.npz"  # it was captured
    assert module.of_armature(head.armature) == head
    delete(names.ARKIT_NAMES[-1:])
    assert module.of_armature(head.armature) is None


def test_what_hangs_beside_the_head_is_not_taken_for_it(model):
    """A beard with keys of ARKit's names, which comes first."""
    module = support.module("scene.head")
    head = module.build(bpy.context, model, np.zeros(40), "Actor")
    beard = head.mesh.copy()
    beard.name, beard.data = "A Beard", head.mesh.data.copy()
    bpy.context.scene.collection.objects.link(beard)
    for name in support.module("ddfa_blender.names").EXPRESSION_NAMES:
        beard.shape_key_remove(beard.data.shape_keys.key_blocks[name])
    head.mesh.shape_key_remove(head.mesh.data.shape_keys.key_blocks["browDownLeft"])
    head.armature.ddfa.take = "actor.npz"
    assert module.of_armature(head.armature) == head


def test_a_head_without_one_of_its_bones_takes_no_other_shape(model):
    module, errors = support.module("scene.head"), support.module("ddfa_blender.errors")
    head = module.build(bpy.context, model, np.zeros(40), "Actor")
    head.armature.data.bones["neck"].name = "Hals"
    before = coordinates(head.mesh.data.vertices, len(model.mean))
    with pytest.raises(errors.CaptureError, match='"neck" was renamed or removed'):
        module.reshape(head, model, np.ones(40))
    np.testing.assert_array_equal(coordinates(head.mesh.data.vertices, len(model.mean)), before)


def test_the_textures_are_saved_with_the_file(built, tmp_path):
    assert built
    pixels = {image.name: np.array(image.pixels[:4000]) for image in bpy.data.images}
    assert set(pixels) == {"Actor Skin", "Actor Eye", "Actor Lashes"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["saved.blend"]
    for name, expected in pixels.items():
        image = bpy.data.images[name]
        assert image.packed_file is not None
        np.testing.assert_allclose(image.pixels[:4000], expected, atol=1 / 255)


def test_the_bundled_head_is_a_clean_mesh():
    """Quads alone, one border at the neck for the skin, no face twice or flipped, textures inside their square."""
    model = support.module("ddfa_blender.morphable_model").MorphableModel.load()
    mesh = support.module("scene.head").build(bpy.context, model, np.zeros(40), "Actor").mesh.data
    faces = np.array([tuple(polygon.vertices) for polygon in mesh.polygons])
    assert faces.shape == (len(model.quads), 4) and not mesh.validate()
    assert len(np.unique(np.sort(faces, axis=1), axis=0)) == len(faces)
    edges = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    # Neighbours run along a common edge in opposite directions, so no edge has the same direction twice.
    assert len(np.unique(edges, axis=0)) == len(edges)
    skin = np.array([polygon.material_index == 0 for polygon in mesh.polygons])
    edges = np.sort(np.stack([faces[skin], np.roll(faces[skin], -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    _, count = np.unique(edges, axis=0, return_counts=True)
    assert count.max() == 2 and (count == 1).sum() == 42
    uvs = np.array([tuple(corner.vector) for corner in mesh.uv_layers["UVMap"].uv])
    assert uvs.min() >= 0.0 and uvs.max() <= 1.0


@pytest.mark.parametrize("name", ["Interview_" * 12 + "graded_v23", "面" * 40, "x" * 60 + " closeup"])
def test_a_long_name_leaves_room_and_keeps_both_its_ends(model, name):
    """Blender cuts names at 63 bytes before 5.0, and would cut off what tells mesh, markers and actions apart."""
    pipeline = support.module("scene.pipeline")
    head = pipeline.apply_performance(bpy.context, model, support.performance(), name=name).head
    for block in (head.armature, head.mesh, head.mesh.data, head.mesh.data.shape_keys):
        assert block.name.startswith(name[:7]) and name[-5:] in block.name
        assert len(block.name.encode()) < 56
    assert head.mesh.name == f"{head.armature.name} Head"
    words = [marker.name for marker in bpy.context.scene.timeline_markers]
    assert words == [f"{head.armature.name}: face lost", f"{head.armature.name}: face back"]


def test_a_name_that_fits_stays(model):
    assert support.module("scene.head").short_name("talk 7, Größe 名") == "talk 7, Größe 名"
