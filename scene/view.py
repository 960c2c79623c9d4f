# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring what was made into sight. Changes no data: neither the file nor undo knows of it."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

#: The tab of the extension in a 3D viewport's sidebar.
TAB = "Face Capture"


def show_tab(context: bpy.types.Context) -> None:
    """Open the extension's tab in the window's first 3D viewport, as far as Blender lets scripts do so."""
    screen = context.screen
    for area in screen.areas if screen is not None else ():
        if area.type == "VIEW_3D":
            area.spaces.active.show_region_ui = True
            for region in area.regions:
                # Tabs can be chosen once Blender has drawn them; until then their list is empty.
                if region.type == "UI" and region.active_panel_category not in ("", "UNSUPPORTED"):
                    region.active_panel_category = TAB
            return


def face_selected(context: bpy.types.Context) -> None:
    """Look from the front at the selected objects, in every 3D viewport of the scene that has no camera's view.

    A head is a quarter of a metre high: in a viewport that shows a room nobody would find it.
    """
    for window, area, region in _viewports(context):
        if area.spaces.active.local_view is not None:
            for obj in context.selected_objects:
                obj.local_view_set(area.spaces.active, True)  # what is new would show in no local view
        with context.temp_override(window=window, area=area, region=region):
            bpy.ops.view3d.view_axis(type="FRONT")
            # An orthographic view would stay outside whatever the head stands in, such as the default cube.
            area.spaces.active.region_3d.view_perspective = "PERSP"
            bpy.ops.view3d.view_selected(use_all_regions=False)


def _viewports(
    context: bpy.types.Context,
) -> Iterator[tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region]]:
    for window in context.window_manager.windows:
        if window.scene != context.scene:
            continue
        for area in window.screen.areas:
            if area.type != "VIEW_3D" or area.spaces.active.region_3d.view_perspective == "CAMERA":
                continue
            for region in area.regions:
                if region.type == "WINDOW":
                    yield window, area, region
