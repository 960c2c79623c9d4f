# SPDX-License-Identifier: GPL-3.0-or-later
"""What actors show to the second network, how their faces lie in its pictures, and where these are kept.

A folder holds ``pictures-XX.npy`` (n, 160, 160, 3) uint8, ``arkit-XX.npy`` (n, 52) and ``landmarks-XX.npy`` (n, 68, 2)
pixels, faces of some actors each. ``training/data/`` has ``upright-faces/`` of ``quick_heads.py`` and
``upright-renders/`` of ``upright_heads.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.tracking.upright import ANCHOR_POINTS, PIXELS_PER_MM, upright_warp
from training.workspace import DATA

from .known_expressions import add_few_units, with_eyes
from .random_expressions import random_expression

DRAWN, RENDERED = DATA / "upright-faces", DATA / "upright-renders"
#: Pixels of a stored picture: more than the network sees, so that training can move it about.
PICTURE_SIZE = 160
#: So many actors' faces are in a file.
ACTORS_A_FILE = 50
#: Standard deviations of the head's turns, degrees; a tenth of the faces is turned by three times as much.
_TURN = np.array([14.0, 9.0, 4.0])


def random_face(rng: np.random.Generator) -> NDArray[np.float64]:
    """ARKit weights (52,): at rest, a few units of any kind, or an everyday or extreme mixture."""
    weights, kind = np.zeros(len(ARKIT_NAMES)), rng.random()
    if kind < 0.3:
        return random_expression(rng)
    if kind > 0.37:
        add_few_units(weights, rng)
        if rng.random() < 0.5:
            add_few_units(weights, rng)
    return with_eyes(weights, 0.4, rng)


def random_turn(rng: np.random.Generator) -> NDArray[np.float64]:
    """The rotation (3, 3) of a head that more or less faces a camera."""
    turn = rng.normal(size=3) * _TURN * (3.0 if rng.random() < 0.1 else 1.0)
    return rotation_from_euler(np.clip(turn, [-65.0, -40.0, -25.0], [65.0, 40.0, 25.0]))


def stand_upright(
    points: NDArray, landmarks: NDArray, rotation: NDArray, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """What a camera at a random distance sees of a turned head, set upright.

    Args:
        points: (P, 3) millimetres, y up, z to the camera, turned by ``rotation`` (3, 3) already.
        landmarks: (68, 3) of the same head, turned as well.

    Returns:
        the points' places (P, 2) in a picture, pixels; the same points (P, 3) in millimetres about the picture's
        middle, y up, turned along, as a parallel camera is to see them; and the landmarks' places (68, 2).
    """
    # A camera nearby shows noses larger: at 500 mm by a tenth.
    distance = 1.0 / rng.uniform(1e-5, 1.0 / 450.0)
    middle = landmarks[:, 2].mean()
    flat = points[:, :2] * (distance / (distance - (points[:, 2:] - middle))) * [1.0, -1.0]
    marks = landmarks[:, :2] * (distance / (distance - (landmarks[:, 2:] - middle))) * [1.0, -1.0]
    transform = np.concatenate([rotation, np.zeros((3, 1))], axis=1)
    warp = upright_warp(transform, 1.0, marks[ANCHOR_POINTS].mean(axis=0), PICTURE_SIZE)
    places = flat @ warp[:, :2].T + warp[:, 2]
    seen = np.concatenate([(places - PICTURE_SIZE / 2.0) / PIXELS_PER_MM * [1.0, -1.0], points[:, 2:]], axis=1)
    return places, seen, (marks @ warp[:, :2].T + warp[:, 2]).astype(np.float32)


def write_faces(folder: Path, index: int, pictures: NDArray, weights: NDArray, landmarks: NDArray) -> Path:
    """Write a file's three arrays, the pictures last and under a temporary name first; return the pictures' path."""
    path = pictures_path(folder, index)
    np.save(folder / f"arkit-{index:02d}.npy", weights)
    np.save(folder / f"landmarks-{index:02d}.npy", landmarks)
    temporary = path.with_suffix(".partial.npy")
    np.save(temporary, pictures)
    temporary.replace(path)
    return path


def pictures_path(folder: Path, index: int) -> Path:
    """Where a file's pictures are; if they are, so are their weights and landmarks."""
    return folder / f"pictures-{index:02d}.npy"
