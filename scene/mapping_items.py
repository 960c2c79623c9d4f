# SPDX-License-Identifier: GPL-3.0-or-later
"""The mapping that the panel shows and the core's: found by names, filled in, read out, loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import bpy

from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.names import ARKIT_NAMES
from ..ddfa_blender.retarget import presets
from ..ddfa_blender.retarget.head_bones import find_head_bones
from ..ddfa_blender.retarget.mapping import Mapping, Source, Target, TargetKey
from ..ddfa_blender.retarget.naming import Match, match
from . import bone_poses, character, starter_poses
from .character import EXPRESSION_PREFIX, POSE_PREFIX, Character

#: Blender has no infinity: beyond this a limit is none.
NO_LIMIT = 1e30


def follow_character(settings: bpy.types.PropertyGroup) -> None:
    """Find meshes, head bones and mapping of the armature that was chosen."""
    scene, armature = settings.id_data, settings.character
    settings.targets.clear()
    settings.lost_targets = ""
    if armature is not None:
        list_meshes(settings, character.meshes_of(scene, armature))
        name_bones(settings)
    if character.disabled_reason(scene) is None:
        find(scene)


def list_meshes(settings: bpy.types.PropertyGroup, meshes: Iterable[bpy.types.Object]) -> None:
    """Make these the character's meshes, all in use."""
    settings.face_meshes.clear()
    for mesh in meshes:
        _list(settings, mesh)


def _list(settings: bpy.types.PropertyGroup, mesh: bpy.types.Object) -> None:
    item = settings.face_meshes.add()
    item.name, item.mesh = mesh.name, mesh


def list_present(settings: bpy.types.PropertyGroup) -> None:
    """Take meshes that were deleted out of the list, and add those that came to the armature since."""
    scene, listed = settings.id_data, settings.face_meshes
    for index in reversed(range(len(listed))):
        if not character.is_present(scene, listed[index].mesh):
            listed.remove(index)
    known = {item.mesh for item in listed}
    for mesh in character.meshes_of(scene, settings.character) if settings.character is not None else ():
        if mesh not in known:
            _list(settings, mesh)


def name_bones(settings: bpy.types.PropertyGroup) -> None:
    """Fill in the head and neck bones that the names tell; empty where they do not."""
    bones = settings.character.data.bones
    found = find_head_bones({bone.name: bone.parent.name if bone.parent else None for bone in bones})
    settings.head_bone = found.head if found is not None else ""
    necks = found.necks if found is not None else ()
    settings.neck_bone = necks[-1] if necks else ""
    settings.lower_neck_bone = necks[-2] if len(necks) > 1 else ""


def find(scene: bpy.types.Scene) -> None:
    """Map the chosen character automatically; bones of known names get poses for what nothing else makes.

    Raises:
        CaptureError: there is none.
    """
    found = character.chosen(scene)
    mapping, reasons = _automatic(found)
    if found.armature is not None and not bone_poses.of_armature(found.armature):
        poses = starter_poses.of_armature(found.armature, mapping.channels)
        if poses:
            bone_poses.store(found.armature, poses)
            found = character.chosen(scene)
            mapping, reasons = _automatic(found)
    scene.ddfa.retarget.lost_targets = ""
    fill(scene, mapping, reasons)


def _automatic(found: Character) -> tuple[Mapping, dict[TargetKey, str]]:
    """The mapping, and why what is not in it is not."""
    owner = found.armature.name if found.armature is not None else ""
    kinds: dict[str, list[TargetKey]] = {"keys": [], "expressions": [], "poses": [], "properties": []}
    for key, outlet in found.outlets.items():
        expression = key.name.startswith(EXPRESSION_PREFIX) and key.owner == owner
        kind = (
            "poses" if outlet.pose else "expressions" if expression else "properties" if key.owner == owner else "keys"
        )
        kinds[kind].append(key)
    keys, expressions = _match(kinds["keys"]), _match(kinds["expressions"])
    reasons = dict.fromkeys(found.outlets, "")
    poses = tuple(_pose_target(key) for key in kinds["poses"])
    # One of the two moves the face, or it moves twice: whichever follows more of the performance.
    leading, other, why = keys, expressions, "the shape keys follow more of the face"
    if len(expressions.mapping.channels) > len(keys.mapping.channels):
        leading, other, why = expressions, keys, "the expressions follow more of the face"
    reasons |= {target.key: why for target in other.mapping.targets}
    posed = frozenset(channel for target in poses for channel in target.leading)
    targets = [*poses, *leading.mapping.targets]
    properties = _match(kinds["properties"])
    for target in properties.mapping.targets:
        if target.leading <= posed:
            reasons[target.key] = "a recorded pose does that"
        else:
            targets.append(target)
    for result in (keys, expressions, properties):
        reasons |= {item.key: item.reason for item in result.unmatched}
    return Mapping(tuple(targets)), reasons


