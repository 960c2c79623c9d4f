# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.arkit.lips import LipSeam
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from training.evaluation.known_weights import SOURCES, KnownClip, Scores, clip_files, lip_gaps, table

JAW, BLINK, SMILE = (ARKIT_NAMES.index(name) for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft"))


def clip(**changes: np.ndarray) -> KnownClip:
    """A clip in which jaw and blink move; each source returns the truth unless ``changes`` says otherwise."""
    truth = np.zeros((40, 52))
    phase = np.linspace(0.0, 6.0, 40)
    truth[:, JAW], truth[:, BLINK] = 0.5 + 0.4 * np.sin(phase), 0.5 + 0.5 * np.cos(3.0 * phase)
    return KnownClip("made up", truth, {source: changes.get(source, truth.copy()) for source in SOURCES})


def test_a_perfect_source_has_a_perfect_score():
    scores = Scores.of([clip(), clip()], "both")
    moving = np.flatnonzero(np.isfinite(scores.correlation))
    assert moving.tolist() == sorted([JAW, BLINK])
    assert scores.means == pytest.approx((1.0, 0.0))


def test_an_offset_costs_error_and_no_correlation_and_lost_frames_do_not_count():
    worse = clip().truth + 0.1
    worse[:5] = np.nan
    lost = KnownClip("lost", clip().truth, dict.fromkeys(SOURCES, worse))
    assert Scores.of([lost], "mesh").means == pytest.approx((1.0, 0.1))
    assert lost.tracked.sum() == 35


def test_the_table_puts_the_worst_channel_first_and_states_the_means():
    bad = clip().truth.copy()
    bad[:, BLINK] = bad[::-1, BLINK]
    lines = table([clip(both=bad)], MorphableModel.load()).splitlines()
    rows = [line.split()[0] for line in lines]
    assert rows.index("eyeBlinkLeft") < rows.index("jawOpen") < rows.index("mean")
    assert "1 clips, 40 frames, 0 of them lost" in lines[0]
    assert any(line.startswith("wanted: r ≥ 0.9, MAE ≤ 0.08") for line in lines)


def test_gaps_are_measured_where_lips_are_closed_on_a_dropped_jaw():
    model = MorphableModel.load()
    truth = np.zeros((30, 52))
    truth[:10, [JAW, ARKIT_NAMES.index("mouthClose")]] = 0.3  # M
    truth[10:20, JAW] = 0.3  # A; the rest is at rest
    opened = truth.copy()
    opened[:, ARKIT_NAMES.index("mouthClose")] = 0.0
    known = KnownClip("lips", truth, {"network": opened, "mesh": truth, "both": truth})
    seam = LipSeam.of(model)
    assert len(lip_gaps([known], "both", seam)) == 10
    assert lip_gaps([known], "both", seam).max() < 0.5
    assert lip_gaps([known], "network", seam).min() > 5.0


def test_a_folder_without_clips_is_said_so(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"")
    with pytest.raises(CaptureError, match="known_clips"):
        clip_files(tmp_path)
    (tmp_path / "a.npz").write_bytes(b"")
    assert [file.name for file in clip_files(tmp_path)] == ["a.mp4"]
