# SPDX-License-Identifier: GPL-3.0-or-later
"""Upright faces with known ARKit weights by the hundred thousand, drawn by our own rasteriser (no Blender).

    python -m training.rendering.quick_heads [--actors 2000 --faces 24 --processes 2]

Writes ``training/data/upright-faces/``, laid out as ``upright_views.py`` tells: the faces of actors in turn. Identity
and looks are as random as those of ``heads.py``; the light is simpler, the pose that of people who face a camera. Actor
i depends on (seed, i) alone.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.tracking.upright import PIXELS_PER_MM

from .actors import Actor, Parts, cast
from .props import background
from .rasteriser import rasterise, vertex_normals
from .shading import Lights, Surface, shaded
from .upright_views import (
    ACTORS_A_FILE,
    DRAWN,
    PICTURE_SIZE,
    pictures_path,
    random_face,
    random_turn,
    stand_upright,
    write_faces,
)

_SAMPLES = 2  # by so many across and down each pixel is averaged
_BACKDROP = 96


def photographed(
    parts: Parts, actor: Actor, lights: Lights, arkit: NDArray, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The actor's face (160, 160, 3) with these weights, from somewhere in front, and its landmarks (68, 2)."""
    model = parts.model
    deformed = actor.neutral + np.tensordot(arkit, model.arkit_basis, axes=1)
    rotation = random_turn(rng)
    points = np.concatenate([deformed, actor.worn]) @ rotation.T
    flat, upright, landmarks = stand_upright(points, model.at_landmarks(points[: len(deformed)]), rotation, rng)
    # The light turns along, which does not matter.
    return _photograph(actor.surface, flat, upright.astype(np.float32), lights, rng), landmarks


def _photograph(
    surface: Surface, flat: NDArray, points: NDArray[np.float32], lights: Lights, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Points (V, 3) millimetres, y up, which lie at ``flat`` (V, 2) in the picture, as a camera sees them."""
    size = PICTURE_SIZE * _SAMPLES
    placed = np.concatenate([flat * _SAMPLES, points[:, 2:]], axis=1).astype(np.float32)
    seen = rasterise(placed, surface.triangles, size, surface.sparse)
    backdrop = cv2.resize(background(_BACKDROP, rng)[..., :3], (size, size))
    normals = vertex_normals(points, surface.triangles)
    linear = shaded(surface, seen, points, normals, lights, backdrop, PIXELS_PER_MM * _SAMPLES)
    linear = cv2.resize(linear, (PICTURE_SIZE, PICTURE_SIZE), interpolation=cv2.INTER_AREA)
    exposure = np.exp(rng.normal(0.0, 0.3))
    if rng.random() < 0.5:  # a camera that rolls highlights off
        linear = linear * exposure
        linear = linear / (1.0 + 0.55 * linear) * 1.35
    else:
        linear = linear * exposure
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(encoded * 255.0 + 0.5, 0, 255), np.uint8)


def actor_faces(
    parts: Parts, seed: tuple[int, int], faces: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """Pictures (faces, 160, 160, 3), weights (faces, 52) and landmarks (faces, 68, 2) of one actor; the light changes
    every eighth face."""
    rng = np.random.default_rng(seed)
    actor, lights = cast(parts, rng), Lights.random(rng)
    pictures, weights, landmarks = [], [], []
    for face in range(faces):
        if face % 8 == 7:
            lights = Lights.random(rng)
        weights.append(random_face(rng))
        picture, points = photographed(parts, actor, lights, weights[-1], rng)
        pictures.append(picture)
        landmarks.append(points)
    return np.stack(pictures), np.stack(weights).astype(np.float32), np.stack(landmarks)


_parts: Parts | None = None


def write_file(index: int, seed: int, actors: int, faces: int, folder: Path) -> Path:
    """Actors ``index`` × 50 and on."""
    global _parts  # noqa: PLW0603  (each process works it out once)
    cv2.setNumThreads(1)
    _parts = _parts or Parts.load()
    made = [actor_faces(_parts, (seed, index * ACTORS_A_FILE + k), faces) for k in range(actors)]
    return write_faces(folder, index, *(np.concatenate(column) for column in zip(*made, strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--actors", type=int, default=2000)
    parser.add_argument("--faces", type=int, default=24, help="of each actor")
    parser.add_argument("--seed", type=int, default=30)
    parser.add_argument("--out", type=Path, default=DRAWN)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    files = range((options.actors + ACTORS_A_FILE - 1) // ACTORS_A_FILE)
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [
            pool.submit(write_file, i, options.seed, min(ACTORS_A_FILE, options.actors - i * ACTORS_A_FILE),
                        options.faces, options.out)
            for i in files if not pictures_path(options.out, i).exists()
        ]  # fmt: skip
        for job in jobs:
            sys.stdout.write(f"{job.result()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
