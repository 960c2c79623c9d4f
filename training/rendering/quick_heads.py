# SPDX-License-Identifier: GPL-3.0-or-later
"""Upright faces with known ARKit weights by the hundred thousand, drawn by our own rasteriser (no Blender).

    python -m training.rendering.quick_heads [--actors 2000 --faces 24 --processes 2]

Writes ``training/data/upright-faces/`` ``pictures-XX.npy`` (n, 160, 160, 3) uint8, ``arkit-XX.npy`` (n, 52) and
``landmarks-XX.npy`` (n, 68, 2) pixels: the faces of actors in turn. Identity and looks are as random as those of
``heads.py``; the light is simpler, the pose that of people who face a camera. Actor i depends on (seed, i) alone.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import rotation_from_euler
from ddfa_blender.tracking.upright import ANCHOR_POINTS, PIXELS_PER_MM, upright_warp
from training.workspace import DATA

from .actors import Actor, Parts, cast
from .known_expressions import add_few_units, with_eyes
from .props import background
from .random_expressions import random_expression
from .rasteriser import rasterise, vertex_normals
from .shading import Lights, Surface, shaded

FOLDER = DATA / "upright-faces"
#: Pixels of a stored picture: more than the network sees, so that training can move it about.
PICTURE_SIZE = 160
_SAMPLES = 2  # by so many across and down each pixel is averaged
_ACTORS_A_FILE = 50
_BACKDROP = 96
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


def photographed(
    parts: Parts, actor: Actor, lights: Lights, arkit: NDArray, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The actor's face (160, 160, 3) with these weights, from somewhere in front, and its landmarks (68, 2)."""
    model = parts.model
    deformed = actor.neutral + np.tensordot(arkit, model.arkit_basis, axes=1)
    turn = rng.normal(size=3) * _TURN * (3.0 if rng.random() < 0.1 else 1.0)
    rotation = rotation_from_euler(np.clip(turn, [-65.0, -40.0, -25.0], [65.0, 40.0, 25.0]))
    points = np.concatenate([deformed, actor.worn]) @ rotation.T
    landmarks = model.at_landmarks(points[: len(actor.neutral)])
    # A camera nearby shows noses larger: at 500 mm by a tenth.
    distance = 1.0 / rng.uniform(1e-5, 1.0 / 450.0)
    middle = landmarks[:, 2].mean()
    nearer = distance / (distance - (points[:, 2:] - middle))
    points[:, :2] *= nearer
    landmarks[:, :2] *= distance / (distance - (landmarks[:, 2:] - middle))
    transform = np.concatenate([rotation, np.zeros((3, 1))], axis=1)
    anchor = landmarks[ANCHOR_POINTS, :2].mean(axis=0) * [1.0, -1.0]
    warp = upright_warp(transform, 1.0, anchor, PICTURE_SIZE)
    # Turned upright, as it will be seen; the light turns along, which does not matter.
    flat = (points[:, :2] * [1.0, -1.0]) @ warp[:, :2].T + warp[:, 2]
    upright = np.concatenate([flat / PIXELS_PER_MM * [1.0, -1.0], points[:, 2:]], axis=1).astype(np.float32)
    places = (landmarks[:, :2] * [1.0, -1.0]) @ warp[:, :2].T + warp[:, 2]
    return _photograph(actor.surface, flat, upright, lights, rng), places.astype(np.float32)


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
    made = [actor_faces(_parts, (seed, index * _ACTORS_A_FILE + k), faces) for k in range(actors)]
    path = folder / f"pictures-{index:02d}.npy"
    pictures, weights, landmarks = (np.concatenate(column) for column in zip(*made, strict=True))
    np.save(folder / f"arkit-{index:02d}.npy", weights)
    np.save(folder / f"landmarks-{index:02d}.npy", landmarks)
    temporary = path.with_suffix(".partial.npy")
    np.save(temporary, pictures)
    temporary.replace(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--actors", type=int, default=2000)
    parser.add_argument("--faces", type=int, default=24, help="of each actor")
    parser.add_argument("--seed", type=int, default=30)
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    files = range((options.actors + _ACTORS_A_FILE - 1) // _ACTORS_A_FILE)
    with ProcessPoolExecutor(options.processes) as pool:
        jobs = [
            pool.submit(write_file, i, options.seed, min(_ACTORS_A_FILE, options.actors - i * _ACTORS_A_FILE),
                        options.faces, options.out)
            for i in files if not (options.out / f"pictures-{i:02d}.npy").exists()
        ]  # fmt: skip
        for job in jobs:
            sys.stdout.write(f"{job.result()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
