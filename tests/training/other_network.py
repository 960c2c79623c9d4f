# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of a kind that nobody here exports."""

from __future__ import annotations

from pathlib import Path

import onnx


def save_identity(path: Path) -> Path:
    """Write one that gives what it gets."""
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "ab"]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", values[:1], values[1:])), path)
    return path
