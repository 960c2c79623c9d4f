# SPDX-License-Identifier: GPL-3.0-or-later
"""The head's movement as BVH: a root that carries the translation, a neck and a head that share the rotation.

Centimetres; y up, the face looks along z, x is the character's left. Rotations are written Zrotation Xrotation
Yrotation: R = Rz · Rx · Ry, the order that motion capture studios use most. The head's pivot moves exactly as it was
captured, however much of the rotation the neck takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_atomically
from ..errors import CaptureError
from ..footage.frame_rate import average_rate, nearest_rate
from ..performance import Performance
from ..quaternions import from_matrices, slerp, to_matrices
from .rotations import X, Y, Z, even_times, rotations_at, to_angles, vectors_at

ROOT, NECK, HEAD = "Root", "Neck", "Head"
#: Of an average adult, in centimetres: from the neck's joint to the head's, and on to the crown. The root is as long
#: as the neck: importers stumble over bones without length.
ROOT_LENGTH, NECK_LENGTH, HEAD_LENGTH = 10.0, 10.0, 18.0
#: Frames per second where one frame does not tell.
_FALLBACK_RATE = 30.0
_MILLIMETRES = 0.1  # in centimetres
_IDENTITY = (1.0, 0.0, 0.0, 0.0)

_HIERARCHY = f"""HIERARCHY
ROOT {ROOT}
{{
\tOFFSET 0.000000 0.000000 0.000000
\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
\tJOINT {NECK}
\t{{
\t\tOFFSET 0.000000 {ROOT_LENGTH:.6f} 0.000000
\t\tCHANNELS 3 Zrotation Xrotation Yrotation
\t\tJOINT {HEAD}
\t\t{{
\t\t\tOFFSET 0.000000 {NECK_LENGTH:.6f} 0.000000
\t\t\tCHANNELS 3 Zrotation Xrotation Yrotation
\t\t\tEnd Site
\t\t\t{{
\t\t\t\tOFFSET 0.000000 {HEAD_LENGTH:.6f} 0.000000
\t\t\t}}
\t\t}}
\t}}
}}
"""


def write_bvh(performance: Performance, path: Path | str, neck_share: float = 0.3, rate: float | None = None) -> None:
    """Write the head's rotation and translation.

    Args:
        performance: at least one frame; frames are resampled evenly, as BVH has a single frame time.
        path: the file, under exactly this name.
        neck_share: 0…1 of the rotation that the neck makes; the head makes the rest.
        rate: frames per second; None = the performance's own.

    Raises:
        CaptureError: no frames, a share outside 0…1, a rate that is not positive, or the file cannot be written.
    """
    if not len(performance):
        raise CaptureError("The performance has no frames to export; capture footage first.")
    if not 0.0 <= neck_share <= 1.0:
        raise CaptureError("The neck's share of the rotation must lie between 0 and 1.")
    rate = _rate(performance) if rate is None else rate
    if not (np.isfinite(rate) and rate > 0.0):
        raise CaptureError("The frame rate must be above 0.")
    rows = _rows(performance, neck_share, rate)

    def write(file: BinaryIO) -> None:
        file.write(_HIERARCHY.encode())
        file.write(f"MOTION\nFrames: {len(rows)}\nFrame Time: {1.0 / rate:.8f}\n".encode())
        file.writelines((" ".join(f"{value:.6f}" for value in row) + "\n").encode() for row in rows)

    write_atomically(path, write)


def _rate(performance: Performance) -> float:
    time = np.asarray(performance.time)
    if len(time) < 2:
        return _FALLBACK_RATE
    return nearest_rate(average_rate(time), float(time[-1] - time[0])).value


def _rows(performance: Performance, neck_share: float, rate: float) -> NDArray[np.float64]:
    """(M, 12): the root's position and rotation, then the neck's and the head's rotation."""
    at = even_times(performance.time, rate)
    whole = rotations_at(performance.time, performance.head_rotation, at)
    moved = vectors_at(performance.time, performance.head_translation, at) * _MILLIMETRES
    neck = to_matrices(slerp(np.broadcast_to(_IDENTITY, whole.shape), whole, np.full(len(whole), neck_share)))
    head = np.swapaxes(neck, -1, -2) @ to_matrices(whole)
    # The neck swings the head's pivot; the root takes that back.
    pivot = np.array([0.0, NECK_LENGTH, 0.0])
    position = moved - (neck @ pivot - pivot)
    return np.concatenate([position, np.zeros((len(at), 3)), _degrees(neck), _degrees(head)], axis=1)


def _degrees(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles (M, 3) about z, x, y without jumps of whole turns from frame to frame."""
    # Through quaternions, so that what rounding left of other than a rotation is gone.
    angles = to_angles(to_matrices(from_matrices(rotations)), (Z, X, Y))
    return np.degrees(np.unwrap(angles, axis=0))
