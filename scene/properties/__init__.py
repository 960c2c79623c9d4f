# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that the panels show and the operators read.

==================  ==================================================================================================
``Scene.ddfa``      ``footage`` to capture, the current ``head``, and the ``settings`` that the next new head gets
``Object.ddfa``     of a captured head's armature: its ``take``, its own ``settings``, and what is wrong, if anything
==================  ==================================================================================================

Both ``settings`` are :class:`PerformanceSettings`. Changing one of a head's re-bakes its animation (``scene/live.py``).
"""

from __future__ import annotations

import bpy

from .footage import FootageSettings
from .performance import PERFORMANCE_GROUPS, PerformanceSettings, copy_values
from .roots import HeadState, SceneState, current

__all__ = ["HeadState", "PerformanceSettings", "SceneState", "copy_values", "current", "register", "unregister"]

_classes = (FootageSettings, *PERFORMANCE_GROUPS, PerformanceSettings, SceneState, HeadState)


def register() -> None:
    """Add ``Scene.ddfa`` and ``Object.ddfa``."""
    for cls in _classes:
        bpy.utils.register_class(cls)
    bpy.types.Scene.ddfa = bpy.props.PointerProperty(type=SceneState)
    bpy.types.Object.ddfa = bpy.props.PointerProperty(type=HeadState)


def unregister() -> None:
    """Remove them; what they held stays in the file."""
    del bpy.types.Object.ddfa
    del bpy.types.Scene.ddfa
    for cls in reversed(_classes):
        bpy.utils.unregister_class(cls)
