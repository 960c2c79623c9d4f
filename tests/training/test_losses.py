# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.projection import apply, join, rotation_from_euler, split  # noqa: E402
from training.dataset import Batch  # noqa: E402
from training.losses import RegressorLoss, VertexDistance  # noqa: E402
from training.network import Heads, Statistics  # noqa: E402


def params(count=3):
    rng = np.random.default_rng(10)
    linear = 0.5 * rotation_from_euler(rng.uniform(-30, 30, (count, 3)))
    transform = np.concatenate([linear, rng.uniform(50, 70, (count, 3, 1))], axis=-1)
    return join(transform, rng.normal(size=(count, 40)), rng.normal(size=(count, 10)))


def test_projects_like_the_core(model):
    p = params()
    loss = VertexDistance(model)
    transform, shape, expression = split(p)
    expected = apply(transform, model.landmarks68(shape, expression))
    found = loss.project(torch.tensor(p, dtype=torch.float32)).numpy()[:, -68:]
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_a_shift_costs_its_length(model):
    p = torch.tensor(params(), dtype=torch.float32)
    moved = p.clone()
    moved[:, 3] += 3.0
    moved[:, 7] += 4.0
    np.testing.assert_allclose(VertexDistance(model)(moved, p).numpy(), 5.0 / 120, rtol=1e-4)


def test_gradient_matches_finite_differences(model):
    loss = VertexDistance(model).double()
    truth, p = torch.tensor(params()), torch.tensor(params() + 0.05, requires_grad=True)
    loss(p, truth).sum().backward()
    direction = torch.tensor(np.random.default_rng(11).normal(size=p.shape))
    step = 1e-6
    with torch.no_grad():
        slope = (loss(p + step * direction, truth) - loss(p - step * direction, truth)).sum() / (2 * step)
    assert float((p.grad * direction).sum()) == pytest.approx(float(slope), rel=1e-5)


def test_a_picture_without_a_face_moves_only_the_confidence(model):
    statistics = Statistics(torch.zeros(62), torch.ones(62), torch.zeros(136), torch.ones(136))
    heads = Heads(*(torch.randn(2, n, requires_grad=True) for n in (62, 136, 52, 1)))
    batch = Batch(torch.zeros(2, 8, 8, 3, dtype=torch.uint8), torch.randn(2, 62), torch.randn(2, 136),
                  torch.rand(2, 52), torch.tensor([[1.0], [0.0]]))  # fmt: skip
    total, _ = RegressorLoss(model, statistics)(heads, batch)
    total.backward()
    assert heads.params.grad[1].abs().max() == 0
    assert heads.arkit.grad[1].abs().max() == 0
    assert heads.params.grad[0].abs().max() > 0
    assert heads.confidence.grad.abs().min() > 0
