# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own model, animated with known curves and rendered, must come back from its picture."""

from __future__ import annotations

import pytest

from ddfa_blender.paths import model_file

from .comparison import Comparison, run, table

pytestmark = pytest.mark.skipif(
    not (model_file("regressor.onnx").exists() and model_file("face_detector.onnx").exists()),
    reason="model/ is not set up: run `python build.py env`",
)


@pytest.fixture(scope="module")
def result() -> Comparison:
    comparison = run()
    print("\n" + table(comparison))
    return comparison


def test_every_frame_is_tracked(result: Comparison) -> None:
    assert result.tracked == 1.0


def test_head_rotation(result: Comparison) -> None:
    # As captured: no offset is removed. 3.0 is wanted; the first regressor had 2.96 because its training was stopped
    # on this very clip. On 300 unseen heads it was worse than its successor (model/MODEL_CARD.md).
    assert result.rotation_rms <= 3.4


def test_landmarks_lie_on_the_face(result: Comparison) -> None:
    assert result.landmark_error < 0.05


def test_the_large_movements_come_back(result: Comparison) -> None:
    correlation = {channel.name: channel.correlation for channel in result.arkit}
    assert correlation["jawOpen"] > 0.7
    assert min(correlation["eyeBlinkLeft"], correlation["eyeBlinkRight"]) > 0.5
