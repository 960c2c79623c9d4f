# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of strangers may not reach for other files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from ddfa_blender import onnx_checks
from ddfa_blender.errors import CaptureError
from ddfa_blender.onnx_checks import read_network
from ddfa_blender.paths import model_file
from ddfa_blender.tracking.session import open_session


def _elsewhere(location: str, count: int = 4) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[count], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "0"), ("length", str(4 * count))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def _here() -> TensorProto:
    return helper.make_tensor("w", TensorProto.FLOAT, [4], np.arange(4.0, dtype=np.float32).tobytes(), raw=True)


def _model(tensor: TensorProto, place: str) -> onnx.ModelProto:
    """A model that has a tensor as a weight, as a constant, inside a branch, sparse, or in a function."""
    graph = helper.make_graph(
        [], "g", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, [tensor.dims[0]])], []
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    made = model.graph
    if place == "weight":
        made.initializer.append(tensor)
        made.node.append(helper.make_node("Identity", ["w"], ["y"]))
    elif place == "constant":
        made.node.append(helper.make_node("Constant", [], ["y"], value=tensor))
    elif place == "branch":
        inner = helper.make_graph([], "inner", [], [], [tensor])
        for _ in range(20):
            inner = helper.make_graph([helper.make_node("If", ["c"], [], then_branch=inner)], "outer", [], [])
        made.node.append(helper.make_node("If", ["c"], ["y"], then_branch=inner))
    elif place == "sparse":
        made.sparse_initializer.add().values.CopyFrom(tensor)
    else:
        model.functions.add(name="f").node.append(helper.make_node("Constant", [], ["y"], value=tensor))
    return model


_PLACES = ("weight", "constant", "branch", "sparse", "function")


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.bin", "\\\\server\\share\\x", "weights.bin"])
def test_references_to_other_files_are_refused(tmp_path: Path, place: str, location: str) -> None:
    path = tmp_path / "regressor.onnx"
    path.write_bytes(_model(_elsewhere(location), place).SerializeToString())
    with pytest.raises(CaptureError, match="keeps its weights in other files"):
        read_network(path)


@pytest.mark.parametrize("place", _PLACES)
def test_numbers_in_the_file_itself_are_read(tmp_path: Path, place: str) -> None:
    path = tmp_path / "regressor.onnx"
    path.write_bytes(_model(_here(), place).SerializeToString())
    assert read_network(path) == path.read_bytes()


@pytest.mark.parametrize("name", ["regressor.onnx", "face_detector.onnx"])
def test_the_bundled_networks_pass(name: str) -> None:
    assert read_network(model_file(name)) == model_file(name).read_bytes()


def test_no_session_reads_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime itself would: it looks from the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(np.arange(300, dtype=np.float32).tobytes())
    path = tmp_path / "regressor.onnx"
    path.write_bytes(_model(_elsewhere("secret.bin", 300), "weight").SerializeToString())
    with pytest.raises(CaptureError, match="keeps its weights in other files"):
        open_session(path)


def _long_tag(content: bytes) -> bytes:
    """The weights' field under a tag that protocol buffers cut down to the right one."""
    field = _model(_elsewhere("x"), "weight").graph.initializer[0].SerializeToString()
    tag = (5 << 3 | 2) | 1 << 32
    encoded = bytes(((tag >> shift) & 0x7F) | 0x80 for shift in range(0, 28, 7)) + bytes([tag >> 28])
    inside = encoded + bytes([len(field)]) + field
    return content + bytes([7 << 3 | 2, len(inside)]) + inside


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"\xff" * 20,
        lambda content: b"\x00\x01",
        lambda content: content[:4] + b"ORTM" + content[8:],
        lambda content: content + b"\x0b\x0c",  # a group, which ONNX has none of
        lambda content: content + b"\x3a\xff\xff\xff\xff\x0f",
        _long_tag,
    ],
)
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "regressor.onnx"
    path.write_bytes(damage(_model(_here(), "weight").SerializeToString()))
    with pytest.raises(CaptureError, match="cannot be read"):
        read_network(path)


def test_files_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "regressor.onnx"
    path.write_bytes(b"\x08\x01" * (onnx_checks._MOST_FIELDS + 1))
    with pytest.raises(CaptureError, match="cannot be read"):
        read_network(path)
    monkeypatch.setattr(onnx_checks, "LARGEST", 100)
    with pytest.raises(CaptureError, match="far too large"):
        read_network(path)
    with pytest.raises(CaptureError, match="No such file"):
        read_network(tmp_path / "none.onnx")
