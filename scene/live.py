# SPDX-License-Identifier: GPL-3.0-or-later
"""A captured head follows its settings: changing one bakes its take anew, without reading the footage again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import bpy

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.solve import SolveSettings, solve
from ..ddfa_blender.take import Take
from . import bake, head
from .timebase import Timebase

_paused = 0


@contextmanager
def paused() -> Iterator[None]:
    """Settings may change inside without any effect."""
    global _paused  # noqa: PLW0603 (update callbacks have no other way to know)
    _paused += 1
    try:
        yield
    finally:
        _paused -= 1


def changed(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """The ``update`` of every setting: if it is a captured head's, re-bake that head."""
    owner = settings.id_data
    if _paused or not isinstance(owner, bpy.types.Object):
        return
    try:
        rebake(context.scene, owner)
    except CaptureError as error:
        owner.ddfa.problem = str(error)
    else:
        owner.ddfa.problem = ""


def rebake(scene: bpy.types.Scene, armature: bpy.types.Object) -> None:
    """Bake the take of a captured head again, with its settings as they are now, over its animation.

    Raises:
        CaptureError: it is no captured head, or its take is gone or does not fit; nothing has changed then.
    """
    captured = head.of_armature(armature)
    if captured is None:
        raise CaptureError("The armature carries no captured head any more; capture the footage again.")
    settings = armature.ddfa.settings
    performance = performance_of(Path(bpy.path.abspath(armature.ddfa.take)), settings.solve_settings())
    bake_settings = settings.bake_settings()
    timebase = Timebase(bake_settings.frame_start, scene.render.fps / scene.render.fps_base)
    motion = bake.resample(bundled_model(), performance, timebase, bake_settings)
    bake.rewrite(captured, motion, bake_settings)


@cache
def bundled_model() -> MorphableModel:
    """The morphable model that comes with the extension, loaded once."""
    return MorphableModel.load()


def performance_of(take_file: Path, settings: SolveSettings) -> Performance:
    """Solve and clean the take in a file; the file is read again only when it has changed.

    Raises:
        CaptureError: the take is missing or damaged, or no frame of it is good enough.
    """
    return solve(_take(take_file), bundled_model(), settings)


_cached: tuple[tuple[Path, int, int], Take] | None = None


def _take(path: Path) -> Take:
    global _cached  # noqa: PLW0603 (a cache of one)
    try:
        status = path.stat()
    except OSError as error:
        raise CaptureError(f"There is no take at {path}; capture the footage again.") from error
    key = (path, status.st_mtime_ns, status.st_size)
    if _cached is None or _cached[0] != key:
        _cached = (key, Take.load(path))
    return _cached[1]
