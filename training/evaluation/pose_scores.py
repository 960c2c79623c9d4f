# SPDX-License-Identifier: GPL-3.0-or-later
"""Head pose on rendered heads that nobody trained on; their rotation is exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.projection import decompose, euler_degrees, nearest_rotation, split
from ddfa_blender.scoring import nme68
from ddfa_blender.tracking.roi import roi_from_landmarks
from ddfa_blender.tracking.tracker import FaceFitter

from .contest import Contest
from .material import RenderedHead, rendered_heads
from .report import Row, Section, at_most
from .rotations import constant_offset, geodesic_degrees
from .teacher_tracks import RENDERS, TeacherTrack

_LARGEST_YAW = 75.0
_BINS = ((0.0, 30.0), (30.0, 60.0), (60.0, 75.0), (75.0, 90.0))
#: Heads within these angles of yaw and pitch fit the constant offset of a model that is not ours.
_FRONTAL = 20.0
_MOSTLY_VISIBLE = 0.9
_PROTOCOL = (
    "Angle of the rotation between predicted and true R (SVD), ROI from the labels, one look; means. The other two\n"
    "have axes of their own: one constant rotation, fitted on the heads with |yaw|, |pitch| ≤ 20°, is taken off theirs."
)


class Look(NamedTuple):
    """What a model found in n heads: rotations (n, 3, 3) in one look and in two, NME-68 (n,) in one."""

    rotation: NDArray[np.float64]
    refined: NDArray[np.float64]
    nme: NDArray[np.float64]


def look_at(fitter: FaceFitter, heads: Sequence[RenderedHead]) -> Look:
    """Measure each head in the ROI of its labels, and again in the ROI of the points found there."""
    rotations, refined, errors = [], [], []
    for head in heads:
        first = fitter.fit(head.image, roi_from_landmarks(head.landmarks68))
        second = fitter.fit(head.image, first.next_roi)
        rotations.append(decompose(split(first.params)[0]).rotation)
        refined.append(decompose(split(second.params)[0]).rotation)
        errors.append(float(nme68(first.landmarks68, head.landmarks68)))
    return Look(np.stack(rotations), np.stack(refined), np.array(errors))


def without_own_axes(rotation: NDArray, true: NDArray) -> NDArray[np.float64]:
    """Rotations (n, 3, 3), NaN where there is none, without the constant turn of the model's own axes."""
    angles = np.abs(euler_degrees(true))
    frontal = (angles[:, :2] <= _FRONTAL).all(axis=1) & np.isfinite(rotation[:, 0, 0])
    return np.asarray(rotation @ constant_offset(rotation[frontal], true[frontal]))


def angle_errors(rotation: NDArray, true: NDArray) -> NDArray[np.float64]:
    """|yaw|, |pitch| and |roll| errors (n, 3), degrees."""
    difference = euler_degrees(rotation) - euler_degrees(true)
    return np.asarray(np.abs((difference + 180.0) % 360.0 - 180.0))


def measure_poses(contest: Contest) -> Section:
    """The table of pose errors."""
    heads = list(rendered_heads())
    true = decompose(split(np.stack([head.params for head in heads]))[0]).rotation
    published, ours = look_at(contest.published.fitter, heads), look_at(contest.ours.fitter, heads)
    teacher = _teacher_rotations(len(heads))
    rotations = (without_own_axes(published.rotation, true), without_own_axes(teacher, true), ours.rotation)
    errors = np.stack([geodesic_degrees(rotation, true) for rotation in rotations], axis=1)
    yaw = np.abs(euler_degrees(true)[:, 0])
    within, seen = yaw <= _LARGEST_YAW, np.isfinite(errors[:, 1])
    visible = np.array([head.visible for head in heads]) >= _MOSTLY_VISIBLE

    def row(name: str, mask: NDArray, values: NDArray = errors, *, limit: float | None = None) -> Row:
        target = None if limit is None else at_most(limit)
        return Row.of(f"{name} ({int(mask.sum())} heads)", _means(values[mask]), "°", 2, target)

    rows = [
        row("yaw to ±75°", within, limit=3.5),
        *(row(f"  |yaw| {low:.0f}–{high:.0f}°", (yaw >= low) & (yaw < high)) for low, high in _BINS),
        row("  yaw to ±75°, face ≥ 90 % visible", within & visible),
        row("  yaw to ±75°, where the teacher finds a face", within & seen),
    ]
    by_angle = np.stack([angle_errors(rotation, true) for rotation in rotations], axis=1)
    rows += [
        row(f"  yaw to ±75°, |{name}|", within, by_angle[..., i]) for i, name in enumerate(("yaw", "pitch", "roll"))
    ]
    again = without_own_axes(published.refined, true), np.full_like(true, np.nan), ours.refined
    twice = np.stack([geodesic_degrees(rotation, true) for rotation in again], axis=1)
    rows.append(row("  yaw to ±75°, with a second look", within, twice))
    points = np.stack([published.nme, np.full(len(heads), np.nan), ours.nme], axis=1)[within] * 100.0
    rows.append(Row.of("  yaw to ±75°, NME-68 of the 68 points", _means(points), " %", 2))
    medians = ", ".join(
        f"{name} {np.nanmedian(errors[within, i]):.2f}°" for i, name in enumerate(("published", "teacher", "ours"))
    )
    return Section("poses", "rendered heads: pose", tuple(rows), _PROTOCOL, (f"medians to ±75°: {medians}",))


def _teacher_rotations(count: int) -> NDArray[np.float64]:
    """Rotations (n, 3, 3), NaN where the teacher found no face."""
    matrix = TeacherTrack.load(RENDERS, "image").matrix[:, :3, :3].astype(np.float64)
    if len(matrix) != count:
        raise ValueError(f"the teacher saw {len(matrix)} renders, there are {count}: measure it again")
    found = np.isfinite(matrix[:, 0, 0])
    result = np.full_like(matrix, np.nan)
    result[found] = nearest_rotation(matrix[found])[0]
    return result


def _means(values: NDArray) -> list[float]:
    """Mean of the finite values of each column (n, 3)."""
    return [
        float(column[np.isfinite(column)].mean()) if np.isfinite(column).any() else float("nan") for column in values.T
    ]
