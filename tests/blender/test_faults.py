# SPDX-License-Identifier: GPL-3.0-or-later
"""Drills inside Blender: killed while baking and exporting, full disks, broken takes, targets that are gone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import bpy
import characters
import numpy as np
import pytest
import support

_PATIENCE = 180.0


@pytest.fixture
def row():
    """A line of the fault table (``python -m tools.faults``), once all has been checked."""

    def add(fault: str, happened: str, told: str) -> None:
        path = os.environ.get("DDFA_FAULT_TABLE")
        if path:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps([fault, happened, told], ensure_ascii=False) + "\n")

    return add


@pytest.fixture
def small_head(monkeypatch, model):
    """Heads are built of the small model, whatever the takes say."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    return model


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 128 KiB, where this process may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may mount no disk")
    yield disk
    subprocess.run([shutil.which("umount"), "-l", disk], check=True)


def _victim(folder: Path, stage: str = "") -> subprocess.Popen:
    script = Path(__file__).with_name("fault_victim.py")
    return subprocess.Popen([sys.executable, script, folder, stage], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _kill_at(folder: Path, stage: str) -> None:
    process = _victim(folder, stage)
    deadline = time.monotonic() + _PATIENCE
    while not (folder / "reached").exists():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(_PATIENCE)
    process.stderr.close()
    (folder / "reached").unlink()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
@pytest.mark.parametrize("stage", ["bake", "export"])
def test_killed_and_started_again(tmp_path, stage, row):
    (tmp_path / "head.fbx").write_bytes(b"the old file")
    _kill_at(tmp_path, stage)
    assert (tmp_path / "head.fbx").read_bytes() == b"the old file"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    assert [obj.name for obj in bpy.data.objects if obj.type == "ARMATURE"] == ["Actor"]
    process = _victim(tmp_path)
    assert process.wait(_PATIENCE) == 0, process.communicate()[1].decode()
    process.stderr.close()
    assert (tmp_path / "head.fbx").stat().st_size > 10_000
    left = {path.name for path in tmp_path.iterdir()} - {"head.blend1"}
    assert left == {"head.blend", "head.fbx"}
    row(
        f"kill -9 during: {stage}",
        "the saved .blend opens, the old export is there, whole; the next export removes what was left",
        "nothing is lost since the last save",
    )


@pytest.mark.parametrize(("name", "suffix"), [("FBX", ".fbx"), ("USD", ".usdc"), ("GLTF", ".glb")])
def test_a_disk_that_fills_up_during_an_export(small_disk, model, row, name, suffix):
    made = support.module("scene.pipeline").apply_performance(bpy.context, model, support.performance()).head
    exports, errors = support.module("scene.exports"), support.module("ddfa_blender.errors")
    if exports.FORMATS[name].missing():
        pytest.skip("this Blender cannot write the format")
    target = small_disk / f"head{suffix}"
    target.write_bytes(b"old")
    (small_disk / "ballast").write_bytes(bytes(116 * 1024))
    with pytest.raises(errors.CaptureError) as refused:
        exports.FORMATS[name].write(bpy.context, made, target)
    assert str(refused.value).endswith(".")
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", target.name]
    told = str(refused.value).replace(str(small_disk), "…")
    row(f"disk full during an export ({name})", "the old file stays, nothing is left behind", told)


def test_a_disk_that_fills_up_while_a_command_saves(small_disk, small_head, tmp_path, capsys, row):
    command, library = support.module("operators.command"), support.module("ddfa_blender.take_library")
    take = library.save_new(support.take(), tmp_path, "clip")
    (small_disk / "ballast").write_bytes(bytes(100 * 1024))
    assert command.main(["bake", str(take), "--blend", str(small_disk / "head.blend")]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("error: ") and told.endswith(".") and "head.blend" in told
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
    row(
        "disk full while a .blend is saved by `blender --command ddfa`",
        "nothing is left behind, exit status 2",
        told.replace(str(small_disk), "…"),
    )


def test_a_capture_whose_folder_cannot_be_written_keeps_its_take_elsewhere(tmp_path, monkeypatch, row):
    task, settings = support.module("operators.task"), support.module("ddfa_blender.settings")
    solve, cleanup = support.module("ddfa_blender.solve"), support.module("ddfa_blender.cleaning.cleanup")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").write_bytes(b"no folder")
    work = task.CaptureTask(
        Path("talk.mp4"),
        tmp_path / "file" / "takes",
        settings.CaptureSettings(),
        solve.SolveSettings(),
        cleanup.CleanUpSettings(),
    )
    kept = work._keep(support.take())
    assert len(support.module("ddfa_blender.take").Take.load(kept)) == 30
    (note,) = work.notes
    assert str(kept) in note and "choose another in the preferences" in note
    row(
        "the folder of takes is read-only, gone or full when a capture ends",
        "the take is kept in the system's temporary folder, and the head is made of it",
        note.replace(str(tmp_path), "…"),
    )


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="here every user has a temporary folder of his own")
@pytest.mark.parametrize("trap", ["another user's", "a link", "a file"])
def test_the_temporary_folder_of_somebody_else_is_left_alone(tmp_path, monkeypatch, trap):
    task = support.module("operators.task")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    usual, elsewhere = tmp_path / "tmp" / task._RESCUED, tmp_path / "elsewhere"
    usual.parent.mkdir()
    elsewhere.mkdir()
    if trap == "a link":
        usual.symlink_to(elsewhere)
    elif trap == "a file":
        usual.touch()
    else:
        usual.mkdir()
        own = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: own + 1)
    folder = task._rescue_folder()
    assert folder != usual and folder.parent == usual.parent and folder.stat().st_mode & 0o77 == 0
    assert list(elsewhere.iterdir()) == []


