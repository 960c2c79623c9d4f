# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a scene's takes go, and the list of takes that the panel shows."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from ..preferences import TAKES_LOCATIONS
from .footage import PATH_OPTIONS


class TakesPlace(bpy.types.PropertyGroup):
    """Where this scene's new takes go."""

    location: EnumProperty(
        name="Keep Takes",
        description="Where this scene's new takes are kept",
        items=(("PREFERENCES", "As in Preferences", "Where the extension's preferences say"), *TAKES_LOCATIONS),
    )
    folder: StringProperty(
        name="Folder", description="Folder for this scene's new takes", subtype="DIR_PATH", options=PATH_OPTIONS
    )


class TakeItem(bpy.types.PropertyGroup):
    """One line of the list; ``name`` is the take's title, by which the list is searched."""

    file: StringProperty(name="File", description="File of the take", subtype="FILE_PATH")
    is_used: BoolProperty(name="Used", description="A head of this .blend file is made of it")
    heads: StringProperty(name="Heads", description="Heads of this .blend file that are made of it")
    footage: StringProperty(name="Footage", description="Where the footage was when it was captured")
    captured: StringProperty(name="Captured", description="When it was captured")
    length: StringProperty(name="Length", description="Duration and frames")
    lost_share: StringProperty(name="Lost", description="Share of the frames in which no face was seen")
    model: StringProperty(name="Model", description="Model that it was captured with")
    problem: StringProperty(name="Problem", description="Why it cannot be used")


class TakeList(bpy.types.PropertyGroup):
    """``WindowManager.ddfa_takes``: what is on the disk, looked up anew by ``scene/take_list.py``; never saved."""

    items: CollectionProperty(type=TakeItem)
    active: IntProperty(name="Take", description="The take that the buttons below the list are about")
