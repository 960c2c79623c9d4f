# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.paths import model_file
from ddfa_blender.tracking.regressor import Regressor


@pytest.fixture(scope="module")
def regressor() -> Regressor:
    if not model_file("regressor.onnx").is_file():
        pytest.skip("model/regressor.onnx is not trained yet")
    return Regressor()


def test_the_outputs_have_the_documented_shapes_and_ranges(regressor: Regressor) -> None:
    crops = np.random.default_rng(0).integers(0, 255, (3, 120, 120, 3), dtype=np.uint8)
    result = regressor.predict(crops)
    assert [values.shape for values in result] == [(3, 62), (3, 136), (3, 52), (3, 1)]
    assert all(values.dtype == np.float32 and np.isfinite(values).all() for values in result)
    assert 0.0 <= result.arkit.min() <= result.arkit.max() <= 1.0
    assert 0.0 <= result.confidence.min() <= result.confidence.max() <= 1.0


def test_a_crop_gives_the_same_alone_and_in_a_batch(regressor: Regressor) -> None:
    crops = np.random.default_rng(1).integers(0, 255, (4, 120, 120, 3), dtype=np.uint8)
    batch, single = regressor.predict(crops), regressor.predict(crops[2:3])
    for together, alone in zip(batch, single, strict=True):
        np.testing.assert_allclose(together[2:3], alone, atol=1e-3)


def test_no_crops_give_no_results(regressor: Regressor) -> None:
    assert [len(v) for v in regressor.predict(np.zeros((0, 120, 120, 3), np.uint8))] == [0, 0, 0, 0]


@pytest.mark.parametrize("crops", [np.zeros((120, 120, 3), np.uint8), np.zeros((1, 120, 120, 3), np.float32)])
def test_other_shapes_and_types_are_refused(regressor: Regressor, crops: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        regressor.predict(crops)


def test_the_digest_is_that_of_the_file(regressor: Regressor) -> None:
    assert regressor.digest == hashlib.sha256(model_file("regressor.onnx").read_bytes()).hexdigest()


def test_another_network_is_refused() -> None:
    with pytest.raises(CaptureError, match="is not a face regressor"):
        Regressor(model_file("face_detector.onnx"))


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is missing; reinstall"):
        Regressor(tmp_path / "regressor.onnx")


def test_an_onnxruntime_that_does_not_load_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(CaptureError, match=r"Visual C\+\+ Redistributable"):
        Regressor()
