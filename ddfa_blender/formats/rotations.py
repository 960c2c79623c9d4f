# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations as the angles of foreign formats, and at evenly spaced times. Axes: x left, y up, z out of the face."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..quaternions import slerp

#: Axes that angles turn about, the outermost first.
Order = tuple[int, int, int]
X, Y, Z = 0, 1, 2


def about(axis: int, angle: ArrayLike) -> NDArray[np.float64]:
    """Rotation matrices (…, 3, 3) by angles (…,) in radians about x (0), y (1) or z (2)."""
    a = np.asarray(angle, dtype=np.float64)
    result = np.zeros((*a.shape, 3, 3))
    b, c = (axis + 1) % 3, (axis + 2) % 3
    result[..., axis, axis] = 1.0
    result[..., b, b] = result[..., c, c] = np.cos(a)
    result[..., c, b], result[..., b, c] = np.sin(a), -np.sin(a)
    return result


def from_angles(angles: ArrayLike, order: Order) -> NDArray[np.float64]:
    """Rotations (…, 3, 3) of radians (…, 3), which are about the axes in ``order``: first · second · third."""
    a = np.asarray(angles, dtype=np.float64)
    first, second, third = (about(axis, a[..., i]) for i, axis in enumerate(order))
    return first @ second @ third


def to_angles(rotations: ArrayLike, order: Order) -> NDArray[np.float64]:
    """Radians (…, 3) of rotations (…, 3, 3), the inverse of :func:`from_angles` for three different axes.

    The second angle lies in ±90°; at exactly ±90° the third is set to 0.
    """
    r = np.asarray(rotations, dtype=np.float64)
    i, j, k = order
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    second = np.arcsin(np.clip(sign * r[..., i, k], -1.0, 1.0))
    locked = np.abs(r[..., i, k]) > 1.0 - 1e-12
    first = np.where(
        locked, np.arctan2(sign * r[..., k, j], r[..., j, j]), np.arctan2(-sign * r[..., j, k], r[..., k, k])
    )
    third = np.where(locked, 0.0, np.arctan2(-sign * r[..., i, j], r[..., i, i]))
    return np.stack([first, second, third], axis=-1)


def even_times(time: ArrayLike, rate: float) -> NDArray[np.float64]:
    """Times (M,) ``1 / rate`` apart from the first to not beyond the last of ``time`` (N,), N ≥ 1, rising."""
    t = np.asarray(time, dtype=np.float64)
    # A hair's breadth, so that rounded time stamps do not cost the last frame.
    return t[0] + np.arange(int((t[-1] - t[0]) * rate + 1e-3) + 1) / rate


def rotations_at(time: ArrayLike, quaternions: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Rotations (M, 4) at times (M,), between those (N, 4) at ``time`` (N,) on the shortest way; held at the ends."""
    t, q, moments = (np.asarray(values, dtype=np.float64) for values in (time, quaternions, at))
    if len(t) == 1:
        return np.repeat(q, len(moments), axis=0)
    before = np.clip(np.searchsorted(t, moments, side="right") - 1, 0, len(t) - 2)
    share = np.clip((moments - t[before]) / (t[before + 1] - t[before]), 0.0, 1.0)
    return slerp(q[before], q[before + 1], share)


def vectors_at(time: ArrayLike, vectors: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Vectors (M, K) at times (M,), on straight lines between those (N, K) at ``time`` (N,); held at the ends."""
    columns = np.asarray(vectors, dtype=np.float64).T
    t, moments = np.asarray(time, dtype=np.float64), np.asarray(at, dtype=np.float64)
    return np.stack([np.interp(moments, t, column) for column in columns], axis=1)
