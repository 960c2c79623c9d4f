# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside Blender as a module: pictures of the captured head at some frames, for the contact sheet.

    python tools/contact_sheet_in_blender.py HEAD.blend FOLDER NAME=SECONDS ...

Writes FOLDER/NAME.png for each; SECONDS count from the footage's first frame, which lies on the scene's first.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path

import bpy
from mathutils import Vector

HEAD_BONE = "head"
SIZE = 320  # pixels
_DISTANCE, _WIDTH_SEEN = 1.2, 0.32  # metres; the width at the face's distance
_SAMPLES = 24
_FACE_OFFSET = Vector((0.0, -0.10, 0.005))  # from the head's pivot to the middle of the face, metres
#: Name, watts, size in metres, place relative to the face.
_LAMPS = (
    ("Key", 22.0, 0.8, (0.7, -1.0, 0.8)),
    ("Fill", 7.0, 1.5, (-1.2, -0.9, 0.1)),
    ("Rim", 14.0, 0.6, (-0.5, 1.0, 0.9)),
)


def render_head_frames(blend_path: Path, seconds: Mapping[str, float], out_dir: Path) -> dict[str, Path]:
    """Render the animated head of a saved capture with Cycles on the CPU (about 2 s a picture on two cores).

    The camera follows the head's pivot but never turns with it, so that head rotation shows.

    Args:
        blend_path: a .blend with an armature that has a ``head`` bone, as the capture operator leaves it.
        seconds: picture name → seconds since the footage's first frame; the scene's first frame and its fps tell
            where in the scene that is, as the capture operator sets them.
        out_dir: an existing folder; gets NAME.png, 320×320.

    Raises:
        RuntimeError: the file cannot be opened or holds no such armature.
    """
    bpy.ops.wm.open_mainfile(filepath=str(blend_path))
    bpy.ops.preferences.addon_enable(module="cycles")
    scene = bpy.context.scene
    armature = next((o for o in scene.objects if o.type == "ARMATURE" and HEAD_BONE in o.pose.bones), None)
    if armature is None:
        raise RuntimeError(f"{blend_path.name} has no armature with a {HEAD_BONE!r} bone; capture the footage again.")
    rig = _build_rig(scene)
    _configure(scene)
    pictures = {}
    for name, time in seconds.items():
        frame = scene.frame_start + time * scene.render.fps / scene.render.fps_base
        whole = math.floor(frame)
        scene.frame_set(whole, subframe=frame - whole)
        rig.location = armature.matrix_world @ armature.pose.bones[HEAD_BONE].head + _FACE_OFFSET
        pictures[name] = out_dir / f"{name}.png"
        scene.render.filepath = str(pictures[name])
        bpy.ops.render.render(write_still=True)
    return pictures


def _build_rig(scene: bpy.types.Scene) -> bpy.types.Object:
    """Camera and lamps on one empty."""
    rig = bpy.data.objects.new("Sheet Rig", None)
    scene.collection.objects.link(rig)
    camera = bpy.data.cameras.new("Sheet Camera")
    camera.sensor_fit, camera.angle = "HORIZONTAL", 2.0 * math.atan(_WIDTH_SEEN / 2.0 / _DISTANCE)
    item = bpy.data.objects.new("Sheet Camera", camera)
    item.location, item.rotation_euler, item.parent = (0.0, -_DISTANCE, 0.0), (math.pi / 2.0, 0.0, 0.0), rig
    scene.collection.objects.link(item)
    scene.camera = item
    for name, watts, size, place in _LAMPS:
        lamp = bpy.data.lights.new(f"Sheet {name}", "AREA")
        lamp.energy, lamp.size = watts, size
        item = bpy.data.objects.new(lamp.name, lamp)
        item.location, item.parent = place, rig
        item.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(item)
    return rig


def _configure(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.new("Sheet World")
    scene.world = world
    world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.18, 0.19, 0.21, 1.0)
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    render.resolution_x = render.resolution_y = SIZE
    render.resolution_percentage = 100
    render.use_compositing = render.use_sequencer = False
    if "media_type" in render.image_settings.bl_rna.properties:  # Blender 5: stills and videos are apart
        render.image_settings.media_type = "IMAGE"
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGB"
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.exposure = 0.0
    cycles.device, cycles.samples, cycles.use_adaptive_sampling = "CPU", _SAMPLES, False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"


def main() -> int:
    """Read the command line; 0 when every picture was written."""
    blend, folder = (Path(argument).resolve() for argument in sys.argv[1:3])
    pairs = (argument.partition("=") for argument in sys.argv[3:])
    render_head_frames(blend, {name: float(time) for name, _, time in pairs}, folder)
    return 0


if __name__ == "__main__":
    from leave_blender import run_and_leave

    run_and_leave(main)
