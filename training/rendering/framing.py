# SPDX-License-Identifier: GPL-3.0-or-later
"""Random head poses, and the scaled orthographic transform that frames a head in the training picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ddfa_blender import projection

PICTURE_SIZE = 160  # pixels, like the photo crops that the renders join


def random_rotation(rng: np.random.Generator) -> NDArray[np.float64]:
    """Half within 35° of yaw, the rest up to 90°; pitch within 45°, roll within 40°."""
    yaw = rng.uniform(-35.0, 35.0) if rng.random() < 0.5 else rng.uniform(-90.0, 90.0)
    pitch = np.clip(rng.normal(0.0, 16.0), -45.0, 45.0) if rng.random() < 0.75 else rng.uniform(-45.0, 45.0)
    roll = np.clip(rng.normal(0.0, 13.0), -40.0, 40.0) if rng.random() < 0.75 else rng.uniform(-40.0, 40.0)
    return projection.rotation_from_euler([yaw, pitch, roll])


def random_transform(landmarks: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """T (3, 4) that frames model ``landmarks`` (68, 3): box 45–50 % of the picture, shifted up to 8 %."""
    rotation = random_rotation(rng)
    turned = landmarks @ rotation.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = rng.uniform(0.45, 0.50) * PICTURE_SIZE / max(high[0] - low[0], high[1] - low[1])
    centre = PICTURE_SIZE * (0.5 + rng.uniform(-0.08, 0.08, 2))
    translation = np.append(centre - scale * (low + high)[:2] / 2.0, 0.0)
    return projection.compose(projection.Pose(np.array(scale), rotation, translation))
