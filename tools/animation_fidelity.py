# SPDX-License-Identifier: GPL-3.0-or-later
r"""Does the finished animation move as the actor does, and as far?

    .venvs/training/bin/python -m tools.animation_fidelity [--only fresh …] [--seconds 7] [--clips] [--regressor FILE]

Captures clips with the default settings and measures what the head shows (``tools/face_features.py``): the head that
the add-on builds (ten components, and what ARKit adds), and our head with the 52 weights alone, as any ARKit character
is driven. Beside them: the 68 points as captured, and what is true: of ``../shared``'s clips the labels' teacher's
points, of renders the weights that they were rendered with. All pictures' points are seen from the captured pose.

For each feature: r; gain, the slope on the reference; span, the ratio of the ranges from the 3rd to the 97th hundredth.
Means over the clips in which the feature moves. Then how the calm clips tremble.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.blend import arkit_residual
from ddfa_blender.capture import Engine, capture
from ddfa_blender.cleaning.cleanup import clean
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import euler_degrees
from ddfa_blender.quaternions import to_matrices
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.solve import FittedClip, SolveSettings, fit_clip, solve
from ddfa_blender.take import Take
from training.evaluation.correlation import FEWEST_FRAMES, correlation
from training.evaluation.known_weights import clip_files, engine_with
from training.evaluation.material import FRESH_CLIPS, TRAINED_CLIPS, clip_path, require_shared
from training.evaluation.teacher_tracks import TeacherTrack

from .default_result import second_difference
from .face_features import FEATURES, GAZE, HeadPoints, eye_distance, in_head, measured
from .project import status_of

#: Whose curves there are: the add-on's head, our head with the weights alone, the 68 points, and what is true: on
#: footage that is the labels' teacher's points, and there are its own weights on our head.
HEAD, WEIGHTS, CAPTURED, TRUE, TEACHER_WEIGHTS = "head", "52 weights", "points", "reference", "its weights"
#: What is compared with what.
COMPARED = ((CAPTURED, TRUE), (HEAD, CAPTURED), (HEAD, TRUE), (WEIGHTS, TRUE), (TEACHER_WEIGHTS, TRUE))
#: A feature moves where the reference's standard deviation reaches this, hundredths of the distance between the eyes.
_MOVES = 0.6
#: Frames that count: the head is turned by fewer degrees; and for the gaze, the lids as open as this share of usual.
_FRONTAL, _OPEN = 35.0, 0.6
_SPAN = (0.03, 0.97)
#: Points of the teacher's mesh in the middle of the left and of the right iris.
_TEACHER_IRISES = (473, 468)
#: Clips in which hardly anything happens for a while.
CALM = ("single_face", "d19")
#: Features whose tremble is told.
CALM_FEATURES = ("lips apart", "left corner up", "left lids apart", "left brow up")
_LIDS = ("left lids apart", "right lids apart")

Curves = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Clip:
    """A captured clip: curves (T,) of each feature by whose they are, over its T tracked frames."""

    name: str
    curves: dict[str, Curves]
    counts: NDArray[np.bool_]  # (T,) the head faces the camera
    rotation: NDArray[np.float64]  # (T, 3, 3) of the finished head


class Agreement(NamedTuple):
    """How one curve follows another."""

    r: float
    gain: float
    span: float
    moves: float  # standard deviation of the reference, hundredths of the distance between the eyes

    @classmethod
    def of(cls, curve: NDArray, reference: NDArray) -> Agreement | None:
        """Over the frames (N,) where both are known; None: too few, or the reference does not move enough."""
        both = np.isfinite(curve) & np.isfinite(reference)
        ours, theirs = curve[both], reference[both]
        if both.sum() < FEWEST_FRAMES or theirs.std() < _MOVES:
            return None
        span = np.ptp(np.quantile(ours, _SPAN)) / np.ptp(np.quantile(theirs, _SPAN))
        slope = float(np.cov(ours, theirs, bias=True)[0, 1] / theirs.var())
        return cls(correlation(ours, theirs), slope, float(span), float(theirs.std()))


def agreement(clip: Clip, feature: str, whose: str, reference: str) -> Agreement | None:
    """Of one feature in one clip; None where there is nothing to compare."""
    if whose not in clip.curves or reference not in clip.curves:
        return None
    counts = clip.counts
    if feature in GAZE:
        lids = np.mean([clip.curves[reference][name] for name in _LIDS], axis=0)
        counts = counts & (lids > _OPEN * np.median(lids[np.isfinite(lids)])) if np.isfinite(lids).any() else counts
    return Agreement.of(clip.curves[whose][feature][counts], clip.curves[reference][feature][counts])


class Measuring:
    """Turns takes into clips."""

    def __init__(self, model: MorphableModel) -> None:
        self._model, self._points = model, HeadPoints.of(model)

    def clip(self, name: str, take: Take, reference: Callable[[FittedClip], dict[str, NDArray]]) -> Clip:
        """``reference``: further points (T, 70, 2 or 3) in the head's axes, by whose they are."""
        settings = SolveSettings()
        solution = solve(take, self._model, settings)
        shown, tracked = clean(solution, self._model), solution.tracked
        fitted = fit_clip(take, tracked, self._model, settings)
        expression, arkit = shown.expression[tracked], shown.arkit[tracked]
        residual = arkit_residual(self._model, expression, arkit)
        points = {
            HEAD: self._points.shown(shown.identity, residual, expression),
            WEIGHTS: self._points.shown(shown.identity, arkit),
            CAPTURED: self.seen(fitted, np.pad(fitted.points, ((0, 0), (0, 2), (0, 0)), constant_values=np.nan)),
            **reference(fitted),
        }
        unit = float(eye_distance(self._points.neutral(fitted.identity)[None])[0])
        yaw = np.abs(euler_degrees(fitted.pose.rotation)[:, 0])
        curves = {whose: measured(each, unit) for whose, each in points.items()}
        return Clip(name, curves, yaw < _FRONTAL, to_matrices(shown.head_rotation[tracked]))

    def seen(self, fitted: FittedClip, points: NDArray) -> NDArray[np.float64]:
        """Points (T, 70, 3) of the footage in the head's axes."""
        header = fitted.take.header
        return in_head(points, self._points.neutral(fitted.identity), fitted.pose, (header.width, header.height))

    def teacher(self, track: TeacherTrack, weights68: NDArray, fitted: FittedClip) -> dict[str, NDArray]:
        """The teacher's points, and what its own weights would show on our head."""
        count = len(fitted.take)
        landmarks = track.landmarks[:count][fitted.tracked].astype(np.float64)
        points = np.concatenate([weights68 @ landmarks, landmarks[:, _TEACHER_IRISES]], axis=1)
        arkit = track.arkit[:count][fitted.tracked].astype(np.float64)
        return {TRUE: self.seen(fitted, points), TEACHER_WEIGHTS: self._points.shown(fitted.identity, arkit)}

    def rendered(self, truth: Path, fitted: FittedClip) -> dict[str, NDArray]:
        """The points that were rendered, as large as the captured head."""
        with np.load(truth, allow_pickle=False) as data:
            arkit, identity = data["arkit"].astype(np.float64), data["identity"].astype(np.float64)
        points = self._points.shown(identity, arkit[: len(fitted.take)][fitted.tracked])
        ours, theirs = (eye_distance(self._points.neutral(each)[None])[0] for each in (fitted.identity, identity))
        return {TRUE: points * (ours / theirs)}


