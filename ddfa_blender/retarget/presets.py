# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings as JSON files, to be kept, shared and used on the next character of the same kind."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from collections.abc import Mapping as Names
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..atomic import write_json
from ..errors import CaptureError
from ..formats.reading import check_header, parse_json, read_text
from .bone_poses import BonePose, RecordedPose
from .mapping import UNLIMITED, Mapping, Point, Source, Target, TargetKey

FORMAT = "ddfa-face-mapping"
#: A newer one is refused. Entries that a reader does not know make it a newer one: nothing is passed over silently.
VERSION = 2
#: Written where there are no poses, so that earlier releases can read it.
_WITHOUT_POSES = 1
KIND = "mapping preset"

#: Bytes of a file, targets, sources of a target, points of a curve, characters of a name.
_LARGEST_FILE, _MOST_TARGETS, _MOST_SOURCES, _MOST_POINTS, _LONGEST = 8 * 2**20, 20_000, 62, 64, 1024
#: Recorded poses, bones of a pose.
_MOST_POSES, _MOST_BONES = 64, 10_000


@dataclass(frozen=True)
class Preset:
    """A mapping, and the poses that its targets on an armature stand for."""

    mapping: Mapping
    poses: tuple[RecordedPose, ...] = ()


def save_mapping(mapping: Mapping, path: Path | str, poses: Iterable[RecordedPose] = ()) -> None:
    """Write a mapping, and a rig's recorded poses, under exactly this name, replacing an old file only when complete.

    Raises:
        CaptureError: the file cannot be written.
    """
    write_json(path, to_json(mapping, poses))


def load_mapping(path: Path | str) -> Mapping:
    """Read a mapping.

    Raises:
        CaptureError: the file is missing, damaged, no mapping, or from a newer version.
    """
    return load_preset(path).mapping


def load_preset(path: Path | str) -> Preset:
    """Read a mapping and the poses that were saved with it.

    Raises:
        CaptureError: as in :func:`load_mapping`.
    """
    return preset_from_text(read_text(path, KIND, _LARGEST_FILE), path)


def preset_from_text(text: str, path: Path | str) -> Preset:
    """Read what :func:`to_text` gave; ``path`` is where it came from, for messages.

    Raises:
        CaptureError: as in :func:`load_mapping`.
    """
    return preset_from_json(parse_json(text, path, KIND), path)


def to_text(mapping: Mapping, poses: Iterable[RecordedPose] = ()) -> str:
    """A mapping and poses as JSON in one line."""
    return json.dumps(to_json(mapping, poses), allow_nan=False)


@dataclass(frozen=True)
class Fit:
    """A mapping on another character than the one it was made for."""

    mapping: Mapping
    missing: tuple[TargetKey, ...]  # its targets that the character does not have


def fit_to(mapping: Mapping, names: Names[str, Iterable[str]]) -> Fit:
    """A mapping for the objects of a character (owner → its shape keys, bones or properties).

    A target stays with its owner where there is one of that name that has it, and else goes to every object that has
    it: meshes are seldom called the same twice.
    """
    owned = {owner: set(keys) for owner, keys in names.items()}
    targets: dict[TargetKey, Target] = {}
    missing = []
    for target in mapping.targets:
        owner, name = target.key
        at_home = name in owned.get(owner, ())
        owners = [owner] if at_home else [other for other, keys in owned.items() if name in keys]
        for place in owners:
            key = TargetKey(place, name)
            # A target at home goes before one that only found a place there.
            if at_home or key not in targets:
                targets[key] = replace(target, key=key)
        if not owners:
            missing.append(target.key)
    return Fit(replace(mapping, targets=tuple(targets.values())), tuple(missing))


def to_json(mapping: Mapping, poses: Iterable[RecordedPose] = ()) -> dict[str, Any]:
    """A mapping and poses as plain lists, texts and numbers."""
    recorded = [_pose_to_json(pose) for pose in poses]
    return {
        "format": FORMAT,
        "version": VERSION if recorded else _WITHOUT_POSES,
        "name": mapping.name,
        "targets": [_target_to_json(target) for target in mapping.targets],
        **({"poses": recorded} if recorded else {}),
    }


def preset_from_json(value: dict[str, Any], path: Path | str) -> Preset:
    """Inverse of :func:`to_json`; ``path`` is where it came from, for messages.

    Raises:
        CaptureError: it is no mapping or from a newer version.
    """
    check_header(value, FORMAT, VERSION, path, KIND)
    try:
        kinds: dict[str, type] = {"format": str, "version": int, "name": str, "targets": list}
        if value["version"] != _WITHOUT_POSES:
            kinds["poses"] = list
        entries = _fields(value, kinds)
        targets = tuple(_target(item) for item in _list(entries["targets"], _MOST_TARGETS))
        poses = tuple(_pose(item) for item in _list(entries.get("poses", []), _MOST_POSES))
        return Preset(Mapping(targets, _text(entries["name"])), poses)
    except (CaptureError, ValueError, TypeError) as error:
        raise CaptureError(
            f"{path} is not a usable mapping preset: {str(error).rstrip('.')}; choose another file."
        ) from error


