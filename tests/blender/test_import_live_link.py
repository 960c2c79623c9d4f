# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of Live Link Face as takes: listed, on a head of their own, cleaned and baked again like any other."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import support
from test_fbx import head_turns, shape_curves


@pytest.fixture(autouse=True)
def small_head(monkeypatch, model):
    """Heads are built of the small model, whatever the takes say."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    bpy.context.scene.render.fps = 30


@pytest.fixture
def recording(tmp_path):
    """A made-up recording of two seconds, and what was recorded."""
    performance = support.performance(count=60, fps=30.0)
    file = tmp_path / "MySlate_3 é.csv"
    support.module("ddfa_blender.formats.live_link_face").write_live_link_face(performance, file, start=3600.0)
    return file, performance


def current():
    return bpy.context.scene.ddfa.head


def jaw():
    return shape_curves(support.module("scene.head").of_armature(current()).mesh.data.shape_keys)["jawOpen"]


def test_a_recording_becomes_a_take_and_a_head(recording):
    file, performance = recording
    assert bpy.ops.ddfa.import_live_link_face(filepath=str(file)) == {"FINISHED"}
    (item,) = bpy.context.window_manager.ddfa_takes.items
    assert (item.name, item.footage, item.problem) == ("MySlate_3 é", file.name, "")
    assert item.heads == current().name == "MySlate_3 é"
    settings = current().ddfa.settings
    assert settings.head.driving == "ARKIT"
    # Unsmoothed, as by default, the keys are what was recorded.
    names = support.module("ddfa_blender.names").ARKIT_NAMES
    np.testing.assert_allclose(jaw()[:, 0], 1.0 + np.arange(60), atol=1e-4)
    np.testing.assert_allclose(jaw()[:, 1], performance.arkit[:, names.index("jawOpen")], atol=1e-3)
    rotations = support.module("ddfa_blender.quaternions").to_matrices(performance.head_rotation)
    to_blender = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    turns = head_turns(current(), 1.0 + np.arange(60))
    np.testing.assert_allclose(turns, to_blender @ rotations @ to_blender.T, atol=1e-3)


def test_in_a_window_the_new_head_is_brought_into_sight(recording, monkeypatch):
    file, _ = recording
    faced = []
    for name in ("import_live_link", "takes"):
        monkeypatch.setattr(support.module(f"operators.{name}"), "is_interactive", lambda context: True)
    monkeypatch.setattr(support.module("scene.view"), "face_selected", lambda context: faced.append(current().name))
    bpy.ops.ddfa.import_live_link_face(filepath=str(file), use_head=False)
    assert not faced
    bpy.ops.ddfa.import_live_link_face(filepath=str(file))
    bpy.ops.ddfa.head_from_take()
    assert len(faced) == 2 and faced[1] == current().name != faced[0]
    assert bpy.data.objects[faced[1]].select_get()


def test_its_settings_bake_it_again(recording):
    file, _ = recording
    bpy.ops.ddfa.import_live_link_face(filepath=str(file))
    before = jaw()
    settings = current().ddfa.settings
    settings.cleanup.gain_mouth = 0.5
    assert current().ddfa.problem == ""
    np.testing.assert_allclose(jaw()[:, 1], 0.5 * before[:, 1], atol=1e-5)
    settings.timing.frame_start = 31
    np.testing.assert_allclose(jaw()[:, 0], before[:, 0] + 30.0)
    settings.head.driving = "EXPRESSION"
    curves = shape_curves(support.module("scene.head").of_armature(current()).mesh.data.shape_keys)
    assert np.ptp(curves["Expression 01"][:, 1]) > 0.01


def test_several_without_heads_then_one_on_a_head_that_is_there(recording, tmp_path):
    file, performance = recording
    second = tmp_path / "second.csv"
    support.module("ddfa_blender.formats.live_link_face").write_live_link_face(performance, second)
    files = [{"name": file.name}, {"name": second.name}]
    assert bpy.ops.ddfa.import_live_link_face(directory=str(tmp_path), files=files, use_head=False) == {"FINISHED"}
    items = bpy.context.window_manager.ddfa_takes.items
    assert {item.name for item in items} == {file.stem, "second"}
    assert current() is None and not bpy.data.armatures
    bpy.ops.ddfa.head_from_take(take=items[0].file)
    assert bpy.ops.ddfa.apply_take(take=items[1].file) == {"FINISHED"}
    assert current().ddfa.problem == ""


def test_the_head_can_be_turned_the_other_way(recording):
    file, performance = recording
    assert bpy.ops.ddfa.import_live_link_face(filepath=str(file), inverted={"YAW", "PITCH", "ROLL"}) == {"FINISHED"}
    app, quaternions = support.module("ddfa_blender.formats.live_link_face"), support.module("ddfa_blender.quaternions")
    asked = app.head_rotations(-app.head_angles(quaternions.to_matrices(performance.head_rotation)))
    to_blender = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    turns = head_turns(current(), 1.0 + np.arange(60))
    np.testing.assert_allclose(turns, to_blender @ asked @ to_blender.T, atol=1e-3)
    assert np.ptp(turns, axis=0).max() > 0.05


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Timecode,BlendshapeCount\n00:00:00:00.000,0\n"])
def test_anything_else_is_refused_in_one_sentence_and_leaves_nothing(tmp_path, text):
    file = tmp_path / "x.csv"
    file.write_text(text, encoding="utf-8")
    before = support.data_names()
    with pytest.raises(RuntimeError, match="choose another file"):
        bpy.ops.ddfa.import_live_link_face(filepath=str(file))
    assert support.data_names() == before and not bpy.context.window_manager.ddfa_takes.items


def test_what_needs_a_picture_says_so(recording, tmp_path):
    file, _ = recording
    bpy.ops.ddfa.import_live_link_face(filepath=str(file))
    movie = tmp_path / "a.mp4"
    movie.write_bytes(b"")
    shot = support.module("scene.head_take").shot_of(bpy.context.scene, current())
    error = support.module("ddfa_blender.errors").CaptureError
    with pytest.raises(error, match="without a picture"):
        support.module("scene.camera").add(shot, movie)
    assert support.module("scene.head_take").footage_of(current()) is None


def test_what_was_exported_comes_back(recording, tmp_path):
    file, _ = recording
    bpy.ops.ddfa.import_live_link_face(filepath=str(file))
    before = jaw()
    out = tmp_path / "out.csv"
    bpy.ops.ddfa.export_live_link_face(filepath=str(out))
    read = support.module("ddfa_blender.formats.live_link_face").read_live_link_face(out)
    names = support.module("ddfa_blender.names").ARKIT_NAMES
    np.testing.assert_allclose(read.arkit[:, names.index("jawOpen")], before[:, 1], atol=1e-6)


def test_recordings_can_be_dropped_on_the_viewport():
    handler = bpy.types.FileHandler.bl_rna_get_subclass_py("DDFA_FH_live_link_face")
    assert handler.bl_import_operator == "ddfa.import_live_link_face" and handler.bl_file_extensions == ".csv"


def test_it_is_not_done_again_by_adjust_last_operation():
    """Blender undoes an operator and runs it again with each change there; the take's file would stay each time."""
    assert "REGISTER" not in bpy.types.DDFA_OT_import_live_link_face.bl_options


def test_what_else_is_running_is_told_by_its_name(monkeypatch):
    state = support.module("operators.state")
    monkeypatch.setattr(state, "job", object())
    monkeypatch.setattr(state, "_doing", "Shape keys are being made")
    assert not bpy.ops.ddfa.import_live_link_face.poll()
    assert support.module("operators.import_live_link").disabled_reason(bpy.context) == "Shape keys are being made"
