# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender as a module: install the zip as a user would, capture, export.

    python tools/demo_in_blender.py ZIP VIDEO FOLDER

Leaves ``head.fbx``, ``head.blend``, ``take.npz`` and ``report.json`` in FOLDER, or, when something that the user can
mend goes wrong, ``error.txt`` with one sentence, and exits with 2.
"""

from __future__ import annotations

import importlib
import json
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import bpy

REPOSITORY = "user_default"
EXTENSION = f"bl_ext.{REPOSITORY}.ddfa_face_capture"


def install(zip_path: Path) -> None:
    """Install and enable the extension through Blender's own operator.

    Raises:
        RuntimeError: Blender did not take it.
    """
    import addon_utils  # findable only once bpy is imported

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.extensions.package_install_files(filepath=str(zip_path), repo=REPOSITORY, enable_on_install=True)
    if not addon_utils.check(EXTENSION)[1]:
        raise RuntimeError(f"Blender did not enable {EXTENSION}")


def capture(video: Path, folder: Path) -> dict[str, Any]:
    """Press Capture and Export FBX, save the file; return the report.

    Raises:
        RuntimeError: an operator reported an error.
    """
    scene = bpy.context.scene
    scene.ddfa.footage.video = str(video)
    began = time.perf_counter()
    bpy.ops.ddfa.capture()
    captured = time.perf_counter()
    bpy.ops.ddfa.export_fbx(filepath=str(folder / "head.fbx"))
    exported = time.perf_counter()
    takes = importlib.import_module(f"{EXTENSION}.scene.takes")
    shutil.copyfile(takes.of_head(scene.ddfa.head), folder / "take.npz")
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "head.blend"), compress=True)
    return _report(folder / "take.npz", {"capture": captured - began, "export": exported - captured})


def _report(take_path: Path, seconds: dict[str, float]) -> dict[str, Any]:
    report = importlib.import_module(f"{EXTENSION}.ddfa_blender.report")
    take = importlib.import_module(f"{EXTENSION}.ddfa_blender.take").Take.load(take_path)
    wheels = {name: importlib.import_module(name) for name in ("cv2", "onnxruntime")}
    scene = bpy.context.scene
    return {
        **report.capture_report(take, seconds),
        "blender": bpy.app.version_string,
        "python": platform.python_version(),
        "scene_frames": [scene.frame_start, scene.frame_end],
        "scene_fps": scene.render.fps / scene.render.fps_base,
        **{name: module.__version__ for name, module in wheels.items()},
        # That they come from the zip is the point of the demo: nothing else may serve.
        "wheels_from_zip": all(".local" in str(module.__file__) for module in wheels.values()),
    }


def main() -> int:
    """Run the demo inside Blender; return the exit status."""
    zip_path, video, folder = (Path(argument).resolve() for argument in sys.argv[1:4])
    install(zip_path)
    try:
        report = capture(video, folder)
    except RuntimeError as error:
        # An operator's report of the kind ERROR arrives as "Error: the sentence".
        (folder / "error.txt").write_text(str(error).strip().removeprefix("Error: "), encoding="utf-8")
        return 2
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    from leave_blender import run_and_leave

    run_and_leave(main)
