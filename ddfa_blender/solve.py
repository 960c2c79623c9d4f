# SPDX-License-Identifier: GPL-3.0-or-later
"""Take → Solution, the expensive step: one identity per clip, pose and expression of every frame refitted to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from .arkit.landmark_reading import movement
from .arkit.lips import TOUCHING, LipReading, LipSeam, landmark_gap
from .arkit.mesh_components import without_prior
from .arkit.reliability import Reliability, bundled_reliability
from .arkit.weights import ArkitSource, Evidence, solve_weights
from .errors import CaptureError
from .face_model import FaceModel
from .lip_closure import close_lips
from .morphable_model import MorphableModel
from .performance import Solution
from .projection import Pose, decompose, euler_degrees, split
from .quaternions import continuous, from_matrices
from .recorded import recorded_solution
from .refit import FaceSubset, image_transforms, refit
from .take import Take

#: Rounds of Weiszfeld's algorithm, and the distance (in standard deviations) below which it stops weighing.
_WEISZFELD_ROUNDS = 50
_WEISZFELD_FLOOR = 1e-6


@dataclass(frozen=True)
class SolveSettings:
    """How a Take becomes a Solution; the footage is not touched again."""

    min_confidence: float = 0.3  # frames below count as lost
    field_of_view: float = 40.0  # assumed view of the camera across the picture's longer side, degrees
    line_of_sight: bool = True  # turn heads seen off the picture's centre into the camera's axes
    expression_prior: float = 2.0  # expected error of the network's face in millimetres; more = calmer
    sweeps: int = 3  # alternations of pose and expression
    arkit_source: ArkitSource = "both"  # what the 52 ARKit weights rest on
    touching_lips: bool = True  # the ten components close the lips where they are seen to touch

    def __post_init__(self) -> None:
        if self.arkit_source not in get_args(ArkitSource):
            raise CaptureError("The ARKit weights come from the `network`, from the `mesh` or from `both`.")
        if not 1.0 <= self.field_of_view <= 170.0:
            raise CaptureError("The field of view must lie between 1 and 170 degrees.")


def solve(take: Take, model: FaceModel, settings: SolveSettings | None = None) -> Solution:
    """Solve a Take with the model that its coefficients belong to.

    Raises:
        CaptureError: no frame of the Take is confident enough, or it was captured with another model.
    """
    settings = settings or SolveSettings()
    if take.header.basis != model.basis:
        raise CaptureError(
            f"The take was captured with the model {take.header.basis}, not with {model.basis}; "
            "choose the model folder that it was captured with, or capture the footage again."
        )
    if take.is_recorded:
        return recorded_solution(take, model)
    tracked = (take.confidence > 0.0) & (take.confidence >= settings.min_confidence)
    if not tracked.any():
        raise CaptureError("No frame of the take is confident enough; lower the minimum confidence or capture again.")
    clip = fit_clip(take, tracked, model, settings)
    subset = FaceSubset.choose(model)
    center = subset.rigidity @ subset.neutral(clip.identity)
    focal = max(take.header.width, take.header.height) / 2.0 / math.tan(math.radians(settings.field_of_view) / 2.0)
    rotation = clip.pose.rotation
    if settings.line_of_sight:
        rotation = line_of_sight(clip.pose, center, focal) @ rotation
    translation = head_translation(clip.pose, rotation, center, focal)
    return Solution(
        time=take.time.copy(),
        expression=_spread(_components(clip, settings), tracked),
        arkit=_spread(arkit_weights(clip, settings), tracked),
        head_rotation=_spread(continuous(from_matrices(rotation)), tracked),
        head_translation=_spread(translation, tracked),
        identity=clip.identity,
        tracked=tracked,
    )


@dataclass(frozen=True, eq=False)
class FittedClip:
    """The T tracked frames of a take, refitted to one identity of a model."""

    take: Take
    tracked: NDArray[np.bool_]  # (N,), T of them
    model: FaceModel
    identity: NDArray[np.float64]  # (40,)
    pose: Pose  # T, pixels from the image's centre
    expression: NDArray[np.float64]  # (T, 10)

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """(T, 52) of the network, 0…1."""
        return np.clip(self.take.arkit[self.tracked].astype(np.float64), 0.0, 1.0)

    @cached_property
    def readings(self) -> NDArray[np.float64] | None:
        """(T, 52) off the upright face, 0…1; None: nobody read it."""
        read = self.take.readings
        return None if read is None else np.clip(read[self.tracked].astype(np.float64), 0.0, 1.0)

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """The 68 points (T, 68, 3), image pixels, y down."""
        return self.take.landmarks68[self.tracked].astype(np.float64)

    def lips_parted(self, lips: LipReading) -> NDArray[np.float64]:
        """Millimetres (T,) that the lips are seen apart (:meth:`LipReading.parted`), on a model that has lips."""
        return lips.parted(*self._lip_gaps)

    @cached_property
    def _lip_gaps(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Millimetres (T,) between the lips by the points, and by the scores."""
        seam = LipSeam.of(cast(MorphableModel, self.model))
        return landmark_gap(self.model, self.identity, self.points, self.pose), seam.mean_gap(self.scores)


def fit_clip(take: Take, tracked: NDArray[np.bool_], model: FaceModel, settings: SolveSettings) -> FittedClip:
    """One identity for the ``tracked`` (N,) frames of a take, and pose and expression of each refitted to it."""
    predicted = split(take.params[tracked].astype(np.float64))
    identity = clip_identity(predicted.shape, predicted.transform, take.confidence[tracked])
    fitted = refit(
        FaceSubset.choose(model),
        identity,
        image_transforms(take.params[tracked], take.roi[tracked], take.header.width, take.header.height),
        predicted.shape,
        predicted.expression,
        prior=settings.expression_prior,
        sweeps=settings.sweeps,
    )
    return FittedClip(take, tracked, model, identity, fitted.pose, fitted.expression)


