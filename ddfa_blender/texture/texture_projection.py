# SPDX-License-Identifier: GPL-3.0-or-later
"""Project a picture onto the skin's texture: what each texel sees, and how well."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..morphable_model import MorphableModel
from ..names import REGION_NAMES
from ..smoothstep import smoothstep
from .position_map import SkinTexels, position_map
from .rasterise import Raster, rasterise
from .skin_layout import linings
from .texture_blend import to_linear
from .texture_views import View

#: Longest side of the depth picture, pixels.
_DEPTH_SIDE = 400
#: Cosine between surface and line of sight below which nothing is taken, and above which everything.
_GRAZING, _FACING = 0.18, 0.65
#: Millimetres that a texel may lie behind the nearest surface at its pixel, and behind that around its pixel: both
#: forgive the coarse depth picture, the second keeps clear of the edges of what lies before.
_BEHIND, _BEHIND_EDGE, _EDGE = 3.5, 9.0, 2.5
#: Eyes, teeth, tongue and mouth colour the skin around them: full distance in millimetres that keeps clear of them.
_CLEAR_OF_OPENINGS = 1.3
#: Pixels of the footage for each texel beyond which the picture is shrunk first, lest fine detail alias.
_OVERSAMPLED = 1.6
#: The features: landmarks from this on, with what lies around them in millimetres; less where hair may hang down.
_FIRST_FEATURE, _FEATURE = 17, 13.0
_CERTAIN = {17: 6.0, 18: 9.0, 25: 9.0, 26: 6.0, 36: 5.0, 45: 5.0}
#: Brows are longer than their landmarks are wide, and make-up is darker than skin: what lies between these is, too.
_BETWEEN_FEATURES = ((17, 18), (18, 19), (24, 25), (25, 26), (19, 37), (20, 38), (21, 39), (22, 42), (23, 43), (24, 44))
_BETWEEN_FEATURE = 9.0
_OPENINGS = ("eye_left", "eye_right", "teeth_upper", "teeth_lower", "tongue")


@dataclass(frozen=True, eq=False)
class Projection:
    """``colour`` (S, S, 3) linear RGB; ``weight`` (S, S) 0…1.2, 0 where the texel is not seen."""

    colour: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Depth:
    """What a view shows of the head, at ``scale`` times the picture's size (h, w)."""

    scale: float
    nearest: NDArray[np.float32]  # z of the nearest surface, picture pixels
    around: NDArray[np.float32]  # the same, of the nearest within _EDGE
    clear: NDArray[np.float32]  # millimetres to the next eye, tooth or lining

    @classmethod
    def of(cls, view: View, model: MorphableModel) -> Depth:
        """Worked out once for all textures that the view is projected onto."""
        height, width = view.picture.shape[:2]
        scale = min(1.0, _DEPTH_SIDE / max(height, width))
        solid = model.quad_regions != REGION_NAMES.index("lashes")
        triangles = model.triangles.reshape(-1, 2, 3)[solid].reshape(-1, 3)
        raster = rasterise(
            view.vertices[triangles] * (scale, scale, 1.0), math.ceil(width * scale), math.ceil(height * scale)
        )
        nearest = raster.interpolate(view.vertices[:, 2:], triangles)[..., 0]
        nearest[~raster.covered] = -1e6
        unit = _pixels_per_millimetre(view.vertices, model) * scale
        shut = ~_openings(model, raster, solid)
        clear = cv2.distanceTransform(shut.astype(np.uint8), cv2.DIST_L2, 3) / unit
        return cls(scale, nearest, cv2.dilate(nearest, _disc(_EDGE * unit)), clear)


def project(view: View, depth: Depth, model: MorphableModel, texels: SkinTexels) -> Projection:
    """One picture, of this ``depth`` (:meth:`Depth.of`), on the skin's texture of S × S texels."""
    vertices = view.vertices
    millimetre = _pixels_per_millimetre(vertices, model)
    resolution = _resolution(vertices, texels)
    covered = texels.raster.covered
    typical = float(np.median(resolution[texels.raster.triangle[covered]]))
    picture = to_linear(view.picture)
    shrink = min(1.0, _OVERSAMPLED / max(typical, 1e-6))
    if shrink < 1.0:
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    places = texels.raster.interpolate(np.concatenate([vertices, _normals(vertices, model)], axis=1), texels.triangles)
    columns, rows = places[..., 0] * shrink - 0.5, places[..., 1] * shrink - 0.5
    colour = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weight = smoothstep(places[..., 5] / np.maximum(np.linalg.norm(places[..., 3:], axis=2), 1e-9), _GRAZING, _FACING)
    weight *= _in_picture(places, view.picture.shape, 2.0 * millimetre)
    weight *= _unhidden(places, depth, millimetre)
    weight *= np.clip(resolution[texels.raster.triangle] / typical, 0.0, 1.2)
    weight[~covered | lining_texels(model, texels)] = 0.0
    return Projection(colour.astype(np.float32, copy=False), weight.astype(np.float32))


