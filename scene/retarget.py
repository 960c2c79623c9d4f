# SPDX-License-Identifier: GPL-3.0-or-later
"""One call from a performance to an animated character."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ..ddfa_blender import take_library
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.quaternions import continuous
from ..ddfa_blender.retarget import bone_poses as combining
from ..ddfa_blender.retarget.mapping import Mapping
from . import (
    actions,
    axes,
    bone_poses,
    character,
    head,
    head_chain,
    live,
    mapping_items,
    nla,
    overrides,
    retarget_record,
    take_list,
    takes,
)
from .bake import widen_slider
from .character import Character, Slider
from .clock import scene_rate
from .head_chain import HeadChain
from .key_writer import KeyWriter
from .properties import current
from .rollback import rollback_on_error
from .settings import BakeSettings
from .timebase import Resampler, Timebase

#: Between the name of the take and that of the character.
_DOT = " · "
#: A pose bone's channels at rest.
_AT_REST: dict[str, tuple[float, ...]] = {
    "location": (0.0, 0.0, 0.0),
    "scale": (1.0, 1.0, 1.0),
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "rotation_euler": (0.0, 0.0, 0.0),
}


@dataclass(frozen=True)
class Result:
    """What was animated. References die with undo and file loads."""

    name: str  # of the action
    mark: str  # that it has
    targets: int
    bones: int
    lost: str  # tells of targets that are no longer there, "" = none
    warnings: tuple[str, ...]  # that among them


@dataclass
class _Curves:
    """What goes to one data-block's animation."""

    sliders: dict[str, tuple[Slider, NDArray[np.float64]]] = field(default_factory=dict)  # path → values (K,)
    rotations: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # bone → (K, 4)
    locations: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # bone → (K, 3)
    scales: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # bone → (K, 3)


@dataclass(frozen=True)
class Source:
    """The performance, how it is baked, and what it is called."""

    performance: Performance
    baking: BakeSettings
    title: str
    mark: str = ""  # of the take, whatever it is called; "" = it has none


def disabled_reason(scene: bpy.types.Scene) -> str | None:
    """Why nothing can be retargeted; None when it can."""
    settings = scene.ddfa.retarget
    missing = head.missing_reason(scene.ddfa.head) if settings.performance == "HEAD" else None
    if missing is not None:
        return missing
    if settings.performance == "TAKE" and take_list.active_item() is None:
        return "Choose a take in the panel Takes"
    if not (settings.use_face or settings.use_head):
        return "Both face and head are switched off"
    return character.disabled_reason(scene)


def retarget(context: bpy.types.Context) -> Result:
    """Put the chosen performance on the chosen character, all or nothing.

    Raises:
        CaptureError: there is nothing to retarget or nothing to drive; nothing has changed then.
    """
    scene = context.scene
    reason = disabled_reason(scene)
    if reason is not None:
        raise CaptureError(f"{reason}.")
    settings, source = scene.ddfa.retarget, _source(scene)
    if settings.use_face and not settings.targets:
        mapping_items.find(scene)
    found, mapping = character.chosen(scene), mapping_items.mapping_of(settings)
    played = scene.ddfa.head if settings.performance == "HEAD" else None
    record = overrides.state_of(retarget_record.holder(found)).retargeted
    # A head that was captured anew has another take; to its characters it is the same performance.
    before = (record.mark,) if played is not None and record.source == played else ()
    result = bake(context, settings, found, mapping, source, settings.action_mode, before)
    follows = settings.follow_clean_up and settings.action_mode != "MERGE"
    retarget_record.keep(found, settings, mapping, played if follows else None, result.mark)
    return result


