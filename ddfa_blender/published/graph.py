# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the published network as an ONNX file with the interface of our regressor (``regressor.py``).

In: ``image`` uint8 RGB. Out: ``params`` and, where the network has the branch, ``landmarks``. It has neither ARKit
scores nor a confidence, so the graph has no such outputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import PARAMETER_COUNT
from ..onnx_checks import read_network
from ..projection import CROP_SIZE
from .convention import AffineMap
from .mobilenet import Linear, MobileNet

#: The oldest onnxruntime that ships (1.18) reads no newer ones.
_MAXIMUM_IR_VERSION, _MAXIMUM_OPSET = 10, 21
#: What is written here.
_IR_VERSION, _OPSET = 8, 17
#: The authors' network wants (x − 127.5) ÷ 128.
_GREY, _RANGE = 127.5, 128.0
#: Set before the names of a wrapped graph, so that none meets ours.
_PREFIX = "published/"


def import_onnx() -> ModuleType:
    """The package ``onnx``, which only the import of published weights needs.

    Raises:
        CaptureError: it is not installed.
    """
    try:
        import onnx
        import onnx.compose  # not loaded by the package itself
    except ImportError as error:
        raise CaptureError(f"The package `onnx` is needed for this ({error}); run `pip install onnx`.") from error
    return onnx


