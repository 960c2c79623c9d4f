# SPDX-License-Identifier: GPL-3.0-or-later
"""Every format but FBX (test_fbx.py) written and read back by an independent reader, against the baked curves."""

from __future__ import annotations

import csv
import json
import math
import types
import zipfile
from pathlib import Path

import bpy
import numpy as np
import pytest
import support
from gltf_file import Gltf
from test_fbx import face_shapes, head_turns, shape_curves
from usda_file import Usda

#: Blender's world to glTF's and USD-as-Y-up's: x, z, −y.
_TO_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@pytest.fixture
def exports():
    return support.module("scene.exports")


@pytest.fixture
def taken(model, monkeypatch, tmp_path):
    """A head of a take, whose tracks can be exported; it moves and its neck takes part."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    folder = tmp_path / "takes"
    file = support.module("ddfa_blender.take_library").save_new(support.take(count=45), folder, "clip")
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    settings = scene.ddfa.settings
    settings.timing.frame_start, settings.head.use_translation = 11, True
    settings.head.driving, settings.timing.key_placement = "ARKIT", "SUBFRAME"
    return support.module("scene.take_heads").new_head(bpy.context, file)


def whole_frames(captured):
    return np.arange(math.floor(captured.frame_start), math.ceil(captured.frame_end) + 1)


def weights_at(keys, name, frames):
    """A baked curve's values at frames: linear between its keys."""
    curve = shape_curves(keys)[name]
    return np.interp(frames, curve[:, 0], curve[:, 1])


