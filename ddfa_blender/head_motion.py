# SPDX-License-Identifier: GPL-3.0-or-later
"""What the head's movement is measured against: the camera, or the way in which the actor holds the head.

The captured rotation and translation are in the camera's axes. A camera that looks up at the actor, or from the side,
tilts the whole performance; one fixed turn sets it upright again. That turn acts on the world, not on the head: a nod
stays a nod.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CaptureError
from .projection import euler_degrees, rotation_from_euler
from .quaternions import continuous, from_matrices, to_matrices

#: ``CAMERA``: as the camera saw it. ``ACTOR``: relative to the mean orientation of the actor's head.
Reference = Literal["CAMERA", "ACTOR"]


class HeadPath(NamedTuple):
    """``rotation`` (N, 4) unit quaternions w, x, y, z with continuous sign, ``translation`` (N, 3) millimetres."""

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]


@dataclass(frozen=True)
class HeadMotion:
    """How the captured movement of the head is used."""

    reference: Reference = "CAMERA"
    #: Yaw, pitch and roll in degrees (``projection.euler_degrees``), against the reference, at which the head is to
    #: look straight ahead.
    level: tuple[float, float, float] = (0.0, 0.0, 0.0)
    #: Share of the translation sideways, up and towards the camera, after the head has been set straight.
    amount: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if self.reference not in get_args(Reference):
            raise CaptureError("The head moves relative to the camera or to the actor: choose `CAMERA` or `ACTOR`.")
        if not all(math.isfinite(value) for value in (*self.level, *self.amount)):
            raise CaptureError("The head's angles and amounts must be numbers; reset them.")

    def straight(self, rotation: ArrayLike, tracked: ArrayLike) -> NDArray[np.float64]:
        """The orientation (3, 3), in the camera's axes, that will look straight ahead.

        Args:
            rotation: (N, 4) captured.
            tracked: (N,) where the face was seen; the mean is taken over these frames.
        """
        offset = rotation_from_euler(self.level)
        if self.reference == "CAMERA":
            return np.asarray(offset, dtype=np.float64)
        return np.asarray(mean_rotation(_seen(rotation, tracked)) @ offset, dtype=np.float64)

    def apply(self, rotation: ArrayLike, translation: ArrayLike, tracked: ArrayLike) -> HeadPath:
        """The captured path (N, 4), (N, 3) millimetres, set straight; see :meth:`straight`."""
        back = self.straight(rotation, tracked).T
        turned = continuous(from_matrices(back @ to_matrices(rotation)))
        return HeadPath(turned, np.asarray(translation, dtype=np.float64) @ back.T * self.amount)

    def level_of(self, rotation: ArrayLike, tracked: ArrayLike, index: int | None = None) -> tuple[float, float, float]:
        """The ``level`` with which the head looks straight in frame ``index``, or (None) on the clip's average."""
        seen = mean_rotation(_seen(rotation, tracked))
        wanted = seen if index is None else to_matrices(np.asarray(rotation, dtype=np.float64)[index])
        if self.reference == "ACTOR":
            wanted = seen.T @ wanted
        yaw, pitch, roll = (float(angle) for angle in euler_degrees(wanted))
        return yaw, pitch, roll


def mean_rotation(quaternions: ArrayLike) -> NDArray[np.float64]:
    """The rotation (3, 3) with the least squared distance (of matrices) to unit quaternions (N, 4), of any sign.

    Raises:
        ValueError: there is none.
    """
    q = np.asarray(quaternions, dtype=np.float64)
    if not len(q):
        raise ValueError("no rotation to average")
    return to_matrices(np.linalg.eigh(q.T @ q)[1][:, -1])


def _seen(rotation: ArrayLike, tracked: ArrayLike) -> NDArray[np.float64]:
    """The rotations of tracked frames; all, if none was."""
    q, flags = np.asarray(rotation, dtype=np.float64), np.asarray(tracked, dtype=bool)
    return q[flags] if flags.any() else q