class _Graph:
    """Nodes and constants of a graph under construction."""

    def __init__(self, onnx: ModuleType) -> None:
        self._onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: NDArray) -> str:
        self.constants.append(self._onnx.numpy_helper.from_array(value, name))
        return name

    def add(self, kind: str, inputs: Iterable[str], output: str, **attributes: Any) -> str:
        self.nodes.append(self._onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def normalised(self) -> str:
        """``image`` as float (n, 3, 120, 120), still RGB."""
        planes = self.add("Transpose", ["image"], "planes", perm=[0, 3, 1, 2])
        numbers = self.add("Cast", [planes], "numbers", to=self._onnx.TensorProto.FLOAT)
        centred = self.add("Sub", [numbers, self.constant("grey", np.array(_GREY, np.float32))], "centred")
        return self.add("Div", [centred, self.constant("range", np.array(_RANGE, np.float32))], "normalised")

    def model(self, batch: str | int, outputs: dict[str, int], opsets: list[Any], ir_version: int) -> Any:
        """The finished model with the outputs' lengths by name."""
        helper, kinds = self._onnx.helper, self._onnx.TensorProto
        image = helper.make_tensor_value_info("image", kinds.UINT8, [batch, CROP_SIZE, CROP_SIZE, 3])
        results = [helper.make_tensor_value_info(n, kinds.FLOAT, [batch, length]) for n, length in outputs.items()]
        graph = helper.make_graph(self.nodes, "published", [image], results, self.constants)
        model = helper.make_model(graph, opset_imports=opsets, producer_name="ddfa_blender import-published")
        model.ir_version = ir_version
        helper.set_model_props(model, {"crop": "published"})
        self._onnx.checker.check_model(model)
        return model


def mobilenet_model(network: MobileNet, params: AffineMap, landmarks: AffineMap) -> bytes:
    """The ONNX file of a MobileNet, with the maps of its outputs folded into the linear branches.

    Raises:
        CaptureError: ``onnx`` is not installed.
    """
    onnx = import_onnx()
    graph = _Graph(onnx)
    value = graph.normalised()
    for index, layer in enumerate(network.convolutions):
        # The first convolution takes RGB where the authors' took BGR.
        weight = layer.weight[:, ::-1] if index == 0 else layer.weight
        kernel = weight.shape[-1]
        inputs = [
            value,
            graph.constant(f"weight{index}", np.ascontiguousarray(weight, dtype=np.float32)),
            graph.constant(f"bias{index}", layer.bias.astype(np.float32)),
        ]
        value = graph.add(
            "Conv", inputs, f"convolution{index}",
            group=layer.groups, kernel_shape=[kernel, kernel], strides=[layer.stride] * 2, pads=[kernel // 2] * 4,
        )  # fmt: skip
        value = graph.add("Relu", [value], f"activation{index}")
    pooled = graph.add("Flatten", [graph.add("GlobalAveragePool", [value], "pooled")], "feature")
    outputs = {"params": _mapped(network.params, params)}
    if network.landmarks is not None:
        outputs["landmarks"] = _mapped(network.landmarks, landmarks)
    for name, branch in outputs.items():
        inputs = [
            pooled,
            graph.constant(f"{name}_weight", branch.weight.astype(np.float32)),
            graph.constant(f"{name}_bias", branch.bias.astype(np.float32)),
        ]
        graph.add("Gemm", inputs, name, transB=1)
    lengths = {name: len(branch.bias) for name, branch in outputs.items()}
    return graph.model("n", lengths, [onnx.helper.make_opsetid("", _OPSET)], _IR_VERSION).SerializeToString()


def _mapped(branch: Linear, output: AffineMap) -> Linear:
    return Linear(output.matrix @ branch.weight, output.matrix @ branch.bias + output.offset)


def wrapped_model(path: Path, params: AffineMap) -> bytes:
    """The ONNX file of the authors' exported network, with normalisation before it and ``params`` behind it.

    Raises:
        CaptureError: ``onnx`` is not installed, or the file is another network or too new for the runtime.
    """
    onnx = import_onnx()
    published = _read_onnx(onnx, path)
    batch, inner_input, inner_output = _interface(published, path)
    inner = onnx.compose.add_prefix_graph(published.graph, _PREFIX)
    graph = _Graph(onnx)
    rgb = graph.normalised()
    order = graph.constant("bgr", np.array([2, 1, 0], np.int64))
    graph.add("Gather", [rgb, order], f"{_PREFIX}{inner_input}", axis=1)
    graph.constants.extend(inner.initializer)
    graph.nodes.extend(inner.node)
    # The batch axis may be lost or fixed inside; 62 numbers per crop are what remains.
    shape = graph.constant("rows", np.array([-1, PARAMETER_COUNT], np.int64))
    scores = graph.add("Reshape", [f"{_PREFIX}{inner_output}", shape], "scores")
    matrix = graph.constant("params_weight", params.matrix.T.astype(np.float32))
    product = graph.add("MatMul", [scores, matrix], "product")
    graph.add("Add", [product, graph.constant("params_bias", params.offset.astype(np.float32))], "params")
    opsets, ir_version = list(published.opset_import), max(published.ir_version, 4)
    try:
        return graph.model(batch, {"params": PARAMETER_COUNT}, opsets, ir_version).SerializeToString()
    except Exception as error:  # the checker's exceptions share no public base class
        raise CaptureError(f"{path} does not fit around our input; export it again with opset {_OPSET}.") from error


def _read_onnx(onnx: ModuleType, path: Path) -> Any:
    content = read_network(path)
    try:
        published = onnx.load_from_string(content)
        onnx.checker.check_model(published)
    except Exception as error:  # protobuf's and the checker's exceptions share no public base class
        raise CaptureError(f"{path} is not an ONNX file; give the authors' .pth or .onnx file.") from error
    domains = {opset.domain for opset in published.opset_import}
    newest = max((opset.version for opset in published.opset_import), default=0)
    if domains - {"", "ai.onnx"} or newest > _MAXIMUM_OPSET or published.ir_version > _MAXIMUM_IR_VERSION:
        raise CaptureError(
            f"{path} is newer than the runtime reads; export it again with opset {_OPSET} and IR version {_IR_VERSION}."
        )
    return published


def _interface(published: Any, path: Path) -> tuple[str | int, str, str]:
    """The batch's size ("n" where it is free), and the names of the input and of the parameters."""
    constants = {tensor.name for tensor in published.graph.initializer}
    inputs = [value for value in published.graph.input if value.name not in constants]
    outputs = list(published.graph.output)
    if len(inputs) != 1 or len(outputs) != 1 or _lengths(inputs[0])[1:] != [3, CROP_SIZE, CROP_SIZE]:
        raise CaptureError(f"{path} does not take one 120×120 picture to 62 parameters; give the authors' .onnx file.")
    if _lengths(outputs[0])[-1:] not in ([PARAMETER_COUNT], [0]):
        raise CaptureError(f"{path} does not give {PARAMETER_COUNT} parameters; give the authors' .onnx file.")
    batch = _lengths(inputs[0])[0]
    if batch > 1:
        raise CaptureError(f"{path} takes {batch} pictures at a time; export it again for one.")
    return batch or "n", inputs[0].name, outputs[0].name


def _lengths(value: Any) -> list[int]:
    """The lengths of a tensor's axes, 0 where they are free."""
    return [axis.dim_value for axis in value.type.tensor_type.shape.dim]
