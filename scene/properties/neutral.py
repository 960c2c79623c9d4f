# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the actor's faces is the neutral one."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty

from ...ddfa_blender.cleaning import neutral as core
from ...translations import CONTEXT
from .. import live

_MODES = (
    ("off", "As Captured", "Every channel as it was measured"),
    ("automatic", "Automatic", "The calmest frames with the least in the face are the neutral face"),
    ("time", "One Moment", "The face at a moment of the footage is the neutral one"),
    ("range", "Range", "The usual face within a range of the footage is the neutral one"),
)


def _seconds(name: str, description: str) -> bpy.types.FloatProperty:
    return FloatProperty(
        name=name,
        description=f"{description}, in seconds of the footage",
        translation_context=CONTEXT,
        default=0.0,
        min=0.0,
        soft_max=600.0,
        step=10,
        precision=3,
        unit="TIME_ABSOLUTE",
        update=live.changed,
    )


class NeutralSettings(bpy.types.PropertyGroup):
    """The face that becomes zero in every channel."""

    neutral_mode: EnumProperty(
        name="Neutral Face", description="Which face becomes neutral", items=_MODES, update=live.changed
    )
    neutral_time: _seconds("Moment", "When the face is neutral")
    neutral_start: _seconds("From", "When the neutral range begins")
    neutral_end: _seconds("To", "When the neutral range ends")
    neutral_face: BoolProperty(
        name="Expression",
        description="Brows, cheeks, mouth and the ten components rest at zero, and still reach their full range",
        default=True,
        update=live.changed,
    )
    neutral_eyelids: BoolProperty(
        name="Eyelids",
        description="Resting eyelids are open, and the actor's blinks close the eyes entirely",
        default=True,
        update=live.changed,
    )
    neutral_gaze: BoolProperty(
        name="Gaze",
        description="The resting gaze goes straight ahead",
        default=True,
        update=live.changed,
    )

    def settings(self) -> core.NeutralSettings:
        """For the core."""
        return core.NeutralSettings(
            mode=self.neutral_mode,
            time=self.neutral_time,
            start=self.neutral_start,
            end=self.neutral_end,
            face=self.neutral_face,
            eyelids=self.neutral_eyelids,
            gaze=self.neutral_gaze,
        )


classes = (NeutralSettings,)
