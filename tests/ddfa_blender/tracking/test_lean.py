# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.capture import capture
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.tracking.lean import lean_note, usual_lean
from tests.ddfa_blender.support import square_engine, square_frame, write_clip
from tools.measure_small_faces import rendered_heads


def turned(degrees: float, count: int = 12) -> np.ndarray:
    """Our rendered head's points (count, 68, 2), turned clockwise in the picture."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([head.landmarks for head in rendered_heads(count)]) @ np.array([[c, s], [-s, c]])


@pytest.mark.parametrize("degrees", [0.0, 90.0, -90.0, 180.0])
def test_the_lean_is_that_of_most_frames(degrees: float) -> None:
    assert usual_lean(turned(degrees)) == pytest.approx(abs(degrees), abs=8.0)


def test_frames_without_a_face_do_not_count() -> None:
    points = turned(90.0)
    points[4:] = np.nan
    assert usual_lean(points) == pytest.approx(90.0, abs=12.0)
    assert np.isnan(usual_lean(points[4:])) and lean_note(points[4:]) is None


def test_only_heads_on_their_side_are_worth_a_note() -> None:
    assert lean_note(turned(0.0)) is None and lean_note(turned(35.0)) is None
    for degrees in (90.0, -90.0, 180.0):
        assert "turn the footage upright" in (lean_note(turned(degrees)) or "")


@pytest.mark.parametrize("on_its_side", [False, True])
def test_a_capture_says_so(
    tmp_path: Path, model: MorphableModel, monkeypatch: pytest.MonkeyPatch, on_its_side: bool
) -> None:
    engine = square_engine(model)
    if on_its_side:
        fit = engine.fitter.fit

        def lying(*arguments: object) -> object:
            found = fit(*arguments)  # type: ignore[arg-type]
            middle = found.landmarks68[:, :2].mean(axis=0)
            found.landmarks68[:, :2] = (found.landmarks68[:, :2] - middle)[:, ::-1] * [-1.0, 1.0] + middle
            return found

        monkeypatch.setattr(engine.fitter, "fit", lying)
    clip = write_clip(tmp_path / "clip.mp4", [square_frame([(160, 120, 80)])] * 5)
    notes: list[str] = []
    capture(clip, engine=engine, notes=notes)
    assert [note for note in notes if "on its side" in note] == notes
    assert len(notes) == on_its_side
