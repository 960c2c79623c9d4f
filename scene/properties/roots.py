# SPDX-License-Identifier: GPL-3.0-or-later
"""What hangs on a scene and on a head's armature."""

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, IntVectorProperty, PointerProperty, StringProperty

from .. import head
from .baked import BakedState
from .export import ExportChoice
from .footage import FootageSettings
from .look import LookSettings
from .performance import PerformanceSettings
from .retarget import FacePose, FittedKeys, OverriddenState, Retargeted, RetargetSettings
from .takes import TakesPlace
from .target import TargetSettings


def _is_captured_head(_settings: bpy.types.PropertyGroup, candidate: bpy.types.Object) -> bool:
    return head.of_armature(candidate) is not None


class SceneState(bpy.types.PropertyGroup):
    """``Scene.ddfa``, saved with the scene."""

    footage: PointerProperty(type=FootageSettings)
    target: PointerProperty(type=TargetSettings)
    head: PointerProperty(
        name="Current Head",
        description="Captured head whose settings the panels below show, and which is exported",
        type=bpy.types.Object,
        poll=_is_captured_head,
    )
    settings: PointerProperty(type=PerformanceSettings)
    takes: PointerProperty(type=TakesPlace)
    look: PointerProperty(type=LookSettings)
    export: PointerProperty(type=ExportChoice)
    retarget: PointerProperty(type=RetargetSettings)
    overrides: CollectionProperty(type=OverriddenState)
    fitted_range: IntVectorProperty(
        name="Fitted Range",
        description="Frame range that the scene was given to suit its heads",
        size=2,
        options={"HIDDEN"},
    )

    def current(self) -> PerformanceSettings:
        """The settings to show and change: those of the current head, else those for the next one."""
        return self.head.ddfa.settings if head.of_armature(self.head) is not None else self.settings


class HeadState(bpy.types.PropertyGroup):
    """``Object.ddfa``: of a captured head's armature; the last four but ``problem`` are of other characters."""

    take: StringProperty(name="Take", description="File of the take that the animation is made of")
    take_uid: StringProperty(name="Take's Mark", description="Which take it is, whatever its file is called")
    settings: PointerProperty(type=PerformanceSettings)
    baked: PointerProperty(type=BakedState)
    face_poses: CollectionProperty(type=FacePose)
    fitted_keys: PointerProperty(type=FittedKeys)
    retargeted: PointerProperty(type=Retargeted)
    problem: StringProperty(
        name="Problem", description="Why the animation could not follow the settings", options={"SKIP_SAVE"}
    )


def current(scene: bpy.types.Scene) -> PerformanceSettings:
    """Shorthand for :meth:`SceneState.current`."""
    settings: PerformanceSettings = scene.ddfa.current()
    return settings
