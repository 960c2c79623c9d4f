# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping by hand: sources, curves, sides, presets; and poses recorded for a rig's channels."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..ddfa_blender.take_library import file_stem
from ..scene import bone_poses, mapping_items, overrides
from .retarget import RetargetOperator, character_reason

_SUFFIX = ".json"


def active_target(context: bpy.types.Context) -> bpy.types.PropertyGroup | None:
    """The target that is chosen in the list."""
    settings = context.scene.ddfa.retarget
    return settings.targets[settings.active_target] if 0 <= settings.active_target < len(settings.targets) else None


def target_reason(context: bpy.types.Context) -> str | None:
    """Why no target can be edited; None when one can."""
    return None if active_target(context) is not None else "Choose a target in the list"


def mapping_reason(context: bpy.types.Context) -> str | None:
    """Why there is no mapping; None when there is."""
    reason = character_reason(context)
    if reason is not None:
        return reason
    mapped = any(item.sources for item in context.scene.ddfa.retarget.targets)
    return None if mapped else "No channel drives anything yet"


def rig_reason(context: bpy.types.Context) -> str | None:
    """Why no pose can be recorded; None when one can."""
    if context.scene.ddfa.retarget.character is None:
        return "Choose the character's armature first"
    return character_reason(context)


def pose_reason(context: bpy.types.Context) -> str | None:
    """Why the chosen pose cannot be dropped; None when it can."""
    reason = rig_reason(context)
    if reason is not None:
        return reason
    settings = context.scene.ddfa.retarget
    recorded = settings.pose_channel in overrides.state_of(settings.character).face_poses
    return None if recorded else "No pose is recorded for this channel"


def show_reason(context: bpy.types.Context) -> str | None:
    """Why the chosen pose cannot be shown; None when it can: without a neutral one, the rest pose is that."""
    reason, settings = rig_reason(context), context.scene.ddfa.retarget
    if reason is None and settings.pose_channel == bone_poses.NEUTRAL:
        return None if overrides.state_of(settings.character).face_poses else pose_reason(context)
    return reason or pose_reason(context)


