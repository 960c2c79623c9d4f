# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from training.averaging import measure_normalisation  # noqa: E402
from training.dead_channels import revive_dead_channels, silence_dead_channels  # noqa: E402
from training.network import FaceRegressor, normalise  # noqa: E402

#: A depthwise layer of the last blocks, whose output a pointwise one reads.
_LAYER = 23


def _crops(seed):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 256, (6, 64, 64, 3)).astype(np.uint8))


@pytest.fixture
def network():
    """One of whose channels lets nothing through."""
    torch.manual_seed(5)
    result = FaceRegressor(0.25).eval()
    with torch.no_grad():
        result.backbone[_LAYER][0].weight[3] = 0.0
    measure_normalisation(result, [_crops(seed) for seed in range(2)])
    assert result.backbone[_LAYER][1].running_var[3] == 0.0
    return result


def test_a_dead_channel_stays_at_rest_whatever_stirs_it(network):
    assert silence_dead_channels(network) == 1
    depthwise = network.backbone[_LAYER]
    map_before = torch.rand(2, depthwise[0].weight.shape[0], 4, 4)
    with torch.no_grad():
        at_rest = depthwise(map_before)[:, 3]
        depthwise[0].weight[3] = 1.0  # nothing of what it saw came through until now
        stirred = depthwise(map_before)
    np.testing.assert_array_equal(stirred[:, 3], at_rest)
    assert stirred[:, 2].std() > 0.0, "its neighbours live on"


def test_a_revived_channel_lives_and_is_not_read_yet(network):
    others = network.backbone[_LAYER][0].weight[4:].clone()
    assert revive_dead_channels(network) == 1
    depthwise, reader = network.backbone[_LAYER], network.backbone[_LAYER + 1][0]
    assert depthwise[0].weight[3].abs().sum() > 0.0
    np.testing.assert_array_equal(depthwise[0].weight[4:].detach(), others.detach())
    assert not reader.weight[:, 3].any()
    measure_normalisation(network, [_crops(seed) for seed in range(2)])
    assert revive_dead_channels(network) == 0


def test_a_revived_channel_learns_to_be_read(network):
    revive_dead_channels(network)
    network.train()
    network(normalise(_crops(3))).params.square().sum().backward()
    assert network.backbone[_LAYER + 1][0].weight.grad[:, 3].abs().max() > 0.0
