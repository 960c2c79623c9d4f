# SPDX-License-Identifier: GPL-3.0-or-later
"""Skin textures, painted by where each texel lies on the mean head (so that features follow any identity)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES
from ddfa_blender.smoothstep import smoothstep

from .geometry import smooth_noise
from .labels import face_mask
from .subject import Subject

TEXTURE_SIZE = 512
_NOISE_FIELDS = 4  # per wavelength; each head mixes them anew
_NOISE_WAVELENGTHS = (1.6, 5.0, 18.0, 60.0)  # mm


@dataclass(frozen=True, eq=False)
class SkinMap:
    """The face's UV island stretched over a square texture."""

    quad_uvs: NDArray[np.float32]  # (F, 4, 2) texture coordinates of the model's quads, 0..1
    on_island: NDArray[np.bool_]  # (F,) quads of the island; other skin quads are mouth cavity and the like
    texels: NDArray[np.int64]  # (N,) flat indices of painted texels
    position: NDArray[np.float32]  # (N, 3) mm on the mean head
    noise: NDArray[np.float32]  # (wavelengths, fields, N)
    landmarks: NDArray[np.float64]  # (68, 3) mean head
    neutral: NDArray[np.float32]  # (S * S,) bool-like coverage for filling the rest

    def mixed_noise(self, level: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """A fresh noise field (N,) of wavelength ``_NOISE_WAVELENGTHS[level]``, about unit variance."""
        mix = rng.normal(size=_NOISE_FIELDS).astype(np.float32)
        return np.tensordot(mix / np.linalg.norm(mix), self.noise[level], axes=1)


def _island(quad_uvs: NDArray, seeds: NDArray) -> NDArray[np.bool_]:
    """Quads (F,) connected through shared texture coordinates with those marked in ``seeds`` (F,)."""
    reached = np.zeros(quad_uvs.max() + 1, dtype=bool)
    reached[quad_uvs[seeds]] = True
    count = 0
    while count != reached.sum():
        count = int(reached.sum())
        touching = reached[quad_uvs].any(axis=1)
        reached[quad_uvs[touching]] = True
    return reached[quad_uvs].all(axis=1)


def _rasterise(uvs: NDArray, values: NDArray, size: int) -> tuple[NDArray, NDArray]:
    """Interpolate ``values`` (T, 3, c) over triangles with texture coordinates ``uvs`` (T, 3, 2)."""
    out = np.zeros((size, size, values.shape[-1]), dtype=np.float32)
    covered = np.zeros((size, size), dtype=bool)
    for corner, value in zip(uvs * size - 0.5, values, strict=True):
        low = np.clip(np.floor(corner.min(axis=0)).astype(int) - 1, 0, size - 1)
        high = np.clip(np.ceil(corner.max(axis=0)).astype(int) + 1, 0, size - 1)
        xs, ys = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        edge1, edge2 = corner[1] - corner[0], corner[2] - corner[0]
        area = edge1[0] * edge2[1] - edge1[1] * edge2[0]
        if abs(area) < 1e-9:
            continue
        dx, dy = xs - corner[0, 0], ys - corner[0, 1]
        b1 = (dx * edge2[1] - dy * edge2[0]) / area
        b2 = (dy * edge1[0] - dx * edge1[1]) / area
        # A margin of about a texel, so that filtering at the island's rim never meets an unpainted one.
        margin = -1.5 / max(np.sqrt(abs(area)), 1.0)
        inside = (b1 >= margin) & (b2 >= margin) & (b1 + b2 <= 1.0 - margin)
        weights = np.stack([1.0 - b1 - b2, b1, b2], axis=-1)[inside]
        out[ys[inside], xs[inside]] = weights @ value
        covered[ys[inside], xs[inside]] = True
    return out, covered


def bake_skin_map(model: MorphableModel, size: int = TEXTURE_SIZE) -> SkinMap:
    """Find the face's UV island and bake mean-head positions and noise into its texels."""
    skin = model.quad_regions == REGION_NAMES.index("skin")
    island = _island(model.quad_uvs, skin & face_mask(model)[model.quads].all(axis=1)) & skin
    used = model.uv[np.unique(model.quad_uvs[island])]
    low, span = used.min(axis=0), np.ptp(used, axis=0)
    quad_uvs = (0.01 + 0.98 * (model.uv[model.quad_uvs] - low) / span).astype(np.float32)
    order = [0, 1, 2, 0, 2, 3]
    uvs = quad_uvs[island][:, order].reshape(-1, 3, 2)
    values = model.mean[model.quads[island]][:, order].reshape(-1, 3, 3)
    position, covered = _rasterise(uvs, values, size)
    texels = np.flatnonzero(covered)
    points = position.reshape(-1, 3)[texels]
    rng = np.random.default_rng(20)
    noise = np.stack([
        np.stack([smooth_noise(points, wavelength, rng) for _ in range(_NOISE_FIELDS)])
        for wavelength in _NOISE_WAVELENGTHS
    ])  # fmt: skip
    landmarks = model.landmarks68(np.zeros(len(model.shape_basis)), np.zeros(len(model.expression_basis)))
    return SkinMap(quad_uvs, island, texels, points, noise, landmarks, covered.reshape(-1).astype(np.float32))


def paint_uvs(model: MorphableModel, skin_map: SkinMap) -> NDArray[np.float32]:
    """(F, 4, 2): skin texture coordinates; on the eyes, the offset from the eye's axis ÷ its radius."""
    uvs = skin_map.quad_uvs.copy()
    for name in ("eye_left", "eye_right"):
        quads = model.quad_regions == REGION_NAMES.index(name)
        points = model.mean[np.unique(model.quads[quads])]
        centre = (points.min(axis=0) + points.max(axis=0)) / 2.0
        radius = np.ptp(points[:, 0]) / 2.0
        offset = (model.mean[model.quads[quads]] - centre) / radius
        planar = offset[..., :2]
        # The back half must not repeat the iris.
        behind = offset[..., 2] < 0.0
        length = np.linalg.norm(planar, axis=-1, keepdims=True)
        uvs[quads] = np.where(behind[..., None], planar / np.maximum(length, 1e-6) + (length < 1e-6), planar)
    return uvs


def _distance_to_polyline(points: NDArray, line: NDArray) -> tuple[NDArray, NDArray]:
    """Distance (N,) to ``line`` (K, d) and place along it (N,) in 0..1."""
    best = np.full(len(points), np.inf, dtype=np.float32)
    along = np.zeros(len(points), dtype=np.float32)
    for i in range(len(line) - 1):
        start, edge = line[i].astype(np.float32), (line[i + 1] - line[i]).astype(np.float32)
        t = np.clip((points - start) @ edge / float(edge @ edge), 0.0, 1.0)
        distance = np.linalg.norm(points - start - t[:, None] * edge, axis=1)
        closer = distance < best
        best[closer], along[closer] = distance[closer], ((i + t) / (len(line) - 1))[closer]
    return best, along


def _inside_polygon(points: NDArray, polygon: NDArray) -> NDArray[np.bool_]:
    """Even-odd test of ``points`` (N, 2) against ``polygon`` (K, 2)."""
    inside = np.zeros(len(points), dtype=bool)
    x, y = points.T
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


class SkinPainter:
    """Masks that depend on the model only, computed once; then :meth:`paint` per subject."""

    def __init__(self, skin_map: SkinMap) -> None:
        self.map = skin_map
        points, lm = skin_map.position, skin_map.landmarks
        front = points[:, 2] > lm[[0, 16], 2].mean()
        self._brows = [
            self._line_mask(points, lm[17:22], front),
            self._line_mask(points, lm[22:27][::-1], front),
        ]
        self._lids = np.minimum.reduce([
            _distance_to_polyline(points[:, :2], np.concatenate([lm[a:b], lm[a : a + 1]])[:, :2])[0]
            for a, b in ((36, 42), (42, 48))
        ])  # fmt: skip
        self._lids[~front] = 99.0
        self._lips = self._lip_mask(points, lm, front)
        self._beard = {name: self._beard_mask(name) for name in ("moustache", "goatee", "full")}
        cheeks = np.sum([self._blob(centre, 17.0) for centre in self._cheeks()], axis=0)
        self._blush = cheeks + 0.7 * self._blob(lm[30], 11.0)
        below = (lm[[a, b]].mean(axis=0) - [0.0, 7.0, 0.0] for a, b in ((41, 40), (47, 46)))
        self._under_eyes = np.sum([self._blob(centre, 8.0) for centre in below], axis=0)

    @staticmethod
    def _line_mask(points: NDArray, line: NDArray, front: NDArray) -> tuple[NDArray, NDArray]:
        # Seen from the front: the straight pieces between landmarks run below the curved brow.
        distance, along = _distance_to_polyline(points[:, :2], line[:, :2])
        distance[~front] = 99.0
        return distance, along

    def _blob(self, centre: NDArray, radius: float) -> NDArray[np.float32]:
        squared = ((self.map.position - centre.astype(np.float32)) ** 2).sum(axis=1)
        return np.exp(-squared / (2.0 * radius * radius)).astype(np.float32)

    def _cheeks(self) -> list[NDArray]:
        lm = self.map.landmarks
        return [lm[[a, b, c]].mean(axis=0) for a, b, c in ((41, 31, 2), (46, 35, 14))]

    @staticmethod
    def _lip_mask(points: NDArray, lm: NDArray, front: NDArray) -> NDArray[np.float32]:
        outline = lm[48:60, :2]
        distance, _ = _distance_to_polyline(points[:, :2], np.concatenate([outline, outline[:1]]))
        signed = np.where(_inside_polygon(points[:, :2], outline), distance, -distance)
        near = front & (points[:, 2] > lm[48:60, 2].min() - 6.0)
        return smoothstep(signed, -0.8, 1.2).astype(np.float32) * near

    def _beard_mask(self, style: str) -> NDArray[np.float32]:
        points, lm = self.map.position, self.map.landmarks
        x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
        corner, nose, jaw = np.abs(lm[54]), lm[33], lm[16]
        moustache = (
            smoothstep(y, nose[1] - 1.0, nose[1] - 5.0) * smoothstep(y, lm[48, 1] - 10.0, lm[48, 1] - 4.0)
            * smoothstep(x, corner[0] + 9.0, corner[0] + 3.0)
        )  # fmt: skip
        chin = smoothstep(y, lm[57, 1] + 3.0, lm[57, 1] - 4.0) * smoothstep(x, corner[0] + 8.0, corner[0])
        # The upper edge rises from the mouth's corner to the ear.
        edge = lm[48, 1] + (x - corner[0]) / max(jaw[0] - corner[0], 1.0) * (jaw[1] + 12.0 - lm[48, 1])
        cheek = np.clip((edge - y) / 12.0, 0.0, 1.0) * smoothstep(x, corner[0] - 4.0, corner[0] + 6.0)
        zones = {"moustache": moustache, "goatee": np.maximum(moustache, chin),
                 "full": np.maximum.reduce([moustache, chin, cheek])}  # fmt: skip
        lower = smoothstep(y, lm[8, 1] - 45.0, lm[8, 1] - 12.0)
        front = smoothstep(z, jaw[2] - 12.0, jaw[2] + 2.0)
        return (zones[style] * lower * front * (1.0 - self._lips)).astype(np.float32)

    def paint(self, subject: Subject, scalp: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Texture (S, S, 4) linear RGBA of ``subject``.

        Args:
            scalp: (N,) share of hair colour on each texel (stubble under or instead of hair), or None.
        """
        rng = np.random.default_rng(subject.seed)
        m = self.map
        fine, medium = m.mixed_noise(0, rng), m.mixed_noise(1, rng)
        broad, wide = m.mixed_noise(2, rng), m.mixed_noise(3, rng)
        shade = 1.0 + 0.025 * fine + 0.03 * medium + 0.04 * broad + 0.04 * wide
        colour = subject.skin.astype(np.float32) * shade[:, None]
        red = rng.uniform(0.0, 0.35) * self._blush * (1.0 + 0.3 * broad) + 0.03 * m.mixed_noise(2, rng)
        colour *= 1.0 - np.clip(red, -0.1, 0.6)[:, None] * np.array([0.15, 0.65, 0.55], dtype=np.float32)
        colour *= 1.0 - (rng.uniform(0.0, 0.3) * self._under_eyes)[:, None]
        if rng.random() < 0.2:  # freckles
            spots = np.clip(medium + fine - rng.uniform(1.2, 2.0), 0.0, 1.0) * self._blush
            colour *= 1.0 - rng.uniform(0.2, 0.6) * spots[:, None] * np.array([0.5, 0.8, 0.9], dtype=np.float32)
        colour = self._blend(colour, subject.lips, self._lips * rng.uniform(0.55, 0.95), medium)
        colour = self._hairs(colour, subject, rng, fine, medium, scalp)
        lid = np.clip(1.0 - self._lids / rng.uniform(1.2, 2.6), 0.0, 1.0) * subject.makeup
        colour *= 1.0 - lid[:, None]
        return self._fill(np.clip(colour, 0.003, 0.95), subject.skin)

    @staticmethod
    def _blend(colour: NDArray, target: NDArray, amount: NDArray, noise: NDArray) -> NDArray:
        a = amount[:, None]
        return colour * (1.0 - a) + a * target.astype(np.float32) * (1.0 + 0.06 * noise)[:, None]

    def _hairs(
        self, colour: NDArray, subject: Subject, rng: np.random.Generator, fine: NDArray, medium: NDArray,
        scalp: NDArray | None,
    ) -> NDArray:  # fmt: skip
        """Brows, beard and stubble."""
        texture = np.clip(0.75 + 0.22 * fine + 0.12 * medium, 0.0, 1.0)
        if subject.beard != "none":
            style = "full" if subject.beard == "stubble" else subject.beard
            strength = rng.uniform(0.15, 0.5) if subject.beard == "stubble" else rng.uniform(0.7, 1.0)
            colour = self._blend(colour, subject.hair, self._beard[style] * strength * texture, medium)
        if scalp is not None:
            colour = self._blend(colour, subject.hair, scalp * texture, medium)
        tail = rng.uniform(0.35, 0.7)
        for distance, along in self._brows:
            width = subject.brow_thickness * (1.0 - (1.0 - tail) * np.clip((0.45 - along) / 0.45, 0.0, 1.0))
            ends = smoothstep(along, 0.0, 0.12) * (1.0 - 0.6 * smoothstep(along, 0.9, 1.0))
            amount = np.clip(2.5 * (1.0 - distance / width), 0.0, 1.0) * ends * subject.brow_density * texture
            colour = self._blend(colour, subject.brows, amount, medium)
        return colour

    def _fill(self, colour: NDArray, rest: NDArray) -> NDArray[np.float32]:
        size = int(np.sqrt(len(self.map.neutral)))
        texture = np.ones((size * size, 4), dtype=np.float32)
        texture[:, :3] = rest
        texture[self.map.texels, :3] = colour
        return texture.reshape(size, size, 4)
