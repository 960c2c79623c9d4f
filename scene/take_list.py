# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of takes that the panel shows: those of this .blend file's heads first, then the rest of the folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt_

from ..ddfa_blender import take_library
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.face_model import BUNDLED_BASIS
from ..ddfa_blender.paths import is_file
from ..ddfa_blender.take_library import TakeEntry
from . import takes


@dataclass(frozen=True)
class ListedTake:
    """A take and the heads of this file that are made of it."""

    entry: TakeEntry
    heads: tuple[str, ...] = ()
    problem: str = ""


def collect(scene: bpy.types.Scene) -> tuple[list[ListedTake], str]:
    """The takes to list, and why the folder could not be read; "" = it could."""
    used: dict[Path, list[bpy.types.Object]] = {}
    for armature in takes.heads():
        used.setdefault(takes.of_head(armature), []).append(armature)
    listed = [_listed(file, armatures) for file, armatures in used.items()]
    try:
        entries, trouble = take_library.list_takes(takes.place(scene).folder), ""
    except CaptureError as error:
        entries, trouble = [], str(error)
    return listed + [ListedTake(entry, (), entry.problem) for entry in entries if entry.file not in used], trouble


def refresh(scene: bpy.types.Scene | None = None) -> None:
    """Look at the disk and the heads again; the chosen line stays chosen. Never call it while something is drawn."""
    scene = scene or bpy.context.scene
    shown = bpy.context.window_manager.ddfa_takes
    before = active_file()
    listed, _ = collect(scene)
    shown.items.clear()
    for take in listed:
        _fill(shown.items.add(), take)
    files = [item.file for item in shown.items]
    shown.active = files.index(str(before)) if str(before) in files else min(shown.active, max(len(files) - 1, 0))


def active_item() -> bpy.types.PropertyGroup | None:
    """The chosen line."""
    shown = bpy.context.window_manager.ddfa_takes
    return shown.items[shown.active] if 0 <= shown.active < len(shown.items) else None


def active_file() -> Path | None:
    """The take of the chosen line."""
    item = active_item()
    return Path(item.file) if item is not None else None


def choose(file: Path) -> None:
    """Make a take's line the chosen one, if it is listed."""
    shown = bpy.context.window_manager.ddfa_takes
    for index, item in enumerate(shown.items):
        if item.file == str(file):
            shown.active = index


def signature(scene: bpy.types.Scene) -> tuple[object, ...]:
    """Changes whenever the list may have to; cheap, and safe while something is drawn."""
    folder = takes.place(scene).folder
    try:
        stamp = folder.stat().st_mtime_ns
    except OSError:
        stamp = 0
    heads = tuple((a.name_full, a.ddfa.take, a.ddfa.take_uid, is_file(takes.of_head(a))) for a in takes.heads())
    return bpy.data.filepath, str(folder), stamp, heads


def clear() -> None:
    """Empty the list: what is on this machine's disk is nobody's business who gets the .blend file."""
    bpy.context.window_manager.ddfa_takes.items.clear()


def _listed(file: Path, armatures: list[bpy.types.Object]) -> ListedTake:
    entry = take_library.describe(file) or TakeEntry(file, file.stem)
    problems = (takes.problem(armature) for armature in armatures)
    names = tuple(sorted(armature.name for armature in armatures))
    return ListedTake(entry, names, next(filter(None, problems), ""))


def _fill(item: bpy.types.PropertyGroup, take: ListedTake) -> None:
    entry, header = take.entry, take.entry.header
    item.name, item.file, item.problem = entry.title, str(entry.file), take.problem
    item.is_used, item.heads = bool(take.heads), ", ".join(take.heads)
    if header is None:
        return
    item.footage = header.footage or header.source
    item.captured = entry.captured.strftime("%Y-%m-%d %H:%M") if entry.captured is not None else ""
    length = rpt_("{seconds:.1f} s, {count} frame") if entry.frames == 1 else rpt_("{seconds:.1f} s, {count} frames")
    item.length = length.format(seconds=entry.duration, count=entry.frames)
    item.lost_share = f"{100.0 * entry.lost_share:.0f} %" if entry.lost_frames else ""
    item.model = "" if header.basis == BUNDLED_BASIS else header.basis
