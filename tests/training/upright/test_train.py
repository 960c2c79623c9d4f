# SPDX-License-Identifier: GPL-3.0-or-later
"""What the loss asks for, that steps take it down, and that a run goes on where it was cut."""

from __future__ import annotations

import numpy as np
import torch

from ddfa_blender.tracking.upright import UPRIGHT_SIZE
from training.upright.augment import Batch
from training.upright.train import Settings, Trainer, WeightLoss


def _batch(count: int = 8, scored: float = 0.0, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, UPRIGHT_SIZE, UPRIGHT_SIZE, 3), dtype=np.uint8)
    arkit = torch.from_numpy(rng.uniform(size=(count, 52)).astype(np.float32))
    ones = torch.ones(count, 52)
    return Batch(torch.from_numpy(images), arkit, (1.0 - scored) * ones, scored * ones, torch.full((count, 136), 64.0))


def _loss() -> WeightLoss:
    return WeightLoss(torch.full((52,), 0.2), torch.full((136,), 60.0))


def test_exact_weights_and_points_cost_nothing():
    batch = _batch()
    with torch.no_grad():
        missed, away = _loss()(batch.arkit, torch.ones(8, 136), batch)  # a spread of 4 pixels off the mean
    assert float(missed) == 0.0
    assert float(away) == 0.0


def test_the_best_guess_is_the_mean_of_what_it_may_be():
    """Not the median: a channel that is 1 on one face of five and looks alike on all must come out as 0.2."""
    arkit = torch.zeros(5, 52)
    arkit[0] = 1.0
    batch = _batch(5)._replace(arkit=arkit)
    guess = torch.full((1, 52), 0.5, requires_grad=True)
    loss = _loss()
    for _ in range(300):
        (gradient,) = torch.autograd.grad(loss(guess.expand(5, 52), torch.zeros(5, 136), batch)[0], guess)
        guess = (guess - 0.5 * gradient).detach().requires_grad_()
    np.testing.assert_allclose(guess.detach().numpy(), 0.2, atol=1e-3)


def test_the_teacher_s_scale_is_learnt_and_exact_weights_are_not_bent_to_it():
    torch.manual_seed(0)
    weights = torch.rand(64, 52)
    scores = 0.4 * weights + 0.1
    batch = _batch(64, scored=1.0)._replace(arkit=scores)
    loss = _loss()
    optimiser = torch.optim.Adam(loss.parameters(), lr=0.02)
    for _ in range(400):
        optimiser.zero_grad()
        loss(weights, torch.zeros(64, 136), batch)[0].backward()
        optimiser.step()
    np.testing.assert_allclose(loss.log_gain.detach().exp().numpy(), 0.4, atol=0.02)
    np.testing.assert_allclose(loss.offset.detach().numpy(), 0.1, atol=0.02)
    exact = _batch(64)._replace(arkit=weights)
    assert float(loss(weights, torch.zeros(64, 136), exact)[0]) == 0.0


def _trainer(seed: int = 1) -> Trainer:
    return Trainer(
        Settings("test", crops=64 * 40, batch=64, seed=seed), torch.full((52,), 0.2), torch.full((136,), 60.0)
    )


def test_steps_lower_the_loss_and_a_run_goes_on_as_if_it_had_not_been_cut(tmp_path):
    torch.set_num_threads(1)
    batches = [_batch(seed=step % 2) for step in range(14)]
    trainer = _trainer()
    losses = [sum(trainer.train_step(batch)) for batch in batches[:10]]
    assert losses[-1] < losses[0]
    trainer.save(tmp_path / "upright.pt")
    on = [trainer.train_step(batch) for batch in batches[10:]]
    again = _trainer(seed=2)
    again.restore(tmp_path / "upright.pt")
    assert again.step == 10
    np.testing.assert_allclose([again.train_step(batch) for batch in batches[10:]], on, rtol=1e-5)


def test_the_rate_rises_then_falls():
    settings = Settings("test", crops=128 * 3000)
    rates = [settings.rate_at(step) for step in range(settings.steps)]
    assert np.argmax(rates) in range(295, 320)
    assert rates[0] < 0.01 * max(rates) < rates[-1] * 1.0 + 0.02 * max(rates)
    assert all(isinstance(rate, float) for rate in rates)
