# SPDX-License-Identifier: GPL-3.0-or-later
"""What each part of the training is worth: small networks, the same budget, one part changed at a time.

    python -m training.ablations [--only NAME …] [--crops 40000] [--initial CHECKPOINT] [--json FILE]

Each variant trains a MobileNet of quarter width from scratch, or goes on from the averaged weights of a checkpoint (of
any width, at a lower learning rate), under ``training/runs/ablation-NAME-CROPS`` (a finished one is kept). It is scored
on photos (``../shared/bench``), on held-out renders and for stability on our rendered clip.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ddfa_blender.atomic import write_json
from ddfa_blender.capture import Engine, capture
from ddfa_blender.errors import CaptureError
from ddfa_blender.model_folder import ModelFolder
from ddfa_blender.projection import decompose, euler_degrees, split
from ddfa_blender.scoring import jitter, nme51, nme68, stability
from ddfa_blender.tracking.detector import Detector
from ddfa_blender.tracking.regressor import Regressor
from ddfa_blender.tracking.roi import roi_from_landmarks
from ddfa_blender.tracking.tracker import FaceFitter

from .augmentation import AugmentationSettings
from .evaluation.material import (
    RENDERED_CLIP,
    bench_photos,
    clip_path,
    rendered_heads,
    require_shared,
)
from .evaluation.pose_scores import look_at
from .evaluation.rotations import geodesic_degrees
from .export import export
from .losses import LossWeights
from .train import run
from .training_settings import Method, Stage, TrainingSettings
from .workspace import RUNS

_BASE = TrainingSettings(
    run="", crops=40_000, width=0.25, learning_rate=3e-3, method=Method.VERTICES, render_share=0.3,
    stages=(Stage(1.0, 120),),
)  # fmt: skip
_FLAT = AugmentationSettings(profile=0.0)
_FULL = replace(_BASE, stages=(Stage(1.0, 120, 2),))
_RATE_FROM_WEIGHTS = 6e-4


#: Clips not trained on in which people move little: what jitters there is the regressor's.
_CALM_CLIPS = ("single_face", "d19")


@dataclass(frozen=True)
class Variant:
    """One row of the table."""

    title: str
    settings: TrainingSettings


#: By name, in the table's order.
VARIANTS: Mapping[str, Variant] = {
    "photos": Variant("photos", replace(_BASE, render_share=0.0, augmentation=_FLAT)),
    "profiling": Variant("photos, face profiling", replace(_BASE, render_share=0.0)),
    "renders": Variant("photos and renders", replace(_BASE, augmentation=_FLAT)),
    "both": Variant("photos and renders, face profiling", _BASE),
    "random": Variant(
        "… in short videos, no steadiness term", replace(_FULL, weights=replace(LossWeights(), steadiness=0.0))
    ),
    "videos": Variant("… in short videos", _FULL),
    "no-photos": Variant("renders alone, face profiling, short videos", replace(_FULL, render_share=1.0)),
    "fwpdc": Variant("short videos, fWPDC instead of VDC", replace(_FULL, method=Method.PARAMETERS)),
    "meta-joint": Variant(
        "short videos, meta-joint (same number of steps)",
        replace(_FULL, method=Method.META_JOINT, look_ahead=20, follow=80),
    ),
}


class Scores(NamedTuple):
    """Percent of the box, degrees."""

    nme68: float
    nme51: float
    pose_30: float  # held-out renders to 30° of yaw
    pose_75: float  # from 30° to 75°
    stability: float  # rendered clip
    jitter: float  # calm clips not trained on


HEADINGS = ("NME-68 %", "NME-51 %", "pose ≤30°", "pose 30–75°", "stability %", "jitter %")


def score(regressor: Path) -> Scores:
    """Measure one ONNX file."""
    network = Regressor(regressor)
    fitter = FaceFitter.of(network, ModelFolder().face_model())
    errors = []
    for photo in bench_photos():
        found = fitter.fit(photo.image, roi_from_landmarks(photo.landmarks68)).landmarks68
        errors.append((float(nme68(found, photo.landmarks68)), float(nme51(found, photo.landmarks68))))
    heads = list(rendered_heads())
    true = decompose(split(np.stack([head.params for head in heads])).transform).rotation
    angle = geodesic_degrees(look_at(fitter, heads).rotation, true)
    yaw = np.abs(euler_degrees(true)[:, 0])
    engine = Engine(fitter, Detector(), network.name, network.digest)
    poses = float(angle[yaw <= 30].mean()), float(angle[(yaw > 30) & (yaw <= 75)].mean())
    on_photos = 100 * np.mean(errors, axis=0)
    return Scores(float(on_photos[0]), float(on_photos[1]), *poses, *_steadiness(engine))


def _steadiness(engine: Engine) -> tuple[float, float]:
    """Stability on the rendered clip and mean jitter on the calm clips, percent of the box."""
    path = clip_path(RENDERED_CLIP)
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as data:
        truth = data["landmarks68"].astype(np.float64)
    found = capture(path, engine=engine).landmarks68
    known = np.isfinite(found).all(axis=(1, 2))
    jitters = [jitter(capture(clip_path(name), engine=engine).landmarks68) for name in _CALM_CLIPS]
    return (
        100 * stability(found[known], truth[known]),
        100 * float(np.mean([value for value in jitters if value is not None])),
    )


def settings_of(name: str, crops: int, initial: Path | None) -> TrainingSettings:
    """A variant's settings for this budget and this start."""
    settings = replace(VARIANTS[name].settings, run=f"ablation-{name}-{crops}", crops=crops)
    if initial is None:
        return settings
    width = torch.load(initial, weights_only=True, map_location="cpu")["settings"]["width"]
    rate = _RATE_FROM_WEIGHTS
    return replace(settings, run=f"{settings.run}-{initial.stem}", width=width, learning_rate=rate, warm_up=50)


def train_and_score(name: str, crops: int, initial: Path | None) -> Scores:
    """Train a variant unless it is finished, export it and score it."""
    settings = settings_of(name, crops, initial)
    folder = RUNS / settings.run
    file = folder / "regressor.onnx"
    if not file.exists():
        print(f"── {name}", flush=True)
        run(settings, resume=True, initial=initial)
        export(folder / "checkpoint.pt", file)
    return score(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=tuple(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--crops", type=int, default=_BASE.crops)
    parser.add_argument("--initial", type=Path, help="checkpoint whose averaged weights to start from")
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    try:
        require_shared()
        table = {name: train_and_score(name, arguments.crops, arguments.initial) for name in arguments.only}
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    start = f"from {arguments.initial.stem}" if arguments.initial else f"from scratch, width {_BASE.width}"
    print(f"{arguments.crops} crops, {start}\n{'':48s}" + "".join(f"{heading:>13s}" for heading in HEADINGS))
    for name, scores in table.items():
        print(f"{VARIANTS[name].title:48s}" + "".join(f"{value:13.2f}" for value in scores))
    if arguments.json:
        write_json(arguments.json, {name: scores._asdict() for name, scores in table.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
