# SPDX-License-Identifier: GPL-3.0-or-later
"""Render faces whose 52 weights are known, many of each of some actors: what one person's faces differ by.

    python -m training.rendering.known_faces [--actors 48 --faces 20]   (a Python with bpy and numpy; resumable)

Writes ``training/data/known-faces/actor-XX.npz``: ``images``, ``offsets`` (PNG files, packed as in ``heads.py``),
``arkit`` (N, 52), ``landmarks68`` (N, 68, 2) pixels. Actors, looks and lights are others than those of the
known-weights clips and of whatever is trained on. ``python -m training.evaluation.arkit_reliability`` learns from them
what the 68 points' movement tells of the weights.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel

from .clip import Stage
from .heads import DATA_FOLDER
from .known_clips import DISTANCE, render_actor
from .known_expressions import random_faces
from .skin_paint import bake_skin_map
from .studio import RenderSettings

OUTPUT = DATA_FOLDER / "known-faces"
#: Actors' seeds; those of the known-weights clips follow on 9100.
_FIRST_SEED = 7000
#: Pixels of a picture, and the millimetres that it shows: as large as in the clips, with less around it.
_SIZE, _WIDTH_SEEN = 176, 275.0


def pixels(stage: Stage, frame: int) -> NDArray[np.float64]:
    """The 68 landmarks (68, 2) in a picture."""
    points = stage.model.at_landmarks(stage.vertices(frame))
    scale = _SIZE / _WIDTH_SEEN * DISTANCE / (DISTANCE - points[:, 2:])
    return _SIZE / 2.0 + points[:, :2] * scale * [1.0, -1.0]


def write_actor(stage: Stage, folder: Path, path: Path) -> None:
    """Pack the pictures of ``folder`` with their truth; see the module's page."""
    count = len(stage.motion.time)
    pictures = [(folder / f"{frame:04d}.png").read_bytes() for frame in range(count)]
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            images=np.frombuffer(b"".join(pictures), dtype=np.uint8),
            offsets=np.concatenate([[0], np.cumsum([len(picture) for picture in pictures])]).astype(np.int64),
            arkit=stage.motion.arkit.astype(np.float32),
            landmarks68=np.stack([pixels(stage, frame) for frame in range(count)]).astype(np.float32),
        )
    partial.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUTPUT)
    parser.add_argument("--actors", type=int, default=48)
    parser.add_argument("--first", type=int, default=0, help="actor to begin with, to share them out")
    parser.add_argument("--faces", type=int, default=20, help="of each actor")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--threads", type=int, default=RenderSettings.threads)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    model = MorphableModel.load()
    settings = RenderSettings(_SIZE, options.samples, True, 0.0, options.threads)
    skin_map = bake_skin_map(model)
    for actor in range(options.first, options.actors):
        path = options.out / f"actor-{actor:02d}.npz"
        if path.exists():
            continue
        seed = _FIRST_SEED + actor
        with tempfile.TemporaryDirectory() as scratch:
            motion = random_faces(seed, options.faces)
            stage = render_actor(model, skin_map, motion, seed, Path(scratch), settings, _WIDTH_SEEN)
            write_actor(stage, Path(scratch), path)
        print(path, flush=True)
    sys.stdout.flush()
    os._exit(0)  # some Blender versions crash or hang while the interpreter shuts down


if __name__ == "__main__":
    main()