def face_trust(model: MorphableModel, size: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How far footage is believed at each texel (S, S) 0…1, and where it is believed whatever its colour (S, S).

    The face is believed; ears, neck and scalp, which hair and collars hide and which the mesh fits loosely, are not.
    Brows, eyes, nose and mouth are the face whatever their colour; elsewhere what is not skin may be hair.
    """
    surface = position_map(model, model.mean, size)
    landmarks = model.at_landmarks(model.mean)
    distance = np.full(surface.mask.shape, np.inf)
    certain = np.zeros(surface.mask.shape, dtype=bool)
    for index, point in enumerate(landmarks):
        away = np.linalg.norm(surface.positions - point, axis=2)
        np.minimum(distance, away, out=distance)
        if index >= _FIRST_FEATURE:
            certain |= away < _CERTAIN.get(index, _FEATURE)
    for pair in _BETWEEN_FEATURES:
        middle = landmarks[list(pair)].mean(axis=0)
        certain |= np.linalg.norm(surface.positions - middle, axis=2) < _BETWEEN_FEATURE
    jaw_end = float(landmarks[[0, 16], 2].mean())
    chin = float(landmarks[8, 1])
    trust = smoothstep(distance, 85.0, 62.0)
    trust *= smoothstep(surface.positions[..., 2], jaw_end - 4.0, jaw_end + 12.0)
    trust *= smoothstep(surface.positions[..., 1], chin - 16.0, chin - 2.0)
    trust[~surface.mask] = 0.0
    return trust.astype(np.float32), certain


def lining_texels(model: MorphableModel, texels: SkinTexels) -> NDArray[np.bool_]:
    """Where the texture shows the insides of mouth and eye sockets (S, S)."""
    inside = linings(model)
    quad = texels.raster.triangle // 2
    return np.isin(quad, np.concatenate(inside)) if inside else np.zeros(quad.shape, bool)


def _pixels_per_millimetre(vertices: NDArray, model: MorphableModel) -> float:
    """The view's scale: the head's extent in all three axes against the mean head's."""
    seen, own = vertices - vertices.mean(axis=0), model.mean - model.mean.mean(axis=0)
    return float(np.sqrt((seen**2).sum() / (own**2).sum()))


def _normals(vertices: NDArray, model: MorphableModel) -> NDArray[np.float64]:
    """Normals (V, 3) of the skin in picture axes with y up, so that outward is towards the camera when z > 0."""
    quads = model.quads[model.quad_regions == REGION_NAMES.index("skin")]
    corners = (vertices * (1.0, -1.0, 1.0))[quads]
    face = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals = np.zeros_like(vertices)
    for axis in range(3):
        for corner in range(4):
            normals[:, axis] += np.bincount(quads[:, corner], face[:, axis], len(vertices))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _resolution(vertices: NDArray, texels: SkinTexels) -> NDArray[np.float64]:
    """Picture pixels along a texel's side, for each triangle (T,)."""

    def area(corners: NDArray) -> NDArray:
        a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        return np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])

    flat = area(texels.triangle_uvs) * texels.size**2
    result: NDArray[np.float64] = np.sqrt(area(vertices[texels.triangles][..., :2]) / np.maximum(flat, 1e-12))
    return result


def _in_picture(places: NDArray, shape: tuple[int, ...], margin: float) -> NDArray[np.float64]:
    """0 beyond the picture's edge, 1 well inside."""
    x, y = places[..., 0], places[..., 1]
    inside = np.minimum(np.minimum(x, shape[1] - x), np.minimum(y, shape[0] - y))
    return smoothstep(inside, 0.0, margin)


def _unhidden(places: NDArray, depth: Depth, millimetre: float) -> NDArray[np.float64]:
    """1 where nothing of the head lies before the texel, fading out around eyes and mouth (S, S)."""
    height, width = depth.nearest.shape
    x = np.clip((places[..., 0] * depth.scale).astype(np.intp), 0, width - 1)
    y = np.clip((places[..., 1] * depth.scale).astype(np.intp), 0, height - 1)
    z = places[..., 2]
    seen = z > depth.nearest[y, x] - _BEHIND * millimetre
    seen &= z > depth.around[y, x] - _BEHIND_EDGE * millimetre
    result: NDArray[np.float64] = seen * smoothstep(depth.clear[y, x], 0.25 * _CLEAR_OF_OPENINGS, _CLEAR_OF_OPENINGS)
    return result


def _openings(model: MorphableModel, raster: Raster, solid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a picture of the head shows eyes, teeth, tongue or the linings (H, W)."""
    marked = np.isin(model.quad_regions, [REGION_NAMES.index(name) for name in _OPENINGS])
    skin = np.flatnonzero(model.quad_regions == REGION_NAMES.index("skin"))
    for lining in linings(model):
        marked[skin[lining]] = True
    result: NDArray[np.bool_] = raster.covered & marked[np.flatnonzero(solid)[raster.triangle // 2]]
    return result


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.uint8)
