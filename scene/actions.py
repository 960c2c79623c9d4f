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
    """Animation for a data-block that keeps its present one until :meth:`assign`."""

    data_block: bpy.types.ID
    channels: Channels
    action: bpy.types.Action
    slot: Any  # None before 4.4

    def assign(self) -> None:
        """Animate the data-block by it. An action that has no other user is kept in the file."""
        animation = self.data_block.animation_data_create()
        before = animation.action
        if before is not None and before != self.action:
            # The block's own use counts; without another one Blender would drop the action on saving.
            before.use_fake_user = before.use_fake_user or before.users <= 1
        animation.action = self.action
        if HAS_SLOTS:
            animation.action_slot = self.slot


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


def is_known(action: bpy.types.Action | None, marks: Collection[str]) -> bool:
    """Whether an action was drafted with one of these ``marks``."""
    return action is not None and action.get(_MARK) in marks


def is_marked(data_block: bpy.types.ID, marks: Collection[str]) -> bool:
    """Whether a data-block's present action was drafted with one of these ``marks``."""
    return is_known(action_of(data_block), marks)


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
    return channels_of(animation.action, animation.action_slot if HAS_SLOTS else None)


def channels_of(action: bpy.types.Action, slot: Any) -> Channels | None:
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
