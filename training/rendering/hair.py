# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair and headwear: a shell over the scalp that follows the identity, with a ragged edge and strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES
from ddfa_blender.smoothstep import smoothstep

from .geometry import EMPTY, Mesh, grid_quads
from .subject import Subject

_COLUMNS, _ROWS, _CURTAIN = 120, 30, 9
#: Lowest polar angle (degrees from the crown) of ordinary hair at azimuths from the front (0) to the back (180).
_EDGE_AZIMUTH = np.array([0.0, 25.0, 45.0, 60.0, 74.0, 84.0, 92.0, 105.0, 118.0, 135.0, 180.0])
_EDGE_POLAR = np.array([46.0, 47.0, 52.0, 62.0, 84.0, 92.0, 78.0, 78.0, 98.0, 112.0, 116.0])
#: Style → (lowest and highest thickness mm, lowest and highest shift of the front edge, degrees).
_STYLES: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "short": ((5.0, 18.0), (-6.0, 5.0)),
    "fringe": ((6.0, 16.0), (12.0, 26.0)),
    "long": ((8.0, 20.0), (-4.0, 5.0)),
    "long_fringe": ((8.0, 18.0), (10.0, 26.0)),
    "afro": ((30.0, 65.0), (-4.0, 3.0)),
    "hat": ((5.0, 11.0), (0.0, 18.0)),
    "scarf": ((4.0, 9.0), (-2.0, 12.0)),
}


@dataclass(frozen=True, eq=False)
class HairMesh:
    """``mesh`` in model millimetres and per-vertex ``shade`` (V,), a factor on the colour."""

    mesh: Mesh
    shade: NDArray[np.float32]
    is_cloth: bool


NO_HAIR = HairMesh(EMPTY, np.zeros(0, dtype=np.float32), False)


def _first_hits(origin: NDArray, directions: NDArray, triangles: NDArray) -> tuple[NDArray, NDArray]:
    """For each ray the first triangle hit (R,) (−1: none) and its barycentric weights (R, 3)."""
    a, edge1, edge2 = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    hit, weights = np.full(len(directions), -1), np.zeros((len(directions), 3))
    to_origin = origin - a
    q = np.cross(to_origin, edge1)
    for i, direction in enumerate(directions):
        p = np.cross(direction, edge2)
        determinant = np.einsum("tc,tc->t", edge1, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.einsum("tc,tc->t", to_origin, p) / determinant
            v = q @ direction / determinant
            t = np.einsum("tc,tc->t", edge2, q) / determinant
        valid = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1.0 + 1e-6) & (t > 1.0)
        if valid.any():
            hit[i] = np.flatnonzero(valid)[np.argmin(t[valid])]
            weights[i] = 1.0 - u[hit[i]] - v[hit[i]], u[hit[i]], v[hit[i]]
    return hit, weights


class Scalp:
    """Maps directions from the head's centre to the model's skin, once; then follows any identity."""

    _AZIMUTHS, _POLARS = 48, 26
    LOWEST = 128.0  # degrees from the crown

    def __init__(self, model: MorphableModel) -> None:
        landmarks = model.landmarks68(np.zeros(len(model.shape_basis)), np.zeros(len(model.expression_basis)))
        self.centre = np.array([0.0, landmarks[36:48, 1].mean(), landmarks[[0, 16], 2].mean() - 8.0])
        skin = np.repeat(model.quad_regions == REGION_NAMES.index("skin"), 2)
        triangles = model.triangles[skin]
        azimuth = np.radians(np.arange(self._AZIMUTHS) * 360.0 / self._AZIMUTHS)
        polar = np.radians(np.linspace(2.0, self.LOWEST, self._POLARS))
        p, a = np.meshgrid(polar, azimuth, indexing="ij")
        directions = np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], axis=-1).reshape(-1, 3)
        hit, weights = _first_hits(self.centre, directions, model.mean[triangles].astype(np.float64))
        self._found = (hit >= 0).reshape(p.shape)
        self._corners, self._weights = triangles[np.maximum(hit, 0)], weights

    def radii(self, vertices: NDArray) -> NDArray[np.float64]:
        """Distance (polar, azimuth) from the centre to the skin of an identity's ``vertices`` (V, 3)."""
        points = np.einsum("rk,rkc->rc", self._weights, vertices[self._corners])
        radius = np.linalg.norm(points - self.centre, axis=1).reshape(self._found.shape)
        radius[~self._found] = np.nan
        # Rays that slip through an opening take the value above.
        for row in range(1, len(radius)):
            radius[row] = np.where(np.isnan(radius[row]), radius[row - 1], radius[row])
        return radius

    def sample(self, radius: NDArray, polar: NDArray, azimuth: NDArray) -> NDArray[np.float64]:
        """Bilinear look-up of :meth:`radii` at angles in degrees (any shape)."""
        row = np.clip((polar - 2.0) / (self.LOWEST - 2.0), 0.0, 1.0) * (self._POLARS - 1)
        column = (azimuth % 360.0) / 360.0 * self._AZIMUTHS
        r0, c0 = np.minimum(row.astype(int), self._POLARS - 2), column.astype(int) % self._AZIMUTHS
        fr, fc, c1 = row - r0, column - column.astype(int), (c0 + 1) % self._AZIMUTHS
        upper = radius[r0, c0] * (1 - fc) + radius[r0, c1] * fc
        lower = radius[r0 + 1, c0] * (1 - fc) + radius[r0 + 1, c1] * fc
        return upper * (1 - fr) + lower * fr


