# SPDX-License-Identifier: GPL-3.0-or-later
"""The one home of Blender's action API, which differs between 4.2, 4.4 (slots) and 5.0 (channelbags only).

From 4.4 one action animates several data-blocks through slots, so that exporters see one animation;
before, each data-block needs an action of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

HAS_SLOTS = bpy.app.version >= (4, 4, 0)

#: Custom properties of actions that :func:`draft` made: their mark, and as JSON what was written for each data-block.
_MARK, _WRITTEN = "ddfa_face_capture", "ddfa_written"
#: Strips that begin and end within so many frames of their action lie where it does.
_SAME_FRAME = 1.0


def _enum_value(prop: str, identifier: str) -> int:
    return bpy.types.Keyframe.bl_rna.properties[prop].enum_items[identifier].value


_LINEAR = _enum_value("interpolation", "LINEAR")
#: Keys of frames that were tracked, of frames that were filled in, and of frames where a spike was taken out; the
#: editors colour them differently.
_TRACKED_KEY = _enum_value("type", "KEYFRAME")
_FILLED_KEY = _enum_value("type", "JITTER")
_REPAIRED_KEY = _enum_value("type", "EXTREME")
#: What bends a curve between its keys, beside their interpolation, and how many numbers each key has of it.
_BENDING = {"handle_left": 2, "handle_right": 2, "easing": 1, "amplitude": 1, "back": 1, "period": 1}


def key_kinds(filled: ArrayLike, repaired: ArrayLike) -> NDArray[np.int32]:
    """For :meth:`Channels.write`: kinds (K,) of keys that were ``filled`` (K,) in, or ``repaired`` (K,)."""
    kinds = np.where(np.asarray(repaired), _REPAIRED_KEY, _TRACKED_KEY)
    return np.where(np.asarray(filled), _FILLED_KEY, kinds).astype(np.int32)


@dataclass(frozen=True)
class Channels:
    """Where the curves of one data-block go: an action (before 4.4) or a channelbag."""

    container: Any
    #: Keys that were read a moment ago: reading them costs as much as all else about a curve that does not change.
    _known: dict[tuple[str, int], NDArray[np.float32]] = field(default_factory=dict, compare=False, repr=False)
    #: Curves that were read and not written since, whose keys are joined by more than straight lines.
    _bent: set[tuple[str, int]] = field(default_factory=set, compare=False, repr=False)

    def read(self, data_paths: Collection[str]) -> dict[tuple[str, int], NDArray[np.float32]]:
        """Keys (K · 2) of the properties' curves, frame and value by turns, then their :func:`bends`, by data path
        and index.

        For a :meth:`write` right after: nothing may change them in between.
        """
        found = {}
        for curve in self.container.fcurves:
            if curve.data_path in data_paths:
                place, bent = (curve.data_path, curve.array_index), bends(curve)
                self._known[place] = keys(curve).ravel()
                found[place] = np.concatenate([self._known[place], bent])
                if len(bent):
                    self._bent.add(place)
        return found

    @property
    def stays_bent(self) -> bool:
        """Whether a curve that was read has :func:`bends`, and no :meth:`write` has straightened it."""
        return bool(self._bent)

    def write(
        self,
        data_path: str,
        index: int,
        frames: ArrayLike,
        values: ArrayLike,
        *,
        group: str,
        kinds: ArrayLike | None = None,
    ) -> bpy.types.FCurve:
        """A curve with linear keys at ``frames`` (K,) and ``values`` (K,), instead of any keys it had.

        ``kinds`` (K,) comes from :func:`key_kinds`; None = all tracked. A curve that is like that already is left
        alone, and what the user did to its keys stays.
        """
        curve = self.container.fcurves.find(data_path, index=index)
        if curve is None:
            curve = self.container.fcurves.new(data_path, index=index)
            curve.group = self._group(group)
        points, known = stored_keys(frames, values), self._known.pop((data_path, index), None)
        count = len(points) // 2
        marks = np.full(count, _TRACKED_KEY, dtype=np.int32) if kinds is None else np.asarray(kinds, dtype=np.int32)
        stored = curve.keyframe_points
        if len(stored) != count:
            stored.clear()
            stored.add(count)
        elif _are(stored, points, known) and _holds(stored, "type", marks):
            return curve
        self._bent.discard((data_path, index))
        stored.foreach_set("co", points)
        stored.foreach_set("interpolation", np.full(count, _LINEAR, dtype=np.int32))
        stored.foreach_set("type", marks)
        curve.update()
        return curve

    def remove(self, data_path: str) -> bool:
        """Take away the curves of a property; whether there were any."""
        found = [curve for curve in self.container.fcurves if curve.data_path == data_path]
        for curve in found:
            self.container.fcurves.remove(curve)
        return bool(found)

    def _group(self, name: str) -> bpy.types.ActionGroup:
        groups = self.container.groups
        return groups.get(name) or groups.new(name)


def stored_keys(frames: ArrayLike, values: ArrayLike) -> NDArray[np.float32]:
    """Keys at ``frames`` (K,) and ``values`` (K,) as Blender holds them: (K · 2), single precision."""
    return np.column_stack([frames, values]).astype(np.float32).ravel()


def _are(stored: bpy.types.FCurveKeyframePoints, points: NDArray, known: NDArray | None) -> bool:
    """Whether the keys are these ``points``; ``known`` are their own if they were read a moment ago."""
    return _holds(stored, "co", points) if known is None else np.array_equal(known, points)


def _holds(stored: bpy.types.FCurveKeyframePoints, prop: str, wanted: NDArray) -> bool:
    """Whether all keys have these values already."""
    found = np.empty_like(wanted)
    stored.foreach_get(prop, found)
    return np.array_equal(found, wanted)


def animate(name: str, data_blocks: Sequence[bpy.types.ID]) -> list[Channels]:
    """Give the data-blocks new, empty animation called ``name``; returns where the curves of each go.

    One action with a slot each where slots exist; else one action each, the first called ``name``.
    """
    if not HAS_SLOTS:
        return [Channels(_assign_own_action(name, block)) for block in data_blocks]
    action = bpy.data.actions.new(name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    channels = []
    for block in data_blocks:
        slot = action.slots.new(id_type=block.id_type, name=block.name)
        animation = block.animation_data_create()
        animation.action = action
        animation.action_slot = slot
        channels.append(Channels(strip.channelbag(slot, ensure=True)))
    return channels


@dataclass(frozen=True)
class Draft:
    """Animation for a data-block, new or from its NLA; the block keeps its present one until :meth:`assign`."""

    data_block: bpy.types.ID
    channels: Channels
    _action: bpy.types.Action
    _slot: Any  # None before 4.4

    def assign(self) -> None:
        """Animate the data-block by it, and no longer by strips of it. Others without users are kept in the file."""
        animation = self.data_block.animation_data_create()
        _take_out(animation, self._action)
        before = animation.action
        if before is not None and before != self._action:
            # The block's own use counts; without another one Blender would drop the action on saving.
            before.use_fake_user = before.use_fake_user or before.users <= 1
        animation.action = self._action
        if HAS_SLOTS:
            animation.action_slot = self._slot


def draft(name: str, data_blocks: Sequence[bpy.types.ID], mark: str) -> list[Draft]:
    """New, empty animation called ``name`` for the data-blocks, not yet assigned; ``mark`` is for :func:`is_marked`.

    One action with a slot each where slots exist; else one action each, the first called ``name``.
    """
    if not HAS_SLOTS:
        names = [name, *(f"{name} · {block.name}" for block in data_blocks[1:])]
        return [_draft_of_its_own(own, block, mark) for own, block in zip(names, data_blocks, strict=True)]
    action = _marked_action(name, mark)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    drafts = []
    for block in data_blocks:
        slot = action.slots.new(id_type=block.id_type, name=block.name)
        drafts.append(Draft(block, Channels(strip.channelbag(slot, ensure=True)), action, slot))
    return drafts


def drafted_in_nla(data_block: bpy.types.ID, marks: Collection[str]) -> Draft | None:
    """The topmost action in the NLA of a data-block that was drafted with one of the ``marks``; None if there is none.

    It plays on where it is until :meth:`Draft.assign`. One that somebody has moved or changed there is none.
    """
    animation = data_block.animation_data
    for track in reversed(animation.nla_tracks if animation is not None else ()):
        for strip in track.strips:
            action, slot = strip.action, strip.action_slot if HAS_SLOTS else None
            if action is None or action.get(_MARK) not in marks or not action.is_editable:
                continue
            channels = _channels_of(action, slot)
            if channels is not None and all(map(_is_as_pushed_down, _strips_of(animation, action))):
                return Draft(data_block, channels, action, slot)
    return None


def _strips_of(animation: bpy.types.AnimData, action: bpy.types.Action) -> list[bpy.types.NlaStrip]:
    return [strip for track in animation.nla_tracks for strip in track.strips if strip.action == action]


def _is_as_pushed_down(strip: bpy.types.NlaStrip) -> bool:
    first, last = strip.action.frame_range
    kept = abs(strip.frame_start - first) < _SAME_FRAME and abs(strip.frame_end - last) < _SAME_FRAME
    return kept and strip.repeat == 1.0 and not strip.use_reverse and not strip.mute


def _take_out(animation: bpy.types.AnimData, action: bpy.types.Action) -> None:
    """Remove an action's strips from the NLA, and the tracks that held nothing else."""
    for track in list(animation.nla_tracks):
        strips = [strip for strip in track.strips if strip.action == action]
        for strip in strips:
            track.strips.remove(strip)
        if strips and not track.strips:
            animation.nla_tracks.remove(track)


