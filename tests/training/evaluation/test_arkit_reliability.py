# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.arkit.landmark_reading import LandmarkReading
from ddfa_blender.arkit.lips import LipSeam
from ddfa_blender.arkit.mesh_components import unit_components
from ddfa_blender.arkit.reliability import Reliability
from ddfa_blender.capture import Engine
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from training.evaluation.arkit_reliability import (
    ON_FOOTAGE,
    Heads,
    measure_heads,
    observability,
    reliability_of,
    report,
    written,
)
from training.rendering.random_expressions import random_expression


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return MorphableModel.load()


@pytest.fixture(scope="module")
def heads(model: MorphableModel) -> Heads:
    """Heads whose scores err by 0.1, readings by 0.05, components by 0.3; the landmarks read half of the lips' gap."""
    random = np.random.default_rng(0)
    truth = np.stack([random_expression(random) for _ in range(500)])
    components = truth @ unit_components(model) + 0.3 * random.normal(size=(500, 10))
    gap = np.maximum(LipSeam.of(model).mean_gap(truth), 0.0)
    scores, readings = (truth + error * random.normal(size=truth.shape) for error in (0.1, 0.05))
    return Heads(truth, scores, components, 0.5 * gap, np.zeros((500, 136)), readings)


def test_the_errors_are_found(heads: Heads, model: MorphableModel) -> None:
    reliability = reliability_of(heads, model)
    np.testing.assert_allclose(reliability.network_error, 0.1, rtol=0.15)
    assert reliability.reading_error is not None
    np.testing.assert_allclose(reliability.reading_error, ON_FOOTAGE * 0.05, rtol=0.15)
    np.testing.assert_allclose(np.sqrt(np.diagonal(reliability.mesh_error)), 0.3, rtol=0.15)
    assert reliability.lips.landmarks == pytest.approx(2.0, abs=0.05)
    assert reliability.lips.scores == pytest.approx(0.0, abs=0.05)
    left, right = (ARKIT_NAMES.index(f"eyeBlink{side}") for side in ("Left", "Right"))
    assert reliability.network_error[left] == reliability.network_error[right]


def test_what_the_mesh_can_tell(heads: Heads, model: MorphableModel) -> None:
    seen, share = observability(reliability_of(heads, model), model)
    assert ((seen >= 0.0) & (seen <= 1.0)).all() and ((share >= 0.0) & (share <= 1.0)).all()
    jaw, blink, gaze, tongue = (ARKIT_NAMES.index(n) for n in ("jawOpen", "eyeBlinkLeft", "eyeLookInLeft", "tongueOut"))
    assert min(seen[jaw], seen[blink]) > 0.5 > 0.01 > max(seen[gaze], seen[tongue])
    # Ten components cannot tell more than ten channels.
    assert seen.sum() <= 10.0


def test_the_report_names_every_channel(heads: Heads, model: MorphableModel) -> None:
    text = report(heads, reliability_of(heads, model), model)
    assert all(f"| `{name}` |" in text for name in ARKIT_NAMES)
    assert "500 heads. Gap of the lips: r 1.00" in text
    assert "| `tongueOut` | network |" in text and "| `jawOpen` | hardly seen |" not in text


def test_the_table_is_written_row_by_row(heads: Heads, model: MorphableModel) -> None:
    table = replace(reliability_of(heads, model), landmarks=LandmarkReading(np.full((136, 52), 0.125), np.ones(52)))
    text = written({"heads": 500, **table.to_json()})
    assert text.count("\n") < 320
    read = Reliability.from_json(json.loads(text)).landmarks
    assert read is not None and (read.weights == 0.125).all()


def test_missing_renders_are_said_so(model: MorphableModel, tmp_path) -> None:
    with pytest.raises(CaptureError, match="--seed 3"):
        measure_heads(Engine.__new__(Engine), model, tmp_path)
