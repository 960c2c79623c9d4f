# SPDX-License-Identifier: GPL-3.0-or-later
"""One random training crop out of a labelled picture, its labels moved with the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.projection import CROP_SIZE

from .expressions import swapped_sides
from .faces import PICTURE_SIZE
from .photometric import change_look, cover, shuffle_tiles
from .place_landmarks import MIRROR_68
from .teacher_landmarks import mirror_params

_SWAP = swapped_sides()


@dataclass(frozen=True)
class AugmentationSettings:
    """Standard deviations and probabilities of the random crop."""

    rotation_degrees: float = 16.0
    shift: float = 0.045  # of the ROI's side
    scale: float = 0.07  # of the logarithm
    cover: float = 0.25
    negative: float = 0.06


@dataclass(frozen=True, eq=False)
class Label:
    """Labels of a 160-pixel picture or of a 120-pixel crop.

    ``params`` (62,) y up; ``landmarks`` (68, 2) y down; ``arkit`` (52,); ``confidence`` in 0..1 is the visible share
    of the face, 0 where there is none.
    """

    params: NDArray
    landmarks: NDArray
    arkit: NDArray
    confidence: float = 1.0


def mirror_label(label: Label, parity: NDArray) -> Label:
    """The label of the mirrored picture."""
    return Label(
        mirror_params(label.params[None], parity)[0],
        label.landmarks[MIRROR_68] * [-1, 1] + [PICTURE_SIZE, 0],
        label.arkit[_SWAP],
        label.confidence,
    )


def move_params(params: NDArray, warp: NDArray, source_height: float, target_height: float) -> NDArray:
    """Parameters after the similarity ``warp`` (2, 3) of y-down pixels; ``params`` (62,) are y up in both pictures."""
    scale = float(np.hypot(warp[0, 0], warp[0, 1]))
    flip = np.diag([1.0, -1.0])
    linear = np.eye(3) * scale
    linear[:2, :2] = flip @ warp[:, :2] @ flip
    transform = params[:12].reshape(3, 4)
    moved = linear @ transform
    # y_down = height − y_up on either side of the warp.
    offset = warp[:, :2] @ [0.0, source_height] + warp[:, 2]
    moved[0, 3] += offset[0]
    moved[1, 3] += target_height - offset[1]
    result = params.copy()
    result[:12] = moved.reshape(12)
    return result


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
    shrink = np.hypot(scaled[0, 0], scaled[0, 1])
    if shrink < 0.8:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.35 / shrink)
    return cv2.warpAffine(picture, centred, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


class Augmenter:
    """Draws crops; all randomness comes from the generator it is given."""

    def __init__(self, parity: NDArray, settings: AugmentationSettings = AugmentationSettings()) -> None:
        self._parity, self._settings = parity, settings

    def __call__(
        self, picture: NDArray[np.uint8], label: Label, other: NDArray[np.uint8], size: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], Label]:
        """A crop (size, size, 3) and its label in 120-pixel coordinates."""
        s = self._settings
        if rng.random() < 0.5:
            picture, label = picture[:, ::-1], mirror_label(label, self._parity)
        degrees = rng.normal(0, s.rotation_degrees)
        negative = rng.random() < s.negative
        shift = rng.normal(0, s.shift, 2)
        scale = float(np.exp(rng.normal(0, s.scale)))
        off_target = negative and rng.random() < 0.5
        if off_target:
            direction = rng.uniform(0, 2 * np.pi)
            shift = rng.uniform(0.5, 0.8) * np.array([np.cos(direction), np.sin(direction)])
            scale = float(np.exp(rng.uniform(-0.9, 0.2)))
        warp = roi_warp(label.landmarks, degrees, scale, shift)
        crop = warp_picture(np.ascontiguousarray(picture), warp, size)
        landmarks = label.landmarks @ warp[:, :2].T + warp[:, 2]
        confidence = label.confidence
        if negative and not off_target:
            crop = shuffle_tiles(crop, rng)
        elif not negative and rng.random() < s.cover:
            crop, covered = cover(crop, cv2.resize(other, (size, size)), rng)
            index = np.clip(landmarks * size / CROP_SIZE, 0, size - 1).astype(int)
            confidence *= 1.0 - float(covered[index[:, 1], index[:, 0]].mean())
        moved = Label(
            move_params(label.params, warp, PICTURE_SIZE, CROP_SIZE), landmarks, label.arkit,
            0.0 if negative else confidence,
        )  # fmt: skip
        return change_look(crop, rng), moved