def footage(measuring: Measuring, names: Sequence[str], engine: Engine, seconds: float | None) -> Iterator[Clip]:
    """Real people; those clips that the teacher has looked at.

    Raises:
        CaptureError: the folder ``shared`` is missing.
    """
    require_shared()
    from training.evaluation.teacher_points import read_point_weights  # needs scipy

    weights68 = read_point_weights()
    for name in names:
        if TeacherTrack.path(name, "video").is_file() and clip_path(name).is_file():
            take = capture(clip_path(name), engine=engine, settings=CaptureSettings(end=seconds))
            yield measuring.clip(name, take, partial(measuring.teacher, TeacherTrack.load(name, "video"), weights68))


def rendered(measuring: Measuring, engine: Engine) -> Iterator[Clip]:
    """The clips whose weights are known.

    Raises:
        CaptureError: there are none.
    """
    for file in clip_files():
        yield measuring.clip(
            file.stem, capture(file, engine=engine), partial(measuring.rendered, file.with_suffix(".npz"))
        )


def table(title: str, clips: Sequence[Clip]) -> str:
    """A line for each feature, three columns (r, gain, span) for each pair that is compared."""
    pairs = [pair for pair in COMPARED if any(set(pair) <= set(clip.curves) for clip in clips)]
    lines = [f"{f'{title}, {len(clips)} clips':28s}" + "".join(f"{f'{a} / {b}':>26s}" for a, b in pairs)]
    lines.append(f"{'':28s}" + f"{'clips':>8s}{'r':>6s}{'gain':>6s}{'span':>6s}" * len(pairs))
    for feature in FEATURES:
        cells = []
        for whose, reference in pairs:
            found = [each for clip in clips if (each := agreement(clip, feature, whose, reference))]
            means = np.mean(found, axis=0) if found else np.full(len(Agreement._fields), np.nan)
            cells.append(f"{len(found):8d}" + _numbers(means))
        lines.append(f"{feature:28s}" + "".join(cells))
    return "\n".join(lines)