def _match(keys: list[TargetKey]) -> Match:
    names: dict[str, list[str]] = {}
    for key in keys:
        names.setdefault(key.owner, []).append(key.name)
    return match(names)


def _pose_target(key: TargetKey) -> Target:
    return Target(key, (Source(key.name.removeprefix(POSE_PREFIX)),), reason="recorded pose")


def fill(scene: bpy.types.Scene, mapping: Mapping, reasons: dict[TargetKey, str] | None = None) -> None:
    """Show a mapping: what it drives, then what else the character has, with the ``reasons`` why nothing drives it."""
    settings = scene.ddfa.retarget
    found, selected = character.chosen(scene), _selected(settings)
    known = {TargetKey(item.owner, item.name): item.reason for item in settings.targets if not item.sources}
    settings.targets.clear()
    _note_names(settings)
    mapped = {target.key for target in mapping.targets}
    for target in mapping.targets:
        _add(settings, target)
    rest = dict.fromkeys(found.outlets, "") | found.closed | (known if reasons is None else reasons)
    for key, reason in rest.items():
        if key not in mapped and (key in found.outlets or key in found.closed):
            item = settings.targets.add()
            item.owner, item.name, item.reason, item.score = (
                key.owner,
                key.name,
                reason or found.closed.get(key, ""),
                0.0,
            )
    keys = [(item.owner, item.name) for item in settings.targets]
    last = max(len(keys) - 1, 0)
    settings.active_target = keys.index(selected) if selected in keys else min(settings.active_target, last)


def _selected(settings: bpy.types.PropertyGroup) -> tuple[str, str] | None:
    """Object and name of the target that is edited; None where there is none."""
    if not 0 <= settings.active_target < len(settings.targets):
        return None
    item = settings.targets[settings.active_target]
    return item.owner, item.name


def _add(settings: bpy.types.PropertyGroup, target: Target) -> None:
    item = settings.targets.add()
    item.owner, item.name = target.key
    item.score, item.reason = target.score, target.reason
    item.target_min, item.target_max = (_finite(limit) for limit in target.clamp)
    for source in target.sources:
        row = item.sources.add()
        row.channel, row.source_gain = source.channel, source.gain
        row.source_min, row.source_max = (_finite(limit) for limit in source.clamp)
        for x, y in source.curve:
            point = row.points.add()
            point.point_in, point.point_out = x, y


def mapping_of(settings: bpy.types.PropertyGroup, name: str = "") -> Mapping:
    """What the panel shows, for the core; targets without sources are not in it.

    Raises:
        CaptureError: a curve or limit makes no sense.
    """
    mapping = Mapping(tuple(_target(item) for item in settings.targets if item.sources), name)
    return with_present_names(mapping, settings, settings.character)


def with_present_names(mapping: Mapping, listed: bpy.types.PropertyGroup, armature: bpy.types.Object | None) -> Mapping:
    """A mapping whose objects may have got other names since they were ``listed`` beside it."""
    now = {item.name: item.mesh.name for item in listed.face_meshes if item.mesh is not None}
    if armature is not None and listed.armature_name:
        now[listed.armature_name] = armature.name
    targets = (replace(t, key=TargetKey(now.get(t.key.owner, t.key.owner), t.key.name)) for t in mapping.targets)
    return replace(mapping, targets=tuple(targets))


def _note_names(settings: bpy.types.PropertyGroup) -> None:
    """What the character's objects are called while the targets name them."""
    settings.armature_name = settings.character.name if settings.character is not None else ""
    for item in settings.face_meshes:
        if item.mesh is not None:
            item.name = item.mesh.name


def unused_channels(settings: bpy.types.PropertyGroup) -> list[str]:
    """ARKit's channels that drive nothing, in their order."""
    used = {source.channel for item in settings.targets for source in item.sources if source.source_gain}
    return [name for name in ARKIT_NAMES if name not in used]


def _target(item: bpy.types.PropertyGroup) -> Target:
    sources = tuple(_source(row) for row in item.sources)
    limits = _limit(item.target_min), _limit(item.target_max)
    return Target(TargetKey(item.owner, item.name), sources, limits, round(item.score, 6), item.reason)


