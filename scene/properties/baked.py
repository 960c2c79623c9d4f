# SPDX-License-Identifier: GPL-3.0-or-later
"""What the last bake of a head did; written by the bake, shown by the panels, set by nobody else. All 0 = unknown."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)


class MarkerName(bpy.types.PropertyGroup):
    """``name`` of one of the head's markers on the timeline."""


class BakedState(bpy.types.PropertyGroup):
    """``Object.ddfa.baked`` of a captured head's armature."""

    footage_rate: FloatProperty(name="Footage Rate", description="Frames per second of the footage; 0 of a photo")
    footage_seconds: FloatProperty(name="Footage Length", description="Seconds from its first frame to its last")
    footage_varies: BoolProperty(name="Variable Rate", description="Whether its frames are unevenly spaced")
    scene_rate: FloatProperty(name="Scene Rate", description="Frames per second of the scene when it was baked")
    duration_factor: FloatProperty(name="Duration", description="Length of the animation by that of the footage")
    first_frame: FloatProperty(name="First Key", description="Frame of the first key")
    last_frame: FloatProperty(name="Last Key", description="Frame of the last key")
    all_keys: IntProperty(name="All Keys", description="Keys of all curves before thinning")
    kept_keys: IntProperty(name="Kept Keys", description="Keys of all curves after it")
    weight_error: FloatProperty(name="Shape Error", description="Largest error of thinning, as a share of the range")
    degrees_error: FloatProperty(name="Turn Error", description="Largest error of thinning in degrees")
    millimetres_error: FloatProperty(name="Place Error", description="Largest error of thinning in millimetres")
    markers: CollectionProperty(type=MarkerName)
    camera: PointerProperty(name="Camera", description="Camera with the footage behind the head", type=bpy.types.Object)
    camera_rate: FloatProperty(name="Footage Pictures", description="Pictures per second as Blender counts them")
    camera_first: IntProperty(name="First Picture", description="Number of the footage's first picture", default=1)
    camera_matrix: FloatVectorProperty(name="Camera Place", description="Its matrix (4, 4) as it was put", size=16)
    camera_view: FloatProperty(name="Camera View", description="Its view in radians as it was put")
    camera_clip: FloatVectorProperty(name="Camera Clipping", description="Where it begins and ceases to see", size=2)
    fingerprint: StringProperty(name="Fingerprint", description="Of the keys that were written, to know edited ones")
    kept_edits: StringProperty(name="Kept Edits", description="Action that keeps keys which were edited by hand")
    markers_owner: StringProperty(name="Owner", description="Name of the head that made the markers")


classes = (MarkerName, BakedState)
