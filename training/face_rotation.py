# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn the face of a picture out of the plane by turning its fitted mesh (face profiling, paper §2.4).

A rotation gives new parameters and a *backward displacement*: where, relative to itself, each place of the turned
picture looks in the original. The mesh's vertices say it for the face; from there it is carried on into the
background and fades towards the picture's border, so that nothing tears.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ddfa_blender.morphable_model import MorphableModel

from .faces import PICTURE_SIZE
from .photometric import soften_for
from .rendering.labels import mouth_cavity, vertex_mask, vertex_normals

#: Side of the displacement's grid: cells of 2.5 pixels of the picture.
GRID = 64
#: Cells whose vertices weigh less than this against their neighbours' see through a gap to what lies behind.
_GAP = 0.001
#: The head's middle, model millimetres: what it turns about, and what its outline is round.
_MIDDLE = np.array([0.0, 30.0, 20.0])
#: The face's middle: the mean depth of the 68 landmarks.
_FACE = np.array([0.0, 0.0, 115.0])
#: Vertices this much behind others no longer show, millimetres.
_DEPTH_SOFTNESS = 6.0
#: How often what averaging takes off the displacements is put back: it flattens the relief and so lessens the turn.
_CORRECTIONS = 1


class FaceRotator:
    """Turns faces of 160-pixel pictures; holds the mesh that says how."""

    def __init__(self, model: MorphableModel) -> None:
        chosen = _surface(model)
        self._mean = model.mean[chosen].astype(np.float32)
        bases = np.concatenate([model.shape_basis, model.expression_basis])[:, chosen]
        self._bases = np.ascontiguousarray(bases.reshape(len(bases), -1), dtype=np.float32)
        self._normals = vertex_normals(model.mean.astype(np.float64), model.quads)[chosen].astype(np.float32)
        outward = self._mean - _MIDDLE.astype(np.float32)
        self._radius = np.linalg.norm(outward, axis=1)
        self._outward = outward / self._radius[:, None]

    def face(self, params: NDArray) -> FittedFace:
        """The face with ``params`` (62,) of a picture, ready to be turned any number of times."""
        alpha = np.asarray(params[12:], np.float32)
        shape = self._mean + (alpha @ self._bases).reshape(-1, 3)
        transform = np.asarray(params[:12], np.float64).reshape(3, 4)
        return FittedFace(transform, shape, self._normals, self._source(transform, shape))

    def _source(self, transform: NDArray, shape: NDArray) -> NDArray[np.float32]:
        """Where the vertices (n, 3) show in the picture; those beyond the outline show the skin at the outline."""
        scale = float(np.linalg.norm(transform[0, :3]))
        source = _project(transform, shape)
        outward = self._outward @ (transform[:, :3] / scale).T.astype(np.float32)
        hidden = outward[:, 2] < 0
        across = outward[hidden, :2]
        length = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
        push = (1.0 - length) / length * self._radius[hidden] * scale
        source[hidden, :2] += across * push[:, None]
        return source


@dataclass(frozen=True, eq=False)
class FittedFace:
    """A face in its picture: T (3, 4), vertices ``shape`` (n, 3) in millimetres, their ``normals``, and the pixels
    ``source`` (n, 3) that show them, y up."""

    transform: NDArray[np.float64]
    shape: NDArray[np.float32]
    normals: NDArray[np.float32]
    source: NDArray[np.float32]

    def turn(self, rotation: NDArray, distance: float = np.inf) -> NDArray[np.float32]:
        """Displacement (GRID, GRID, 2), source − destination in picture pixels, y down, at the cells' centres, of the
        face turned by ``rotation`` (3, 3) in camera axes (x right, y up, z to the camera) about the head's middle, and
        seen by a camera ``distance`` millimetres away."""
        turned = turned_transform(self.transform, rotation)
        scale = float(np.linalg.norm(turned[0, :3]))
        facing = self.normals @ (turned[2, :3] / scale).astype(np.float32)
        target = in_perspective(_project(turned, self.shape), turned, distance)
        return _splat(self.source, target, facing, scale)


def in_perspective(points: NDArray, transform: NDArray, distance: float) -> NDArray:
    """Points (n, 3) that ``transform`` T (3, 4) projected, y up, as a camera ``distance`` millimetres from the face's
    middle sees them: what is nearer looks larger. T stays the scaled orthographic view of the whole."""
    if np.isinf(distance):
        return points
    centre = transform[:, :3] @ _FACE + transform[:, 3]
    scale = float(np.linalg.norm(transform[0, :3]))
    nearer = (points[:, 2:] - centre[2]) / scale
    result = points.copy()
    result[:, :2] = centre[:2] + (points[:, :2] - centre[:2]) * (distance / (distance - nearer))
    return result


def turned_transform(transform: NDArray, rotation: NDArray) -> NDArray[np.float64]:
    """T (3, 4) of the head turned by ``rotation`` (3, 3) about its middle."""
    linear, offset = transform[:, :3], transform[:, 3]
    pivot = linear @ _MIDDLE + offset
    turned = np.concatenate([rotation @ linear, (pivot + rotation @ (offset - pivot))[:, None]], axis=1)
    turned[2, 3] = 0.0
    return turned


