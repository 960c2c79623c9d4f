# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels and the preferences offer, in every state that adds something to them: the tables of docs/panels.md.

    python tests/blender/panel_contents.py      (a Python with bpy) fills the tables anew

Panels draw into a layout that notes properties and operators, in the order in which they are drawn; no window exists.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import support

Entry = dict[str, Any]
#: Panels that Blender draws, from what lies in a folder.
_PRESETS = "_presets"


class Recorder:
    """Takes the place of a layout; what sets or does nothing is let pass. Of lists it draws the first line."""

    def __init__(self, entries: list[Any]) -> None:
        self.entries = entries

    def __getattr__(self, _name: str) -> Callable[..., Recorder]:
        return lambda *_arguments, **_options: Recorder(self.entries)

    def prop(self, data: Any, name: str, *_arguments: Any, **options: Any) -> None:
        """A setting."""
        entry = data.bl_rna.properties[name]
        items = entry.enum_items if entry.type == "ENUM" else ()
        choices = [{"name": item.name, "description": item.description} for item in items]
        label = options.get("text") or entry.name
        self.entries.append({"id": name, "name": label, "description": entry.description, "choices": choices})

    prop_search = prop

    def operator(self, name: str, *_arguments: Any, **options: Any) -> _Button:
        """A button; what it is for may hang on the properties that it is given after this."""
        button = _Button(name, options.get("text", ""))
        self.entries.append(button)
        return button

    operator_menu_enum = operator

    def template_list(self, kind: str, _name: str, data: Any, items: str, *_rest: Any, **_options: Any) -> None:
        """A list."""
        import bpy

        if held := getattr(data, items):
            draw_item = getattr(bpy.types, kind).draw_item
            draw_item(types.SimpleNamespace(), None, self, data, held[0], 0, None, "", 0)


class _Button:
    """Takes an operator's properties."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text = name, text

    def entry(self) -> Entry:
        """What stands on it and what its tooltip says."""
        import bpy

        namespace, _, verb = self._name.partition(".")
        about = getattr(getattr(bpy.ops, namespace), verb).get_rna_type()
        cls = next(cls for cls in support.module("operators").classes if getattr(cls, "bl_idname", "") == self._name)
        told = getattr(cls, "description", None)
        return {
            "id": self._name,
            "name": about.name if self._text.isdigit() else self._text or about.name,
            "description": told(None, self) if told is not None and "description" in vars(cls) else about.description,
            "choices": [],
        }


def contents() -> dict[str, list[Entry]]:
    """Panel's class, or ``preferences`` → what it offers in any of its states, each once.

    It changes the open file: start from an empty one.
    """
    found: dict[str, list[Entry]] = {}
    with ExitStack() as patches:
        for _state in _states(patches):
            for name, entries in _drawn().items():
                _merge(found.setdefault(name, []), entries)
    return found


def _merge(into: list[Entry], entries: list[Entry]) -> None:
    """Add what is new, each in front of what is drawn next and known; what a list's lines repeat stays below it."""
    place = len(into)
    for index, entry in reversed(list(enumerate(entries))):
        if entry in entries[index + 1 :]:
            continue
        if entry in into:
            place = into.index(entry)
        else:
            into.insert(place, entry)


def _drawn() -> dict[str, list[Entry]]:
    """What everything draws now."""
    classes = support.module("panels").panel_classes()
    panels = {cls.__name__: cls for cls in classes if not cls.__name__.endswith(_PRESETS)}
    drawn = {name: _draw(cls) for name, cls in panels.items()}
    return {**drawn, "preferences": _draw(support.module("panels.preferences").DDFA_AddonPreferences)}


def _draw(cls: Any) -> list[Entry]:
    context = support.sidebar_context()
    stand = _Stand(cls, Recorder([]))
    cls.draw(stand, context)
    return [entry.entry() if isinstance(entry, _Button) else entry for entry in stand.layout.entries]


class _Stand:
    """Takes the place of a panel, which only Blender can make, or of the preferences."""

    def __init__(self, cls: Any, layout: Recorder) -> None:
        import bpy

        self._cls, self.layout = cls, layout
        self._held = bpy.context.preferences.addons[support.PACKAGE].preferences

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._cls, name, None)
        return types.MethodType(method, self) if isinstance(method, types.FunctionType) else getattr(self._held, name)


