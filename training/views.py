# SPDX-License-Identifier: GPL-3.0-or-later
"""Crops of a labelled still: in the plane by a similarity, out of the plane by turning its mesh, resampled once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE, apply, split

from .face_rotation import FaceRotator, FittedFace, in_perspective, sample, turned_transform
from .faces import PICTURE_SIZE
from .label import Label, move_params
from .photometric import soften_for


@dataclass(frozen=True, eq=False)
class View:
    """How one frame sees the still: the face turned by ``rotation`` (3, 3) in camera axes, in the perspective of a
    camera ``distance`` millimetres away (infinite: as it is), then ``warp`` (2, 3) from the picture to the 120-pixel
    crop."""

    rotation: NDArray[np.float64]
    warp: NDArray[np.float64]
    distance: float = np.inf


def roi_warp(landmarks: NDArray, degrees: float, scale: float, shift: NDArray) -> NDArray:
    """Similarity (2, 3) picture → 120-pixel crop: turn by ``degrees``, then the ROI of the turned points (roi.py's
    rule), made larger by ``scale`` and shifted by ``shift`` (2,) of its side."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = landmarks @ turn.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    side = np.sqrt(2.0) * (high - low).max() * scale
    corner = (low + high) / 2 - side / 2 + shift * side
    ratio = CROP_SIZE / side
    return np.concatenate([turn, -corner[:, None]], axis=1) * ratio


def warp_picture(picture: NDArray[np.uint8], warp: NDArray, size: int) -> NDArray[np.uint8]:
    """The crop at ``size`` pixels; continuous coordinates (pixel centres at .5); edges repeat."""
    ratio = size / CROP_SIZE
    scaled = warp * ratio
    # OpenCV counts pixel centres as integers.
    centred = scaled.copy()
    centred[:, 2] += scaled[:, :2] @ [0.5, 0.5] - 0.5
    picture = soften_for(picture, scaled)
    return cv2.warpAffine(picture, centred, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def turned_label(model: MorphableModel, label: Label, rotation: NDArray, distance: float = np.inf) -> Label:
    """The label (of a 160-pixel picture) of the face turned by ``rotation`` (3, 3) in camera axes and seen from
    ``distance`` millimetres.

    The landmarks turn as the model's do; what they were off the model's, they stay off.
    """
    transform, shape, expression = split(label.params)
    turned = turned_transform(transform, rotation)
    points = model.landmarks68(shape, expression)
    seen = in_perspective(apply(turned, points), turned, distance)
    move = (seen - apply(transform, points))[:, :2] * [1, -1]
    params = np.array(label.params)
    params[:12] = turned.reshape(12)
    return Label(params, label.landmarks + move, label.arkit, label.confidence)


class Still:
    """A 160-pixel picture with its label, seen from anywhere."""

    def __init__(self, picture: NDArray[np.uint8], label: Label, model: MorphableModel, rotator: FaceRotator) -> None:
        self._picture, self._label, self._model, self._rotator = picture, label, model, rotator

    @cached_property
    def _face(self) -> FittedFace:
        return self._rotator.face(self._label.params)

    def seen_by(self, view: View, size: int) -> tuple[NDArray[np.uint8], Label]:
        """The crop (size, size, 3) and its label in 120-pixel coordinates."""
        label = self._label
        if np.isinf(view.distance) and np.allclose(view.rotation, np.eye(3), atol=1e-9):
            crop = warp_picture(self._picture, view.warp, size)
        else:
            label = turned_label(self._model, label, view.rotation, view.distance)
            crop = sample(
                self._picture, self._face.turn(view.rotation, view.distance), view.warp * (size / CROP_SIZE), size
            )
        landmarks = label.landmarks @ view.warp[:, :2].T + view.warp[:, 2]
        params = move_params(label.params, view.warp, PICTURE_SIZE, CROP_SIZE)
        return crop, Label(params, landmarks, label.arkit, label.confidence)
