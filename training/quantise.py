# SPDX-License-Identifier: GPL-3.0-or-later
"""Give an exported regressor 8-bit weights and activations: it then runs more than twice as fast.

    python -m training.quantise IN.onnx OUT.onnx

All convolutions compute with integers, from the picture's bytes to the maps that are pooled; poolings, heads and
statistics stay as they are. What would make landmarks tremble is the rounding of activations: one step for a whole map
is coarse for its quiet channels. But ReLU lets a channel be divided by any factor that the weights that read it take
back, so each is first made as large as the others (cross-layer equalisation, Nagel et al. 2019). Before a depthwise
convolution and before a pooling that is free, since weights have a scale for each channel; before a pointwise one,
whose weights share theirs, channels are only brought half as far (as in SmoothQuant, Xiao et al. 2023).

Weights use 7 of their 8 bits: processors without VNNI add pairs of products in 16 bits, where 8 could overflow. So the
integers are the same on all of them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from ddfa_blender.atomic import check_writable, write_atomically
from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import CROP_SIZE

from .faces import SHARED
from .workspace import DATA

#: Training crops that tell how large each channel becomes. Without renders large poses would be cut off.
_CROPS, _RENDER_SHARE, _SEED = 1000, 0.5, 17
#: So many of them are shown to both networks.
_COMPARED, _BATCH = 200, 50
#: No channel counts as quieter than this share of its map's loudest: one that is silent on the crops may not always be.
_QUIETEST = 1e-2
#: 7 bits and a sign; 2 · 255 · 64 < 2¹⁵.
_LARGEST_WEIGHT, _LARGEST_ACTIVATION = 64, 255
#: Bytes are read as (byte − 128) / 128. The network wants (byte − 127.5) / 128; the first bias makes up for the rest.
_PIXEL_SCALE, _PIXEL_ZERO = 1.0 / 128.0, 128
_PIXEL_OFFSET = 0.5 / 128.0
#: The name of a float array or map, and one of these, is the name of its integers, their step, the integer for 0.
_INTEGERS, _SCALE, _ZERO = "_integer", "_scale", "_zero"
#: The file's metadata that tells by what each channel was divided: float16, one layer after another.
_FACTORS = "equalisation"
_LAYERS = 27
#: The learned poolings and the layers whose maps they read.
_POOLING_AFTER = {22: "network.middle_pooling.weight", 26: "network.last_pooling.weight"}
#: Farther apart than this (mean distance of the landmarks, pixels of 120) the two networks are not the same one.
_FARTHEST = 0.5

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Comparison:
    """What a quantised network costs and gains beside the float one, on the same crops.

    Mean distance of the landmarks in pixels of 120; mean difference of the parameters, in standard deviations over the
    crops, and of the scores; milliseconds for one crop on one thread.
    """

    landmarks: float
    params: float
    arkit: float
    float_milliseconds: float
    milliseconds: float

    def text(self) -> str:
        """One line."""
        return (
            f"landmarks {self.landmarks:.3f} px of 120 off, parameters {self.params:.3f} standard deviations, scores "
            f"{self.arkit:.4f}; {self.float_milliseconds:.2f} → {self.milliseconds:.2f} ms, "
            f"{self.float_milliseconds / self.milliseconds:.2f} × as fast"
        )


def calibration_crops() -> NDArray[np.uint8]:
    """1,000 crops (n, 120, 120, 3) of labelled photos and renders, drawn and augmented as by the trainer, always the
    same.

    Raises:
        CaptureError: photos, labels or renders are not there.
    """
    from .augmentation import Augmenter
    from .dataset import BatchSequence, BatchShape, mixed, real_faces, rendered_heads

    shards = sorted(DATA.glob("renders-*.npz"))
    if not ((DATA / "labels.npz").is_file() and shards and any((SHARED / "faces").glob("faces-*.npz"))):
        raise CaptureError(
            f"Quantising needs the photos in {SHARED / 'faces'}, and their labels and the renders in {DATA} (`python "
            "build.py model --step labels --step renders`); `python -m training.export --float` does without."
        )
    pictures = mixed([(real_faces(), 1.0 - _RENDER_SHARE), (rendered_heads(shards), _RENDER_SHARE)])
    sequence = BatchSequence(pictures, Augmenter(MorphableModel.load()), [BatchShape(_CROPS, CROP_SIZE)], _SEED)
    return np.asarray(sequence[0].images.numpy(), np.uint8)


def quantised(model: ModelProto, crops: NDArray[np.uint8]) -> ModelProto:
    """The regressor with integer convolutions; ``crops`` (n, 120, 120, 3) RGB tell the ranges of its channels.

    The same model and crops give the same bytes.

    Raises:
        ValueError: the model is none that ``training.export`` wrote, or is quantised already.
    """
    maps = _maps(model)
    arrays = {name: values.astype(np.float64) for name, values in _stored(model).items() if _rescaled(name)}
    factors, steps = _ranges(channel_maxima(model, crops))
    _divide_channels(arrays, factors)
    graph = GraphProto(name=model.graph.name)
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    for tensor in model.graph.initializer:
        if tensor.name in _POOLING_AFTER.values():
            add_array(graph, tensor.name, arrays[tensor.name].astype(np.float32))
        elif tensor.name not in arrays:
            graph.initializer.append(tensor)
    _add_backbone(graph, [node for node in model.graph.node if node.op_type == "Conv"], maps, arrays, steps)
    graph.node.extend(_nodes_behind(model, set(maps)))
    made = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    made.producer_name = model.producer_name
    packed = base64.b64encode(np.concatenate(factors).astype("<f2").tobytes()).decode()
    helper.set_model_props(made, {**{e.key: e.value for e in model.metadata_props}, _FACTORS: packed})
    onnx.checker.check_model(made, full_check=True)
    return made


def float_arrays(model: ModelProto) -> Arrays:
    """The float arrays of an exported regressor by name; those of a quantised one are what it was made of, but for
    the rounding of its weights.
    """
    stored = _stored(model)
    packed = {entry.key: entry.value for entry in model.metadata_props}.get(_FACTORS)
    if packed is None:
        return stored
    arrays = {name: values for name, values in stored.items() if not name.endswith((_INTEGERS, _SCALE, _ZERO))}
    for name in (name for index in range(_LAYERS) for name in _names(index)):
        arrays[name] = dequantised(stored, name)
    first, bias = _names(0)
    arrays[bias] = arrays[bias] - _PIXEL_OFFSET * arrays[first].sum(axis=(1, 2, 3))
    flat = 1.0 / np.frombuffer(base64.b64decode(packed), "<f2").astype(np.float64)
    ends = np.cumsum([len(arrays[_names(index)[1]]) for index in range(_LAYERS)])
    _divide_channels(arrays, np.split(flat, ends[:-1]))
    return arrays


def dequantised(stored: Arrays, name: str) -> NDArray[np.float64]:
    """What the integers stored for ``name`` stand for; their first axis has a step each."""
    integers, scale = stored[f"{name}{_INTEGERS}"], stored[f"{name}{_SCALE}"].astype(np.float64)
    return np.asarray(integers * scale.reshape(-1, *[1] * (integers.ndim - 1)))


def channel_maxima(model: ModelProto, crops: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """The largest value of each channel behind each ReLU, (c,) for each layer."""
    probe = ModelProto()
    probe.CopyFrom(model)
    names = [f"largest.{index}" for index in range(_LAYERS)]
    for source, name in zip(_maps(model), names, strict=True):
        probe.graph.node.append(helper.make_node("ReduceMax", [source], [name], axes=[0, 2, 3], keepdims=0))
        probe.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]))
    session = open_session(probe)
    found = [session.run(names, {"image": crops[i : i + _BATCH]}) for i in range(0, len(crops), _BATCH)]
    return [np.max(batches, axis=0).astype(np.float64) for batches in zip(*found, strict=True)]


def open_session(model: ModelProto) -> onnxruntime.InferenceSession:
    """A session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def compare(model: ModelProto, other: ModelProto, crops: NDArray[np.uint8]) -> Comparison:
    """``other``, quantised, beside ``model`` on ``crops``; both are timed in turns."""
    sessions = [open_session(model), open_session(other)]
    answers: list[list[list[NDArray]]] = [[], []]
    seconds: list[list[float]] = [[], []]
    for index in range(len(crops)):
        for session, found, times in zip(sessions, answers, seconds, strict=True):
            began = time.process_time()
            found.append(session.run(["params", "landmarks", "arkit"], {"image": crops[index : index + 1]}))
            times.append(time.process_time() - began)
    ours, theirs = ([np.concatenate(part) for part in zip(*found, strict=True)] for found in answers)
    params, landmarks, arkit = (np.abs(a - b) for a, b in zip(ours, theirs, strict=True))
    return Comparison(
        float(np.linalg.norm(landmarks.reshape(-1, 68, 2), axis=-1).mean()),
        float((params / np.maximum(ours[0].std(axis=0), 1e-6)).mean()),
        float(arkit.mean()),
        *(1e3 * statistics.median(times) for times in seconds),
    )


