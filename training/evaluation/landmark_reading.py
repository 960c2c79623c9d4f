# SPDX-License-Identifier: GPL-3.0-or-later
"""Learn how the 52 weights change with the 68 points of one face, and how far that is to be believed.

Part of ``python -m training.evaluation.arkit_reliability``. Two kinds of rendered faces: many of each of some actors,
of which only what differs within an actor counts (``training.rendering.known_faces``), and single heads, of which each
is another person. The former alone are what a clip is like, but few; the latter add what moves which point.

What the points tell is not independent of what scores and mesh told before, for one network saw both. How much it adds
is therefore learnt on actors that the reading was not learnt on: the truth by least squares from both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.arkit.landmark_reading import LandmarkReading
from ddfa_blender.arkit.lips import LipReading
from ddfa_blender.arkit.reliability import Reliability
from ddfa_blender.arkit.weights import Evidence, solve_weights
from ddfa_blender.capture import Engine
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.reading_along import face_of
from ddfa_blender.solve import SolveSettings, arkit_evidence, fit_clip
from ddfa_blender.symmetry import MIRRORED_CHANNELS, mirror_points
from ddfa_blender.take import Take, TakeHeader
from ddfa_blender.tracking.roi import roi_from_landmarks
from ddfa_blender.tracking.tracker import FaceFit
from training.faces import decode_picture, encoded_pictures
from training.workspace import DATA

from .correlation import correlation

FACES = DATA / "known-faces"
#: Errors of the first ROI, as a share of its side; the tracker then refines it.
ROI_ERROR = 0.03
#: Faces of one actor count so many times as much as others: identities do not blur them.
_ACTORS_COUNT = 9.0
#: Squared millimetres by which each of the 136 numbers errs, in all faces together, that nothing is made of noise.
_RIDGE = 300.0
#: Actors are left out in so many parts.
_FOLDS = 4
#: What least squares expects of what was found before and of the points, and how firmly: variance of a weight.
_EXPECTED, _FIRMNESS = (0.5, 0.15), 0.002
#: The points weigh at most so much as the scores: real faces move in other ways than rendered ones.
_LARGEST_SHARE = 0.5
#: … and nothing where they raise the correlation with the truth by less than this.
_LEAST_GAIN = 0.005


class Moves(NamedTuple):
    """F faces: how points stand (F, 136) and weights are (F, 52), about the mean of those that belong together."""

    points: NDArray[np.float64]
    truth: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Actor:
    """Faces of one person: what is true (F, 52), and what was measured."""

    truth: NDArray[np.float64]
    evidence: Evidence

    @property
    def moves(self) -> Moves:
        """About the actor's mean."""
        return about_mean(self.evidence.moved.points, self.truth)  # type: ignore[union-attr]

    def found(self, model: MorphableModel, table: Reliability) -> NDArray[np.float64]:
        """Weights (F, 52) without what the points tell, and without readings: takes that have these need no points."""
        return solve_weights(replace(self.evidence, moved=None, readings=None), model, table)


def about_mean(points: NDArray, truth: NDArray) -> Moves:
    """Faces about their mean."""
    return Moves(points - points.mean(axis=0), truth - truth.mean(axis=0))


def measure_actors(engine: Engine, model: MorphableModel, lips: LipReading, folder: Path = FACES) -> list[Actor]:
    """Fit the rendered faces, actor by actor, each as a clip whose frames lie far apart.

    Raises:
        CaptureError: there are none.
    """
    files = sorted(folder.glob("actor-*.npz"))
    if not files:
        raise CaptureError(
            f"There are no faces in {folder}; make them with `python -m training.rendering.known_faces`."
        )
    rng, settings, actors = np.random.default_rng(0), SolveSettings(), []
    for file in files:
        take, truth = _take(engine, file, rng)
        tracked = take.confidence >= settings.min_confidence
        if tracked.sum() > 1:
            evidence = arkit_evidence(fit_clip(take, tracked, model, settings), settings, lips)
            actors.append(Actor(truth[tracked], evidence))
    return actors


def _take(engine: Engine, file: Path, rng: np.random.Generator) -> tuple[Take, NDArray[np.float64]]:
    """An actor's faces as a take, one a second, and their weights."""
    with np.load(file, allow_pickle=False) as data:
        pictures = encoded_pictures(data["images"], data["offsets"])
        landmarks, truth = data["landmarks68"].astype(np.float64), data["arkit"].astype(np.float64)
    fits, readings = [], []
    for encoded, points in zip(pictures, landmarks, strict=True):
        image, roi = decode_picture(encoded), roi_from_landmarks(points)
        roi += np.tile(rng.normal(0.0, ROI_ERROR, 2) * (roi[2] - roi[0]), 2)
        fits.append(engine.fitter.fit_refined(image, roi))
        readings.append(read_face(engine, image, fits[-1]))
    take = Take(
        time=np.arange(len(fits), dtype=np.float64),
        params=np.stack([fit.params for fit in fits]),
        confidence=np.array([fit.confidence for fit in fits], np.float32),
        roi=np.stack([fit.roi for fit in fits]),
        landmarks68=np.stack([fit.landmarks68 for fit in fits]).astype(np.float32),
        arkit=np.stack([fit.arkit for fit in fits]),
        header=TakeHeader(file.stem, image.shape[1], image.shape[0], 1.0, engine.model_name, engine.model_sha256),
        readings=np.stack(readings).astype(np.float32),
    )
    return take, truth


