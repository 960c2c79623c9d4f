# SPDX-License-Identifier: GPL-3.0-or-later
"""Render random heads with exact labels into shards for training.

    python -m training.rendering.heads --count 4000      (a Python with bpy and numpy; resumable)

Each shard ``training/data/renders-XX.npz`` (n pictures of 160×160) holds:

==============  =======================  ====================================================================
images,         bytes; (n+1,) int64      picture i is the WebP file images[offsets[i]:offsets[i+1]]
offsets
params          (n, 62) float32          for the 160 px picture: picture x = V[0], picture y = 160 − V[1]; the
                                         expression part is the least-squares fit to the ARKit deformation
landmarks68     (n, 68, 3) float32       picture pixels, y down, z towards the camera, of the rendered mesh
arkit           (n, 52) float32          exact weights
visible         (n,) float32             share of the face's camera-facing skin that nothing hides
==============  =======================  ====================================================================

The picture of index i depends on (seed, i) alone. Camera space: millimetres, x right, y up, z to the camera,
the origin at the picture's centre.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import bpy  # noqa: F401  (makes mathutils importable)
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from ddfa_blender import projection
from ddfa_blender.morphable_model import MorphableModel

from .framing import PICTURE_SIZE, random_transform
from .geometry import EMPTY, Mesh, join
from .hair import Scalp, grow_hair, scalp_stubble
from .labels import expression_fit, face_mask, picture_landmarks, vertex_normals
from .props import background, glasses, random_occluder, shoulders
from .random_expressions import random_expression
from .skin_paint import SkinPainter, bake_skin_map
from .studio import BACKDROP_SIZE, RenderSettings, Studio
from .subject import random_identity, random_subject

SHARD_SIZE = 200
DATA_FOLDER = Path(__file__).resolve().parents[1] / "data"
_OCCLUDED_SHARE = 0.22
_VISIBILITY_RAYS = 240


@dataclass(frozen=True, eq=False)
class Labels:
    """One picture's labels; shapes as in the shard, without the leading axis."""

    params: NDArray[np.float32]
    landmarks68: NDArray[np.float32]
    arkit: NDArray[np.float32]
    visible: float


def place_shoulders(mesh: Mesh, rotation: NDArray, offset: NDArray) -> Mesh:
    """Shoulders in camera millimetres: under the neck, but turned less than the head."""
    collar = mesh.vertices[:32].mean(axis=0)
    part = projection.rotation_from_euler(0.45 * projection.euler_degrees(rotation))
    return mesh.moved(part, collar @ rotation.T + offset - collar @ part.T)


