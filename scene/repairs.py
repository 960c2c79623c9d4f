# SPDX-License-Identifier: GPL-3.0-or-later
"""Which frames of a head's footage the clean-up changed, on the scene's clock."""

from __future__ import annotations

import bpy
import numpy as np
from bpy.app.translations import pgettext_rpt as rpt_

from ..ddfa_blender.errors import CaptureError
from . import head
from .head_take import shot_of

#: More frames than this are counted, not named.
_NAMED = 6


def spike_frames(scene: bpy.types.Scene, armature: bpy.types.Object | None) -> list[int] | None:
    """Frames of the scene in which spikes were bridged; None where they were not looked for."""
    if head.of_armature(armature) is None:
        return None
    try:
        shot = shot_of(scene, armature)
    except CaptureError:  # the panel says elsewhere what is wrong
        return None
    if shot.performance.spikes is None:
        return None
    frames = np.round(shot.timebase.frame_at(shot.performance.time[shot.performance.spikes]))
    return sorted({int(frame) for frame in frames})


def spike_text(frames: list[int] | None) -> str | None:
    """One line about :func:`spike_frames`."""
    if frames is None:
        return None
    if not frames:
        return "No spike was found"
    named = ", ".join(str(frame) for frame in frames[:_NAMED])
    if len(frames) == 1:
        return rpt_("Bridged frame {frame}").format(frame=named)
    named += ", …" if len(frames) > _NAMED else ""
    return rpt_("Bridged {count} frames: {frames}").format(count=len(frames), frames=named)