def each_clip(clips: Sequence[Clip]) -> str:
    """For each feature a line per clip in which it moves, and by how much: see :class:`Agreement`."""
    everyone, lines = list(dict.fromkeys(whose for whose, _ in COMPARED)), []
    for feature in FEATURES:
        lines.append(f"{feature:28s}{'moves':>8s}" + "".join(f"{whose:>18s}" for whose in everyone))
        for clip in clips:
            found = [agreement(clip, feature, whose, TRUE) for whose in everyone]
            known = [each for each in found if each]
            if known:
                cells = (_numbers(np.array(each)) if each else " " * 18 for each in found)
                lines.append(f"  {clip.name:26s}{known[0].moves:8.2f}" + "".join(cells))
    return "\n".join(lines)


def tremble(clips: Sequence[Clip]) -> str:
    """Median second differences of the head's rotation and of the features, of the head and of the reference."""
    lines = [
        f"{'calm clips, second difference':28s}{'rotation':>12s}" + "".join(f"{name:>26s}" for name in CALM_FEATURES)
    ]
    for clip in clips:
        cells = [f"{np.median(second_difference(clip.rotation)):10.2f} °"]
        for feature in CALM_FEATURES:
            both = [np.nanmedian(np.abs(np.diff(clip.curves[whose][feature], 2))) for whose in (HEAD, TRUE)]
            cells.append(f"{both[0]:16.2f}, ref. {both[1]:.2f}".rjust(26))
        lines.append(f"{clip.name:28s}" + "".join(cells))
    return "\n".join(lines)


def _numbers(values: NDArray) -> str:
    return "".join(f"{value:6.2f}" if np.isfinite(value) else f"{'–':>6s}" for value in values[:3])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables.

    Raises:
        CaptureError: there is nothing to look at.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=("renders", "fresh", "trained"), help="these clips")
    parser.add_argument("--seconds", type=float, help="of each clip of footage; all of it otherwise")
    parser.add_argument("--clips", action="store_true", help="a line for each clip as well")
    parser.add_argument("--regressor", type=Path, help="another network than the bundled one")
    options = parser.parse_args(arguments)
    measuring, engine = Measuring(MorphableModel.load()), engine_with(options.regressor)
    groups: dict[str, tuple[str, Callable[[], Iterator[Clip]]]] = {
        "renders": ("rendered clips", partial(rendered, measuring, engine)),
        "fresh": ("footage, not trained on", partial(footage, measuring, FRESH_CLIPS, engine, options.seconds)),
        "trained": ("footage, trained on", partial(footage, measuring, TRAINED_CLIPS, engine, options.seconds)),
    }
    for title, make in (groups[name] for name in options.only or groups):
        clips = list(make())
        if clips:
            calm = [clip for clip in clips if clip.name in CALM]
            parts = [
                table(title, clips),
                *([each_clip(clips)] if options.clips else []),
                *([tremble(calm)] if calm else []),
            ]
            sys.stdout.write("\n\n".join(parts) + "\n\n")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(status_of(main))