def is_marked(data_block: bpy.types.ID, marks: Collection[str]) -> bool:
    """Whether a data-block's present action was drafted with one of these ``marks``."""
    action = action_of(data_block)
    return action is not None and action.get(_MARK) in marks


def mark(data_block: bpy.types.ID, name: str) -> None:
    """Give a data-block's present action another mark."""
    action = action_of(data_block)
    if action is not None:
        action[_MARK] = name


def note_written(data_block: bpy.types.ID, paths: Collection[str]) -> None:
    """Keep in a data-block's present action which properties were written into it, for :func:`written`."""
    action = action_of(data_block)
    if action is not None:
        action[_WRITTEN] = json.dumps(_noted(action) | {_part(data_block): sorted(paths)})


def written(data_block: bpy.types.ID) -> set[str] | None:
    """What :func:`note_written` kept of a data-block; None where it never was told."""
    action = action_of(data_block)
    if action is None:
        return None
    noted = _noted(action)
    paths = noted.get(_part(data_block), noted.get(data_block.name))  # earlier releases noted the name
    return set(paths) if paths is not None else None


def _part(data_block: bpy.types.ID) -> str:
    """Which part of its action is a data-block's, whatever that is called by and by."""
    return str(data_block.animation_data.action_slot_handle) if HAS_SLOTS else ""


