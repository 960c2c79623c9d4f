# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture rendered clips whose 52 weights are known, and compare.

    python -m training.evaluation.known_weights [--folder FOLDER] [--regressor FILE] [--high-quality]

The clips come from ``python -m training.rendering.known_clips``. They go through the real pipeline: video, detector,
tracker, network, solve, for each of the three settings of what the weights rest on; nothing is smoothed. Prints the
table per channel, worst first.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.arkit.lips import LipSeam
from ddfa_blender.arkit.mesh_components import unit_components
from ddfa_blender.arkit.reliability import bundled_reliability
from ddfa_blender.arkit.weights import ArkitSource, Evidence, solve_weights
from ddfa_blender.capture import Engine, capture
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import Take
from ddfa_blender.tracking.regressor import Regressor
from ddfa_blender.tracking.tracker import FaceFitter
from training.rendering.clip_motion import FPS
from training.workspace import DATA

from .correlation import moving_correlations

CLIPS = DATA / "known-weights"
SOURCES: tuple[ArkitSource, ...] = get_args(ArkitSource)
#: What the project asks of the best of them: mean correlation over channels that move, mean absolute error.
WANTED_CORRELATION, WANTED_ERROR = 0.9, 0.08
#: Closed lips on a dropped jaw: the seam is open by no more than so many millimetres, the jaw dropped by so much.
_CLOSED, _DROPPED = 0.3, 0.1
_JAW = ARKIT_NAMES.index("jawOpen")
#: Variance of the components of a mesh that is as good as exact.
_EXACT = 0.05


