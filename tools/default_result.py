# SPDX-License-Identifier: GPL-3.0-or-later
"""What an animator sees of a capture with the default settings, and what it would be without each of them.

    .venvs/training/bin/python -m tools.default_result

On the rendered clips whose truth is known (``python -m training.rendering.known_clips``), and on the clips of
``../shared`` that the labels' teacher looked at (``python -m tools.measure_teacher``), where the teacher tells which
eyes and lips are closed. Prints how far closed eyes close and closed lips part, and how heads tremble.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.arkit.lips import LipSeam
from ddfa_blender.capture import capture
from ddfa_blender.cleaning.channel_groups import BLINKS
from ddfa_blender.cleaning.cleanup import CleanUpSettings, clean
from ddfa_blender.cleaning.full_blinks import LidClosure
from ddfa_blender.cleaning.smoothing import Smoothing
from ddfa_blender.errors import CaptureError
from ddfa_blender.lip_closure import lip_gap
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE, decompose, nearest_rotation, split
from ddfa_blender.quaternions import to_matrices
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import Take
from training.evaluation.apertures import aspect_ratio
from training.evaluation.known_weights import clip_files
from training.evaluation.material import FRESH_CLIPS, clip_path
from training.evaluation.rotations import constant_offset, geodesic_degrees
from training.evaluation.teacher_tracks import TeacherTrack

from .project import status_of

#: Seconds of each clip of footage that are looked at, and frames in which teacher and tracker must see a face.
_SECONDS, _FEWEST = 7.0, 30
#: The truth's lids that are closed by more than this are shut; lips that it opens by less than so many millimetres.
_SHUT, _CLOSED = 0.9, 0.3
#: Lids that it closes by less than this are open; those of a pair that differ by less than that are alike.
_OPEN, _ALIKE = 0.5, 0.1
#: Eyes whose height the teacher sees below this share of their width are shut; its lips are closed up to millimetres.
_TEACHER_SHUT, _TEACHER_CLOSED = 0.095, 1.0
#: Those above this share are open, and those of a pair that differ by less than that are alike.
_TEACHER_OPEN, _TEACHER_ALIKE = 0.13, 0.02
#: Points of the teacher's mesh: corners and lids of the left and the right eye, inner lips.
_EYES = ((362, 385, 387, 263, 373, 380), (33, 160, 158, 133, 153, 144))
_UPPER_LIP, _LOWER_LIP = (13, 82, 312), (14, 87, 317)
#: Lips of the head that are apart by more than the first, or overlap by more than the second, look wrong, millimetres.
_APART, _OVERLAP = 0.5, 1.5

#: What is compared, by the head of the column.
CHOICES = {
    "without": (SolveSettings(touching_lips=False), CleanUpSettings(full_blinks=False)),
    "default": (SolveSettings(), CleanUpSettings()),
    "head 0.3 s": (SolveSettings(), CleanUpSettings(smoothing=Smoothing(head=0.3))),
}


@dataclass(frozen=True, eq=False)
class Clip:
    """A take, and what is known of its N frames; NaN where nothing is."""

    take: Take
    shut: NDArray[np.bool_]  # (N, 2) left, right eye
    opened: NDArray[np.bool_]  # (N, 2) the same, far from shut
    alike: NDArray[np.bool_]  # (N,) both eyes as far closed
    closed: NDArray[np.bool_]  # (N,) lips
    rotation: NDArray[np.float64]  # (N, 3, 3) of the head, from any fixed view


class Seen(NamedTuple):
    """Of one clip with one choice of settings."""

    blinks: NDArray[np.float64]  # weight of ``eyeBlink`` of each eye that is shut
    lids: NDArray[np.float64]  # how far those lids are closed: 1 = they meet
    opened: NDArray[np.float64]  # weight of ``eyeBlink`` of each eye that is open
    apart: NDArray[np.float64]  # by how much those of a pair of eyes differ that are alike
    gaps: NDArray[np.float64]  # millimetres between lips that are closed
    error: NDArray[np.float64]  # degrees of the head's rotation, the clip's constant part taken away
    jitter: NDArray[np.float64]  # degrees, size of the second difference of the rotation
    true_jitter: NDArray[np.float64]  # the same of the truth
    sway: NDArray[np.float64]  # millimetres, the same of the position


def known_clips(model: MorphableModel) -> Iterator[Clip]:
    """The renders.

    Raises:
        CaptureError: there are none.
    """
    closure, seam = _lids(model), LipSeam.of(model)
    for file in clip_files():
        with np.load(file.with_suffix(".npz"), allow_pickle=False) as data:
            arkit, rotation = data["arkit"].astype(np.float64), data["head_rotation"].astype(np.float64)
        take = capture(file)
        count = len(take)
        rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
        lids = closure.closed(arkit[:count])
        yield Clip(
            take, lids > _SHUT, lids < _OPEN, np.abs(lids[:, 0] - lids[:, 1]) < _ALIKE,
            seam.mean_gap(arkit[:count]) < _CLOSED, to_matrices(rotation[:count]),
        )  # fmt: skip


def footage() -> Iterator[Clip]:
    """Real people, none of whom the network was trained on; those that the teacher has looked at."""
    for name in FRESH_CLIPS:
        if not (TeacherTrack.path(name, "video").is_file() and clip_path(name).is_file()):
            continue
        take, track = capture(clip_path(name), settings=CaptureSettings(end=_SECONDS)), TeacherTrack.load(name, "video")
        points = track.landmarks[: len(take)].astype(np.float64)
        if (take.tracked & track.found[: len(take)]).sum() < _FEWEST:
            continue
        eyes = np.stack([aspect_ratio(points[:, eye]) for eye in _EYES], axis=1)
        lips = np.linalg.norm(points[:, _UPPER_LIP] - points[:, _LOWER_LIP], axis=-1).mean(axis=1)
        lips /= _pixels_per_millimetre(take)
        rotation, _ = nearest_rotation(np.nan_to_num(track.matrix[: len(take), :3, :3].astype(np.float64)))
        rotation[~np.isfinite(points[:, 0, 0])] = np.nan
        alike = np.abs(eyes[:, 0] - eyes[:, 1]) < _TEACHER_ALIKE
        yield Clip(take, eyes < _TEACHER_SHUT, eyes > _TEACHER_OPEN, alike, lips < _TEACHER_CLOSED, rotation)


def see(clip: Clip, model: MorphableModel, settings: tuple[SolveSettings, CleanUpSettings]) -> Seen:
    """What the clip's animation shows."""
    solving, cleaning = settings
    solution = solve(clip.take, model, solving)
    shown = clean(solution, model, cleaning)
    tracked, closure = shown.tracked, _lids(model)
    shut = clip.shut & tracked[:, None]
    rotation, blinks = to_matrices(shown.head_rotation), shown.arkit[:, BLINKS]
    both = tracked & np.isfinite(clip.rotation[:, 0, 0])
    aligned = clip.rotation[both] @ constant_offset(clip.rotation[both], rotation[both])
    return Seen(
        blinks[shut],
        closure.closed(shown.arkit)[shut],
        blinks[clip.opened & tracked[:, None]],
        np.abs(blinks[:, 0] - blinks[:, 1])[clip.alike & tracked],
        lip_gap(model, shown.identity, shown.expression)[clip.closed & tracked],
        geodesic_degrees(aligned, rotation[both]),
        second_difference(rotation[tracked]),
        second_difference(aligned),
        np.linalg.norm(np.diff(shown.head_translation[tracked], 2, axis=0), axis=1),
    )


