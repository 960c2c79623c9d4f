# SPDX-License-Identifier: GPL-3.0-or-later
"""FBX out and in again, against the baked curves."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def fbx():
    return support.module("scene.fbx")


def shape_curves(keys):
    actions = support.module("scene.actions")
    return {c.data_path.split('"')[1]: actions.keys(c) for c in actions.curves(keys)}


def head_turns(armature, frames):
    """The head bone against its rest, in armature space, as Blender plays it (K, 3, 3)."""
    result = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1.0)
        bone = armature.pose.bones["head"]
        result.append(np.array((bone.matrix @ bone.bone.matrix_local.inverted()).to_3x3().normalized()))
    return np.array(result)


def face_shapes(mesh_object, frames):
    """World-space vertices as Blender plays them (K, V, 3)."""
    result = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame), subframe=frame % 1.0)
        evaluated = mesh_object.evaluated_get(bpy.context.evaluated_depsgraph_get())
        points = np.empty(3 * len(evaluated.data.vertices), dtype=np.float32)
        evaluated.data.vertices.foreach_get("co", points)
        world = np.array(evaluated.matrix_world)
        result.append(points.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])
    return np.array(result)


def imported_frames(frames):
    """Where the frames of the file lie after Blender's own import.

    It puts every key one frame later, and at fractional rates it takes 29.97 for 30, so that its frames drift from
    the seconds of the file, which are right.
    """
    scene = bpy.context.scene
    return frames * scene.render.fps_base + 1.0


def import_fbx(path):
    """The objects that an import adds."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.fbx(filepath=str(path))
    added = [o for o in bpy.data.objects if o not in before]
    return {o.type: o for o in added}, added


def test_the_curves_come_back_frame_for_frame(captured, fbx, tmp_path):
    head = captured.head
    keys = head.mesh.data.shape_keys
    baked = shape_curves(keys)
    frames = np.arange(captured.frame_start, captured.frame_end + 1)
    turns, shapes = head_turns(head.armature, frames), face_shapes(head.mesh, frames)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 5
    path = fbx.export(bpy.context, head, tmp_path / "take.fbx")
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (1, 5)

    objects, added = import_fbx(path)
    assert sorted(o.type for o in added) == ["ARMATURE", "MESH"]
    read = shape_curves(objects["MESH"].data.shape_keys)
    moving = {name for name, curve in baked.items() if np.ptp(curve[:, 1]) > 1e-6}
    assert moving <= set(read)
    for name in moving:
        np.testing.assert_allclose(read[name][:, 0], imported_frames(baked[name][:, 0]), atol=1e-3)
        np.testing.assert_allclose(read[name][:, 1], baked[name][:, 1], atol=1e-3)
    np.testing.assert_allclose(head_turns(objects["ARMATURE"], imported_frames(frames)), turns, atol=1e-3)
    # What counts in the end: the same faces at the same places in the world, sliders unclipped.
    np.testing.assert_allclose(face_shapes(objects["MESH"], imported_frames(frames)), shapes, atol=1e-4)


def test_the_file_holds_the_head_alone_and_the_scene_stays_as_it_was(captured, fbx, tmp_path):
    scene = bpy.context.scene
    other = bpy.data.objects.new("Other", bpy.data.meshes.new("Other"))
    scene.collection.objects.link(other)
    other.select_set(True)
    bpy.context.view_layer.objects.active = other
    scene.frame_set(33)
    before = support.data_names()
    path = fbx.export(bpy.context, captured.head, tmp_path / "take")
    assert path == tmp_path / "take.fbx"
    assert [file.name for file in tmp_path.iterdir()] == ["take.fbx"]
    assert support.data_names() == before
    assert other.select_get() and bpy.context.view_layer.objects.active == other
    assert scene.frame_current == 33
    _, added = import_fbx(path)
    assert not any(o.name.startswith("Other") for o in added)


def test_the_take_has_the_heads_name_and_the_file_tells_its_axes_and_unit(captured, fbx, tmp_path):
    scene = bpy.context.scene
    captured.head.armature.name, before = "Anna, take 2", scene.name
    path = fbx.export(bpy.context, captured.head, tmp_path / "take.fbx")
    assert scene.name == before
    from io_scene_fbx import parse_fbx  # Blender's importer, which shares nothing with its exporter

    root, _ = parse_fbx.parse(str(path))
    parts = {element.id: element for element in root.elems}
    takes = [item.props[1] for item in parts[b"Objects"].elems if item.id == b"AnimationStack"]
    assert takes == [b"Anna, take 2\x00\x01AnimStack"]
    (table,) = (item for item in parts[b"GlobalSettings"].elems if item.id == b"Properties70")
    told = {item.props[0]: item.props[-1] for item in table.elems}
    # y up, the face along z, centimetres: docs/formats.md says so.
    assert (told[b"UpAxis"], told[b"UpAxisSign"], told[b"FrontAxis"], told[b"FrontAxisSign"]) == (1, 1, 2, 1)
    assert told[b"UnitScaleFactor"] == 1.0
    scales = [
        item.props[-3:]
        for model in parts[b"Objects"].elems if model.id == b"Model" and model.props[2] in (b"Null", b"Mesh")
        for held in model.elems if held.id == b"Properties70"
        for item in held.elems if item.props[0] == b"Lcl Scaling"
    ]  # fmt: skip
    assert len(scales) == 2
    np.testing.assert_allclose(np.array(scales, dtype=float), 100.0, rtol=1e-5)


