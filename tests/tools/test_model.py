# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tools import model
from tools.extension_zip import MODEL_FILES
from tools.latency import bare_mobilenet
from tools.project import MODEL, ROOT, BuildError

#: What onnxruntime 1.18, the oldest that ships, can read.
NEWEST_IR_VERSION, NEWEST_OPSET = 10, 21


@pytest.mark.parametrize("name", [name for name in MODEL_FILES if name.endswith(".onnx")])
def test_the_oldest_onnxruntime_can_read_the_network(name: str) -> None:
    if not (MODEL / name).exists():
        pytest.skip(f"{name} has not been made yet")
    network = onnx.load(MODEL / name)
    assert network.ir_version <= NEWEST_IR_VERSION
    assert max(entry.version for entry in network.opset_import) <= NEWEST_OPSET


def test_every_step_is_a_module_of_training() -> None:
    for step in model.STEPS.values():
        for module, *_ in step.commands:
            assert (ROOT / "training" / f"{module.replace('.', '/')}.py").is_file()


def test_steps_without_their_faces_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "FACES", tmp_path / "missing")
    others = "`morphable`, `renders`, `upright-renders`, `held-out`, `reliability`"
    with pytest.raises(BuildError, match=f"only {others} can be made"):
        model.make(["labels"])


def test_bare_network_is_the_papers_size() -> None:
    network = bare_mobilenet()
    onnx.checker.check_model(network)
    weights = sum(int(onnx.numpy_helper.to_array(tensor).size) for tensor in network.graph.initializer)
    # Paper, table 1: 3.27 M parameters at width 1.0.
    assert weights == pytest.approx(3.27e6, rel=0.02)