@dataclass(frozen=True, eq=False)
class KnownClip:
    """A captured clip: the true weights, those of each source, and where the face was followed."""

    name: str
    truth: NDArray[np.float64]  # (N, 52)
    found: Mapping[ArkitSource, NDArray[np.float64]]  # (N, 52), NaN where lost

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(N,) where the face was followed and the truth is known."""
        return np.asarray(np.isfinite(self.found["network"]).all(axis=1) & np.isfinite(self.truth).all(axis=1))


@dataclass(frozen=True, eq=False)
class Scores:
    """Of one source: per channel, NaN where no clip moves it."""

    correlation: NDArray[np.float64]  # (52,) mean over the clips in which the channel moves
    error: NDArray[np.float64]  # (52,) mean absolute error over all frames of all clips

    @classmethod
    def of(cls, clips: Sequence[KnownClip], source: ArkitSource) -> Scores:
        """Over all clips."""
        each = np.stack([moving_correlations(clip.found[source], clip.truth) for clip in clips])
        missed = np.concatenate([np.abs(clip.found[source] - clip.truth)[clip.tracked] for clip in clips])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a channel that moves nowhere has no mean
            correlation, error = np.nanmean(each, axis=0), missed.mean(axis=0)
        return cls(correlation, np.where(np.isfinite(correlation), error, np.nan))

    @property
    def means(self) -> tuple[float, float]:
        """Correlation and error over the channels that move."""
        return float(np.nanmean(self.correlation)), float(np.nanmean(self.error))


def clip_files(folder: Path = CLIPS) -> list[Path]:
    """The clips that have their truth beside them.

    Raises:
        CaptureError: there is none.
    """
    files = sorted(file for file in folder.glob("*.mp4") if file.with_suffix(".npz").is_file())
    if not files:
        raise CaptureError(
            f"There are no clips in {folder}; make them with `python -m training.rendering.known_clips`."
        )
    return files


def add_engine(parser: argparse.ArgumentParser) -> None:
    """The options ``regressor`` and ``high_quality`` of :func:`engine_with`."""
    parser.add_argument("--regressor", type=Path, help="another network than the bundled one")
    parser.add_argument("--high-quality", action="store_true", help="look twice at every frame, straight and mirrored")


def engine_with(regressor: Path | None, *, high_quality: bool = False) -> Engine:
    """The bundled engine, with another network or in high quality on request."""
    engine = Engine.load()
    if regressor is not None:
        network = Regressor(regressor)
        fitter = FaceFitter.of(network, MorphableModel.load())
        engine = replace(engine, fitter=fitter, model_name=network.name, model_sha256=network.digest)
    return engine.looking_twice() if high_quality else engine


def measure(take: Take, truth: NDArray, model: MorphableModel, name: str) -> KnownClip:
    """A take beside what is true of it."""
    found = {source: solve(take, model, SolveSettings(arkit_source=source)).arkit for source in SOURCES}
    return KnownClip(name, np.asarray(truth[: len(take)], dtype=np.float64), found)


def measure_all(files: Sequence[Path], engine: Engine, model: MorphableModel) -> list[KnownClip]:
    """Capture the clips and solve them."""
    clips = []
    for file in files:
        with np.load(file.with_suffix(".npz"), allow_pickle=False) as data:
            truth = data["arkit"]
        clips.append(measure(capture(file, engine=engine), truth, model, file.stem))
    return clips


def with_exact_mesh(clip: KnownClip, model: MorphableModel) -> KnownClip:
    """What the blend would make of the same scores if the fitted mesh and the seen lips had no error: the most."""
    table = bundled_reliability()
    exact = replace(table, mesh_error=_EXACT * np.eye(len(table.mesh_error)), mesh_counts=1.0)
    seen, scores = clip.tracked, clip.found["network"]
    touching = LipSeam.of(model).gap(clip.truth[seen]).max(axis=1) <= _CLOSED
    evidence = Evidence(np.flatnonzero(seen) / FPS, scores[seen], clip.truth[seen] @ unit_components(model), touching)
    found = {}
    for source in SOURCES:
        found[source] = np.full_like(scores, np.nan)
        found[source][seen] = solve_weights(evidence, model, exact, source)
    return KnownClip(clip.name, clip.truth, found)


def lip_gaps(clips: Sequence[KnownClip], source: ArkitSource, seam: LipSeam) -> NDArray[np.float64]:
    """Millimetres (F,) that the weights open the lips in each frame in which they are closed on a dropped jaw."""
    gaps = []
    for clip in clips:
        closed = (seam.gap(clip.truth).max(axis=1) <= _CLOSED) & (clip.truth[:, _JAW] >= _DROPPED) & clip.tracked
        gaps.append(seam.gap(clip.found[source][closed]).max(axis=1))
    return np.concatenate(gaps)


def table(clips: Sequence[KnownClip], model: MorphableModel) -> str:
    """The channels, worst first, then the sums."""
    scores = {source: Scores.of(clips, source) for source in SOURCES}
    shown = scores["both"]
    frames, lost = (sum(each) for each in zip(*((len(c.truth), int((~c.tracked).sum())) for c in clips), strict=True))
    lines = [
        f"{len(clips)} clips, {frames} frames, {lost} of them lost",
        f"{'channel':22s}{'r network':>10s}{'mesh':>7s}{'both':>7s}{'MAE network':>13s}{'mesh':>7s}{'both':>7s}",
    ]
    moving = [channel for channel in np.argsort(shown.correlation) if np.isfinite(shown.correlation[channel])]
    for channel in moving:
        lines.append(_row(ARKIT_NAMES[channel], *(
            [getattr(scores[source], kind)[channel] for source in SOURCES] for kind in ("correlation", "error")
        )))  # fmt: skip
    means = [scores[source].means for source in SOURCES]
    lines.append(_row(f"mean of {len(moving)}", [mean[0] for mean in means], [mean[1] for mean in means]))
    exact = [with_exact_mesh(clip, model) for clip in clips]
    best = [Scores.of(exact, source).means for source in SOURCES]
    lines.append(_row("had the mesh no error", [mean[0] for mean in best], [mean[1] for mean in best]))
    lines.append(f"wanted: r ≥ {WANTED_CORRELATION}, MAE ≤ {WANTED_ERROR}")
    seam = LipSeam.of(model)
    for source in SOURCES:
        gaps = lip_gaps(clips, source, seam)
        if len(gaps):
            lines.append(
                f"lips closed on a dropped jaw ({len(gaps)} frames), {source}: "
                f"open by {np.maximum(gaps, 0).mean():.2f} mm in the mean, "
                f"by at most 0.5 mm in {100 * (gaps <= 0.5).mean():.0f} %"
            )
    return "\n".join(lines)


def _row(name: str, correlations: Sequence[float], errors: Sequence[float]) -> str:
    one, two, three = correlations
    a, b, c = errors
    return f"{name:22s}{one:10.2f}{two:7.2f}{three:7.2f}{a:13.3f}{b:7.3f}{c:7.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=CLIPS)
    add_engine(parser)
    options = parser.parse_args()
    model = MorphableModel.load()
    clips = measure_all(
        clip_files(options.folder), engine_with(options.regressor, high_quality=options.high_quality), model
    )
    sys.stdout.write(table(clips, model) + "\n")


if __name__ == "__main__":
    main()
