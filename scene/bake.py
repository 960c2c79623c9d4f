# SPDX-License-Identifier: GPL-3.0-or-later
"""Performance to curves: shape keys, head and neck bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ddfa_blender.blend import arkit_residual
from ..ddfa_blender.errors import CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.names import ARKIT_NAMES, EXPRESSION_NAMES
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.quaternions import continuous
from . import actions, axes, hand_edits, rotation
from .head import ARKIT_RANGE, EXPRESSION_RANGE, HEAD_BONE, NECK_BONE, SLIDER_LIMIT, Head, check_bones
from .key_writer import KeyReport, KeyWriter
from .settings import BakeSettings, Driving
from .timebase import Resampler, Timebase

_SHAPE_GROUP = "Shape Keys"


def _shape_path(key_name: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(key_name)}"].value'


#: Ranges of the shape keys by data path. ARKit's own is 0 to 1; its slider only leaves room for more.
_SPANS = {
    **{_shape_path(name): EXPRESSION_RANGE[1] - EXPRESSION_RANGE[0] for name in EXPRESSION_NAMES},
    **{_shape_path(name): ARKIT_RANGE[1] for name in ARKIT_NAMES},
}


@dataclass(frozen=True)
class KeyedMotion:
    """A Performance on the scene's frames: K keys, in Blender's axes, metres."""

    frames: NDArray[np.float64]  # (K,)
    weights: dict[str, NDArray[np.float64]]  # shape key name → (K,)
    head_rotation: NDArray[np.float64]  # (K, 4), w x y z, armature space
    head_translation: NDArray[np.float64]  # (K, 3), of the head's pivot
    filled: NDArray[np.bool_]  # (K,), the face was not seen there
    repaired: NDArray[np.bool_]  # (K,), a spike was taken out there


@dataclass(frozen=True)
class BonePose:
    """What a pose bone's own channels must hold: ``rotation`` (K, 4), ``location`` (K, 3)."""

    rotation: NDArray[np.float64]
    location: NDArray[np.float64]


#: Shape weights of performances that are still around: the residual costs more than all the rest of a bake, and
#: timing or the head's movement do not change it.
_weights: WeakKeyDictionary[Performance, dict[tuple[MorphableModel, Driving], dict[str, NDArray[np.float64]]]] = (
    WeakKeyDictionary()
)


def shape_weights(model: MorphableModel, performance: Performance, driving: Driving) -> dict[str, NDArray[np.float64]]:
    """Values (N,) of all 62 shape keys; the two sets never carry the same motion."""
    known = _weights.setdefault(performance, {})
    if (model, driving) not in known:
        known[model, driving] = _shape_weights(model, performance, driving)
    return known[model, driving]


def _shape_weights(model: MorphableModel, performance: Performance, driving: Driving) -> dict[str, NDArray[np.float64]]:
    if driving == "ARKIT":
        expression, arkit = np.zeros_like(performance.expression), performance.arkit
    else:
        expression = performance.expression
        arkit = arkit_residual(model, performance.expression, performance.arkit)
    columns = [*np.asarray(expression, dtype=np.float64).T, *np.asarray(arkit, dtype=np.float64).T]
    names = (*EXPRESSION_NAMES, *ARKIT_NAMES)
    return {name: np.clip(v, -SLIDER_LIMIT, SLIDER_LIMIT) for name, v in zip(names, columns, strict=True)}


def resample(
    model: MorphableModel, performance: Performance, timebase: Timebase, settings: BakeSettings
) -> KeyedMotion:
    """Put a Performance on the scene's clock."""
    frames = timebase.key_frames(performance.time, settings.key_placement)
    resampler = Resampler.between(performance.time, timebase.seconds_at(frames))
    weights = shape_weights(model, performance, settings.driving)
    path = settings.head_motion.apply(performance.head_rotation, performance.head_translation, performance.tracked)
    spikes = np.zeros(len(performance), dtype=bool) if performance.spikes is None else performance.spikes
    return KeyedMotion(
        frames=frames,
        weights=dict(zip(weights, resampler.linear(np.stack([*weights.values()], axis=1)).T, strict=True)),
        head_rotation=resampler.rotations(axes.rotations(path.rotation)),
        head_translation=resampler.linear(axes.positions(path.translation)),
        filled=~resampler.nearest(performance.tracked).astype(bool),
        repaired=resampler.nearest(spikes).astype(bool),
    )


def share_with_neck(
    head_rotation: ArrayLike,
    head_translation: ArrayLike,
    *,
    neck_rest: ArrayLike,
    head_rest: ArrayLike,
    neck_to_head: ArrayLike,
    neck_share: float,
) -> tuple[BonePose, BonePose]:
    """Split rotations (K, 4) and translations (K, 3) of the head, in armature space, over neck and head bone.

    The two bones together turn the head by exactly ``head_rotation``. ``neck_rest`` and ``head_rest`` (4,) are the
    bones' rest orientations in armature space, so any roll and direction will do; ``neck_to_head`` (3,) leads from
    the neck bone's pivot to the head bone's. A zero ``head_translation`` leaves the neck's root in place; any other
    moves it so that the head's pivot lands where it was seen, the swing of the neck included.
    """
    total = np.asarray(head_rotation, dtype=np.float64)
    offset = np.asarray(head_translation, dtype=np.float64)
    by_neck = rotation.share(total, neck_share)
    by_head = rotation.multiply(rotation.conjugate(by_neck), total)
    neck_local = rotation.multiply(rotation.multiply(rotation.conjugate(neck_rest), by_neck), neck_rest)
    head_local = rotation.multiply(rotation.multiply(rotation.conjugate(head_rest), by_head), head_rest)
    if offset.any():
        reach = np.asarray(neck_to_head, dtype=np.float64)
        offset = offset - (rotation.rotate(by_neck, reach) - reach)
    neck_location = rotation.rotate(rotation.conjugate(neck_rest), offset)
    return (
        BonePose(continuous(neck_local), neck_location),
        BonePose(continuous(head_local), np.zeros_like(neck_location)),
    )


