# SPDX-License-Identifier: GPL-3.0-or-later
"""The training loss: one of the paper's objectives on the parameters, and the other heads' terms beside it.

Every term is divided by its own present size before it is weighted. For landmark-regression regularisation this is
Algorithm 1's factor |l_objective| / |l_lrr| (up to a common factor, which Adam ignores), and with it the two objectives
of the meta-joint optimisation have gradients of the same size, so that one optimiser state serves both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor, nn
from torch.nn import functional

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import CROP_SIZE

from .dataset import Batch
from .network import Heads, Statistics
from .parameter_costs import TRANSFORM_COUNT, FaceSurface, fast_parameter_weights, weighted_parameter_cost


class Objective(Enum):
    """What the parameters are trained with."""

    VERTICES = "vdc"
    PARAMETERS = "fwpdc"
    #: Both at half weight: the paper's vanilla-joint with its best β.
    BOTH = "vanilla-joint"


@dataclass(frozen=True)
class LossWeights:
    """Shares of the terms beside the objective, which counts 1.

    ``steadiness`` is only there in short videos, ``changes`` in those whose expression changes.
    """

    landmarks: float = 1.0
    arkit: float = 3.5
    apertures: float = 0.5
    changes: float = 1.0
    steadiness: float = 0.5
    confidence: float = 0.1


#: Weights above 1 by the start of the name: ten components cannot carry blinks and gaze, and people see all of these.
_IMPORTANCE = {
    "eyeLook": 4.0, "eyeBlink": 2.0, "jawOpen": 2.0, "mouthPucker": 2.0, "mouthFunnel": 2.0, "mouthSmile": 2.0,
    "mouthClose": 2.0,
}  # fmt: skip
#: iBUG-68 indices of points above and below the openings of eyes and mouth.
_UPPER, _LOWER = [37, 38, 43, 44, 61, 62, 63], [41, 40, 47, 46, 67, 66, 65]
#: Channels that move less than this count no more than one that moves so much.
_LEAST_SPREAD = 0.08


def arkit_weights(spread: Tensor) -> Tensor:
    """(52,) weight of each channel, 1 on average: a channel that moves little (standard deviation ``spread``) is as
    much worth following as one that moves much."""
    important = torch.tensor(
        [next((w for start, w in _IMPORTANCE.items() if name.startswith(start)), 1.0) for name in ARKIT_NAMES]
    )
    weights = important.to(spread) / spread.clamp(min=_LEAST_SPREAD)
    return weights / weights.mean()


def score_divergence(logits: Tensor, scores: Tensor) -> Tensor:
    """Kullback–Leibler divergence of predicted from true scores 0…1, element by element.

    Its gradient is the difference of the scores: it does not fade where the sigmoid is flat, so that a rare channel
    can rise from 0, and its minimum is the mean of what a picture leaves open, not the median (0 for rare channels).
    """
    entropy = functional.binary_cross_entropy(scores, scores, reduction="none")
    return functional.binary_cross_entropy_with_logits(logits, scores, reduction="none") - entropy


class VertexDistance(nn.Module):
    """Mean distance of the surface's points, as a share of the crop.

    VDC (Eq. 4) sums squares; labels of photos have outliers, which squares would follow. Depth counts half: on photos
    it is the teacher's guess.
    """

    def __init__(self, surface: FaceSurface, depth_weight: float = 0.5) -> None:
        super().__init__()
        self.surface = surface
        self.register_buffer("axes", torch.tensor([1.0, 1.0, depth_weight]))

    def _distance(self, difference: Tensor) -> Tensor:
        return torch.sqrt(((difference * self.axes) ** 2).sum(-1) + 1e-6).mean(dim=-1) / CROP_SIZE

    def forward(self, params: Tensor, truth: Tensor) -> Tensor:
        """(n,) mean distance ÷ crop side."""
        return self._distance(self.surface.project(params) - self.surface.project(truth))

    def steadiness(self, params: Tensor, truth: Tensor, frames: int) -> Tensor:
        """(n / frames, frames − 1): mean error of the points' offsets between adjacent frames ÷ crop side (paper,
        3.1); rows of both are videos of ``frames`` frames."""
        error = self.surface.project(params) - self.surface.project(truth)
        return self._distance(error.reshape(-1, frames, *error.shape[1:]).diff(dim=1))


def aperture_error(points: Tensor, truth: Tensor) -> Tensor:
    """(n,) mean error of the openings of eyes and mouth in 68 points (n, 68, 2), both pixels of the crop ÷ its side.

    Labels' landmarks close the lids farther than their parameters do (0.85 of the way, on photos), and a mean over
    the whole surface hardly notices the few points of a lid.
    """
    openings = [each[:, _UPPER] - each[:, _LOWER] for each in (points, truth)]
    return torch.sqrt(((openings[0] - openings[1]) ** 2).sum(-1) + 1e-6).mean(-1) / CROP_SIZE


class RegressorLoss(nn.Module):
    """All terms together; terms about the face are masked where there is none."""

    def __init__(self, model: MorphableModel, statistics: Statistics, weights: LossWeights = LossWeights()) -> None:
        super().__init__()
        self.vertex_distance = VertexDistance(FaceSurface(model))
        self.statistics, self.weights = statistics, weights
        self.register_buffer("arkit_weights", arkit_weights(statistics.arkit_spread))

    def forward(
        self, heads: Heads, batch: Batch, objective: Objective = Objective.VERTICES
    ) -> tuple[Tensor, dict[str, float]]:
        """Total loss and the mean of each term in its own units."""
        face = (batch.confidence[:, 0] > 0).float()
        face = face / face.sum().clamp(min=1.0)
        params = self.statistics.real_params(heads.params)
        truth_z = (batch.params - self.statistics.params_mean) / self.statistics.params_std
        landmarks_z = (batch.landmarks - self.statistics.landmarks_mean) / self.statistics.landmarks_std
        scores = torch.sigmoid(heads.arkit)
        missed = score_divergence(heads.arkit, batch.arkit) * self.arkit_weights * batch.arkit_known
        terms = {
            "landmarks": functional.smooth_l1_loss(heads.landmarks, landmarks_z, beta=0.1, reduction="none").mean(1)
            @ face,
            "arkit": missed.mean(1) @ face,
            "apertures": self._apertures(heads, params, batch) @ face,
            "confidence": functional.binary_cross_entropy_with_logits(heads.confidence, batch.confidence),
        }
        objectives: dict[str, Tensor] = {}
        if objective is not Objective.PARAMETERS:
            objectives["vertices"] = self.vertex_distance(params, batch.params) @ face
        if objective is not Objective.VERTICES:
            weights = fast_parameter_weights(self.vertex_distance.surface, params, batch.params)
            objectives["parameters"] = weighted_parameter_cost(weights, heads.params, truth_z) @ face
        if batch.frames > 1:
            terms["steadiness"] = self._steadiness(heads, params, scores, batch)
            terms["changes"] = self._changes(heads, scores, batch)
        shares = dict.fromkeys(objectives, 1.0 / len(objectives))
        shares.update({name: getattr(self.weights, name) for name in terms})
        terms.update(objectives)
        total = sum((shares[name] * _relative(term) for name, term in terms.items()), params.new_zeros(()))
        return total, {name: float(term.detach()) for name, term in terms.items()}

    def _apertures(self, heads: Heads, params: Tensor, batch: Batch) -> Tensor:
        """(n,) error of the openings in the surface's 68 points and in those of the landmark branch.

        The surface is seen in its true pose: a head that nods must not pass for lids that close.
        """
        truth = batch.landmarks.unflatten(1, (-1, 2))
        in_true_pose = torch.cat([batch.params[:, :TRANSFORM_COUNT], params[:, TRANSFORM_COUNT:]], dim=1)
        surface = self.vertex_distance.surface.project(in_true_pose)[:, -truth.shape[1] :, :2]
        branch = self.statistics.real_landmarks(heads.landmarks).reshape_as(truth)
        flip = surface.new_tensor([1.0, -1.0])  # the surface's y is up
        return aperture_error(surface * flip, truth) + aperture_error(branch, truth)

    def _steadiness(self, heads: Heads, params: Tensor, scores: Tensor, batch: Batch) -> Tensor:
        """Mean over adjacent frames: error of the offsets of surface, landmark branch and scores."""
        videos = (len(scores) // batch.frames, batch.frames)
        seen = (batch.confidence.reshape(videos) > 0).float()
        pairs = seen[:, 1:] * seen[:, :-1]
        surface = self.vertex_distance.steadiness(params, batch.params, batch.frames)
        error = (self.statistics.real_landmarks(heads.landmarks) - batch.landmarks).reshape(*videos, -1, 2)
        landmarks = torch.sqrt((error.diff(dim=1) ** 2).sum(-1) + 1e-6).mean(-1) / CROP_SIZE
        change = (scores - batch.arkit).reshape(*videos, -1).diff(dim=1).abs() * self.arkit_weights
        # A change of 0.1 in a score is as visible as one of 1 % of the crop in the points.
        each = surface + landmarks + 0.1 * change.mean(-1)
        return (each * pairs).sum() / pairs.sum().clamp(min=1.0)

    def _changes(self, heads: Heads, scores: Tensor, batch: Batch) -> Tensor:
        """Mean error of the scores' changes between adjacent frames that show one face with two expressions.

        What a score is at rest differs from face to face, and one picture does not tell; how it changes, two tell.
        """
        videos = (len(scores) // batch.frames, batch.frames, -1)
        true_change = batch.arkit.reshape(videos).diff(dim=1)
        error = scores.reshape(videos).diff(dim=1) - true_change
        seen = (batch.confidence.reshape(videos[:2]) > 0).float()
        counted = (true_change != 0).any(-1).float() * seen[:, 1:] * seen[:, :-1]
        each = (change_error(error, heads.arkit.reshape(videos).diff(dim=1)) * self.arkit_weights).mean(-1)
        return (each * counted).sum() / counted.sum().clamp(min=1.0)


def change_error(error: Tensor, logits: Tensor) -> Tensor:
    """|error| of the scores' changes, element by element, with the gradient ``error`` on the ``logits``' changes.

    As with :func:`score_divergence` it does not fade where the sigmoid is flat.
    """
    pull = error.detach() * logits
    return error.detach().abs() + pull - pull.detach()


def _relative(term: Tensor) -> Tensor:
    return term / term.detach().clamp(min=1e-6)