class _TargetOperator(RetargetOperator):
    """Changes the target that is chosen in the list."""

    reason = staticmethod(target_reason)

    def change(self, settings: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
        """The work itself."""
        raise NotImplementedError

    def run(self, context: bpy.types.Context) -> str:
        """There is a target, or :meth:`poll` says why not; a script can call past that."""
        target = active_target(context)
        if target is not None:
            self.change(context.scene.ddfa.retarget, target)
        return ""


class DDFA_OT_add_source(_TargetOperator, bpy.types.Operator):
    """Let one more channel drive the chosen target"""

    bl_idname = "ddfa.add_source"
    bl_label = "Add Channel"
    bl_options = {"REGISTER", "UNDO"}

    def change(self, settings: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
        """Preferably one that drives nothing yet."""
        unused = mapping_items.unused_channels(settings)
        source = target.sources.add()
        if unused:
            source.channel = unused[0]
        target.score, target.reason = 1.0, "chosen by hand"


class DDFA_OT_remove_source(_TargetOperator, bpy.types.Operator):
    """This channel no longer drives the target"""

    bl_idname = "ddfa.remove_source"
    bl_label = "Remove Channel"
    bl_options = {"REGISTER", "UNDO"}
    source: IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def change(self, _settings: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
        """Without any, the target is unmatched."""
        if 0 <= self.source < len(target.sources):
            target.sources.remove(self.source)
        if not target.sources:
            target.score, target.reason = 0.0, "taken out by hand"


class DDFA_OT_add_curve_point(_TargetOperator, bpy.types.Operator):
    """Bend the response of this channel at one more point"""

    bl_idname = "ddfa.add_curve_point"
    bl_label = "Add Curve Point"
    bl_options = {"REGISTER", "UNDO"}
    source: IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def change(self, _settings: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
        """The first time one amid a straight line from 0 to 1; then one in the middle of the widest gap."""
        sources = target.sources
        if not 0 <= self.source < len(sources):
            return
        points = sources[self.source].points
        places = sorted((point.point_in, point.point_out) for point in points)
        if len(places) < 2:
            places = [(0.0, 0.0), (1.0, 1.0)]
        a, b = max(pairwise(places), key=lambda pair: pair[1][0] - pair[0][0])
        places.append(((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0))
        points.clear()
        for x, y in sorted(places):
            point = points.add()
            point.point_in, point.point_out = x, y


class DDFA_OT_remove_curve_point(_TargetOperator, bpy.types.Operator):
    """Take this point out of the curve"""

    bl_idname = "ddfa.remove_curve_point"
    bl_label = "Remove Curve Point"
    bl_options = {"REGISTER", "UNDO"}
    source: IntProperty(options={"HIDDEN", "SKIP_SAVE"})
    point: IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def change(self, _settings: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
        """One point alone is no curve."""
        sources = target.sources
        if not 0 <= self.source < len(sources):
            return
        points = sources[self.source].points
        if 0 <= self.point < len(points):
            points.remove(self.point)
        if len(points) < 2:
            points.clear()


class DDFA_OT_clear_curve(_TargetOperator, bpy.types.Operator):
    """Take the channel as it is again"""

    bl_idname = "ddfa.clear_curve"
    bl_label = "Clear Curve"
    bl_options = {"REGISTER", "UNDO"}
    source: IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    def change(self, _settings: bpy.types.PropertyGroup, target: bpy.types.PropertyGroup) -> None:
        """No points are no curve."""
        sources = target.sources
        if 0 <= self.source < len(sources):
            sources[self.source].points.clear()


_SIDES = (
    ("SWAP", "Mirror Performance", "Every target listens to the other side of the face"),
    ("LEFT", "Copy Left to Right", "Gains, curves and limits of the left side's targets go to the right side's"),
    ("RIGHT", "Copy Right to Left", "Gains, curves and limits of the right side's targets go to the left side's"),
)


class DDFA_OT_mirror_mapping(RetargetOperator, bpy.types.Operator):
    """Play the performance mirrored, or make both sides of the mapping alike"""

    bl_idname = "ddfa.mirror_mapping"
    bl_label = "Mirror Mapping"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(mapping_reason)
    topic = "mapping"
    sides: EnumProperty(name="Sides", description="What is mirrored", items=_SIDES)

    def run(self, context: bpy.types.Context) -> str:
        """The list keeps its order."""
        scene = context.scene
        mapping = mapping_items.mapping_of(scene.ddfa.retarget)
        mirrored = mapping.mirrored() if self.sides == "SWAP" else mapping.with_side_copied(self.sides.capitalize())
        mapping_items.fill(scene, mirrored)
        return ""


class DDFA_OT_save_mapping(RetargetOperator, bpy.types.Operator, ExportHelper):
    """Keep the mapping and the recorded poses in a file, for this character and others of its kind"""

    bl_idname = "ddfa.save_mapping"
    bl_label = "Save Mapping"
    reason = staticmethod(mapping_reason)
    topic = "mapping"
    filename_ext = _SUFFIX
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Propose the character's name."""
        if not self.properties.filepath:
            armature = context.scene.ddfa.retarget.character
            name = file_stem(armature.name) if armature is not None else "mapping"
            self.properties.filepath = f"{name}{_SUFFIX}"
        answer: set[str] = ExportHelper.invoke(self, context, event)
        return answer

    def run(self, context: bpy.types.Context) -> str:
        """Write the file."""
        path = Path(bpy.path.ensure_ext(bpy.path.abspath(self.properties.filepath), _SUFFIX))
        mapping_items.save(context.scene, path)
        return rpt_("Saved {}").format(path.name)


class DDFA_OT_load_mapping(RetargetOperator, bpy.types.Operator, ImportHelper):
    """Use a saved mapping, and its poses, on this character; replaces the list"""

    bl_idname = "ddfa.load_mapping"
    bl_label = "Load Mapping"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(character_reason)
    topic = "mapping"
    filename_ext = _SUFFIX
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def run(self, context: bpy.types.Context) -> str:
        """What the character does not have is named in the panel."""
        path = Path(bpy.path.abspath(self.properties.filepath))
        mapping_items.load(context.scene, path)
        return rpt_("Loaded {}").format(path.name)


class DDFA_OT_record_pose(RetargetOperator, bpy.types.Operator):
    """Keep how the character's face is posed now as what the chosen channel does at its most"""

    bl_idname = "ddfa.record_pose"
    bl_label = "Record Pose"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(rig_reason)
    topic = "poses"

    def run(self, context: bpy.types.Context) -> str:
        """A new pose is mapped to its channel at once."""
        settings = context.scene.ddfa.retarget
        mapping_items.mapping_of(settings)  # an invalid one is told before anything is stored
        turned = {settings.head_bone, settings.neck_bone, settings.lower_neck_bone}
        pose = bone_poses.record(settings.character, settings.pose_channel, turned)
        mapping_items.add_pose(context.scene, pose.name)
        recorded = rpt_("Recorded {pose}: 1 bone") if len(pose.bones) == 1 else rpt_("Recorded {pose}: {count} bones")
        return recorded.format(pose=pose.name, count=len(pose.bones))


class DDFA_OT_show_pose(RetargetOperator, bpy.types.Operator):
    """Pose the character's face as it was recorded for the chosen channel; for Neutral, put its bones back"""

    bl_idname = "ddfa.show_pose"
    bl_label = "Show Pose"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(show_reason)
    topic = "poses"

    def run(self, context: bpy.types.Context) -> str:
        """Bones of other poses go back."""
        settings = context.scene.ddfa.retarget
        bone_poses.show(settings.character, settings.pose_channel)
        return ""


class DDFA_OT_forget_pose(RetargetOperator, bpy.types.Operator):
    """Drop the pose that was recorded for the chosen channel"""

    bl_idname = "ddfa.forget_pose"
    bl_label = "Forget Pose"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(pose_reason)
    topic = "poses"

    def run(self, context: bpy.types.Context) -> str:
        """Its line goes, too."""
        settings = context.scene.ddfa.retarget
        mapping_items.mapping_of(settings)  # an invalid one is told before anything is dropped
        bone_poses.forget(settings.character, settings.pose_channel)
        mapping_items.drop_gone(context.scene)
        return ""


classes = (
    DDFA_OT_add_source,
    DDFA_OT_remove_source,
    DDFA_OT_add_curve_point,
    DDFA_OT_remove_curve_point,
    DDFA_OT_clear_curve,
    DDFA_OT_mirror_mapping,
    DDFA_OT_save_mapping,
    DDFA_OT_load_mapping,
    DDFA_OT_record_pose,
    DDFA_OT_show_pose,
    DDFA_OT_forget_pose,
)
