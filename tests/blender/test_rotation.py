# SPDX-License-Identifier: GPL-3.0-or-later
"""Quaternions in bulk against mathutils."""

from __future__ import annotations

import numpy as np
import pytest
import support
from mathutils import Matrix, Quaternion, Vector


@pytest.fixture
def quaternions():
    q = np.random.default_rng(1).normal(size=(50, 2, 4))
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def test_products_and_turned_vectors_equal_mathutils(quaternions):
    rotation = support.module("scene.rotation")
    vectors = np.random.default_rng(2).normal(size=(50, 3))
    a, b = quaternions[:, 0], quaternions[:, 1]
    np.testing.assert_allclose(
        rotation.multiply(a, b), [Quaternion(x) @ Quaternion(y) for x, y in zip(a, b, strict=True)], atol=1e-6
    )
    np.testing.assert_allclose(
        rotation.rotate(a, vectors), [Quaternion(x) @ Vector(v) for x, v in zip(a, vectors, strict=True)], atol=1e-5
    )


def test_shares_multiply_to_the_whole(quaternions):
    rotation = support.module("scene.rotation")
    q = quaternions[:, 0]
    whole = rotation.multiply(rotation.share(q, 0.7), rotation.share(q, 0.3))
    np.testing.assert_allclose(np.abs(np.sum(whole * q, axis=-1)), 1.0, atol=1e-12)


def test_axes_map_as_documented(quaternions):
    """Model (x, y, z) → Blender (x, −z, y); a rotation mapped equals the mapping's matrix conjugation."""
    axes = support.module("scene.axes")
    mapping = Matrix(((1, 0, 0), (0, 0, -1), (0, 1, 0)))
    np.testing.assert_allclose(axes.positions([1000.0, 2000.0, 3000.0]), [1.0, -3.0, 2.0])
    for q in quaternions[:, 0]:
        expected = (mapping @ Quaternion(q).to_matrix() @ mapping.transposed()).to_quaternion()
        assert abs(np.dot(axes.rotations(q), expected)) == pytest.approx(1.0, abs=1e-6)