def quantise_file(source: Path, out: Path, crops: NDArray[np.uint8]) -> Comparison:
    """Write a float regressor to ``out`` quantised, if both say nearly the same of ``crops``.

    Raises:
        CaptureError: ``out`` cannot be written.
        ValueError: as :func:`quantised`.
        RuntimeError: the quantised network says something else than the float one.
    """
    model = onnx.load(str(source))
    made = quantised(model, crops)
    comparison = compare(model, made, crops[:_COMPARED])
    if not comparison.landmarks < _FARTHEST:
        raise RuntimeError(f"the quantised network says something else: {comparison.text()}")
    content = made.SerializeToString(deterministic=True)

    def write(file: BinaryIO) -> None:
        file.write(content)

    write_atomically(out, write)
    return comparison


def _names(index: int) -> tuple[str, str]:
    """Weights and biases of a layer."""
    return f"network.backbone.{index}.0.weight", f"network.backbone.{index}.0.bias"


def _rescaled(name: str) -> bool:
    return name.startswith("network.backbone.") or name in _POOLING_AFTER.values()


def _stored(model: ModelProto) -> Arrays:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def _maps(model: ModelProto) -> list[str]:
    """The names of the maps behind the ReLUs.

    Raises:
        ValueError: the graph is no float regressor.
    """
    weights = [node.input[1] for node in model.graph.node if node.op_type == "Conv"]
    behind = {node.input[0]: node.output[0] for node in model.graph.node if node.op_type == "Relu"}
    stored = {tensor.name for tensor in model.graph.initializer}
    wanted = [_names(index)[0] for index in range(_LAYERS)]
    if weights != wanted or not stored.issuperset({*wanted, *_POOLING_AFTER.values()}):
        raise ValueError("this is no float regressor that training.export wrote")
    return [behind[node.output[0]] for node in model.graph.node if node.op_type == "Conv"]


