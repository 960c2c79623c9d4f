# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a run's averaged weights to ``model/upright.onnx``, with 8-bit convolutions.

python -m training.upright.export --run NAME [--out FILE] [--float]

Ranges of the activations come from augmented training pictures (see ``quantise.py``), and so do the BatchNorms'
statistics: the running ones belong to weights that have changed since. Those of our own faces, who look towards the
camera, do better on new clips than those of all pictures (raw r 0.800 and 0.791 on the known clips, 0.696 and 0.693 on
footage; 0.792 and 0.684 with the running ones; a script that was not kept).
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

from ddfa_blender.paths import model_file
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from ddfa_blender.tracking.upright_reader import INPUT, OUTPUTS, UPRIGHT_NETWORK
from training.network import measure_normalisation
from training.workspace import RUNS

from .augment import BatchSequence
from .faces import quick_faces, rendered_faces
from .network import DeployedUprightNetwork, UprightNetwork
from .quantise import quantised

#: Training pictures that tell how large each channel becomes, and as many for the BatchNorms.
_PICTURES, _SEED = 512, 17
_OPSET = 17
#: Mean difference of the weights from which on the quantised network is not the same one.
_FARTHEST = 0.02


def load_deployed(checkpoint: Path, pictures: NDArray[np.uint8]) -> DeployedUprightNetwork:
    """The averaged network of a checkpoint, its BatchNorms with the statistics of ``pictures`` (n, 128, 128, 3)."""
    state = torch.load(checkpoint, weights_only=False, map_location="cpu")
    network = UprightNetwork()
    network.load_state_dict(state["averaged"])
    measure_normalisation(network, [torch.from_numpy(pictures)])
    return DeployedUprightNetwork(network, state["loss"]["log_gain"].exp(), state["loss"]["offset"]).eval()


def export(deployed: DeployedUprightNetwork, out: Path) -> None:
    """Write the ONNX file with float weights.

    Raises:
        RuntimeError: ONNX Runtime's outputs differ from PyTorch's by more than rounding.
    """
    size = (2, UPRIGHT_SIZE, UPRIGHT_SIZE, 3)
    pictures = torch.randint(0, 256, size, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    torch.onnx.export(
        deployed, (pictures,), str(out), input_names=[INPUT], output_names=list(OUTPUTS),
        dynamic_axes={name: {0: "n"} for name in (INPUT, *OUTPUTS)}, opset_version=_OPSET, dynamo=False,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(str(out)))
    with torch.no_grad():
        expected = deployed(pictures)
    for ours, theirs in zip(answers(out, pictures.numpy()), expected, strict=True):
        if not np.allclose(ours, theirs.numpy(), rtol=1e-3, atol=1e-3):
            raise RuntimeError("the exported graph differs from PyTorch's")


def answers(path: Path, pictures: NDArray[np.uint8]) -> list[NDArray]:
    """What a file says of pictures (n, 128, 128, 3): its outputs, (n, 52) each."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return list(session.run(list(OUTPUTS), {INPUT: pictures}))


def quantise(source: Path, out: Path, pictures: NDArray[np.uint8]) -> float:
    """Write a float network to ``out`` with 8-bit convolutions; the mean difference of the weights on ``pictures``.

    Raises:
        RuntimeError: the quantised network says something else than the float one.
    """
    made = quantised(onnx.load(str(source)), INPUT, pictures)
    out.write_bytes(made.SerializeToString(deterministic=True))
    apart = np.abs(answers(source, pictures)[0] - answers(out, pictures)[0]).mean()
    if not apart < _FARTHEST:
        raise RuntimeError(f"the quantised network says something else: weights are {apart:.3f} off")
    return float(apart)


def training_pictures(*, renders: float) -> NDArray[np.uint8]:
    """Augmented training pictures (n, 128, 128, 3), always the same; of Blender's renders a share ``renders``."""
    groups = [quick_faces(), [rendered_faces()]] if renders > 0.0 else [quick_faces()]
    sequence = BatchSequence(groups, (1.0 - renders, renders)[: len(groups)], _PICTURES, 1, _SEED)
    return np.asarray(sequence[0].images.numpy(), np.uint8)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", required=True)
    parser.add_argument("--out", type=Path, default=model_file(UPRIGHT_NETWORK))
    parser.add_argument("--float", action="store_true", help="keep 32-bit weights")
    options = parser.parse_args()
    deployed = load_deployed(RUNS / options.run / "upright.pt", training_pictures(renders=0.0))
    if options.float:
        export(deployed, options.out)
    else:
        with TemporaryDirectory() as folder:
            plain, made = Path(folder) / "float.onnx", Path(folder) / "integer.onnx"
            export(deployed, plain)
            apart = quantise(plain, made, training_pictures(renders=0.4))
            options.out.write_bytes(made.read_bytes())
        print(f"8 bits: weights are {apart:.4f} off in the mean")
    digest = hashlib.sha256(options.out.read_bytes()).hexdigest()
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
