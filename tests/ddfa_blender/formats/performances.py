# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up performances to write and read."""

from __future__ import annotations

import numpy as np

from ddfa_blender.performance import Performance
from ddfa_blender.quaternions import continuous


def make_performance(count: int = 90, rate: float = 29.97, seed: int = 5) -> Performance:
    """A head that turns smoothly, up to a third of a turn, with restless channels."""
    random = np.random.default_rng(seed)
    time = np.arange(count) / rate
    waves = np.sin(np.outer(time, [2.0, 3.1, 1.3]) + [0.0, 1.0, 2.0])
    vectors = np.concatenate([np.full((count, 1), 1.6), waves], axis=1)
    return Performance(
        time=time,
        expression=random.normal(size=(count, 10)),
        arkit=random.uniform(size=(count, 52)),
        head_rotation=continuous(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)),
        head_translation=30.0 * np.cos(np.outer(time, [1.0, 2.0, 0.5])),
        identity=random.normal(size=40),
        tracked=random.uniform(size=count) > 0.1,
    )
