# SPDX-License-Identifier: GPL-3.0-or-later
"""What all exports share: the place is checked first, the file is complete or as it was, and so is the scene."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..ddfa_blender.atomic import put_in_place, work_folder
from ..ddfa_blender.errors import CaptureError
from . import nla
from .head import Head, ensure_object_mode

#: Scenes cannot begin before it.
_FIRST_FRAME = 0


def check_output(path: Path, kind: str) -> None:
    """Find out before the work, not after it, that nothing can be written at ``path``. ``kind``: the file's, as told.

    Raises:
        CaptureError: the folder is missing or read-only, or the path names a folder.
    """
    if path.is_dir():
        raise CaptureError(f"{path} is a folder; give the {kind} a file name.")
    if not path.parent.is_dir():
        raise CaptureError(f"The folder {path.parent} does not exist; choose another place for the {kind}.")
    try:
        # Trying is the only test that holds on every system: permission bits mean little on Windows or to root.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError
    except OSError as error:
        raise CaptureError(f"Nothing can be written to {path}; choose another place for the {kind}.") from error


def with_suffix(filepath: str | Path, suffixes: tuple[str, ...]) -> Path:
    """An absolute path that ends in one of the ``suffixes``, in the first where it has none of them."""
    path = bpy.path.abspath(str(filepath))
    return Path(path if path.lower().endswith(suffixes) else path + suffixes[0])


@contextmanager
def replacing(path: Path, kind: str) -> Iterator[Path]:
    """Give a temporary path of the same name; when the block ends well, the file there moves to ``path``.

    It lies in a folder beside its place: exporters write a file's name into it. An older file stays until then.

    Raises:
        CaptureError: nothing can be written there, or Blender's exporter failed.
    """
    check_output(path, kind)
    try:
        with work_folder(path.parent) as folder:
            partial = folder / path.name
            yield partial
            put_in_place(partial, path)
    except (OSError, RuntimeError) as error:
        raise CaptureError(
            f"The {kind} could not be written to {path} ({_last_line(error)}); check the disk or choose another place."
        ) from error


@contextmanager
def alone(context: bpy.types.Context, head: Head) -> Iterator[None]:
    """The head's objects are all that is selected, and the scene's range is that of their animation, for a moment.

    Leaves Blender in object mode.

    Raises:
        CaptureError: the head is not in the scene, hidden, or locked, or its animation begins too early.
    """
    objects = [head.armature, head.mesh]
    if not all(obj.visible_get(view_layer=context.view_layer) for obj in objects):
        raise CaptureError("The captured head is hidden or in another scene; show it and export again.")
    first, last = _animated_frames(context.scene, head)
    if first < _FIRST_FRAME:
        raise CaptureError(
            f"The animation begins at frame {first}, but Blender exports none before {_FIRST_FRAME}; bake it with a "
            "later Start Frame, or move its keys."
        )
    ensure_object_mode(context)
    layer = context.view_layer.objects
    selected, active = list(layer.selected), layer.active
    locked = [obj for obj in objects if obj.hide_select]
    try:
        for obj in locked:
            obj.hide_select = False
        context.view_layer.update()
        _select(selected, objects)
        if not all(obj.select_get() for obj in objects):
            raise CaptureError("The captured head's collection cannot be selected; unlock it in the Outliner.")
        layer.active = head.armature
        with _range(context.scene, first, last):
            yield
    finally:
        _select(objects, selected)
        layer.active = active
        for obj in locked:
            obj.hide_select = True


def _select(before: list[bpy.types.Object], after: list[bpy.types.Object]) -> None:
    for obj in before:
        obj.select_set(False)
    for obj in after:
        obj.select_set(True)


def _last_line(error: Exception) -> str:
    """The useful line of a message; errors of operators carry their whole traceback and where it was raised."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    return lines[-1].strip() if lines else type(error).__name__


def _animated_frames(scene: bpy.types.Scene, head: Head) -> tuple[int, int]:
    """First and last frame of the head's animation, its NLA among it; the scene's where it has none."""
    ranges = [known for block in (head.armature, head.mesh.data.shape_keys) for known in nla.played_ranges(block)]
    if not ranges:
        return scene.frame_start, scene.frame_end
    return math.floor(min(first for first, _ in ranges)), math.ceil(max(last for _, last in ranges))


@contextmanager
def _range(scene: bpy.types.Scene, first: int, last: int) -> Iterator[None]:
    """Exporters bake the scene's range: make it this one for a moment."""
    before, frame = (scene.frame_start, scene.frame_end), (scene.frame_current, scene.frame_subframe)
    scene.frame_start, scene.frame_end = first, last
    try:
        yield
    finally:
        scene.frame_start, scene.frame_end = before
        scene.frame_set(frame[0], subframe=frame[1])


@contextmanager
def called(scene: bpy.types.Scene, name: str) -> Iterator[None]:
    """Give a scene another name for a moment: exporters call the take after it, and every clip would be "Scene"."""
    before = scene.name
    if not scene.is_editable:
        yield
        return
    scene.name = name
    try:
        yield
    finally:
        scene.name = before