def read_face(engine: Engine, image: NDArray[np.uint8], fit: FaceFit) -> NDArray[np.float64]:
    """What is read (52,) off the upright face of a picture; NaN where there is none."""
    if engine.reader is None or not fit.confidence > 0.0:
        return np.full(len(ARKIT_NAMES), np.nan)
    return engine.reader.read(face_of(image, fit)).weights.astype(np.float64)


def fit_weights(actors: Sequence[Moves], heads: Sequence[Moves]) -> NDArray[np.float64]:
    """(136, 52): weights by the points, by ridge least squares over all faces and their mirror images."""
    gram, product = _RIDGE * np.eye(136), np.zeros((136, 52))
    sides = MIRRORED_CHANNELS
    for count, group in ((_ACTORS_COUNT, actors), (1.0, heads)):
        for points, truth in group:
            for x, y in ((points, truth), (mirrored(points), truth[:, sides])):
                gram += count * x.T @ x
                product += count * x.T @ y
    return np.asarray(np.linalg.solve(gram, product))


def mirrored(points: NDArray) -> NDArray[np.float64]:
    """Points (F, 136) of the mirrored faces."""
    return np.asarray(mirror_points(points.reshape(-1, 68, 2), 0.0).reshape(len(points), -1))


def share_of_points(read: NDArray, found: NDArray, truth: NDArray) -> NDArray[np.float64]:
    """How much (52,) what is read of the points weighs beside what was found before, for the truth to come out.

    All of them (F, 52), about their means; the same on both sides of a face.
    """
    sides = MIRRORED_CHANNELS
    both = np.stack([np.concatenate([found, found[:, sides]]), np.concatenate([read, read[:, sides]])])  # (2, 2F, 52)
    wanted = np.concatenate([truth, truth[:, sides]])
    moments = np.einsum("afc,bfc->cab", both, both) / both.shape[1] + _FIRMNESS * np.eye(2)
    right = np.einsum("afc,fc->ca", both, wanted) / both.shape[1] + _FIRMNESS * np.array(_EXPECTED)
    before, points = np.linalg.solve(moments, right[..., None])[..., 0].T
    return np.asarray(np.clip(points / np.maximum(before, 0.2), 0.0, _LARGEST_SHARE))


def heard(share: NDArray, read: NDArray, found: NDArray, truth: NDArray) -> NDArray[np.float64]:
    """The ``share`` (52,) of channels that follow the truth better with what is read of the points; 0 for the others.

    Points that tell nothing new of a channel only make it smaller: they hardly move, and both are averaged.
    """
    channels = range(truth.shape[1])
    gain = [
        correlation(found[:, k] + share[k] * read[:, k], truth[:, k]) - correlation(found[:, k], truth[:, k])
        for k in channels
    ]
    on_both_sides = 0.5 * (np.array(gain) + np.array(gain)[MIRRORED_CHANNELS])
    return np.where(on_both_sides >= _LEAST_GAIN, share, 0.0)


class Learnt(NamedTuple):
    """The reading, and what came of actors that were left out in turn."""

    reading: LandmarkReading
    read: NDArray[np.float64]  # (F, 52) about each actor's mean
    found: NDArray[np.float64]  # (F, 52) without the points
    truth: NDArray[np.float64]  # (F, 52)
    share: NDArray[np.float64]  # (52,)


def learn_reading(actors: Sequence[Actor], heads: Sequence[Moves], table: Reliability, model: MorphableModel) -> Learnt:
    """Learn from actors and single heads; how much to believe it from actors left out in turn."""
    moves = [actor.moves for actor in actors]
    parts = [
        fit_weights([others for i, others in enumerate(moves) if i % _FOLDS != part], heads) for part in range(_FOLDS)
    ]
    read = [own.points @ parts[i % _FOLDS] for i, own in enumerate(moves)]
    found = [about_mean(own.points, actor.found(model, table)).truth for actor, own in zip(actors, moves, strict=True)]
    all_read, all_found, truth = (np.concatenate(each) for each in (read, found, [m.truth for m in moves]))
    share = heard(share_of_points(all_read, all_found, truth), all_read, all_found, truth)
    information = share * table.score_information
    return Learnt(LandmarkReading(fit_weights(moves, heads), information), all_read, all_found, truth, share)