class HeadRenderer:
    """Draws, renders and labels one random head after another in one scene."""

    def __init__(self, model: MorphableModel, settings: RenderSettings) -> None:
        self.model = model
        self._face = np.flatnonzero(face_mask(model))
        skin_map = bake_skin_map(model)
        self._painter = SkinPainter(skin_map)
        self._scalp = Scalp(model)
        self._studio = Studio(model, skin_map, settings)
        self._fit = expression_fit(model)

    def render(self, rng: np.random.Generator, path: Path) -> Labels:
        """Render the head that ``rng`` draws to ``path``."""
        model, studio = self.model, self._studio
        shape = random_identity(rng, len(model.shape_basis))
        subject, arkit = random_subject(rng), random_expression(rng)
        neutral = model.vertices(shape).astype(np.float64)
        vertices = neutral + np.tensordot(arkit, model.arkit_basis, axes=1)
        landmarks = model.at_landmarks(vertices)
        transform = random_transform(landmarks, rng)
        scale = float(np.linalg.norm(transform[0, :3]))
        rotation, offset = transform[:, :3] / scale, transform[:, 3] / scale
        offset = offset - np.array([PICTURE_SIZE / 2.0, PICTURE_SIZE / 2.0, 0.0]) / scale

        def to_camera(mesh: Mesh) -> Mesh:
            return mesh.moved(rotation, offset) if len(mesh.quads) else EMPTY

        camera_vertices = vertices @ rotation.T + offset
        hair = grow_hair(self._scalp, subject, neutral)
        spectacles = glasses(model.at_landmarks(neutral), subject)
        hair_mesh, frame, lenses = (to_camera(m) for m in (hair.mesh, spectacles.frame, spectacles.lenses))
        studio.materials.dress(subject)
        studio.set_skin(self._painter.paint(subject, scalp_stubble(self._scalp, subject, self._painter.map.position)))
        studio.set_head(camera_vertices)
        studio.set_hair(hair_mesh, hair.shade)
        cloth = place_shoulders(shoulders(neutral, rng), rotation, offset)
        studio.set_props(cloth, frame, lenses)
        occluder = self._occlude(landmarks @ rotation.T + offset, subject.skin, rng)
        studio.lighting.set_random(rng)
        studio.set_backdrop(background(BACKDROP_SIZE, rng))
        studio.frame_orthographic(scale)
        studio.render(path)
        hiding = [hair_mesh, cloth, occluder, frame] + ([lenses] if subject.glasses == "sun" else [])
        return Labels(
            projection.join(transform, shape, arkit @ self._fit).astype(np.float32),
            picture_landmarks(landmarks, transform, PICTURE_SIZE).astype(np.float32),
            arkit.astype(np.float32),
            self._visible(camera_vertices, join(hiding), scale),
        )

    def _occlude(self, landmarks: NDArray, skin: NDArray, rng: np.random.Generator) -> Mesh:
        if rng.random() >= _OCCLUDED_SHARE:
            self._studio.set_occluder(EMPTY, skin, 0.5)
            return EMPTY
        occluder = random_occluder(landmarks.min(axis=0), landmarks.max(axis=0), skin, rng)
        self._studio.set_occluder(occluder.mesh, occluder.colour, 0.5 if occluder.is_skin else rng.uniform(0.1, 0.9))
        return occluder.mesh

    def _visible(self, vertices: NDArray, hiding: Mesh, scale: float) -> float:
        """Share of the camera-facing face inside the picture and not behind ``hiding`` (camera millimetres)."""
        normals = vertex_normals(vertices, self.model.quads)[self._face]
        points = vertices[self._face][normals[:, 2] > 0.15]
        if not len(points):
            return 0.0
        points = points[:: max(1, len(points) // _VISIBILITY_RAYS)]
        seen = (np.abs(points[:, :2]) < PICTURE_SIZE / 2.0 / scale).all(axis=1)
        if len(hiding.quads):
            tree = BVHTree.FromPolygons(hiding.vertices.tolist(), hiding.quads.tolist())
            towards = Vector((0.0, 0.0, 1.0))
            for i in np.flatnonzero(seen):
                start = Vector(points[i]) + towards
                seen[i] = tree.ray_cast(start, towards)[0] is None
        return float(seen.mean())


def write_shard(path: Path, pictures: list[bytes], labels: list[Labels]) -> None:
    """Write a shard under a temporary name, then rename it."""
    offsets = np.concatenate([[0], np.cumsum([len(picture) for picture in pictures])]).astype(np.int64)
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        np.savez(
            file,
            images=np.frombuffer(b"".join(pictures), dtype=np.uint8),
            offsets=offsets,
            params=np.stack([label.params for label in labels]),
            landmarks68=np.stack([label.landmarks68 for label in labels]),
            arkit=np.stack([label.arkit for label in labels]),
            visible=np.array([label.visible for label in labels], dtype=np.float32),
        )
    temporary.replace(path)


def render_shards(count: int, shard_size: int, seed: int, folder: Path, settings: RenderSettings) -> None:
    """Render pictures 0…count−1; shards that exist already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = [(i, folder / f"renders-{i:02d}.npz") for i in range((count + shard_size - 1) // shard_size)]
    missing = [(i, path) for i, path in shards if not path.exists()]
    if not missing:
        return
    renderer = HeadRenderer(MorphableModel.load(), settings)
    total, done, start = len(missing) * shard_size, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        picture_path = Path(scratch) / "picture.webp"
        for index, path in missing:
            pictures, labels = [], []
            for i in range(index * shard_size, min((index + 1) * shard_size, count)):
                labels.append(renderer.render(np.random.default_rng([seed, i]), picture_path))
                pictures.append(picture_path.read_bytes())
                done += 1
                if done % 25 == 0:
                    rate = done / (time.monotonic() - start)
                    print(f"{done}/{total} pictures, {rate:.2f}/s, {(total - done) / rate / 60.0:.0f} min left",
                          file=sys.stderr, flush=True)  # fmt: skip
            write_shard(path, pictures, labels)
            print(path, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--shard-size", type=int, default=SHARD_SIZE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=DATA_FOLDER)
    parser.add_argument("--samples", type=int, default=RenderSettings.samples)
    parser.add_argument("--threads", type=int, default=RenderSettings.threads)
    parser.add_argument("--no-denoise", action="store_true")
    parser.add_argument("--scattering", type=float, default=0.0, help="subsurface weight of the skin, 0..1 (slower)")
    options = parser.parse_args()
    settings = RenderSettings(
        PICTURE_SIZE, options.samples, not options.no_denoise, options.scattering, options.threads
    )
    render_shards(options.count, options.shard_size, options.seed, options.out, settings)
    sys.stdout.flush()
    # Some Blender versions crash or hang while the interpreter shuts down.
    os._exit(0)


if __name__ == "__main__":
    main()