def _noted(action: bpy.types.Action) -> dict[str, list[str]]:
    try:
        return dict(json.loads(action.get(_WRITTEN, "{}")))
    except (ValueError, TypeError, RecursionError):  # somebody else's, or damaged
        return {}


def is_tweaked(data_block: bpy.types.ID) -> bool:
    """Whether a strip of its NLA is being tweaked: then its action cannot be changed."""
    animation = data_block.animation_data
    return animation is not None and animation.use_tweak_mode


def action_of(data_block: bpy.types.ID) -> bpy.types.Action | None:
    """The action that is assigned to a data-block."""
    animation = data_block.animation_data
    return animation.action if animation is not None else None


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


def _marked_action(name: str, mark: str) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    action[_MARK] = mark
    return action


def _draft_of_its_own(name: str, block: bpy.types.ID, mark: str) -> Draft:
    action = _marked_action(name, mark)
    action.id_root = block.id_type
    return Draft(block, Channels(action), action, None)


def assigned(data_block: bpy.types.ID) -> Channels | None:
    """Where the curves of a data-block's present action are, or None when it has no action (or slot) of its own."""
    animation = data_block.animation_data
    if animation is None or animation.action is None:
        return None
    return _channels_of(animation.action, animation.action_slot if HAS_SLOTS else None)


