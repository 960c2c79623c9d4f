# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension's preferences, as Blender shows them under Get Extensions."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as iface_
from bpy.props import EnumProperty, IntProperty, StringProperty

from ..scene import models, preferences, takes
from ..scene.preferences import EXTENSION, MOST_THREADS, TAKES_LOCATIONS
from .common import draw_problem, draw_reason


class DDFA_AddonPreferences(bpy.types.AddonPreferences):
    """Models, takes and threads, the same for all files."""

    bl_idname = EXTENSION

    model_folder: StringProperty(
        name="Model Folder",
        description="Folder with a regressor and its morphable model, to capture with; empty = the one that came with "
        "the extension",
        subtype="DIR_PATH",
    )
    takes_location: EnumProperty(
        name="Keep Takes",
        description="Where new takes are kept; a scene may say otherwise in the panel Takes",
        items=TAKES_LOCATIONS,
    )
    takes_folder: StringProperty(
        name="Takes Folder", description="Folder in which new takes are kept", subtype="DIR_PATH"
    )
    threads: IntProperty(
        name="Threads",
        description="Parts of the footage that a capture tracks side by side, each on a processor core of its own; "
        "0 = automatic, all cores but one. The result is the same",
        default=0,
        min=0,
        soft_max=16,
        max=MOST_THREADS,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """The settings, and what they mean for captures."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "model_folder")
        state = models.state_of(preferences.preferences().model_folder)
        (draw_problem if state.problem else draw_reason)(layout, context, state.problem or state.note)
        layout.prop(self, "takes_location")
        if self.takes_location == "FOLDER":
            layout.prop(self, "takes_folder")
        layout.prop(self, "threads")
        if not self.threads:
            count = preferences.preferences().workers
            draw_reason(layout, context, iface_("Automatic on this computer: {count}").format(count=count))
        place = takes.place(context.scene)
        draw_reason(
            layout, context, place.note or iface_("New takes of this scene go to {folder}").format(folder=place.folder)
        )


classes = (DDFA_AddonPreferences,)
