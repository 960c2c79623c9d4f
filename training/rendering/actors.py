# SPDX-License-Identifier: GPL-3.0-or-later
"""Random people as surfaces for our own rasteriser: head, hair, glasses, and what each looks like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES

from .geometry import Mesh
from .hair import NO_HAIR, Scalp, grow_hair, scalp_stubble
from .labels import mouth_cavity
from .props import NO_GLASSES, glasses
from .shading import EYE, PLAIN, SKIN, Surface
from .skin_paint import SkinPainter, bake_skin_map, paint_uvs
from .subject import Subject, eye_ramp, random_identity, random_subject

_TEETH, _TONGUE, _MOUTH = np.array([0.72, 0.66, 0.55]), np.array([0.42, 0.13, 0.12]), np.array([0.22, 0.045, 0.04])
#: Highlights of hair, glasses, eyes, teeth; skin's is this where it is oiliest, 0 where it is quite matt.
_HAIR_GLOSS, _FRAME_GLOSS, _EYE_GLOSS, _TEETH_GLOSS, _OILY = 0.05, 0.2, 0.6, 0.08, 0.10


@dataclass(frozen=True, eq=False)
class Parts:
    """What all actors share; worked out once."""

    model: MorphableModel
    triangles: NDArray[np.int32]  # (T, 3) of the head
    material: NDArray[np.int8]  # (T,)
    region: NDArray[np.uint8]  # (T,) index into REGION_NAMES
    inside: NDArray[np.bool_]  # (T,) walls of the mouth
    uv: NDArray[np.float32]  # (T, 3, 2)
    painter: SkinPainter
    scalp: Scalp

    @classmethod
    def load(cls) -> Parts:
        """Those of the bundled model."""
        model = MorphableModel.load()
        skin_map = bake_skin_map(model)
        region = np.repeat(model.quad_regions, 2)
        inside = np.repeat(mouth_cavity(model) & ~skin_map.on_island, 2)
        material = np.full(len(region), PLAIN, np.int8)
        material[_is(region, "skin") & ~inside] = SKIN
        material[_is(region, "eye_left", "eye_right")] = EYE
        uv = paint_uvs(model, skin_map)[:, _CORNERS].reshape(-1, 3, 2)
        painter, scalp = SkinPainter(skin_map), Scalp(model)
        return cls(model, _triangles(model.quads), material, region, inside, np.asarray(uv, np.float32), painter, scalp)


_CORNERS = [0, 1, 2, 0, 2, 3]


def _triangles(quads: NDArray) -> NDArray[np.int32]:
    return np.ascontiguousarray(quads[:, _CORNERS].reshape(-1, 3), np.int32)


def _is(region: NDArray, *names: str) -> NDArray[np.bool_]:
    return np.isin(region, [REGION_NAMES.index(name) for name in names])


@dataclass(frozen=True, eq=False)
class Actor:
    """One person: ``surface`` covers the head's vertices, then those of what is ``worn``, model millimetres."""

    neutral: NDArray[np.float64]  # (V, 3)
    worn: NDArray[np.float64]  # (W, 3) vertices of hair and glasses
    surface: Surface


@dataclass(frozen=True, eq=False)
class _Worn:
    """Hair or glasses: a mesh of one colour, seen from both sides."""

    mesh: Mesh
    colour: NDArray[np.float64]
    shade: NDArray[np.float32]  # (vertices,)
    gloss: float


def cast(parts: Parts, rng: np.random.Generator) -> Actor:
    """A random person, dressed."""
    model = parts.model
    shape = random_identity(rng, len(model.shape_basis))
    neutral, subject = model.vertices(shape).astype(np.float64), random_subject(rng)
    worn = list(_worn(parts, subject, neutral))
    surface = _dressed(_head(parts, subject), worn, len(neutral))
    return Actor(neutral, np.concatenate([np.zeros((0, 3)), *(each.mesh.vertices for each in worn)]), surface)


def _worn(parts: Parts, subject: Subject, neutral: NDArray) -> Iterator[_Worn]:
    hair = grow_hair(parts.scalp, subject, neutral) if subject.hair_style != "long_fringe" else NO_HAIR
    if len(hair.shade):
        yield _Worn(hair.mesh, subject.cloth if hair.is_cloth else subject.hair, hair.shade, _HAIR_GLOSS)
    landmarks = parts.model.at_landmarks(neutral)
    frame = (glasses(landmarks, subject) if subject.glasses == "clear" else NO_GLASSES).frame
    if len(frame.quads):
        rng = np.random.default_rng(subject.seed + 6)
        colour = np.full(3, 0.01) if rng.random() < 0.6 else rng.uniform(0.0, 1.0, 3) ** 3 * 0.5
        yield _Worn(frame, colour, np.ones(len(frame.vertices), np.float32), _FRAME_GLOSS)


def _head(parts: Parts, subject: Subject) -> Surface:
    """The bare head's surface, without lashes where the subject has none."""
    rng = np.random.default_rng(subject.seed + 5)
    places, eye_colours = eye_ramp(subject, rng)
    region, lashes = parts.region, _is(parts.region, "lashes")
    colour = np.full((len(region), 3), 0.5)
    colour[_is(region, "teeth_upper", "teeth_lower")] = _TEETH * rng.uniform(0.7, 1.1)
    colour[_is(region, "tongue")] = _TONGUE * rng.uniform(0.7, 1.2)
    colour[parts.inside] = _MOUTH * rng.uniform(0.5, 1.2)
    colour[lashes] = subject.brows * 0.4
    gloss = np.where(parts.material == SKIN, _OILY * (0.65 - subject.gloss) / 0.33, _TEETH_GLOSS)
    gloss[parts.material == EYE] = _EYE_GLOSS
    gloss[lashes] = 0.0
    keep = np.ones(len(region), bool) if subject.lashes else ~lashes
    texture = parts.painter.paint(subject, scalp_stubble(parts.scalp, subject, parts.painter.map.position))
    return Surface(
        parts.triangles[keep], parts.material[keep], lashes[keep], colour[keep].astype(np.float32),
        np.ones(len(parts.model.mean), np.float32), gloss[keep].astype(np.float32), parts.uv[keep],
        np.ascontiguousarray(texture[..., :3]), places.astype(np.float32), eye_colours.astype(np.float32),
    )  # fmt: skip


def _dressed(head: Surface, worn: list[_Worn], vertices: int) -> Surface:
    """The surface of a head of so many ``vertices``, and of what is worn behind them."""
    triangles, colours, glosses, shades, start = [head.triangles], [head.colour], [head.gloss], [head.shade], vertices
    for each in worn:
        both = np.concatenate([_triangles(each.mesh.quads), _triangles(each.mesh.quads[:, ::-1])])
        triangles.append(both + np.int32(start))
        start += len(each.mesh.vertices)
        colours.append(np.tile(each.colour, (len(both), 1)).astype(np.float32))
        glosses.append(np.full(len(both), each.gloss, np.float32))
        shades.append(each.shade)
    added = sum(len(part) for part in triangles[1:])
    return Surface(
        np.concatenate(triangles), np.append(head.material, np.full(added, PLAIN, np.int8)),
        np.append(head.sparse, np.zeros(added, bool)), np.concatenate(colours), np.concatenate(shades),
        np.concatenate(glosses), np.concatenate([head.uv, np.zeros((added, 3, 2), np.float32)]), head.texture,
        head.eye_places, head.eye_colours,
    )  # fmt: skip
