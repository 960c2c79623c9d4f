# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from training.averaging import (  # noqa: E402
    RidgeRegression,
    fit_pose,
    mean_weights,
    silence_dead_channels,
)
from training.dataset import Batch  # noqa: E402
from training.network import FaceRegressor, Statistics, measure_normalisation, normalise  # noqa: E402

SIDE = 48


def test_ridge_regression_finds_a_linear_map_and_agrees_with_the_normal_equations():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 7)) * [1, 5, 0.1, 1, 1, 2, 1] + 3.0
    weight, bias = rng.normal(size=(2, 7)), rng.normal(size=2)
    missing = features @ weight.T + bias
    regression = RidgeRegression(7, 2)
    for part in np.split(np.arange(400), [100, 130]):
        regression.add(features[part], missing[part])
    found = regression.solve(0.0)
    np.testing.assert_allclose(found[0], weight, atol=1e-8)
    np.testing.assert_allclose(found[1], bias, atol=1e-7)
    # The same with a penalty, by augmenting standardised least squares with rows that ask for 0.
    spread = features.std(axis=0)
    rows = np.vstack([(features - features.mean(axis=0)) / spread / np.sqrt(400), np.sqrt(0.3) * np.eye(7)])
    wanted = np.vstack([(missing - missing.mean(axis=0)) / np.sqrt(400), np.zeros((7, 2))])
    expected = np.linalg.lstsq(rows, wanted, rcond=None)[0].T / spread
    np.testing.assert_allclose(regression.solve(0.3)[0], expected, atol=1e-8)


def test_a_strong_penalty_changes_nothing_but_the_mean():
    rng = np.random.default_rng(2)
    features, missing = rng.normal(size=(50, 3)), rng.normal(size=(50, 1))
    regression = RidgeRegression(3, 1)
    regression.add(features, missing)
    weight, bias = regression.solve(1e9)
    np.testing.assert_allclose(weight, 0.0, atol=1e-6)
    np.testing.assert_allclose(bias, missing.mean(axis=0), atol=1e-6)


def test_nothing_cannot_be_fitted_to():
    with pytest.raises(ValueError, match="no samples"):
        RidgeRegression(3, 1).solve(0.1)


def test_weights_are_averaged_by_their_shares_and_counters_are_kept():
    def weights(value):
        return {"weight": torch.full((2,), float(value)), "count": torch.tensor(value)}

    mean = mean_weights([(weights(1), 3.0), (weights(5), 1.0)])
    np.testing.assert_allclose(mean["weight"], 2.0)
    assert int(mean["count"]) == 1


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    return FaceRegressor(0.25).eval()


def _crops(count, seed):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8))


def test_normalisation_gets_the_mean_statistics_of_the_batches(network):
    batches = [_crops(6, seed) for seed in range(3)]
    network.backbone[0][1].running_mean.fill_(7.0)
    measure_normalisation(network, batches)
    with torch.no_grad():
        means = [network.backbone[0][0](normalise(images)).mean((0, 2, 3)) for images in batches]
    np.testing.assert_allclose(network.backbone[0][1].running_mean, torch.stack(means).mean(0), atol=1e-5)
    assert not network.training


def test_a_dead_channel_stays_at_rest_whatever_stirs_it():
    torch.manual_seed(5)
    network = FaceRegressor(0.25).eval()
    depthwise = network.backbone[23]
    with torch.no_grad():
        depthwise[0].weight[3] = 0.0  # nothing of what it sees comes through …
    measure_normalisation(network, [_crops(6, seed) for seed in range(2)])
    assert depthwise[1].running_var[3] == 0.0
    assert silence_dead_channels(network) == 1
    map_before = torch.rand(2, depthwise[0].weight.shape[0], 4, 4)
    with torch.no_grad():
        at_rest = network.backbone[23](map_before)[:, 3]
        depthwise[0].weight[3] = 1.0  # … until now
        stirred = network.backbone[23](map_before)
    np.testing.assert_array_equal(stirred[:, 3], at_rest)
    assert stirred[:, 2].std() > 0.0, "its neighbours live on"


def test_the_pose_is_fitted_to_faces_that_are_seen_and_nothing_else_changes(network):
    rng = np.random.default_rng(4)
    draw = [torch.from_numpy(rng.uniform(0.5, 2.0, n).astype(np.float32)) for n in (62, 62, 136, 136, 52)]
    statistics = Statistics(*draw)
    images = _crops(24, 9)
    with torch.no_grad():
        before = network(normalise(images))
    # Half a standard deviation off everywhere; the last six crops show no face and lie about it.
    params = (before.params + 0.5) * statistics.params_std + statistics.params_mean
    params[18:] += 1000.0
    confidence = torch.ones(24, 1)
    confidence[18:] = 0.0
    none = torch.zeros(24, 1)
    fit_pose(network, statistics, [Batch(images, params, none, none, none, confidence)])
    with torch.no_grad():
        after = network(normalise(images))
    np.testing.assert_allclose(after.params[:, :12], before.params[:, :12] + 0.5, atol=1e-3)
    np.testing.assert_array_equal(after.params[:, 12:], before.params[:, 12:])
    np.testing.assert_array_equal(after.arkit, before.arkit)
