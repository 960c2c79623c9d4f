# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences, and what they do to captures."""

from __future__ import annotations

import types
from pathlib import Path

import bpy
import numpy as np
import pytest
import support
from test_panels import Layout


@pytest.fixture
def chosen():
    """The extension's preferences; as they were afterwards."""
    preferences = bpy.context.preferences.addons[support.PACKAGE].preferences
    yield preferences
    for name in ("model_folder", "takes_location", "takes_folder", "threads"):
        preferences.property_unset(name)


@pytest.fixture
def imported(tmp_path, model):
    """A model folder as `import-published` makes one; its network is not looked at."""
    folder = tmp_path / "Modell 名"
    folder.mkdir()
    (folder / "regressor.onnx").write_bytes(b"not looked at")
    support.module("ddfa_blender.imported_model").ImportedModel(
        model.mean,
        model.shape_basis,
        model.expression_basis,
        model.landmark_vertices,
        model.landmark_weights,
        faces=np.zeros((0, 3), np.int32),
        basis="3DDFA-V2",
    ).save(folder / "morphable_model.npz")
    return folder


def drawn():
    """All lines of the preferences."""
    cls = support.module("panels.preferences").DDFA_AddonPreferences
    own = bpy.context.preferences.addons[support.PACKAGE].preferences
    layout = Layout()
    shown = {name: getattr(own, name) for name in ("takes_location", "threads")}
    panel = types.SimpleNamespace(layout=layout, bl_rna=own.bl_rna, **shown)
    context = types.SimpleNamespace(
        scene=bpy.context.scene,
        preferences=types.SimpleNamespace(system=types.SimpleNamespace(ui_scale=1.0)),
        region=types.SimpleNamespace(width=4000),
    )
    cls.draw(panel, context)
    return [name for kind, name in layout.record if kind == "prop"], " ".join(
        text for kind, text in layout.record if kind == "label"
    )


def test_the_defaults(chosen):
    preferences = support.module("scene.preferences")
    assert preferences.preferences() == preferences.Preferences()
    shown, text = drawn()
    assert shown == ["model_folder", "takes_location", "threads"]
    assert "came with the extension" in text and str(support.module("scene.takes").user_folder()) in text


def test_without_preferences_the_defaults_hold(monkeypatch):
    preferences = support.module("scene.preferences")
    monkeypatch.setattr(preferences, "EXTENSION", "bl_ext.nowhere.nothing")
    assert preferences.preferences() == preferences.Preferences()


def test_what_is_chosen_is_read_and_shown(chosen, tmp_path):
    chosen.takes_location, chosen.takes_folder = "FOLDER", str(tmp_path / "Ünsere Takes")
    found = support.module("scene.preferences").preferences()
    assert (found.takes_location, found.takes_folder) == ("FOLDER", str(tmp_path / "Ünsere Takes"))
    assert support.module("scene.takes").place(bpy.context.scene).folder == tmp_path / "Ünsere Takes"
    shown, text = drawn()
    assert "takes_folder" in shown and "Ünsere Takes" in text


def test_a_model_folder_that_is_none_is_told(chosen, tmp_path):
    chosen.model_folder = str(tmp_path)
    state = support.module("scene.models").state_of(tmp_path)
    assert "is not a model folder" in state.problem and "is not a model folder" in drawn()[1]


def test_an_imported_model_says_that_it_has_no_head(chosen, imported):
    chosen.model_folder = str(imported)
    state = support.module("scene.models").state_of(imported)
    assert state.problem == "" and not state.has_head and "no head" in state.note
    assert "no head" in drawn()[1]


def test_automatic_threads_leave_a_core_and_their_number_is_told(chosen, monkeypatch):
    cores, preferences = support.module("ddfa_blender.cores"), support.module("scene.preferences").preferences
    for physical, workers in ((1, 1), (2, 1), (6, 5), (96, cores.MOST_WORKERS)):
        monkeypatch.setattr(cores, "physical_cores", lambda physical=physical: physical)
        assert preferences().workers == workers
        assert f"Automatic on this computer: {workers}" in drawn()[1]
    chosen.threads = 3
    assert preferences().workers == 3
    assert "Automatic" not in drawn()[1]


def test_a_capture_uses_the_threads(chosen, tmp_path, monkeypatch):
    chosen.threads = 3
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"not looked at")
    bpy.context.scene.ddfa.footage.video = str(clip)
    seen = []

    def track(self, progress, cancelled):
        seen.append(self.workers)
        raise support.module("ddfa_blender.errors").CaptureError("Enough seen.")

    monkeypatch.setattr(support.module("operators.task").CaptureTask, "_track", track)
    with pytest.raises(RuntimeError, match="Enough seen"):
        bpy.ops.ddfa.capture()
    assert seen == [3]


def test_a_capture_uses_the_model_folder_and_keeps_its_take(chosen, imported, tmp_path, monkeypatch):
    chosen.model_folder = str(imported)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"not looked at")
    bpy.context.scene.ddfa.footage.video = str(clip)
    task, seen = support.module("operators.task").CaptureTask, []

    def track(self, progress, cancelled):
        seen.append(self.model_folder)
        return support.take(basis="3DDFA-V2", absent_outputs=["arkit"])

    monkeypatch.setattr(task, "_track", track)
    before = support.data_names()
    with pytest.raises(RuntimeError, match="take is kept, but its model has no head"):
        bpy.ops.ddfa.capture()
    assert seen == [imported] and support.data_names() == before
    (item,) = bpy.context.window_manager.ddfa_takes.items
    assert (item.name, item.model, item.problem) == ("clip", "3DDFA-V2", "") and Path(item.file).is_file()


def test_every_preference_has_a_tooltip_without_a_full_stop():
    cls = support.module("panels.preferences").DDFA_AddonPreferences
    for name in ("model_folder", "takes_location", "takes_folder", "threads"):
        description = cls.bl_rna.properties[name].description
        assert description and not description.endswith(".")
