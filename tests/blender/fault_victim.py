# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender at work, to be killed: ``python tests/blender/fault_victim.py FOLDER [STAGE]``.

Makes a head of a made-up take, saves ``FOLDER/head.blend``, bakes it again and exports ``FOLDER/head.fbx``. At the
STAGE, "bake" or "export", it leaves the file ``FOLDER/reached`` and waits.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import support


def main(folder: Path, stage: str) -> None:
    """Do it, until the stage."""
    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    model = support.small_model()
    pipeline, bake, fbx = (support.module(f"scene.{name}") for name in ("pipeline", "bake", "fbx"))
    files = support.module("scene.export_files")

    def stop(*_: object) -> None:
        (folder / "reached").touch()
        time.sleep(3600)

    made = pipeline.apply_performance(bpy.context, model, support.performance(), name="Actor").head
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "head.blend"))
    if stage == "bake":
        pipeline.bake.rewrite = stop
    elif stage == "export":
        files.put_in_place = stop
    pipeline.bake_again(bpy.context.scene, made, model, support.performance(seed=9), bake.BakeSettings())
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "head.blend"))
    fbx.export(bpy.context, made, folder / "head.fbx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
    sys.stdout.flush()
    support.discard_user_folder()
    os._exit(0)