def table(title: str, found: Mapping[str, list[Seen]]) -> str:
    """A line for each thing to be seen, a column for each choice of settings, with what each clip shows."""

    def row(what: str, number: str, values: list[float]) -> str:
        return f"{what:64s}" + "".join(f"{number.format(value):>12s}" for value in values)

    def pooled(name: str) -> list[NDArray[np.float64]]:
        return [np.concatenate([getattr(seen, name) for seen in each]) for each in found.values()]

    def mean_of_medians(name: str) -> list[float]:
        return [float(np.mean([np.median(getattr(seen, name)) for seen in each])) for each in found.values()]

    gaps, blinks, lids, opened, apart = map(pooled, ("gaps", "blinks", "lids", "opened", "apart"))
    errors = [float(np.mean([seen.error.mean() for seen in each])) for each in found.values()]
    clips = next(iter(found.values()))
    truth = np.mean([np.median(seen.true_jitter) for seen in clips])
    return "\n".join([
        f"{f'{title}, {len(clips)} clips':64s}" + "".join(f"{name:>12s}" for name in found),
        row(f"eyes that are shut ({len(lids[0])}): eyeBlink, median", "{:.2f}", [float(np.median(b)) for b in blinks]),
        row("  eyeBlink below 0.8", "{:.0f} %", [100.0 * float((b < 0.8).mean()) for b in blinks]),
        row("  lids open by more than a tenth", "{:.0f} %", [100.0 * float((c < 0.9).mean()) for c in lids]),
        row(f"eyes that are open ({len(opened[0])}): eyeBlink above 0.9", "{:.1f} %",
            [100.0 * float((b > 0.9).mean()) for b in opened]),
        row(f"pairs that are alike ({len(apart[0])}): eyeBlink apart by more than 0.3", "{:.1f} %",
            [100.0 * float((b > 0.3).mean()) for b in apart]),
        row(f"lips that are closed ({len(gaps[0])}): apart by more than {_APART} mm", "{:.0f} %",
            [100.0 * float((g > _APART).mean()) for g in gaps]),
        row(f"  overlapping by more than {_OVERLAP} mm", "{:.0f} %",
            [100.0 * float((g < -_OVERLAP).mean()) for g in gaps]),
        row(f"head: second difference of its rotation (truth {truth:.2f}°)", "{:.2f}°", mean_of_medians("jitter")),
        row("  second difference of its position", "{:.2f} mm", mean_of_medians("sway")),
        row("  rotation, off by (constant part taken away)", "{:.2f}°", errors),
    ])  # fmt: skip


def _lids(model: MorphableModel) -> LidClosure:
    closure = LidClosure.of(model)
    if closure is None:
        raise CaptureError("The model has no eyelids that close; put the bundled one back.")
    return closure


def _pixels_per_millimetre(take: Take) -> NDArray[np.float64]:
    """(N,) of the face in the footage; NaN where it was lost."""
    result, seen = np.full(len(take), np.nan), take.tracked
    side = (take.roi[seen, 2] - take.roi[seen, 0]).astype(np.float64)
    result[seen] = decompose(split(take.params[seen].astype(np.float64)).transform).scale * side / CROP_SIZE
    return result


def second_difference(rotation: NDArray) -> NDArray[np.float64]:
    """Degrees (N − 2,) of (N, 3, 3)."""
    return np.degrees(np.linalg.norm(np.diff(rotation, 2, axis=0), axis=(1, 2)) / np.sqrt(2.0))


def main() -> None:
    """Print both tables.

    Raises:
        CaptureError: there is nothing to look at.
    """
    model = MorphableModel.load()
    for title, clips in (("rendered clips", list(known_clips(model))), ("footage", list(footage()))):
        if clips:
            found = {name: [see(clip, model, settings) for clip in clips] for name, settings in CHOICES.items()}
            sys.stdout.write(table(title, found) + "\n\n")


if __name__ == "__main__":
    sys.exit(status_of(main))
