# SPDX-License-Identifier: GPL-3.0-or-later
"""The mirror image of a face: which channel, landmark and coefficient stands for which on the other side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .face_model import FaceModel
from .names import ARKIT_NAMES, PARAMETER_COUNT

#: Points that lie side by side, from one side of the face to the other.
_ROWS = (range(17), range(17, 27), range(31, 36), range(48, 55), (59, 58, 57, 56, 55), range(60, 65), (67, 66, 65),
         (36, 37, 38, 39, 42, 43, 44, 45), (41, 40, 47, 46))  # fmt: skip
#: A component is its own mirror image, or the negative of it, if it correlates so much with it.
_SYMMETRIC = 0.98


def mirrored_channel(channel: str) -> str:
    """The same channel on the other side of the face; itself if it has no side.

    >>> mirrored_channel("eyeLookInLeft"), mirrored_channel("jawRight"), mirrored_channel("jawOpen")
    ('eyeLookInRight', 'jawLeft', 'jawOpen')
    """
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if channel.endswith(side):
            return channel.removesuffix(side) + other
    return channel


def _mirrored_landmarks() -> NDArray[np.intp]:
    mirror = np.arange(68)
    for row in _ROWS:
        mirror[list(row)] = list(row)[::-1]
    return mirror


#: (52,) the ARKit channel on the other side for each; its own inverse.
MIRRORED_CHANNELS: NDArray[np.intp] = np.array([ARKIT_NAMES.index(mirrored_channel(name)) for name in ARKIT_NAMES])
#: (68,) the iBUG-68 point on the other half of the face for each; its own inverse.
MIRRORED_LANDMARKS: NDArray[np.intp] = _mirrored_landmarks()


def component_parity(model: FaceModel) -> NDArray[np.float64]:
    """(50,) +1 for a coefficient that the mirrored face has too, −1 for one that it has with the other sign.

    Raises:
        ValueError: a component of the model is neither symmetric nor antisymmetric, as those of measured faces are.
    """
    bases = np.concatenate([model.at_landmarks(each) for each in (model.shape_basis, model.expression_basis)])
    reflected = bases[:, MIRRORED_LANDMARKS] * [-1.0, 1.0, 1.0]
    shared, own = (bases * reflected).sum(axis=(1, 2)), (bases**2).sum(axis=(1, 2))
    if (np.abs(shared) < _SYMMETRIC * own).any():
        raise ValueError("a component of the model is neither symmetric nor antisymmetric")
    return np.where(shared < 0.0, -1.0, 1.0)  # what moves nothing is as good as symmetric


def mirror_params(params: NDArray, parity: NDArray, side: float) -> NDArray:
    """The 62 parameters (n, 62) of the mirrored picture, ``side`` pixels wide.

    x of T is reflected on both of its sides, coefficients with odd ``parity`` (50,) change their sign.
    """
    result = params.copy()
    transform = result[:, : PARAMETER_COUNT - len(parity)].reshape(-1, 3, 4)
    transform[:, 0, :] *= -1
    transform[:, :, 0] *= -1
    transform[:, 0, 3] += side
    result[:, PARAMETER_COUNT - len(parity) :] *= parity
    return result


def mirror_points(landmarks: NDArray, side: float) -> NDArray:
    """The 68 points (n, 68, 2) or (68, 2), pixels, in the mirrored picture, ``side`` pixels wide."""
    return landmarks[..., MIRRORED_LANDMARKS, :] * [-1, 1] + [side, 0]
