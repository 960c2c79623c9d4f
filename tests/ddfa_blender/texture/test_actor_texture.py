# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads with a known skin are rendered by plain ray-less rasterising; the baked texture must be that skin."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import cv2
import numpy as np
import pytest

from ddfa_blender.errors import CaptureCancelled, CaptureError
from ddfa_blender.names import REGION_NAMES
from ddfa_blender.projection import CROP_SIZE, Pose, compose, crop_to_image, join, rotation_from_euler
from ddfa_blender.projection import apply as apply_transform
from ddfa_blender.take import Take, TakeHeader
from ddfa_blender.texture.actor_texture import bake_actor_texture, texture_of_views
from ddfa_blender.texture.position_map import position_map, skin_texels
from ddfa_blender.texture.rasterise import rasterise
from ddfa_blender.texture.skin_paint import paint_skin
from ddfa_blender.texture.texture_blend import to_display, to_linear
from ddfa_blender.texture.texture_views import View, candidates, face_views
from tests.ddfa_blender.support import grey, write_clip

SIZE, PICTURE = 256, 300


@pytest.fixture(scope="module")
def truth(model):
    """A skin (S, S, 3), linear, with broad stripes in three directions that no fill could guess."""
    surface = position_map(model, model.mean, SIZE).positions
    waves = np.sin(surface @ np.array([[0.11, 0.02, 0.05], [0.03, 0.13, 0.04], [0.05, 0.06, 0.12]]))
    return to_linear(paint_skin(model, SIZE, bare=True)) * np.exp(0.16 * waves)


def pose(yaw, pitch=0.0):
    """T of a head that fills most of the crop, millimetres to crop pixels."""
    rotation = rotation_from_euler([yaw, pitch, 0.0])
    centre = rotation @ np.array([0.0, 20.0, 60.0])
    return compose(Pose(np.array(0.36), rotation, np.array([60.0, 60.0, 0.0]) - 0.36 * centre))


def picture_of(model, truth, transform, exposure=1.0):
    """The neutral mean head seen through T: picture (300, 300, 3) uint8 and vertices in its pixels."""
    roi = np.array([0.0, 0.0, PICTURE, PICTURE])
    vertices = crop_to_image(apply_transform(transform, model.mean.astype(np.float64)), roi)
    raster = rasterise(vertices[model.triangles], PICTURE, PICTURE)
    skin = model.quad_regions == REGION_NAMES.index("skin")
    texels = skin_texels(model, SIZE)
    # Triangles of the skin in the order of the texels' ones.
    order = np.full(len(model.triangles), -1)
    order[np.repeat(skin, 2)] = np.arange(2 * skin.sum())
    picture = np.full((PICTURE, PICTURE, 3), 0.3)
    own = np.where(raster.covered, order[raster.triangle], -1)
    uv = np.einsum("nk,nkc->nc", raster.weights[own >= 0], texels.triangle_uvs[own[own >= 0]])
    x, y = uv[:, 0] * SIZE - 0.5, (1.0 - uv[:, 1]) * SIZE - 0.5
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    total = 0.0
    for dx in (0, 1):
        for dy in (0, 1):
            share = (1.0 - np.abs(x - x0 - dx)) * (1.0 - np.abs(y - y0 - dy))
            total = total + share[:, None] * truth[np.clip(y0 + dy, 0, SIZE - 1), np.clip(x0 + dx, 0, SIZE - 1)]
    picture[raster.covered & (own < 0)] = (0.9, 0.9, 0.95)  # eyes, teeth and the like
    picture[own >= 0] = total * exposure
    return np.round(to_display(picture) * 255.0).astype(np.uint8), vertices


def views_of(model, truth, yaws, exposures=None):
    exposures = exposures or [1.0] * len(yaws)
    pictures = [picture_of(model, truth, pose(yaw), exposure) for yaw, exposure in zip(yaws, exposures, strict=True)]
    return [View(str(yaw), i, *picture) for i, (yaw, picture) in enumerate(zip(yaws, pictures, strict=True))]


def face_part(model):
    """Texels (S, S) on the front of the face."""
    surface = position_map(model, model.mean, SIZE)
    landmarks = model.at_landmarks(model.mean)
    distance = np.min([np.linalg.norm(surface.positions - p, axis=2) for p in landmarks], axis=0)
    return surface.mask & (distance < 25.0) & (surface.positions[..., 2] > landmarks[0, 2] + 15.0)


def error(texture, truth, part):
    """Mean difference from the truth in display values, 0…255."""
    return float(np.abs(texture.pixels - to_display(truth))[part].mean() * 255.0)


