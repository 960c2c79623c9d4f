# SPDX-License-Identifier: GPL-3.0-or-later
"""Find where each of the teacher's 478 landmarks lies on our mesh.

    python -m training.teacher_landmarks

First from the mean of neutral frontal faces (similarity from nose tip, chin and eyes, then rounds of closest
surface point and a regularised fit), then from many moving faces at once (:mod:`training.surface`). Writes
``training/statistics/teacher_landmarks.npz``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from ddfa_blender.names import ARKIT_NAMES, REGION_NAMES
from ddfa_blender.symmetry import mirror_params

from .faces import PICTURE_SIZE, SHARED, read_shard, shard_paths
from .fitting import Fit, FitSettings, fit_landmarks
from .identities import align_similarity
from .make_morphable_model import STATISTICS, ModelParts, expression_basis, face_weight, make_parts
from .surface import SurfacePoints, place_points

#: The last ten of the 478 are the irises; they follow the gaze and lie on no fixed place.
MESH_LANDMARKS = 468
#: Teacher's indices: nose tip, chin, outer and inner corners of the eyes.
_NOSE_TIP, _CHIN, _EYE_CORNERS = 4, 152, (33, 133, 362, 263)
#: Places are found with a stiffer face than labels: it must not bend to where the landmarks lie wrong.
_PLACING_FIT = FitSettings(noise=0.004)
_CLOSEST_ROUNDS, _PLACING_ROUNDS, _PLACING_FACES = 30, 3, 900


@dataclass(frozen=True, eq=False)
class HeadBases:
    """What the fits need of the model: ``mean`` (V, 3), ``bases`` (50, V, 3), skin ``triangles``, those of the lips'
    edges, mirror map and parities.
    """

    mean: NDArray[np.float64]
    bases: NDArray[np.float64]
    triangles: NDArray[np.int64]
    lip_edges: NDArray[np.int64]
    mirror: NDArray[np.int64]
    parity: NDArray[np.float64]  # (50,) sign of each coefficient under reflection

    @classmethod
    def of(cls, parts: ModelParts) -> HeadBases:
        """Bases of the assembled parts; triangles of the front of the face only.

        The mouth's lining is left out: while a mouth opens, it goes where the lower lip's edge ought to be, and a
        landmark placed there would have closed lips overlap.
        """
        head = parts.head
        skin = (head.quad_regions == REGION_NAMES.index("skin")) & ~head.mouth_lining()
        front = skin & (face_weight(head)[head.quads] > 0.12).all(axis=1)
        return cls(
            parts.identities.mean,
            np.concatenate([parts.shape.basis, expression_basis(parts)]),
            _triangles(head.quads[front]),
            _triangles(head.quads[head.lip_edges()]),
            head.mirror,
            np.concatenate([parts.shape.parity, parts.expression.parity]).astype(np.float64),
        )

    def at(self, points: SurfacePoints) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean (L, 3) and bases (L, 3, 50) at surface points, for :func:`fit_landmarks`."""
        return torch.from_numpy(points.of(self.mean)), torch.from_numpy(points.of(self.bases)).permute(1, 2, 0)

    def places(
        self, targets: NDArray, vertices: NDArray, partner: NDArray, inner_lips: tuple[int, ...], nearest: int = 4
    ) -> SurfacePoints:
        """Places of points as :func:`place_points` finds them, those of ``inner_lips`` on the lips' edges.

        The fits open a mouth a little less than it is, being regularised. Without that restriction the points would
        slide to where the surface moves more, away from the edge, and closed lips would overlap.
        """
        places = place_points(targets, vertices, self.triangles, self.mirror, partner, nearest)
        lips = np.array(inner_lips)
        local_partner = np.argsort(lips)[np.searchsorted(np.sort(lips), partner[lips])]
        edge = place_points(targets[lips], vertices, self.lip_edges, self.mirror, local_partner, nearest)
        places.vertices[lips], places.weights[lips] = edge.vertices, edge.weights
        return places


def _triangles(quads: NDArray) -> NDArray[np.int64]:
    """All four triangles of each quad, so that neither diagonal is preferred."""
    triangles = [quads[:, corners] for corners in ([0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3])]
    return np.concatenate(triangles).astype(np.int64)


