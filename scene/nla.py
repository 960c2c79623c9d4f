# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies over each other in the NLA of a data-block, and how its action goes with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy

from . import actions
from .actions import HAS_SLOTS, Channels, Draft

#: Strips that begin and end within so many frames of their action lie where it does.
_SAME_FRAME = 1.0


def extrapolate(data_block: bpy.types.ID, how: str) -> None:
    """How a data-block's present action goes on beyond its ends: "HOLD", "HOLD_FORWARD" or "NOTHING"."""
    data_block.animation_data_create().action_extrapolation = how


def blend(data_block: bpy.types.ID, mode: str, influence: float) -> None:
    """How a data-block's present action mixes with the NLA below: "REPLACE", "COMBINE", "ADD", …; influence 0…1."""
    animation = data_block.animation_data_create()
    animation.action_blend_type, animation.action_influence = mode, influence


def push_down(data_block: bpy.types.ID) -> None:
    """Move a data-block's present action into a new strip on top of its NLA, as the action editor's button does."""
    animation = data_block.animation_data
    if animation is None or animation.action is None:
        return
    action = animation.action
    slot = animation.action_slot if HAS_SLOTS else None
    blend, extrapolation, influence = (
        animation.action_blend_type,
        animation.action_extrapolation,
        animation.action_influence,
    )
    animation.action = None
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if slot is not None:
        strip.action_slot = slot
    # A whole frame was all that the strip could be made at.
    strip.frame_start_ui = action.frame_range[0]
    strip.blend_type, strip.extrapolation = blend, extrapolation
    if influence < 1.0:
        strip.use_animated_influence = True
        strip.influence = influence


def drafted(data_block: bpy.types.ID, marks: Collection[str]) -> Draft | None:
    """The topmost action in the NLA of a data-block that was drafted with one of the ``marks``; None if there is none.

    It plays on where it is until :func:`take_out`. One that somebody has moved or changed there is none.
    """
    animation = data_block.animation_data
    for track in reversed(animation.nla_tracks if animation is not None else ()):
        for strip in track.strips:
            action = strip.action
            if not actions.is_known(action, marks) or not action.is_editable:
                continue
            channels = _channels_of(strip)
            if channels is not None and all(map(_is_as_pushed_down, _strips_of(animation, action))):
                return Draft(data_block, channels, action, _slot_of(strip))
    return None


def _strips_of(animation: bpy.types.AnimData, action: bpy.types.Action) -> list[bpy.types.NlaStrip]:
    return [strip for track in animation.nla_tracks for strip in track.strips if strip.action == action]


def _is_as_pushed_down(strip: bpy.types.NlaStrip) -> bool:
    first, last = strip.action.frame_range
    kept = abs(strip.frame_start - first) < _SAME_FRAME and abs(strip.frame_end - last) < _SAME_FRAME
    return kept and strip.repeat == 1.0 and not strip.use_reverse and not strip.mute


def take_out(data_block: bpy.types.ID, action: bpy.types.Action) -> None:
    """Remove an action's strips from the NLA of a data-block, and the tracks that held nothing else."""
    animation = data_block.animation_data_create()
    for track in list(animation.nla_tracks):
        strips = [strip for strip in track.strips if strip.action == action]
        for strip in strips:
            track.strips.remove(strip)
        if strips and not track.strips:
            animation.nla_tracks.remove(track)


def played_ranges(data_block: bpy.types.ID) -> list[tuple[float, float]]:
    """First and last frame of all that moves a data-block: its action's keys, and strips of its NLA that are heard."""
    own = actions.frame_range(data_block)
    found = [] if own is None else [own]
    return found + [(strip.frame_start, strip.frame_end) for strip in _heard(data_block)]


def _heard(data_block: bpy.types.ID) -> list[bpy.types.NlaStrip]:
    """The strips of a data-block's NLA that are not muted, from the lowest up."""
    animation = data_block.animation_data
    if animation is None or not animation.use_nla:
        return []
    tracks = [track for track in animation.nla_tracks if not track.mute]
    alone = [track for track in tracks if track.is_solo]
    return [strip for track in alone or tracks for strip in track.strips if not strip.mute]


def extrapolation_over(data_block: bpy.types.ID, paths: Collection[str], first: float) -> str:
    """How an action that moves ``paths`` from frame ``first`` on is to go on beyond its ends.

    Nothing else moves them: it holds both ways. Else it leaves to what lies below the frames before its own, and those
    after too, where what lies below begins later.
    """
    below = [strip.frame_start for strip in _heard(data_block) if _moves(strip, paths)]
    if not below:
        return "HOLD"
    return "HOLD_FORWARD" if first >= max(below) else "NOTHING"


def _moves(strip: bpy.types.NlaStrip, paths: Collection[str]) -> bool:
    channels = _channels_of(strip)
    return channels is not None and any(curve.data_path in paths for curve in channels.container.fcurves)


def _slot_of(strip: bpy.types.NlaStrip) -> Any:
    return strip.action_slot if HAS_SLOTS else None


def _channels_of(strip: bpy.types.NlaStrip) -> Channels | None:
    return actions.channels_of(strip.action, _slot_of(strip)) if strip.action is not None else None
