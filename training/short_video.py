# SPDX-License-Identifier: GPL-3.0-or-later
"""How the frames of a synthetic short video move, and how far a still is turned (paper §2.4 and Eq. 8).

The motion is smooth: each quantity has a velocity that changes a little from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.projection import CROP_SIZE, decompose, euler_degrees, rotation_from_euler

from .views import View

#: Yaw that a turned still may reach, and up to which it may be turned to either side, degrees.
_LARGEST_YAW, _EITHER_SIDE = 85.0, 12.0
#: Share of slight turns among all; they go to any side.
_SLIGHT = 0.35


@dataclass(frozen=True)
class Motion:
    """Standard deviations of the velocities per frame, and of their change as a share of them."""

    turn_degrees: float = 1.5  # Δφ, Δγ: out of the plane
    roll_degrees: float = 1.0  # Δθ
    scale: float = 0.006  # Δs, of the logarithm
    shift: float = 0.006  # Δt, of the crop's side
    change: float = 0.35
    #: Share of the videos in which next to nothing moves: there only the noise differs, which must not show.
    at_rest: float = 0.3
    rest: float = 0.1  # of the velocities


def draw_profile(params: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rotation (3, 3) in camera axes that turns the face with ``params`` (62,) out of the plane.

    Mostly a large yaw away from the camera, since only what the picture shows can be turned further out of sight;
    else a slight turn to any side.
    """
    rotation = decompose(params[:12].reshape(3, 4)).rotation
    yaw, pitch, roll = euler_degrees(rotation)
    change = rng.normal(0.0, 9.0, 2)
    if rng.random() > _SLIGHT and abs(yaw) < _LARGEST_YAW:
        side = np.sign(yaw) if abs(yaw) > _EITHER_SIDE else rng.choice([-1.0, 1.0])
        change[0] = side * rng.uniform(max(abs(yaw), 10.0), _LARGEST_YAW) - yaw
    limit = np.clip(pitch + change[1], -40.0, 40.0)
    return np.asarray(rotation_from_euler([yaw + change[0], limit, roll]) @ rotation.T)


def moving_views(first: View, count: int, rng: np.random.Generator, motion: Motion = Motion()) -> list[View]:
    """``count`` views after ``first``, each a small step from the one before."""
    pace = motion.rest if rng.random() < motion.at_rest else 1.0
    spread = pace * np.array([motion.turn_degrees] * 2 + [motion.roll_degrees, motion.scale] + [motion.shift] * 2)
    velocity, place = rng.normal(0.0, spread), np.zeros(6)
    views = []
    for _ in range(count):
        place = place + velocity
        velocity = velocity + rng.normal(0.0, motion.change * spread)
        turn = np.asarray(rotation_from_euler([place[0], place[1], 0.0]))
        warp = _similarity(*place[2:]) @ np.vstack([first.warp, [0, 0, 1]])
        views.append(View(turn @ first.rotation, warp, first.distance))
    return views


def _similarity(degrees: float, log_scale: float, right: float, down: float) -> NDArray[np.float64]:
    """T (2, 3) of Eq. 8 in pixels of the 120-pixel crop, about its centre."""
    angle, scale = np.radians(degrees), np.exp(log_scale)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.full(2, CROP_SIZE / 2)
    return np.concatenate([linear, (centre - linear @ centre + CROP_SIZE * np.array([right, down]))[:, None]], axis=1)
