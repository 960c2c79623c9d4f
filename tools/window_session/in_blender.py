# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside a Blender with a window: answer questions that the session lays into a folder.

    blender --python tools/window_session/in_blender.py -- FOLDER [LANGUAGE]

Each ``request-N.json`` in FOLDER, ``{"what": name, "with": {arguments}}``, is answered by ``reply-N.json``,
``{"value": …}`` or ``{"error": text}``. Files instead of a socket: they cross a chroot and need no port.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy_extras import view3d_utils

if TYPE_CHECKING:
    from tools.window_session import character, dna, motion, words
else:  # Blender runs this file on its own
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import character
    import dna
    import motion
    import words

REPOSITORY = "user_default"
EXTENSION = f"bl_ext.{REPOSITORY}.ddfa_face_capture"
PANEL_PREFIX = "DDFA_PT_"
_TICK_SECONDS = 0.02
#: A bit of a panel's flag in Blender's DNA_screen_types.h; a header's height at interface scale 1.
_PANEL_CLOSED, _HEADER = 1 << 2, 25
#: Where Blender has last seen the mouse.
_mouse = [0, 0]


def window() -> dict[str, Any]:
    """Sizes and places in window pixels, y up, and what runs modally."""
    main = bpy.context.window_manager.windows[0]
    return {
        "width": main.width,
        "height": main.height,
        "scale": bpy.context.preferences.system.ui_scale,
        "modal": [operator.bl_idname for operator in main.modal_operators],
        "regions": [
            {
                "area": area.type, "region": region.type, "x": region.x, "y": region.y,
                "width": region.width, "height": region.height,
                "tab": _tab(area, region),
            }
            for area in main.screen.areas for region in area.regions if region.width > 1 and region.height > 1
        ],
    }  # fmt: skip


def _tab(area: bpy.types.Area, region: bpy.types.Region) -> str:
    """The tab that a sidebar shows. In a file dialog the question itself ends Blender 4.3."""
    return str(region.active_panel_category) if (area.type, region.type) == ("VIEW_3D", "UI") else ""


def hovered(area: str, region: str) -> dict[str, str]:
    """The button beneath the mouse in a region: its operator call and its property's path; "" where there is none."""
    found = {"operator": "", "property": ""}
    with _override(area, region):
        clipboard = bpy.context.window_manager
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
            found["operator"] = clipboard.clipboard
        elif bpy.ops.ui.copy_data_path_button.poll():
            bpy.ops.ui.copy_data_path_button(full_path=True)
            found["property"] = clipboard.clipboard
    return found


