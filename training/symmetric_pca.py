# SPDX-License-Identifier: GPL-3.0-or-later
"""Principal components that are each exactly symmetric or antisymmetric under the mirror map.

With them the coefficients of a mirrored head are the head's own with some signs flipped, so that the fit
to a mirrored face is exactly the mirrored fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Components:
    """``basis`` (k, V, 3) for unit-variance coefficients; ``parity`` (k,) ±1; ``variance_share`` (k,) of the total."""

    basis: NDArray[np.float64]
    parity: NDArray[np.int8]
    variance_share: NDArray[np.float64]


def mirrored(points: NDArray, mirror: NDArray[np.int64]) -> NDArray:
    """Points or offsets (…, V, 3) reflected in x = 0."""
    return points[..., mirror, :] * np.array([-1.0, 1.0, 1.0])


def fix_signs(basis: NDArray, *, last: bool = False) -> NDArray:
    """Make the largest entry of each component positive: a sign that does not depend on the solver.

    An antisymmetric component has its largest entry twice, with both signs; rounding must not choose between the
    two, so the first one (or the ``last``) counts.
    """
    flat = basis.reshape(len(basis), -1)
    size = np.abs(flat)
    ties = [np.flatnonzero(row >= row.max() * (1.0 - 1e-6)) for row in size]
    largest = flat[np.arange(len(flat)), [indices[-1 if last else 0] for indices in ties]]
    return np.asarray(basis * np.sign(largest).reshape(-1, *([1] * (basis.ndim - 1))))


def symmetric_components(offsets: NDArray, mirror: NDArray[np.int64], weight: NDArray, count: int) -> Components:
    """Weighted principal components of ``offsets`` (n, V, 3) together with their mirror images.

    The inner product is weighted per vertex by ``weight`` (V,); the basis itself covers all vertices
    (regression of the offsets on the scores).
    """
    reflected = mirrored(offsets, mirror)
    root = np.sqrt(weight)[None, :, None]
    found = []
    for parity, part in ((1, (offsets + reflected) / 2), (-1, (offsets - reflected) / 2)):
        flat = part.reshape(len(part), -1)
        weighted = (part * root).reshape(len(part), -1)
        values, vectors = np.linalg.eigh(weighted @ weighted.T / len(part))
        for index in np.argsort(values)[::-1][:count]:
            scores = vectors[:, index] * np.sqrt(len(part))
            found.append((float(values[index]), parity, scores @ flat / len(part)))
    total = ((offsets * root) ** 2).sum() / len(offsets)
    found.sort(key=lambda item: -item[0])
    found = found[:count]
    basis = np.stack([item[2] for item in found]).reshape(len(found), *offsets.shape[1:])
    return Components(
        fix_signs(basis), np.array([item[1] for item in found], dtype=np.int8),
        np.array([item[0] for item in found]) / total,
    )  # fmt: skip
