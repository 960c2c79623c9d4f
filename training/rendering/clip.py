# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the closed-loop clip: one actor of our own model with known curves, seen by a perspective camera.

    python -m training.rendering.clip      (a Python with bpy and numpy; about ten minutes on two cores)

Writes ``tests/data/rendered_clip.mp4`` (256×256, 30 fps, H.264) and its truth ``tests/data/rendered_clip.npz``:
``fps``, ``arkit`` (N, 52), ``expression`` (N, 10) least-squares fit to the ARKit deformation, ``head_rotation``
(N, 4) quaternion w, x, y, z in model axes (x right in the picture, y up, z to the camera), ``head_translation``
(N, 3) mm, ``identity`` (40,), ``landmarks68`` (N, 68, 2) pixels.

The camera stands 2.4 m before the face and sees 400 mm of width there (9.5°, a long portrait lens): near enough to a
parallel view for the scaled orthographic camera of the 62 parameters, and still a perspective one. The head turns about
the model's pivot; the neck follows by ``head_weight``, the shoulders stay.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.quaternions import continuous, from_matrices

from .clip_motion import FPS, ClipMotion, clip_motion
from .geometry import EMPTY, Mesh
from .hair import Scalp, grow_hair, scalp_stubble
from .labels import expression_fit
from .props import NO_GLASSES, shoulders
from .skin_paint import SkinPainter, bake_skin_map
from .studio import BACKDROP_SIZE, RenderSettings, Studio
from .subject import Subject

CLIP_SIZE = 256
_DISTANCE, _WIDTH_SEEN = 2400.0, 400.0  # mm
_FIELD_OF_VIEW = float(np.degrees(2.0 * np.arctan(_WIDTH_SEEN / 2.0 / _DISTANCE)))
_SHOULDER_DROP = 22.0  # mm, so that a lowered chin stays in view
_IDENTITY_SEED, _IDENTITY_STRENGTH = 5, 0.7
OUTPUT = Path(__file__).resolve().parents[2] / "tests" / "data"

_ACTOR = Subject(
    skin=np.array([0.52, 0.285, 0.195]), lips=np.array([0.42, 0.14, 0.12]), hair=np.array([0.045, 0.022, 0.012]),
    brows=np.array([0.020, 0.010, 0.006]), iris=np.array([0.10, 0.16, 0.20]), cloth=np.array([0.05, 0.09, 0.16]),
    hair_style="short", beard="none", glasses="none", brow_thickness=5.5, brow_density=1.0, lashes=True, makeup=0.3,
    gloss=0.48, seed=4,
)  # fmt: skip


def actor_identity(model: MorphableModel) -> NDArray[np.float64]:
    """The actor's shape coefficients (40,)."""
    return _IDENTITY_STRENGTH * np.random.default_rng(_IDENTITY_SEED).normal(size=len(model.shape_basis))


class Stage:
    """The actor's head at any frame, in camera millimetres about the neutral face's centre."""

    def __init__(self, model: MorphableModel, motion: ClipMotion) -> None:
        self.model, self.motion = model, motion
        self.identity = actor_identity(model)
        self.neutral = model.vertices(self.identity).astype(np.float64)
        self.centre = model.at_landmarks(self.neutral).mean(axis=0)

    def vertices(self, frame: int) -> NDArray[np.float64]:
        """(V, 3)."""
        motion, weight = self.motion, self.model.head_weight[:, None]
        still = self.neutral + np.tensordot(motion.arkit[frame], self.model.arkit_basis, axes=1)
        return weight * self.moved(still, frame) + (1.0 - weight) * (still - self.centre)

    def moved(self, points: NDArray, frame: int) -> NDArray[np.float64]:
        """Model points (N, 3) that ride on the head."""
        return points @ self.motion.rotation[frame].T + self.motion.translation[frame] - self.centre

    def pixels(self, frame: int) -> NDArray[np.float64]:
        """The 68 landmarks (68, 2) in the picture."""
        points = self.model.at_landmarks(self.vertices(frame))
        scale = CLIP_SIZE / _WIDTH_SEEN * _DISTANCE / (_DISTANCE - points[:, 2:])
        return CLIP_SIZE / 2.0 + points[:, :2] * scale * [1.0, -1.0]


def _backdrop() -> NDArray[np.float32]:
    """A plain wall with a soft light from the left."""
    ys, xs = np.mgrid[0 : 1 : BACKDROP_SIZE * 1j, 0 : 1 : BACKDROP_SIZE * 1j]
    glow = 0.10 + 0.22 * np.exp(-((xs - 0.2) ** 2 + (ys - 0.7) ** 2) / 0.25)
    picture = np.stack([glow * 0.95, glow, glow * 1.08, np.ones_like(glow)], axis=-1)
    return picture.astype(np.float32)


