# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension through all that happens to an extension: files, undo, several scenes, linked data, upgrades."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
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


def make_head(title="clip", **arguments):
    """A head of a new take in the user folder; gives its armature."""
    takes, take_list = support.module("scene.takes"), support.module("scene.take_list")
    file = support.module("ddfa_blender.take_library").save_new(support.take(**arguments), takes.user_folder(), title)
    take_list.refresh()
    take_list.choose(file)
    assert bpy.ops.ddfa.head_from_take() == {"FINISHED"}
    return bpy.context.scene.ddfa.head


def first_key(armature):
    actions, head = support.module("scene.actions"), support.module("scene.head").of_armature(armature)
    curve = actions.find_curve(head.mesh.data.shape_keys, 'key_blocks["Expression 01"].value', 0)
    return float(actions.keys(curve)[0, 0])


def own_handlers():
    events = bpy.app.handlers
    lists = (events.load_post, events.save_pre, events.save_post, events.save_post_fail)
    return [f for handlers in lists for f in handlers if f.__module__.startswith(support.PACKAGE)]


# Enabling, disabling, upgrading


def test_disabling_leaves_no_trace_and_enabling_again_finds_every_setting():
    import addon_utils

    armature = make_head()
    armature.ddfa.settings.timing.frame_start = 31
    bpy.context.scene.ddfa.settings.timing.frame_start = 41
    name, count = armature.name, len(own_handlers())
    assert count == 5
    addon_utils.disable(support.PACKAGE)
    assert own_handlers() == [] and not hasattr(bpy.types.WindowManager, "ddfa_takes")
    assert support.module("operators.command")._registered is None
    bpy.context.scene.frame_set(35)  # Blender goes on without it
    support.enable_extension()
    assert len(own_handlers()) == count
    armature = bpy.data.objects[name]
    assert armature.ddfa.settings.timing.frame_start == 31 and bpy.context.scene.ddfa.head == armature
    assert bpy.context.scene.ddfa.settings.timing.frame_start == 41
    armature.ddfa.settings.timing.frame_start = 51
    assert first_key(armature) == 51.0 and armature.ddfa.problem == ""


def test_a_file_saved_without_the_extension_keeps_the_settings(tmp_path):
    import addon_utils

    armature = make_head()
    armature.ddfa.settings.timing.frame_start = 31
    name = armature.name
    addon_utils.disable(support.PACKAGE)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.save_mainfile()
    support.enable_extension()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert bpy.data.objects[name].ddfa.settings.timing.frame_start == 31
    assert bpy.data.objects[name].ddfa.take == "clip.npz"


_UPGRADE = """
import os, sys
sys.path.insert(0, {tests!r})
import bpy, addon_utils, support
def install(path):
    bpy.ops.extensions.package_install_files(filepath=path, repo="user_default", enable_on_install=True)
    addon_utils.enable(support.PACKAGE, default_set=True)
def version():
    return support.module("scene.models").__dict__.get("VERSION_OF_TEST")
bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
install({old!r})
assert version() == "old"
takes = support.module("scene.takes")
model = support.small_model()
support.module("ddfa_blender.solutions")._bundled = lambda: model
support.module("ddfa_blender.take_library").save_new(support.take(), takes.user_folder(), "clip")
support.module("scene.take_list").refresh()
bpy.ops.ddfa.head_from_take()
name = bpy.context.scene.ddfa.head.name
bpy.data.objects[name].ddfa.settings.timing.frame_start = 31
bpy.context.preferences.addons[support.PACKAGE].preferences.takes_location = "BLEND"
bpy.ops.wm.save_as_mainfile(filepath={blend!r})
install({new!r})
assert version() == "new"
support.module("ddfa_blender.solutions")._bundled = lambda: support.small_model()
for opened in (False, True):
    if opened:
        bpy.ops.wm.open_mainfile(filepath={blend!r})
    armature = bpy.data.objects[name]
    assert armature.ddfa.settings.timing.frame_start == 31
    assert bpy.context.preferences.addons[support.PACKAGE].preferences.takes_location == "BLEND"
    assert support.module("scene.takes").problem(armature) == "", support.module("scene.takes").problem(armature)
    armature.ddfa.settings.timing.frame_start = 41
    assert armature.ddfa.problem == "", armature.ddfa.problem
    assert support.module("scene.actions").frame_range(armature)[0] == 41.0
print("upgraded")
sys.stdout.flush()
os._exit(0)
"""


#: What a head cannot be made without, beside the code.
_NEEDED_DATA = ("model/morphable_model.npz", "model/arkit_reliability.json")


