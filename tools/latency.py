# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the regressor's time per face on one thread beside a bare MobileNet-V1's: ``python -m tools.latency``.

The bare network is the paper's backbone at width 1.0 with random weights and nothing but its 62 outputs: what our
network costs above it is the price of the extra outputs and of what is inside the graph. The three take turns, so
that a busy machine slows them alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from ddfa_blender.paths import model_file
from ddfa_blender.projection import CROP_SIZE
from ddfa_blender.tracking.regressor import Regressor
from ddfa_blender.tracking.session import open_session
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from ddfa_blender.tracking.upright_reader import UprightReader

#: Output channels and stride of MobileNet-V1's thirteen depthwise-separable blocks.
_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip
_WARM_UP, _ROUNDS = 20, 200
#: Old enough for the onnxruntime that ships.
_IR_VERSION, _OPSET = 8, 17


class _Graph:
    """Grows a chain of convolutions with random weights."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.last, self.channels = "image", 3

    def convolution(self, channels: int, size: int, stride: int, groups: int = 1) -> None:
        """A convolution with bias (BatchNorm folded) and ReLU."""
        index = len(self.nodes)
        shape = (channels, self.channels // groups, size, size)
        scale = np.sqrt(2.0 / np.prod(shape[1:]))
        self._weight(f"w{index}", self.rng.normal(0.0, scale, shape))
        self._weight(f"b{index}", np.zeros(channels))
        pad = size // 2
        self.nodes.append(
            helper.make_node(
                "Conv", [self.last, f"w{index}", f"b{index}"], [f"c{index}"],
                strides=[stride] * 2, pads=[pad] * 4, group=groups,
            )
        )  # fmt: skip
        self.nodes.append(helper.make_node("Relu", [f"c{index}"], [f"r{index}"]))
        self.last, self.channels = f"r{index}", channels

    def _weight(self, name: str, values: np.ndarray) -> None:
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))

    def finish(self, outputs: int) -> onnx.ModelProto:
        """Pool, one fully connected layer, and the model around it all."""
        self._weight("w", self.rng.normal(0.0, 0.03, (self.channels, outputs)))
        self._weight("b", np.zeros(outputs))
        self.nodes += [
            helper.make_node("GlobalAveragePool", [self.last], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("Gemm", ["flat", "w", "b"], ["params"]),
        ]
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, CROP_SIZE, CROP_SIZE])
        params = helper.make_tensor_value_info("params", TensorProto.FLOAT, [1, outputs])
        graph = helper.make_graph(self.nodes, "bare", [image], [params], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)


def bare_mobilenet() -> onnx.ModelProto:
    """MobileNet-V1 ×1.0, 120×120×3 float input, 62 outputs."""
    graph = _Graph()
    graph.convolution(32, size=3, stride=2)
    for channels, stride in _BLOCKS:
        graph.convolution(graph.channels, size=3, stride=stride, groups=graph.channels)
        graph.convolution(channels, size=1, stride=1)
    return graph.finish(outputs=62)


def _milliseconds(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median time of each call, taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(_WARM_UP + _ROUNDS):
        for name, call in calls.items():
            began = time.perf_counter()
            call()
            if turn >= _WARM_UP:
                seconds[name].append(time.perf_counter() - began)
    return {name: 1e3 * statistics.median(values) for name, values in seconds.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args(arguments)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    bare = onnxruntime.InferenceSession(
        bare_mobilenet().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    reader = UprightReader()
    face = np.random.default_rng(1).integers(0, 256, (UPRIGHT_SIZE, UPRIGHT_SIZE, 3), dtype=np.uint8)
    regressor, session = Regressor(), open_session(model_file("regressor.onnx"))
    crops = np.random.default_rng(0).integers(0, 256, (1, CROP_SIZE, CROP_SIZE, 3), dtype=np.uint8)
    chw = np.ascontiguousarray(crops.transpose(0, 3, 1, 2), dtype=np.float32)
    times = _milliseconds(
        {
            "bare MobileNet-V1 x1.0": lambda: bare.run(None, {"image": chw}),
            "our network, session.run": lambda: session.run(None, {"image": crops}),
            "our network, Regressor.predict": lambda: regressor.predict(crops),
            "the upright face's network, UprightReader.read": lambda: reader.read(face),
        }
    )
    baseline = times["bare MobileNet-V1 x1.0"]
    for name, value in times.items():
        print(f"{name}: {value:.2f} ms ({value / baseline:.2f} x)")


if __name__ == "__main__":
    main()
