# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import apply, split  # noqa: E402
from training.parameter_costs import (  # noqa: E402
    FaceSurface,
    fast_parameter_weights,
    parameter_weights,
    random_labels,
    vertex_distance_cost,
    weighted_parameter_cost,
)


@pytest.fixture(scope="module")
def surface(model):
    return FaceSurface(model).double()


def degraded(truth, seed):
    return truth + 0.1 * torch.tensor(np.random.default_rng(seed).normal(size=truth.shape)) * truth.std(dim=0)


def test_projects_like_the_core(model, surface):
    params = random_labels(3).double()
    transform, shape, expression = split(params.numpy())
    expected = apply(transform, model.landmarks68(shape, expression))
    np.testing.assert_allclose(surface.project(params).numpy()[:, -68:], expected, atol=2e-3)


def test_the_vertex_distance_cost_of_a_shift_is_its_square_times_the_points(surface):
    truth = random_labels(4).double()
    moved = truth.clone()
    moved[:, 3] += 3.0
    moved[:, 7] += 4.0
    expected = np.full(4, 25.0 * len(surface.mean))
    np.testing.assert_allclose(vertex_distance_cost(surface, moved, truth).numpy(), expected, rtol=1e-6)


def test_fast_weights_equal_equation_seven(surface):
    truth = random_labels(16).double()
    params = degraded(truth, 5)
    slow, fast = parameter_weights(surface, params, truth), fast_parameter_weights(surface, params, truth)
    # Labels are stored as float32: their T is a scaled rotation to seven digits.
    torch.testing.assert_close(fast, slow, rtol=1e-5, atol=1e-6)
    assert slow.amax(dim=1).tolist() == [1.0] * 16
    truth_z, params_z = torch.zeros(16, 62).double(), torch.ones(16, 62).double()
    torch.testing.assert_close(weighted_parameter_cost(fast, params_z, truth_z),
                               weighted_parameter_cost(slow, params_z, truth_z), rtol=1e-5, atol=0.0)  # fmt: skip


def test_weights_of_a_single_wrong_parameter_pick_it_out(surface):
    truth = random_labels(62, seed=6).double()
    params = truth + torch.eye(62).double()
    torch.testing.assert_close(fast_parameter_weights(surface, params, truth), torch.eye(62).double())


def test_no_gradient_flows_through_the_weights(surface):
    truth = random_labels(2).double()
    params = degraded(truth, 7).requires_grad_()
    weights = fast_parameter_weights(surface, params, truth)
    weighted_parameter_cost(weights, params, truth).sum().backward()
    torch.testing.assert_close(params.grad, 2 * weights.detach() ** 2 * (params.detach() - truth))


def test_gradient_of_the_vertex_distance_cost_matches_finite_differences(surface):
    truth = random_labels(3).double()
    params = degraded(truth, 8).requires_grad_()
    vertex_distance_cost(surface, params, truth).sum().backward()
    direction = torch.tensor(np.random.default_rng(9).normal(size=params.shape))
    step = 1e-6
    with torch.no_grad():
        ends = [vertex_distance_cost(surface, params + s * direction, truth).sum() for s in (step, -step)]
    slope = float(ends[0] - ends[1]) / (2 * step)
    assert float((params.grad * direction).sum()) == pytest.approx(slope, rel=1e-6)