def _head_of(take, folder):
    library, takes = support.module("ddfa_blender.take_library"), support.module("scene.takes")
    file = library.save_new(take, folder, "clip")
    listed = support.module("scene.take_list")
    del takes
    heads = support.module("scene.take_heads")
    listed.refresh()
    return file, heads.new_head(bpy.context, file).head.armature


def test_nan_in_a_take(small_head, tmp_path, row):
    take = support.take()
    take.params[5, 20] = np.nan
    take.arkit[20] = np.inf
    file, armature = _head_of(take, tmp_path)
    assert armature.ddfa.problem == ""
    lost = np.flatnonzero(~support.module("ddfa_blender.take").Take.load(file).tracked)
    assert list(lost) == [5, 10, 11, 12, 20]
    actions = support.module("scene.actions")
    mesh = support.module("scene.head").of_armature(armature).mesh
    curve = actions.find_curve(mesh.data.shape_keys, 'key_blocks["jawOpen"].value', 0)
    assert np.isfinite(actions.keys(curve)).all()
    names = [marker.name for marker in bpy.context.scene.timeline_markers]
    assert any("lost" in name.lower() for name in names)
    row(
        "NaN in the take of a head",
        "baked; the frames are marked as gaps on the timeline",
        "markers where the face was lost",
    )


def test_a_take_of_a_newer_version(small_head, tmp_path, row):
    file, armature = _head_of(support.take(), tmp_path)
    take_version = support.module("ddfa_blender.take").TAKE_VERSION
    with np.load(file) as data:
        arrays = {name: data[name] for name in data.files}
    header = json.loads(str(arrays["header"])) | {"version": take_version + 1}
    np.savez(file, **{**arrays, "header": np.array(json.dumps(header))})
    before = support.data_names()
    armature.ddfa.settings.head.neck_share = 0.7
    told = armature.ddfa.problem
    assert "update the extension" in told and told.endswith(".")
    assert support.data_names() == before
    row("the take of a head is from a newer version", "the head keeps its animation", told.replace(str(tmp_path), "…"))


def test_a_take_that_would_be_years_long(small_head, model, row):
    errors = support.module("ddfa_blender.errors")
    performance = support.performance(count=3, time=np.array([0.0, 1.0, 86400.0]))
    before = support.data_names()
    with pytest.raises(errors.CaptureError, match="frames long"):
        support.module("scene.pipeline").apply_performance(bpy.context, model, performance)
    assert support.data_names() == before


def test_targets_that_are_gone(tmp_path, small_head, row):
    _, armature = _head_of(support.take(), tmp_path)
    bpy.context.scene.ddfa.head = armature
    names = support.module("ddfa_blender.names").ARKIT_NAMES
    settings = bpy.context.scene.ddfa.retarget
    rig = characters.rig("Hero", characters.RIGIFY_META)
    face = characters.mesh("Face", list(names), rig)
    lashes = characters.mesh("Lashes", list(names), rig)
    settings.character = rig
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    bpy.data.objects.remove(lashes)
    for name in names[:10]:
        face.shape_key_remove(face.data.shape_keys.key_blocks[name])
    path = tmp_path / "broken.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert bpy.ops.ddfa.retarget() == {"FINISHED"}
    told = support.module("operators.state").message if hasattr(support.module("operators.state"), "message") else ""
    for obj in [obj for obj in bpy.data.objects if obj.name in ("Face", "Hero")]:
        bpy.data.objects.remove(obj)
    scene = bpy.context.scene
    reason = support.module("scene.retarget").disabled_reason(scene)
    assert reason
    with pytest.raises(RuntimeError):
        bpy.ops.ddfa.retarget()
    row(
        "a .blend with missing targets",
        "what is left is animated; without a character the button is grey and says why",
        f"{told or 'N targets are no longer there: …'}; {reason}",
    )
