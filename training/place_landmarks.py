# SPDX-License-Identifier: GPL-3.0-or-later
"""Place the iBUG-68 landmarks on the mesh where people put them.

    python -m training.place_landmarks

Fits the model to the teacher's landmarks of the 435 calibration photos and finds, for each of the 68 points, the
place on the mesh whose projections are nearest to the human annotation over all photos and their mirror images.
Writes ``training/statistics/landmarks68.npz``.
"""

from __future__ import annotations

import numpy as np
import torch

from ddfa_blender.symmetry import MIRRORED_LANDMARKS, mirror_params, mirror_points

from .faces import PICTURE_SIZE, SHARED
from .fitting import fit_landmarks
from .make_morphable_model import STATISTICS, make_parts
from .surface import SurfacePoints
from .teacher_landmarks import (
    MESH_LANDMARKS,
    HeadBases,
    landmark_weights,
    picture_to_camera,
)

#: The last eight of the 68.
_INNER_LIPS = tuple(range(60, 68))


def read_places(name: str) -> SurfacePoints:
    """Surface points stored in ``training/statistics``."""
    with np.load(STATISTICS / name, allow_pickle=False) as data:
        return SurfacePoints(data["vertices"].astype(np.int64), data["weights"].astype(np.float64))


def main() -> None:
    head = HeadBases.of(make_parts())
    mean, bases = head.at(read_places("teacher_landmarks.npz"))
    with np.load(SHARED / "bench" / "calibration.npz", allow_pickle=False) as data:
        teacher, human = data["landmarks"][:, :MESH_LANDMARKS], data["landmarks68"].astype(np.float64)
    fit = fit_landmarks(torch.from_numpy(picture_to_camera(teacher)), mean, bases, landmark_weights())
    print(f"fit to the teacher: {fit.residual.mean():.3f} px of {PICTURE_SIZE}")
    human[..., 1] = PICTURE_SIZE - human[..., 1]
    reflected = mirror_points(human, PICTURE_SIZE)
    params = np.concatenate([fit.params.numpy(), mirror_params(fit.params.numpy(), head.parity, PICTURE_SIZE)])
    targets, vertices = [], []
    for points, p in zip(np.concatenate([human, reflected]), params, strict=True):
        transform = p[:12].reshape(3, 4)
        camera = (head.mean + np.tensordot(p[12:], head.bases, axes=1)) @ transform[:, :3].T + transform[:, 3]
        box = np.sqrt(np.prod(np.ptp(points, axis=0)))
        targets.append(points / box)
        vertices.append(camera[:, :2] / box)
    targets_stacked, vertices_stacked = np.concatenate(targets, axis=1), np.concatenate(vertices, axis=1)
    places = head.places(targets_stacked, vertices_stacked, MIRRORED_LANDMARKS, _INNER_LIPS, nearest=8)
    distance = places.of(vertices_stacked) - targets_stacked
    error = np.linalg.norm(distance.reshape(68, -1, 2), axis=-1).mean(axis=1) * 100
    print(f"fitted model on human labels: NME-68 {error.mean():.2f} %, NME-51 {error[17:].mean():.2f} %")
    np.savez(STATISTICS / "landmarks68.npz", vertices=places.vertices.astype(np.int32),
             weights=places.weights.astype(np.float32))  # fmt: skip


if __name__ == "__main__":
    main()
