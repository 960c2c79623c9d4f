# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a captured head as FBX with baked animation, in the settings Unity and Unreal take."""

from __future__ import annotations

from pathlib import Path

import bpy

from .export_files import alone, called, replacing, with_suffix
from .head import Head

KIND = "FBX"
SUFFIX = ".fbx"

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


def export(context: bpy.types.Context, head: Head, filepath: str | Path) -> Path:
    """Write the head, its armature and every frame of its animation to an FBX file; returns its path.

    The take in the file has the head's name. An older file stays as it is until the new one is complete.

    Raises:
        CaptureError: the head is not in the scene or hidden, or the file cannot be written.
    """
    path = with_suffix(filepath, (SUFFIX,))
    with replacing(path, KIND) as partial, alone(context, head), called(context.scene, head.armature.name):
        bpy.ops.export_scene.fbx(filepath=str(partial), check_existing=False, **_SETTINGS)
    return path