def _ranges(maxima: list[NDArray[np.float64]]) -> tuple[list[NDArray[np.float64]], list[float]]:
    """By what each channel of each map is to be divided, and the step of the map's integers then."""
    factors, steps = [], []
    for index, found in enumerate(maxima):
        largest = np.maximum(found, max(_QUIETEST * float(found.max()), 1e-4))
        # Every second layer is pointwise; the maps before those have an odd index.
        free = index % 2 == 0
        factor = largest / largest.max() if free else np.sqrt(largest)
        factors.append(factor.astype(np.float16).astype(np.float64))
        steps.append(float((largest / factors[-1]).max() / _LARGEST_ACTIVATION))
    return factors, steps


def _divide_channels(arrays: Arrays, factors: list[NDArray[np.float64]]) -> None:
    """Divide the channels that each layer gives and multiply the weights that read them, in place: nothing changes."""
    for index, factor in enumerate(factors):
        weight, bias = _names(index)
        arrays[weight] = arrays[weight] / factor[:, None, None, None]
        arrays[bias] = arrays[bias] / factor
        if index + 1 < len(factors):
            reader = _names(index + 1)[0]
            depthwise = arrays[reader].shape[1] == 1
            arrays[reader] = arrays[reader] * factor.reshape((-1, 1, 1, 1) if depthwise else (1, -1, 1, 1))
        if index in _POOLING_AFTER:
            pooling = _POOLING_AFTER[index]
            arrays[pooling] = arrays[pooling] * factor[None, :, None, None]


