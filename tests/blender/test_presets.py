# SPDX-License-Identifier: GPL-3.0-or-later
"""Presets: written, listed, applied with one bake and one undo step, removed."""

from __future__ import annotations

import types
from pathlib import Path

import bpy
import pytest
import support


@pytest.fixture
def presets():
    return support.module("operators.presets")


@pytest.fixture
def kept(presets):
    """A preset "Calm" with a neck share of 0.8, made the way the panel makes it; gives its file."""
    settings = bpy.context.scene.ddfa.settings
    settings.head.neck_share = 0.8
    assert bpy.ops.ddfa.preset_add(name="Calm") == {"FINISHED"}
    settings.head.neck_share = 0.3
    (folder,) = bpy.utils.preset_paths(presets.SUBFOLDER)[:1]
    file = Path(folder) / "Calm.py"
    yield file
    file.unlink(missing_ok=True)


def test_a_preset_is_kept_in_the_users_folder_and_applied(kept, presets):
    assert kept.is_file() and kept.is_relative_to(bpy.utils.resource_path("USER"))
    timing = bpy.context.scene.ddfa.settings.timing
    timing.frame_start = 77
    assert bpy.ops.ddfa.preset_apply(filepath=str(kept), menu_idname=presets.PANEL) == {"FINISHED"}
    assert bpy.context.scene.ddfa.settings.head.neck_share == pytest.approx(0.8)
    assert timing.frame_start == 77


def test_a_preset_holds_all_groups_but_those_of_one_clip(kept, presets):
    groups = {name.partition(".")[2] for name in presets.preset_paths()}
    assert {"cleanup", "head"} <= groups and not groups & presets.NOT_IN_PRESETS
    text = kept.read_text(encoding="utf-8")
    assert "settings.head.neck_share = 0.8" in text and "settings.timing" not in text


def test_a_head_is_baked_once_by_a_preset(kept, monkeypatch, model):
    live = support.module("scene.live")
    baked = []
    monkeypatch.setattr(live, "rebake", lambda scene, armature: baked.append(armature))
    made = support.module("scene.pipeline").apply_performance(bpy.context, model, support.performance())
    bpy.context.scene.ddfa.head = made.head.armature
    bpy.ops.ddfa.preset_apply(filepath=str(kept))
    assert made.head.armature.ddfa.settings.head.neck_share == pytest.approx(0.8)
    assert baked == [made.head.armature]


def test_one_undo_takes_a_preset_back(kept):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ddfa.preset_apply("EXEC_DEFAULT", True, filepath=str(kept))
    bpy.ops.ed.undo()
    assert bpy.context.scene.ddfa.settings.head.neck_share == pytest.approx(0.3)


def test_a_setting_that_this_version_lacks_is_passed_over(tmp_path):
    file = tmp_path / "Newer.py"
    text = "import bpy\nhead = bpy.context.scene.ddfa.current().head\nhead.of_tomorrow = 1\nhead.neck_share = 0.5\n"
    file.write_text(text, encoding="utf-8")
    assert bpy.ops.ddfa.preset_apply(filepath=str(file)) == {"FINISHED"}
    assert bpy.context.scene.ddfa.settings.head.neck_share == pytest.approx(0.5)


def test_a_preset_that_does_not_fit_is_one_line(tmp_path):
    file = tmp_path / "Strange.py"
    file.write_text("import bpy\nbpy.context.scene.ddfa.current().head.neck_share = 'much'\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="The preset Strange does not fit"):
        bpy.ops.ddfa.preset_apply(filepath=str(file))


@pytest.mark.parametrize("wrong", ["head.driving = 'NONSENSE'", "cleanup.smooth_head = 'much'"])
def test_a_preset_that_does_not_fit_changes_nothing_at_all(tmp_path, wrong):
    settings = bpy.context.scene.ddfa.settings
    settings.cleanup.list_channels()
    settings.cleanup.channel_gains["jawOpen"].gain = 1.5
    file = tmp_path / "Half.py"
    lines = ["import bpy", "settings = bpy.context.scene.ddfa.current()", "settings.head.neck_share = 0.9"]
    lines += ["settings.cleanup.channel_gains.clear()", f"settings.{wrong}"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match="does not fit"):
        bpy.ops.ddfa.preset_apply(filepath=str(file))
    assert settings.head.neck_share == pytest.approx(0.3)
    assert settings.cleanup.channel_gains["jawOpen"].gain == 1.5


def test_a_preset_with_which_the_head_cannot_be_baked_changes_nothing_at_all(kept, monkeypatch, model, errors):
    def refuse(scene, armature):
        raise errors.CaptureError("There is no take.")

    made = support.module("scene.pipeline").apply_performance(bpy.context, model, support.performance())
    bpy.context.scene.ddfa.head = made.head.armature
    monkeypatch.setattr(support.module("scene.live"), "rebake", refuse)
    with pytest.raises(RuntimeError, match="There is no take"):
        bpy.ops.ddfa.preset_apply(filepath=str(kept))
    assert made.head.armature.ddfa.settings.head.neck_share == pytest.approx(0.3)


def test_a_preset_can_be_removed(kept):
    assert bpy.ops.ddfa.preset_add(name="Calm", remove_name=True) == {"FINISHED"}
    assert not kept.exists()


@pytest.mark.parametrize("folders", [[], ["user"]])
def test_where_no_preset_was_kept_yet_the_list_says_so_without_a_complaint(monkeypatch, tmp_path, folders):
    panel, told = support.module("panels.presets").DDFA_PT_mapping_presets, []
    (tmp_path / "user").mkdir()

    class Layout:
        """Takes all that Blender's list draws."""

        def __getattr__(self, _name):
            return lambda *_arguments, **_options: Layout()

        def label(self, text, **_options):
            told.append(text)

    shown = types.SimpleNamespace(layout=Layout())
    panel.path_menu(shown, [str(tmp_path / name) for name in folders], "ddfa.mapping_preset_apply")
    assert told == ([] if folders else ["No presets yet; name the first one"])
