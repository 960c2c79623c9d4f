# SPDX-License-Identifier: GPL-3.0-or-later
"""Render upright faces with known ARKit weights in Blender, some of each actor: soft shadows, hair that hangs, glass.

    python -m training.rendering.upright_heads [--actors 750 --faces 12]   (a Python with bpy and numpy; resumable)

Writes ``training/data/upright-renders/``, laid out as ``upright_views.py`` tells, 50 actors a file. Each is much slower
to make than one of ``quick_heads.py``, and looks more like a photograph. Actor i depends on (seed, i) alone. One
process of two threads is twice as fast as two of one, which share the denoiser badly.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.tracking.upright import PIXELS_PER_MM

from .geometry import EMPTY, Mesh
from .hair import Scalp, grow_hair, scalp_stubble
from .heads import place_shoulders
from .props import background, glasses, shoulders
from .skin_paint import SkinPainter, bake_skin_map
from .studio import BACKDROP_SIZE, RenderSettings, Studio
from .subject import random_identity, random_visible_subject
from .upright_views import (
    ACTORS_A_FILE,
    PICTURE_SIZE,
    RENDERED,
    pictures_path,
    random_face,
    random_turn,
    stand_upright,
    write_faces,
)

#: So many faces in a row have the same light.
_FACES_A_LIGHT = 4


@dataclass(frozen=True, eq=False)
class _Dressed:
    """An actor's neutral head (V, 3) and what it wears, model millimetres."""

    neutral: NDArray[np.float64]
    hair: Mesh
    hair_shade: NDArray[np.float32]
    frame: Mesh
    lenses: Mesh
    bust: Mesh


class UprightHeads:
    """Renders one random actor after another in one scene."""

    def __init__(self, model: MorphableModel, settings: RenderSettings) -> None:
        self.model = model
        skin_map = bake_skin_map(model)
        self._painter, self._scalp = SkinPainter(skin_map), Scalp(model)
        self._studio = Studio(model, skin_map, settings)

    def actor_faces(
        self, seed: tuple[int, int], faces: int, scratch: Path
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        """Pictures (faces, 160, 160, 3), weights (faces, 52) and landmarks (faces, 68, 2) of one actor."""
        rng = np.random.default_rng(seed)
        actor = self._cast(rng)
        pictures, weights, landmarks = [], [], []
        for face in range(faces):
            if face % _FACES_A_LIGHT == 0:
                self._studio.lighting.set_random(rng)
                self._studio.set_backdrop(background(BACKDROP_SIZE, rng))
            weights.append(random_face(rng))
            landmarks.append(self._place(actor, weights[-1], rng))
            path = scratch / "picture.png"
            self._studio.render(path, "PNG")
            pictures.append(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
        return np.stack(pictures), np.stack(weights).astype(np.float32), np.stack(landmarks)

    def _cast(self, rng: np.random.Generator) -> _Dressed:
        """A random person, dressed."""
        model, studio = self.model, self._studio
        shape = random_identity(rng, len(model.shape_basis))
        neutral, subject = model.vertices(shape).astype(np.float64), random_visible_subject(rng)
        studio.materials.dress(subject)
        studio.set_skin(self._painter.paint(subject, scalp_stubble(self._scalp, subject, self._painter.map.position)))
        studio.set_occluder(EMPTY, subject.skin, 0.5)
        studio.frame_orthographic(PIXELS_PER_MM)
        hair, spectacles = grow_hair(self._scalp, subject, neutral), glasses(model.at_landmarks(neutral), subject)
        return _Dressed(neutral, hair.mesh, hair.shade, spectacles.frame, spectacles.lenses, shoulders(neutral, rng))

    def _place(self, actor: _Dressed, arkit: NDArray, rng: np.random.Generator) -> NDArray[np.float32]:
        """Show the actor with these weights (52,), turned at random; return its landmarks (68, 2) in the picture."""
        model, studio, rotation = self.model, self._studio, random_turn(rng)
        deformed = (actor.neutral + np.tensordot(arkit, model.arkit_basis, axes=1)) @ rotation.T
        worn = [Mesh(mesh.vertices @ rotation.T, mesh.quads) if len(mesh.quads) else EMPTY
                for mesh in (actor.hair, actor.frame, actor.lenses)]  # fmt: skip
        worn.append(place_shoulders(actor.bust, rotation, np.zeros(3)))
        parts = [deformed, *(mesh.vertices.reshape(-1, 3) for mesh in worn)]
        _, seen, landmarks = stand_upright(np.concatenate(parts), model.at_landmarks(deformed), rotation, rng)
        ends = np.cumsum([len(part) for part in parts])[:-1]
        head, *moved = np.split(seen, ends)
        hair, frame, lenses, bust = (Mesh(points, mesh.quads) for points, mesh in zip(moved, worn, strict=True))
        studio.set_head(head)
        studio.set_hair(hair, actor.hair_shade)
        studio.set_props(bust, frame, lenses)
        return landmarks


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--actors", type=int, default=750)
    parser.add_argument("--faces", type=int, default=12, help="of each actor")
    parser.add_argument("--seed", type=int, default=60)
    parser.add_argument("--out", type=Path, default=RENDERED)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--threads", type=int, default=RenderSettings.threads)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    heads = UprightHeads(
        MorphableModel.load(), RenderSettings(PICTURE_SIZE, options.samples, True, 0.0, options.threads)
    )
    with tempfile.TemporaryDirectory() as scratch:
        for first in range(0, options.actors, ACTORS_A_FILE):
            index = first // ACTORS_A_FILE
            if pictures_path(options.out, index).exists():
                continue
            last = min(first + ACTORS_A_FILE, options.actors)
            made = [heads.actor_faces((options.seed, i), options.faces, Path(scratch)) for i in range(first, last)]
            columns = (np.concatenate(column) for column in zip(*made, strict=True))
            sys.stdout.write(f"{write_faces(options.out, index, *columns)}\n")
            sys.stdout.flush()
    os._exit(0)  # some Blender versions crash or hang while the interpreter shuts down


if __name__ == "__main__":
    main()
