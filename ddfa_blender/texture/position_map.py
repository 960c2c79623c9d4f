# SPDX-License-Identifier: GPL-3.0-or-later
"""The UV position map (Feng et al., PRNet, 2018): a picture whose texels hold the 3D place of the surface.

It is laid out like the skin's texture, so that texture, positions and anything else in these coordinates go together.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from .rasterise import Raster, rasterise
from .skin_layout import SkinMesh, layout

#: Texels beyond the islands' edges that are filled too, for filtering.
_MARGIN = 2.0


@dataclass(frozen=True, eq=False)
class SkinTexels:
    """The skin's texture of S × S texels, first row at the top (v = 1), over the skin's T triangles."""

    raster: Raster  # (S, S), into ``triangles``
    triangles: NDArray[np.intp]  # (T, 3) vertices
    triangle_uvs: NDArray[np.float64]  # (T, 3, 2)

    @property
    def size(self) -> int:
        """Texels along a side."""
        return len(self.raster.triangle)


@dataclass(frozen=True, eq=False)
class PositionMap:
    """``positions`` (S, S, 3) float32, in the vertices' unit and axes, 0 off the skin; ``mask`` (S, S) where it is.

    The first row is the top (v = 1). A margin of two texels around the islands continues the surface, so that
    bilinear sampling right at an island's edge is exact; it counts as skin in the mask.
    """

    positions: NDArray[np.float32]
    mask: NDArray[np.bool_]

    def sample(self, uvs: NDArray) -> NDArray[np.float64]:
        """Positions (…, 3) at texture coordinates (…, 2), bilinear."""
        size = len(self.positions)
        u, v = np.moveaxis(np.asarray(uvs, dtype=np.float64), -1, 0)
        x = np.clip(u * size - 0.5, 0.0, size - 1.0)
        y = np.clip((1.0 - v) * size - 0.5, 0.0, size - 1.0)
        x0, y0 = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
        x1, y1 = np.minimum(x0 + 1, size - 1), np.minimum(y0 + 1, size - 1)
        fx, fy = (x - x0)[..., None], (y - y0)[..., None]
        p = self.positions.astype(np.float64)
        above = p[y0, x0] * (1.0 - fx) + p[y0, x1] * fx
        below = p[y1, x0] * (1.0 - fx) + p[y1, x1] * fx
        result: NDArray[np.float64] = above * (1.0 - fy) + below * fy
        return result


def skin_texels(model: MorphableModel, size: int) -> SkinTexels:
    """Which point of the skin lies under each texel of a texture with sides of ``size`` texels."""
    return texels_of(SkinMesh(model), size)


#: What somebody is at work with: at 4096 texels a quarter of a gigabyte, which nobody wants to keep for later.
_at_work: WeakValueDictionary[tuple[SkinMesh, int], SkinTexels] = WeakValueDictionary()


def texels_of(mesh: SkinMesh, size: int) -> SkinTexels:
    """:func:`skin_texels`; the same object for all who are at work with it."""
    found = _at_work.get((mesh, size))
    if found is None:
        found = _at_work[mesh, size] = _texels_of(mesh, size)
    return found


def _texels_of(mesh: SkinMesh, size: int) -> SkinTexels:
    quads, uvs = mesh.quads, layout(mesh)
    halves = [[0, 1, 2], [0, 2, 3]]
    triangles = quads[:, halves].reshape(-1, 3).astype(np.intp)
    triangle_uvs = uvs[:, halves].reshape(-1, 3, 2)
    corners = np.stack([triangle_uvs[..., 0], 1.0 - triangle_uvs[..., 1]], axis=-1) * size
    return SkinTexels(rasterise(corners, size, size, margin=_MARGIN), triangles, triangle_uvs)


def position_map(model: MorphableModel, vertices: NDArray, size: int) -> PositionMap:
    """The position map of a head with ``vertices`` (V, 3), in whatever unit and axes they are.

    Args:
        model: whose mesh it is.
        size: texels along a side.
    """
    texels = skin_texels(model, size)
    positions = texels.raster.interpolate(np.asarray(vertices, dtype=np.float64), texels.triangles)
    return PositionMap(positions, texels.raster.covered)