def test_where_it_is_seen_the_texture_is_the_actors(model, truth):
    baked = texture_of_views(views_of(model, truth, [0.0, 18.0, -18.0, 35.0, -35.0]), model, SIZE)
    part = baked.seen & face_part(model)
    assert part.sum() > 0.6 * face_part(model).sum()
    assert error(baked, truth, part) < 2.5
    # Against that, a skin without the stripes is far off.
    plain = dataclasses.replace(baked, pixels=paint_skin(model, SIZE, bare=True))
    assert error(plain, truth, part) > 3.0 * error(baked, truth, part)
    assert np.isfinite(baked.pixels).all() and baked.pixels.min() >= 0.0 and baked.pixels.max() <= 1.0
    assert baked.frames == (0, 1, 2, 3, 4)


def test_what_no_picture_shows_is_not_called_seen(model, truth):
    surface = position_map(model, model.mean, SIZE)
    baked = texture_of_views(views_of(model, truth, [0.0, 30.0]), model, SIZE)
    behind = surface.mask & (surface.positions[..., 2] < 20.0)
    assert behind.any() and not (baked.seen & behind).any()
    # Yaw > 0 shows the subject's right (−x) side.
    side = surface.mask & (np.abs(surface.positions[..., 0]) > 55.0) & (surface.positions[..., 2] > 80.0)
    right = surface.positions[..., 0] < 0.0
    assert baked.seen[side & right].mean() > baked.seen[side & ~right].mean() + 0.1
    # Filled in, it still has the actor's tone.
    known, filled = baked.pixels[baked.seen & face_part(model)].mean(axis=0), baked.pixels[behind].mean(axis=0)
    np.testing.assert_allclose(filled, known, atol=0.07)


def test_pictures_of_different_exposure_leave_no_seam(model, truth):
    yaws = [0.0, 28.0, -28.0]
    even = texture_of_views(views_of(model, truth, yaws), model, SIZE)
    uneven = texture_of_views(views_of(model, truth, yaws, [1.0, 0.6, 1.4]), model, SIZE)
    part = even.seen & uneven.seen & face_part(model)
    difference = np.abs(even.pixels - uneven.pixels)[part] * 255.0
    # The exposures themselves lie some 40 of 255 apart.
    assert difference.mean() < 1.5 and np.percentile(difference, 99) < 12.0


def test_a_hand_in_one_picture_is_outvoted(model, truth):
    views = views_of(model, truth, [0.0, 6.0, -6.0, 10.0])
    clean = texture_of_views(views, model, SIZE)
    x, y = (int(v) for v in model.at_landmarks(views[0].vertices)[[2, 31], :2].mean(axis=0))
    covered = views[0].picture.copy()
    covered[y - 18 : y + 18, x - 18 : x + 18] = (40, 60, 150)
    spoilt = texture_of_views([View("0", 0, covered, views[0].vertices), *views[1:]], model, SIZE)
    part = clean.seen & spoilt.seen & face_part(model)
    assert error(spoilt, truth, part) < error(clean, truth, part) + 0.8


def made_up_take(yaws, fps=25.0, **arkit):
    """A Take of the mean head that :func:`picture_of` shows; ``arkit`` weights by frame."""
    count = len(yaws)
    transforms = np.stack([pose(yaw) for yaw in yaws])
    params = join(transforms, np.zeros((count, 40)), np.zeros((count, 10))).astype(np.float32)
    return Take(
        time=np.arange(count) / fps,
        params=params,
        confidence=np.full(count, 0.9, np.float32),
        roi=np.tile([0.0, 0.0, PICTURE, PICTURE], (count, 1)),
        landmarks68=np.zeros((count, 68, 3), np.float32),
        arkit=np.zeros((count, 52), np.float32),
        header=TakeHeader("clip.mp4", PICTURE, PICTURE, fps, "made up", "0" * 64),
    )


@pytest.fixture(scope="module")
def clip(model, truth, tmp_path_factory):
    """A video of the head turning, and its take."""
    yaws = [0.0, 0.0, 0.0, 8.0, 16.0, 16.0, 0.0, -16.0, -16.0, -30.0, -30.0]
    take = made_up_take(yaws)
    drawn = {yaw: picture_of(model, truth, pose(yaw)) for yaw in set(yaws)}
    path = write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", [drawn[yaw][0] for yaw in yaws])
    landmarks = np.stack([model.at_landmarks(drawn[yaw][1]) for yaw in yaws]).astype(np.float32)
    return path, dataclasses.replace(take, landmarks68=landmarks)


