# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a captured head as FBX with baked animation, in the settings Unity and Unreal take."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..ddfa_blender.errors import CaptureError
from . import actions
from .head import Head, ensure_object_mode

#: Exporter settings. All-local scaling gives the right size both in Unity and in Unreal, whose importer ignores the
#: file's unit; mesh modifiers stay off because applying them would drop the shape keys (the armature still deforms).
_SETTINGS = {
    "use_selection": True,
    "object_types": {"ARMATURE", "MESH"},
    "apply_scale_options": "FBX_SCALE_NONE",
    "axis_forward": "-Z",
    "axis_up": "Y",
    "use_mesh_modifiers": False,
    "mesh_smooth_type": "FACE",
    "add_leaf_bones": False,
    "use_armature_deform_only": True,
    "path_mode": "COPY",
    "embed_textures": True,
    "bake_anim": True,
    "bake_anim_use_all_bones": True,
    "bake_anim_use_nla_strips": False,
    "bake_anim_use_all_actions": False,
    "bake_anim_force_startend_keying": True,
    "bake_anim_step": 1.0,
    # Zero keeps a key on every frame; anything else thins the keys and flattens blinks.
    "bake_anim_simplify_factor": 0.0,
}


def check_output(path: Path) -> None:
    """Find out before the work, not after it, that nothing can be written at ``path``.

    Raises:
        CaptureError: the folder is missing or read-only, or the path names a folder.
    """
    if path.is_dir():
        raise CaptureError(f"{path} is a folder; give the FBX a file name.")
    if not path.parent.is_dir():
        raise CaptureError(f"The folder {path.parent} does not exist; choose another place for the FBX.")
    try:
        # Trying is the only test that holds on every system: permission bits mean little on Windows or to root.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError
    except OSError as error:
        raise CaptureError(f"Nothing can be written to {path}; choose another place for the FBX.") from error


def export(context: bpy.types.Context, head: Head, filepath: str | Path) -> Path:
    """Write the head, its armature and every frame of its animation to an FBX file; returns its path.

    An older file stays as it is until the new one is complete.

    Raises:
        CaptureError: the head is not in the scene or hidden, or the file cannot be written.
    """
    path = Path(bpy.path.ensure_ext(bpy.path.abspath(str(filepath)), ".fbx"))
    check_output(path)
    objects = [head.armature, head.mesh]
    if not all(obj.visible_get(view_layer=context.view_layer) for obj in objects):
        raise CaptureError("The captured head is hidden or in another scene; show it and export again.")
    ensure_object_mode(context)
    try:
        # Under its own name in a folder beside it: the exporter writes the name into the paths of the textures.
        with tempfile.TemporaryDirectory(prefix=".ddfa-", dir=path.parent) as folder:
            partial = Path(folder) / path.name
            with _animation_range(context.scene, head), context.temp_override(selected_objects=objects):
                bpy.ops.export_scene.fbx(filepath=str(partial), check_existing=False, **_SETTINGS)
            os.replace(partial, path)
    except (OSError, RuntimeError) as error:
        raise CaptureError(
            f"The FBX could not be written to {path} ({_last_line(error)}); check the disk or choose another place."
        ) from error
    return path


def _last_line(error: Exception) -> str:
    """The useful line of a message; errors of operators carry their whole traceback and where it was raised."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    return lines[-1].strip() if lines else type(error).__name__


@contextmanager
def _animation_range(scene: bpy.types.Scene, head: Head) -> Iterator[None]:
    """The exporter bakes the scene's range: make that the animation's for a moment."""
    before = scene.frame_start, scene.frame_end, scene.frame_current
    ranges = [actions.frame_range(block) for block in (head.armature, head.mesh.data.shape_keys)]
    known = [r for r in ranges if r is not None]
    if known:
        scene.frame_start = math.floor(min(first for first, _ in known))
        scene.frame_end = math.ceil(max(last for _, last in known))
    try:
        yield
    finally:
        scene.frame_start, scene.frame_end = before[:2]
        scene.frame_set(before[2])
