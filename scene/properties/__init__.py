# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that the panels show and the operators read.

============================ ==========================================================================================
``Scene.ddfa``               ``footage`` to capture, the current ``head``, the ``settings`` that the next head gets
``Object.ddfa``              of a captured head: its ``take``, its own ``settings``, and what is wrong, if anything
``WindowManager.ddfa_takes`` the list of takes that the panel shows, never saved
============================ ==========================================================================================

Both ``settings`` are :class:`PerformanceSettings`. Changing one of a head's re-bakes its animation (``scene/live.py``).
"""

from __future__ import annotations

import bpy

from .. import footage as footage_reader
from . import baked
from .export import ExportChoice
from .footage import FootageSettings
from .look import LookSettings
from .performance import PERFORMANCE_GROUPS, PerformanceSettings, copy_values, set_values, values_of
from .retarget import RETARGET_GROUPS
from .roots import HeadState, SceneState, current
from .takes import TakeItem, TakeList, TakesPlace
from .target import TargetSettings

__all__ = [
    "HeadState",
    "PerformanceSettings",
    "SceneState",
    "copy_values",
    "current",
    "register",
    "set_values",
    "unregister",
    "values_of",
]

_classes = (
    FootageSettings,
    TargetSettings,
    *baked.classes,
    *PERFORMANCE_GROUPS,
    PerformanceSettings,
    TakesPlace,
    LookSettings,
    ExportChoice,
    *RETARGET_GROUPS,
    SceneState,
    HeadState,
    TakeItem,
    TakeList,
)


def register() -> None:
    """Add ``Scene.ddfa`` and ``Object.ddfa``."""
    for cls in _classes:
        bpy.utils.register_class(cls)
    bpy.types.Scene.ddfa = bpy.props.PointerProperty(type=SceneState)
    bpy.types.Object.ddfa = bpy.props.PointerProperty(type=HeadState)
    bpy.types.WindowManager.ddfa_takes = bpy.props.PointerProperty(type=TakeList)


def unregister() -> None:
    """Remove them; what they held stays in the file."""
    footage_reader.forget()
    del bpy.types.WindowManager.ddfa_takes
    del bpy.types.Object.ddfa
    del bpy.types.Scene.ddfa
    for cls in reversed(_classes):
        bpy.utils.unregister_class(cls)
