# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that a captured head goes out in, and what to choose where it is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_n as n_
from bpy.app.translations import pgettext_rpt as rpt_

from . import export_gltf, export_tracks, export_usd, fbx
from .export_tracks import Tracks
from .head import Head

Write = Callable[[bpy.types.Context, Head, str | Path], Path]


@dataclass(frozen=True)
class ExportFormat:
    """One format. ``operator`` is that of Blender's ``addon`` which must be enabled, "" = none; ``build_option`` that
    with which Blender must have been built.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    write: Write
    operator: str = ""
    addon: str = ""
    build_option: str = ""

    def missing(self) -> str | None:
        """Why Blender cannot write it as it is set up; None when it can."""
        if self.operator and getattr(bpy.types, self.operator, None) is None:
            return rpt_("Enable the add-on '{name}' in the preferences").format(name=self.addon)
        if self.build_option and not getattr(bpy.app.build_options, self.build_option, False):
            return rpt_("This Blender was built without {name}").format(name=self.name)
        return None


def _tracks(write: Callable[[Tracks, str | Path], Path]) -> Write:
    def run(context: bpy.types.Context, head: Head, filepath: str | Path) -> Path:
        return write(Tracks.of(context.scene, head), filepath)

    return run


FORMATS: dict[str, ExportFormat] = {
    "FBX": ExportFormat(
        "FBX",
        "Head, bones, shape keys and animation for game engines and other 3D programs",
        (fbx.SUFFIX,),
        fbx.export,
        "EXPORT_SCENE_OT_fbx",
        "FBX format",
    ),
    "GLTF": ExportFormat(
        "glTF",
        "Head, bones, morph targets and one animation for Godot, the web and game engines",
        (export_gltf.SUFFIX,),
        export_gltf.export,
        "EXPORT_SCENE_OT_gltf",
        "glTF 2.0 format",
    ),
    "USD": ExportFormat(
        "USD",
        "Head, skeleton, blend shapes and animation for Unreal, Houdini, Maya and Omniverse",
        export_usd.SUFFIXES,
        export_usd.export,
        build_option="usd",
    ),
    "CSV": ExportFormat(
        "Live Link Face",
        "The 52 ARKit channels, head and eyes as Epic's app records them",
        (export_tracks.CSV,),
        _tracks(Tracks.write_csv),
    ),
    "BVH": ExportFormat(
        "BVH", "Movement of head and neck for motion capture programs", (export_tracks.BVH,), _tracks(Tracks.write_bvh)
    ),
    "PERFORMANCE": ExportFormat(
        "Performance",
        "All cleaned channels as JSON or NPZ for scripts and pipelines",
        export_tracks.PERFORMANCE,
        _tracks(Tracks.write_performance),
    ),
}

TARGETS: dict[str, str] = {
    "UNREAL": "Unreal",
    "UNITY": "Unity",
    "GODOT": "Godot",
    "BLENDER": "Blender",
    "OTHER": "Other",
}

#: What to choose in the importing program; its own words in quotation marks. None where it does not read the format.
_HINTS: dict[tuple[str, str], str] = {
    ("FBX", "UNREAL"): n_("Import as a skeletal mesh: turn on 'Import Morph Targets' and 'Import Animations'; scale 1"),
    ("FBX", "UNITY"): n_(
        "Model tab: 'Import BlendShapes' on; Rig tab: 'Generic'; Animation tab: 'Anim. Compression' off"
    ),
    ("FBX", "GODOT"): n_("Godot 4.3 and later reads FBX itself; glTF is the safer choice"),
    ("FBX", "BLENDER"): n_("Animation offset 0; keys otherwise come in one frame late"),
    ("FBX", "OTHER"): n_("Y is up; take its animation at the frame rate of this scene"),
    ("GLTF", "UNREAL"): n_("Import with Interchange: skeletal mesh with morph targets; the animation is one sequence"),
    ("GLTF", "UNITY"): n_("Needs the package 'glTFast'; choose 'Mecanim' or 'Legacy' under Animation"),
    ("GLTF", "GODOT"): n_("Import tab: Animation on, FPS as in this scene, 'Trimming' off"),
    ("GLTF", "BLENDER"): n_("Bone direction 'Blender'; shape keys and bones come in as one action"),
    ("GLTF", "OTHER"): n_("One animation with morph weights and bones, Y is up, metres"),
    ("USD", "UNREAL"): n_("Enable the plug-in 'USD Importer' and import with skeletal meshes and blend shapes"),
    ("USD", "UNITY"): n_("Needs the package 'USD'; FBX is the safer choice"),
    ("USD", "BLENDER"): n_("Import with Shape Keys and Armatures on"),
    ("USD", "OTHER"): n_("A UsdSkel skeleton with blend shapes; a .usdz has the textures inside"),
    ("CSV", "UNREAL"): n_("Import with the plug-in 'Live Link Face Importer'; the timecode counts from frame 0"),
    ("CSV", "UNITY"): n_("Needs a script or asset that reads the app's recordings; FBX has the animation itself"),
    ("CSV", "BLENDER"): n_("Import Live Link Face in this tab makes a take of it"),
    ("CSV", "OTHER"): n_("61 columns in radians and 0 to 1, timecode of 60 frames per second"),
    ("BVH", "BLENDER"): n_("Scale 0.01, forward -Z, up Y, at the frame rate of this scene"),
    ("BVH", "OTHER"): n_("Centimetres, Y is up, rotation order ZXY"),
    ("PERFORMANCE", "OTHER"): n_("Read it with json or numpy; the channels and units are named inside"),
}
#: Said where a program has no hint of its own.
_UNREAD = n_("This program does not read the format by itself; choose another format")


def hint(format_id: str, target_id: str) -> str:
    """What to choose on import, one line without a full stop."""
    return _HINTS.get((format_id, target_id), _UNREAD)