def make_zip(path, version, mark):
    """The extension as a zip of this version, without the networks; ``mark`` tells the two apart once installed."""
    manifest = (support.ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("blender_manifest.toml", manifest.replace('version = "0.1.0"', f'version = "{version}"'))
        for top in support._SHIPPED:
            source = support.ROOT / top
            for file in [source] if source.is_file() else sorted(source.rglob("*")):
                name = file.relative_to(support.ROOT).as_posix()
                if file.suffix != ".py" and name not in _NEEDED_DATA:
                    continue
                text = file.read_bytes()
                if name == "scene/models.py":
                    text += f'\nVERSION_OF_TEST = "{mark}"\n'.encode()
                archive.writestr(name, text)
    return str(path)


def test_an_upgrade_keeps_heads_takes_and_preferences(tmp_path):
    old = make_zip(tmp_path / "old.zip", "0.1.0", "old")
    new = make_zip(tmp_path / "new.zip", "0.1.1", "new")
    home = tmp_path / "home"
    home.mkdir()
    script = tmp_path / "upgrade.py"
    script.write_text(
        _UPGRADE.format(tests=str(Path(__file__).parent), old=old, new=new, blend=str(tmp_path / "a.blend")),
        encoding="utf-8",
    )
    environment = {**os.environ, "HOME": str(home), "BLENDER_USER_RESOURCES": str(home)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert "upgraded" in done.stdout, done.stdout + done.stderr


# Files and undo


def test_everything_survives_saving_and_opening(tmp_path):
    armature = make_head()
    armature.ddfa.settings.timing.frame_start = 31
    armature.ddfa.settings.head.driving = "ARKIT"
    bpy.context.scene.ddfa.footage.video = "//clip.mp4"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "Größe 名.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "Größe 名.blend"))
    scene = bpy.context.scene
    armature = scene.ddfa.head
    assert (armature.ddfa.settings.timing.frame_start, armature.ddfa.settings.head.driving) == (31, "ARKIT")
    assert scene.ddfa.footage.video == "//clip.mp4"
    armature.ddfa.settings.timing.frame_start = 3
    assert first_key(armature) == 3.0 and armature.ddfa.problem == ""


def test_an_opened_file_tells_what_is_wrong_now_not_what_was(tmp_path):
    armature, takes = make_head(), support.module("scene.takes")
    file = takes.of_head(armature)
    armature.ddfa.problem = "Something of yesterday"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert bpy.context.scene.ddfa.head.ddfa.problem == ""
    file.rename(tmp_path / "elsewhere.npz")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert "There is no take at" in bpy.context.scene.ddfa.head.ddfa.problem


def test_undo_and_redo_of_a_setting_bring_its_keys_along():
    armature = make_head()
    name = armature.name
    bpy.ops.ed.undo_push(message="before")
    armature.ddfa.settings.timing.frame_start = 31
    bpy.ops.ed.undo_push(message="start frame")
    bpy.ops.ed.undo()
    armature = bpy.data.objects[name]
    assert armature.ddfa.settings.timing.frame_start == 1 and first_key(armature) == 1.0
    bpy.ops.ed.redo()
    armature = bpy.data.objects[name]
    assert armature.ddfa.settings.timing.frame_start == 31 and first_key(armature) == 31.0


def test_undo_after_another_file_was_opened_touches_nothing_of_the_old_one(tmp_path):
    make_head("first")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    armature = make_head("second")
    bpy.ops.ed.undo_push(message="second")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.ed.undo_push(message="opened")
    armature = bpy.context.scene.ddfa.head
    armature.ddfa.settings.timing.frame_start = 9
    bpy.ops.ed.undo_push(message="changed")
    bpy.ops.ed.undo()
    armature = bpy.context.scene.ddfa.head
    assert armature.name == "first" and armature.ddfa.settings.timing.frame_start == 1 and first_key(armature) == 1.0


# Several scenes


def test_each_scene_has_a_head_and_settings_of_its_own():
    first = make_head("first")
    scene, other = bpy.context.scene, bpy.data.scenes.new("Other")
    with bpy.context.temp_override(scene=other, view_layer=other.view_layers[0]):
        assert other.ddfa.head is None and other.ddfa.current() == other.ddfa.settings
        other.ddfa.settings.timing.frame_start = 71
    assert scene.ddfa.head == first and scene.ddfa.current() == first.ddfa.settings
    assert first.ddfa.settings.timing.frame_start == 1
    other.ddfa.head = first  # linked into both, it is one head
    assert other.ddfa.current() == first.ddfa.settings


def test_a_deleted_head_gives_way_to_the_settings_for_the_next(tmp_path):
    armature = make_head()
    bpy.data.objects.remove(armature)
    scene = bpy.context.scene
    assert scene.ddfa.current() == scene.ddfa.settings
    support.module("scene.take_list").refresh()
    assert [item.is_used for item in bpy.context.window_manager.ddfa_takes.items] == [False]


# Linked data


@pytest.fixture
def library_file(tmp_path):
    """A .blend file with a head whose take lies beside it."""
    folder = tmp_path / "library"
    folder.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "actor.blend"))
    bpy.context.scene.ddfa.takes.location = "BLEND"
    takes, take_list = support.module("scene.takes"), support.module("scene.take_list")
    support.module("ddfa_blender.take_library").save_new(support.take(), folder / "takes", "clip")
    take_list.refresh()
    bpy.ops.ddfa.head_from_take()
    assert takes.of_head(bpy.context.scene.ddfa.head) == folder / "takes" / "clip.npz"
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    return folder / "actor.blend"


