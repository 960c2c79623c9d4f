# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.cleaning.cleanup import clean
from ddfa_blender.errors import CaptureError
from ddfa_blender.face_model import FaceModel
from ddfa_blender.formats.live_link_face import read_live_link_face, write_live_link_face
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.recorded import components_of, recorded_solution
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import TAKE_VERSION, Take
from ddfa_blender.take_library import describe, rename
from tests.ddfa_blender.formats.performances import make_performance


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """A recording of 40 frames whose face is lost twice."""
    path = tmp_path / "phone.csv"
    write_live_link_face(make_performance(40), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    for row in (11, 12):
        lines[row] = lines[row].split(",")[0] + ",0"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_live_link_face(path).take(path.name)


def test_it_comes_back_from_the_disk_as_it_was(take: Take, tmp_path: Path) -> None:
    take.save(tmp_path / "a.npz")
    again = Take.load(tmp_path / "a.npz")
    assert again.is_recorded and again.header == take.header and again.header.version == TAKE_VERSION
    for name in ("time", "arkit", "confidence", "head_rotation", "params"):
        np.testing.assert_array_equal(getattr(again, name), getattr(take, name))
    entry = describe(tmp_path / "a.npz")
    assert entry is not None and not entry.problem and (entry.frames, entry.lost_frames) == (40, 2)
    rename(tmp_path / "a.npz", "Anna")
    assert Take.load(tmp_path / "a.npz").is_recorded


def test_our_own_takes_are_still_written_for_earlier_releases(take: Take, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="version 2"):
        replace(take, header=replace(take.header, version=1))
    own = replace(take, head_rotation=None, header=replace(take.header, version=1))
    own.save(tmp_path / "own.npz")
    with np.load(tmp_path / "own.npz") as data:
        assert "head_rotation" not in data.files and '"version": 1' in str(data["header"])


def test_rotations_of_another_length_are_refused(take: Take) -> None:
    assert take.head_rotation is not None
    with pytest.raises(ValueError, match="head_rotation"):
        replace(take, head_rotation=take.head_rotation[1:])


def test_solving_states_what_was_recorded(take: Take, model: MorphableModel) -> None:
    performance = make_performance(40)
    # What the settings say about pictures does not matter.
    solution = solve(take, model, SolveSettings(min_confidence=0.9, field_of_view=20.0))
    assert np.flatnonzero(~solution.tracked).tolist() == [10, 11]
    seen = solution.tracked
    np.testing.assert_allclose(solution.arkit[seen], performance.arkit[seen], atol=1e-6)
    dots = np.abs((solution.head_rotation[seen] * performance.head_rotation[seen]).sum(axis=1))
    np.testing.assert_allclose(dots, 1.0, atol=1e-8)
    assert (solution.identity == 0.0).all() and (solution.head_translation[seen] == 0.0).all()
    assert np.isnan(solution.expression[~seen]).all() and np.isfinite(solution.expression[seen]).all()
    cleaned = clean(solution, model)
    assert np.isfinite(cleaned.arkit).all() and cleaned.gaps.shape == (1, 2)


def test_the_components_come_near_to_the_shapes_that_they_can_make() -> None:
    model = MorphableModel.load()
    weights = np.zeros((4, len(ARKIT_NAMES)))
    names = ("jawOpen", "mouthSmileLeft", "mouthPucker", "eyeBlinkLeft")
    weights[range(4), [ARKIT_NAMES.index(name) for name in names]] = 1.0
    components = components_of(model, weights)
    assert (components[3] == 0.0).all()  # eyes are added later, as they are
    skin = model.skin_vertices
    for i in range(3):
        wanted = model.vertices(arkit=weights[i])[skin] - model.mean[skin]
        left = wanted - (model.vertices(expression=components[i])[skin] - model.mean[skin])
        assert (left**2).sum() < 0.05 * (wanted**2).sum(), names[i]
    np.testing.assert_allclose(components_of(model, weights.sum(axis=0)[None])[0], components.sum(axis=0), atol=1e-9)


def test_another_model_or_no_face_at_all_is_refused(take: Take, model: MorphableModel) -> None:
    bare = FaceModel(
        model.mean, model.shape_basis, model.expression_basis, model.landmark_vertices, model.landmark_weights
    )
    with pytest.raises(CaptureError, match="bundled model"):
        solve(take, bare)
    with pytest.raises(CaptureError, match="no frame with a face"):
        solve(replace(take, confidence=np.zeros_like(take.confidence)), model)
    with pytest.raises(ValueError, match="not recorded"):
        recorded_solution(replace(take, head_rotation=None, header=replace(take.header, version=1)), model)
