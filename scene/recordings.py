# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings of other programs become takes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import bpy

from ..ddfa_blender import take_library
from ..ddfa_blender.formats.live_link_face import Angle, AngleUnit, read_live_link_face
from . import take_heads, take_list, takes


def import_live_link_face(
    scene: bpy.types.Scene, file: Path, angles: AngleUnit, inverted: Collection[Angle] = ()
) -> Path:
    """Keep a recording as a take where the scene keeps its takes; gives the take's file.

    ``inverted``: those of the head's angles that count the other way round.

    Raises:
        CaptureError: it is no such recording, or the take cannot be written; nothing has changed then.
    """
    recording = read_live_link_face(file, angles=angles, inverted=inverted)
    made = take_library.save_new(recording.take(file.name), takes.place(scene).folder, file.stem)
    take_list.refresh(scene)
    take_list.choose(made)
    return made


def new_head(context: bpy.types.Context, take_file: Path) -> bpy.types.Object:
    """The mean actor's head, animated by a recorded take through its ARKit keys: they are what was recorded.

    Raises:
        CaptureError: the take is missing or damaged; nothing has changed then.
    """
    armature = take_heads.new_head(context, take_file).head.armature
    armature.ddfa.settings.head.driving = "ARKIT"  # bakes again
    return armature
