# SPDX-License-Identifier: GPL-3.0-or-later
"""The performance on the user's own character: which one, what drives what, poses of its bones."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_

from ..operators import key_transfer as keys
from ..operators import mapping as operators
from ..operators import retarget as running
from ..operators import state
from ..scene import bone_poses, followers, key_transfer, mapping_items, overrides
from ..scene.character import POSE_PREFIX
from .common import SubPanel, draw_message, draw_problem, draw_reason
from .presets import DDFA_PT_mapping_presets

_LIST_ROWS, _POSE_ROWS = 8, 4
#: Of a line's width for the target and its channel, which is named once where both are called the same; the rest has
#: the gain. Of the names' width for the target, whose name comes after an icon.
_NAMES_SHARE, _TARGET_SHARE = 0.74, 0.55
#: Below this score an automatic match is marked.
_UNSURE = 0.8
#: More channels than this are counted, not named.
_NAMED = 12
_NOTHING_TO_DRIVE = "Nothing on this character can be driven yet; make shape keys or record poses below"


class DDFA_UL_face_meshes(bpy.types.UIList):
    """One mesh a line, with a tick."""

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index):
        """Blender asks for each line that is to be seen."""
        row = layout.row()
        row.use_property_split = False
        row.prop(item, "use_mesh", text="")
        row.label(text=item.mesh.name if item.mesh is not None else item.name, icon="MESH_DATA", translate=False)


class DDFA_UL_mapping(bpy.types.UIList):
    """One target a line: its name, what drives it, how strongly; searched by the target's name or the channel's."""

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index):
        """Blender asks for each line that is to be seen."""
        layout.use_property_split = False
        if not item.sources:
            layout.active = False
            names = layout.split(factor=_TARGET_SHARE)
            names.label(text=item.name, icon=_icon_of(item), translate=False)
            names.label(text=item.reason, translate=False)
            return
        row = layout.split(factor=_NAMES_SHARE)
        more = f" + {len(item.sources) - 1}" if len(item.sources) > 1 else ""
        both = item.sources[0].channel != item.name.removeprefix(POSE_PREFIX) or more
        names = row.split(factor=_TARGET_SHARE) if both else row
        names.label(text=item.name, icon=_icon_of(item), translate=False)
        if both:
            names.label(text=item.sources[0].channel + more, translate=False)
        row.prop(item.sources[0], "source_gain", text="", emboss=False)

    def filter_items(self, _context, data, prop):
        """Blender asks which lines to show, and in which order; turning either round is its own work."""
        wanted, shown, items = self.filter_name.lower(), data.shown_targets, getattr(data, prop)
        flags = []
        for item in items:
            words = " ".join((item.name, item.owner, *(source.channel for source in item.sources))).lower()
            kind = shown == "ALL" or (shown == "MAPPED") == bool(item.sources)
            flags.append(self.bitflag_filter_item if kind and wanted in words else 0)
        by_name = bpy.types.UI_UL_list.sort_items_by_name
        return flags, by_name(items, "name") if self.use_filter_sort_alpha else []


class DDFA_UL_face_poses(bpy.types.UIList):
    """A recorded pose a line: its channel, and how many bones it poses."""

    def draw_item(self, _context, layout, _data, item, _icon, _active_data, _active_property, _index):
        """Blender asks for each line that is to be seen."""
        row = layout.split(factor=_NAMES_SHARE)
        name = iface_("Neutral") if item.name == bone_poses.NEUTRAL else item.name
        row.label(text=name, icon="POSE_HLT", translate=False)
        row.label(text=str(len(item.bones)), icon="BONE_DATA", translate=False)


class DDFA_PT_retarget(SubPanel, bpy.types.Panel):
    """The character, its head, and the button."""

    bl_label = "Retarget"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 5

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """From the source to the button."""
        settings = context.scene.ddfa.retarget
        layout.prop(settings, "performance")
        layout.prop(settings, "character")
        layout.operator("ddfa.use_selection", icon="RESTRICT_SELECT_OFF")
        if context.selected_objects and settings.character is None and not settings.face_meshes:
            draw_reason(layout, context, running.selection_reason(context))
        if settings.face_meshes:
            layout.template_list(
                "DDFA_UL_face_meshes", "", settings, "face_meshes", settings, "active_mesh",
                rows=min(len(settings.face_meshes), 4),
            )  # fmt: skip
        row = layout.row(heading="Animate")
        row.prop(settings, "use_face")
        row.prop(settings, "use_head")
        _draw_head(layout, context, settings)
        layout.prop(settings, "action_mode")
        column = layout.column(align=True)
        column.active = settings.action_mode != "MERGE"
        column.prop(settings, "blend_mode")
        column.prop(settings, "blend_influence")
        column = layout.column()
        column.active = settings.performance == "HEAD" and settings.action_mode != "MERGE"
        column.prop(settings, "follow_clean_up")
        button = layout.column()
        button.scale_y = 1.4
        button.operator("ddfa.retarget", icon="ARMATURE_DATA")
        draw_reason(layout, context, running.retarget_reason(context))
        draw_message(layout, context, "retarget")
        for problem in followers.problems(context.scene):
            draw_problem(layout, context, problem)


class DDFA_PT_mapping(SubPanel, bpy.types.Panel):
    """What drives what."""

    bl_label = "Mapping"
    bl_parent_id = "DDFA_PT_retarget"
    bl_order = 1

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Blender's preset button."""
        DDFA_PT_mapping_presets.draw_panel_header(self.layout)

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """The list, what is unmatched, the chosen target."""
        settings = context.scene.ddfa.retarget
        row = layout.row(align=True)
        row.operator("ddfa.find_mapping", icon="VIEWZOOM")
        row.operator("ddfa.load_mapping", text="", icon="FILE_FOLDER")
        row.operator("ddfa.save_mapping", text="", icon="FILE_TICK")
        draw_message(layout, context, "mapping")
        if not settings.targets:
            draw_reason(layout, context, running.character_reason(context) or _NOTHING_TO_DRIVE)
            return
        layout.prop(settings, "shown_targets")
        layout.template_list("DDFA_UL_mapping", "", settings, "targets", settings, "active_target", rows=_LIST_ROWS)
        for text in _summary(settings):
            draw_reason(layout, context, text)
        draw_problem(layout, context, _missing(settings))
        target = operators.active_target(context)
        if target is not None:
            _draw_target(layout, context, target)
        layout.operator_menu_enum("ddfa.mirror_mapping", "sides", icon="MOD_MIRROR")


