# SPDX-License-Identifier: GPL-3.0-or-later
"""Render clips whose 52 weights are known: other actors, lights and movements for each group of channels.

    python -m training.rendering.known_clips [--only NAME …]   (a Python with bpy and numpy; ten minutes; resumable)

Writes ``training/data/known-weights/NAME.mp4`` (256×256, 30 fps, H.264) and the truth ``NAME.npz``: ``arkit`` (N, 52),
``identity`` (40,), ``head_rotation`` (N, 4) quaternion w, x, y, z in model axes. Nothing of this is trained or
calibrated on; ``python -m training.evaluation.known_weights`` measures on it.
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
from ddfa_blender.quaternions import continuous, from_matrices

from .clip import CLIP_SIZE, Stage, encode
from .clip_motion import ClipMotion
from .geometry import EMPTY, Mesh
from .hair import Scalp, grow_hair, scalp_stubble
from .heads import DATA_FOLDER
from .known_motion import PERFORMANCES, known_motion
from .props import NO_GLASSES, background, glasses, shoulders
from .skin_paint import SkinMap, SkinPainter, bake_skin_map
from .studio import BACKDROP_SIZE, RenderSettings, Studio
from .subject import IDENTITY_SPREAD, random_visible_subject

OUTPUT = DATA_FOLDER / "known-weights"
#: Seeds of the actors, their looks and their lights; others have seeds below 1000, or 7000 and on.
_FIRST_SEED = 9100
#: The camera of the closed-loop clip: 2.4 m away, a long portrait lens.
DISTANCE, _WIDTH_SEEN = 2400.0, 400.0
_SHOULDER_DROP = 22.0


class ActorStage(Stage):
    """A stage for an actor of one's choice."""

    def __init__(self, model: MorphableModel, motion: ClipMotion, identity: NDArray) -> None:
        super().__init__(model, motion)
        self.identity = identity
        self.neutral = model.vertices(identity).astype(np.float64)
        self.centre = model.at_landmarks(self.neutral).mean(axis=0)


def render_clip(model: MorphableModel, skin_map: SkinMap, name: str, folder: Path, settings: RenderSettings) -> Stage:
    """Render the frames of a performance to ``folder``/0000.png …; those that exist are kept."""
    seed = _FIRST_SEED + list(PERFORMANCES).index(name)
    return render_actor(model, skin_map, known_motion(name, seed), seed, folder, settings)


def render_actor(
    model: MorphableModel, skin_map: SkinMap, motion: ClipMotion, seed: int, folder: Path, settings: RenderSettings,
    width_seen: float = _WIDTH_SEEN,
) -> Stage:  # fmt: skip
    """Render an actor in each frame of a motion to ``folder``/0000.png …; those that exist are kept.

    ``seed`` draws actor, looks and light; ``width_seen`` is what the picture shows, millimetres.
    """
    rng = np.random.default_rng(seed)
    identity = np.clip(rng.normal(0.0, IDENTITY_SPREAD, len(model.shape_basis)), -1.2, 1.2)
    stage, subject = ActorStage(model, motion, identity), random_visible_subject(rng)
    painter, scalp = SkinPainter(skin_map), Scalp(model)
    studio = Studio(model, skin_map, settings)
    studio.materials.dress(subject)
    studio.set_skin(painter.paint(subject, scalp_stubble(scalp, subject, painter.map.position)))
    studio.set_backdrop(background(BACKDROP_SIZE, rng))
    studio.set_occluder(EMPTY, subject.skin, 0.5)
    studio.lighting.set_random(rng)
    bust = shoulders(stage.neutral, rng).moved(np.eye(3), -stage.centre - [0.0, _SHOULDER_DROP, 0.0])
    studio.frame_perspective(DISTANCE, float(np.degrees(2.0 * np.arctan(width_seen / 2.0 / DISTANCE))))
    hair = grow_hair(scalp, subject, stage.neutral)
    spectacles = glasses(model.at_landmarks(stage.neutral), subject) if subject.glasses != "none" else NO_GLASSES
    for frame in range(len(stage.motion.time)):
        path = folder / f"{frame:04d}.png"
        if path.exists():
            continue

        def ride(mesh: Mesh, frame: int = frame) -> Mesh:
            return Mesh(stage.moved(mesh.vertices, frame), mesh.quads) if len(mesh.quads) else EMPTY

        studio.set_head(stage.vertices(frame))
        studio.set_hair(ride(hair.mesh), hair.shade)
        studio.set_props(bust, ride(spectacles.frame), ride(spectacles.lenses))
        studio.render(path, "PNG")
    return stage


def write_truth(stage: Stage, path: Path) -> None:
    """The truth file; see the module's page."""
    np.savez_compressed(
        path,
        arkit=stage.motion.arkit.astype(np.float32),
        identity=stage.identity.astype(np.float32),
        head_rotation=continuous(from_matrices(stage.motion.rotation)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUTPUT)
    parser.add_argument("--only", nargs="*", choices=tuple(PERFORMANCES), help="these clips")
    parser.add_argument("--samples", type=int, default=6)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    model = MorphableModel.load()
    settings = RenderSettings(CLIP_SIZE, options.samples, True, 0.0)
    skin_map = bake_skin_map(model)
    for name in options.only or PERFORMANCES:
        video = options.out / f"{name}.mp4"
        if video.exists():
            continue
        with tempfile.TemporaryDirectory() as scratch:
            stage = render_clip(model, skin_map, name, Path(scratch), settings)
            write_truth(stage, options.out / f"{name}.npz")
            encode(Path(scratch), len(stage.motion.time), video)
        print(video, flush=True)
    sys.stdout.flush()
    os._exit(0)  # some Blender versions crash or hang while the interpreter shuts down


if __name__ == "__main__":
    main()
