# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads as scenes have them, locked, not rendered, layered in the NLA: the whole head is exported, or one is told why
not."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support
from test_fbx import face_shapes, imported_frames

SUFFIX = {"FBX": ".fbx", "GLTF": ".glb", "USD": ".usdc"}
IMPORT = {
    "FBX": lambda path: bpy.ops.import_scene.fbx(filepath=path),
    "GLTF": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    "USD": lambda path: bpy.ops.wm.usd_import(filepath=path, set_frame_range=False),
}
pytestmark = [
    pytest.mark.parametrize("format_id", list(SUFFIX)),
    pytest.mark.parametrize("captured", [(24, 1.0)], indirect=True),
]


@pytest.fixture
def write(captured, format_id, tmp_path):
    """Writes the head; gives the path."""
    target = support.module("scene.exports").FORMATS[format_id]
    return lambda: target.write(bpy.context, captured.head, tmp_path / f"take{SUFFIX[format_id]}")


def _read(format_id, path):
    """The imported armature and the mesh with shape keys, by their type; glTF's importer adds a ball for bones."""
    before = set(bpy.data.objects)
    IMPORT[format_id](str(path))
    added = [obj for obj in bpy.data.objects if obj not in before]
    return {
        obj.type: obj
        for obj in added
        if obj.type == "ARMATURE" or (obj.type == "MESH" and obj.data.shape_keys is not None)
    }


def _in_file(format_id, frames):
    """Where the importer puts these frames of the head, which begin at the first."""
    if format_id == "FBX":
        return imported_frames(frames)
    return frames if format_id == "USD" else frames - frames[0]


def _shapes_in_file(format_id, path, frames):
    """World-space vertices of the read mesh at ``frames`` of the head; their order is the format's own."""
    mesh = _read(format_id, path)["MESH"]
    for key in mesh.data.shape_keys.key_blocks[1:]:
        key.slider_min, key.slider_max = -10.0, 10.0
    return face_shapes(mesh, _in_file(format_id, frames))


def _box(shapes):
    """Corners (K, 6) of each frame's bounding box, whatever the order and number of the vertices."""
    return np.concatenate([shapes.min(axis=1), shapes.max(axis=1)], axis=1)


@pytest.mark.parametrize("case", ["mesh", "both", "not rendered"])
def test_a_locked_head_is_exported_whole(captured, write, format_id, case):
    head = captured.head
    head.mesh.hide_select = case != "not rendered"
    head.armature.hide_select = case == "both"
    head.mesh.hide_render = case == "not rendered"
    before = [(obj.hide_select, obj.hide_render) for obj in (head.mesh, head.armature)]
    path = write()
    assert [(obj.hide_select, obj.hide_render) for obj in (head.mesh, head.armature)] == before
    read = _read(format_id, path)
    assert set(read) == {"MESH", "ARMATURE"}
    assert len(read["MESH"].data.shape_keys.key_blocks) == len(head.mesh.data.shape_keys.key_blocks)


def test_a_locked_collection_is_told_and_the_older_file_stays(captured, write, errors):
    path = write()
    before = path.read_bytes()
    collection = bpy.data.collections.new("Locked")
    bpy.context.scene.collection.children.link(collection)
    for obj in (captured.head.mesh, captured.head.armature):
        for present in obj.users_collection:
            present.objects.unlink(obj)
        collection.objects.link(obj)
    collection.hide_select = True
    captured.head.mesh.hide_select = True
    with pytest.raises(errors.CaptureError, match="unlock it in the Outliner"):
        write()
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == [path.name]
    assert captured.head.mesh.hide_select and not captured.head.armature.hide_select


def test_what_begins_too_early_is_refused_and_not_cut(captured, write, errors):
    scene = bpy.context.scene
    before = scene.frame_start, scene.frame_end
    for curve in support.module("scene.actions").curves(captured.head.mesh.data.shape_keys):
        for key in curve.keyframe_points:
            key.co.x -= 35.0
    with pytest.raises(errors.CaptureError, match=r"begins at frame -15.*Start Frame"):
        write()
    assert (scene.frame_start, scene.frame_end) == before


@pytest.mark.parametrize("corrected", [False, True])
def test_what_lies_in_the_nla_is_exported_from_its_first_to_its_last_frame(captured, write, format_id, corrected):
    head, nla = captured.head, support.module("scene.nla")
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 5
    frames = np.arange(np.floor(captured.frame_start), np.ceil(captured.frame_end) + 1)
    for block in (head.armature, head.mesh.data.shape_keys):
        nla.push_down(block)
    if corrected:  # an action of a few frames over it
        bone = head.armature.pose.bones["head"]
        head.armature.animation_data.action = bpy.data.actions.new("Correction")
        nla.blend(head.armature, "COMBINE", 1.0)
        for frame in (30, 35):
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    played = _box(face_shapes(head.mesh, frames))
    assert np.ptp(played, axis=0).max() > 0.05
    np.testing.assert_allclose(_box(_shapes_in_file(format_id, write(), frames)), played, atol=1e-3)
