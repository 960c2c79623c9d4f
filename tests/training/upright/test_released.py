# SPDX-License-Identifier: GPL-3.0-or-later
"""An exported network, with BatchNorm again, computes what the file does and can be trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.network import measure_normalisation, normalise
from training.upright.export import answers, export, quantise
from training.upright.network import DeployedUprightNetwork, UprightNetwork
from training.upright.released import read_weights, take_over

from ..other_network import save_identity

GAIN, OFFSET = torch.linspace(0.2, 1.2, 52), torch.linspace(-0.1, 0.2, 52)


def _pictures(count: int = 64) -> np.ndarray:
    """Blurred noise: its maps are neither all alike nor all different."""
    rng = np.random.default_rng(3)
    coarse = torch.from_numpy(rng.uniform(0, 255, (count, 3, 16, 16)).astype(np.float32))
    fine = torch.nn.functional.interpolate(coarse, (128, 128), mode="bilinear")
    return fine.permute(0, 2, 3, 1).to(torch.uint8).numpy()


def _random_network() -> UprightNetwork:
    """Random heads and BatchNorms, with the statistics of the pictures."""
    network = UprightNetwork()
    for head, spread in ((network.weights, 0.2), (network.points, 0.2), (network.direct[1], 0.003)):
        torch.nn.init.normal_(head.weight, std=spread)
        torch.nn.init.uniform_(head.bias, 0.0, 0.3)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    measure_normalisation(network, [torch.from_numpy(_pictures())])
    return network


@pytest.fixture(scope="module")
def network() -> UprightNetwork:
    torch.manual_seed(4)
    return _random_network()


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


@pytest.fixture
def smaller() -> UprightNetwork:
    """Of another depth at each size."""
    torch.manual_seed(5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.upright.network._BLOCKS", (0, 1, 2))
        return _random_network()


def test_a_network_that_has_grown_starts_from_what_the_smaller_one_computed(smaller, tmp_path):
    """And its new convolutions learn from the first step on."""
    images = torch.from_numpy(_pictures())
    with torch.no_grad():
        weights, points = smaller.with_points(normalise(images))
    path = tmp_path / "smaller.onnx"
    export(DeployedUprightNetwork(smaller, GAIN, OFFSET).eval(), path)
    grown = UprightNetwork()
    take_over(grown, read_weights(path), images, points)
    with torch.no_grad():
        again = grown.eval()(normalise(images))
    assert float((again - weights).pow(2).mean()) < 0.02 * float(weights.var(dim=0).mean())
    grown.train()(normalise(images)).square().mean().backward()
    assert all(float(value.grad.abs().max()) > 0.0 for value in grown.backbone.parameters())


def test_a_network_with_more_convolutions_than_this_one_is_refused(network, smaller, tmp_path):
    path = tmp_path / "upright.onnx"
    export(DeployedUprightNetwork(network, GAIN, OFFSET).eval(), path)
    with pytest.raises(ValueError, match="fewer convolutions"):
        take_over(smaller, read_weights(path), torch.from_numpy(_pictures(2)), torch.zeros(2, 136))


def test_any_other_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"training\.upright\.export"):
        read_weights(save_identity(tmp_path / "x.onnx"))