def quaternion_matrices(q):
    """Rotations (K, 3, 3) of quaternions (K, 4) x y z w."""
    x, y, z, w = np.moveaxis(np.asarray(q, dtype=np.float64), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def rate():
    return bpy.context.scene.render.fps / bpy.context.scene.render.fps_base


def test_gltf_has_one_animation_of_morph_targets_and_bones(captured, exports, tmp_path):
    head = captured.head
    frames = whole_frames(captured)
    turns = head_turns(head.armature, frames)
    path = exports.FORMATS["GLTF"].write(bpy.context, head, tmp_path / "take.glb")
    file = Gltf.read(path)
    assert len(file.json["animations"]) == 1
    assert len(file.json["meshes"]) == 1 and len(file.json["skins"]) == 1
    channels = file.channels()
    mesh_name = head.mesh.name
    times, values = channels[mesh_name, "weights"]
    names = file.json["meshes"][0]["extras"]["targetNames"]
    assert len(names) == 62
    np.testing.assert_allclose(times, (frames - frames[0]) / rate(), atol=1e-4)
    read = values.reshape(len(times), len(names))
    for i, name in enumerate(names):
        np.testing.assert_allclose(read[:, i], weights_at(head.mesh.data.shape_keys, name, frames), atol=1e-4)
    # The bones: neck and head one after the other, against their rest, in glTF's axes.
    whole = np.eye(3)
    for bone in ("neck", "head"):
        rest = np.array(head.armature.data.bones[bone].matrix_local.to_3x3())
        parent = head.armature.data.bones[bone].parent
        local_rest = (np.array(parent.matrix_local.to_3x3()).T if parent else _TO_Y_UP) @ rest
        assert np.isfinite(local_rest).all()
        bone_times, turned = channels[bone, "rotation"]
        np.testing.assert_allclose(bone_times, times, atol=1e-5)
        whole = whole @ quaternion_matrices(turned)
    rest = _TO_Y_UP @ np.array(head.armature.data.bones["head"].matrix_local.to_3x3())
    np.testing.assert_allclose(_TO_Y_UP.T @ (whole @ rest.T) @ _TO_Y_UP, turns, atol=1e-4)


def test_gltf_morph_targets_have_the_shape_keys_offsets(captured, exports, tmp_path):
    head = captured.head
    path = exports.FORMATS["GLTF"].write(bpy.context, head, tmp_path / "take")
    assert path == tmp_path / "take.glb"
    file = Gltf.read(path)
    mesh = file.json["meshes"][0]
    names = mesh["extras"]["targetNames"]
    blocks = head.mesh.data.shape_keys.key_blocks
    basis = np.array([p.co for p in blocks["Basis"].data])
    for name in ("jawOpen", "Expression 03"):
        offsets = np.array([p.co for p in blocks[name].data]) - basis
        for primitive in mesh["primitives"]:
            positions = file.accessor(primitive["attributes"]["POSITION"]) @ _TO_Y_UP
            own = file.accessor(primitive["targets"][names.index(name)]["POSITION"]) @ _TO_Y_UP
            nearest = np.linalg.norm(positions[:, None] - basis[None], axis=-1).argmin(axis=1)
            np.testing.assert_allclose(positions, basis[nearest], atol=1e-6)
            np.testing.assert_allclose(own, offsets[nearest], atol=1e-6)


@pytest.mark.parametrize("suffix", [".usdc", ".usdz"])
def test_usd_plays_the_same_faces(captured, exports, tmp_path, suffix):
    head = captured.head
    frames = whole_frames(captured)
    turns, shapes = head_turns(head.armature, frames), face_shapes(head.mesh, frames)
    keys = {name: weights_at(head.mesh.data.shape_keys, name, frames) for name in ("jawOpen", "Expression 01")}
    path = exports.FORMATS["USD"].write(bpy.context, head, tmp_path / f"take{suffix}")
    assert [file.name for file in tmp_path.iterdir()] == [f"take{suffix}"]
    before = set(bpy.data.objects)
    bpy.ops.wm.usd_import(filepath=str(path), set_frame_range=False)
    added = {obj.type: obj for obj in bpy.data.objects if obj not in before}
    assert {"MESH", "ARMATURE"} <= set(added)
    mesh, armature = added["MESH"], added["ARMATURE"]
    for name, values in keys.items():
        block = next(b for b in mesh.data.shape_keys.key_blocks if b.name.replace("_", " ") == name)
        block.slider_min, block.slider_max = -10.0, 10.0
        read = []
        for frame in frames:
            bpy.context.scene.frame_set(int(frame))
            read.append(block.value)
        np.testing.assert_allclose(read, values, atol=1e-4)
    for block in mesh.data.shape_keys.key_blocks[1:]:
        block.slider_min, block.slider_max = -10.0, 10.0
    np.testing.assert_allclose(head_turns(armature, frames), turns, atol=1e-3)
    np.testing.assert_allclose(face_shapes(mesh, frames), shapes, atol=1e-4)


def test_usd_holds_every_weight_and_both_bones(captured, exports, tmp_path):
    head = captured.head
    frames = whole_frames(captured)
    turns = head_turns(head.armature, frames)
    file = Usda.read(exports.FORMATS["USD"].write(bpy.context, head, tmp_path / "take.usda"))
    assert (file.value("metersPerUnit"), file.value("upAxis")) == (1, "Z")
    assert file.value("timeCodesPerSecond") == pytest.approx(rate(), rel=1e-6)
    assert (file.value("startTimeCode"), file.value("endTimeCode")) == (frames[0], frames[-1])
    codes, weights = file.samples("blendShapeWeights")
    np.testing.assert_allclose(codes, frames, atol=1e-6)
    names = file.value("blendShapes")
    assert len(names) == 62
    for i, name in enumerate(names):
        baked = weights_at(head.mesh.data.shape_keys, name.replace("_", " "), frames)
        np.testing.assert_allclose(weights[:, i], baked, atol=1e-5)
    assert file.value("joints") == ["neck", "neck/head"]
    codes, rotations = file.samples("rotations")
    np.testing.assert_allclose(codes, frames, atol=1e-6)
    neck, local = (quaternion_matrices(np.roll(rotations[:, joint], -1, axis=-1)) for joint in (0, 1))
    rest = np.array(head.armature.data.bones["head"].matrix_local.to_3x3())
    np.testing.assert_allclose(neck @ local @ rest.T, turns, atol=1e-4)


def test_a_usdz_has_its_textures_inside(captured, exports, tmp_path):
    names = sorted(image.name for image in bpy.data.images)
    path = exports.FORMATS["USD"].write(bpy.context, captured.head, tmp_path / "take.usdz")
    assert sorted(image.name for image in bpy.data.images) == names
    with zipfile.ZipFile(path) as archive:
        pictures = [name for name in archive.namelist() if name.endswith(".png")]
        assert len(pictures) == 3 and all(archive.read(name).startswith(b"\x89PNG") for name in pictures)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(path))
    sizes = {tuple(image.size) for image in bpy.data.images if image.users}
    assert {(1024, 1024), (512, 512), (1024, 128)} <= sizes


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def test_live_link_face_has_the_channels_at_the_scenes_timecode(taken, exports, tmp_path):
    path = exports.FORMATS["CSV"].write(bpy.context, taken.head, tmp_path / "face")
    assert path == tmp_path / "face.csv"
    header, rows = read_csv(path)
    assert header[:4] == ["Timecode", "BlendshapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert len(header) == 63 and {row[1] for row in rows} == {"61"}
    seconds = []
    for row in rows:
        hours, minutes, whole, part = row[0].split(":")
        seconds.append(int(hours) * 3600 + int(minutes) * 60 + int(whole) + float(part) / 60.0)
    # Footage of 30 frames per second in a scene of 24 that begins with frame 11.
    np.testing.assert_allclose(seconds, (11.0 + np.arange(45) * 24.0 / 30.0) / 24.0, atol=1e-4)
    frames = np.array(seconds) * 24.0
    for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileRight", "tongueOut"):
        column = [float(row[header.index(name[0].upper() + name[1:])]) for row in rows]
        baked = weights_at(taken.head.mesh.data.shape_keys, name, frames)
        np.testing.assert_allclose(column, baked, atol=2e-3)
    # The head: pitch (up), yaw (left), roll (right shoulder) from the outside in; x left, y up, z out of the face.
    angles = np.array([[float(row[header.index(f"Head{a}")]) for a in ("Yaw", "Pitch", "Roll")] for row in rows])
    turns = np.array([about("x", -p) @ about("y", y) @ about("z", r) for y, p, r in angles])
    to_model = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    played = to_model @ head_turns(taken.head.armature, frames) @ to_model.T
    np.testing.assert_allclose(turns, played, atol=2e-3)


def about(axis, angle):
    c, s = math.cos(angle), math.sin(angle)
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], dtype=np.float64)