def mirror_permutation(mean: NDArray) -> NDArray[np.int64]:
    """(L,) the landmark on the other side of the face for each landmark, from their mean places (L, 3)."""
    centred = mean - mean.mean(axis=0)
    _, partner = linear_sum_assignment(cdist(centred, centred * np.array([-1, 1, 1])))
    if not (partner[partner] == np.arange(len(mean))).all():
        raise ValueError("the landmarks' mirror permutation is not an involution")
    return partner


def picture_to_camera(landmarks: NDArray) -> NDArray[np.float64]:
    """Picture pixels (x right, y down, z away from the viewer positive) → x right, y up, z towards the camera."""
    return landmarks.astype(np.float64) * [1, -1, -1] + [0, PICTURE_SIZE, 0]


def mirror_camera(points: NDArray, partner: NDArray) -> NDArray:
    """Landmarks (…, L, 3) of the mirrored picture."""
    return points[..., partner, :] * [-1, 1, 1] + [PICTURE_SIZE, 0, 0]


def landmark_weights() -> torch.Tensor:
    """(468,) importance in the fits: lids and lips, which carry the animation, count more than cheeks."""
    weights = torch.ones(MESH_LANDMARKS, dtype=torch.float64)
    weights[list(EYELIDS)] = 3.0
    weights[list(LIPS)] = 2.0
    return weights


#: The teacher's contours of lids and lips.
EYELIDS = (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
           263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398)  # fmt: skip
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415)
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, *INNER_LIPS)


def _moved_onto(points: NDArray, mean: NDArray) -> NDArray:
    """Points (L, 3) moved onto the mean's frame by a similarity."""
    return align_similarity(points, mean, np.ones(len(points)))


def mean_neutral(landmarks: NDArray, arkit: NDArray, partner: NDArray) -> NDArray[np.float64]:
    """Mean (468, 3) of neutral frontal faces, mirror-symmetric, in camera axes."""
    active = [ARKIT_NAMES.index(n) for n in ARKIT_NAMES if n.startswith(("mouthSmile", "jaw", "mouthP", "eyeBlink"))]
    calm = arkit[:, active].max(axis=1)
    span = landmarks[:, 454, 2] - landmarks[:, 234, 2]  # the sides of the face are equally deep when frontal
    chosen = landmarks[(calm < np.quantile(calm, 0.15)) & (np.abs(span) < 6.0)][:600]
    mean = chosen.mean(axis=0)
    for _ in range(3):
        mean = np.mean([_moved_onto(each, mean) for each in chosen], axis=0)
    mean = mean - mean.mean(axis=0)
    return 0.5 * (mean + mean[partner] * [-1, 1, 1])


def _anchor(neutral: NDArray, head: HeadBases, parts: ModelParts) -> NDArray:
    """The neutral moved roughly onto our mean head: scale from the eyes, height and depth from nose tip and chin."""
    mesh = parts.head
    front = mesh.vertex_regions == 0
    eyes = np.stack([head.mean[mesh.in_region(name)].mean(0) for name in ("eye_left", "eye_right")])
    nose = head.mean[front & (np.abs(head.mean[:, 0]) < 5)]
    nose = nose[nose[:, 2].argmax()]
    chin_candidates = head.mean[front & (np.abs(head.mean[:, 0]) < 5) & (head.mean[:, 2] > 0.8 * eyes[0, 2])]
    chin = chin_candidates[chin_candidates[:, 1].argmin()]
    right, left = neutral[list(_EYE_CORNERS[:2])].mean(0), neutral[list(_EYE_CORNERS[2:])].mean(0)
    source = np.stack([left, right, neutral[_NOSE_TIP], neutral[_CHIN]])
    eye_front = eyes + [0, 0, 12.0]
    target = np.stack([*eye_front, nose, chin])
    moved = align_similarity(np.concatenate([source, neutral]), np.concatenate([target, neutral]),
                             np.concatenate([np.ones(4), np.full(len(neutral), 1e-12)]))  # fmt: skip
    return moved[4:]


