# SPDX-License-Identifier: GPL-3.0-or-later
"""Steadiness on footage without labels, next to how much of blinks and mouth openings survives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.scoring import jitter, nme68

from .apertures import eye_aspect_ratio, lip_gap
from .contest import ClipTracks, Contest
from .material import FRESH_CLIPS, TRAINED_CLIPS
from .peaks import Retention, find_events, peak_heights
from .report import Row, Section, Target, at_least, at_most

#: Farther from the teacher's points than this share of the box a model has lost the face; the frame counts for nobody.
_ON_THE_FACE = 0.2
_PROTOCOL = (
    "Jitter: mean |second difference| of the raw 68 points ÷ √(w·h) of their box, as a ratio to the published model's\n"
    "(its authors' own loop), over frames where all are on the face (mean distance to the teacher's points < 20 %\n"
    "of the box); mean of the clips' ratios. Peaks kept: Σ our peak heights ÷ Σ the teacher's at the teacher's events."
)


class Movement(NamedTuple):
    """A curve that has peaks: of the teacher, of ours, of the published model; ``least`` is the least event."""

    name: str
    least: float
    of_teacher: Callable[[ClipTracks], NDArray]
    of_ours: Callable[[ClipTracks], NDArray]
    of_published: Callable[[ClipTracks], NDArray] | None


def _score(name: str) -> tuple[Callable[[ClipTracks], NDArray], Callable[[ClipTracks], NDArray]]:
    channel = ARKIT_NAMES.index(name)
    return lambda clip: clip.teacher.arkit[:, channel], lambda clip: clip.ours.arkit[:, channel]


def _closing(points: NDArray, side: str) -> NDArray[np.float64]:
    return -eye_aspect_ratio(points, side)


#: Blinks by score and by the lids' points (eye aspect ratio, upside down); openings of the mouth by score and lips.
MOVEMENTS: tuple[Movement, ...] = (
    Movement("blink, eyeBlinkLeft", 0.2, *_score("eyeBlinkLeft"), None),
    Movement("blink, eyeBlinkRight", 0.2, *_score("eyeBlinkRight"), None),
    Movement(
        "blink, lids left", 0.1, lambda clip: _closing(clip.teacher68, "left"),
        lambda clip: _closing(clip.ours.landmarks68, "left"), lambda clip: _closing(clip.published, "left"),
    ),
    Movement(
        "blink, lids right", 0.1, lambda clip: _closing(clip.teacher68, "right"),
        lambda clip: _closing(clip.ours.landmarks68, "right"), lambda clip: _closing(clip.published, "right"),
    ),
    Movement("mouth, jawOpen", 0.1, *_score("jawOpen"), None),
    Movement(
        "mouth, lips", 0.03, lambda clip: lip_gap(clip.teacher68),
        lambda clip: lip_gap(clip.ours.landmarks68), lambda clip: lip_gap(clip.published),
    ),
)  # fmt: skip
_GROUPS = (
    ("blink, score", (0, 1)),
    ("blink, lids", (2, 3)),
    ("mouth opening, score", (4,)),
    ("mouth opening, lips", (5,)),
)


def measure_jitter(contest: Contest) -> Section:
    """The table of jitter and kept peaks."""
    rows: list[Row] = []
    details: list[str] = []
    for title, names in (("not trained on", FRESH_CLIPS), ("trained on", TRAINED_CLIPS)):
        fresh = names is FRESH_CLIPS
        clips = [contest.clip(name) for name in names]
        jitters = {clip.name: clip_jitter(clip) for clip in clips}
        ratios = np.array([each / each[0] for each in jitters.values() if np.isfinite(each).all()])
        exact, teacher, ours = (float(ratios[:, i].mean()) if len(ratios) else float("nan") for i in (1, 2, 3))
        stricter = float((ratios[:, 3] / ratios[:, 1]).mean()) if len(ratios) else float("nan")
        rows.append(Row(f"jitter ÷ published, clips {title}", 1.0, teacher, ours, at_most(0.6) if fresh else None))
        rows.append(Row("  the same on our sub-pixel crops", exact, None, stricter))
        rows += _kept_rows(clips, at_least(0.9) if fresh else None)
        details += [f"{name:24s}{_jitter_line(values)}" for name, values in jitters.items()]
    return Section("jitter", "clips: jitter and peaks kept", tuple(rows), _PROTOCOL, tuple(details))


def _jitter_line(values: NDArray) -> str:
    if not np.isfinite(values).all():
        return "no three frames in a row that all track"
    exact, teacher, ours = values[1:] / values[0]
    return (
        f"published {100 * values[0]:.3f} %, with our crops {exact:.2f} of it, teacher {teacher:.2f}, ours {ours:.2f}"
    )


def on_the_face(points: NDArray, teacher68: NDArray) -> NDArray[np.bool_]:
    """(N,) where points (N, 68, 2) lie within 20 % of the box of the teacher's, on average."""
    with np.errstate(invalid="ignore"):
        return np.asarray(nme68(points, teacher68) < _ON_THE_FACE)


def clip_jitter(clip: ClipTracks) -> NDArray[np.float64]:
    """Jitter (4,) of published, published on our crops, teacher, ours, over the frames that all track; or NaN."""
    tracks = clip.published, clip.published_exact, clip.teacher68, clip.ours.landmarks68[..., :2].astype(np.float64)
    shared = np.all([on_the_face(track, clip.teacher68) for track in tracks], axis=0)
    values = [jitter(np.where(shared[:, None, None], track, np.nan)) for track in tracks]
    return np.array([float("nan") if value is None else value for value in values])


def _kept_rows(clips: Sequence[ClipTracks], target: Target | None) -> list[Row]:
    rows = []
    for name, members in _GROUPS:
        movements = [MOVEMENTS[i] for i in members]
        ours = _kept(clips, movements, published=False)
        published = _kept(clips, movements, published=True) if movements[0].of_published else None
        rows.append(
            Row(f"  peaks kept: {name} ({ours.events} events)", published and 100 * published.kept, 100.0,
                100 * ours.kept, target and Target(100 * target.limit, target.at_most), " %", 0)
        )  # fmt: skip
    return rows


def _kept(clips: Sequence[ClipTracks], movements: Sequence[Movement], *, published: bool) -> Retention:
    measured: list[float] = []
    reference: list[float] = []
    for clip in clips:
        for movement in movements:
            curve = movement.of_published if published else movement.of_ours
            if curve is None:
                continue
            events = find_events(movement.of_teacher(clip), clip.ours.time, movement.least)
            for store, heights in zip((measured, reference), peak_heights(curve(clip), events), strict=True):
                store.extend(heights)
    return Retention.of(measured, reference)
