# SPDX-License-Identifier: GPL-3.0-or-later
"""Skin, hair and props of rendered heads: they lie where they should and repeat from a seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from training.rendering.clip_motion import clip_motion
from training.rendering.geometry import Mesh, box, ellipsoid, tube
from training.rendering.hair import Scalp, grow_hair
from training.rendering.labels import vertex_normals
from training.rendering.props import glasses, random_occluder
from training.rendering.skin_paint import SkinMap, SkinPainter, bake_skin_map
from training.rendering.subject import HAIR_STYLES, Subject, random_subject


@pytest.fixture(scope="module")
def skin_map(model: MorphableModel) -> SkinMap:
    return bake_skin_map(model, size=256)


@pytest.fixture(scope="module")
def scalp(model: MorphableModel) -> Scalp:
    return Scalp(model)


@pytest.fixture
def subject() -> Subject:
    return random_subject(np.random.default_rng(3))


def _texel(skin_map: SkinMap, point: np.ndarray) -> int:
    return int(skin_map.texels[np.argmin(np.linalg.norm(skin_map.position - point, axis=1))])


def test_texels_know_where_they_lie(model: MorphableModel, skin_map: SkinMap) -> None:
    """Each skin vertex of the island finds its own position in the texel under its texture coordinate."""
    quads, uvs = model.quads[skin_map.on_island], skin_map.quad_uvs[skin_map.on_island]
    lookup = np.full((256 * 256, 3), np.nan)
    lookup[skin_map.texels] = skin_map.position
    x, y = np.floor(uvs * 256).astype(int).reshape(-1, 2).T
    found = lookup[y * 256 + x]
    distance = np.linalg.norm(found - model.mean[quads].reshape(-1, 3), axis=1)
    assert np.isfinite(distance).all()
    assert np.median(distance) < 3.0  # a texel of this small texture is about 2 mm wide


def test_brows_are_darker_and_lips_redder_than_the_cheek(skin_map: SkinMap, subject: Subject) -> None:
    plain = replace(subject, skin=np.array([0.6, 0.35, 0.25]), lips=np.array([0.45, 0.1, 0.1]), beard="none",
                    brows=np.full(3, 0.02), hair=np.full(3, 0.02), brow_density=1.0)  # fmt: skip
    texture = SkinPainter(skin_map).paint(plain)[..., :3].reshape(-1, 3)
    lm = skin_map.landmarks
    # The landmark lies on the brow's lower edge or just above it.
    brow = min((texture[_texel(skin_map, lm[19] + [0.0, above, 0.0])] for above in (0.0, 1.5, 3.0)), key=np.sum)
    lip = texture[_texel(skin_map, lm[57] + [0.0, 4.0, 1.0])]
    cheek = texture[_texel(skin_map, lm[[2, 31, 41]].mean(axis=0) + [0.0, 0.0, 15.0])]
    assert brow.sum() < 0.5 * cheek.sum()
    assert lip[0] / lip[1] > 1.3 * cheek[0] / cheek[1]


def test_paint_repeats_from_the_seed(skin_map: SkinMap, subject: Subject) -> None:
    painter = SkinPainter(skin_map)
    first = painter.paint(subject)
    np.testing.assert_array_equal(first, painter.paint(subject))
    assert first.min() > 0.0 and first.max() <= 1.0
    assert np.abs(first - painter.paint(replace(subject, seed=subject.seed + 1))).max() > 0.01


@pytest.mark.parametrize("style", HAIR_STYLES)
def test_hair_lies_outside_the_skull_and_off_the_face(
    model: MorphableModel, scalp: Scalp, subject: Subject, style: str
) -> None:
    hair = grow_hair(scalp, replace(subject, hair_style=style), model.mean.astype(np.float64))
    if style in ("bald", "buzz"):
        assert not len(hair.mesh.quads)
        return
    assert np.isfinite(hair.mesh.vertices).all() and len(hair.shade) == len(hair.mesh.vertices)
    assert hair.mesh.vertices[:, 1].max() > model.mean[:, 1].max()
    nose, mouth = (model.landmarks68(np.zeros(40), np.zeros(10))[i] for i in (30, 62))
    for point in (nose, mouth):
        assert np.linalg.norm(hair.mesh.vertices - point, axis=1).min() > 25.0


@pytest.mark.parametrize(
    "mesh", [box(np.array([1.0, 2.0, 3.0])), ellipsoid(np.array([3.0, 2.0, 1.0]))], ids=["box", "ellipsoid"]
)
def test_primitives_face_outwards(mesh: Mesh) -> None:
    normals = vertex_normals(mesh.vertices, mesh.quads)
    outwards = (normals * mesh.vertices).sum(axis=1)
    assert (outwards > 0.0).all()


def test_a_tube_keeps_its_radius() -> None:
    path = np.stack([np.zeros(9), np.linspace(0.0, 10.0, 9), np.zeros(9)], axis=1)
    around = tube(path, 2.0).vertices
    np.testing.assert_allclose(np.hypot(around[:, 0], around[:, 2]), 2.0)


def test_glasses_sit_before_the_eyes(model: MorphableModel, subject: Subject) -> None:
    landmarks = model.landmarks68(np.zeros(40), np.zeros(10))
    worn = glasses(landmarks, replace(subject, glasses="clear"))
    for eye in (landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)):
        lens = worn.lenses.vertices[np.sign(worn.lenses.vertices[:, 0]) == np.sign(eye[0])]
        assert (lens.min(axis=0) < eye)[:2].all() and (lens.max(axis=0) > eye)[:2].all()
        assert lens[:, 2].min() > eye[2]
    assert not len(glasses(landmarks, replace(subject, glasses="none")).frame.quads)


def test_occluders_stand_before_the_face() -> None:
    low, high = np.array([-60.0, -70.0, -40.0]), np.array([60.0, 70.0, 50.0])
    for seed in range(30):
        thing = random_occluder(low, high, np.full(3, 0.5), np.random.default_rng(seed))
        assert thing.mesh.vertices[:, 2].min() > high[2]


def test_the_clip_moves_as_promised() -> None:
    motion = clip_motion()
    assert len(motion.time) == 132
    assert motion.arkit.min() >= 0.0 and motion.arkit.max() <= 1.0
    np.testing.assert_allclose(np.linalg.det(motion.rotation), 1.0)
    step = np.abs(np.diff(motion.arkit, axis=0)).max()
    assert 0.2 < step < 0.6  # blinks are quick, and nothing jumps
