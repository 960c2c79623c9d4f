# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed loop: capture the clip that we rendered from known curves, and compare the curves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.capture import CaptureSettings, Engine, capture
from ddfa_blender.cleaning.cleanup import perform
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES, EXPRESSION_NAMES
from ddfa_blender.performance import Performance
from ddfa_blender.projection import Pose, nearest_rotation
from ddfa_blender.quaternions import from_matrices, to_matrices
from ddfa_blender.solve import SolveSettings, line_of_sight
from ddfa_blender.take import Take
from ddfa_blender.tracking.detector import Detector
from ddfa_blender.tracking.regressor import Regressor
from ddfa_blender.tracking.tracker import FaceFitter

DATA = Path(__file__).resolve().parents[1] / "data"
CLIP, TRUTH = DATA / "rendered_clip.mp4", DATA / "rendered_clip.npz"
#: Side of the clip's pictures, pixels.
CLIP_SIZE = 256
#: Channels whose true curve never leaves this band do not move in the clip.
_STILL = 0.05


@dataclass(frozen=True, eq=False)
class Truth:
    """What the renderer was told; see training/rendering/clip.py."""

    fps: float
    field_of_view: float  # of the camera, degrees
    arkit: NDArray[np.float64]  # (N, 52)
    expression: NDArray[np.float64]  # (N, 10)
    head_rotation: NDArray[np.float64]  # (N, 4)
    head_translation: NDArray[np.float64]  # (N, 3) mm
    identity: NDArray[np.float64]  # (40,)
    landmarks68: NDArray[np.float64]  # (N, 68, 2) pixels

    @classmethod
    def load(cls, path: Path = TRUTH) -> Truth:
        """Read the truth file."""
        with np.load(path, allow_pickle=False) as data:
            return cls(float(data["fps"]), float(data["field_of_view"]), *(data[name].astype(np.float64) for name in (
                "arkit", "expression", "head_rotation", "head_translation", "identity", "landmarks68")))  # fmt: skip


@dataclass(frozen=True)
class Channel:
    """One curve against its truth, in the channel's own unit; ``peak`` = captured range ÷ ``true_range``."""

    name: str
    correlation: float
    rms: float
    peak: float
    true_range: float


def rotation_errors(captured: NDArray, true: NDArray) -> NDArray[np.float64]:
    """Angles (N,) in degrees between unit quaternions (N, 4)."""
    cosine = np.abs((captured * true).sum(axis=1))
    return np.degrees(2.0 * np.arccos(np.clip(cosine, 0.0, 1.0)))


def without_offset(captured: NDArray, true: NDArray) -> NDArray[np.float64]:
    """``captured`` (N, 4) after the one constant rotation, in the head's own axes, that fits ``true`` best."""
    captured_matrices, true_matrices = to_matrices(captured), to_matrices(true)
    u, _, vt = np.linalg.svd(np.einsum("nij,nik->jk", captured_matrices, true_matrices))
    u[:, 2] *= np.sign(np.linalg.det(u @ vt))
    return from_matrices(captured_matrices @ (u @ vt))


def parallel_view_rotations(truth: Truth, model: MorphableModel, *, corrected: bool) -> NDArray[np.float64]:
    """Quaternions (N, 4) that a scaled orthographic camera finds in the true landmarks, shape and expression known.

    Their distance from the truth is what the clip's perspective costs any regressor of the 62 parameters;
    ``corrected`` for the line of sight, as the solve does, little of it is left.
    """
    poses = []
    for pixels, weights in zip(truth.landmarks68, truth.arkit, strict=True):
        vertices = model.vertices(truth.identity, arkit=weights).astype(np.float64)
        points = model.at_landmarks(vertices)
        solution = np.linalg.lstsq(np.c_[points, np.ones(len(points))], pixels * [1.0, -1.0], rcond=None)[0]
        across, up = solution[0:3].T
        scale = (np.linalg.norm(across) + np.linalg.norm(up)) / 2.0
        rotation = nearest_rotation(np.stack([across, up, np.cross(across, up) / scale]) / scale)[0]
        poses.append(Pose(scale, rotation, np.append(pixels.mean(axis=0) * [1.0, -1.0], 0.0)))
    pose = Pose(*(np.stack(values) for values in zip(*poses, strict=True)))
    if not corrected:
        return from_matrices(pose.rotation)
    half = CLIP_SIZE / 2.0
    seen = pose._replace(translation=pose.translation + [-half, half, 0.0])
    focal = half / np.tan(np.radians(truth.field_of_view) / 2.0)
    return from_matrices(line_of_sight(seen, np.zeros(3), focal) @ pose.rotation)


