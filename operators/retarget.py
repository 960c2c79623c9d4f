# SPDX-License-Identifier: GPL-3.0-or-later
"""The performance onto the character, and the character out of the selection."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..ddfa_blender.errors import CaptureError
from ..scene import character, mapping_items, retarget
from . import state
from .polling import check, may_run
from .reporting import Reporting


def selection_reason(context: bpy.types.Context) -> str | None:
    """Why no character is selected; None when one is."""
    if any(map(character.selectable, context.selected_objects)):
        return None
    if any(obj.type == "MESH" and not character.has_keys(obj) for obj in context.selected_objects):
        return "The selected meshes have no shape keys; make some in New Shape Keys, or select the armature"
    return "Select the character's armature, or its meshes with shape keys"


class RetargetOperator(Reporting):
    """Grey with a reason when it cannot run; errors become one line."""

    reason: Callable[[bpy.types.Context], str | None]
    #: The panel that shows how it went beside its buttons.
    topic = "retarget"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, state.busy_reason() or cls.reason(context))

    def run(self, context: bpy.types.Context) -> str:
        """The work itself; gives the line that tells what was done, "" = nothing to tell."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or tell why not."""
        try:
            check(self.reason(context))
            message = self.run(context)
        except CaptureError as error:
            return self.fail(error)
        return self.succeed(message)


def character_reason(context: bpy.types.Context) -> str | None:
    """Why there is no character; None when there is."""
    return character.disabled_reason(context.scene)


def retarget_reason(context: bpy.types.Context) -> str | None:
    """Why nothing can be retargeted; None when it can."""
    return retarget.disabled_reason(context.scene)


class DDFA_OT_use_selection(RetargetOperator, bpy.types.Operator):
    """Make what is selected the character: any part of it if it has an armature, otherwise all of its meshes"""

    bl_idname = "ddfa.use_selection"
    bl_label = "Use Selection"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(selection_reason)

    def run(self, context: bpy.types.Context) -> str:
        """The selected meshes and those of the armature: who clicks on a face wants its teeth and lashes too."""
        settings = context.scene.ddfa.retarget
        selected = sorted(filter(character.selectable, context.selected_objects), key=lambda obj: obj.name)
        meshes = list(filter(character.has_keys, selected))
        armatures = [obj for obj in selected if obj.type == "ARMATURE"]
        armatures += filter(None, map(character.armature_of, (obj for obj in selected if obj.type == "MESH")))
        settings.face_meshes.clear()
        # Setting the armature finds all that hangs on it.
        settings.character = armatures[0] if armatures else None
        if meshes:
            others = character.meshes_of(context.scene, armatures[0]) if armatures else []
            mapping_items.list_meshes(settings, dict.fromkeys([*meshes, *others]))
            mapping_items.find(context.scene)
        return ""


class DDFA_OT_find_mapping(RetargetOperator, bpy.types.Operator):
    """Find by their names which shape keys, expressions, properties and poses each channel drives; replaces the list"""

    bl_idname = "ddfa.find_mapping"
    bl_label = "Find Mapping"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(character_reason)
    topic = "mapping"

    def run(self, context: bpy.types.Context) -> str:
        """Of meshes that came since too, and of none that were deleted."""
        mapping_items.list_present(context.scene.ddfa.retarget)
        mapping_items.find(context.scene)
        return ""


class DDFA_OT_retarget(RetargetOperator, bpy.types.Operator):
    """Bake the performance onto the character: shape keys, properties, recorded poses, head and neck"""

    bl_idname = "ddfa.retarget"
    bl_label = "Retarget"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(retarget_reason)

    def run(self, context: bpy.types.Context) -> str:
        """Tell what could not be done as well."""
        result = retarget.retarget(context)
        for warning in result.warnings:
            self.report({"WARNING"}, warning)
        told = rpt_("Retargeted as {name}: {targets} targets, {bones} bones").format(
            name=result.name, targets=result.targets, bones=result.bones
        )
        return ". ".join((told, *result.warnings))


classes = (DDFA_OT_use_selection, DDFA_OT_find_mapping, DDFA_OT_retarget)