def bake(
    context: bpy.types.Context,
    settings: bpy.types.PropertyGroup,
    found: Character,
    mapping: Mapping,
    source: Source,
    mode: str,
    before: tuple[str, ...] = (),
) -> Result:
    """Put a performance on a character, all or nothing; ``settings`` are the scene's or those of an earlier time.

    ``before``: marks of its actions that are this performance's too.

    Raises:
        CaptureError: there is nothing to drive; nothing has changed then.
    """
    scene = context.scene
    timebase = Timebase.of(source.baking, scene_rate(scene), source.performance.time)
    frames = timebase.key_frames(source.performance.time, source.baking.key_placement)
    resampler = Resampler.between(source.performance.time, timebase.seconds_at(frames))
    curves: dict[bpy.types.ID, _Curves] = defaultdict(_Curves)
    count, lost = _face(settings, mapping, found, source, resampler, curves) if settings.use_face else (0, "")
    warnings = [lost] if lost else []
    chain = _chain(context, settings, found) if settings.use_head else None
    if chain is not None:
        warnings += _head(settings, found, source, resampler, chain, curves)
    if not curves:
        raise CaptureError(
            "Nothing of the character can be driven: map a channel to a target, choose its head bone, or record poses."
        )
    spikes = source.performance.spikes
    writer = KeyWriter(
        frames,
        filled=~resampler.nearest(source.performance.tracked).astype(bool),
        repaired=np.zeros(len(frames), dtype=bool) if spikes is None else resampler.nearest(spikes).astype(bool),
        thinning=source.baking.thinning,
    )
    name = f"{source.title}{_DOT}{found.name}"
    label = _Label(name, source.mark or name, frozenset((source.mark or name, name, *before)))
    _write(writer, found, curves, label, mode, _Blend(settings.blend_mode, settings.blend_influence / 100.0))
    if mode == "LAYER":
        meshes = [item.mesh for item in settings.face_meshes if character.is_present(scene, item.mesh)]
        _stop_the_rest(found, meshes, curves, label)
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
    bones = sum(len({*block.rotations, *block.locations, *block.scales}) for block in curves.values())
    return Result(name, label.mark, count, bones, lost, tuple(warnings))


def _source(scene: bpy.types.Scene) -> Source:
    if scene.ddfa.retarget.performance == "HEAD":
        return source_of_head(scene.ddfa.head)
    chosen, settings = take_list.active_file(), current(scene)
    if chosen is None:
        raise CaptureError("Choose a take in the panel Takes.")
    return _source_of(chosen, settings)


def source_of_head(armature: bpy.types.Object) -> Source:
    """What a captured head performs, with its settings as they are now.

    Raises:
        CaptureError: its take is gone or does not fit.
    """
    trouble = takes.problem(armature)
    if trouble:
        raise CaptureError(trouble)
    return _source_of(takes.of_head(armature), armature.ddfa.settings)


def _source_of(file: Path, settings: bpy.types.PropertyGroup) -> Source:
    performance = live.performance_of(file, settings.solve_settings(), settings.clean_up())
    entry = take_library.describe(file)
    if entry is None:
        return Source(performance, settings.bake_settings(), file.stem)
    return Source(performance, settings.bake_settings(), entry.title, entry.header.uid if entry.header else "")


def _face(
    settings: bpy.types.PropertyGroup,
    mapping: Mapping,
    found: Character,
    source: Source,
    resampler: Resampler,
    curves: dict[bpy.types.ID, _Curves],
) -> tuple[int, str]:
    """Add what the mapping drives; gives how many targets that is, and a line about those that are gone."""
    present = tuple(target for target in mapping.targets if target.key in found.outlets)
    idle = {item.mesh.name for item in settings.face_meshes if item.mesh is not None and not item.use_mesh}
    gone = [t.key.name for t in mapping.targets if t.key not in found.outlets and t.key.owner not in idle]
    values = replace(mapping, targets=present).apply(source.performance.arkit, source.performance.expression)
    poses: dict[str, NDArray[np.float64]] = {}
    for key, samples in values.items():
        outlet, resampled = found.outlets[key], resampler.linear(samples)
        for slider, weight in outlet.sliders:
            sliders = curves[slider.block].sliders
            before = sliders[slider.path][1] if slider.path in sliders else 0.0
            sliders[slider.path] = slider, before + weight * resampled
        if outlet.pose:
            poses[outlet.pose] = resampled
    if poses and found.armature is not None:
        _pose_bones(found.armature, poses, curves[found.armature])
    return len(values), f"{len(gone)} targets are no longer there: {', '.join(gone[:3])}" if gone else ""


