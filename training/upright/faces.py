# SPDX-License-Identifier: GPL-3.0-or-later
"""Upright faces to train on: our own by the hundred thousand, Blender's, and photos with the teacher's scores.

Weights of all but photos are exact. What the teacher says of photos is another scale; the loss learns how the two
relate (``training.upright.train``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.projection import decompose, euler_degrees, split
from ddfa_blender.tracking.upright import ANCHOR_POINTS, upright_face, upright_warp
from training.dataset import (
    Pictures,
    edited_faces,
    edited_heads,
    never_moved_by_teacher,
    real_faces,
    render_shards,
    rendered_heads,
)
from training.expression_edits import added_by_edits
from training.rendering.upright_views import DRAWN, PICTURE_SIZE, RENDERED

#: Faces turned to the side by more degrees are left out, and those that are hidden by more than so much.
_LARGEST_YAW, _LEAST_VISIBLE = 65.0, 0.6
#: What it counts that a photo does not show what the teacher never moves.
_GUESSED = 0.1


@dataclass(frozen=True, eq=False)
class UprightFaces:
    """n pictures (n, 160, 160, 3) and what is known of their 52 weights.

    ``exact`` (n, 52) counts an exact weight, ``scored`` (n, 52) a score of the teacher, 0…1 each. ``landmarks``
    (n, 68, 2) are pixels of the pictures.
    """

    pictures: NDArray[np.uint8]
    arkit: NDArray[np.float32]
    exact: NDArray[np.float32]
    scored: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.arkit)


def quick_faces(folder: Path = DRAWN) -> list[UprightFaces]:
    """What ``training.rendering.quick_heads`` drew.

    Raises:
        FileNotFoundError: there is none.
    """
    return _stored(folder, "quick_heads")


def upright_renders(folder: Path = RENDERED) -> list[UprightFaces]:
    """What ``training.rendering.upright_heads`` rendered.

    Raises:
        FileNotFoundError: there is none.
    """
    return _stored(folder, "upright_heads")


def _stored(folder: Path, made_by: str) -> list[UprightFaces]:
    """File by file; the pictures stay on the disk."""
    paths = sorted(folder.glob("pictures-[0-9]*[0-9].npy"))
    if not paths:
        raise FileNotFoundError(f"no faces in {folder}; run `python -m training.rendering.{made_by}` first")
    result = []
    for path in paths:
        arkit, landmarks = (np.load(folder / path.name.replace("pictures", name)) for name in ("arkit", "landmarks"))
        ones = np.ones_like(arkit)
        result.append(UprightFaces(np.load(path, mmap_mode="r"), arkit, ones, np.zeros_like(ones), landmarks))
    return result


def _upright(faces: Pictures) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]:
    """The pictures (n, 160, 160, 3) set upright, their landmarks (n, 68, 2), and which (m,) are seen well enough."""
    pose = decompose(split(faces.params.astype(np.float64)).transform)
    keep = (np.abs(euler_degrees(pose.rotation)[:, 0]) <= _LARGEST_YAW) & (faces.visible >= _LEAST_VISIBLE)
    pictures = np.empty((int(keep.sum()), PICTURE_SIZE, PICTURE_SIZE, 3), np.uint8)
    landmarks = np.empty((len(pictures), 68, 2), np.float32)
    for place, index in enumerate(np.flatnonzero(keep)):
        transform = faces.params[index, :12].reshape(3, 4)
        anchor = faces.landmarks[index][ANCHOR_POINTS, :2].mean(axis=0)
        warp = upright_warp(transform, 1.0, anchor, PICTURE_SIZE)
        pictures[place] = upright_face(faces.images[index], warp, PICTURE_SIZE)
        landmarks[place] = faces.landmarks[index][:, :2] @ warp[:, :2].T + warp[:, 2]
    return pictures, landmarks, keep


def rendered_faces() -> UprightFaces:
    """The regressor's renders and their edited expressions, from all around and now and then covered.

    Raises:
        FileNotFoundError: they are missing.
    """
    heads = rendered_heads(render_shards())
    return _exact(Pictures.joined([heads, edited_heads(heads)]))


def _exact(heads: Pictures) -> UprightFaces:
    pictures, landmarks, keep = _upright(heads)
    arkit = heads.arkit[keep]
    return UprightFaces(pictures, arkit, np.ones_like(arkit), np.zeros_like(arkit), landmarks)


def photographed_faces() -> UprightFaces:
    """Photos with the teacher's scores, and photos whose expressions were edited.

    What the teacher never moves is 0 on photos as far as one knows, and on edited ones what was edited in; what edits
    never add is known no better there than on photos.

    Raises:
        FileNotFoundError: labels, edits or their scores are missing.
    """
    silent = never_moved_by_teacher()
    edited_in = np.where(added_by_edits(), 1.0, _GUESSED)
    parts = []
    for faces, known in ((real_faces(), _GUESSED), (edited_faces(), edited_in)):
        pictures, landmarks, keep = _upright(faces)
        arkit = faces.arkit[keep]
        exact = np.tile(np.where(silent, known, 0.0).astype(np.float32), (len(arkit), 1))
        scored = np.tile(np.where(silent, 0.0, 1.0).astype(np.float32), (len(arkit), 1))
        parts.append(UprightFaces(pictures, arkit, exact, scored, landmarks))
    columns = zip(*(tuple(vars(part).values()) for part in parts), strict=True)
    return UprightFaces(*(np.concatenate(column) for column in columns))