def _note_mouse(_operator: bpy.types.Operator, _context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
    _mouse[:] = event.mouse_x, event.mouse_y
    return {"CANCELLED"}


def mouse() -> list[int]:
    """Window pixel, y up, at which Blender has last seen the mouse; what it does there is done by the next request."""
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.window_session.mouse("INVOKE_DEFAULT")
    return _mouse


def show_sidebar() -> None:
    """Open the 3D viewport's sidebar, as N does."""
    _area("VIEW_3D").spaces.active.show_region_ui = True


def panels() -> dict[str, dict[str, str]]:
    """The extension's panels that the sidebar offers now: class name → label, and parent or ""."""
    with _override("VIEW_3D", "UI"):
        shown = [panel for panel in _panels() if not hasattr(panel, "poll") or panel.poll(bpy.context)]
    return {
        _name(panel): {"label": panel.bl_label, "parent": getattr(panel, "bl_parent_id", "")}
        for panel in shown if "HIDE_HEADER" not in getattr(panel, "bl_options", ())
    }  # fmt: skip


def _panels() -> list[Any]:
    found = (getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith(PANEL_PREFIX))
    return [panel for panel in found if (panel.bl_space_type, panel.bl_region_type) == ("VIEW_3D", "UI")]


def _name(panel: Any) -> str:
    return getattr(panel, "bl_idname", "") or panel.__name__


def panel_places() -> list[dict[str, Any]]:
    """The extension's panels whose headers the sidebar holds, in view or scrolled out of it, from the top down.

    Edges in window pixels, y up: ``left`` and ``right``, ``top`` of the header, ``header`` its lower edge, ``bottom``
    of all that belongs to the panel.
    """
    known = panels()
    region = next(region for region in _area("VIEW_3D").regions if region.type == "UI")
    found: list[dict[str, Any]] = []
    _add_places(found, region, dna.Struct(_layouts(), "ARegion", region.as_pointer()), "panels", known)
    return sorted(found, key=lambda place: -int(place["top"]))


def _add_places(
    found: list[dict[str, Any]], region: bpy.types.Region, owner: dna.Struct, field: str, known: dict[str, Any]
) -> None:
    """Those in one list of panels, and of their children where they are open."""
    scale = bpy.context.preferences.system.ui_scale
    for panel in owner.chain(field, "Panel"):
        name = panel.text("panelname")
        if name not in known:
            continue
        is_open = not panel.number("flag") & _PANEL_CLOSED
        x, y, width, height = (panel.number(field) for field in ("ofsx", "ofsy", "sizex", "sizey"))
        edges = {"header": y + height, "top": y + height + _HEADER * scale, "bottom": y if is_open else y + height}
        rows = {edge: region.y + region.view2d.view_to_region(x, at, clip=False)[1] for edge, at in edges.items()}
        left, right = (region.x + region.view2d.view_to_region(at, y, clip=False)[0] for at in (x, x + width))
        parent = known[name]["parent"]
        found.append({"name": name, "parent": parent, "open": is_open, "left": left, "right": right, **rows})
        if is_open:
            _add_places(found, region, panel, "children", known)


@functools.cache
def _layouts() -> dna.Layouts:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.blend")
        bpy.data.libraries.write(str(path), set())
        return dna.layouts(path.read_bytes())


def redraw() -> None:
    """Let the sidebars and dialogs draw again, not the 3D viewport: without a graphics card that takes a good part of
    a second."""
    for area in bpy.context.window_manager.windows[0].screen.areas:
        for region in area.regions:
            if region.type in {"UI", "EXECUTE"}:
                region.tag_redraw()


def install(path: str) -> str:
    """Install and enable the extension with the operator behind "Install from Disk"; its version."""
    import addon_utils  # findable only once bpy is imported

    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.extensions.package_install_files(filepath=path, repo=REPOSITORY, enable_on_install=True)
    if not addon_utils.check(EXTENSION)[1]:
        raise RuntimeError(f"Blender did not enable {EXTENSION}")
    return str(bpy.app.version_string)


def snapshot() -> dict[str, Any]:
    """What a cancelled capture must leave alone: every data-block with its users; scenes' and heads' own settings."""
    collections = (p.identifier for p in bpy.data.bl_rna.properties if p.type == "COLLECTION")
    blocks = {name: {block.name_full: block.users for block in getattr(bpy.data, name)} for name in collections}
    return {
        "blocks": {name: names for name, names in blocks.items() if names},
        "settings": {
            **{f"the scene {scene.name}": dict(_scene_settings(scene)) for scene in bpy.data.scenes},
            **{f"the head {head.name}": dict(_group_settings("ddfa", head.ddfa)) for head in _heads()},
        },
    }


def _heads() -> list[bpy.types.Object]:
    return [item for item in bpy.data.objects if item.type == "ARMATURE" and hasattr(item, "ddfa")]


def _scene_settings(scene: bpy.types.Scene) -> Iterator[tuple[str, Any]]:
    for name in ("frame_start", "frame_end", "frame_current"):
        yield name, getattr(scene, name)
    for name in ("fps", "fps_base"):
        yield name, getattr(scene.render, name)
    if hasattr(scene, "ddfa"):
        yield from _group_settings("ddfa", scene.ddfa)


def _group_settings(path: str, group: bpy.types.PropertyGroup) -> Iterator[tuple[str, str]]:
    for entry in group.bl_rna.properties:
        if entry.identifier == "rna_type":  # passes for a group itself
            continue
        held = getattr(group, entry.identifier)
        if isinstance(held, bpy.types.PropertyGroup):
            yield from _group_settings(f"{path}.{entry.identifier}", held)
        else:
            yield f"{path}.{entry.identifier}", repr(list(held) if entry.type == "COLLECTION" else held)


def value(path: str) -> Any:
    """What the context holds at ``path``, such as ``scene.frame_end``; numbers, strings and flat lists of them."""
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        found = bpy.context.path_resolve(path)
    return found if isinstance(found, str | int | float | bool | None) else list(found)


def count(path: str) -> int:
    """How many items a collection has."""
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        return len(bpy.context.path_resolve(path))


def is_built_with(option: str) -> bool:
    """Whether this Blender was built with a part, such as ``usd``."""
    return bool(getattr(bpy.app.build_options, option))


def assign(path: str, to: Any) -> None:
    """Set what :func:`value` reads."""
    owner, _, name = path.rpartition(".")
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        setattr(bpy.context.path_resolve(owner), name, to)


def call(operator: str, area: str | None = None, region: str = "WINDOW", **arguments: Any) -> list[str]:
    """Run an operator in the main window, in an area if it needs one; for what prepares a scene, not for what is
    to be tried."""
    group, name = operator.split(".")
    with _override(area, region) if area else bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        return sorted(getattr(getattr(bpy.ops, group), name)(**arguments))


def open_file(path: str) -> None:
    """Open a .blend; unlike :func:`call` without the window, which the file replaces."""
    bpy.ops.wm.open_mainfile(filepath=path)


def switch(on: bool) -> None:
    """Enable or disable the extension, as its tick in the preferences does."""
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        (bpy.ops.preferences.addon_enable if on else bpy.ops.preferences.addon_disable)(module=EXTENSION)


def shade(kind: str, colour: str = "MATERIAL") -> None:
    """Set the viewport's shading, such as ``SOLID``, and what solid shading is coloured by."""
    shading = _area("VIEW_3D").spaces.active.shading
    shading.type, shading.color_type = kind, colour


def add_character(rig: str, face: str, x: float) -> None:
    """Put the cartoon character ``x`` metres to the right of the middle."""
    with _override("VIEW_3D", "WINDOW"):
        character.add(rig, face, x)


def add_walk(rig: str, action: str, face: str, key: str) -> None:
    """Give the character an action of the animator's own, and a key that nothing drives."""
    with _override("VIEW_3D", "WINDOW"):
        character.add_walk(rig, action)
        character.add_ears(face, key)


def add_loose_character(face: str, beard: str, x: float) -> list[list[float]]:
    """Put a character without an armature ``x`` metres to the right; corners of a box about it."""
    with _override("VIEW_3D", "WINDOW"):
        return [list(place) for place in character.add_loose(face, beard, x)]


def add_bare_head(name: str, x: float) -> list[float]:
    """Put a keyless copy of the captured head beside it; the place of its middle."""
    head = bpy.context.scene.ddfa.head
    with _override("VIEW_3D", "WINDOW"):
        return list(character.add_bare(name, next(child for child in head.children if child.type == "MESH"), x))


def shape_keys(mesh: str) -> list[str]:
    """Names of an object's shape keys."""
    keys = bpy.data.objects[mesh].data.shape_keys
    return [] if keys is None else [key.name for key in keys.key_blocks]


def in_viewport(place: list[float]) -> list[float]:
    """Window pixel, y up, at which the viewport shows a place in the world."""
    with _override("VIEW_3D", "WINDOW"):
        region, view = bpy.context.region, bpy.context.region_data
    x, y = view3d_utils.location_3d_to_region_2d(region, view, place)
    return [region.x + x, region.y + y]


def message() -> str:
    """The line that the main panel shows about what was done last."""
    return str(sys.modules[f"{EXTENSION}.operators.state"].message)


def mapping() -> dict[str, list[str]]:
    """The list of the panel Mapping: target → channels."""
    targets = bpy.context.scene.ddfa.retarget.targets
    return {target.name: [source.channel for source in target.sources] for target in targets}


def overruled_words() -> list[str]:
    """Words of the extension that Blender shows in another sense, in the language that it has."""
    return words.overruled(EXTENSION)


def search_menus() -> None:
    """Open the menu search, as F3 does."""
    with _override("VIEW_3D", "WINDOW"):
        bpy.ops.wm.search_menu("INVOKE_DEFAULT")


def show_preferences(on: bool) -> None:
    """Show the extension's own preferences in the place of the 3D viewport, and that again."""
    if not on:
        _area("PREFERENCES").type = "VIEW_3D"
        return
    _area("VIEW_3D").type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "DDFA"
    with _override("PREFERENCES", "WINDOW"):
        bpy.ops.preferences.addon_expand(module=EXTENSION)


def leave() -> None:
    """End Blender, asking nothing."""
    bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.1)


