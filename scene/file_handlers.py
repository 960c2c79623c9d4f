# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the list of takes and to relative paths when .blend files are opened, saved and appended from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import bpy
from bpy.app.handlers import persistent

from . import take_list, takes

#: Relative paths as they were before the running save, and the groups that hold them: (group, property, value).
_Paths = list[tuple[bpy.types.PropertyGroup, str, str]]
_before: _Paths = []


def register() -> None:
    """Follow files, from now on whatever file is open."""
    for handlers, function in _handlers():
        handlers.append(function)
    # Blender lets nobody touch its data while an extension is being enabled.
    bpy.app.timers.register(_enabled, first_interval=0.0)


def unregister() -> None:
    """Let go of Blender's handlers."""
    if bpy.app.timers.is_registered(_enabled):
        bpy.app.timers.unregister(_enabled)
    for handlers, function in _handlers():
        if function in handlers:
            handlers.remove(function)


def _handlers() -> tuple[tuple[list, object], ...]:
    events = bpy.app.handlers
    handlers = (
        (events.load_post, _opened),
        (events.save_pre, _saving),
        (events.save_post, _saved),
        (events.save_post_fail, _not_saved),
    )
    # 4.3 brought it; before, such paths are put right when the file is saved.
    return (*handlers, (events.blend_import_post, _imported)) if hasattr(events, "blend_import_post") else handlers


def _enabled() -> None:
    take_list.refresh()


@persistent
def _opened(*_: object) -> None:
    """A head whose take is not there says so from the start; what was wrong when the file was saved may be mended."""
    for armature in takes.heads():
        if armature.is_editable:
            armature.ddfa.problem = takes.problem(armature)
    take_list.refresh()


@persistent
def _imported(imported: bpy.types.BlendImportContext, *_: object) -> None:
    """A head that was appended finds its take where it lay: // means another folder now."""
    heads = set(takes.heads())
    for item in imported.import_items:
        if item.id in heads and item.id.library is None and item.id.ddfa.take.startswith("//"):
            item.id.ddfa.take = _from_here(bpy.path.abspath(item.id.ddfa.take, library=item.source_library))


@persistent
def _saving(path: str, *_: object) -> None:
    """A file that goes to another folder keeps its takes and its footage where they are, as its images do.

    Blender sees to that for its own paths only. The list of takes stays out of the file: what else lies on this disk
    is not for everybody who gets it.
    """
    take_list.clear()
    _before.clear()
    _note_made_local()
    if not bpy.data.filepath or not path:
        return
    new = _folder(path)
    if new == _folder(bpy.data.filepath):
        return
    for group, name, value in _relative_paths():
        _before.append((group, name, value))
        setattr(group, name, _relative_to(new, bpy.path.abspath(value)))


@persistent
def _saved(path: str, *_: object) -> None:
    # After saving a copy the open file is still the old one, and so are its paths.
    if path and bpy.data.filepath and _folder(path) != _folder(bpy.data.filepath):
        _restore()
    _before.clear()
    take_list.refresh()


@persistent
def _not_saved(*_: object) -> None:
    _restore()
    take_list.refresh()


def _note_made_local() -> None:
    """Heads that were linked and made local have paths that begin with // from a file that this one forgets."""
    for armature in takes.heads():
        is_own = armature.library is None and armature.override_library is None
        if is_own and (file := takes.of_head(armature)) in takes.beside_libraries(armature):
            armature.ddfa.take = _from_here(str(file))


def _restore() -> None:
    for group, name, value in _before:
        setattr(group, name, value)
    _before.clear()


def _relative_paths() -> Iterator[tuple[bpy.types.PropertyGroup, str, str]]:
    """The paths of this file that begin with //; those of linked data count from their own file."""
    held = [(armature.ddfa, "take") for armature in takes.heads() if armature.library is None]
    for scene in bpy.data.scenes:
        if scene.library is None:
            held += [(scene.ddfa.takes, "folder"), (scene.ddfa.footage, "video")]
    for group, name in held:
        value = getattr(group, name)
        if value.startswith("//"):
            yield group, name, value


def _from_here(file: str) -> str:
    """A file as paths of the open .blend file name it."""
    return _relative_to(_folder(bpy.data.filepath), file) if bpy.data.filepath else os.path.abspath(file)  # noqa: PTH100


def _relative_to(folder: str, file: str) -> str:
    try:
        return "//" + Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return file


def _folder(file: str) -> str:
    return os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120 (resolve() would follow links)
