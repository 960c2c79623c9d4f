# SPDX-License-Identifier: GPL-3.0-or-later
"""The one home of Blender's action API, which differs between 4.2, 4.4 (slots) and 5.0 (channelbags only).

From 4.4 one action animates several data-blocks through slots, so that exporters see one animation;
before, each data-block needs an action of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

HAS_SLOTS = bpy.app.version >= (4, 4, 0)


def _enum_value(prop: str, identifier: str) -> int:
    return bpy.types.Keyframe.bl_rna.properties[prop].enum_items[identifier].value


_LINEAR = _enum_value("interpolation", "LINEAR")
#: Keys of frames that were tracked, and of frames that were filled in; the editors colour them differently.
_TRACKED_KEY = _enum_value("type", "KEYFRAME")
_FILLED_KEY = _enum_value("type", "JITTER")


@dataclass(frozen=True)
class Channels:
    """Where the curves of one data-block go: an action (before 4.4) or a channelbag."""

    container: Any

    def write(
        self,
        data_path: str,
        index: int,
        frames: ArrayLike,
        values: ArrayLike,
        *,
        group: str,
        filled: ArrayLike | None = None,
    ) -> bpy.types.FCurve:
        """A curve with linear keys at ``frames`` (K,) and ``values`` (K,), instead of any keys it had.

        ``filled`` (K,) marks keys that were not tracked but filled in: they show as jitter keys.
        """
        curve = self.container.fcurves.find(data_path, index=index)
        if curve is None:
            curve = self.container.fcurves.new(data_path, index=index)
            curve.group = self._group(group)
        count = len(np.asarray(frames))
        keys = curve.keyframe_points
        if len(keys) != count:
            keys.clear()
            keys.add(count)
        keys.foreach_set("co", np.column_stack([frames, values]).astype(np.float32).ravel())
        keys.foreach_set("interpolation", np.full(count, _LINEAR, dtype=np.int32))
        if filled is not None:
            kinds = np.where(np.asarray(filled), _FILLED_KEY, _TRACKED_KEY)
            keys.foreach_set("type", kinds.astype(np.int32))
        curve.update()
        return curve

    def remove(self, data_path: str) -> None:
        """Take away the curves of a property, if any."""
        for curve in [curve for curve in self.container.fcurves if curve.data_path == data_path]:
            self.container.fcurves.remove(curve)

    def _group(self, name: str) -> bpy.types.ActionGroup:
        groups = self.container.groups
        return groups.get(name) or groups.new(name)


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


def assigned(data_block: bpy.types.ID) -> Channels | None:
    """Where the curves of a data-block's present action are, or None when it has no action (or slot) of its own."""
    animation = data_block.animation_data
    if animation is None or animation.action is None:
        return None
    if not HAS_SLOTS:
        return Channels(animation.action)
    for layer in animation.action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                if bag.slot == animation.action_slot:
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


def frame_range(data_block: bpy.types.ID) -> tuple[float, float] | None:
    """First and last key of a data-block's curves, or None when it has none."""
    frames = [keys(curve)[[0, -1], 0] for curve in curves(data_block) if len(curve.keyframe_points)]
    if not frames:
        return None
    ends = np.array(frames)
    return float(ends[:, 0].min()), float(ends[:, 1].max())
