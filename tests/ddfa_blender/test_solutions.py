# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender import solutions
from ddfa_blender.cleaning.cleanup import CleanUpSettings, clean
from ddfa_blender.cleaning.gains import Gains
from ddfa_blender.cleaning.gaps import GapSettings
from ddfa_blender.errors import CaptureError
from ddfa_blender.imported_model import ImportedModel
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import Pose, compose, join, rotation_from_euler
from ddfa_blender.solve import SolveSettings, solve
from ddfa_blender.take import Take, TakeHeader


def nodding(count: int = 12, basis: str = "bundled") -> Take:
    """A head that nods, seen in every frame but one."""
    seconds = np.arange(count) / 25.0
    rotation = rotation_from_euler(np.stack([10.0 * np.sin(seconds), 8.0 * np.cos(seconds), 0.0 * seconds], axis=-1))
    pose = Pose(np.full(count, 0.4), rotation, np.tile([60.0, 55.0, 0.0], (count, 1)))
    expression = np.sin(seconds[:, None] * np.arange(1, 11))
    take = Take(
        time=seconds,
        params=join(compose(pose), np.zeros((count, 40)), expression).astype(np.float32),
        confidence=np.full(count, 0.9, np.float32),
        roi=np.tile([200.0, 100.0, 440.0, 340.0], (count, 1)),
        landmarks68=np.zeros((count, 68, 3), np.float32),
        arkit=np.full((count, 52), 0.25, np.float32),
        header=TakeHeader("clip.mp4", 640, 480, 25.0, "regressor.onnx", "ab" * 32, basis=basis),
    )
    take.confidence[4] = 0.0
    take.params[4] = take.arkit[4] = np.nan
    return take


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "take.npz"
    nodding().save(path)
    return path


def test_a_performance_is_what_solving_and_cleaning_give(file: Path, model: MorphableModel) -> None:
    solving, cleaning = SolveSettings(field_of_view=50.0), CleanUpSettings(gaps=GapSettings("hold"))
    found = solutions.performance_of(file, model, solving, cleaning)
    expected = clean(solve(nodding(), model, solving), model, cleaning)
    np.testing.assert_allclose(found.expression, expected.expression, atol=1e-12)
    np.testing.assert_allclose(found.head_rotation, expected.head_rotation, atol=1e-12)


def test_nothing_is_done_twice(file: Path, model: MorphableModel, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name, function in (("solve", solve), ("clean", clean)):

        def counted(*arguments: object, name: str = name, function: object = function) -> object:
            calls.append(name)
            return function(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(solutions, name, counted)
    settings = SolveSettings(), CleanUpSettings()
    first = solutions.performance_of(file, model, *settings)
    assert solutions.performance_of(file, model, SolveSettings(), CleanUpSettings()) is first
    assert calls == ["solve", "clean"]
    louder = CleanUpSettings(gains=Gains(channels={"jawOpen": 2.0}))
    assert solutions.performance_of(file, model, SolveSettings(), louder) is not first
    assert calls == ["solve", "clean", "clean"]
    solutions.performance_of(file, model, SolveSettings(field_of_view=70.0), louder)
    assert calls == ["solve", "clean", "clean", "solve", "clean"]


def test_a_changed_file_is_read_again(file: Path, model: MorphableModel) -> None:
    settings = SolveSettings(), CleanUpSettings()
    assert len(solutions.performance_of(file, model, *settings)) == 12
    nodding(20).save(file)
    os.utime(file, ns=(time.time_ns(), time.time_ns() + 10**9))
    assert len(solutions.performance_of(file, model, *settings)) == 20
    file.unlink()
    with pytest.raises(CaptureError, match="There is no take at"):
        solutions.performance_of(file, model, *settings)


def test_many_threads_get_the_same_result(file: Path, model: MorphableModel) -> None:
    def ask(angle: int) -> float:
        solving = SolveSettings(field_of_view=40.0 + 10.0 * (angle % 3))
        return float(solutions.performance_of(file, model, solving, CleanUpSettings()).head_rotation.sum())

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(ask, range(24)))
    assert all(result == results[i % 3] for i, result in enumerate(results)) and len(set(results)) == 3


def imported_folder(folder: Path, model: MorphableModel, name: str = "other") -> Path:
    """A model folder as `import-published` makes one; its network is not looked at."""
    folder.mkdir()
    (folder / "regressor.onnx").write_bytes(b"not looked at")
    arrays = {name: getattr(model, name) for name in ("mean", "shape_basis", "expression_basis")}
    ImportedModel(
        **arrays,
        landmark_vertices=model.landmark_vertices,
        landmark_weights=model.landmark_weights,
        faces=np.zeros((0, 3), np.int32),
        basis=name,
    ).save(folder / "morphable_model.npz")
    return folder


def test_the_bundled_head_fits_bundled_coefficients_whatever_folder_is_chosen(
    tmp_path: Path, model: MorphableModel
) -> None:
    folder = imported_folder(tmp_path / "other", model)
    assert isinstance(solutions.head_model("bundled", folder), MorphableModel)
    assert solutions.head_model("bundled") is solutions.head_model("bundled", folder)


def test_a_model_without_a_head_animates_none(tmp_path: Path, model: MorphableModel) -> None:
    folder = imported_folder(tmp_path / "other", model)
    assert solutions.face_model(folder).basis == "other" and not isinstance(
        solutions.face_model(folder), MorphableModel
    )
    assert solutions.face_model(folder) is solutions.face_model(folder)
    for chosen in (folder, None):
        with pytest.raises(CaptureError, match="the model other, which has no head to animate"):
            solutions.head_model("other", chosen)


def test_a_folder_that_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is not a model folder"):
        solutions.face_model(tmp_path)


def test_a_take_in_a_foreign_basis_is_refused(tmp_path: Path, model: MorphableModel) -> None:
    path = tmp_path / "take.npz"
    nodding(basis="other").save(path)
    assert replace(solutions.take_at(path).header).basis == "other"
    with pytest.raises(CaptureError, match="captured with the model other"):
        solutions.performance_of(path, model, SolveSettings(), CleanUpSettings())