def _target_to_json(target: Target) -> dict[str, Any]:
    return {
        "owner": target.key.owner,
        "target": target.key.name,
        "sources": [_source_to_json(source) for source in target.sources],
        "clamp": _limits_to_json(target.clamp),
        "score": target.score,
        "reason": target.reason,
    }


def _source_to_json(source: Source) -> dict[str, Any]:
    return {
        "channel": source.channel,
        "gain": source.gain,
        "curve": [list(point) for point in source.curve],
        "clamp": _limits_to_json(source.clamp),
    }


def _pose_to_json(pose: RecordedPose) -> dict[str, Any]:
    bones = [
        {"bone": name, "location": list(bone.location), "rotation": list(bone.rotation), "scale": list(bone.scale)}
        for name, bone in pose.bones.items()
    ]
    return {"pose": pose.name, "bones": bones}


def _pose(value: Any) -> RecordedPose:
    entries = _fields(value, {"pose": str, "bones": list})
    kinds: dict[str, type] = {"bone": str, "location": list, "rotation": list, "scale": list}
    rows = [_fields(item, kinds) for item in _list(entries["bones"], _MOST_BONES)]
    bones = {_text(row["bone"], empty=False): _bone_pose(row) for row in rows}
    return RecordedPose(_text(entries["pose"], empty=False), bones)


def _bone_pose(row: dict[str, Any]) -> BonePose:
    for name, length in (("location", 3), ("rotation", 4), ("scale", 3)):
        if len(row[name]) != length:
            raise ValueError(f"{name} must have {length} numbers")
    x, y, z = (_number(value, "a location") for value in row["location"])
    w, i, j, k = (_number(value, "a rotation") for value in row["rotation"])
    a, b, c = (_number(value, "a scale") for value in row["scale"])
    return BonePose((x, y, z), (w, i, j, k), (a, b, c))


def _limits_to_json(limits: Point) -> list[float | None]:
    """JSON has no infinity; null is "no limit"."""
    return [value if math.isfinite(value) else None for value in limits]


def _target(value: Any) -> Target:
    entries = _fields(
        value, {"owner": str, "target": str, "sources": list, "clamp": list, "score": float, "reason": str}
    )
    return Target(
        TargetKey(_text(entries["owner"]), _text(entries["target"], empty=False)),
        tuple(_source(item) for item in _list(entries["sources"], _MOST_SOURCES)),
        _limits(entries["clamp"]),
        entries["score"],
        _text(entries["reason"]),
    )


def _source(value: Any) -> Source:
    entries = _fields(value, {"channel": str, "gain": float, "curve": list, "clamp": list})
    curve = tuple(_point(point) for point in _list(entries["curve"], _MOST_POINTS))
    return Source(entries["channel"], entries["gain"], curve, _limits(entries["clamp"]))


def _fields(value: Any, kinds: dict[str, type]) -> dict[str, Any]:
    """Exactly these entries, each of its kind; whole numbers pass as fractions, truths do not."""
    if not isinstance(value, dict) or set(value) != set(kinds):
        raise ValueError(f"an entry must have exactly {', '.join(kinds)}")
    return {name: _of_kind(value[name], kind, name) for name, kind in kinds.items()}


def _of_kind(value: Any, kind: type, name: str) -> Any:
    if kind is float:
        return _number(value, name)
    if type(value) is not kind:
        raise ValueError(f"{name} is {type(value).__name__}, not {kind.__name__}")
    return value


def _number(value: Any, name: str) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{name} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    # 1e999 is valid JSON.
    if not math.isfinite(number):
        raise ValueError(f"{name} is too large")
    return number


def _list(value: list[Any], most: int) -> list[Any]:
    if len(value) > most:
        raise ValueError(f"a list has {len(value)} entries where {most} are the most")
    return value


def _text(value: str, *, empty: bool = True) -> str:
    if len(value) > _LONGEST or not (value or empty):
        raise ValueError("a name is missing or too long")
    return value


def _point(value: Any) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("a point of a curve must have two numbers")
    return _number(value[0], "a point"), _number(value[1], "a point")


def _limits(value: list[Any]) -> Point:
    if len(value) != 2:
        raise ValueError("a clamp must have two limits")
    low, high = (None if limit is None else _number(limit, "a limit") for limit in value)
    return UNLIMITED[0] if low is None else low, UNLIMITED[1] if high is None else high