def _surface(model: MorphableModel) -> NDArray[np.int64]:
    """Vertices that carry the picture: skin that can show, and eyes."""
    cavity = np.zeros(len(model.mean), bool)
    cavity[model.quads[mouth_cavity(model)]] = True
    eyes = vertex_mask(model, "eye_left") | vertex_mask(model, "eye_right")
    skin = vertex_mask(model, "skin") & ~cavity & (model.head_weight > 0.5)
    normals = vertex_normals(model.mean.astype(np.float64), model.quads)
    return np.flatnonzero((skin | eyes) & (normals[:, 2] > -0.8))


def _project(transform: NDArray, shape: NDArray) -> NDArray[np.float32]:
    t = transform.astype(np.float32)
    return shape @ t[:, :3].T + t[:, 3]


def _splat(source: NDArray, target: NDArray, facing: NDArray, scale: float) -> NDArray[np.float32]:
    """Displacements of the vertices on the grid, in front before behind, holes and background filled."""
    seen = facing > 0.05
    source, target, facing = source[seen], target[seen], facing[seen]
    cell = PICTURE_SIZE / GRID
    place = np.stack([target[:, 0] / cell - 0.5, (PICTURE_SIZE - target[:, 1]) / cell - 0.5], axis=1)
    moved = np.stack([source[:, 0] - target[:, 0], target[:, 1] - source[:, 1]], axis=1)
    depth = target[:, 2] / scale
    weight = facing * np.exp(np.clip((depth - depth.max()) / _DEPTH_SOFTNESS, -60.0, 0.0))
    at_vertices = _bilinear(place)
    onto_grid = at_vertices.T
    total = onto_grid @ weight
    field = np.zeros((GRID * GRID, 2))
    for _ in range(1 + _CORRECTIONS):
        off = (moved - at_vertices @ field) * weight[:, None]
        field += (onto_grid @ off) / np.maximum(total, 1e-30)[:, None]
    seen_weight = total.astype(np.float32).reshape(GRID, GRID)
    front = cv2.dilate(seen_weight, np.ones((5, 5), np.uint8))
    known = (seen_weight > _GAP * front) & (front > 0)
    values = np.zeros((GRID, GRID, 3), np.float32)
    values[known, 0] = 1.0
    values[known, 1:] = field.reshape(GRID, GRID, 2)[known]
    return fill_outwards(values)


def _bilinear(place: NDArray) -> csr_array:
    """Bilinear interpolation (n, GRID²) of the grid at places (n, 2) in cells; beyond the grid, at its border."""
    place = np.clip(place, 0.0, GRID - 1.001)
    base = place.astype(np.int32)
    x, y = (place - base).T
    first = base[:, 1] * GRID + base[:, 0]
    cells = first[:, None] + np.array([0, 1, GRID, GRID + 1], np.int32)
    shares = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)
    starts = np.arange(0, 4 * len(place) + 1, 4, dtype=np.int32)
    return csr_array((shares.ravel(), cells.ravel(), starts), shape=(len(place), GRID * GRID))


def fill_outwards(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fill the unknown cells of (s, s, 3) [known 0/1, x, y] from ever coarser averages; 0 at the border."""
    values[0] = values[-1] = values[:, 0] = values[:, -1] = (1.0, 0.0, 0.0)
    values[..., 1:] *= values[..., :1]
    levels = [values]
    while levels[-1].shape[0] > 2:
        levels.append(cv2.resize(levels[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    coarse = levels[-1][..., 1:] / np.maximum(levels[-1][..., :1], 1e-6)
    for level in reversed(levels[:-1]):
        up = cv2.resize(coarse, (level.shape[1], level.shape[0]), interpolation=cv2.INTER_LINEAR)
        known = np.minimum(level[..., :1] * 4.0, 1.0) if level is not values else level[..., :1]
        own = level[..., 1:] / np.maximum(level[..., :1], 1e-6)
        coarse = own * known + up * (1.0 - known)
    soft = cv2.GaussianBlur(coarse, (0, 0), 1.5)
    return coarse * values[..., :1] + soft * (1.0 - values[..., :1])


def sample(picture: NDArray[np.uint8], displacement: NDArray, warp: NDArray, size: int) -> NDArray[np.uint8]:
    """The crop (size, size, 3) of a picture turned by ``displacement``; ``warp`` (2, 3) takes the turned picture's
    continuous pixels to the crop's."""
    inverse = cv2.invertAffineTransform(warp)
    axis = np.arange(size, dtype=np.float32) + 0.5
    x, y = np.meshgrid(axis, axis)
    places = np.stack([inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2],
                       inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]], axis=-1).astype(np.float32)  # fmt: skip
    cells = places * (GRID / PICTURE_SIZE) - 0.5
    move = cv2.remap(displacement, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    picture = soften_for(picture, warp)
    return cv2.remap(picture, places + move - 0.5, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
