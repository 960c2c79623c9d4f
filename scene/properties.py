# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene's own settings for face capture: what the panels show and the operators read."""

import math
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..ddfa_blender.settings import CaptureSettings
from ..ddfa_blender.solve import Smoothing, SolveSettings
from . import head
from .settings import BakeSettings

_KEY_PLACEMENTS = (
    ("WHOLE", "Whole Frames", "One key on every frame of the scene, resampled from the footage"),
    ("SUBFRAME", "Subframes", "One key for each frame of the footage, exactly at its time, between the scene's frames"),
)
_DRIVING = (
    (
        "EXPRESSION",
        "Expression",
        "The ten expression components; ARKit shapes add only what they cannot do, such as blinks and gaze",
    ),
    (
        "ARKIT",
        "ARKit",
        "The 52 ARKit shapes alone, always 0 to 1, for engines that clamp weights; the ten components stay at zero",
    ),
)
_GAPS = (
    ("interpolate", "Interpolate", "Where the face was lost, move straight from the last seen pose to the next"),
    ("hold", "Hold", "Where the face was lost, keep the last seen pose"),
)

#: 4.5+: shows the //-relative paths tick in the file browser; older Blenders always show it.
_PATH_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()


def _is_captured_head(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return head.of_armature(candidate) is not None


def _smoothing(name: str, channels: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=name,
        description=f"How far smoothing of {channels} reaches; 0 keeps every detail and every jitter",
        default=0.0,
        min=0.0,
        soft_max=0.5,
        max=5.0,
        step=1,
        precision=2,
        unit="TIME_ABSOLUTE",
    )


class FaceCaptureSettings(bpy.types.PropertyGroup):
    """Everything the user chooses, saved with the scene."""

    video: StringProperty(
        name="Footage", description="Video of one person's face", subtype="FILE_PATH", options=_PATH_OPTIONS
    )
    head: PointerProperty(
        name="Head",
        description="Armature of the captured head to export",
        type=bpy.types.Object,
        poll=_is_captured_head,
    )

    clip_start: FloatProperty(
        name="In", description="Where in the footage to begin", default=0.0, min=0.0, unit="TIME_ABSOLUTE", step=10
    )
    use_clip_end: BoolProperty(name="Out Point", description="Stop before the end of the footage", default=False)
    clip_end: FloatProperty(
        name="Out", description="Where in the footage to stop", default=10.0, min=0.0, unit="TIME_ABSOLUTE", step=10
    )
    frame_start: IntProperty(
        name="Start Frame",
        description="Frame of the scene on which the footage begins; an in point keeps its distance from here",
        default=1,
        min=0,
        soft_max=10000,
    )
    key_placement: EnumProperty(name="Keys", description="Where the keys are put", items=_KEY_PLACEMENTS)
    set_scene_range: BoolProperty(
        name="Set Scene Range", description="Make the scene's frame range that of the animation", default=True
    )

    gaps: EnumProperty(name="Lost Face", description="What happens where the face was not seen", items=_GAPS)
    min_confidence: FloatProperty(
        name="Min Confidence",
        description="Frames of which the tracker is less sure than this count as lost",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    smooth_head: _smoothing("Head", "the head's movement")
    smooth_expression: _smoothing("Expression", "the ten expression components")
    smooth_eyes: _smoothing("Eyes", "eyelids and gaze")
    smooth_face: _smoothing("ARKit Face", "the other ARKit shapes")

    driving: EnumProperty(name="Drive", description="Which shape keys carry the face", items=_DRIVING)
    neck_share: FloatProperty(
        name="Neck Share",
        description="How much of the head's rotation the neck bone takes; both together always turn as captured",
        default=0.3,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    field_of_view: FloatProperty(
        name="Camera View",
        description="View of the footage's camera across the picture's longer side: a phone sees about 65 degrees, "
        "a portrait lens 20. Heads away from the picture's centre are turned by it, and their depth follows from it",
        default=math.radians(SolveSettings().field_of_view),
        min=math.radians(1.0),
        max=math.radians(170.0),
        subtype="ANGLE",
    )
    use_translation: BoolProperty(
        name="Head Translation", description="Also move the head sideways, up and towards the camera", default=False
    )

    def video_path(self) -> Path:
        """The footage, absolute; a path relative to the .blend file is resolved."""
        return Path(bpy.path.abspath(self.video))

    def capture_settings(self) -> CaptureSettings:
        """For the pass over the footage.

        Raises:
            CaptureError: the out point does not lie behind the in point.
        """
        return CaptureSettings(start=self.clip_start, end=self.clip_end if self.use_clip_end else None)

    def solve_settings(self) -> SolveSettings:
        """For cleaning the channels."""
        smoothing = Smoothing(self.smooth_head, self.smooth_expression, self.smooth_eyes, self.smooth_face)
        return SolveSettings(
            min_confidence=self.min_confidence,
            field_of_view=math.degrees(self.field_of_view),
            gaps=self.gaps,
            smoothing=smoothing,
        )

    def bake_settings(self) -> BakeSettings:
        """For putting the result on the timeline."""
        return BakeSettings(
            frame_start=self.frame_start,
            key_placement=self.key_placement,
            driving=self.driving,
            neck_share=self.neck_share,
            use_translation=self.use_translation,
            set_scene_range=self.set_scene_range,
        )


def register() -> None:
    """Add ``Scene.ddfa``."""
    bpy.utils.register_class(FaceCaptureSettings)
    bpy.types.Scene.ddfa = PointerProperty(type=FaceCaptureSettings)


def unregister() -> None:
    """Remove ``Scene.ddfa``."""
    del bpy.types.Scene.ddfa
    bpy.utils.unregister_class(FaceCaptureSettings)