def write(head: Head, motion: KeyedMotion, settings: BakeSettings, name: str) -> KeyReport:
    """Key the head's shape keys and bones as a new animation called ``name``."""
    bones, shapes = actions.animate(name, [head.armature, head.mesh.data.shape_keys])
    return _write(head, bones, shapes, motion, settings)


def rewrite(head: Head, motion: KeyedMotion, settings: BakeSettings) -> KeyReport:
    """Replace the keys of the head's present animation; other curves in it stay. Bones or a face without any get a
    new one.

    Keys that somebody edited by hand are kept (:mod:`.hand_edits`). Shape keys that somebody deleted are left out.

    Raises:
        CaptureError: a bone is missing, or a new animation is needed while a strip of the head's NLA is being tweaked;
            nothing has changed then.
    """
    check_bones(head)
    blocks = [head.armature, head.mesh.data.shape_keys]
    bones, shapes = map(actions.assigned, blocks)
    if (bones is None or shapes is None) and any(map(actions.is_tweaked, blocks)):
        raise CaptureError("A strip of the head's NLA is being tweaked; leave tweak mode first.")
    hand_edits.keep(head, _fingerprint(head, bones, shapes))
    bare = [block for block, own in zip(blocks, (bones, shapes), strict=True) if own is None]
    made = iter(_animate(head.armature.name, bare))
    bones, shapes = bones or next(made), shapes or next(made)
    report = _write(head, bones, shapes, motion, settings)
    if bones.stays_bent or shapes.stays_bent:
        # Curves that came out as they were stay bent: that is no new edit when they are baked the next time.
        return replace(report, fingerprint=_fingerprint(head, bones, shapes))
    return report


def _fingerprint(head: Head, bones: actions.Channels | None, shapes: actions.Channels | None) -> str:
    """That of :mod:`.hand_edits`, of the head's keys as they are."""
    present = bones.read(_bone_paths(head.armature)) if bones is not None else {}
    present |= shapes.read(_SPANS) if shapes is not None else {}
    return hand_edits.fingerprint({place: hand_edits.checksum(keys) for place, keys in present.items()})


def _animate(name: str, blocks: Sequence[bpy.types.ID]) -> list[actions.Channels]:
    """New animation for data-blocks without any; an action that does not move them is kept in the file."""
    if not blocks:
        return []
    for action in filter(None, map(actions.action_of, blocks)):
        # The block's own use counts; without another one Blender would drop the action on saving.
        action.use_fake_user = action.use_fake_user or action.users <= 1
    return actions.animate(name, blocks)


def _write(
    head: Head, bones: actions.Channels, shapes: actions.Channels, motion: KeyedMotion, settings: BakeSettings
) -> KeyReport:
    writer = KeyWriter(motion.frames, filled=motion.filled, repaired=motion.repaired, thinning=settings.thinning)
    _write_bones(writer, bones, head.armature, motion, settings)
    keys, curves = head.mesh.data.shape_keys.key_blocks, {}
    for key_name, values in motion.weights.items():
        key, path = keys.get(key_name), _shape_path(key_name)
        if key is None:
            shapes.remove(path)  # Blender leaves it when the key is deleted, and it would count as an edit
        else:
            widen_slider(key, values)
            curves[path] = values
    writer.weights(shapes, curves, _SPANS, _SHAPE_GROUP)
    return writer.report


def widen_slider(key: bpy.types.ShapeKey, values: NDArray) -> None:
    """Blender clips a shape key to its slider. Reading is cheap; a changed slider makes it look at the mesh again."""
    low, high = float(values.min()), float(values.max())
    if low < key.slider_min:
        key.slider_min = low
    if high > key.slider_max:
        key.slider_max = high


def _write_bones(
    writer: KeyWriter,
    channels: actions.Channels,
    armature: bpy.types.Object,
    motion: KeyedMotion,
    settings: BakeSettings,
) -> None:
    neck, head = armature.data.bones[NECK_BONE], armature.data.bones[HEAD_BONE]
    offset = motion.head_translation if settings.use_translation else np.zeros_like(motion.head_translation)
    poses = share_with_neck(
        motion.head_rotation,
        offset,
        neck_rest=_rest_rotation(neck),
        head_rest=_rest_rotation(head),
        neck_to_head=np.array(head.head_local - neck.head_local),
        neck_share=settings.neck_share,
    )
    for bone, pose in zip((neck, head), poses, strict=True):
        writer.rotation(channels, f"{_bone_path(bone)}.rotation_quaternion", pose.rotation, bone.name)
    path = f"{_bone_path(neck)}.location"
    if settings.use_translation:
        writer.location(channels, path, poses[0].location, neck.name)
    else:
        channels.remove(path)
        armature.pose.bones[NECK_BONE].location = (0.0, 0.0, 0.0)


def _bone_paths(armature: bpy.types.Object) -> tuple[str, ...]:
    """Data paths of the bones' curves that a bake writes or takes away."""
    neck, head = (_bone_path(armature.data.bones[name]) for name in (NECK_BONE, HEAD_BONE))
    return f"{neck}.rotation_quaternion", f"{neck}.location", f"{head}.rotation_quaternion"


def _bone_path(bone: bpy.types.Bone) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"]'


def _rest_rotation(bone: bpy.types.Bone) -> NDArray[np.float64]:
    """The bone's rest orientation in armature space, (4,) w x y z."""
    q = np.array(bone.matrix_local.to_quaternion(), dtype=np.float64)
    return q / np.linalg.norm(q)
