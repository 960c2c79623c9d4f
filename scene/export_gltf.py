# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a captured head as binary glTF: one animation moves morph targets and bones together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..ddfa_blender.formats.glb import with_duration
from .export_files import alone, called, replacing, with_suffix
from .head import Head

KIND = "glTF"
SUFFIX = ".glb"

#: Exporter settings; those that a version of Blender does not know are left out.
_SETTINGS: dict[str, Any] = {
    "export_format": "GLB",
    "use_selection": True,
    "export_apply": False,  # applying modifiers would drop the shape keys
    "export_yup": True,
    "export_skins": True,
    "export_all_influences": False,
    "export_def_bones": False,
    "export_morph": True,
    "export_morph_normal": True,
    "export_morph_animation": True,
    "export_animations": True,
    # What is played now, the NLA included, becomes one animation of bones and shape keys, whatever else the file holds.
    # It is called after the scene.
    "export_animation_mode": "SCENE",
    "export_anim_scene_split_object": False,
    "export_frame_range": True,
    "export_anim_slide_to_zero": True,
    "export_negative_frame": "SLIDE",
    "export_force_sampling": True,
    "export_frame_step": 1,
    "export_current_frame": False,
    "export_rest_position_armature": True,
    # Thinning leaves out keys that seem constant.
    "export_optimize_animation_size": False,
    "export_cameras": False,
    "export_lights": False,
    "export_extras": False,
    "will_save_settings": False,
}


def export(context: bpy.types.Context, head: Head, filepath: str | Path) -> Path:
    """Write the head, its armature and every frame of its animation to a ``.glb`` file; returns its path.

    The animation starts at 0 s. An older file stays as it is until the new one is complete.

    Raises:
        CaptureError: the head is not in the scene or hidden, or the file cannot be written.
    """
    path = with_suffix(filepath, (SUFFIX,))
    known = bpy.ops.export_scene.gltf.get_rna_type().properties.keys()
    settings = {name: value for name, value in _SETTINGS.items() if name in known}
    with replacing(path, KIND) as partial, alone(context, head), called(context.scene, head.armature.name):
        bpy.ops.export_scene.gltf(filepath=str(partial), check_existing=False, **settings)
        if context.scene.render.fps_base != 1.0:
            frames = context.scene.frame_end - context.scene.frame_start
            seconds = frames * context.scene.render.fps_base / context.scene.render.fps
            partial.write_bytes(with_duration(partial.read_bytes(), seconds))
    return path
