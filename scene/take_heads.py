# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads made of takes: a new one, another take on an old one, takes brought to where the scene keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..ddfa_blender import solutions, take_library
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.paths import is_file
from . import head, live, take_list, takes
from .pipeline import CaptureResult, apply_performance
from .properties import PerformanceSettings, copy_values, current

#: What is about one take alone, by group: when its actor is at rest, and from where the camera saw them.
OF_ONE_TAKE = {
    "neutral": ("neutral_time", "neutral_start", "neutral_end"),
    "head": ("level_yaw", "level_pitch", "level_roll"),
}
#: Choices of the neutral face that name such a moment.
_BY_MOMENT = ("time", "range")


@contextmanager
def settings_of_new_head(scene: bpy.types.Scene) -> Iterator[PerformanceSettings]:
    """The settings that are shown, for a moment as a head of another take gets them: without what is about the take of
    the current head alone."""
    settings, shown = current(scene), scene.ddfa.head
    if settings == scene.ddfa.settings or not shown.is_editable:
        yield settings
        return
    changed = {(group, name): getattr(settings, group).bl_rna.properties[name].default
               for group, names in OF_ONE_TAKE.items() for name in names}  # fmt: skip
    if settings.neutral.neutral_mode in _BY_MOMENT:
        changed["neutral", "neutral_mode"] = settings.neutral.bl_rna.properties["neutral_mode"].default
    if _is_recorded(shown):
        changed["head", "driving"] = scene.ddfa.settings.head.driving
    before = {(group, name): getattr(getattr(settings, group), name) for group, name in changed}
    try:
        _set(settings, changed)
        yield settings
    finally:
        _set(settings, before)


def _set(settings: PerformanceSettings, values: dict[tuple[str, str], object]) -> None:
    with live.paused():
        for (group, name), value in values.items():
            setattr(getattr(settings, group), name, value)


def _is_recorded(armature: bpy.types.Object) -> bool:
    """Whether a head's take is another program's: that drives it by the ARKit keys."""
    try:
        return solutions.take_at(takes.of_head(armature)).is_recorded
    except CaptureError:
        return False


def adopt(scene: bpy.types.Scene, armature: bpy.types.Object, take_file: Path, settings: PerformanceSettings) -> None:
    """Make a new head the scene's current one, made of a take with these settings."""
    takes.assign(armature, take_file)
    copy_values(settings, armature.ddfa.settings)
    scene.ddfa.head = armature
    take_list.refresh(scene)
    take_list.choose(takes.of_head(armature))


def new_head(context: bpy.types.Context, take_file: Path) -> CaptureResult:
    """Build the head of a take's actor and animate it, with the settings that are shown.

    Raises:
        CaptureError: the take is missing or damaged, or has no head; nothing has changed then.
    """
    entry = take_library.describe(take_file)
    name = entry.title if entry is not None else take_file.stem
    with settings_of_new_head(context.scene) as settings:
        performance = live.performance_of(take_file, settings.solve_settings(), settings.clean_up())
        result = apply_performance(context, live.model_of(take_file), performance, settings.bake_settings(), name)
        adopt(context.scene, result.head.armature, take_file, settings)
    return result


def apply_take(scene: bpy.types.Scene, armature: bpy.types.Object, take_file: Path, *, shape: bool) -> None:
    """Bake another take over a head's animation, with the head's settings; with ``shape`` also its actor's shape.

    Raises:
        CaptureError: the take is missing or damaged, or does not fit the head; nothing has changed then.
    """
    captured = head.of_armature(armature)
    if captured is None:
        raise CaptureError("Choose a captured head to put the take on.")
    settings, before = armature.ddfa.settings, (armature.ddfa.take, armature.ddfa.take_uid)
    performance = live.performance_of(take_file, settings.solve_settings(), settings.clean_up())
    model = live.model_of(take_file)
    if shape:
        head.check_reshapable(captured, model)
    takes.assign(armature, take_file)
    try:
        live.rebake(scene, armature)
    except CaptureError:
        armature.ddfa.take, armature.ddfa.take_uid = before
        raise
    armature.ddfa.problem = ""
    if shape:
        head.reshape(captured, model, performance.identity)
        live.rebake(scene, armature)  # the bones have moved


def relink(scene: bpy.types.Scene, missing: Path, take_file: Path) -> list[bpy.types.Object]:
    """Point all local heads whose take should be the file ``missing`` to another; gives those heads. No key changes.

    Raises:
        CaptureError: the file is no usable take.
    """
    entry = take_library.describe(take_file)
    if entry is None or entry.problem:
        raise CaptureError(entry.problem if entry is not None else f"{take_file} is not a take; choose another file.")
    lost = [armature for armature in takes.heads() if takes.of_head(armature) == missing]
    found = [armature for armature in lost if live.read_only_reason(armature) is None]
    for armature in found:
        takes.assign(armature, take_file)
        armature.ddfa.problem = ""
    take_list.refresh(scene)
    return found


def elsewhere(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Heads whose take is there, but not below the folder where the scene keeps its takes."""
    folder = takes.place(scene).folder
    files = ((armature, takes.of_head(armature)) for armature in takes.heads())
    return [a for a, file in files if a.is_editable and is_file(file) and not file.is_relative_to(folder)]


def gather(scene: bpy.types.Scene) -> int:
    """Copy the takes of this file's heads to where the scene keeps its takes; gives how many heads use the copies.

    The files stay where they were, for other .blend files may need them.

    Raises:
        CaptureError: one cannot be copied; every head uses its old file then.
    """
    folder = takes.place(scene).folder
    sources = {armature: takes.of_head(armature) for armature in elsewhere(scene)}
    copies = {source: take_library.copy_into(source, folder) for source in dict.fromkeys(sources.values())}
    for armature, source in sources.items():
        takes.assign(armature, copies[source])
    take_list.refresh(scene)
    return len(sources)