def _states(patches: ExitStack) -> Iterator[None]:
    """Put the file into all states in which panels offer something, one after another."""
    import bpy

    yield
    scene = bpy.context.scene
    yield from _of_footage(scene, patches)
    yield from _of_jobs(patches)
    yield from _of_mapping(scene)
    yield from _of_takes(scene, patches)
    yield from _of_edits(scene)
    stale = bpy.data.objects.new("Stale", None)
    with mock.patch.object(support.module("operators.timing"), "baked_at_another_rate", return_value=[stale]):
        yield
    preferences = bpy.context.preferences.addons[support.PACKAGE].preferences
    before = preferences.takes_location
    patches.callback(setattr, preferences, "takes_location", before)  # no new file brings it back
    preferences.takes_location = scene.ddfa.takes.location = "FOLDER"
    yield


def _of_footage(scene: Any, patches: ExitStack) -> Iterator[None]:
    """Footage of every kind, with two faces in it of which one is picked."""
    reader, info = support.module("scene.footage"), support.module("ddfa_blender.footage.footage_info")
    sources = support.module("scene.footage_sources")
    source = sources.Source(Path("picture_01.png"), "picture")
    reading = reader.Reading(info.FootageFacts(640, 480, 25.0, 100), "", (0, 0))
    view = types.SimpleNamespace(problem="", face_count=2, chosen=0, has_close_ups=True)
    patches.enter_context(mock.patch.object(sources, "source_of", return_value=source))
    patches.enter_context(mock.patch.object(reader, "peek", return_value=reading))
    patches.enter_context(mock.patch.object(reader, "view", return_value=view))
    footage = scene.ddfa.footage
    footage.video = "//picture_01.png"
    for footage.source in ("FILE", "CLIP", "STRIP"):
        yield
    footage.source = "FILE"
    footage.pick_face((0.5, 0.5), 0.0)
    scene.ddfa.target.kind = "HEAD"
    yield


def _of_jobs(patches: ExitStack) -> Iterator[None]:
    """A job is running; shape keys are being made, and are there to be looked at."""
    state, keys = support.module("operators.state"), support.module("operators.key_transfer")
    progress = support.module("operators.job").Progress(30, 120, 60.0)
    job = types.SimpleNamespace(progress=progress, cancelling=False)
    with mock.patch.object(state, "job", job), mock.patch.object(keys, "_fitting", job):
        yield


def _of_edits(scene: Any) -> Iterator[None]:
    """Keys of the current head were edited by hand and baked over."""
    import bpy

    scene.ddfa.head = bpy.data.objects.new("Actor", bpy.data.armatures.new("Actor"))
    with mock.patch.object(support.module("scene.hand_edits"), "kept", return_value="Actor Edited"):
        yield
    scene.ddfa.head = None


def _of_mapping(scene: Any) -> Iterator[None]:
    """A character of two meshes, a target with a curve, a recorded pose."""
    import bpy

    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.update()
    settings = scene.ddfa.retarget
    settings.character = rig
    rig.ddfa.face_poses.add().name = "jawOpen"
    settings.face_meshes.add().name = "Face"
    target = settings.targets.add()
    target.name, target.owner = "Jaw_Open", "Face"
    source = target.sources.add()
    source.channel = "jawOpen"
    source.points.add()
    yield


def _of_takes(scene: Any, patches: ExitStack) -> Iterator[None]:
    """A head's take that is missing, and one that lies elsewhere; the clean-up's list of channels is there."""
    import bpy

    operators, heads = support.module("operators.takes"), support.module("scene.take_heads")
    patches.enter_context(mock.patch.object(support.module("panels.takes"), "_follow_disk", return_value=None))
    shown = bpy.context.window_manager.ddfa_takes
    item = shown.items.add()
    item.name, item.is_used, item.problem = "take", True, "The take is missing."
    scene.ddfa.settings.cleanup.list_channels()
    with (
        mock.patch.object(operators, "gather_reason", return_value=None),
        mock.patch.object(heads, "elsewhere", return_value=[scene]),
    ):
        yield
    shown.items.clear()


def main() -> None:
    """Fill the page."""
    import bpy

    from tools.window_session import panel_tables

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    support.enable_extension()
    found = contents()
    page = panel_tables.PAGE.read_text(encoding="utf-8")
    panel_tables.PAGE.write_text(panel_tables.fill(page, found), encoding="utf-8")
    for name in panel_tables.missing(page, found):
        print(f"{panel_tables.PAGE.name} says nothing about {name}", file=sys.stderr)


if __name__ == "__main__":
    support.prepare_user_folder()
    sys.path.insert(0, str(support.ROOT))
    main()
    sys.stdout.flush()
    import os

    support.discard_user_folder()
    os._exit(0)