def _pose_bones(armature: bpy.types.Object, weights: dict[str, NDArray], curves: _Curves) -> None:
    """Bones of the recorded poses; those of them that are gone are left out."""
    for bone, motion in combining.combine(bone_poses.of_armature(armature), weights).items():
        if bone in armature.pose.bones:
            curves.rotations[bone] = continuous(motion.rotation)
            if motion.location.any():
                curves.locations[bone] = motion.location
            if (motion.scale != 1.0).any():
                curves.scales[bone] = motion.scale


def _chain(context: bpy.types.Context, settings: bpy.types.PropertyGroup, found: Character) -> HeadChain | None:
    if found.armature is None or not settings.head_bone:
        return None
    necks = tuple(filter(None, (settings.lower_neck_bone, settings.neck_bone)))
    return head_chain.look_up(context, found.armature, settings.head_bone, necks)


def _head(
    settings: bpy.types.PropertyGroup,
    found: Character,
    source: Source,
    resampler: Resampler,
    chain: HeadChain,
    curves: dict[bpy.types.ID, _Curves],
) -> list[str]:
    """Add the bones that turn the head; gives what did not work."""
    performance, armature = source.performance, found.armature
    path = source.baking.head_motion.apply(performance.head_rotation, performance.head_translation, performance.tracked)
    turns = resampler.rotations(axes.rotations(path.rotation))
    share = settings.share_neck / 100.0
    curves[armature].rotations |= chain.rotations(turns, share)
    warnings = list(chain.warnings)
    if settings.move_head:
        offsets = chain.offsets(turns, resampler.linear(axes.positions(path.translation)), share)
        location = head_chain.location_of(armature, chain.bones[0], offsets)
        if location is None:
            warnings.append(f"The bone {chain.bones[0]} is connected to its parent or locked and cannot move")
        else:
            curves[armature].locations[chain.bones[0]] = location
    return warnings


@dataclass(frozen=True)
class _Blend:
    """How an action that lies over others in the NLA mixes with them."""

    mode: str
    influence: float  # 0…1


@dataclass(frozen=True)
class _Label:
    """What an action is called, its mark, and all marks by which it is known."""

    name: str
    mark: str
    known: frozenset[str]


def _write(
    writer: KeyWriter, found: Character, curves: dict[bpy.types.ID, _Curves], label: _Label, mode: str, blend: _Blend
) -> None:
    """Make the animation; what the user has is touched last, where nothing can fail any more."""
    if any(map(actions.is_tweaked, curves)):
        raise CaptureError("A strip of the character's NLA is being tweaked; leave tweak mode first.")
    kept = {block: bag for block in curves if (bag := _present(block, label, mode)) is not None}
    lifted = {block: draft for block in curves if block not in kept and (draft := _lower(block, label, mode))}
    # The armature comes first: before 4.4 its action alone has the plain name.
    missing = [block for block in curves if block not in kept and block not in lifted]
    fresh = sorted(missing, key=lambda block: block != found.armature)
    with rollback_on_error():
        drafts = actions.draft(label.name, fresh, label.mark) if fresh else []
        for draft in drafts:
            _write_block(writer, draft.channels, found, curves[draft.data_block])
    for block, channels in {**kept, **{block: draft.channels for block, draft in lifted.items()}}.items():
        _write_block(writer, channels, found, curves[block])
    for draft in (*drafts, *lifted.values()):
        _lay(draft, _paths(found, curves[draft.data_block]), writer.first_frame, mode)
    for block in curves if mode != "MERGE" else ():
        nla.blend(block, blend.mode, blend.influence)
        actions.mark(block, label.mark)
    if mode == "NEW":
        for block, own in curves.items():
            actions.note_written(block, _paths(found, own))
    _widen_sliders(curves)


def _lay(draft: actions.Draft, paths: set[str], first: float, mode: str) -> None:
    """Let a data-block be animated by a draft, over what it has."""
    block = draft.data_block
    if mode == "LAYER":
        nla.take_out(block, draft.action)
        nla.push_down(block)
    draft.assign()
    if mode == "LAYER":
        nla.extrapolate(block, nla.extrapolation_over(block, paths, first))


