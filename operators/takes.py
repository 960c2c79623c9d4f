# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes: on the current head, as a new head, renamed, deleted, shown, found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as iface_
from bpy.app.translations import pgettext_rpt as rpt_
from bpy.props import BoolProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from ..ddfa_blender import take_library
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.paths import is_file
from ..scene import head, live, take_heads, take_list, takes, view
from . import state
from .polling import is_interactive, may_run, scene_reason
from .reporting import Reporting


def take_reason(_context: bpy.types.Context) -> str | None:
    """Why nothing can be done with the chosen line's take; None when it is usable."""
    item = take_list.active_item()
    if item is None:
        return "Choose a take in the list"
    return item.problem.removesuffix(".") or None


def file_reason(_context: bpy.types.Context) -> str | None:
    """Why the chosen line's file cannot be deleted; None when it can."""
    item = take_list.active_item()
    if item is None:
        return "Choose a take in the list"
    return None if is_file(item.file) else "The file of the take is missing"


def head_reason(context: bpy.types.Context) -> str | None:
    """Why the chosen take cannot go on the current head; None when it can."""
    armature = context.scene.ddfa.head
    if head.of_armature(armature) is None:
        return "Choose a captured head under Export, or make a new one of the take"
    return live.read_only_reason(armature) or take_reason(context)


def new_head_reason(context: bpy.types.Context) -> str | None:
    """Why no head can be made of the chosen take; None when one can."""
    return scene_reason(context) or take_reason(context)


def relink_reason(_context: bpy.types.Context) -> str | None:
    """Why the chosen take need not be found again; None when it must."""
    item = take_list.active_item()
    if item is None or not item.is_used:
        return "Choose the missing take of a head in the list"
    return None if item.problem else "The take of the head is there"


def gather_reason(context: bpy.types.Context) -> str | None:
    """Why no take must be copied; None when one must."""
    place = takes.place(context.scene)
    if place.note:
        return place.note
    if place.folder == takes.user_folder():
        return "The user folder is found from every .blend file already"
    return None if take_heads.elsewhere(context.scene) else "All takes of this file's heads lie there already"