def test_from_a_video_and_its_take(clip, model, truth):
    path, take = clip
    reported = []
    baked = bake_actor_texture(path, take, model, size=SIZE, progress=lambda *numbers: reported.append(numbers))
    part = baked.seen & face_part(model)
    assert part.sum() > 0.5 * face_part(model).sum()
    # The video is lossy, and the mesh is drawn onto landmarks that lie where it already is.
    assert error(baked, truth, part) < 4.0
    assert [done for done, _ in reported] == sorted(done for done, _ in reported) and reported


def test_the_mesh_lies_where_the_picture_shows_it(clip, model):
    path, take = clip
    views = {view.side: view for view in face_views(path, take, model)}
    assert next(iter(views)) == "front" and {"slightly left", "slightly right"} <= set(views)
    view = views["front"]
    # The picture was cut: compare sizes and shapes, not places.
    expected = crop_to_image(apply_transform(pose(0.0), model.mean.astype(np.float64)), take.roi[0])
    moved = view.vertices - expected
    # Lips are drawn onto edges other than the landmarks of this made-up take; the back of the head is not drawn at all.
    mouth = np.linalg.norm(model.mean - model.at_landmarks(model.mean)[62], axis=1) < 45.0
    front = (model.mean[:, 2] > 60.0) & ~mouth
    assert np.ptp(moved[front, :2], axis=0).max() < 1.0
    assert np.median(np.abs(moved[front, :2] - np.median(moved[front, :2], axis=0))) < 0.1


def test_lost_uncertain_and_grimacing_frames_are_not_chosen(model):
    take = made_up_take([0.0] * 12)
    arkit = take.arkit.copy()
    arkit[:6, :] = 0.9
    confidence = take.confidence.copy()
    confidence[6:8] = 0.0
    confidence[8] = 0.1
    found = candidates(dataclasses.replace(take, arkit=arkit, confidence=confidence))
    best = max(found["front"], key=found["front"].get)
    assert best in (9, 10, 11) and not {6, 7, 8} & set(found["front"])
    assert CROP_SIZE == 120  # what the made-up poses are drawn for


def test_it_stops_when_asked(clip, model):
    path, take = clip
    with pytest.raises(CaptureCancelled):
        bake_actor_texture(path, take, model, size=SIZE, cancelled=lambda: True)
    asked = []

    def late():
        asked.append(1)
        return len(asked) > 14  # after the footage, while painting

    with pytest.raises(CaptureCancelled):
        bake_actor_texture(path, take, model, size=SIZE, cancelled=late)


def test_errors_say_what_to_do(clip, model, tmp_path):
    path, take = clip
    with pytest.raises(CaptureError, match="no video at"):
        bake_actor_texture(tmp_path / "gone.mp4", take, model)
    other = write_clip(tmp_path / "other.mp4", grey(3, (120, 160)))
    with pytest.raises(CaptureError, match=r"160 × 120 pixels.*choose the footage"):
        bake_actor_texture(other, take, model)
    with pytest.raises(CaptureError, match="128 to 4096"):
        bake_actor_texture(path, take, model, size=64)
    unsure = dataclasses.replace(take, confidence=np.full(len(take), 0.05, np.float32))
    with pytest.raises(CaptureError, match="clearly enough"):
        bake_actor_texture(path, unsure, model)
    foreign = dataclasses.replace(take, header=dataclasses.replace(take.header, basis="other"))
    with pytest.raises(CaptureError, match="another model"):
        bake_actor_texture(path, foreign, model)
    late = dataclasses.replace(take, time=take.time + 100.0)
    with pytest.raises(CaptureError, match="no frame at the take's times"):
        bake_actor_texture(path, late, model)


@pytest.mark.parametrize("rate", ["24", [24], None, 0, -24.0, True])
def test_what_a_strangers_take_says_of_its_settings_may_be_anything(model, truth, tmp_path, rate):
    """Numbered pictures are read at the rate that the take was captured with; where it names none, at the usual one."""
    take = made_up_take([0.0, 0.0, 0.0], fps=24.0)
    picture, vertices = picture_of(model, truth, pose(0.0))
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"shot_{number}.png"), picture[..., ::-1])
    landmarks = np.tile(model.at_landmarks(vertices).astype(np.float32), (3, 1, 1))
    take = dataclasses.replace(
        take, landmarks68=landmarks, header=dataclasses.replace(take.header, settings={"sequence_rate": rate})
    )
    assert [view.side for view in face_views(tmp_path / "shot_0.png", take, model)] == ["front"]


def test_nothing_large_outlives_a_bake(model, truth):
    """Ten pictures of 4K and the texels of a texture of 4096 would take half a gigabyte as long as Blender runs."""
    views = views_of(model, truth, [0.0])
    view, texels = weakref.ref(views[0]), weakref.ref(skin_texels(model, SIZE))
    texture_of_views(views, model, SIZE)
    del views
    gc.collect()
    assert view() is None and texels() is None
