# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the network of upright faces 8-bit convolutions: between the picture's bytes and the last map all is integers.

Every map lies behind a ReLU, or is a sum of two that do, so its integers count from 0. As in :mod:`training.quantise`
weights use 7 of their 8 bits, and ONNX Runtime makes one integer operation of each DequantizeLinear → Conv →
QuantizeLinear. The matrix behind the maps is stored as float16.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, helper, numpy_helper

from training.quantise import add_array, add_dequantised, add_rounded, add_weights, open_session

_LARGEST_ACTIVATION = 255
#: Bytes are read as (byte − 128) / 128; the network wants (byte − 127.5) / 128, and the first bias makes up for it.
_PIXEL_SCALE, _PIXEL_ZERO, PIXEL_OFFSET = 1.0 / 128.0, 128, 0.5 / 128.0
_PIXELS, _INTEGERS = "pixels", "_integer"
_BATCH = 32


def quantised(model: ModelProto, input_name: str, pictures: NDArray[np.uint8]) -> ModelProto:
    """The float network that :mod:`training.upright.export` wrote, with integer convolutions.

    ``pictures`` (n, 128, 128, 3) tell the range of each map.

    Raises:
        ValueError: the graph is not such a network.
    """
    nodes = list(model.graph.node)
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    if not convolutions:
        raise ValueError("there is no convolution to quantise")
    maps = _maps(nodes)
    ranges = _largest(model, input_name, pictures, maps)
    steps = {name: largest / _LARGEST_ACTIVATION for name, largest in zip(maps, ranges, strict=True)}
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    graph = GraphProto(name=model.graph.name)
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    graph.node.append(helper.make_node("Transpose", [input_name], [f"{_PIXELS}{_INTEGERS}"], perm=[0, 3, 1, 2]))
    add_dequantised(graph, _PIXELS, np.float32(_PIXEL_SCALE), np.uint8(_PIXEL_ZERO))
    first = nodes.index(convolutions[0])
    read = {name for node in nodes[first:] for name in node.input} - {convolutions[0].input[0]}
    used: set[str] = set()
    graph.node.extend(node for node in nodes[:first] if read & set(node.output))  # constants of what comes behind
    for node in nodes[first:]:
        if node.op_type == "Conv":
            _add_convolution(graph, node, stored, steps, is_first=node is convolutions[0])
            used.update(node.input[1:])
        elif not (node.op_type == "Relu" and node.output[0] in steps):  # rounding to 0…255 is the ReLU too
            graph.node.append(node)
        if node.output[0] in steps:
            behind = node.input[0] if node.op_type == "Relu" else node.output[0]
            _round(graph, behind, node.output[0], steps[node.output[0]])
    _store(graph, {name: values for name, values in stored.items() if name not in used})
    made = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    made.producer_name = model.producer_name
    onnx.checker.check_model(made, full_check=True)
    return made


def _maps(nodes: Sequence[NodeProto]) -> list[str]:
    """The maps behind the ReLUs and the sums up to the last convolution's, in order."""
    convolved = {node.output[0] for node in nodes if node.op_type == "Conv"}
    maps: list[str] = []
    for node in nodes:
        behind_convolution = node.op_type == "Relu" and node.input[0] in convolved
        if behind_convolution or (node.op_type == "Add" and set(node.input) <= set(maps)):
            maps.append(node.output[0])
    return maps


def _largest(model: ModelProto, input_name: str, pictures: NDArray[np.uint8], maps: Sequence[str]) -> list[float]:
    """The largest value of each map."""
    probe = ModelProto()
    probe.CopyFrom(model)
    names = [f"largest.{index}" for index in range(len(maps))]
    for source, name in zip(maps, names, strict=True):
        probe.graph.node.append(helper.make_node("ReduceMax", [source], [name], keepdims=0))
        probe.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, []))
    session = open_session(probe)
    parts = [pictures[i : i + _BATCH] for i in range(0, len(pictures), _BATCH)]
    found = np.array([session.run(names, {input_name: part}) for part in parts])
    return [max(float(value), 1e-6) for value in found.max(axis=0)]


def _add_convolution(
    graph: GraphProto, node: NodeProto, stored: dict[str, NDArray], steps: dict[str, float], *, is_first: bool
) -> None:
    weight, bias = (stored[name].astype(np.float64) for name in node.input[1:])
    source, step = (_PIXELS, _PIXEL_SCALE) if is_first else (node.input[0], steps[node.input[0]])
    if is_first:
        bias = bias + PIXEL_OFFSET * weight.sum(axis=(1, 2, 3))
    add_weights(graph, node.input[1:], weight, bias, step)
    made = NodeProto()
    made.CopyFrom(node)
    made.input[0] = source
    graph.node.append(made)


def _round(graph: GraphProto, source: str, name: str, step: float) -> None:
    """``name`` out of integers of ``source``, which may have the same name."""
    if source == name:  # a sum: what comes out of it gets another name
        graph.node[-1].output[0] = source = f"{name}_sum"
    add_rounded(graph, source, name, step)


def _store(graph: GraphProto, arrays: dict[str, NDArray]) -> None:
    """What is not integers; matrices as float16."""
    for name, values in arrays.items():
        if values.ndim < 2:
            add_array(graph, name, values)
            continue
        add_array(graph, f"{name}_half", values.astype(np.float16))
        graph.node.insert(0, helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))
