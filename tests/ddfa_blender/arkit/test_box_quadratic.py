# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.arkit.box_quadratic import LIMIT_TOLERANCE, BoxQuadratic

CHANNELS = 6


def problem(count: int = 30, seed: int = 0, held: bool = False) -> BoxQuadratic:
    random = np.random.default_rng(seed)
    root = random.normal(size=(CHANNELS, 4))
    return BoxQuadratic(
        normal=root @ root.T + 0.3 * np.eye(CHANNELS),
        right=2.0 * random.normal(size=(count, CHANNELS)),
        upper=random.uniform(0.5, 1.0, (count, CHANNELS)),
        coupling=random.uniform(0.0, 2.0, (max(count - 1, 0), CHANNELS)),
        limits=random.normal(size=(2, CHANNELS)),
        held=random.random(count) < (0.5 if held else 0.0),
    )


def gradient(p: BoxQuadratic, weights: np.ndarray) -> np.ndarray:
    result = weights @ p.normal - p.right
    pull = p.coupling * np.diff(weights, axis=0)
    result[:-1] -= pull
    result[1:] += pull
    return result


@pytest.mark.parametrize("seed", range(5))
def test_the_minimum_meets_the_optimality_conditions(seed):
    p = problem(seed=seed)
    found = p.minimise(np.zeros_like(p.right))
    w, slope = found.weights, gradient(p, found.weights)
    assert found.converged
    assert (w >= 0.0).all() and (w <= p.upper).all()
    inside = (w > 0.0) & (w < p.upper)
    # Nothing pulls a free weight, and none at a bound wants to come back.
    assert np.abs(slope[inside]).max() < 0.02
    assert (slope[w == 0.0] > -0.02).all() and (slope[w == p.upper] < 0.02).all()


def test_it_does_not_hang_on_where_the_search_starts():
    p = problem()
    random = np.random.default_rng(1)
    one, other = (p.minimise(start).weights for start in (np.zeros_like(p.right), random.random(p.right.shape)))
    np.testing.assert_allclose(one, other, atol=2e-3)


def test_nothing_in_the_box_is_lower():
    p = problem()
    best = p.minimise(np.zeros_like(p.right)).weights
    random = np.random.default_rng(2)
    for size in (1.0, 0.1, 0.01):
        other = np.clip(best + size * random.normal(size=best.shape), 0.0, p.upper)
        assert p.value(other) >= p.value(best) - 1e-4


def test_held_frames_keep_the_limits_and_the_others_need_not():
    p = problem(held=True)
    found = p.minimise(np.zeros_like(p.right))
    kept = p.limits @ found.weights.T
    assert found.converged and p.held.any() and not p.held.all()
    assert kept[:, p.held].max() <= LIMIT_TOLERANCE
    free = replace(p, held=np.zeros_like(p.held)).minimise(np.zeros_like(p.right)).weights
    assert (p.limits @ free.T)[:, p.held].max() > 0.2, "the limits had nothing to do"
    assert p.value(found.weights) > p.value(free)


def test_a_limit_costs_no_more_than_it_must():
    # ½w² − w + ½v² − v with w + v ≤ 1 (as limits: a third weight that is nailed to 1): by symmetry both become ½.
    p = BoxQuadratic(
        normal=np.eye(3), right=np.array([[1.0, 1.0, 50.0]]), upper=np.ones((1, 3)), coupling=np.zeros((0, 3)),
        limits=np.array([[1.0, 1.0, -1.0]]), held=np.array([True]),
    )  # fmt: skip
    np.testing.assert_allclose(p.minimise(np.zeros((1, 3))).weights, [[0.5, 0.5, 1.0]], atol=0.05)


def test_coupled_frames_come_nearer_and_uncoupled_ones_do_not():
    p = problem()
    alone = replace(p, coupling=np.zeros_like(p.coupling)).minimise(np.zeros_like(p.right)).weights
    tight = replace(p, coupling=np.full_like(p.coupling, 50.0), upper=np.ones_like(p.upper))
    together = tight.minimise(np.zeros_like(p.right)).weights
    assert np.abs(np.diff(together, axis=0)).mean() < 0.2 * np.abs(np.diff(alone, axis=0)).mean()
    # Each frame alone must be what it is among frames that it is not coupled to.
    first = replace(p, right=p.right[:1], upper=p.upper[:1], coupling=p.coupling[:0], held=p.held[:1])
    np.testing.assert_allclose(first.minimise(np.zeros((1, CHANNELS))).weights[0], alone[0], atol=2e-3)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_short_clips(count):
    p = problem(count=count, held=True)
    found = p.minimise(np.zeros_like(p.right))
    assert found.weights.shape == (count, CHANNELS) and found.converged and np.isfinite(found.weights).all()
