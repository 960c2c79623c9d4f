# SPDX-License-Identifier: GPL-3.0-or-later
"""Random training crops and short videos out of labelled stills, the labels moved with the pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE
from ddfa_blender.symmetry import component_parity

from .face_rotation import FaceRotator
from .label import Label, mirror_label
from .occluders import Occluder
from .photometric import Look, shuffle_tiles
from .short_video import draw_profile, moving_views
from .views import Still, View, roi_warp, turned_label

#: A picture or a crop, and its label.
Frame = tuple[NDArray[np.uint8], Label]


@dataclass(frozen=True)
class AugmentationSettings:
    """Standard deviations of the random crop, and probabilities: of a face turned out of the plane, seen from near by,
    partly covered, or taken away."""

    rotation_degrees: float = 16.0
    shift: float = 0.045  # of the ROI's side
    scale: float = 0.07  # of the logarithm
    profile: float = 0.35
    perspective: float = 0.4
    nearest: float = 350.0  # millimetres from the face to the camera; the farthest is ten times that
    cover: float = 0.6
    cover_pairs: float = 0.2  # of two expressions: what is hidden cannot be seen to change
    negative: float = 0.06


def half_of(frame: int, count: int, stills: int) -> int:
    """Which of one or two ``stills`` a frame of a video of ``count`` frames shows."""
    return frame * stills // count


class Augmenter:
    """Draws crops and short videos; all randomness comes from the generator it is given."""

    def __init__(self, model: MorphableModel, settings: AugmentationSettings = AugmentationSettings()) -> None:
        self._model, self._settings = model, settings
        self._parity = component_parity(model)
        self._rotator = FaceRotator(model)

    def __call__(
        self, picture: NDArray[np.uint8], label: Label, other: NDArray[np.uint8], size: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.uint8], Label]:
        """A crop (size, size, 3) and its label in 120-pixel coordinates."""
        return self.video(picture, label, other, size, 1, rng)[0]

    def video(
        self,
        picture: NDArray[np.uint8],
        label: Label,
        other: NDArray[np.uint8],
        size: int,
        count: int,
        rng: np.random.Generator,
        partner: Frame | None = None,
    ) -> list[Frame]:
        """``count`` adjacent frames of a short video made of one still (paper §2.4), as crops with their labels.

        ``other`` (160, 160, 3) is another picture, of which an occluder may be cut. ``partner`` is the same still with
        another expression, which the second half of the frames shows.
        """
        shown = [(picture, label)] if partner is None else [(picture, label), partner]
        if rng.random() < 0.5:
            shown = [(np.ascontiguousarray(each[:, ::-1]), mirror_label(its, self._parity)) for each, its in shown]
        negative = rng.random() < self._settings.negative
        beside = negative and rng.random() < 0.5
        stills = [Still(each, its, self._model, self._rotator) for each, its in shown]
        first = self._first_view(shown[0][1], beside, rng)
        views = [first, *moving_views(first, count - 1, rng)]
        frames = [stills[half_of(index, count, len(stills))].seen_by(view, size) for index, view in enumerate(views)]
        if negative:
            order = np.arange(16) if beside else rng.permutation(16)
            frames = [(shuffle_tiles(crop, order), replace(seen, confidence=0.0)) for crop, seen in frames]
        elif rng.random() < (self._settings.cover if partner is None else self._settings.cover_pairs):
            crop, seen = frames[0]
            points = seen.landmarks * (size / CROP_SIZE)
            frames = _covered(frames, Occluder.draw(crop, points, cv2.resize(other, (size, size)), rng))
        return _looking(frames, Look.draw(rng), rng)

    def _first_view(self, label: Label, beside: bool, rng: np.random.Generator) -> View:
        """The face as the tracker may frame it, perhaps turned, or (``beside``) a view that misses most of it."""
        s = self._settings
        shift, scale = rng.normal(0, s.shift, 2), float(np.exp(rng.normal(0, s.scale)))
        if beside:
            direction = rng.uniform(0, 2 * np.pi)
            shift = rng.uniform(0.5, 0.8) * np.array([np.cos(direction), np.sin(direction)])
            scale = float(np.exp(rng.uniform(-0.9, 0.2)))
        rotation = draw_profile(label.params, rng) if rng.random() < s.profile else np.eye(3)
        distance = s.nearest * 10 ** float(rng.uniform(0, 1)) if rng.random() < s.perspective else np.inf
        landmarks = turned_label(self._model, label, rotation, distance).landmarks
        return View(rotation, roi_warp(landmarks, rng.normal(0, s.rotation_degrees), scale, shift), distance)


def _covered(frames: list[Frame], occluder: Occluder) -> list[Frame]:
    """The frames behind an occluder that stays where it is in the crop; the confidence falls by what it hides."""
    result = []
    for crop, label in frames:
        hidden = occluder.hidden_share(label.landmarks * (len(crop) / CROP_SIZE))
        result.append((occluder.cover(crop), replace(label, confidence=label.confidence * (1.0 - hidden))))
    return result


def _looking(frames: list[Frame], look: Look, rng: np.random.Generator) -> list[Frame]:
    """The frames in a common look; each is blurred by its own motion and has its own noise (M ∘ P in the paper)."""
    result, before = [], frames[0][1]
    for index, (crop, label) in enumerate(frames):
        move = (label.landmarks - before.landmarks).mean(axis=0) * (len(crop) / CROP_SIZE) if index else None
        result.append((look.apply(crop, rng, move), label))
        before = label
    return result
