# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators with the real core: footage in, FBX out, and everything that is no footage of a face."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import bpy
import numpy as np
import pytest
import support

pytestmark = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("cv2", "onnxruntime")),
    reason="cv2 and onnxruntime are not installed beside this bpy",
)

CLIPS = support.ROOT.parent / "shared" / "clips"
MODELS = [support.ROOT / "model" / name for name in ("regressor.onnx", "face_detector.onnx", "morphable_model.npz")]
needs_models = pytest.mark.skipif(not all(m.is_file() for m in MODELS), reason="model files are not there")


def faceless_video(path, frames):
    """A clip of moving stripes."""
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25.0, (160, 120))
    for i in range(frames):
        image = np.zeros((120, 160, 3), dtype=np.uint8)
        image[:, (np.arange(160) + 5 * i) % 40 < 20] = (200, 120, 60)
        writer.write(image)
    writer.release()
    assert path.stat().st_size > 0
    return path


def photo(path):
    import cv2

    done, data = cv2.imencode(".png", np.zeros((60, 80, 3), dtype=np.uint8))
    assert done
    path.write_bytes(data.tobytes())
    return path


def make_bad_footage(kind, folder):
    """A path that cannot be captured, below ``folder``."""
    if kind == "missing":
        return folder / "missing.mp4"
    if kind == "folder":
        (folder / "folder.mp4").mkdir()
        return folder / "folder.mp4"
    if kind == "photo":
        return photo(folder / "photo.png")
    path = folder / f"{kind}.mp4"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("This is not a video. " * 100, encoding="utf-8")
    elif kind == "truncated":
        whole = faceless_video(folder / "whole.mp4", 50).read_bytes()
        (folder / "whole.mp4").unlink()
        path.write_bytes(whole[: len(whole) // 3])
    elif kind == "no face":
        faceless_video(path, 12)
    else:
        assert kind == "one frame without a face"
        faceless_video(path, 1)
    return path


@needs_models
@pytest.mark.parametrize(
    "kind",
    ["missing", "folder", "photo", "empty", "text", "truncated", "no face", "one frame without a face"],
)
def test_what_is_no_footage_of_a_face_gives_one_sentence_and_leaves_nothing(kind, tmp_path):
    folder = tmp_path / "Ordner mit Ümläuten 名"
    folder.mkdir()
    bpy.context.scene.ddfa.footage.video = str(make_bad_footage(kind, folder))
    before = support.data_names()
    takes = Path(bpy.utils.extension_path_user(support.PACKAGE, path="takes", create=True))
    files = sorted(takes.iterdir()), sorted(folder.iterdir())
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.ddfa.capture()
    lines = [line for line in str(caught.value).splitlines() if line.strip() and not line.startswith("Location")]
    assert len(lines) == 1 and lines[0].startswith("Error: ") and lines[0].endswith(".")
    assert "Traceback" not in str(caught.value)
    assert support.data_names() == before
    assert (sorted(takes.iterdir()), sorted(folder.iterdir())) == files


@needs_models
@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/clips is not there")
def test_real_footage_becomes_an_animated_head_and_an_fbx(tmp_path, monkeypatch):
    """Half a second of real footage from a path with spaces and non-ASCII letters, all the way.

    With every threshold at zero, so that it checks the line and not how good the bundled model is.
    """
    clip = tmp_path / "Größe mit Leerzeichen 名.mp4"
    try:
        clip.symlink_to(CLIPS / "d14.mp4")
    except OSError:
        pytest.skip("symbolic links cannot be made here")
    scene = bpy.context.scene
    scene.render.fps = 24
    scene.ddfa.footage.video = str(clip)
    settings = support.module("ddfa_blender.settings").CaptureSettings(end=0.5, accept_confidence=0, lose_confidence=0)
    properties = support.module("scene.properties.footage")
    monkeypatch.setattr(properties.FootageSettings, "capture_settings", lambda _: settings)
    scene.ddfa.settings.cleanup.min_confidence = 0.0
    assert bpy.ops.ddfa.capture() == {"FINISHED"}
    armature = scene.ddfa.head
    take = support.module("ddfa_blender.take").Take.load(support.module("scene.takes").of_head(armature))
    assert take.tracked.any() and take.header.source == clip.name and len(take) == 16
    first, last = support.module("scene.actions").frame_range(armature)
    assert first == 1.0 and (last - first) / 24 == pytest.approx(take.time[-1], abs=0.5 / 24 + 1e-6)
    # The keys hold what the core solves from the saved take: nothing is lost or changed on the way.
    model = support.module("ddfa_blender.morphable_model").MorphableModel.load()
    settings = armature.ddfa.settings
    perform = support.module("ddfa_blender.cleaning.cleanup").perform
    performance = perform(take, model, settings.solve_settings(), settings.clean_up())
    head = support.module("scene.head").of_armature(armature)
    actions = support.module("scene.actions")
    for column, name in enumerate(support.module("ddfa_blender.names").EXPRESSION_NAMES):
        curve = actions.find_curve(head.mesh.data.shape_keys, f'key_blocks["{name}"].value')
        frames, values = actions.keys(curve).T
        expected = np.interp((frames - 1) / 24, performance.time, performance.expression[:, column])
        np.testing.assert_allclose(values, expected, atol=1e-4)
    assert bpy.ops.ddfa.export_fbx(filepath=str(tmp_path / "ä b.fbx")) == {"FINISHED"}
    assert (tmp_path / "ä b.fbx").stat().st_size > 100_000
