# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np

from ddfa_blender.arkit.mesh_components import unit_components, without_prior
from ddfa_blender.projection import Pose, compose
from ddfa_blender.refit import FaceSubset, refit


def test_the_components_of_a_unit_come_nearest_to_it(model):
    skin = model.skin_vertices
    components = unit_components(model)
    random = np.random.default_rng(0)
    for unit in (8, 24, 37, 43):
        wanted = model.arkit_basis[unit, skin].astype(np.float64)

        def missed(c, wanted=wanted):
            return ((np.tensordot(c, model.expression_basis[:, skin], axes=1) - wanted) ** 2).sum()

        best = missed(components[unit])
        assert best < (wanted**2).sum()
        assert all(missed(components[unit] + 0.05 * random.normal(size=10)) > best for _ in range(5))


def test_gaze_and_tongue_leave_no_trace_in_the_mesh(model):
    size = np.linalg.norm(unit_components(model), axis=1)
    assert size[12] < 0.05 and size[51] < 0.05  # eyeLookInLeft, tongueOut
    assert size[24] > 1.0  # jawOpen


def test_what_the_prior_of_the_refit_takes_off_is_put_back(model):
    subset = FaceSubset.choose(model)
    truth = np.random.default_rng(1).normal(size=(5, 10))
    one = np.ones(5)
    transforms = compose(Pose(one, np.tile(np.eye(3), (5, 1, 1)), np.zeros((5, 3))))
    shapes = np.zeros((5, 40))
    for prior in (0.0, 2.0, 8.0):
        # No sweep: pose and expression start at the truth, so that only the prior's pull is seen.
        fitted = refit(subset, np.zeros(40), transforms, shapes, truth, prior=prior, sweeps=1)
        back = without_prior(subset, fitted.expression, prior)
        np.testing.assert_allclose(back, truth, atol=1e-6)
        if prior:
            assert np.abs(fitted.expression).sum() < np.abs(truth).sum()