class DDFA_PT_face_poses(SubPanel, bpy.types.Panel):
    """Faces made of bones: a pose for each channel."""

    bl_label = "Recorded Poses"
    bl_parent_id = "DDFA_PT_retarget"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 2

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Which channel, the buttons, what there is."""
        settings = context.scene.ddfa.retarget
        layout.prop(settings, "pose_channel")
        row = layout.row(align=True)
        row.operator("ddfa.record_pose", icon="REC")
        row.operator("ddfa.show_pose", text="", icon="HIDE_OFF")
        row.operator("ddfa.forget_pose", text="", icon="X")
        draw_reason(layout, context, operators.rig_reason(context))
        draw_message(layout, context, "poses")
        kept = overrides.state_of(settings.character) if settings.character is not None else None
        if kept is not None and kept.face_poses:
            layout.template_list("DDFA_UL_face_poses", "", kept, "face_poses", settings, "active_pose", rows=_POSE_ROWS)


class DDFA_PT_new_keys(SubPanel, bpy.types.Panel):
    """Heads without shape keys: ours are fitted to them."""

    bl_label = "New Shape Keys"
    bl_parent_id = "DDFA_PT_retarget"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 3

    def draw_settings(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        """Make them; then look, keep or discard."""
        settings, fit = context.scene.ddfa.retarget, key_transfer.fit_of(context.scene)
        layout.prop(settings, "use_eyes")
        row = layout.row(align=True)
        row.operator("ddfa.place_landmarks", icon="EMPTY_DATA")
        row.operator("ddfa.remove_landmarks", text="", icon="X")
        if keys.is_fitting():
            factor, text = keys.progress()
            row = layout.row(align=True)
            row.progress(factor=factor, type="BAR", text=text)
            row.operator("ddfa.cancel_capture", text="", icon="CANCEL")
        else:
            layout.operator("ddfa.make_keys", icon="SHAPEKEY_DATA")
            reason = keys.make_reason(context)
            if fit is None and (reason != key_transfer.KEPT or state.topic != "keys"):  # the message has just said so
                draw_reason(layout, context, reason)
        draw_message(layout, context, "keys")
        column = layout.column(align=True)
        column.active = fit is not None
        column.prop(settings, "shown_expression")
        column.prop(settings, "shown_strength")
        if fit is not None:
            _draw_fit(layout, context, fit)
        row = layout.row(align=True)
        row.operator("ddfa.keep_keys", icon="CHECKMARK")
        row.operator("ddfa.discard_keys", icon="TRASH")


def _draw_head(layout: bpy.types.UILayout, context: bpy.types.Context, settings: bpy.types.PropertyGroup) -> None:
    """The bones that turn the head, once there is an armature to choose them from."""
    if settings.character is None:
        if settings.use_head and settings.face_meshes:
            draw_reason(layout, context, "Without an armature there is no head to turn")
        return
    column = layout.column(align=True)
    column.active = settings.use_head
    for name in ("head_bone", "neck_bone", "lower_neck_bone"):
        column.prop_search(settings, name, settings.character.data, "bones")
    column.prop(settings, "share_neck")
    column.prop(settings, "move_head")
    if settings.use_head and not settings.head_bone:
        draw_reason(layout, context, "No head bone is known by its name; choose it, or the head stays still")


def _draw_fit(layout: bpy.types.UILayout, context: bpy.types.Context, fit: bpy.types.PropertyGroup) -> None:
    """How well our head lies on the mesh."""
    text = iface_("Fitted to {mean:.2f} % of the head's height on average, {largest:.1f} % at worst")
    draw_reason(layout, context, text.format(mean=fit.mean_distance, largest=fit.largest_distance))
    draw_reason(layout, context, iface_("Fits worst: {}").format(fit.worst_parts))


def _summary(settings: bpy.types.PropertyGroup) -> list[str]:
    """What is mapped and what is not, on both sides."""
    mapped = sum(bool(item.sources) for item in settings.targets)
    rest = len(settings.targets) - mapped
    unused = mapping_items.unused_channels(settings)
    lines = [iface_("Targets: {} driven, {} unmatched").format(mapped, rest)]
    if unused:
        named = ", ".join(unused[:_NAMED]) + (", …" if len(unused) > _NAMED else "")
        lines.append(iface_("{count} channels drive nothing: {names}").format(count=len(unused), names=named))
    return lines


def _missing(settings: bpy.types.PropertyGroup) -> str:
    """Targets of the loaded preset that the character does not have."""
    lost = settings.lost_targets
    return iface_("Not on this character: {}").format(lost) if lost else ""


def _draw_target(layout: bpy.types.UILayout, context: bpy.types.Context, target: bpy.types.PropertyGroup) -> None:
    """Everything about one target."""
    box = layout.box().column()
    box.label(text=" ".join((target.name, f"({target.owner})")), icon=_icon_of(target), translate=False)
    if target.reason:
        score = iface_("{} % sure").format(f"{100.0 * target.score:.0f}") if target.sources else ""
        draw_reason(box, context, ", ".join(filter(None, (target.reason, score))))
    for i, source in enumerate(target.sources):
        lines = box.column(align=True)
        row = lines.row(align=True)
        row.prop(source, "channel", text="")
        row.operator("ddfa.remove_source", text="", icon="X").source = i
        row = lines.row(align=True)
        row.prop(source, "source_gain")
        if source.points:  # in front: what was clicked stays beneath the mouse
            row.operator("ddfa.clear_curve", text="", icon="LOOP_BACK").source = i
        row.operator("ddfa.add_curve_point", text="", icon="FCURVE").source = i
        for j, point in enumerate(source.points):
            pair = lines.row(align=True)
            pair.use_property_split = False
            pair.prop(point, "point_in")
            pair.prop(point, "point_out")
            remove = pair.operator("ddfa.remove_curve_point", text="", icon="X")
            remove.source, remove.point = i, j
    if target.sources:
        limits = box.column(align=True)
        limits.prop(target, "target_min")
        limits.prop(target, "target_max")
    box.operator("ddfa.add_source", icon="ADD")


def _icon_of(item: bpy.types.PropertyGroup) -> str:
    if not item.sources:
        return "RADIOBUT_OFF"
    return "CHECKMARK" if item.score >= _UNSURE else "QUESTION"


classes = (
    DDFA_UL_face_meshes,
    DDFA_UL_mapping,
    DDFA_UL_face_poses,
    DDFA_PT_retarget,
    DDFA_PT_mapping,
    DDFA_PT_face_poses,
    DDFA_PT_new_keys,
)
