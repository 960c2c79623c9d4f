# SPDX-License-Identifier: GPL-3.0-or-later
"""Gains back to 1."""

from __future__ import annotations

import bpy

from ..scene import live
from ..scene.properties import current
from .polling import may_run

_GROUP_GAINS = ("gain_head", "gain_brows", "gain_eyes", "gain_mouth")


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why the gains cannot be changed, for the grey button; None when they can."""
    return live.read_only_reason(context.scene.ddfa.head)


class DDFA_OT_reset_gains(bpy.types.Operator):
    """Set the gains of all groups and shape keys back to 1: as captured"""

    bl_idname = "ddfa.reset_gains"
    bl_label = "Reset Gains"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set all, then bake once."""
        settings = current(context.scene).cleanup
        settings.list_channels()
        with live.paused():
            for name in _GROUP_GAINS:
                setattr(settings, name, 1.0)
            for item in settings.channel_gains:
                item.gain = 1.0
        live.changed(settings, context)
        return {"FINISHED"}


classes = (DDFA_OT_reset_gains,)