def _widen_sliders(curves: dict[bpy.types.ID, _Curves]) -> None:
    for slider, values in (pair for block in curves.values() for pair in block.sliders.values()):
        if slider.shape_key is not None:
            widen_slider(slider.shape_key, values)


def _present(block: bpy.types.ID, label: _Label, mode: str) -> actions.Channels | None:
    """The present animation of a data-block, where the curves belong into it."""
    if mode == "NEW" or (mode == "LAYER" and not actions.is_marked(block, label.known)):
        return None
    action = actions.action_of(block)
    if action is not None and not action.is_editable:
        return None
    return actions.assigned(block)


def _lower(block: bpy.types.ID, label: _Label, mode: str) -> actions.Draft | None:
    """The animation of the same performance that other layers lie over by now: it comes up again."""
    return nla.drafted(block, label.known) if mode == "LAYER" else None


def _stop_the_rest(
    found: Character, meshes: list[bpy.types.Object], curves: dict[bpy.types.ID, _Curves], label: _Label
) -> None:
    """Take out of the character's actions of this performance what an earlier mapping drove and this one does not.

    ``meshes``: all of the character's, those that are left out now among them.
    """
    blocks = [found.armature, *(mesh.data.shape_keys for mesh in meshes)]
    for block in dict.fromkeys(block for block in blocks if block is not None):
        channels = actions.assigned(block) if actions.is_marked(block, label.known) else None
        if channels is None:
            continue
        driven = _paths(found, curves[block]) if block in curves else set()
        before = actions.written(block)
        if before is None:  # an earlier release made the action
            before = _likely_paths(found, curves.get(block, _Curves()))
        for path in before - driven:
            if channels.remove(path):
                _put_to_rest(block, path)
        actions.note_written(block, driven)


def _paths(found: Character, curves: _Curves) -> set[str]:
    """Properties that curves animate."""
    paths = set(curves.sliders)
    if found.armature is not None:
        bones = found.armature.pose.bones
        paths |= {f"{_bone_path(bone)}.{head_chain.rotation_property(bones[bone])}" for bone in curves.rotations}
        paths |= {f"{_bone_path(bone)}.location" for bone in curves.locations}
        paths |= {f"{_bone_path(bone)}.scale" for bone in curves.scales}
    return paths


def _likely_paths(found: Character, curves: _Curves) -> set[str]:
    """What may have been driven before: all sliders, and all channels of the bones that are driven now."""
    sliders = {slider.path for outlet in found.outlets.values() for slider, _ in outlet.sliders}
    return sliders | {f"{_bone_path(bone)}.{name}" for bone in curves.rotations for name in _AT_REST}


def _put_to_rest(block: bpy.types.ID, path: str) -> None:
    """Nothing moves a shape key or a bone's channel any more: it would stay as the last frame had it."""
    owner, _, name = path.rpartition(".")
    rest = 0.0 if isinstance(block, bpy.types.Key) else _AT_REST.get(name)
    if rest is None:
        return  # a property of the user's, whose rest nobody knows
    try:
        setattr(block.path_resolve(owner), name, rest)
    except ValueError:
        return  # the bone or the key is gone


def _write_block(writer: KeyWriter, channels: actions.Channels, found: Character, curves: _Curves) -> None:
    for group in {slider.group for slider, _ in curves.sliders.values()}:
        weights = {path: values for path, (slider, values) in curves.sliders.items() if slider.group == group}
        writer.weights(channels, weights, dict.fromkeys(weights, 1.0), group)
    if found.armature is None:
        return
    for bone, quaternions in curves.rotations.items():
        name, rotations = head_chain.own_rotation(found.armature.pose.bones[bone], quaternions)
        write = writer.rotation if name == "rotation_quaternion" else writer.angles
        write(channels, f"{_bone_path(bone)}.{name}", rotations, bone)
    for name, kind in (("location", curves.locations), ("scale", curves.scales)):
        for bone, values in kind.items():
            writer.location(channels, f"{_bone_path(bone)}.{name}", values, bone)


def _bone_path(name: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(name)}"]'
