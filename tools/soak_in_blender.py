# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture again and again in one Blender and count what stays: run by ``python -m tools.soak`` inside bpy.

The clip is made up (a red square for a face), everything else is the product: the operator, decoding, tracking, the
take on disk, solving, the head with its skin, keys. A cycle is one capture, by turns

- onto a new head, taken back with undo,
- onto a new head, deleted,
- onto the same head again.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "blender")]

import support  # type: ignore[import-not-found] # noqa: E402 (its folder is put on the path above)


def resident_bytes() -> int:
    """Memory of this process that is in RAM; 0 where the system does not tell."""
    if not Path("/proc/self/statm").exists():
        return 0
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def data_blocks() -> dict[str, int]:
    """How many data-blocks the file has of each kind, the empty kinds left out."""
    return {kind: len(names) for kind, names in support.data_names().items() if names}


def use_made_up_faces() -> None:
    """Red squares are faces from now on."""
    from tests.ddfa_blender.support import square_engine

    capture, solutions = support.module("ddfa_blender.capture"), support.module("ddfa_blender.solutions")
    engine = square_engine(solutions.face_model(None))
    capture.Engine.kept = lambda *_: engine


def make_clip(folder: Path, frames: int) -> Path:
    """A square that moves."""
    from tests.ddfa_blender.support import square_frame, write_clip

    return write_clip(folder / "clip.mp4", [square_frame([(90 + 2 * i % 60, 120, 80)]) for i in range(frames)])


class Soak:
    """The cycles, in an empty file."""

    def __init__(self, clip: Path) -> None:
        import bpy

        self._bpy = bpy
        scene = bpy.context.scene
        scene.ddfa.footage.video = str(clip)
        bpy.ops.ed.undo_push(message="before")
        self._capture("NEW")
        self._kept: str = scene.ddfa.head.name
        bpy.ops.ed.undo_push(message="a head")

    def cycle(self, number: int) -> None:
        """One capture, and the end of it."""
        (self._undone, self._deleted, self._again)[number % 3]()

    def _capture(self, target: str) -> None:
        scene = self._bpy.context.scene
        scene.ddfa.target.kind = target
        assert self._bpy.ops.ddfa.capture("EXEC_DEFAULT", True) == {"FINISHED"}  # noqa: S101 (the point of it)

    def _undone(self) -> None:
        self._capture("NEW")
        self._bpy.ops.ed.undo()

    def _deleted(self) -> None:
        self._capture("NEW")
        bpy = self._bpy
        armature = bpy.context.scene.ddfa.head
        # With its collection, as the outliner's Delete Hierarchy does: Blender keeps empty ones.
        bpy.data.batch_remove([armature, *armature.children, *armature.users_collection])
        bpy.data.orphans_purge(do_recursive=True)
        bpy.context.scene.ddfa.head = bpy.data.objects.get(self._kept)

    def _again(self) -> None:
        self._bpy.context.scene.ddfa.head = self._bpy.data.objects.get(self._kept)
        self._capture("HEAD")


def run(cycles: int, warm_up: int, clip: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Do it; gives memory and data-blocks after the ``warm_up`` and at the end."""
    soak = Soak(clip)
    marks: dict[str, Any] = {}
    for number in range(warm_up + cycles):
        if number == warm_up:
            gc.collect()
            marks |= {"blocks_before": data_blocks(), "bytes_before": resident_bytes()}
        soak.cycle(number)
        if number % 10 == 9:
            tell(f"{number + 1} captures, {resident_bytes() / 2**20:.0f} MiB")
    gc.collect()
    return marks | {"blocks_after": data_blocks(), "bytes_after": resident_bytes(), "cycles": cycles}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cycles", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    support.prepare_user_folder()
    import bpy

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    use_made_up_faces()
    clip = make_clip(options.out.parent, 12)
    result = run(options.cycles, options.warm_up, clip, lambda text: print(text, file=sys.stderr, flush=True))
    options.out.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    from leave_blender import run_and_leave

    run_and_leave(main)
