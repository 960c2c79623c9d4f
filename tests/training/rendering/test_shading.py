# SPDX-License-Identifier: GPL-3.0-or-later
"""Light and shadow against what a wall and a board in front of it must show."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from training.rendering.rasteriser import rasterise, vertex_normals
from training.rendering.shading import EYE, PLAIN, SKIN, Lights, Surface, hollows, shaded

SIZE, PIXELS_PER_MM = 64, 1.0


def _board(x0: float, y0: float, x1: float, y1: float, z: float) -> np.ndarray:
    return np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]], np.float32)


def _surface(boards: int, material: int = PLAIN, uv: np.ndarray | None = None, **others) -> Surface:
    triangles = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * k for k in range(boards)]).astype(np.int32)
    count = len(triangles)
    values = {
        "triangles": triangles, "material": np.full(count, material, np.int8), "sparse": np.zeros(count, bool),
        "colour": np.full((count, 3), 0.5, np.float32), "shade": np.ones(4 * boards, np.float32),
        "gloss": np.zeros(count, np.float32),
        "uv": np.zeros((count, 3, 2), np.float32) if uv is None else uv.astype(np.float32),
        "texture": np.zeros((4, 4, 3), np.float32), "eye_places": np.array([0.0, 1.0], np.float32),
        "eye_colours": np.zeros((2, 3), np.float32),
    }  # fmt: skip
    return Surface(**{**values, **others})


def _lights(direction, strength: float = 1.0, sky: float = 0.0) -> Lights:
    away = np.array([direction], np.float32)
    return Lights(
        away / np.linalg.norm(away), np.full((1, 3), strength, np.float32), np.zeros(1, np.float32),
        np.full(3, sky, np.float32), np.full(3, sky, np.float32),
    )  # fmt: skip


def _picture(surface: Surface, points: np.ndarray, lights: Lights) -> np.ndarray:
    placed = points * [1.0, -1.0, 1.0] + [SIZE / 2, SIZE / 2, 0.0]
    seen = rasterise(placed, surface.triangles, SIZE, surface.sparse)
    normals = vertex_normals(points, surface.triangles)
    return shaded(surface, seen, points, normals, lights, np.zeros((SIZE, SIZE, 3), np.float32), PIXELS_PER_MM)


@pytest.mark.parametrize("degrees", [0, 30, 60])
def test_a_matt_wall_takes_the_cosine_of_the_light(degrees: int):
    angle = np.radians(degrees)
    seen = _picture(_surface(1), _board(-40, -40, 40, 40, 0), _lights([np.sin(angle), 0.0, np.cos(angle)]))
    np.testing.assert_allclose(seen[32, 32], 0.5 * np.cos(angle), rtol=0.02)


def test_light_from_behind_leaves_what_the_sky_gives():
    seen = _picture(_surface(1), _board(-40, -40, 40, 40, 0), _lights([0.0, 0.0, -1.0], sky=0.4))
    np.testing.assert_allclose(seen[32, 32], 0.5 * 0.4, rtol=1e-3)


def test_a_board_throws_its_shadow_where_the_light_says():
    points = np.concatenate([_board(-60, -60, 60, 60, 0), _board(-5, -5, 5, 5, 20)])
    seen = _picture(_surface(2), points, _lights([1.0, 0.0, 1.0]))  # from the right: the shadow falls 20 mm to the left
    lit, dark = seen[32, 55, 0], seen[32, 32 - 20, 0]
    assert dark < 0.1 * lit
    assert seen[32 - 20, 32, 0] > 0.9 * lit


def test_skin_shows_its_texture_and_eyes_their_ramp():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    uv = corners[[[0, 1, 2], [0, 2, 3]]]
    texture = np.zeros((4, 4, 3), np.float32)
    texture[:2, :, 0] = 1.0  # the lower half is red
    board, light = _board(-32, -32, 32, 32, 0), _lights([0.0, 0.0, 1.0])
    skin = _picture(_surface(1, SKIN, uv, texture=texture), board, light)
    np.testing.assert_allclose(skin[60, 32], [1.0, 0.0, 0.0], atol=0.02)
    np.testing.assert_allclose(skin[4, 32], 0.0, atol=0.02)
    ramp = {"eye_places": np.array([0.0, 0.5, 1.0], np.float32),
            "eye_colours": np.array([[0, 0, 0], [0, 1, 0], [1, 1, 1]], np.float32)}  # fmt: skip
    eye = _picture(_surface(1, EYE, uv * 2.0 - 1.0, **ramp), board, light)
    np.testing.assert_allclose(eye[32, 32], 0.0, atol=0.1)
    np.testing.assert_allclose(eye[32, 48], [0.0, 1.0, 0.0], atol=0.1)


def test_a_hole_is_darker_than_what_is_around_it_and_a_flat_wall_is_not_dark():
    depth = np.zeros((SIZE, SIZE), np.float32)
    assert hollows(depth, PIXELS_PER_MM).min() == 1.0
    depth[28:36, 28:36] = -15.0
    light = hollows(depth, PIXELS_PER_MM)
    assert light[32, 32] < 0.5
    assert light[5, 5] > 0.99


def test_random_lights_come_mostly_from_the_front_and_differ():
    rng = np.random.default_rng(0)
    drawn = [Lights.random(rng) for _ in range(200)]
    assert np.mean([lights.directions[0, 2] > 0 for lights in drawn]) > 0.7
    assert len({lights.colours.tobytes() for lights in drawn}) == 200