def link(file):
    """Link the head's collection; gives it and the armature."""
    with bpy.data.libraries.load(str(file), link=True) as (source, target):
        target.collections = source.collections[:1]
    (collection,) = target.collections
    return collection, next(obj for obj in collection.objects if obj.type == "ARMATURE")


def test_a_linked_head_is_shown_with_a_reason_and_nothing_raises(library_file, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    collection, armature = link(library_file)
    scene = bpy.context.scene
    scene.collection.children.link(collection)
    scene.ddfa.head = armature
    reason = support.module("scene.live").read_only_reason(armature)
    assert "linked from actor.blend" in reason
    before = first_key(armature)
    with pytest.raises(support.module("ddfa_blender.errors").CaptureError, match="linked from actor"):
        support.module("scene.live").rebake(scene, armature)
    assert first_key(armature) == before
    takes = support.module("scene.takes")
    assert takes.of_head(armature) == library_file.parent / "takes" / "clip.npz" and takes.problem(armature) == ""
    support.module("scene.take_list").refresh()
    (item,) = bpy.context.window_manager.ddfa_takes.items
    assert item.is_used and item.problem == ""
    assert not bpy.ops.ddfa.apply_take.poll() and bpy.ops.ddfa.head_from_take.poll()
    assert "linked from" in support.module("operators.takes").head_reason(bpy.context)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert "linked from" in support.module("scene.live").read_only_reason(bpy.context.scene.ddfa.head)


def test_a_library_override_is_read_only_until_all_of_it_is_local(library_file, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    collection, _ = link(library_file)
    scene = bpy.context.scene
    scene.collection.children.link(collection)
    override = collection.override_hierarchy_create(scene, bpy.context.view_layer)
    armature = next(obj for obj in override.all_objects if obj.type == "ARMATURE")
    assert armature.library is None and armature.override_library is not None
    scene.ddfa.head = armature
    live = support.module("scene.live")
    assert "linked from actor.blend" in live.read_only_reason(armature)
    armature.ddfa.settings.timing.frame_start = 31
    assert "linked from actor.blend" in armature.ddfa.problem and first_key(armature) == 1.0
    bpy.ops.object.make_local(type="ALL")
    local = scene.ddfa.head
    assert live.read_only_reason(local) is None or local.library is not None


def test_a_head_made_local_follows_its_settings_again(library_file, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library" / "shot.blend"))
    with bpy.data.libraries.load(str(library_file), link=False) as (source, target):
        target.collections = source.collections[:1]
    (collection,) = target.collections
    bpy.context.scene.collection.children.link(collection)
    armature = next(obj for obj in collection.objects if obj.type == "ARMATURE")
    assert support.module("scene.live").read_only_reason(armature) is None
    armature.ddfa.settings.timing.frame_start = 31
    assert armature.ddfa.problem == "" and first_key(armature) == 31.0


# Files on the disk


def snapshot(folder):
    """All files below a folder but Python's own caches, with their contents' lengths and times."""
    found = {}
    for path in Path(folder).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            status = path.stat()
            found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def test_nothing_is_written_outside_the_user_folder_and_the_places_the_user_names(tmp_path, monkeypatch):
    current, named = tmp_path / "current", tmp_path / "named"
    current.mkdir()
    named.mkdir()
    monkeypatch.chdir(current)
    home = Path(os.environ["HOME"])
    own = Path(bpy.utils.extension_path_user(support.PACKAGE, create=True))
    before = snapshot(home)
    armature = make_head()
    armature.ddfa.settings.timing.frame_start = 31
    bpy.ops.ddfa.rename_take(title="named")
    bpy.ops.ddfa.export_fbx(filepath=str(named / "a.fbx"))
    bpy.ops.wm.save_as_mainfile(filepath=str(named / "a.blend"))
    bpy.context.scene.ddfa.takes.location = "BLEND"
    bpy.ops.ddfa.gather_takes()
    command = support.module("operators.command")
    take = str(support.module("scene.takes").of_head(armature))
    assert command.main(["bake", take, "--fbx", str(named / "b.fbx")]) == 0
    changed = {path for path, state in snapshot(home).items() if before.get(path) != state}
    blender = {path for path in changed if Path(path).name in ("recent-files.txt", "platform_support.txt")}
    assert {Path(path).parent for path in changed - blender} == {own / "takes"}
    assert list(current.iterdir()) == []
    written = {path.name for path in named.rglob("*") if path.is_file()}
    assert written == {"a.fbx", "a.blend", "b.fbx", "named.npz"}
    assert np.all([not path.name.startswith(".ddfa") for path in named.rglob("*")])
