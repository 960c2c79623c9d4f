# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.footage.pictures import CHOSEN, MeshPainter, cut_square, fit_into, with_close_ups
from ddfa_blender.footage.preview import FRAME_SIDE, FrameFaces, look_at
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.projection import project_landmarks
from ddfa_blender.tracking.tracker import FaceFitter
from tests.ddfa_blender.support import SquareRegressor, grey, square_engine, square_frame, write_clip


def look(folder: Path, model: MorphableModel, squares: list[tuple[float, float, float]]) -> FrameFaces:
    clip = write_clip(folder / "clip.mp4", [*grey(3, (240, 320)), square_frame(squares)], fps=10.0)
    return look_at(square_engine(model), clip, 0.3)


def test_all_faces_of_a_frame_from_left_to_right(tmp_path: Path, model: MorphableModel) -> None:
    found = look(tmp_path, model, [(240, 120, 40), (90, 120, 80)])
    assert found.time == pytest.approx(0.3)
    middles = [found.middle(i) for i in range(2)]
    np.testing.assert_allclose(middles, [[90, 120], [240, 120]], atol=3.0)
    assert found.preferred() == 0, "the larger one"
    assert found.preferred((230.0, 100.0)) == 1, "the one at the hint"


def test_a_frame_without_a_face(tmp_path: Path, model: MorphableModel) -> None:
    found = look(tmp_path, model, [])
    assert found.boxes == [] and found.preferred() is None
    pictures = found.pictures(None)
    assert pictures.faces == [] or pictures.frame.shape[2] == 3


def test_the_chosen_face_is_marked(tmp_path: Path, model: MorphableModel) -> None:
    found = look(tmp_path, model, [(240, 120, 40), (90, 120, 80)])

    def marked(chosen: int | None) -> float:
        frame = found.pictures(chosen).frame
        return float((np.abs(frame[..., :3].astype(int) - CHOSEN).max(axis=-1) < 30).mean())

    assert marked(None) < 0.001 < marked(1) < marked(0), "the larger box has the longer frame"


def test_large_footage_keeps_its_own_pixels_in_what_is_picked(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "large.mp4", [square_frame([(1500, 500, 300)], (1080, 1920))] * 2)
    found = look_at(square_engine(model), clip, 0.0)
    np.testing.assert_allclose(found.middle(0), (1500, 500), atol=15.0)
    assert max(found.image.shape) < 1920
    frame = found.pictures(0).frame
    assert frame.shape == (FRAME_SIDE, FRAME_SIDE, 4)
    assert not frame[FRAME_SIDE * 9 // 16 + 3, :, 3].any(), "the gap is transparent"


def test_close_ups_stand_below_a_wide_frame() -> None:
    face = np.full((50, 50, 3), 200, np.uint8)
    wide = with_close_ups(np.zeros((100, 200, 3), np.uint8), [face, face], 200)
    assert wide is not None and wide.shape == (200, 200, 4)
    columns = np.flatnonzero(wide[-20, :, 0] > 150)
    np.testing.assert_allclose([columns.min(), columns.max()], [200 - columns.max() - 1, columns.max()], atol=1)
    assert wide[-20, 50, 0] > 150 and wide[-20, 150, 0] > 150, "in the middle of its column"
    assert with_close_ups(np.zeros((180, 200, 3), np.uint8), [face], 200) is None
    assert with_close_ups(np.zeros((200, 180, 3), np.uint8), [face], 200) is None
    assert with_close_ups(np.zeros((100, 200, 3), np.uint8), [], 200) is None


def test_close_ups_stand_beside_a_tall_frame_from_the_top_down() -> None:
    faces = [np.full((50, 50, 3), level, np.uint8) for level in (100, 200)]
    tall = with_close_ups(np.zeros((200, 110, 3), np.uint8), faces, 200)
    assert tall is not None and tall.shape == (200, 200, 4)
    assert tall[50, 160, 0] == 100 and tall[150, 160, 0] == 200
    assert (tall[:, :110, 3] == 255).all() and tall[0, 115, 3] == 0


def test_pictures_keep_their_proportions() -> None:
    small, scale = fit_into(np.zeros((1080, 1920, 3), np.uint8), 512, 512)
    assert small.shape == (288, 512, 3) and scale == pytest.approx(512 / 1920)


def test_a_square_cut_is_black_beyond_the_picture_and_right_inside() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, 50:] = 250
    cut, scale = cut_square(image, [50.0, 60.0, 130.0, 140.0], 160)
    assert scale == 2.0
    assert (cut[4:70, 4:90] > 240).all() and (cut[90:] < 5).all() and (cut[:, 110:] < 5).all()


def test_the_mesh_lies_where_the_landmarks_are(model: MorphableModel) -> None:
    fit = FaceFitter(SquareRegressor(model), model).fit(
        square_frame([(160, 120, 80)]), np.array([90.0, 50.0, 230.0, 190.0])
    )
    points = MeshPainter(model).points(fit)
    landmarks = project_landmarks(model, fit.params, fit.roi)
    nearest = np.linalg.norm(points[:, None, :2] - landmarks[None, :, :2], axis=-1).min(axis=0)
    assert nearest.max() < 3.0
    assert points[:, 2].max() == pytest.approx(landmarks[:, 2].max(), abs=3.0), "the nose is nearest"


def test_unreadable_footage_is_one_sentence(tmp_path: Path, model: MorphableModel) -> None:
    with pytest.raises(CaptureError, match="There is no video"):
        look_at(square_engine(model), tmp_path / "gone.mp4", 0.0)