def _components(clip: FittedClip, settings: SolveSettings) -> NDArray[np.float64]:
    """Expression components (T, 10) of a clip, lips closed where they touch.

    Only what our network and its landmark branch see of the lips is believed.
    """
    model = clip.model
    if not settings.touching_lips or not isinstance(model, MorphableModel) or clip.take.header.absent_outputs:
        return clip.expression
    return close_lips(model, clip.identity, clip.expression, clip.lips_parted(bundled_reliability().lips))


def arkit_weights(
    clip: FittedClip, settings: SolveSettings, reliability: Reliability | None = None
) -> NDArray[np.float64]:
    """ARKit weights (T, 52), 0…1, of a clip.

    A model without ARKit units leaves the network's scores as they are; a network without scores leaves it all to the
    mesh. ``reliability``: None = that of the bundled networks.
    """
    model = clip.model
    is_network = settings.arkit_source == "network"
    if not isinstance(model, MorphableModel) or (is_network and clip.readings is None):
        return clip.scores
    reliability = reliability or bundled_reliability()
    if is_network:
        return reliability.named(clip.scores, clip.readings)[0]
    absent = "arkit" in clip.take.header.absent_outputs
    evidence = arkit_evidence(clip, settings, reliability.lips)
    return solve_weights(evidence, model, reliability, "mesh" if absent else settings.arkit_source)


def arkit_evidence(clip: FittedClip, settings: SolveSettings, lips: LipReading) -> Evidence:
    """What was measured in a clip, as the weights are solved from; of a model that has ARKit units."""
    header = clip.take.header
    blind = "landmarks" in header.absent_outputs  # the points are the mesh's own
    return Evidence(
        time=clip.take.time[clip.tracked],
        scores=clip.scores,
        components=without_prior(FaceSubset.choose(clip.model), clip.expression, settings.expression_prior),
        contact=clip.lips_parted(lips) < TOUCHING,
        moved=None if blind else movement(
            clip.model, clip.identity, clip.points, clip.pose, header.width, header.height
        ),
        readings=clip.readings,
    )  # fmt: skip


def clip_identity(shapes: NDArray, transforms: NDArray, confidence: NDArray) -> NDArray[np.float64]:
    """One shape (40,) for the frames' shapes (N, 40): their geometric median.

    Confident frames count more, and frontal ones: a profile hides half of what identity means. The
    median, unlike the mean, does not follow the odd frame that went wrong.
    """
    yaw, pitch, _ = np.radians(euler_degrees(decompose(transforms).rotation)).T
    frontal = np.clip(np.cos(yaw) * np.cos(pitch), 0.1, 1.0) ** 2
    weights = confidence.astype(np.float64) * frontal
    center = np.average(shapes, axis=0, weights=weights)
    for _ in range(_WEISZFELD_ROUNDS):
        distance = np.linalg.norm(shapes - center, axis=1)
        center = np.average(shapes, axis=0, weights=weights / np.maximum(distance, _WEISZFELD_FLOOR))
    return center


def line_of_sight(pose: Pose, face_center: NDArray, focal: float) -> NDArray[np.float64]:
    """Rotations (N, 3, 3) from each frame's line of sight to the camera's axes.

    A scaled orthographic fit measures the head against the ray on which it is seen. A head that looks
    straight past the camera at the picture's edge seems turned by that ray's angle to the optical axis; this
    is the smallest rotation that takes the axis to the ray through the face's centre ((3,) millimetres).
    """
    seen = pose.translation + pose.scale[:, None] * (pose.rotation @ face_center)
    ray = np.stack([seen[:, 0], seen[:, 1], np.full(len(seen), -focal)], axis=1)
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    # Rodrigues' formula from (0, 0, −1) to the ray: v is their cross product, c their cosine.
    v = np.stack([ray[:, 1], -ray[:, 0], np.zeros(len(ray))], axis=1)
    c = -ray[:, 2]
    skew = np.zeros((len(ray), 3, 3))
    skew[:, 0, 2], skew[:, 1, 2] = v[:, 1], -v[:, 0]
    skew[:, 2, 0], skew[:, 2, 1] = -v[:, 1], v[:, 0]
    return np.eye(3) + skew + skew @ skew / (1.0 + c)[:, None, None]


def head_translation(pose: Pose, rotation: NDArray, face_center: NDArray, focal: float) -> NDArray[np.float64]:
    """Positions (N, 3) of the head's pivot in millimetres, model axes, relative to their median.

    The scale tells the distance of the face (its weighted centre, (3,) millimetres from the pivot)
    to a camera of this focal length in pixels; the pivot lies behind it, by an amount that turns
    with the head: by ``rotation`` (N, 3, 3), the head's in the camera's axes, line of sight included.
    """
    seen = pose.translation / pose.scale[:, None] + pose.rotation @ face_center
    face = np.concatenate([seen[:, :2], -focal / pose.scale[:, None]], axis=1)
    position = face - rotation @ face_center
    return position - np.median(position, axis=0)


def _spread(values: NDArray, tracked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values of the tracked frames at their places among all frames, NaN elsewhere."""
    result = np.full((len(tracked), *values.shape[1:]), np.nan)
    result[tracked] = values
    return result
