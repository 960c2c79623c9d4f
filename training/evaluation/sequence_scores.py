# SPDX-License-Identifier: GPL-3.0-or-later
"""Stability (paper, 3.1) where the truth of every frame is known: our own rendered clip."""

from __future__ import annotations

import numpy as np

from ddfa_blender.scoring import jitter, nme68, stability

from .contest import Contest
from .material import RENDERED_CLIP, clip_path
from .report import Row, Section

_PROTOCOL = (
    "Stability: mean |Δp − Δq| of the 68 points ÷ the true points' box (paper, 3.1), raw tracks of our own\n"
    "tests/data/rendered_clip, whose true points are known. Less is better."
)


def measure_sequences(contest: Contest) -> Section:
    """The table of stability on a labelled sequence."""
    clip = contest.clip(RENDERED_CLIP)
    with np.load(clip_path(RENDERED_CLIP).with_suffix(".npz"), allow_pickle=False) as data:
        truth = data["landmarks68"].astype(np.float64)
    tracks = clip.published, clip.teacher68, clip.ours.landmarks68[..., :2].astype(np.float64)
    known = np.all([np.isfinite(track).all(axis=(1, 2)) for track in tracks], axis=0)
    if not known.any():
        raise ValueError("no frame that all track")
    first, last = np.flatnonzero(known)[[0, -1]]
    part = slice(first, last + 1)
    true_jitter = jitter(truth[part]) or float("nan")
    rows = (
        Row.of("stability: mean |Δp − Δq|", (100 * stability(t[part], truth[part]) for t in tracks), " %"),
        Row.of("jitter", (100 * (jitter(track[part]) or float("nan")) for track in tracks), " %"),
        Row.of("NME-68", (100 * float(nme68(track[part], truth[part]).mean()) for track in tracks), " %", 2),
    )  # fmt: skip
    return Section(
        "sequences", "rendered clip: stability", rows, _PROTOCOL,
        (f"frames {first}–{last} of {len(truth)}; jitter of the truth itself {100 * true_jitter:.3f} %",),
    )  # fmt: skip
