# SPDX-License-Identifier: GPL-3.0-or-later
"""Stills against closed forms: sheets whose pictures are known, the bundled head where its landmarks are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import REGION_NAMES
from ddfa_blender.stills import KINDS, overlays, renders, write
from ddfa_blender.stills.surface import Surface
from tests.ddfa_blender.stills.mesh_readers import read_mtl, read_obj, read_ply
from tests.ddfa_blender.stills.scenes import face_at, grid, sheet_model

SIZE = (200, 240, 3)
GREY = np.full(SIZE, 90, np.uint8)


def pixel_centres() -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.indices(SIZE[:2])
    return columns + 0.5, rows + 0.5


def slope(x: np.ndarray, _y: np.ndarray) -> np.ndarray:
    return 0.5 * x


def dome(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(60.0**2 - x**2 - y**2, 0.0))


@pytest.mark.parametrize(("shape", "tolerance"), [(slope, 1e-4), (dome, 2e-2)])
def test_depth_of_a_known_surface(shape, tolerance: float) -> None:
    step = 1.0
    along = (np.arange(81) - 40.0) * step
    x, y = np.meshgrid(along, along)
    surface = Surface.of(sheet_model(*grid(shape(x, y), step)))
    face = face_at(surface.model, (120.0, 100.0), 2.0)
    picture = renders.depth(SIZE, surface, [surface.vertices(face)])
    assert picture.dtype == np.uint16
    column, row = pixel_centres()
    # 2 pixels to the millimetre, y up in the model and down in the picture.
    model_x, model_y = (column - 120.0) / 2.0, (100.0 - row) / 2.0
    inside = (np.abs(model_x) < 39.5) & (np.abs(model_y) < 39.5)
    outside = (np.abs(model_x) > 40.5) | (np.abs(model_y) > 40.5)
    assert (picture[outside] == 0).all() and (picture[inside] > 0).all()
    heights = shape(x, y)
    expected = (shape(model_x, model_y) - heights.min()) / np.ptp(heights)
    np.testing.assert_allclose((picture[inside] - 1) / 65534.0, expected[inside], atol=tolerance)


def test_a_sheet_that_faces_the_camera_is_evenly_lit_and_its_back_is_not_drawn() -> None:
    vertices, triangles = grid(np.zeros((5, 5)), 20.0)
    surface = Surface.of(sheet_model(vertices, triangles))
    face = face_at(surface.model, (120.0, 100.0), 1.0)
    picture = renders.shaded(GREY, surface, [surface.vertices(face)])
    lit = 0.35 + 0.65 * 0.8 / np.sqrt(0.3**2 + 0.5**2 + 0.8**2)
    expected = 0.25 * 90.0 + 0.75 * lit * np.array([215.0, 225.0, 235.0])
    inside = picture[70:130, 90:150].reshape(-1, 3)
    np.testing.assert_allclose(inside, np.tile(expected, (len(inside), 1)), atol=1.0)
    assert (picture[:50] == 90).all() and (picture[:, :70] == 90).all()
    behind = Surface.of(sheet_model(vertices, triangles[:, ::-1]))
    assert (renders.shaded(GREY, behind, [behind.vertices(face)]) == GREY).all()
    assert not renders.depth(SIZE, behind, [behind.vertices(face)]).any()


def test_the_first_of_two_faces_lies_over_the_other() -> None:
    surface = Surface.of(sheet_model(*grid(np.zeros((3, 3)), 20.0)))
    first, second = (surface.vertices(face_at(surface.model, (x, 100.0), 1.0)) for x in (110.0, 125.0))
    alone = renders.pncc(SIZE, surface, [first])
    both = renders.pncc(SIZE, surface, [first, second])
    covered = alone[..., 0] > 0
    assert covered.any() and (both[covered] == alone[covered]).all()
    assert (both != alone).any()


def test_pncc_names_the_places_of_the_mean_head(model: MorphableModel) -> None:
    surface = Surface.of(model)
    face = face_at(model, (120.0, 100.0), 0.9, (12.0, -5.0, 8.0))
    picture = renders.pncc(SIZE, surface, [surface.vertices(face)])
    mean = model.mean[surface.used]
    low, high = mean.min(axis=0), mean.max(axis=0)
    expected = (model.at_landmarks(model.mean) - low) / (high - low) * 255.0
    # Brows, the bridge and the tip of the nose, the outer lips: seen from here, and on smooth skin.
    for index in (19, 24, 27, 28, 29, 30, 51, 57):
        x, y = face.fit.landmarks68[index, :2]
        np.testing.assert_allclose(picture[int(y), int(x)].astype(float), expected[index], atol=4.0, err_msg=str(index))
    assert not picture[0, 0].any()


def test_dense_points_are_those_that_are_seen() -> None:
    front, triangles = grid(np.zeros((5, 5)), 8.0)
    back = front * [2.0, 2.0, 1.0] - [0.0, 0.0, 30.0]
    surface = Surface.of(
        sheet_model(np.concatenate([back, front]), np.concatenate([triangles, triangles + len(front)]))
    )
    vertices = surface.vertices(face_at(surface.model, (120.0, 100.0), 2.0))
    seen = set(overlays.visible(surface, vertices, SIZE).tolist())
    hidden = {i for i, (x, y, _) in enumerate(back) if abs(x) < 16.0 and abs(y) < 16.0}
    assert hidden and not seen & hidden
    # All but the rims, which the picture's pixels may cut off.
    assert {25 + 5 * row + column for row in (1, 2, 3) for column in (1, 2, 3)} <= seen
    drawn = overlays.dense(GREY, surface, [vertices])
    assert (drawn[100, 120] != 90).any() and (drawn[0] == 90).all()


def test_the_landmarks_are_marked_where_they_are(model: MorphableModel) -> None:
    face = face_at(model, (120.0, 100.0), 0.9)
    drawn = overlays.sparse(GREY, [face])
    assert (GREY == 90).all()
    for x, y in face.fit.landmarks68[:, :2]:
        assert drawn[int(y), int(x), 1] > 150


def test_the_box_turns_with_the_head(model: MorphableModel) -> None:
    surface = Surface.of(model)
    back, front = overlays.box_corners(surface, face_at(model, (120.0, 100.0), 0.9))
    np.testing.assert_allclose(front.mean(axis=0), back.mean(axis=0), atol=0.5)
    assert np.ptp(front[:, 0]) > np.ptp(back[:, 0])
    for angles, axis, sign in (((25.0, 0.0, 0.0), 0, 1.0), ((0.0, 25.0, 0.0), 1, -1.0)):
        back, front = overlays.box_corners(surface, face_at(model, (120.0, 100.0), 0.9, angles))
        moved = (front.mean(axis=0) - back.mean(axis=0))[axis]
        assert sign * moved > 10.0
    drawn = overlays.pose_box(GREY, surface, [face_at(model, (120.0, 100.0), 0.9)])
    assert (drawn != GREY).any()


def chequered() -> np.ndarray:
    column, row = pixel_centres()
    return np.stack([column, row, column + row], axis=-1).clip(0, 255).astype(np.uint8)


def test_the_meshes_come_back_and_lie_over_the_photo(model: MorphableModel, tmp_path: Path) -> None:
    image = chequered()
    face = face_at(model, (120.0, 100.0), 0.7, (15.0, 0.0, 0.0))
    made = write.write_stills(tmp_path, "photo", image, [face], model, ["obj", "ply"])
    assert sorted(made) == sorted(tmp_path.iterdir())
    assert {file.name for file in made} == {"photo_face1.obj", "photo_face1.mtl", "photo_face1.ply"}
    expected = Surface.of(model).vertices(face)
    upright = np.stack([expected[:, 0], SIZE[0] - expected[:, 1], expected[:, 2]], axis=-1)
    obj = read_obj(tmp_path / "photo_face1.obj")
    np.testing.assert_allclose(obj.vertices, upright, atol=1e-4)
    assert sorted(map(tuple, obj.polygons)) == sorted(map(tuple, model.quads.tolist()))
    assert obj.library == "photo_face1.mtl"
    assert set(obj.polygon_materials) == set(REGION_NAMES) == set(read_mtl(tmp_path / obj.library))
    assert obj.polygon_materials.count("skin") == (model.quad_regions == 0).sum()
    points, colours, polygons = read_ply(tmp_path / "photo_face1.ply")
    np.testing.assert_allclose(points, upright, atol=1e-3)
    assert polygons == model.quads.tolist()
    inside = (expected[:, 0] > 1) & (expected[:, 0] < 239) & (expected[:, 1] > 1) & (expected[:, 1] < 199)
    # The photo's own value at the vertex: x and y themselves.
    np.testing.assert_allclose(colours[inside, :2], expected[inside, :2], atol=1.5)


def test_the_texture_shows_the_photo_through_the_meshs_coordinates(
    model: MorphableModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_TEXTURE_SIDE", 256)
    image = np.full(SIZE, 120, np.uint8)
    image[:, :120] = (205, 150, 120)
    image[:, 120:] = (150, 110, 90)
    face = face_at(model, (120.0, 100.0), 0.8)
    write.write_stills(tmp_path, "a", image, [face], model, ["uv", "obj"])
    obj = read_obj(tmp_path / "a_face1.obj")
    assert read_mtl(tmp_path / obj.library)["skin"]["map_Kd"] == "a_face1_uv.png"
    texture = cv2.imread(str(tmp_path / "a_face1_uv.png"))[..., ::-1]
    assert texture.shape == (256, 256, 3)
    # Cheeks: on either side of the nose, in the middle of mouth and eye.
    vertices = np.array(obj.vertices)
    for landmarks, expected in (((31, 48, 41), (205, 150, 120)), ((35, 54, 46), (150, 110, 90))):
        wanted = face.fit.landmarks68[list(landmarks)].mean(axis=0) * [1.0, -1.0, 1.0] + [0.0, SIZE[0], 0.0]
        skin = [i for i, name in enumerate(obj.polygon_materials) if name == "skin"]
        centres = np.array([vertices[obj.polygons[i]].mean(axis=0) for i in skin])
        near = np.linalg.norm(centres[:, :2] - wanted[:2], axis=1) < 5.0
        polygon = skin[int(np.where(near, centres[:, 2], -np.inf).argmax())]  # nothing lies before it
        u, v = np.mean([obj.uvs[i] for i in obj.polygon_uvs[polygon]], axis=0)
        found = texture[int((1.0 - v) * 256), int(u * 256)].astype(float)
        np.testing.assert_allclose(found, expected, atol=12.0)


def test_everything_is_written_for_each_face_and_nothing_of_none(model: MorphableModel, tmp_path: Path) -> None:
    assert write.write_stills(tmp_path, "a", GREY, [], model) == [] and not list(tmp_path.iterdir())
    sheet = sheet_model(*grid(np.zeros((3, 3)), 20.0))
    faces = [face_at(sheet, (80.0, 100.0), 1.0), face_at(sheet, (170.0, 100.0), 1.0)]
    made = write.write_stills(tmp_path, "größe", GREY, faces, sheet)
    pictures = {f"größe_{kind}.png" for kind in ("sparse", "dense", "mesh", "depth", "pncc", "pose")}
    meshes = {f"größe_face{i}.{kind}" for i in (1, 2) for kind in ("obj", "ply")}
    assert {file.name for file in made} == pictures | meshes == {file.name for file in tmp_path.iterdir()}
    assert set(KINDS) - {"uv"} == {"sparse", "dense", "mesh", "depth", "pncc", "pose", "obj", "ply"}


def test_a_model_that_cannot_is_refused(tmp_path: Path) -> None:
    sheet = sheet_model(*grid(np.zeros((3, 3)), 20.0))
    face = face_at(sheet, (80.0, 100.0), 1.0)
    with pytest.raises(CaptureError, match="leave uv out"):
        write.write_stills(tmp_path, "a", GREY, [face], sheet, ["uv"])
    with pytest.raises(CaptureError, match="no surface"):
        write.write_stills(tmp_path, "a", GREY, [face], sheet_model(sheet.mean, np.zeros((0, 3))), ["mesh"])
    assert not list(tmp_path.iterdir())
