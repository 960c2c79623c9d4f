# SPDX-License-Identifier: GPL-3.0-or-later
"""Small readers of OBJ, MTL and PLY, written from the formats' descriptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Obj:
    """What a Wavefront OBJ file says; indices count from 0."""

    vertices: list[list[float]] = field(default_factory=list)
    uvs: list[list[float]] = field(default_factory=list)
    polygons: list[list[int]] = field(default_factory=list)
    polygon_uvs: list[list[int]] = field(default_factory=list)
    polygon_materials: list[str] = field(default_factory=list)
    library: str = ""


def read_obj(path: Path) -> Obj:
    """Read a Wavefront OBJ file."""
    found, material = Obj(), ""
    for line in path.read_text(encoding="utf-8").splitlines():
        word, *values = line.split()
        if word == "v":
            found.vertices.append([float(v) for v in values])
        elif word == "vt":
            found.uvs.append([float(v) for v in values])
        elif word == "usemtl":
            material = values[0]
        elif word == "mtllib":
            found.library = values[0]
        elif word == "f":
            parts = [value.split("/") for value in values]
            found.polygons.append([int(part[0]) - 1 for part in parts])
            found.polygon_uvs.append([int(part[1]) - 1 for part in parts if len(part) > 1])
            found.polygon_materials.append(material)
    return found


def read_mtl(path: Path) -> dict[str, dict[str, str]]:
    """Statements of each material."""
    found: dict[str, dict[str, str]] = {}
    name = ""
    for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
        word, _, rest = line.partition(" ")
        if word == "newmtl":
            name = rest
            found[name] = {}
        else:
            found[name][word] = rest
    return found


def read_ply(path: Path) -> tuple[np.ndarray, np.ndarray, list[list[int]]]:
    """Vertices (V, 3), colours (V, 3) and polygons of a binary PLY file."""
    header, _, body = path.read_bytes().partition(b"end_header\n")
    lines = header.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    counts = {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("element")}
    types = {"float": "<f4", "uchar": "u1"}
    start = lines.index(f"element vertex {counts['vertex']}") + 1
    stop = lines.index(f"element face {counts['face']}")
    layout = np.dtype([(line.split()[2], types[line.split()[1]]) for line in lines[start:stop]])
    assert lines[stop + 1] == "property list uchar int vertex_indices"
    table = np.frombuffer(body, layout, counts["vertex"])
    place, polygons = table.nbytes, []
    for _ in range(counts["face"]):
        size = body[place]
        polygons.append(np.frombuffer(body, "<i4", size, place + 1).tolist())
        place += 1 + 4 * size
    assert place == len(body)
    points = np.stack([table[axis] for axis in "xyz"], axis=-1)
    return points, np.stack([table[name] for name in ("red", "green", "blue")], axis=-1), polygons