REQUESTS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        window, hovered, mouse, show_sidebar, panels, panel_places, redraw, install, snapshot,
        value, count, is_built_with, assign, call, open_file, switch, shade, add_character, add_walk, add_bare_head,
        add_loose_character,
        shape_keys, in_viewport, message, mapping, overruled_words, search_menus, show_preferences, leave,
        motion.layers, motion.play_again, motion.bone_tracks, motion.bone_angles, motion.key_track, motion.played,
        motion.pose_bone,
    )
}  # fmt: skip


def _area(kind: str) -> bpy.types.Area:
    areas = [area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == kind]
    return max(areas, key=lambda area: area.width * area.height)


def _override(area: str, region: str) -> Any:
    found = _area(area)
    (wanted, *_) = (item for item in found.regions if item.type == region)
    return bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=found, region=wanted)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request; an exception becomes its text."""
    try:
        return {"value": REQUESTS[request["what"]](**request.get("with", {}))}
    except Exception:  # noqa: BLE001 (whatever it is, the session outside must be told)
        return {"error": traceback.format_exc()}


def serve(folder: Path) -> Callable[[], float]:
    """A timer that answers what lies in ``folder``, one request a tick, in the order of their numbers."""

    def tick() -> float:
        waiting = sorted(folder.glob("request-*.json"))
        if waiting:
            request = json.loads(waiting[0].read_text(encoding="utf-8"))
            reply = folder / waiting[0].name.replace("request", "reply")
            waiting[0].unlink()
            half = reply.with_suffix(".half")
            half.write_text(json.dumps(answer(request)), encoding="utf-8")
            os.replace(half, reply)
        return _TICK_SECONDS

    return tick


def main() -> None:
    folder, language = (*sys.argv[sys.argv.index("--") + 1 :], "")[:2]
    preferences = bpy.context.preferences
    preferences.use_preferences_save = False
    preferences.view.show_splash = False
    preferences.view.filebrowser_display_type = "SCREEN"  # in the window that the mouse knows
    if language:
        preferences.view.language = language
    # Only operators are told where the mouse is.
    parts = {"bl_idname": "window_session.mouse", "bl_label": "Note Mouse", "invoke": _note_mouse}
    bpy.utils.register_class(type("WINDOW_SESSION_OT_mouse", (bpy.types.Operator,), parts))
    bpy.app.timers.register(serve(Path(folder)), persistent=True)


if __name__ == "__main__":
    main()
