# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line inside Blender: the function behind ``blender --command ddfa``; footage and takes are made up."""

from __future__ import annotations

import dataclasses
import json

import bpy
import numpy as np
import pytest
import support


@pytest.fixture
def command():
    return support.module("operators.command")


@pytest.fixture(autouse=True)
def small_head(monkeypatch, model):
    """Heads are built of the small model, whatever the takes say."""
    monkeypatch.setattr(support.module("ddfa_blender.solutions"), "_bundled", lambda: model)
    return model


@pytest.fixture
def take(tmp_path):
    file = tmp_path / "in" / "clip.npz"
    file.parent.mkdir()
    return support.module("ddfa_blender.take_library").save_new(support.take(), file.parent, "clip")


@pytest.fixture
def clip(tmp_path, monkeypatch):
    """A file that counts as footage: the tracker gives a made-up take, and the settings that it was given."""
    file = tmp_path / "Größe 名.mp4"
    file.write_bytes(b"not looked at")
    task = support.module("operators.task").CaptureTask
    seen = []

    def track(self, progress, cancelled):
        seen.append(self)
        progress(1, 2)
        return support.take(source=file.name)

    monkeypatch.setattr(task, "_track", track)
    return file, seen


def keys():
    actions, head = support.module("scene.actions"), support.module("scene.head")
    armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
    shapes = head.of_armature(armature).mesh.data.shape_keys
    return actions.keys(actions.find_curve(shapes, 'key_blocks["jawOpen"].value', 0))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_help_is_complete(command, capsys):
    assert command.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("capture", "bake", "import", "takes", "examples:"))
    for name in ("capture", "bake"):
        assert command.main([name, "--help"]) == 0
        text = capsys.readouterr().out
        assert all(option in text for option in ("--fbx", "--blend", "--fps", "--driving {expression,arkit}"))
        assert all(option in text for option in ("--neck-share", "--smooth-head", "--min-confidence", "--frame-start"))


def test_every_setting_of_the_panels_has_an_option(command, capsys):
    settings, properties = support.module("operators.command_settings"), support.module("scene.properties")
    command.main(["bake", "--help"])
    text = capsys.readouterr().out
    for path, prop in settings._settings(properties.PerformanceSettings.bl_rna):
        name = prop.identifier.replace("_", "-")
        names = (settings._NAMES.get(path), name, path.replace(".", "-").replace("_", "-"))
        assert any(f"--{candidate} " in text.replace(",", " ") for candidate in names), path
    assert "--active-channel" not in text


def test_capture_writes_all_that_was_asked_for(command, clip, tmp_path, capsys):
    file, seen = clip
    out = tmp_path / "out"
    out.mkdir()
    arguments = ["capture", str(file), "--fbx", str(out / "ä b.fbx"), "--blend", str(out / "head"), "--take"]
    arguments += [str(out / "kept.npz"), "--start", "0.5", "--end", "2", "--face", "100", "50", "--driving", "arkit"]
    assert command.main([*arguments, "--frame-start", "11", "--fps", "25", "--name", "Anna"]) == 0
    assert files(out) == ["head.blend", "kept.npz", "ä b.fbx"]
    printed = capsys.readouterr()
    assert printed.out.split("\n") == [str(out / "ä b.fbx"), str(out / "head.blend"), str(out / "kept.npz"), ""]
    assert "frame 1 of 2" in printed.err
    assert (seen[0].capture.start, seen[0].capture.end, seen[0].capture.face_hint) == (0.5, 2.0, (100.0, 50.0))
    bpy.ops.wm.open_mainfile(filepath=str(out / "head.blend"))
    scene = bpy.context.scene
    armature = scene.ddfa.head
    assert armature.name == "Anna" and scene.render.fps == 25 and keys()[0, 0] == 11.0
    assert armature.ddfa.take == "//kept.npz" and support.module("scene.takes").problem(armature) == ""
    armature.ddfa.settings.timing.frame_start = 1
    assert armature.ddfa.problem == "" and keys()[0, 0] == 1.0 and armature.ddfa.settings.head.driving == "ARKIT"