def test_a_head_beside_another_is_exported_as_it_would_be_alone(captured, fbx, model, tmp_path):
    settings = support.module("scene.settings").BakeSettings(frame_start=20)
    performance = support.performance(count=40, fps=25.0)
    apply, frames = support.module("scene.pipeline").apply_performance, np.arange(20.0, 50.0, 7.0)
    heads = [apply(bpy.context, model, performance, settings, f"Actor {i}").head for i in (1, 2)]
    apart = (heads[1].armature.location - heads[0].armature.location)[:]
    assert min(heads[0].armature.location.x, apart[0]) > 0.1 and apart[1:] == (0.0, 0.0)
    files = [fbx.export(bpy.context, made, tmp_path / f"{i}.fbx") for i, made in enumerate(heads)]
    first, second = (import_fbx(file)[0] for file in files)
    for kind in ("ARMATURE", "MESH"):
        at = [np.array(objects[kind].matrix_world) for objects in (first, second)]
        np.testing.assert_allclose(at[1][:3, 3] - at[0][:3, 3], apart, atol=1e-5)
        np.testing.assert_allclose(at[1][:3, :3], at[0][:3, :3], atol=1e-6)
    bones = [np.array([bone.matrix_local for bone in objects["ARMATURE"].data.bones]) for objects in (first, second)]
    np.testing.assert_allclose(bones[1], bones[0], atol=1e-5)
    curves = [shape_curves(objects["MESH"].data.shape_keys) for objects in (first, second)]
    assert list(curves[0]) == list(curves[1])
    for name, curve in curves[0].items():
        np.testing.assert_allclose(curves[1][name], curve, atol=1e-5)
    shapes = [face_shapes(objects["MESH"], imported_frames(frames)) for objects in (first, second)]
    np.testing.assert_allclose(shapes[1] - apart, shapes[0], atol=1e-4)


def test_it_comes_in_at_its_size_and_with_its_bones_and_materials(captured, fbx, tmp_path):
    path = fbx.export(bpy.context, captured.head, tmp_path / "take.fbx")
    rate = bpy.context.scene.render.fps / bpy.context.scene.render.fps_base
    materials = {m.name for m in captured.head.mesh.data.materials}
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    objects, _ = import_fbx(path)
    bones = objects["ARMATURE"].data.bones
    assert bones.keys() == ["neck", "head"] and bones["head"].parent.name == "neck"
    assert {m.name for m in objects["MESH"].data.materials} == materials
    # The textures of skin, eyes and lashes travel inside the file.
    sizes = {}
    for material in objects["MESH"].data.materials:
        for node in material.node_tree.nodes:
            if node.type == "TEX_IMAGE":
                sizes.setdefault(material.name, set()).add(tuple(node.image.size))
    expected = {"Skin": (1024, 1024), "Eye": (512, 512), "Iris": (512, 512), "Lashes": (1024, 128)}
    assert sizes == {f"Großer Auftritt {name}": {size} for name, size in expected.items()}
    assert {g.name for g in objects["MESH"].vertex_groups} == {"head", "neck"}
    assert bpy.context.scene.render.fps / bpy.context.scene.render.fps_base == pytest.approx(rate, rel=1e-5)


def test_a_hidden_head_is_refused_in_one_sentence(captured, fbx, errors, tmp_path):
    captured.head.mesh.hide_set(True)
    with pytest.raises(errors.CaptureError, match="hidden"):
        fbx.export(bpy.context, captured.head, tmp_path / "take.fbx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/take.fbx", "folder.fbx", "file/take.fbx"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(captured, fbx, errors, tmp_path, place):
    (tmp_path / "folder.fbx").mkdir()
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(errors.CaptureError):
        fbx.export(bpy.context, captured.head, tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def read_only_folder(tmp_path):
    """A folder in which nothing can be made; root needs one that the system itself protects."""
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        folder = tmp_path / "read only"
        folder.mkdir(mode=0o500)
        return folder
    return Path("/proc") if Path("/proc/self").exists() else None


def test_a_read_only_folder_is_refused_in_one_sentence(captured, fbx, errors, tmp_path):
    folder = read_only_folder(tmp_path)
    if folder is None:
        pytest.skip("no folder here is read-only for this user")
    with pytest.raises(errors.CaptureError, match="choose another place"):
        fbx.export(bpy.context, captured.head, folder / "take.fbx")


def test_a_failing_exporter_keeps_the_older_file(captured, fbx, errors, tmp_path, monkeypatch):
    """Blender's exporter breaks in the middle: its half file goes, the older one stays."""
    from io_scene_fbx import export_fbx_bin

    def break_after_opening(operator, context, filepath="", **_):
        Path(filepath).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(export_fbx_bin, "save", break_after_opening)
    (tmp_path / "take.fbx").write_bytes(b"older")
    with pytest.raises(errors.CaptureError, match="No space left"):
        fbx.export(bpy.context, captured.head, tmp_path / "take.fbx")
    assert [file.name for file in tmp_path.iterdir()] == ["take.fbx"]
    assert (tmp_path / "take.fbx").read_bytes() == b"older"