class _TakeOperator(Reporting):
    """Runs on ``take``, or on the chosen line where a script or the panel names none; errors become one line."""

    topic = "takes"
    reason: Callable[[bpy.types.Context], str | None]
    take: StringProperty(
        name="Take", description="File of the take; empty = the one chosen in the list", options={"SKIP_SAVE", "HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, state.busy_reason() or cls.reason(context))

    def run(self, context: bpy.types.Context, file: Path) -> str:
        """The work itself; gives the line that tells what was done."""
        raise NotImplementedError

    def pin(self) -> None:
        """Stay with the take that is chosen now, whatever is chosen while a dialog is open."""
        file = take_list.active_file()
        if not self.take and file is not None:
            self.take = str(file)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it, or tell why not."""
        file = Path(bpy.path.abspath(self.take)) if self.take else take_list.active_file()
        if file is None:  # poll() sees to that; a script can call past it
            return {"CANCELLED"}
        try:
            message = self.run(context, file)
        except CaptureError as error:
            return self.fail(error)
        finally:
            take_list.refresh(context.scene)
        return self.succeed(message)


class DDFA_OT_apply_take(_TakeOperator, bpy.types.Operator):
    """Bake the take over the animation of the current head, with the head's settings"""

    bl_idname = "ddfa.apply_take"
    bl_label = "Apply to Current Head"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(head_reason)

    shape: BoolProperty(
        name="Actor's Shape",
        description="Also give the head the shape of the take's actor; otherwise it keeps its own",
        default=False,
    )

    def run(self, context: bpy.types.Context, file: Path) -> str:
        """Bake it."""
        armature = context.scene.ddfa.head
        take_heads.apply_take(context.scene, armature, file, shape=self.shape)
        return rpt_("Applied the take to {head}").format(head=armature.name)


class DDFA_OT_head_from_take(_TakeOperator, bpy.types.Operator):
    """Make a new head of the take's actor, animated by the take; the footage is not needed"""

    bl_idname = "ddfa.head_from_take"
    bl_label = "New Head from Take"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(new_head_reason)

    def run(self, context: bpy.types.Context, file: Path) -> str:
        """Build and bake."""
        made = take_heads.new_head(context, file)
        if is_interactive(context):
            view.face_selected(context)
        return rpt_("Made {head} of the take").format(head=made.head.armature.name)


class DDFA_OT_rename_take(_TakeOperator, bpy.types.Operator):
    """Give the take another name; its file keeps its own, so that every head still finds it"""

    bl_idname = "ddfa.rename_take"
    bl_label = "Rename Take"
    bl_options = {"REGISTER"}
    reason = staticmethod(take_reason)

    title: StringProperty(name="Name", description="New name of the take", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the name."""
        self.pin()
        item = take_list.active_item()
        self.title = self.title or (item.name if item is not None else "")
        return context.window_manager.invoke_props_dialog(self)

    def run(self, _context: bpy.types.Context, file: Path) -> str:
        """Write it into the take."""
        take_library.rename(file, self.title)
        return rpt_("The take is now called {name}").format(name=self.title.strip())


class DDFA_OT_delete_take(_TakeOperator, bpy.types.Operator):
    """Delete the file of the take for good"""

    bl_idname = "ddfa.delete_take"
    bl_label = "Delete Take"
    bl_options = {"REGISTER"}
    reason = staticmethod(file_reason)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: there is no undo for files."""
        self.pin()
        item = take_list.active_item()
        title, message = iface_("Delete the take?"), iface_("This cannot be undone")
        if item is not None:
            title = iface_("Delete the take {name}?").format(name=item.name)
        if item is not None and item.heads:
            warning = iface_("{heads}: the animation stays, but cannot be changed any more. This cannot be undone")
            message = warning.format(heads=item.heads)
        return context.window_manager.invoke_confirm(
            self, event, title=title, message=message, confirm_text="Delete", icon="WARNING"
        )

    def run(self, _context: bpy.types.Context, file: Path) -> str:
        """Delete it."""
        take_library.delete(file)
        return rpt_("Deleted {file}").format(file=file.name)


class DDFA_OT_relink_take(_TakeOperator, bpy.types.Operator, ImportHelper):
    """Tell where the missing take of a head is; its animation stays as it is"""

    bl_idname = "ddfa.relink_take"
    bl_label = "Re-link Take"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(relink_reason)

    filename_ext = take_library.SUFFIX
    filter_glob: StringProperty(default=f"*{take_library.SUFFIX}", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask where it is."""
        self.pin()
        return ImportHelper.invoke(self, context, event)

    def run(self, context: bpy.types.Context, file: Path) -> str:
        """Point the heads to it."""
        chosen = Path(bpy.path.abspath(self.filepath))
        found = take_heads.relink(context.scene, file, chosen)
        if not found:
            raise CaptureError(f"No head that can be changed is made of {file.name}; choose another line of the list.")
        return rpt_("{heads} found the take again").format(heads=", ".join(armature.name for armature in found))


class _FolderOperator(Reporting):
    """About the folder of takes as a whole."""

    topic = "takes"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Grey with a reason when it cannot run."""
        return may_run(cls, cls.reason(context))

    @staticmethod
    def reason(context: bpy.types.Context) -> str | None:
        """Why it cannot run; None when it can."""
        del context
        return None


class DDFA_OT_gather_takes(_FolderOperator, bpy.types.Operator):
    """Copy the takes of this file's heads to where the scene keeps its takes; the originals stay"""

    bl_idname = "ddfa.gather_takes"
    bl_label = "Copy Takes Here"
    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(gather_reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Copy them."""
        try:
            count = take_heads.gather(context.scene)
        except CaptureError as error:
            return self.fail(error)
        message = rpt_("Copied the takes of {count} head") if count == 1 else rpt_("Copied the takes of {count} heads")
        return self.succeed(message.format(count=count))


class DDFA_OT_reveal_takes(_FolderOperator, bpy.types.Operator):
    """Show the folder of the chosen take, or the one where this scene's takes go, in the system's file browser"""

    bl_idname = "ddfa.reveal_takes"
    bl_label = "Reveal Folder"
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Open it."""
        file = take_list.active_file()
        folder = takes.place(context.scene).folder
        if file is not None and file.parent.is_dir():
            folder = file.parent
        if not folder.is_dir():
            return self.fail(CaptureError(f"The folder {folder} is made with the first take; capture some footage."))
        return bpy.ops.wm.path_open(filepath=str(folder))


class DDFA_OT_refresh_takes(_FolderOperator, bpy.types.Operator):
    """Look at the folder of takes again"""

    bl_idname = "ddfa.refresh_takes"
    bl_label = "Refresh"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look."""
        take_list.refresh(context.scene)
        return {"FINISHED"}


classes = (
    DDFA_OT_apply_take,
    DDFA_OT_head_from_take,
    DDFA_OT_rename_take,
    DDFA_OT_delete_take,
    DDFA_OT_relink_take,
    DDFA_OT_gather_takes,
    DDFA_OT_reveal_takes,
    DDFA_OT_refresh_takes,
)