def _channels_of(action: bpy.types.Action, slot: Any) -> Channels | None:
    """Where the curves of an action's ``slot`` are; before 4.4 those of the action."""
    if not HAS_SLOTS:
        return Channels(action)
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                if bag.slot == slot:
                    return Channels(bag)
    return None


def _assign_own_action(name: str, block: bpy.types.ID) -> bpy.types.Action:
    action = bpy.data.actions.new(name)
    block.animation_data_create().action = action
    return action


def curves(data_block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The curves that animate a data-block through its action; none gives an empty list."""
    channels = assigned(data_block)
    return [] if channels is None else list(channels.container.fcurves)


def find_curve(data_block: bpy.types.ID, data_path: str, index: int = 0) -> bpy.types.FCurve | None:
    """The curve that animates one property, or None."""
    for curve in curves(data_block):
        if curve.data_path == data_path and curve.array_index == index:
            return curve
    return None


def keys(curve: bpy.types.FCurve) -> NDArray[np.float32]:
    """The curve's keys (K, 2): frame, value."""
    points = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
    curve.keyframe_points.foreach_get("co", points)
    return points.reshape(-1, 2)


def bends(curve: bpy.types.FCurve) -> NDArray[np.float32]:
    """What joins the curve's keys, as numbers to compare: (0,) where all is straight lines, as :meth:`Channels.write`
    leaves it; handles that bend nothing do not count."""
    stored = curve.keyframe_points
    # The type that Blender has it in: read as any other, it takes ten times as long.
    interpolation = np.empty(len(stored), dtype=np.uint8)
    stored.foreach_get("interpolation", interpolation)
    if (interpolation == _LINEAR).all():
        return np.empty(0, dtype=np.float32)
    parts = [interpolation.astype(np.float32)]
    for prop, width in _BENDING.items():
        parts.append(np.empty(width * len(stored), dtype=np.float32))
        stored.foreach_get(prop, parts[-1])
    return np.concatenate(parts)


def frame_range(data_block: bpy.types.ID) -> tuple[float, float] | None:
    """First and last key of a data-block's curves, or None when it has none."""
    frames = [keys(curve)[[0, -1], 0] for curve in curves(data_block) if len(curve.keyframe_points)]
    if not frames:
        return None
    ends = np.array(frames)
    return float(ends[:, 0].min()), float(ends[:, 1].max())


def played_ranges(data_block: bpy.types.ID) -> list[tuple[float, float]]:
    """First and last frame of all that moves a data-block: its action's keys, and strips of its NLA that are heard."""
    own = frame_range(data_block)
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


def extrapolation_over_nla(data_block: bpy.types.ID, paths: Collection[str], first: float) -> str:
    """How an action that moves ``paths`` from frame ``first`` on is to go on beyond its ends.

    Nothing else moves them: it holds both ways. Else it leaves to what lies below the frames before its own, and those
    after too, where what lies below begins later.
    """
    below = [strip.frame_start for strip in _heard(data_block) if _moves(strip, paths)]
    if not below:
        return "HOLD"
    return "HOLD_FORWARD" if first >= max(below) else "NOTHING"


def _moves(strip: bpy.types.NlaStrip, paths: Collection[str]) -> bool:
    if strip.action is None:
        return False
    channels = _channels_of(strip.action, strip.action_slot if HAS_SLOTS else None)
    return channels is not None and any(curve.data_path in paths for curve in channels.container.fcurves)