def _add_backbone(
    graph: GraphProto, convolutions: list[NodeProto], maps: list[str], arrays: Arrays, steps: list[float]
) -> None:
    """Picture → (DequantizeLinear → Conv → QuantizeLinear) for each layer → DequantizeLinear.

    ONNX Runtime makes one integer convolution of each bracket. The picture's bytes are the first one's integers, and
    rounding to 0…255 is the ReLU too.
    """
    graph.node.append(helper.make_node("Transpose", ["image"], [f"pixels{_INTEGERS}"], perm=[0, 3, 1, 2]))
    add_dequantised(graph, "pixels", np.float32(_PIXEL_SCALE), np.uint8(_PIXEL_ZERO))
    incoming, step = "pixels", _PIXEL_SCALE
    for index, (convolution, out) in enumerate(zip(convolutions, maps, strict=True)):
        weight, bias = (arrays[name] for name in _names(index))
        if index == 0:
            bias = bias + _PIXEL_OFFSET * weight.sum(axis=(1, 2, 3))
        add_weights(graph, _names(index), weight, bias, step)
        node = NodeProto()
        node.CopyFrom(convolution)
        node.input[0] = incoming
        graph.node.append(node)
        incoming, step = out, steps[index]
        add_rounded(graph, node.output[0], out, step)


def add_weights(graph: GraphProto, names: Sequence[str], weight: NDArray, bias: NDArray, step: float) -> None:
    """Integers and scales of one layer, whose weight and bias have these ``names``; ``step`` is that of the map that it
    reads."""
    scale = np.abs(weight).max(axis=(1, 2, 3)) / _LARGEST_WEIGHT
    # A channel without weights still has a bias that must fit into 32 bits.
    scale = np.maximum(scale, np.maximum(np.abs(bias) / (step * 2.0**24), 1e-12)).astype(np.float32)
    integers = np.clip(np.rint(weight / scale[:, None, None, None]), -_LARGEST_WEIGHT, _LARGEST_WEIGHT)
    bias_scale = np.float32(step) * scale
    values = integers.astype(np.int8), np.rint(bias / bias_scale).astype(np.int32)
    for name, stored, each in zip(names, values, (scale, bias_scale), strict=True):
        add_array(graph, f"{name}{_INTEGERS}", stored)
        add_dequantised(graph, name, each, np.zeros(len(each), stored.dtype), axis=0)


def add_rounded(graph: GraphProto, source: str, name: str, step: float) -> None:
    """``name`` out of ``source``, rounded to one of 256 integers ``step`` apart."""
    constants = [f"{name}{_SCALE}", f"{name}{_ZERO}"]
    graph.node.append(helper.make_node("QuantizeLinear", [source, *constants], [f"{name}{_INTEGERS}"]))
    add_dequantised(graph, name, np.float32(step), np.uint8(0))


def add_dequantised(graph: GraphProto, name: str, scale: Any, zero: Any, **attributes: int) -> None:
    """``name`` out of its integers."""
    add_array(graph, f"{name}{_SCALE}", np.asarray(scale))
    add_array(graph, f"{name}{_ZERO}", np.asarray(zero))
    inputs = [f"{name}{_INTEGERS}", f"{name}{_SCALE}", f"{name}{_ZERO}"]
    graph.node.append(helper.make_node("DequantizeLinear", inputs, [name], **attributes))


def add_array(graph: GraphProto, name: str, values: NDArray) -> None:
    graph.initializer.append(numpy_helper.from_array(values, name))


def _nodes_behind(model: ModelProto, maps: set[str]) -> list[NodeProto]:
    """The nodes between the maps and the outputs, in their order."""
    wanted = {output.name for output in model.graph.output}
    found = []
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            wanted = (wanted - set(node.output)) | (set(node.input) - maps)
            found.append(node)
    return found[::-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, metavar="IN", help="float regressor that training.export --float wrote")
    parser.add_argument("out", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    try:
        check_writable(arguments.out)
        comparison = quantise_file(arguments.source, arguments.out, calibration_crops())
    except (CaptureError, OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    size, digest = arguments.out.stat().st_size, hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {size / 1e6:.1f} MB, sha256 {digest}\n{comparison.text()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