def rms(values: NDArray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def compare(name: str, captured: NDArray, true: NDArray) -> Channel:
    """A captured curve (N,) against the true one."""
    a, b = captured - captured.mean(), true - true.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    correlation = float(a @ b) / scale if scale > 0.0 else 0.0
    true_range = float(np.ptp(true))
    return Channel(name, correlation, rms(captured - true), float(np.ptp(captured)) / true_range, true_range)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Everything the report prints and the test checks."""

    tracked: float  # share of frames
    rotation_rms: float  # degrees, as captured
    rotation_rms_without_offset: float  # degrees
    rotation_floor: float  # degrees, what perspective alone costs a scaled orthographic camera
    landmark_error: float  # mean distance ÷ √(w·h) of the true points' box
    expression: tuple[Channel, ...]
    arkit: tuple[Channel, ...]  # those that move


def compare_performance(take: Take, performance: Performance, truth: Truth, model: MorphableModel) -> Comparison:
    """Compare frame by frame; both must have the same frames."""
    if len(performance) != len(truth.arkit):
        raise ValueError(f"{len(performance)} frames captured, {len(truth.arkit)} rendered")
    box = np.ptp(truth.landmarks68, axis=1)
    distance = np.linalg.norm(take.landmarks68[..., :2] - truth.landmarks68, axis=2).mean(axis=1)
    moving = np.flatnonzero(np.ptp(truth.arkit, axis=0) > _STILL)
    return Comparison(
        tracked=float(performance.tracked.mean()),
        rotation_rms=rms(rotation_errors(performance.head_rotation, truth.head_rotation)),
        rotation_rms_without_offset=rms(
            rotation_errors(without_offset(performance.head_rotation, truth.head_rotation), truth.head_rotation)
        ),
        rotation_floor=rms(rotation_errors(parallel_view_rotations(truth, model, corrected=True), truth.head_rotation)),
        landmark_error=float(np.nanmean(distance / np.sqrt(box.prod(axis=1)))),
        expression=tuple(
            compare(name, performance.expression[:, i], truth.expression[:, i])
            for i, name in enumerate(EXPRESSION_NAMES)
        ),
        arkit=tuple(compare(ARKIT_NAMES[i], performance.arkit[:, i], truth.arkit[:, i]) for i in moving),
    )


def run(regressor: Path | None = None, *, high_quality: bool = False) -> Comparison:
    """Capture and solve the clip with the bundled regressor (or another ONNX file), and compare."""
    engine = None
    if regressor is not None:
        loaded = Regressor(regressor)
        engine = Engine(FaceFitter.of(loaded, MorphableModel.load()), Detector(), loaded.name, loaded.digest)
    settings, model = CaptureSettings(high_quality=high_quality), MorphableModel.load()
    take = capture(CLIP, settings=settings, engine=engine)
    truth = Truth.load()
    # The clip's camera is known, as a user's may be; the default is a guess at an unknown one.
    return compare_performance(
        take, perform(take, model, SolveSettings(field_of_view=truth.field_of_view)), truth, model
    )


def table(result: Comparison) -> str:
    """The comparison as text."""
    lines = [
        f"tracked frames                     {result.tracked:7.1%}",
        f"head rotation, RMS                 {result.rotation_rms:7.2f} degrees",
        f"head rotation, RMS without offset  {result.rotation_rms_without_offset:7.2f} degrees",
        f"  of which perspective alone        {result.rotation_floor:7.2f} degrees",
        f"68 landmarks, NME                  {result.landmark_error:7.2%}",
    ]
    for title, channels in (("expression component", result.expression), ("ARKit channel", result.arkit)):
        lines += ["", f"{title:24s} correlation     RMS  range captured/true  true range"]
        lines += [
            f"{c.name:24s} {c.correlation:11.3f} {c.rms:7.3f} {c.peak:20.2f} {c.true_range:11.2f}" for c in channels
        ]
        mean = float(np.mean([channel.correlation for channel in channels]))
        lines.append(f"{'mean':24s} {mean:11.3f}")
    return "\n".join(lines)