def test_bvh_comes_back_into_blender_as_it_was_played(taken, exports, tmp_path):
    path = exports.FORMATS["BVH"].write(bpy.context, taken.head, tmp_path / "head.bvh")
    lines = path.read_text(encoding="utf-8").split("MOTION\n")[1].splitlines()
    assert lines[0] == f"Frames: {len(lines) - 2}" and float(lines[1].split(":")[1]) == pytest.approx(1 / 24)
    rows = np.array([[float(v) for v in line.split()] for line in lines[2:]])
    neck, head = (
        np.array([about("z", z) @ about("x", x) @ about("y", y) for z, x, y in np.radians(rows[:, at : at + 3])])
        for at in (6, 9)
    )
    frames = 11.0 + np.arange(len(rows))
    to_model = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    played = to_model @ head_turns(taken.head.armature, frames) @ to_model.T
    np.testing.assert_allclose(neck @ head, played, atol=5e-3)
    bpy.context.scene.frame_set(11)
    places = []
    for frame in frames:
        bpy.context.scene.frame_set(int(frame))
        places.append(to_model @ np.array(taken.head.armature.pose.bones["head"].head))
    # The head's pivot: the root's place, and what the neck's swing adds. Centimetres here, metres there.
    reach = np.array([0.0, 10.0, 0.0])
    pivot = rows[:, :3] + neck @ reach - reach
    np.testing.assert_allclose(pivot / 100.0, np.array(places), atol=1e-4)