def hair_edge(subject: Subject, azimuth: NDArray) -> NDArray[np.float64]:
    """Polar angle (degrees) of the hairline at ``azimuth`` (degrees, any sign)."""
    rng = np.random.default_rng(subject.seed + 1)
    (_, _), (low, high) = _STYLES.get(subject.hair_style, ((0.0, 0.0), (-8.0, 4.0)))
    shift = rng.uniform(low, high)
    around = np.abs((azimuth + 180.0) % 360.0 - 180.0)
    edge = np.interp(around, _EDGE_AZIMUTH, _EDGE_POLAR)
    if subject.hair_style == "hat":
        return 56.0 + shift + 22.0 * smoothstep(around, 30.0, 130.0)
    if subject.hair_style == "scarf":
        return np.maximum(edge + shift * smoothstep(around, 80.0, 30.0), 44.0)
    # The fringe may lie askew; the temples recede on some.
    askew = rng.uniform(-0.25, 0.25) * shift * np.sin(np.radians(azimuth) * 2.0)
    return edge + (shift + askew) * smoothstep(around, 70.0, 35.0)


def _columns(subject: Subject, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """Azimuth, ragged lowest polar angle and strand shade of each column."""
    azimuth = np.arange(_COLUMNS) * 360.0 / _COLUMNS
    cloth = subject.hair_style in ("hat", "scarf")
    ragged = 0.0 if cloth else rng.uniform(1.0, 4.0)
    edge = hair_edge(subject, azimuth) + ragged * rng.normal(size=_COLUMNS)
    strand = 0.05 if cloth else rng.uniform(0.1, 0.4)
    return azimuth, np.clip(edge, 20.0, Scalp.LOWEST), np.exp(strand * rng.normal(size=_COLUMNS))


def _curtain(bottom: NDArray, azimuth: NDArray, subject: Subject, rng: np.random.Generator) -> NDArray:
    """Rows (K, C, 3) of hair or cloth that falls from the cap's lowest row (C, 3)."""
    around = np.abs((azimuth + 180.0) % 360.0 - 180.0)
    opening = rng.uniform(62.0, 88.0) if subject.hair_style != "scarf" else rng.uniform(50.0, 62.0)
    hangs = smoothstep(around, opening - 4.0, opening + 4.0)
    length = rng.uniform(60.0, 200.0) + rng.normal(0.0, 6.0, _COLUMNS)
    spread = rng.uniform(0.95, 1.25)
    rows = []
    for step in np.linspace(0.0, 1.0, _CURTAIN + 1)[1:]:
        widen = 1.0 + (spread - 1.0) * step + 0.06 * np.sin(3.0 * step + rng.normal(0.0, 0.15, _COLUMNS))
        row = bottom * np.stack([widen, np.ones(_COLUMNS), widen], axis=1)
        row[:, 1] -= step * length
        rows.append(bottom + hangs[:, None] * (row - bottom))
    return np.stack(rows)


def grow_hair(scalp: Scalp, subject: Subject, vertices: NDArray) -> HairMesh:
    """The hair of ``subject`` on an identity's neutral ``vertices`` (V, 3) in model millimetres."""
    if subject.hair_style not in _STYLES:
        return NO_HAIR
    rng = np.random.default_rng(subject.seed + 2)
    (thin, thick), _ = _STYLES[subject.hair_style]
    azimuth, edge, strand = _columns(subject, rng)
    share = np.linspace(0.0, 1.0, _ROWS)[:, None]
    polar = 2.0 + share * (edge[None] - 2.0)
    around = np.broadcast_to(azimuth, polar.shape)
    radius = scalp.sample(scalp.radii(vertices), polar, around)
    lumps = rng.normal(size=6) * rng.uniform(0.05, 0.18)
    a = np.radians(around)
    wave = sum(lumps[k] * np.sin((k + 1) * a + 2.0 * k * share * np.pi + k) for k in range(6))
    rise = smoothstep(share, 1.0, 0.8) * 0.85 + 0.15
    radius = radius + rng.uniform(thin, thick) * rise * np.clip(1.0 + wave, 0.4, 1.8)
    p = np.radians(polar)
    unit = np.stack([np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)], axis=-1)
    points = unit * radius[..., None]
    if subject.hair_style in ("long", "long_fringe", "scarf"):
        points = np.concatenate([points, _curtain(points[-1], azimuth, subject, rng)])
    rows = len(points)
    shade = np.clip(strand[None] * np.exp(0.1 * rng.normal(size=(rows, _COLUMNS))), 0.3, 2.5)
    mesh = Mesh(points.reshape(-1, 3) + scalp.centre, grid_quads(rows, _COLUMNS, wrap=True)[:, ::-1])
    return HairMesh(mesh, shade.reshape(-1).astype(np.float32), subject.hair_style in ("hat", "scarf"))


def scalp_stubble(scalp: Scalp, subject: Subject, points: NDArray) -> NDArray[np.float32] | None:
    """Hair colour (N,) on the scalp's skin at mean-head ``points`` (N, 3): a buzz cut, or what hair grows from."""
    if subject.hair_style == "bald":
        return None
    offset: NDArray[np.float32] = points - scalp.centre.astype(np.float32)
    polar = np.degrees(np.arccos(np.clip(offset[:, 1] / np.linalg.norm(offset, axis=1), -1.0, 1.0)))
    edge = hair_edge(subject, np.degrees(np.arctan2(offset[:, 0], offset[:, 2])))
    if subject.hair_style in ("hat", "scarf"):
        edge = edge - 12.0
    strength = np.random.default_rng(subject.seed + 3).uniform(0.5, 0.95)
    return (strength * smoothstep(polar - edge, 2.0, -3.0)).astype(np.float32)
