# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers on the timeline where the face was lost and where it came back. A head owns its markers by their names."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender.performance import Performance, runs
from .timebase import Timebase

#: A face that shows for less than this many seconds between two gaps is not worth two markers.
_SHORTEST_SIGHT = 0.25
_LOST, _BACK = "face lost", "face back"


def gap_frames(performance: Performance, timebase: Timebase) -> list[tuple[int, int | None]]:
    """For each gap the frames at which the face is lost and back; None where it never comes back."""
    gaps = _merged(runs(~np.asarray(performance.tracked, dtype=bool)), performance.time)
    frames = np.round(timebase.frame_at(performance.time)).astype(int)
    last = len(frames) - 1
    return [(int(frames[a]), int(frames[b + 1]) if b < last else None) for a, b in gaps]


def _merged(gaps: NDArray[np.intp], time: NDArray) -> list[tuple[int, int]]:
    """Gaps (G, 2) of first and last index, joined where the face hardly shows between them."""
    joined: list[tuple[int, int]] = []
    for first, last in gaps.tolist():
        if joined and time[first] - time[joined[-1][1] + 1] < _SHORTEST_SIGHT:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def replace(scene: bpy.types.Scene, armature: bpy.types.Object, gaps: Iterable[tuple[int, int | None]]) -> None:
    """Put markers for ``gaps`` (:func:`gap_frames`) into the scene, instead of those that the head had before."""
    remove(armature)
    if not scene.is_editable:
        return
    baked = armature.ddfa.baked
    baked.markers_owner = armature.name
    for lost, back in gaps:
        _add(scene, armature, _LOST, lost)
        if back is not None:
            _add(scene, armature, _BACK, back)


def remove(armature: bpy.types.Object) -> None:
    """Take a head's markers out of every scene; the user's own, moved or not, stay."""
    baked = armature.ddfa.baked
    names = {item.name for item in baked.markers}
    # A duplicate of a head carries the names of the original's markers: those are not its own. The original's name
    # may have gone to another head since, which has markers of other names.
    original = bpy.data.objects.get(baked.markers_owner)
    if original is not None and original != armature:
        names -= {item.name for item in original.ddfa.baked.markers}
    for scene in bpy.data.scenes:
        for marker in [marker for marker in scene.timeline_markers if marker.name in names]:
            scene.timeline_markers.remove(marker)
    baked.markers.clear()


def _add(scene: bpy.types.Scene, armature: bpy.types.Object, what: str, frame: int) -> None:
    taken = {marker.name for each in bpy.data.scenes for marker in each.timeline_markers}
    stem = name = f"{armature.name}: {what}"
    number = 1
    while name in taken:
        number += 1
        name = f"{stem} {number}"
    marker = scene.timeline_markers.new(name, frame=frame)
    armature.ddfa.baked.markers.add().name = marker.name