def render_frames(stage: Stage, folder: Path, settings: RenderSettings, frames: list[int]) -> None:
    """Render ``frames`` to ``folder``/0000.png …; those that exist are kept."""
    missing = [frame for frame in frames if not (folder / f"{frame:04d}.png").exists()]
    if not missing:
        return
    model = stage.model
    skin_map = bake_skin_map(model)
    studio, painter, scalp = Studio(model, skin_map, settings), SkinPainter(skin_map), Scalp(model)
    studio.materials.dress(_ACTOR)
    studio.set_skin(painter.paint(_ACTOR, scalp_stubble(scalp, _ACTOR, painter.map.position)))
    studio.set_backdrop(_backdrop())
    studio.set_occluder(EMPTY, _ACTOR.skin, 0.5)
    bust = shoulders(stage.neutral, np.random.default_rng(1))
    bust = bust.moved(np.eye(3), -stage.centre - [0.0, _SHOULDER_DROP, 0.0])
    studio.set_props(bust, NO_GLASSES.frame, NO_GLASSES.lenses)
    studio.lighting.set_world(index=2, turn=40.0, tilt=np.zeros(2), strength=1.0)
    studio.lighting.set_lamp(np.array([-0.7, -1.0, 0.6]), size=8.0, watts=900.0, colour=np.array([1.0, 0.95, 0.88]))
    studio.lighting.set_exposure(0.0, "Filmic")
    studio.frame_perspective(_DISTANCE, _FIELD_OF_VIEW)
    hair = grow_hair(scalp, _ACTOR, stage.neutral)
    for frame in missing:
        studio.set_head(stage.vertices(frame))
        studio.set_hair(Mesh(stage.moved(hair.mesh.vertices, frame), hair.mesh.quads), hair.shade)
        studio.render(folder / f"{frame:04d}.png", "PNG")


def encode(folder: Path, count: int, path: Path) -> None:
    """Encode ``folder``/0000.png … as H.264 with Blender's own FFmpeg."""
    scene = bpy.data.scenes.new("Encode")
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_image("Clip", str(folder / "0000.png"), channel=1, frame_start=1)
    for frame in range(1, count):
        strip.elements.append(f"{frame:04d}.png")
    scene.frame_start, scene.frame_end = 1, count
    scene.view_settings.view_transform = "Standard"
    render = scene.render
    render.fps, render.fps_base = FPS, 1.0
    render.resolution_x = render.resolution_y = CLIP_SIZE
    render.resolution_percentage = 100
    render.use_sequencer, render.use_file_extension = True, False
    if "media_type" in render.image_settings.bl_rna.properties:  # Blender 5
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.image_settings.color_mode = "RGB"
    video = render.ffmpeg
    video.format, video.codec, video.audio_codec = "MPEG4", "H264", "NONE"
    video.constant_rate_factor, video.ffmpeg_preset, video.gopsize = "PERC_LOSSLESS", "BEST", FPS
    render.filepath = str(path)
    bpy.ops.render.render(animation=True, scene=scene.name)


def write_truth(stage: Stage, path: Path) -> None:
    """The truth file; see the module's page."""
    motion = stage.motion
    np.savez_compressed(
        path,
        fps=np.float64(FPS),
        field_of_view=np.float64(_FIELD_OF_VIEW),
        arkit=motion.arkit.astype(np.float32),
        expression=(motion.arkit @ expression_fit(stage.model)).astype(np.float32),
        head_rotation=continuous(from_matrices(motion.rotation)),
        head_translation=motion.translation,
        identity=stage.identity.astype(np.float32),
        landmarks68=np.stack([stage.pixels(frame) for frame in range(len(motion.time))]).astype(np.float32),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUTPUT, help="folder for rendered_clip.mp4 and .npz")
    parser.add_argument("--frames", type=Path, help="keep the frames here (and resume from them)")
    parser.add_argument("--only", type=int, nargs="*", help="render just these frames to --frames, encode nothing")
    parser.add_argument("--samples", type=int, default=12)
    options = parser.parse_args()
    stage = Stage(MorphableModel.load(), clip_motion())
    settings = RenderSettings(CLIP_SIZE, options.samples, True, 0.0)
    count = len(stage.motion.time)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.frames or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        render_frames(stage, folder, settings, options.only or list(range(count)))
        if not options.only:
            options.out.mkdir(parents=True, exist_ok=True)
            encode(folder, count, options.out / "rendered_clip.mp4")
            write_truth(stage, options.out / "rendered_clip.npz")
    sys.stdout.flush()
    os._exit(0)  # some Blender versions crash or hang while the interpreter shuts down


if __name__ == "__main__":
    main()
