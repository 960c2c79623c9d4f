# SPDX-License-Identifier: GPL-3.0-or-later
"""The exported file says what the network says, in 8 bits too, and the extension's reader takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from ddfa_blender.errors import CaptureError
from ddfa_blender.symmetry import MIRRORED_CHANNELS
from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from ddfa_blender.tracking.upright_reader import INPUT, MirroredReader, UprightReader
from training.network import normalise
from training.upright.export import answers, export, load_deployed, quantise
from training.upright.network import DeployedUprightNetwork, UprightNetwork
from training.upright.quantise import quantised


@pytest.fixture(scope="module")
def network() -> DeployedUprightNetwork:
    """Random, but with BatchNorms that have seen something and weights that reach from 0 to 1."""
    torch.manual_seed(3)
    network = UprightNetwork()
    with torch.no_grad():
        network.weights.weight.mul_(10.0)
        network.weights.bias.fill_(0.5)
        for _ in range(4):
            network(torch.randn(8, 3, UPRIGHT_SIZE, UPRIGHT_SIZE))
    return DeployedUprightNetwork(network, torch.full((52,), 0.5), torch.linspace(-0.1, 0.1, 52)).eval()


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, 16, axis=1), 16, axis=2)


@pytest.fixture(scope="module")
def files(network, pictures, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("upright")
    plain, integers = folder / "float.onnx", folder / "integer.onnx"
    export(network, plain)
    quantise(plain, integers, pictures)
    return plain, integers


def test_both_files_say_what_the_network_says(network, pictures, files):
    with torch.no_grad():
        weights, scores = (values.numpy() for values in network(torch.from_numpy(pictures)))
    assert weights.std() > 0.05
    for file, tolerance in zip(files, (1e-3, 0.05), strict=True):
        found = answers(file, pictures)
        np.testing.assert_allclose(found[0], weights, atol=tolerance)
        np.testing.assert_allclose(found[1], scores, atol=tolerance)


def test_the_integers_are_there_and_the_file_is_small(files):
    plain, integers = files
    kinds = {node.op_type for node in onnx.load(str(integers)).graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    assert integers.stat().st_size < 0.5 * plain.stat().st_size


def test_quantising_is_deterministic_and_refuses_what_has_no_convolution(files, pictures):
    model = onnx.load(str(files[0]))
    one, other = (quantised(model, INPUT, pictures).SerializeToString(deterministic=True) for _ in range(2))
    assert one == other
    del model.graph.node[:]
    with pytest.raises(ValueError, match="convolution"):
        quantised(model, INPUT, pictures)


def test_the_reader_reads_it_once_or_twice(files, pictures):
    reader = UprightReader(files[1])
    expected = answers(files[1], pictures)
    for index in (0, 5):
        reading = reader.read(pictures[index])
        np.testing.assert_allclose(reading.weights, expected[0][index], atol=1e-6)
        np.testing.assert_allclose(reading.scores, expected[1][index], atol=1e-6)
    twice = MirroredReader(reader)
    seen, mirrored = twice.read(pictures[0]), twice.read(np.ascontiguousarray(pictures[0][:, ::-1]))
    np.testing.assert_allclose(mirrored.weights, seen.weights[MIRRORED_CHANNELS], atol=1e-6)


def test_another_network_or_picture_is_refused(files, tmp_path):
    with pytest.raises(ValueError, match="128"):
        UprightReader(files[1]).read(np.zeros((120, 120, 3), np.uint8))
    model = onnx.load(str(files[0]))
    model.graph.output[0].name = "other"
    other = tmp_path / "other.onnx"
    other.write_bytes(model.SerializeToString())
    with pytest.raises(CaptureError, match=r"reinstall"):
        UprightReader(other)


def test_a_checkpoint_s_batch_norms_know_its_own_averaged_weights(tmp_path):
    torch.manual_seed(0)
    averaged = UprightNetwork()
    pictures = np.random.default_rng(0).integers(0, 256, (16, UPRIGHT_SIZE, UPRIGHT_SIZE, 3), dtype=np.uint8)
    loss = {"log_gain": torch.zeros(52), "offset": torch.zeros(52)}
    torch.save({"averaged": averaged.state_dict(), "loss": loss}, tmp_path / "upright.pt")
    network = load_deployed(tmp_path / "upright.pt", pictures).network
    assert not network.training
    torch.testing.assert_close(network.hidden[1].weight, averaged.hidden[1].weight)
    convolution, normalisation, _ = network.backbone[0]
    with torch.no_grad():
        seen = convolution(normalise(torch.from_numpy(pictures)))
    torch.testing.assert_close(normalisation.running_mean, seen.mean(dim=(0, 2, 3)), atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(normalisation.running_var, seen.var(dim=(0, 2, 3)), atol=1e-4, rtol=1e-3)
