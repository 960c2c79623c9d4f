# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.symmetry import component_parity
from training.label import mirror_label, move_params
from training.views import roi_warp

from .labels import example_label, points_of


@pytest.fixture(scope="module")
def label(model):
    return example_label(model)


def test_moved_parameters_project_to_the_moved_pixels(label, model):
    warp = roi_warp(label.landmarks, 25.0, 1.1, np.array([0.04, -0.03]))
    moved = move_params(label.params, warp, 160, 120)
    np.testing.assert_allclose(points_of(model, moved, 120), label.landmarks @ warp[:, :2].T + warp[:, 2], atol=1e-9)


def test_mirroring_twice_changes_nothing_and_once_mirrors_the_projection(label, model):
    parity = component_parity(model)
    once = mirror_label(label, parity)
    twice = mirror_label(once, parity)
    np.testing.assert_allclose(twice.params, label.params, atol=1e-9)
    np.testing.assert_allclose(twice.landmarks, label.landmarks)
    np.testing.assert_allclose(points_of(model, once.params, 160), once.landmarks, atol=1e-3)