def _source(row: bpy.types.PropertyGroup) -> Source:
    points = sorted((_short(point.point_in), _short(point.point_out)) for point in row.points)
    limits = _limit(row.source_min), _limit(row.source_max)
    return Source(row.channel, _short(row.source_gain), tuple(points), limits)


def save(scene: bpy.types.Scene, path: Path) -> None:
    """Write the mapping and the recorded poses to a preset.

    Raises:
        CaptureError: it cannot be written.
    """
    settings = scene.ddfa.retarget
    poses = bone_poses.of_armature(settings.character) if settings.character is not None else ()
    presets.save_mapping(mapping_of(settings, path.stem), path, poses)


def text_of(settings: bpy.types.PropertyGroup) -> str:
    """The mapping and the recorded poses as the text of a preset.

    Raises:
        CaptureError: a curve or limit makes no sense.
    """
    poses = bone_poses.of_armature(settings.character) if settings.character is not None else ()
    return presets.to_text(mapping_of(settings), poses)


def load_text(scene: bpy.types.Scene, text: str, name: str) -> tuple[TargetKey, ...]:
    """As :func:`load`, from the text that :func:`text_of` gave; ``name`` is the preset's, for messages."""
    return _take_over(scene, presets.preset_from_text(text, name), name)


def load(scene: bpy.types.Scene, path: Path) -> tuple[TargetKey, ...]:
    """Show a preset's mapping as it fits the chosen character, whose armature gets its poses; gives what did not fit.

    Raises:
        CaptureError: there is no character, the preset cannot be used, or nothing of it fits; nothing has changed then.
    """
    character.chosen(scene)
    return _take_over(scene, presets.load_preset(path), path.name)


def _take_over(scene: bpy.types.Scene, preset: presets.Preset, name: str) -> tuple[TargetKey, ...]:
    found = character.chosen(scene)
    armature = found.armature
    mapping, poses = preset.mapping, preset.poses if armature is not None else ()
    if poses and armature is not None:
        poses = tuple(pose for pose in poses if pose.name == bone_poses.NEUTRAL or _fits(pose.bones, armature))
        mapping = _poses_at(mapping, armature.name)
    names = character.names(found.outlets)
    if armature is not None:
        names.setdefault(armature.name, []).extend(POSE_PREFIX + pose.name for pose in poses)
    fitted = presets.fit_to(mapping, names)
    if mapping.targets and not fitted.mapping.targets:
        raise CaptureError(f"{name} is for another character: it has none of the preset's targets.")
    if armature is not None:
        bone_poses.store(armature, poses)
    fill(scene, fitted.mapping)
    scene.ddfa.retarget.lost_targets = ", ".join(key.name for key in fitted.missing)
    return fitted.missing


def _fits(bones: Iterable[str], armature: bpy.types.Object) -> bool:
    return any(bone in armature.data.bones for bone in bones)


def _poses_at(mapping: Mapping, owner: str) -> Mapping:
    """Poses go to the armature, whatever it was called where they were recorded."""
    targets = tuple(
        replace(target, key=TargetKey(owner, target.key.name)) if target.key.name.startswith(POSE_PREFIX) else target
        for target in mapping.targets
    )
    return replace(mapping, targets=targets)


def add_pose(scene: bpy.types.Scene, name: str) -> None:
    """Map a pose that was just recorded to its channel; the rest of the mapping stays as it is."""
    settings = scene.ddfa.retarget
    key = TargetKey(settings.character.name, POSE_PREFIX + name)
    mapping = mapping_of(settings)
    if name != bone_poses.NEUTRAL and key not in {target.key for target in mapping.targets}:
        mapping = replace(mapping, targets=(_pose_target(key), *mapping.targets))
    fill(scene, mapping)


def drop_gone(scene: bpy.types.Scene) -> None:
    """Take out of the mapping what the character no longer has."""
    outlets, mapping = character.chosen(scene).outlets, mapping_of(scene.ddfa.retarget)
    fill(scene, replace(mapping, targets=tuple(t for t in mapping.targets if t.key in outlets)))


def _finite(limit: float) -> float:
    return max(-NO_LIMIT, min(NO_LIMIT, limit))


def _limit(value: float) -> float:
    """Blender's properties hold single precision."""
    return float("inf") * value if abs(value) >= 0.99 * NO_LIMIT else _short(value)


def _short(value: float) -> float:
    """Single precision as people would write it: 0.3 and not 0.30000001192092896."""
    return float(f"{value:.7g}")
