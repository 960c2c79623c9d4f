# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.teacher_points import fit_points


def test_known_combinations_come_back() -> None:
    """People who put their points exactly between the teacher's are understood exactly."""
    rng = np.random.default_rng(6)
    places = rng.uniform(0.0, 100.0, (478, 2))
    faces = places + rng.normal(0.0, 3.0, (80, 478, 2))
    weights = np.zeros((68, 478))
    for point in range(68):
        near = np.argsort(np.linalg.norm(places[:468] - places[5 * point], axis=1))[:2]
        weights[point, near] = [0.7, 0.3]
    human = np.einsum("pl,nlc->npc", weights, faces)
    found = fit_points(faces, human)
    assert (found >= 0.0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_allclose(found, weights, atol=1e-6)


def test_the_irises_are_left_out(shared) -> None:
    from training.evaluation.teacher_points import read_point_weights

    weights = read_point_weights()
    assert weights.shape == (68, 478)
    assert not weights[:, 468:].any()
    assert weights.sum(axis=1) == pytest.approx(np.ones(68))
    # Anatomy: nose tip, and the subject's right outer eye corner, as MediaPipe numbers them.
    assert weights[30].argmax() in (1, 4, 19)
    assert weights[36].argmax() in (33, 130, 246)
