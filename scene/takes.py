# SPDX-License-Identifier: GPL-3.0-or-later
"""Where takes lie: where a new one goes, and where a head's is found again after files have moved.

``Object.ddfa.take`` of a captured head holds one of

=================  ===================================================================================================
``//takes/a.npz``  below the folder of the .blend file: project folders may move
``a.npz``          in the extension's user folder, wherever that is on this machine
``/some/a.npz``    anywhere else
=================  ===================================================================================================

and ``Object.ddfa.take_uid`` which take it is, so that a namesake is never taken for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..ddfa_blender import take_library
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.paths import is_file
from . import head
from .preferences import EXTENSION, preferences

#: Name of the folder, in the user folder and beside the .blend file.
FOLDER_NAME = "takes"


@dataclass(frozen=True)
class Place:
    """Where new takes go, and why it is not where the user wanted them; "" = it is."""

    folder: Path
    note: str = ""


def place(scene: bpy.types.Scene) -> Place:
    """Where this scene's new takes go; the folder need not exist yet."""
    chosen, own = preferences(), scene.ddfa.takes
    location, folder = chosen.takes_location, chosen.takes_folder
    if own.location != "PREFERENCES":
        location, folder = own.location, own.folder
    if location == "BLEND":
        if bpy.data.filepath:
            return Place(_blend_folder() / FOLDER_NAME)
        return Place(user_folder(), "Takes go to the user folder until the .blend file is saved")
    if location == "FOLDER":
        return _other_place(folder.strip())
    return Place(user_folder())


def _other_place(folder: str) -> Place:
    if not folder:
        return Place(user_folder(), "Takes go to the user folder: no other folder is chosen")
    if folder.startswith("//") and not bpy.data.filepath:
        return Place(user_folder(), "Takes go to the user folder: save the .blend file first")
    path = _whole(folder)
    if not path.is_absolute():  # wherever Blender was started from
        return Place(user_folder(), "Takes go to the user folder: give the other folder with its whole path")
    return Place(path)


def _whole(folder: str) -> Path:
    """A folder as users write it: ``//`` for the .blend file's, ``~`` for their own."""
    return Path(bpy.path.abspath(folder.strip())).expanduser()


def user_folder() -> Path:
    """The extension's own folder for takes; it need not exist yet.

    Raises:
        CaptureError: Blender has no user folder for the extension.
    """
    try:
        return Path(bpy.utils.extension_path_user(EXTENSION, path=FOLDER_NAME))
    except ValueError as error:
        raise CaptureError(f"{EXTENSION} is not installed as an extension; install its zip.") from error


def stored(file: Path) -> str:
    """A take's file in the form that a head keeps."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 (resolve() would follow links out of the project)
    if bpy.data.filepath and path.is_relative_to(_blend_folder()):
        return "//" + path.relative_to(_blend_folder()).as_posix()
    return path.name if path.parent == user_folder() else str(path)


def assign(armature: bpy.types.Object, file: Path) -> None:
    """Note on a head's armature which take it is made of."""
    armature.ddfa.take = stored(file)
    armature.ddfa.take_uid = _uid(file)


def of_head(armature: bpy.types.Object) -> Path:
    """The file of a head's take, absolute. It may be missing, or hold another take: see :func:`problem`.

    It is looked for where the head says, then by its name in every place where takes are kept.
    """
    candidates = list(_candidates(armature))
    fitting = (file for file in candidates if is_file(file) and _holds(file, armature.ddfa.take_uid))
    return next(fitting, candidates[0])


def problem(armature: bpy.types.Object) -> str:
    """Why a head cannot be baked from its take, one sentence; "" = it can."""
    file = of_head(armature)
    if not is_file(file):
        return f"There is no take at {file}; find it with Re-link in the panel Takes, or capture the footage again."
    if not _holds(file, armature.ddfa.take_uid):
        return f"{file} is another take than the head's; find the right one with Re-link in the panel Takes."
    entry = take_library.describe(file)
    return entry.problem if entry is not None else f"{file} is not a take; find the head's with Re-link."


def heads() -> list[bpy.types.Object]:
    """The armatures of all captured heads of the file that have a take, in the order of their names."""
    return [obj for obj in bpy.data.objects if obj.type == "ARMATURE" and obj.ddfa.take and head.of_armature(obj)]


def beside_libraries(armature: bpy.types.Object) -> list[Path]:
    """Where a head's path leads from other .blend files, if it begins with //: one that was appended, or linked and
    made local, may have it from there."""
    text = armature.ddfa.take
    return [Path(bpy.path.abspath(text, library=other)) for other in bpy.data.libraries if text.startswith("//")]


def _candidates(armature: bpy.types.Object) -> Iterator[Path]:
    """Where a head's take may be, the likeliest first; never empty."""
    text, library = armature.ddfa.take, armature.library
    # The path may come from another system: its separators mean nothing here, its last part does.
    name = re.split(r"[\\/]", text)[-1]
    blends = [Path(bpy.path.abspath(library.filepath))] if library is not None else []
    blends += [Path(bpy.data.filepath)] if bpy.data.filepath else []
    if name != text and (blends or not text.startswith("//")):
        yield Path(bpy.path.abspath(text, library=library))
    yield user_folder() / name
    for blend in blends:
        yield blend.parent / FOLDER_NAME / name
        yield blend.parent / name
    yield from beside_libraries(armature)
    chosen = preferences().takes_folder
    own = [scene.ddfa.takes.folder for scene in bpy.data.scenes]
    for other in (chosen, *own):
        if other:
            yield _whole(other) / name


def _holds(file: Path, uid: str) -> bool:
    """Whether a file may be the take with this ``uid``; takes of earlier releases have none."""
    found = _uid(file)
    return not uid or not found or uid == found


def _uid(file: Path) -> str:
    entry = take_library.describe(file)
    return entry.header.uid if entry is not None and entry.header is not None else ""


def _blend_folder() -> Path:
    return Path(bpy.data.filepath).parent
