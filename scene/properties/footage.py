# SPDX-License-Identifier: GPL-3.0-or-later
"""What to capture: the footage and the part of it."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, FloatProperty, StringProperty

from ...ddfa_blender.settings import CaptureSettings

#: 4.5+: shows the //-relative paths tick in the file browser; older Blenders always show it.
_PATH_OPTIONS = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()


class FootageSettings(bpy.types.PropertyGroup):
    """The video and its in and out point."""

    video: StringProperty(
        name="Footage", description="Video of one person's face", subtype="FILE_PATH", options=_PATH_OPTIONS
    )
    clip_start: FloatProperty(
        name="In", description="Where in the footage to begin", default=0.0, min=0.0, unit="TIME_ABSOLUTE", step=10
    )
    use_clip_end: BoolProperty(name="Out Point", description="Stop before the end of the footage", default=False)
    clip_end: FloatProperty(
        name="Out", description="Where in the footage to stop", default=10.0, min=0.0, unit="TIME_ABSOLUTE", step=10
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
