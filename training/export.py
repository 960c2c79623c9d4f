# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a run's averaged weights to ``model/regressor.onnx``: BatchNorm folded, normalisation and z-scores inside.

python -m training.export --run first [--out FILE] [--float]

Without ``--float`` the file is quantised (:mod:`training.quantise`).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ddfa_blender.atomic import check_writable
from ddfa_blender.errors import CaptureError
from ddfa_blender.paths import model_file
from ddfa_blender.projection import CROP_SIZE

from .calibration import Calibration
from .network import BRANCH_SHARE, DeployedRegressor, FaceRegressor
from .quantise import Comparison, calibration_crops, quantise_file
from .train import load_statistics
from .workspace import RUNS

OUTPUTS = ("params", "landmarks", "arkit", "confidence")


def load_deployed(checkpoint: Path, calibration: Calibration | None = None) -> DeployedRegressor:
    """The averaged network of a checkpoint with BatchNorm folded into its convolutions, and perhaps calibrated."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    network = FaceRegressor(state["settings"]["width"])
    network.load_state_dict(state["averaged"])
    network.eval()
    deployed = DeployedRegressor(network, load_statistics(state)).eval()
    if calibration is not None:
        calibration.apply(deployed)
    for index, layer in enumerate(network.backbone):
        fused = fuse_conv_bn_eval(layer[0], layer[1])
        network.backbone[index] = nn.Sequential(fused, nn.ReLU())
    # The file holds the heads as float16; rounded here, both compute with the same numbers.
    network.heads.weight.data = network.heads.weight.data.half().float()
    return deployed


def _store_heads_as_float16(model: onnx.ModelProto, heads: NDArray) -> None:
    """Halve the largest matrix but one: the file must stay small, and at this place rounding costs nothing."""
    graph = model.graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    (name,) = (n for n, a in arrays.items() if any(np.array_equal(a, each) for each in (heads, heads.T)))
    tensor = next(tensor for tensor in graph.initializer if tensor.name == name)
    tensor.CopyFrom(onnx.numpy_helper.from_array(arrays[name].astype(np.float16), f"{name}_half"))
    graph.node.insert(0, onnx.helper.make_node("Cast", [f"{name}_half"], [name], to=onnx.TensorProto.FLOAT))


def export(checkpoint: Path, out: Path) -> str:
    """Write the ONNX file with float weights, check it against PyTorch on random crops, and return its SHA-256.

    A ``calibration.npz`` beside the checkpoint (:mod:`training.calibration`) becomes part of the heads.

    Raises:
        RuntimeError: ONNX Runtime's outputs differ from PyTorch's by more than rounding.
    """
    beside = checkpoint.with_name("calibration.npz")
    deployed = load_deployed(checkpoint, Calibration.load(beside) if beside.exists() else None)
    generator = torch.Generator().manual_seed(0)
    crops = torch.randint(0, 256, (2, CROP_SIZE, CROP_SIZE, 3), generator=generator, dtype=torch.uint8)
    part = out.with_suffix(".part.onnx")
    torch.onnx.export(
        deployed, (crops,), str(part), input_names=["image"], output_names=list(OUTPUTS),
        dynamic_axes={name: {0: "n"} for name in ("image", *OUTPUTS)}, opset_version=17, dynamo=False,
    )  # fmt: skip
    graph = onnx.load(str(part))
    _store_heads_as_float16(graph, deployed.network.heads.weight.detach().numpy())
    graph.metadata_props.add(key="branch_share", value=str(BRANCH_SHARE))
    onnx.checker.check_model(graph)
    onnx.save(graph, str(part))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(part), options, providers=["CPUExecutionProvider"])
    found = session.run(list(OUTPUTS), {"image": crops.numpy()})
    with torch.no_grad():
        expected = deployed(crops)
    for name, ours, theirs in zip(OUTPUTS, found, expected, strict=True):
        if not np.allclose(ours, theirs.numpy(), rtol=1e-3, atol=1e-3):
            part.unlink()
            raise RuntimeError(f"output {name} of the exported graph differs from PyTorch's")
    part.replace(out)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--out", type=Path, default=model_file("regressor.onnx"))
    parser.add_argument("--float", action="store_true", help="keep 32-bit weights, which needs no pictures")
    arguments = parser.parse_args()
    checkpoint = RUNS / arguments.run / "checkpoint.pt"
    try:
        if arguments.float:
            export(checkpoint, arguments.out)
        else:
            print(_export_quantised(checkpoint, arguments.out).text())
    except CaptureError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    return 0


def _export_quantised(checkpoint: Path, out: Path) -> Comparison:
    check_writable(out)
    crops = calibration_crops()
    with TemporaryDirectory() as folder:
        plain = Path(folder) / "regressor.onnx"
        export(checkpoint, plain)
        return quantise_file(plain, out, crops)


if __name__ == "__main__":
    sys.exit(main())
