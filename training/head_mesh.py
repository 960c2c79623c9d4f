# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the head out of the MakeHuman body: topology, UVs, regions, mirror map, pivot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ddfa_blender.names import REGION_NAMES

from .makehuman import BaseMesh

#: Height of the cut through the neck and its slope towards the front, MakeHuman decimetres.
_NECK_CUT_HEIGHT, _NECK_CUT_SLOPE = 5.86, 0.10
#: Which mesh groups make which region; the skin is cut out of ``body``.
_REGION_GROUPS: dict[str, tuple[str, ...]] = {
    "eye_left": ("helper-l-eye",),
    "eye_right": ("helper-r-eye",),
    "teeth_upper": ("helper-upper-teeth",),
    "teeth_lower": ("helper-lower-teeth",),
    "tongue": ("helper-tongue",),
    "lashes": ("helper-l-eyelashes-1", "helper-l-eyelashes-2", "helper-r-eyelashes-1", "helper-r-eyelashes-2"),
}


@dataclass(frozen=True, eq=False)
class HeadMesh:
    """The head's share of the base mesh; V vertices, F quads, U texture coordinates."""

    source_vertices: NDArray[np.int64]  # (V,) index into the base mesh
    base: NDArray[np.float64]  # (V, 3) decimetres, origin at the pivot
    pivot: NDArray[np.float64]  # (3,) decimetres in the base mesh
    quads: NDArray[np.int32]
    uv: NDArray[np.float32]
    quad_uvs: NDArray[np.int32]
    quad_regions: NDArray[np.uint8]
    vertex_regions: NDArray[np.uint8]  # (V,)
    mirror: NDArray[np.int64]  # (V,)

    def in_region(self, name: str) -> NDArray[np.bool_]:
        """Mask (V,) of a region of ``REGION_NAMES``."""
        return self.vertex_regions == REGION_NAMES.index(name)

    def mouth_lining(self) -> NDArray[np.bool_]:
        """Quads (F,) of the skin inside the mouth, of which a viewer sees next to nothing.

        MakeHuman unwraps it as an island of its own; the first two edge loops inside the lips still belong to the face.
        """
        skin = self.quad_regions == REGION_NAMES.index("skin")
        uvs = self.quad_uvs[skin]
        edges = np.concatenate([uvs[:, [i, i + 1]] for i in range(3)])
        size = len(self.uv)
        graph = coo_matrix((np.ones(len(edges), dtype=bool), (edges[:, 0], edges[:, 1])), shape=(size, size))
        island = connected_components(graph, directed=False)[1][uvs[:, 0]]
        # Of all islands but the face's own, only this one comes to the middle behind the lips.
        x, y, z = self.base[self.quads[skin]].mean(axis=1).T
        behind_lips = (np.abs(x) < 0.1) & (y > -0.6) & (y < 0.0) & (z > 1.0)
        others = island[behind_lips & (island != np.bincount(island).argmax())]
        lining = np.zeros(len(self.quads), dtype=bool)
        lining[skin] = island == np.bincount(others).argmax()
        return lining

    def lip_edges(self) -> NDArray[np.bool_]:
        """Quads (F,) of the skin along the seam with the mouth's lining: where closed lips touch."""
        lining = self.mouth_lining()
        skin = (self.quad_regions == REGION_NAMES.index("skin")) & ~lining
        # The lining's other end, at the throat, has a seam too.
        seam = np.intersect1d(self.quads[lining], self.quads[skin])
        seam = seam[self.base[seam, 2] > 1.0]
        return skin & np.isin(self.quads, seam).any(axis=1)


def _collect(base: BaseMesh) -> tuple[NDArray, NDArray, NDArray]:
    """Quads, their uvs and regions, still in the base mesh's numbering."""
    body = base.group_quads["body"]
    corners = base.vertices[body]
    above = (corners[..., 1] - _NECK_CUT_SLOPE * corners[..., 2] > _NECK_CUT_HEIGHT).all(axis=1)
    quads, uvs = [body[above]], [base.group_quad_uvs["body"][above]]
    regions = [np.zeros(above.sum(), dtype=np.uint8)]
    for name, groups in _REGION_GROUPS.items():
        for group in groups:
            quads.append(base.group_quads[group])
            uvs.append(base.group_quad_uvs[group])
            regions.append(np.full(len(quads[-1]), REGION_NAMES.index(name), dtype=np.uint8))
    return np.concatenate(quads), np.concatenate(uvs), np.concatenate(regions)


def cut_head(base: BaseMesh, mirror: NDArray[np.int64]) -> HeadMesh:
    """The head mesh with its origin at the atlanto-occipital pivot (MakeHuman's joint ``head``)."""
    quads, uvs, regions = _collect(base)
    source, packed = np.unique(quads, return_inverse=True)
    uv_source, uv_packed = np.unique(uvs, return_inverse=True)
    quads = packed.reshape(quads.shape)
    renumber = np.full(len(base.vertices), -1)
    renumber[source] = np.arange(len(source))
    head_mirror = renumber[mirror[source]]
    if (head_mirror < 0).any():
        raise ValueError("the neck cut is not symmetric")
    vertex_regions = np.zeros(len(source), dtype=np.uint8)
    vertex_regions[quads] = regions[:, None]
    pivot = base.joint("head")
    vertices = base.vertices[source] - pivot
    return HeadMesh(
        source, vertices, pivot, quads.astype(np.int32), base.uv[uv_source].astype(np.float32),
        uv_packed.reshape(uvs.shape).astype(np.int32), regions, vertex_regions, head_mirror
    )  # fmt: skip