def test_a_performance_holds_the_cleaned_channels(taken, exports, tmp_path):
    made = exports.FORMATS["PERFORMANCE"].write(bpy.context, taken.head, tmp_path / "all")
    assert made == tmp_path / "all.json"
    value = json.loads(made.read_text(encoding="utf-8"))
    packed = exports.FORMATS["PERFORMANCE"].write(bpy.context, taken.head, tmp_path / "all.npz")
    with np.load(packed) as file:
        arrays = {name: file[name] for name in file.files}
    np.testing.assert_allclose(value["arrays"]["time"], np.arange(45) / 30.0, atol=1e-9)
    jaw = np.array(value["arrays"]["arkit"])[:, value["arkit_names"].index("jawOpen")]
    baked = shape_curves(taken.head.mesh.data.shape_keys)["jawOpen"]
    np.testing.assert_allclose(jaw, baked[:, 1], atol=1e-6)
    np.testing.assert_allclose(arrays["arkit"], value["arrays"]["arkit"], atol=0)


@pytest.mark.parametrize("format_id", ["GLTF", "USD", "CSV", "BVH", "PERFORMANCE"])
def test_the_operators_write_beside_nothing_else_and_leave_the_scene(taken, format_id, tmp_path):
    operators = support.module("operators.export")
    scene, out = bpy.context.scene, tmp_path / "out"
    out.mkdir()
    scene.ddfa.head = taken.head.armature
    other = bpy.data.objects.new("Other", bpy.data.meshes.new("Other"))
    scene.collection.objects.link(other)
    for obj in bpy.context.selected_objects:
        obj.select_set(False)
    other.select_set(True)
    bpy.context.view_layer.objects.active = other
    scene.frame_start, scene.frame_end = 3, 7
    scene.frame_set(33, subframe=0.25)
    before = support.data_names()
    namespace, name = operators.OPERATOR_IDS[format_id].split(".")
    operator = getattr(getattr(bpy.ops, namespace), name)
    suffix = support.module("scene.exports").FORMATS[format_id].suffixes[0]
    assert operator(filepath=str(out / "mit Leerzeichen ü")) == {"FINISHED"}
    assert [file.name for file in out.iterdir()] == [f"mit Leerzeichen ü{suffix}"]
    assert support.data_names() == before
    assert [obj.name for obj in bpy.context.selected_objects] == ["Other"]
    assert bpy.context.view_layer.objects.active == other
    assert (scene.frame_start, scene.frame_end, scene.frame_current_final) == (3, 7, 33.25)
    if format_id in ("GLTF", "USD"):
        assert b"Other" not in next(out.iterdir()).read_bytes()


@pytest.mark.parametrize("format_id", ["GLTF", "USD", "CSV", "BVH", "PERFORMANCE"])
@pytest.mark.parametrize("place", ["missing/take", "folder"])
def test_a_place_that_cannot_be_written_is_refused_in_one_sentence(taken, exports, errors, format_id, place, tmp_path):
    known = exports.FORMATS[format_id]
    out = tmp_path / "out"
    (out / f"folder{known.suffixes[0]}").mkdir(parents=True)
    before = sorted(out.rglob("*"))
    with pytest.raises(errors.CaptureError):
        known.write(bpy.context, taken.head, out / f"{place}{known.suffixes[0]}")
    assert sorted(out.rglob("*")) == before


@pytest.mark.parametrize("format_id", ["GLTF", "USD"])
def test_a_failing_exporter_keeps_the_older_file(captured, exports, errors, tmp_path, monkeypatch, format_id):
    files = support.module("scene.export_files")
    known = exports.FORMATS[format_id]
    path = tmp_path / f"take{known.suffixes[0]}"
    path.write_bytes(b"older")

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(errors.CaptureError, match="No space left"):
        known.write(bpy.context, captured.head, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name] and path.read_bytes() == b"older"


