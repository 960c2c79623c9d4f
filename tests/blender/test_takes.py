# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes in Blender: where they lie, the list, and what can be done with them. The takes are made up, the head small."""

from __future__ import annotations

import os
import shutil
import types
from pathlib import Path

import bpy
import numpy as np
import pytest
import support


@pytest.fixture(autouse=True)
def small_head(monkeypatch, model):
    """Heads are built of the small model, whatever the takes say."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    return model


@pytest.fixture
def takes():
    return support.module("scene.takes")


@pytest.fixture
def library():
    return support.module("ddfa_blender.take_library")


@pytest.fixture
def listed():
    return support.module("scene.take_list")


@pytest.fixture
def keep(takes, library, listed):
    """Keep a made-up take in the user folder and choose it in the list; gives its file."""

    def keep_take(title="clip", folder=None, **arguments):
        file = library.save_new(support.take(**arguments), folder or takes.user_folder(), title)
        listed.refresh()
        listed.choose(file)
        return file

    return keep_take


@pytest.fixture
def head_of(keep):
    """A head in the scene that is made of a new take; gives its armature."""

    def make(title="clip", **arguments):
        keep(title, **arguments)
        assert bpy.ops.ddfa.head_from_take() == {"FINISHED"}
        return bpy.context.scene.ddfa.head

    return make


def save(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def choose_location(location, folder=""):
    bpy.context.scene.ddfa.takes.location, bpy.context.scene.ddfa.takes.folder = location, folder


def items():
    return list(bpy.context.window_manager.ddfa_takes.items)


def keys(armature, name="Expression 01"):
    actions = support.module("scene.actions")
    head = support.module("scene.head").of_armature(armature)
    curve = actions.find_curve(head.mesh.data.shape_keys, f'key_blocks["{name}"].value', 0)
    return actions.keys(curve)


def failing(operator, **arguments):
    """The sentence that an operator stops with."""
    with pytest.raises(RuntimeError) as caught:
        operator(**arguments)
    return str(caught.value)


# Where takes go


def test_new_takes_go_to_the_extensions_user_folder(takes):
    place = takes.place(bpy.context.scene)
    assert place.folder == Path(bpy.utils.extension_path_user(support.PACKAGE, path="takes")) and place.note == ""


def test_beside_the_blend_file_once_it_is_saved(takes, tmp_path):
    choose_location("BLEND")
    place = takes.place(bpy.context.scene)
    assert place.folder == takes.user_folder() and "saved" in place.note
    save(tmp_path / "shot" / "a.blend")
    assert takes.place(bpy.context.scene) == takes.Place(tmp_path / "shot" / "takes")


def test_a_folder_of_the_users_choice(takes, tmp_path):
    choose_location("FOLDER")
    assert "no other folder is chosen" in takes.place(bpy.context.scene).note
    choose_location("FOLDER", "//Größe 名")
    assert "save the .blend file first" in takes.place(bpy.context.scene).note
    save(tmp_path / "a.blend")
    assert takes.place(bpy.context.scene).folder == tmp_path / "Größe 名"


def test_a_folder_as_people_write_it(takes, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    choose_location("FOLDER", "~/Takes ")
    assert takes.place(bpy.context.scene) == takes.Place(tmp_path / "Takes")
    choose_location("FOLDER", "Takes")
    place = takes.place(bpy.context.scene)
    assert place.folder == takes.user_folder() and "whole path" in place.note


def test_the_preferences_decide_where_the_scene_does_not(takes, monkeypatch, tmp_path):
    chosen = support.module("scene.preferences").Preferences(takes_location="FOLDER", takes_folder=str(tmp_path))
    monkeypatch.setattr(takes, "preferences", lambda: chosen)
    assert takes.place(bpy.context.scene).folder == tmp_path
    choose_location("USER")
    assert takes.place(bpy.context.scene).folder == takes.user_folder()


def test_two_scenes_may_keep_their_takes_in_two_places(takes, tmp_path):
    other = bpy.data.scenes.new("Other")
    other.ddfa.takes.location, other.ddfa.takes.folder = "FOLDER", str(tmp_path)
    assert takes.place(bpy.context.scene).folder == takes.user_folder()
    assert takes.place(other).folder == tmp_path


# Where a head's take is found


def test_a_take_in_the_user_folder_is_kept_by_its_name(takes, head_of):
    armature = head_of()
    assert armature.ddfa.take == "clip.npz" and len(armature.ddfa.take_uid) == 32
    assert takes.of_head(armature) == takes.user_folder() / "clip.npz" and takes.problem(armature) == ""


def test_a_take_beside_the_blend_file_moves_with_the_project(takes, head_of, keep, tmp_path):
    save(tmp_path / "project" / "a.blend")
    choose_location("BLEND")
    armature = head_of(folder=tmp_path / "project" / "takes")
    assert armature.ddfa.take == "//takes/clip.npz"
    bpy.ops.wm.save_mainfile()
    shutil.move(tmp_path / "project", tmp_path / "moved")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "moved" / "a.blend"))
    armature = bpy.context.scene.ddfa.head
    assert takes.of_head(armature) == tmp_path / "moved" / "takes" / "clip.npz" and takes.problem(armature) == ""


@pytest.mark.parametrize("stored", ["/somebody/else/clip.npz", "C:\\Users\\she\\takes\\clip.npz", "//gone/clip.npz"])
def test_a_take_of_another_machine_is_found_by_its_name(takes, head_of, stored, tmp_path):
    armature = head_of()
    save(tmp_path / "a.blend")
    armature.ddfa.take = stored
    assert takes.of_head(armature) == takes.user_folder() / "clip.npz" and takes.problem(armature) == ""


def test_a_namesake_is_not_taken_for_it(takes, head_of, library):
    armature = head_of()
    file = takes.of_head(armature)
    file.unlink()
    library.save_new(support.take(seed=9), file.parent, "clip")
    assert takes.of_head(armature) == file and "another take than the head's" in takes.problem(armature)
    before = keys(armature)
    armature.ddfa.settings.timing.frame_start = 50
    assert "another take" in armature.ddfa.problem
    assert np.array_equal(keys(armature), before)


def test_in_an_unsaved_file_nothing_is_looked_for_in_the_current_folder(takes, head_of, tmp_path, monkeypatch):
    armature = head_of()
    shutil.copytree(takes.user_folder(), tmp_path / "takes")
    shutil.rmtree(takes.user_folder())
    monkeypatch.chdir(tmp_path)
    armature.ddfa.take = "//takes/clip.npz"
    assert "There is no take at" in takes.problem(armature)


def test_saving_into_another_folder_keeps_hold_of_the_takes_and_the_footage(takes, head_of, tmp_path):
    save(tmp_path / "one" / "a.blend")
    choose_location("BLEND")
    armature = head_of(folder=tmp_path / "one" / "takes")
    bpy.context.scene.ddfa.footage.video = "//clip.mp4"
    save(tmp_path / "two" / "deep" / "b.blend")
    assert armature.ddfa.take == "//../../one/takes/clip.npz" and takes.problem(armature) == ""
    assert bpy.context.scene.ddfa.footage.video == "//../../one/clip.mp4"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "two" / "deep" / "b.blend"))
    assert takes.problem(bpy.context.scene.ddfa.head) == ""


def test_saving_a_copy_leaves_the_open_file_as_it_was(takes, head_of, tmp_path):
    save(tmp_path / "one" / "a.blend")
    choose_location("BLEND")
    armature = head_of(folder=tmp_path / "one" / "takes")
    (tmp_path / "two").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "two" / "b.blend"), copy=True)
    assert armature.ddfa.take == "//takes/clip.npz"
    with pytest.raises(RuntimeError):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "nowhere" / "c.blend"))
    assert armature.ddfa.take == "//takes/clip.npz"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "two" / "b.blend"))
    assert takes.problem(bpy.context.scene.ddfa.head) == ""


# Heads of other .blend files


@pytest.fixture
def brought(head_of, tmp_path):
    """Append a head whose take lies beside its .blend file, or link it and make it local; gives its armature."""
    source = tmp_path / "library" / "a.blend"
    save(source)
    choose_location("BLEND")
    (collection,) = head_of(folder=source.parent / "takes").users_collection
    name = collection.name
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)

    def bring(way="append", **options):
        before = set(bpy.data.objects)
        getattr(bpy.ops.wm, way)(directory=f"{source}/Collection/", filename=name, **options)
        if way == "link":
            for obj in bpy.context.view_layer.objects:
                obj.select_set(True)
            assert bpy.ops.object.make_local(type="ALL") == {"FINISHED"}
        return next(obj for obj in bpy.data.objects if obj.type == "ARMATURE" and obj not in before)

    return bring


@pytest.mark.parametrize("file", [None, "shots/b.blend", "b.blend", "library/b.blend"])
@pytest.mark.parametrize(("way", "options"), [("append", {}), ("link", {"instance_collections": False})])
def test_a_head_of_another_file_finds_its_take(takes, brought, way, options, file, tmp_path):
    if file is not None:
        save(tmp_path / file)
    armature = brought(way, **options)
    assert armature.library is None and takes.problem(armature) == ""
    armature.ddfa.settings.timing.frame_start = 7
    assert armature.ddfa.problem == "" and keys(armature)[0, 0] == 7.0
    saved = tmp_path / (file or "new/c.blend")
    save(saved)
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    (armature,) = takes.heads()
    assert takes.problem(armature) == "" and takes.of_head(armature).samefile(tmp_path / "library/takes/clip.npz")


def test_a_namesake_beside_this_file_is_not_taken_for_an_appended_heads_take(takes, brought, library, tmp_path):
    save(tmp_path / "shots" / "b.blend")
    library.save_new(support.take(seed=9), tmp_path / "shots" / "takes", "clip")
    armature = brought()
    assert takes.problem(armature) == ""
    assert takes.of_head(armature).samefile(tmp_path / "library/takes/clip.npz")


# The list


def test_takes_of_this_files_heads_come_first(head_of, keep, listed):
    armature = head_of("old")
    keep("new")
    lines = [(item.name, item.heads, item.is_used) for item in items()]
    assert lines == [("old", armature.name, True), ("new", "", False)]
    assert items()[0].length == "1.0 s, 30 frames" and items()[0].lost_share == "10 %"


def test_a_missing_and_a_damaged_take_are_listed_with_their_trouble(head_of, keep, listed, takes):
    armature = head_of("gone")
    takes.of_head(armature).unlink()
    cut = keep("cut")
    cut.write_bytes(cut.read_bytes()[:1000])
    listed.refresh()
    assert {item.name: bool(item.problem) for item in items()} == {"gone": True, "cut": True}
    assert "There is no take at" in items()[0].problem and "damaged" in items()[1].problem


def test_the_chosen_line_stays_chosen_while_others_come_and_go(keep, listed):
    keep("a", captured="2026-01-01T00:00:00+00:00")
    chosen = keep("b", captured="2026-01-02T00:00:00+00:00")
    keep("c", captured="2026-01-03T00:00:00+00:00")
    listed.choose(chosen)
    assert listed.active_file() == chosen
    keep("d")
    listed.choose(chosen)
    items_before = [item.name for item in items()]
    assert items_before == ["d", "c", "b", "a"] and bpy.context.window_manager.ddfa_takes.active == 2


def test_an_opened_file_lists_its_takes_and_carries_no_list(head_of, keep, listed, tmp_path):
    head_of("mine")
    keep("another")
    save(tmp_path / "a.blend")
    assert len(items()) == 2
    assert b"another.npz" not in (tmp_path / "a.blend").read_bytes()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert [item.name for item in items()] == ["mine", "another"] and items()[0].is_used


def test_the_signature_changes_with_takes_and_heads(head_of, keep, listed, takes):
    scene = bpy.context.scene
    empty = listed.signature(scene)
    assert listed.signature(scene) == empty
    keep("a")
    one = listed.signature(scene)
    assert one != empty
    armature = head_of("a")
    with_head = listed.signature(scene)
    assert with_head != one
    takes.of_head(armature).unlink()
    assert listed.signature(scene) != with_head


# What can be done with them


def test_a_new_head_of_a_take_has_its_keys_and_settings(head_of, keep, library):
    bpy.context.scene.ddfa.settings.timing.frame_start = 11
    armature = head_of("Szene 1")
    assert armature.name == "Szene 1" and armature.ddfa.settings.timing.frame_start == 11
    assert keys(armature)[0, 0] == 11.0 and np.ptp(keys(armature)[:, 1]) > 0.1


def test_applying_a_take_replaces_the_keys_and_keeps_settings_and_shape(head_of, keep):
    armature = head_of("one")
    armature.ddfa.settings.timing.frame_start = 21
    head = support.module("scene.head").of_armature(armature)
    before, shape, blocks = keys(armature), vertices(head.mesh), support.data_names()
    second = keep("two", count=60, seed=8)
    assert bpy.ops.ddfa.apply_take() == {"FINISHED"}
    after = keys(armature)
    assert after[0, 0] == 21.0 and len(after) > len(before)
    assert np.array_equal(vertices(head.mesh), shape) and support.data_names() == blocks
    assert support.module("scene.takes").of_head(armature) == second
    armature.ddfa.settings.head.neck_share = 0.5
    assert armature.ddfa.problem == "" and len(keys(armature)) == len(after)


def test_the_actors_shape_comes_along_only_if_asked_for(head_of, keep):
    armature = head_of("one")
    head = support.module("scene.head").of_armature(armature)
    keep("two", seed=8)
    bpy.ops.ddfa.apply_take(shape=True)
    shaped = vertices(head.mesh)
    basis = np.empty_like(shaped)
    head.mesh.data.shape_keys.reference_key.data.foreach_get("co", basis)
    assert np.allclose(shaped, basis)
    bpy.ops.ddfa.head_from_take()
    fresh = support.module("scene.head").of_armature(bpy.context.scene.ddfa.head)
    assert np.allclose(vertices(fresh.mesh), shaped, atol=1e-6)
    for key in fresh.mesh.data.shape_keys.key_blocks:
        mine, other = np.empty_like(shaped), np.empty_like(shaped)
        key.data.foreach_get("co", other)
        head.mesh.data.shape_keys.key_blocks[key.name].data.foreach_get("co", mine)
        assert np.allclose(mine, other, atol=1e-6), key.name


def vertices(mesh):
    values = np.empty(3 * len(mesh.data.vertices), np.float32)
    mesh.data.vertices.foreach_get("co", values)
    return values


@pytest.mark.parametrize("hidden", ["in viewports", "its collection", "collection excluded"])
def test_a_hidden_head_gets_the_other_actors_shape_too(head_of, keep, hidden):
    armature = head_of("one")
    (collection,) = armature.users_collection
    layer = bpy.context.view_layer.layer_collection.children[collection.name]
    keep("two", seed=8)
    if hidden == "in viewports":
        armature.hide_viewport = True
    elif hidden == "its collection":
        layer.hide_viewport = True
    else:
        layer.exclude = True
    active = bpy.context.view_layer.objects.active
    assert bpy.ops.ddfa.apply_take(shape=True) == {"FINISHED"}
    assert bpy.context.view_layer.objects.active == active
    assert armature.hide_viewport == (hidden == "in viewports")
    head = support.module("scene.head").of_armature(armature)
    bpy.ops.ddfa.head_from_take()
    fresh = support.module("scene.head").of_armature(bpy.context.scene.ddfa.head)
    assert np.allclose(vertices(head.mesh), vertices(fresh.mesh), atol=1e-6)
    if hidden != "collection excluded":  # what is in no view layer cannot be edited: only the neck's pivot is off
        for bone in fresh.armature.data.bones:
            assert np.allclose(armature.data.bones[bone.name].head_local, bone.head_local, atol=1e-6)


def test_an_edited_mesh_takes_no_other_shape_and_nothing_has_changed(head_of, keep):
    armature = head_of("one")
    before, take = keys(armature), armature.ddfa.take
    keep("two", seed=8)
    head = support.module("scene.head").of_armature(armature)
    bpy.context.view_layer.objects.active = head.mesh
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert "was edited" in failing(bpy.ops.ddfa.apply_take, shape=True)
    assert np.array_equal(keys(armature), before) and armature.ddfa.take == take
    assert bpy.ops.ddfa.apply_take() == {"FINISHED"}


def test_applying_a_damaged_take_changes_nothing(head_of, keep):
    armature = head_of("one")
    before, take = keys(armature), armature.ddfa.take
    file = keep("two")
    file.write_bytes(file.read_bytes()[:1000])
    assert "damaged" in failing(bpy.ops.ddfa.apply_take)
    assert np.array_equal(keys(armature), before) and armature.ddfa.take == take


def test_undo_brings_the_old_take_and_its_keys_back(head_of, keep):
    armature = head_of("one")
    name, before, take = armature.name, keys(armature), armature.ddfa.take
    keep("two", count=60, seed=8)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ddfa.apply_take("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    armature = bpy.data.objects[name]
    assert np.array_equal(keys(armature), before) and armature.ddfa.take == take
    bpy.ops.ed.redo()
    assert bpy.data.objects[name].ddfa.take == "two.npz" and len(keys(bpy.data.objects[name])) > len(before)


def test_renaming_changes_the_list_and_no_head_loses_its_take(head_of, takes):
    armature = head_of("one")
    assert bpy.ops.ddfa.rename_take(title="Großaufnahme 名") == {"FINISHED"}
    assert [item.name for item in items()] == ["Großaufnahme 名"]
    assert takes.problem(armature) == "" and armature.ddfa.take == "one.npz"
    assert "needs a name" in failing(bpy.ops.ddfa.rename_take, title=" ")


def test_a_dialog_stays_with_the_take_for_which_it_was_opened(keep, listed):
    first, second = keep("first"), keep("second")
    operators, asked = support.module("operators.takes"), types.SimpleNamespace(take="")
    listed.choose(first)
    operators.DDFA_OT_delete_take.pin(asked)
    listed.choose(second)
    operators.DDFA_OT_delete_take.pin(asked)
    assert asked.take == str(first)
    assert bpy.ops.ddfa.delete_take(take=asked.take) == {"FINISHED"}
    assert second.is_file() and not first.exists()


def test_deleting_leaves_the_animation_and_a_line_instead_of_an_error(head_of, takes):
    armature = head_of("one")
    before, file = keys(armature), takes.of_head(armature)
    assert bpy.ops.ddfa.delete_take() == {"FINISHED"}
    assert not file.exists() and np.array_equal(keys(armature), before)
    assert [(item.name, bool(item.problem)) for item in items()] == [("one", True)]
    armature.ddfa.settings.head.neck_share = 0.9
    assert "There is no take at" in armature.ddfa.problem


def test_what_is_no_take_is_not_deleted(keep, tmp_path):
    keep("one")
    np.savez(tmp_path / "foreign.npz", weights=np.zeros(3))
    assert "not a take" in failing(bpy.ops.ddfa.delete_take, take=str(tmp_path / "foreign.npz"))
    assert (tmp_path / "foreign.npz").exists()


def test_a_missing_take_is_linked_again(head_of, takes, listed, tmp_path):
    armature = head_of("one")
    file, before = takes.of_head(armature), keys(armature)
    shutil.move(file, tmp_path / "renamed.npz")
    listed.refresh()
    assert not bpy.ops.ddfa.apply_take.poll() and bpy.ops.ddfa.relink_take.poll()
    assert "damaged" in failing(bpy.ops.ddfa.relink_take, filepath=str(Path(__file__)))
    assert bpy.ops.ddfa.relink_take(filepath=str(tmp_path / "renamed.npz")) == {"FINISHED"}
    assert takes.problem(armature) == "" and np.array_equal(keys(armature), before)
    armature.ddfa.settings.timing.frame_start = 7
    assert armature.ddfa.problem == "" and keys(armature)[0, 0] == 7.0


def test_takes_come_to_the_blend_file_on_request_and_the_originals_stay(head_of, takes, tmp_path):
    armature = head_of("one")
    original = takes.of_head(armature)
    choose_location("BLEND")
    assert not bpy.ops.ddfa.gather_takes.poll()
    save(tmp_path / "a.blend")
    assert takes.of_head(armature) == original and not (tmp_path / "takes").exists()
    assert bpy.ops.ddfa.gather_takes() == {"FINISHED"}
    assert armature.ddfa.take == "//takes/one.npz" and takes.problem(armature) == ""
    assert original.is_file() and not bpy.ops.ddfa.gather_takes.poll()


def test_where_one_take_cannot_be_copied_every_head_keeps_its_own(head_of, keep, takes, library, tmp_path, monkeypatch):
    heads = [head_of("one"), head_of("two", seed=8)]
    before = [armature.ddfa.take for armature in heads]
    choose_location("FOLDER", str(tmp_path / "shared"))
    copy, copied = library.copy_into, []

    def fail_the_second_time(file, folder):
        if copied:
            raise support.module("ddfa_blender.errors").CaptureError("The disk is full.")
        copied.append(file)
        return copy(file, folder)

    monkeypatch.setattr(library, "copy_into", fail_the_second_time)
    assert "The disk is full" in failing(bpy.ops.ddfa.gather_takes)
    assert [armature.ddfa.take for armature in heads] == before


def test_a_name_that_no_file_can_have_breaks_no_button(head_of):
    head_of("one").ddfa.take = "/takes/" + "long" * 100 + ".npz"
    choose_location("FOLDER", "/somewhere/else")
    assert not bpy.ops.ddfa.gather_takes.poll()


def test_two_heads_of_one_take_share_its_copy(head_of, keep, takes, tmp_path):
    head_of("one")
    bpy.ops.ddfa.head_from_take()
    choose_location("FOLDER", str(tmp_path / "shared takes"))
    bpy.ops.ddfa.gather_takes()
    assert [file.name for file in (tmp_path / "shared takes").iterdir()] == ["one.npz"]
    assert len({takes.of_head(armature) for armature in takes.heads()}) == 1


def test_buttons_are_grey_with_a_reason_while_there_is_nothing_to_act_on():
    operators = support.module("operators.takes")
    for name in ("apply_take", "head_from_take", "rename_take", "delete_take", "relink_take", "gather_takes"):
        operator = getattr(bpy.ops.ddfa, name)
        assert not operator.poll(), name
        reason = getattr(bpy.types, f"DDFA_OT_{name}").reason(bpy.context)
        assert reason and not reason.endswith("."), name
    assert operators.take_reason(bpy.context) == "Choose a take in the list"


def test_the_video_is_never_needed_again(head_of, keep):
    """The footage of these takes never existed."""
    armature = head_of("one", footage="/nowhere/clip.mp4")
    armature.ddfa.settings.cleanup.min_confidence = 0.5
    armature.ddfa.settings.head.driving = "ARKIT"
    assert armature.ddfa.problem == "" and np.allclose(keys(armature)[:, 1], 0.0)


def test_a_take_of_a_model_without_a_head_says_so_and_is_no_head(keep):
    keep("imported", basis="3DDFA-V2", absent_outputs=["arkit", "confidence"])
    assert items()[0].model == "3DDFA-V2"
    before = support.data_names()
    assert "has no head to animate" in failing(bpy.ops.ddfa.head_from_take)
    assert support.data_names() == before


def test_the_panel_tells_what_is_known_of_the_chosen_take(head_of, keep, monkeypatch):
    panels = support.module("panels.takes")
    head_of("one", footage="/nowhere/clip.mp4")
    (item,) = items()
    text = " ".join(panels._facts(item))
    assert "1.0 s, 30 frames" in text and "Animates one" in text and "no longer at" in text


def test_a_line_of_the_list_shows_name_length_and_trouble(head_of, keep, listed):
    panels, record = support.module("panels.takes"), []
    head_of("one")
    cut = keep("cut")
    cut.write_bytes(cut.read_bytes()[:1000])
    listed.refresh()

    def row(**_):
        return types.SimpleNamespace(row=row, label=lambda **label: record.append(label))

    for item in items():
        panels.DDFA_UL_takes.draw_item(None, bpy.context, types.SimpleNamespace(row=row), None, item, 0, None, "", 0)
    assert [(label["text"], label.get("icon")) for label in record] == [
        ("one", "ARMATURE_DATA"), ("1.0 s, 10 % lost", None), ("cut", "ERROR"), ("", None),
    ]  # fmt: skip


def test_a_read_only_folder_is_listed_and_refuses_changes_in_one_sentence(keep, library, monkeypatch):
    file = keep("one")

    def read_only(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(file), "unlink", read_only)
    monkeypatch.setattr(support.module("ddfa_blender.atomic").os, "replace", read_only)
    assert "Permission denied" in failing(bpy.ops.ddfa.delete_take)
    monkeypatch.undo()
    assert file.is_file() and [item.name for item in items()] == ["one"]


def test_takes_of_a_running_capture_wait(keep, monkeypatch):
    keep("one")
    state = support.module("operators.state")
    monkeypatch.setattr(state, "job", types.SimpleNamespace())
    assert not bpy.ops.ddfa.head_from_take.poll()
    monkeypatch.undo()
    assert bpy.ops.ddfa.head_from_take.poll() and os.sep in items()[0].file