def test_the_footages_rate_is_the_default(command, take, tmp_path):
    file = support.module("ddfa_blender.take_library").save_new(support.take(fps=30000 / 1001), take.parent, "ntsc")
    assert command.main(["bake", str(file), "--blend", str(tmp_path / "a.blend")]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    render = bpy.context.scene.render
    assert (render.fps, render.fps_base) == (30, pytest.approx(1.001, abs=1e-6))
    assert len(keys()) == 30


def test_bake_needs_no_footage_and_leaves_nothing_else(command, take, tmp_path):
    before = files(tmp_path)
    own = support.module("scene.takes").user_folder()
    assert command.main(["bake", str(take), "--fbx", str(tmp_path / "a.fbx")]) == 0
    assert (tmp_path / "a.fbx").read_bytes().startswith(b"Kaydara FBX Binary")
    assert files(tmp_path) == sorted([*before, "a.fbx"]) and not own.exists()


def test_bake_writes_every_format_at_once(command, take, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    names = {
        "--fbx": "a.fbx",
        "--glb": "a.glb",
        "--usd": "a.usdz",
        "--csv": "a.csv",
        "--bvh": "a.bvh",
        "--json": "a.npz",
    }
    arguments = [part for option, name in names.items() for part in (option, str(out / name))]
    assert command.main(["bake", str(take), *arguments]) == 0
    assert files(out) == sorted(names.values())
    assert capsys.readouterr().out.split() == [str(out / name) for name in names.values()]
    assert command.main(["bake", str(take), "--usd", str(out / "b"), "--json", str(out / "b")]) == 0
    assert files(out) == sorted([*names.values(), "b.json", "b.usdc"])
    # Footage of 30 frames per second from frame 1: the timecode counts the scene's time.
    assert (out / "a.csv").read_text(encoding="utf-8").splitlines()[1].startswith("00:00:00:02.000,61,")
    assert f"Frame Time: {1 / 30:.8f}" in (out / "a.bvh").read_text(encoding="utf-8")
    assert (
        command.main(["bake", str(take), "--csv", str(tmp_path / "none" / "a.csv"), "--bvh", str(out / "c.bvh")]) == 2
    )
    assert "does not exist" in capsys.readouterr().err and not (out / "c.bvh").exists()


def test_a_recording_is_imported_then_baked(command, tmp_path, capsys):
    performance = support.performance(count=30, fps=30.0)
    recording = tmp_path / "phone.csv"
    support.module("ddfa_blender.formats.live_link_face").write_live_link_face(performance, recording)
    kept = tmp_path / "kept.npz"
    assert command.main(["import", str(recording), "--take", str(kept)]) == 0
    assert capsys.readouterr().out.split() == [str(kept)] and files(tmp_path) == ["kept.npz", "phone.csv"]
    for arguments, driving in (([], "ARKIT"), (["--driving", "expression"], "EXPRESSION")):
        assert command.main(["bake", str(kept), "--blend", str(tmp_path / "a.blend"), *arguments]) == 0
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
        assert bpy.context.scene.ddfa.head.ddfa.settings.head.driving == driving
    assert bpy.context.scene.ddfa.head.name == "phone" and len(keys()) == 30
    app, quaternions = support.module("ddfa_blender.formats.live_link_face"), support.module("ddfa_blender.quaternions")
    assert command.main(["import", str(recording), "--take", str(tmp_path / "i.npz"), "--invert", "yaw", "roll"]) == 0
    as_recorded, inverted = (
        app.head_angles(quaternions.to_matrices(support.module("ddfa_blender.take").Take.load(file).head_rotation))
        for file in (kept, tmp_path / "i.npz")
    )
    np.testing.assert_allclose(inverted, as_recorded * (-1.0, 1.0, -1.0), atol=1e-9)
    assert command.main(["import", str(kept), "--take", str(tmp_path / "b.npz")]) == 2
    assert "Live Link Face CSV" in capsys.readouterr().err and not (tmp_path / "b.npz").exists()


def test_settings_in_seconds_and_degrees(command, take, tmp_path):
    arguments = ["bake", str(take), "--blend", str(tmp_path / "a.blend"), "--field-of-view", "50"]
    assert command.main([*arguments, "--smooth-head", "0.25", "--use-translation", "--no-set-scene-range"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    settings = bpy.context.scene.ddfa.head.ddfa.settings
    assert settings.head.field_of_view == pytest.approx(np.radians(50.0))
    assert settings.cleanup.smooth_head == pytest.approx(0.25)
    assert settings.head.use_translation and not settings.timing.set_scene_range


def test_the_users_start_up_file_has_no_say(command, take, tmp_path):
    bpy.context.scene.ddfa.settings.timing.frame_start = 77
    bpy.data.objects.new("Left over", None)
    assert command.main(["bake", str(take), "--blend", str(tmp_path / "a.blend")]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert "Left over" not in bpy.data.objects and keys()[0, 0] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["capture"], "required: CLIP"),
        (["frobnicate"], "invalid choice"),
        (["bake", "x.npz", "--fps", "0"], "0 is no frame rate"),
        (["bake", "x.npz", "--neck-share", "2"], "2 is no number from 0 to 1"),
        (["bake", "x.npz", "--driving", "wheels"], "wheels is none of expression, arkit"),
        (["bake", "x.npz", "--fbx", "a.glb"], "let it end in .fbx"),
        (["bake", "x.npz", "--glb", "a.gltf"], "let it end in .glb"),
        (["bake", "x.npz", "--csv", "photo.JPG"], "let it end in .csv"),
        (["bake", "x.npz", "--json", "a.txt"], "let it end in .json or .npz"),
        (["bake", "x.npz", "--blend", ""], "'' is no name of a file; give one that ends in .blend"),
        (["capture", "x.mp4", "--take", "x.csv"], "let it end in .npz"),
        (["bake", "x.npz", "--smooth-h", "1"], "unrecognized arguments: --smooth-h 1"),
    ],
)
def test_wrong_arguments_exit_with_2_and_say_what_is_wrong(command, capsys, arguments, message):
    assert command.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and message in line


def test_versions_in_names_stay_and_usd_need_not_say_its_kind(command, take, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    assert command.main(["bake", str(take), "--csv", str(out / "shot.v2"), "--usd", str(out / "a.usd")]) == 0
    assert files(out) == ["a.usd", "shot.v2.csv"]
    assert (out / "a.usd").read_bytes().startswith(b"PXR-USDC")
    capsys.readouterr()
    assert command.main(["capture", str(tmp_path / "a\udcff.mp4"), "--take", str(out / "b.npz")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("rename the file.") and not (out / "b.npz").exists()


def test_errors_are_one_line_exit_with_2_and_leave_older_files_alone(command, take, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.fbx").write_text("old", encoding="utf-8")
    cases = [
        (["bake", str(tmp_path / "gone.npz"), "--fbx", str(out / "old.fbx")], "There is no take at"),
        (["bake", str(take)], "Nothing to write was asked for"),
        (["bake", str(take), "--fbx", str(out / "none" / "a.fbx")], "does not exist"),
        (["capture", str(tmp_path / "gone.mp4"), "--fbx", str(out / "old.fbx")], "There is no video at"),
        (["capture", str(take), "--take", str(take)], "must all be different"),
        (["bake", str(take), "--fbx", str(out / "old.fbx"), "--min-confidence", "1"], "lower the minimum confidence"),
        (["takes", str(tmp_path / "nowhere")], "There is no folder"),
    ]
    for arguments, message in cases:
        assert command.main(arguments) == 2, arguments
        lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
        assert lines[-1].startswith("error: ") and message in lines[-1], (arguments, lines)
        assert files(out) == ["old.fbx"] and (out / "old.fbx").read_text(encoding="utf-8") == "old"


def test_if_one_file_fails_none_is_written(command, take, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    CaptureError = support.module("ddfa_blender.errors").CaptureError  # noqa: N806

    def fail(*_):
        raise CaptureError("The disk is full; make room.")

    formats = support.module("scene.exports").FORMATS
    monkeypatch.setitem(formats, "FBX", dataclasses.replace(formats["FBX"], write=fail))
    arguments = ["bake", str(take), "--fbx", str(out / "a.fbx"), "--blend", str(out / "a.blend")]
    assert command.main(arguments) == 2
    assert "error: The disk is full; make room." in capsys.readouterr().err and files(out) == []


def test_an_error_in_the_middle_of_a_capture_has_a_line_of_its_own(command, clip, tmp_path, capsys, monkeypatch):
    CaptureError = support.module("ddfa_blender.errors").CaptureError  # noqa: N806

    def fail(_task, progress, _cancelled):
        progress(95, 98)
        raise CaptureError("No face was found; use other footage.")

    monkeypatch.setattr(command.CaptureTask, "__call__", fail)
    assert command.main(["capture", str(clip[0]), "--take", str(tmp_path / "a.npz")]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "frame 95 of 98",
        "error: No face was found; use other footage.",
    ]


def test_what_can_be_written_is_named_as_it_is_typed(command, clip, capsys):
    assert command.main(["capture", str(clip[0])]) == 2
    assert "at least one of --fbx, " in (said := capsys.readouterr().err) and said.rstrip().endswith("--blend, --take.")


def test_a_model_without_a_head_gives_a_take_alone(command, clip, tmp_path, capsys, monkeypatch):
    file, _ = clip
    solutions = support.module("ddfa_blender.solutions")
    monkeypatch.setattr(solutions, "face_model", lambda folder: object())
    assert command.main(["capture", str(file), "--fbx", str(tmp_path / "a.fbx")]) == 2
    assert "has no head" in capsys.readouterr().err and not (tmp_path / "a.fbx").exists()
    assert command.main(["capture", str(file), "--take", str(tmp_path / "a.npz")]) == 0
    assert (tmp_path / "a.npz").is_file()


def test_takes_are_listed(command, take, capsys):
    (take.parent / "cut.npz").write_bytes(take.read_bytes()[:500])
    assert command.main(["takes", str(take.parent)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and any("1.0 s, 30 frames, 10 % lost" in line for line in lines)
    assert any("damaged" in line for line in lines)
    assert command.main(["takes", str(take.parent), "--json"]) == 0
    (good,) = [entry for entry in json.loads(capsys.readouterr().out) if not entry["problem"]]
    assert (good["title"], good["frames"], good["lost_frames"], good["seconds"]) == ("clip", 30, 3, 0.967)


def test_enabling_twice_knows_the_command_once(command):
    command.unregister()
    command.unregister()
    command.register()
    assert command._registered is not None
