# SPDX-License-Identifier: GPL-3.0-or-later
"""Blinks and the other ARKit channels on footage: do the raw scores follow the teacher's?"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES

from .contest import ClipTracks, Contest
from .correlation import MOVING, moving_correlations, pooled_correlation
from .material import FRESH_CLIPS, TRAINED_CLIPS
from .report import Row, Section, Target, at_least

_BLINKS = [ARKIT_NAMES.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight")]
_PROTOCOL = (
    "Pearson's r of the Take's raw `arkit` with the teacher's, per clip and channel, over frames where both track and\n"
    f"for channels whose teacher's standard deviation there is ≥ {MOVING}; the mean is over all such pairs of clip\n"
    "and channel. Teacher's column: the teacher against itself in its other mode: the practical ceiling."
)


def measure_clips(contest: Contest) -> Section:
    """The table of blinks and ARKit channels, with channels and clips worst first."""
    rows: list[Row] = []
    details: list[str] = []
    for title, names in (("not trained on", FRESH_CLIPS), ("trained on", TRAINED_CLIPS)):
        target = at_least(0.85) if names is FRESH_CLIPS else None
        clips = [contest.clip(name) for name in names]
        ours = np.stack([moving_correlations(clip.ours.arkit, clip.teacher.arkit) for clip in clips])
        again = np.stack([moving_correlations(clip.teacher_repeat.arkit, clip.teacher.arkit) for clip in clips])
        rows += _rows(title, clips, ours, again, target)
        details += [f"clips {title}:", *_clip_lines(clips, ours, again), ""]
        details += [f"channels on the clips {title}, worst first:", *_channel_lines(clips, ours, again), ""]
    return Section("clips", "clips: ARKit scores against the teacher's", tuple(rows), _PROTOCOL, tuple(details[:-1]))


def _rows(
    title: str, clips: Sequence[ClipTracks], ours: NDArray, again: NDArray, target: Target | None
) -> Sequence[Row]:
    return (
        Row(f"blink, clips {title}: mean r", 0.0, _mean(again[:, _BLINKS]), _mean(ours[:, _BLINKS]), target),
        Row("  the same, both eyes and all clips end to end", None, *_pooled(clips, ours)),
        Row(f"ARKit, clips {title}: mean r", None, _mean(again), _mean(ours), target),
        Row("  mean over clips of their means", None, _mean(_means(again, 1)), _mean(_means(ours, 1))),
        Row("  mean over channels of their means", None, _mean(_means(again, 0)), _mean(_means(ours, 0))),
        Row("  without gaze (eyeLook*)", None, _mean(again[:, ~_GAZE]), _mean(ours[:, ~_GAZE])),
    )


_GAZE = np.array([name.startswith("eyeLook") for name in ARKIT_NAMES])


def _pooled(clips: Sequence[ClipTracks], ours: NDArray) -> tuple[float, float]:
    """The teacher's and our blinks against the teacher's, over all clips and eyes where it blinks."""
    pairs = [(clip, channel) for i, clip in enumerate(clips) for channel in _BLINKS if np.isfinite(ours[i, channel])]
    if not pairs:
        return float("nan"), float("nan")
    teacher = [clip.teacher.arkit[:, channel] for clip, channel in pairs]
    again = pooled_correlation([clip.teacher_repeat.arkit[:, channel] for clip, channel in pairs], teacher)
    return again, pooled_correlation([clip.ours.arkit[:, channel] for clip, channel in pairs], teacher)


def _clip_lines(clips: Sequence[ClipTracks], ours: NDArray, again: NDArray) -> list[str]:
    head = f"{'':24s}{'frames':>8s}{'lost':>6s}{'teacher':>9s}{'blink L':>9s}{'R':>6s}{'channels':>10s}{'mean r':>8s}"
    lines = [f"{head}{'ceiling':>9s}"]
    for i, clip in enumerate(clips):
        left, right = ours[i, _BLINKS]
        moving = int(np.isfinite(ours[i]).sum())
        lines.append(
            f"{clip.name:24s}{len(clip.ours):8d}{int((~clip.ours.tracked).sum()):6d}{int(clip.teacher.found.sum()):9d}"
            f"{left:9.2f}{right:6.2f}{moving:10d}{_mean(ours[i]):8.3f}{_mean(again[i]):9.3f}"
        )
    return lines


def _channel_lines(clips: Sequence[ClipTracks], ours: NDArray, again: NDArray) -> list[str]:
    means, ceilings = _means(ours, 0), _means(again, 0)
    lines = []
    for channel in np.argsort(means):
        if np.isfinite(means[channel]):
            each = "  ".join(
                f"{clip.name} {value:.2f}"
                for clip, value in zip(clips, ours[:, channel], strict=True)
                if np.isfinite(value)
            )
            lines.append(f"{ARKIT_NAMES[channel]:22s}{means[channel]:7.3f}  ceiling {ceilings[channel]:.2f}  {each}")
    return lines


def _means(values: NDArray, axis: int) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a channel that moves nowhere has no mean
        return np.asarray(np.nanmean(values, axis=axis))


def _mean(values: NDArray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