def test_a_head_without_its_take_greys_the_tracks_alone(taken, exports):
    operators, takes = support.module("operators.export"), support.module("scene.takes")
    bpy.context.scene.ddfa.head = taken.head.armature
    assert all(operators.disabled_reason(bpy.context, known) is None for known in exports.FORMATS)
    takes.of_head(taken.head.armature).unlink()
    reasons = {known: operators.disabled_reason(bpy.context, known) for known in exports.FORMATS}
    assert {known for known, reason in reasons.items() if reason} == {"CSV", "BVH", "PERFORMANCE"}


def test_every_format_has_an_operator_and_a_hint_for_every_program(exports):
    operators = support.module("operators.export")
    assert set(operators.OPERATOR_IDS) == set(exports.FORMATS)
    for known in exports.FORMATS:
        for target in exports.TARGETS:
            text = exports.hint(known, target)
            assert text and not text.endswith(".")
    assert {known for known, _ in exports._HINTS} == set(exports.FORMATS)


@pytest.mark.parametrize("format_id", ["FBX", "GLTF", "USD"])
def test_a_hidden_head_is_refused_in_one_sentence(captured, exports, errors, tmp_path, format_id):
    captured.head.mesh.hide_set(True)
    with pytest.raises(errors.CaptureError, match="hidden"):
        exports.FORMATS[format_id].write(bpy.context, captured.head, tmp_path / "take")
    assert list(tmp_path.iterdir()) == []


def test_the_container_decides_on_the_ending(taken, tmp_path):
    bpy.context.scene.ddfa.head = taken.head.armature
    out = tmp_path / "out"
    out.mkdir()
    assert bpy.ops.ddfa.export_performance(filepath=str(out / "a"), container=".npz") == {"FINISHED"}
    assert bpy.ops.ddfa.export_performance(filepath=str(out / "b.json"), container=".npz") == {"FINISHED"}
    assert bpy.ops.ddfa.export_usd(filepath=str(out / "c.x"), container=".usda") == {"FINISHED"}
    assert sorted(file.name for file in out.iterdir()) == ["a.npz", "b.json", "c.x.usda"]
    assert (out / "c.x.usda").read_text(encoding="utf-8").startswith("#usda")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/a/b", "/a/b.npz"),
        ("/a/b.json", "/a/b.npz"),
        ("/a/b.JSON", "/a/b.npz"),
        ("/a/b.c", "/a/b.c.npz"),
        ("/a/b.npz", "/a/b.npz"),
        ("/a/", "/a/"),
        ("", ""),
    ],
)
def test_the_name_in_the_dialog_follows_the_container(typed, name):
    operator = support.module("operators.export").DDFA_OT_export_performance
    dialog = types.SimpleNamespace(filepath=typed, suffix=".npz", format_id="PERFORMANCE")
    assert operator.check(dialog, bpy.context) == (typed != name)
    assert dialog.filepath == name


def test_the_dialog_proposes_the_heads_name_where_the_last_file_went(taken, tmp_path):
    operator = support.module("operators.export").DDFA_OT_export_performance
    head = bpy.context.scene.ddfa.head = taken.head.armature
    head.name = "Anna: take 2/3"
    asked = []

    def proposed():
        manager = types.SimpleNamespace(fileselect_add=asked.append)
        context = types.SimpleNamespace(scene=bpy.context.scene, window_manager=manager)
        dialog = types.SimpleNamespace(filepath="", suffix=".json")
        assert operator.invoke(dialog, context, None) == {"RUNNING_MODAL"} and asked.pop() is dialog
        return dialog.filepath

    assert Path(proposed()).name == "Anna_ take 2_3.json"
    assert bpy.ops.ddfa.export_performance(filepath=str(tmp_path / "a.json")) == {"FINISHED"}
    assert Path(proposed()) == tmp_path / "Anna_ take 2_3.json"
