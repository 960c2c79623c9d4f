# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported network, with BatchNorm again, computes what the file does and can be trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.network import normalise
from training.upright.export import answers, export, quantise
from training.upright.network import DeployedUprightNetwork, UprightNetwork
from training.upright.released import read_weights, solve_direct, take_over

from ..other_network import save_identity

GAIN, OFFSET = torch.linspace(0.2, 1.2, 52), torch.linspace(-0.1, 0.2, 52)


def _pictures(count: int = 64) -> np.ndarray:
    """Blurred noise: its maps are neither all alike nor all different."""
    rng = np.random.default_rng(3)
    coarse = torch.from_numpy(rng.uniform(0, 255, (count, 3, 16, 16)).astype(np.float32))
    fine = torch.nn.functional.interpolate(coarse, (128, 128), mode="bilinear")
    return fine.permute(0, 2, 3, 1).to(torch.uint8).numpy()


@pytest.fixture(scope="module")
def network() -> UprightNetwork:
    """Random, with statistics and heads that are."""
    torch.manual_seed(4)
    network = UprightNetwork()
    for head in (network.weights, network.points):
        torch.nn.init.normal_(head.weight, std=0.2)
        torch.nn.init.uniform_(head.bias, 0.0, 0.6)
    torch.nn.init.normal_(network.direct[1].weight, std=0.003)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    with torch.no_grad():
        for _ in range(60):
            network.train()(normalise(torch.from_numpy(_pictures())))
    return network.eval()


@pytest.mark.parametrize(("eight_bits", "apart"), [(False, 1e-4), (True, 0.03)])
def test_it_computes_what_the_file_does(network, tmp_path, eight_bits, apart):
    pictures = _pictures()
    path = tmp_path / "upright.onnx"
    export(DeployedUprightNetwork(network, GAIN, OFFSET).eval(), path)
    if eight_bits:
        quantise(path, path, pictures)
    released = read_weights(path)
    again = UprightNetwork()
    images = torch.from_numpy(pictures)
    with torch.no_grad():
        points = network.with_points(normalise(images))[1]
    take_over(again, released, images, points)
    with torch.no_grad():
        weights, told = again.eval().with_points(normalise(images))
        in_training = again.train()(normalise(images))
    expected = answers(path, pictures)[0]
    assert expected.std(axis=0).mean() > 0.02  # pictures differ, or it would tell nothing
    np.testing.assert_allclose(weights.clamp(0, 1).numpy().mean(axis=0), expected.mean(axis=0), atol=apart)
    assert np.abs(weights.clamp(0, 1).numpy() - expected).mean() < apart
    # With a batch's own statistics too, which are those of these pictures.
    assert (in_training - weights).abs().mean() < 0.02
    np.testing.assert_allclose(released.gain.numpy(), GAIN.numpy())
    np.testing.assert_allclose(released.offset.numpy(), OFFSET.numpy())
    left = (told - points).pow(2).mean() / points.var(dim=0).mean()
    assert float(left) < 0.1


def test_what_the_hidden_layer_leaves_is_read_off_the_map(network):
    """Of weights that the map does tell, to the last, and of nothing else."""
    images = torch.from_numpy(_pictures(256))
    other = UprightNetwork()
    other.load_state_dict(network.state_dict())
    torch.nn.init.zeros_(other.direct[1].weight)
    torch.nn.init.zeros_(other.direct[1].bias)
    with torch.no_grad():
        wanted = network(normalise(images))
        before = (other.eval()(normalise(images)) - wanted).pow(2).mean()
    solve_direct(other, images, wanted)
    with torch.no_grad():
        after = (other.eval()(normalise(images)) - wanted).pow(2).mean()
    assert float(after) < 0.25 * float(before)
    torch.testing.assert_close(other.weights.weight, network.weights.weight)


def test_any_other_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"training\.upright\.export"):
        read_weights(save_identity(tmp_path / "x.onnx"))
