# SPDX-License-Identifier: GPL-3.0-or-later
"""The published half-width model, where its files are at hand, scores what its authors' code scored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender import cli
from ddfa_blender.capture import Engine
from ddfa_blender.faces import face_in_box
from ddfa_blender.footage.photo import read_photo
from ddfa_blender.published.convert import import_published
from ddfa_blender.scoring import nme51, nme68
from ddfa_blender.tracking.roi import box_from_landmarks, roi_from_landmarks

#: The greatest difference of scores, in percent of the face's box.
_TOLERANCE = 0.05
#: Labels are written with two decimals: a corner of the ROI this near to a half may have been rounded the other way.
_ROUNDING = 0.012


@pytest.fixture(scope="module")
def published(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    reference = shared / "reference"
    if not (reference / "mb05_120x120.pth").is_file() or not (shared / "bench" / "labels.json").is_file():
        pytest.skip("../shared has no reference checkpoint or no labelled photos")
    out = tmp_path_factory.mktemp("models") / "published"
    return import_published(reference / "mb05_120x120.pth", reference / "published_68.npz", None, out).path


def test_the_command_prints_the_published_scores(
    published: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = shared / "bench"
    assert cli.main(["score", str(bench / "photos"), str(bench / "labels.json"), "--model", str(published)]) == 0
    score = json.loads(capsys.readouterr().out)
    known = [
        entry["published_half_width"]
        for entry in json.loads((bench / "labels.json").read_text(encoding="utf-8")).values()
    ]
    for name in ("nme68", "nme51"):
        mean = np.mean([entry[name] for entry in known])
        assert score[name]["mean"] == pytest.approx(mean, rel=_TOLERANCE / 100.0)


def test_every_photo_has_the_published_score(published: Path, shared: Path) -> None:
    engine = Engine.load(published)
    differences = {}
    for name, entry in json.loads((shared / "bench" / "labels.json").read_text(encoding="utf-8")).items():
        labelled = np.array(entry["landmarks68"])
        corners = roi_from_landmarks(labelled)
        if (np.abs(corners % 1.0 - 0.5) < _ROUNDING).any():
            continue
        picture = read_photo(shared / "bench" / "photos" / name)
        found = face_in_box(engine, picture, box_from_landmarks(labelled)).fit.landmarks68
        known = entry["published_half_width"]
        differences[name] = max(
            abs(100.0 * float(nme68(found, labelled)) - known["nme68"]),
            abs(100.0 * float(nme51(found, labelled)) - known["nme51"]),
        )
    assert len(differences) > 350
    assert max(differences.values()) < _TOLERANCE, max(differences, key=lambda name: differences[name])