def closest_on_mean(neutral: NDArray, head: HeadBases, parts: ModelParts, partner: NDArray) -> SurfacePoints:
    """First places: rounds of closest surface point and a regularised fit to the neutral mean."""
    points = _anchor(neutral, head, parts)
    vertices = head.mean
    weights = landmark_weights()
    places = head.places(points, vertices, partner, INNER_LIPS)
    for _ in range(_CLOSEST_ROUNDS):
        mean, bases = head.at(places)
        fit = fit_landmarks(torch.from_numpy(points)[None], mean, bases, weights, FitSettings(noise=0.01))
        alpha = fit.params[0, 12:].numpy()
        transform = fit.params[0, :12].numpy().reshape(3, 4)
        deformed = head.mean + np.tensordot(alpha, head.bases, axes=1)
        linear, move = transform[:, :3], transform[:, 3].copy()
        camera = deformed @ linear.T + move
        # The fit leaves depth free; bring the surface to the points' mean depth.
        camera[:, 2] += points[:, 2].mean() - places.of(camera)[:, 2].mean()
        vertices = camera
        places = head.places(points, vertices, partner, INNER_LIPS)
    return places


def stacked_views(
    points: NDArray, fit: Fit, head: HeadBases, partner: NDArray, depth_weight: float
) -> tuple[NDArray, NDArray]:
    """Points (L, D) and vertices (V, D) of all faces and their mirror images, in units of the face's size."""
    params = fit.params.numpy()
    both = np.concatenate([params, mirror_params(params, head.parity, PICTURE_SIZE)])
    targets = np.concatenate([points, mirror_camera(points, partner)])
    views, views_of_vertices = [], []
    for target, p in zip(targets, both, strict=True):
        transform = p[:12].reshape(3, 4)
        camera = (head.mean + np.tensordot(p[12:], head.bases, axes=1)) @ transform[:, :3].T + transform[:, 3]
        size = np.cbrt(np.linalg.det(transform[:, :3]))
        scale = np.array([1, 1, depth_weight]) / size
        used = camera[np.unique(head.triangles)]
        shift = np.array([0, 0, target[:, 2].mean() - used[:, 2].mean()])
        views.append(target * scale)
        views_of_vertices.append((camera + shift) * scale)
    return np.concatenate(views, axis=1), np.concatenate(views_of_vertices, axis=1)


def choose_faces(arkit: NDArray, count: int, seed: int) -> NDArray[np.int64]:
    """Indices of faces for placing: half at random, half with the strongest jaw, blink and pucker."""
    rng = np.random.default_rng(seed)
    strong = []
    for name in ("jawOpen", "eyeBlinkLeft", "mouthPucker", "browInnerUp", "mouthSmileLeft"):
        strong.append(np.argsort(arkit[:, ARKIT_NAMES.index(name)])[-count // 10 :])
    random = rng.choice(len(arkit), count // 2, replace=False)
    return np.unique(np.concatenate([*strong, random]))


def refine(points: NDArray, head: HeadBases, places: SurfacePoints, partner: NDArray) -> SurfacePoints:
    """Rounds of fitting many faces and placing every landmark again from all of them at once."""
    weights = landmark_weights()
    for round_index in range(_PLACING_ROUNDS):
        mean, bases = head.at(places)
        fit = fit_landmarks(torch.from_numpy(points), mean, bases, weights, _PLACING_FIT)
        print(f"round {round_index}: mean residual {fit.residual.mean():.3f} px", flush=True)
        targets, vertices = stacked_views(points, fit, head, partner, _PLACING_FIT.depth_weight)
        places = head.places(targets, vertices, partner, INNER_LIPS)
    return places


def main() -> None:
    parts = make_parts()
    head = HeadBases.of(parts)
    with np.load(SHARED / "faces" / "landmark_basis.npz", allow_pickle=False) as basis:
        partner = mirror_permutation(basis["mean"])[:MESH_LANDMARKS]
    shards = [read_shard(path) for path in shard_paths()[:2]]
    landmarks = picture_to_camera(np.concatenate([shard.landmarks for shard in shards])[:, :MESH_LANDMARKS])
    arkit = np.concatenate([shard.arkit for shard in shards])
    places = closest_on_mean(mean_neutral(landmarks, arkit, partner), head, parts, partner)
    chosen = landmarks[choose_faces(arkit, _PLACING_FACES, seed=7)]
    places = refine(chosen, head, places, partner)
    np.savez(STATISTICS / "teacher_landmarks.npz", vertices=places.vertices.astype(np.int32),
             weights=places.weights.astype(np.float32), partner=partner.astype(np.int32))  # fmt: skip


if __name__ == "__main__":
    main()
