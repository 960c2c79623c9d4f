# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for other programs: what the network does not measure is refused, older files survive, values agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender import tracks
from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.performance_file import load_performance
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.take import Take
from tests.ddfa_blender.test_solve import Truth


@pytest.fixture(scope="module")
def take(model: MorphableModel) -> Take:
    return Truth(model, count=20).take


def without_arkit(take: Take) -> Take:
    return replace(take, header=replace(take.header, absent_outputs=["arkit"]))


def test_nothing_wanted_is_not_solved(take: Take, model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks, "solve", lambda *_: pytest.fail("it was solved"))
    tracks.write_tracks(take, model, {"csv": None, "bvh": None})


def test_channels_that_were_not_measured_are_refused_and_the_rest_is_written(
    take: Take, model: MorphableModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "a.csv"
    old.write_text("old", encoding="utf-8")
    with monkeypatch.context() as context:
        context.setattr(tracks, "solve", lambda *_: pytest.fail("it was solved"))
        with pytest.raises(CaptureError, match="leave --csv out"):
            tracks.write_tracks(without_arkit(take), model, {"csv": old, "bvh": tmp_path / "a.bvh"})
    assert old.read_text(encoding="utf-8") == "old" and [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    tracks.write_tracks(without_arkit(take), model, {"csv": None, "bvh": tmp_path / "a.bvh"})
    assert (tmp_path / "a.bvh").read_text(encoding="utf-8").startswith("HIERARCHY")


def test_a_take_that_nobody_can_be_seen_in_leaves_older_files(
    take: Take, model: MorphableModel, tmp_path: Path
) -> None:
    old = tmp_path / "a.json"
    old.write_text("old", encoding="utf-8")
    with pytest.raises(CaptureError):
        tracks.write_tracks(replace(take, confidence=np.zeros_like(take.confidence)), model, {"json": old})
    assert old.read_text(encoding="utf-8") == "old" and [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_the_same_channels_are_in_each_file(take: Take, model: MorphableModel, tmp_path: Path) -> None:
    tracks.write_tracks(take, model, {"csv": tmp_path / "a.csv", "json": tmp_path / "a.json"})
    performance = load_performance(tmp_path / "a.json")
    header, *rows = (line.split(",") for line in (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines())
    assert len(rows) == len(take) == len(performance.time)
    for name in ("jawOpen", "eyeBlinkLeft", "tongueOut"):
        column = header.index(name[0].upper() + name[1:])
        written = [float(row[column]) for row in rows]
        np.testing.assert_allclose(written, performance.arkit[:, ARKIT_NAMES.index(name)], atol=1e-6)
