# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries in Blender's own menus: menu search (F3) finds only what is there."""

from __future__ import annotations

import types

import bpy
import support


class Layout:
    """Records what a menu draws; unknown operators fail."""

    def __init__(self):
        self.drawn = []

    def separator(self):
        pass

    def operator(self, name, **_):
        namespace, _, function = name.partition(".")
        assert getattr(getattr(bpy.ops, namespace), function).get_rna_type() is not None
        self.drawn.append(name)

    def menu(self, name):
        assert hasattr(bpy.types, name)
        self.drawn.append(name)


def drawn(draw):
    menu = types.SimpleNamespace(layout=Layout())
    draw(menu, bpy.context)
    return menu.layout.drawn


def test_the_object_menu_leads_to_the_buttons():
    menus = support.module("panels.menus")
    assert drawn(menus._draw_in_object_menu) == ["DDFA_MT_object"]
    wanted = {"capture", "export_fbx", "add_footage_camera", "use_active_head", "use_selection", "retarget"}
    assert {f"ddfa.{name}" for name in wanted} <= set(drawn(menus.DDFA_MT_object.draw))


def test_the_import_menu_leads_to_footage():
    assert drawn(support.module("panels.menus")._draw_in_import_menu) == ["ddfa.open_footage"]


def test_disabling_takes_the_entries_away():
    import addon_utils

    menus = support.module("panels.menus")
    entry = menus._draw_in_object_menu
    assert entry in bpy.types.VIEW3D_MT_object._dyn_ui_initialize()
    addon_utils.disable(support.PACKAGE)
    assert entry not in bpy.types.VIEW3D_MT_object._dyn_ui_initialize()
    support.enable_extension()
