# SPDX-License-Identifier: GPL-3.0-or-later
"""The contact sheet: which frames it shows, and that the mesh lies where the face is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.projection import Pose, compose, join, project_landmarks, rotation_from_euler
from ddfa_blender.take import Take, TakeHeader
from tools.contact_sheet import TILE, compose_contact_sheet, crop_face, draw_mesh, mesh_in_footage, select_frames

CLIP = Path(__file__).resolve().parents[1] / "data" / "rendered_clip.mp4"


def _take(model: MorphableModel, yaws: np.ndarray, rois: np.ndarray) -> Take:
    count = len(yaws)
    params = np.stack([
        join(
            compose(Pose(np.array(0.55), rotation_from_euler([yaw, 0.0, 0.0]), np.array([60.0, 60.0, 0.0]))),
            np.zeros(40), np.zeros(10),
        )
        for yaw in yaws
    ]).astype(np.float32)  # fmt: skip
    return Take(
        np.arange(count) / 30.0, params, np.ones(count, np.float32), rois,
        project_landmarks(model, params, rois).astype(np.float32), np.zeros((count, len(ARKIT_NAMES)), np.float32),
        TakeHeader("clip.mp4", 256, 256, 30.0, "regressor.onnx", "0"),
    )  # fmt: skip


def _lost(take: Take, frames: list[int]) -> Take:
    take.confidence[frames] = 0.0
    take.params[frames] = np.nan
    return take


@pytest.fixture
def take(model: MorphableModel) -> Take:
    yaws = np.zeros(80)
    yaws[[3, 17, 25, 36, 44, 57, 62, 78]] = 20.0
    return _take(model, yaws, np.tile([40.0, 30.0, 200.0, 190.0], (80, 1)))


def test_the_liveliest_frame_of_each_stretch_is_shown(take: Take) -> None:
    assert select_frames(take, 8) == [3, 17, 25, 36, 44, 57, 62, 78]


def test_lost_frames_are_not_shown(take: Take) -> None:
    lost = list(range(20, 80))
    chosen = select_frames(_lost(take, lost), 8)
    assert len(chosen) == 8 and not set(chosen) & set(lost)


def test_a_take_without_a_face_is_refused(take: Take) -> None:
    with pytest.raises(CaptureError):
        select_frames(_lost(take, list(range(80))), 8)


def test_short_takes_show_what_there_is(model: MorphableModel) -> None:
    assert select_frames(_take(model, np.zeros(3), np.tile([0.0, 0.0, 120.0, 120.0], (3, 1))), 8) == [0, 1, 2]


@pytest.mark.parametrize("side", [90.0, 640.0])
def test_a_crop_shows_the_footage_where_it_says(side: float) -> None:
    image = np.zeros((1000, 1000, 3), np.uint8)
    cv2.rectangle(image, (480, 500), (519, 539), (255, 0, 0), -1)  # pixels 480…520 × 500…540
    roi = np.array([500.0 - side / 2, 520.0 - side / 2, 500.0 + side / 2, 520.0 + side / 2])
    crop = crop_face(image, roi)
    ys, xs = np.nonzero(crop.tile[..., 0] > 127)
    scale = TILE / crop.side
    found = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    expected = (np.array([480, 500, 520, 540]) - np.array([crop.x0, crop.y0] * 2)) * scale
    np.testing.assert_allclose(found, np.clip(expected, 0, TILE), atol=1.0)


def test_the_mesh_covers_the_landmarks_and_hides_its_back(take: Take, model: MorphableModel) -> None:
    crop = crop_face(np.zeros((256, 256, 3), np.uint8), take.roi[0])
    drawn = draw_mesh(crop, mesh_in_footage(take, 0, model), model)
    points = (take.landmarks68[0, 17:, :2] - [crop.x0, crop.y0]) * TILE / crop.side
    x, y = points.astype(int).T
    assert (drawn[y, x].sum(axis=1) > 0).mean() > 0.95
    # Seen from the front the skin is bright; from behind nothing would face the camera like this.
    assert drawn[y, x].mean() > 60.0


def test_the_sheet_has_a_column_for_each_frame(take: Take, tmp_path: Path) -> None:
    take_path, head = tmp_path / "take.npz", tmp_path / "head.png"
    with np.load(CLIP.with_suffix(".npz")) as truth:
        count = len(truth["arkit"])
    assert count >= 80
    take.save(take_path)
    cv2.imwrite(str(head), np.full((320, 320, 3), 200, np.uint8))
    compose_contact_sheet(CLIP, take_path, {3: head, 57: head}, tmp_path / "sheet.png")
    sheet = np.asarray(cv2.imread(str(tmp_path / "sheet.png")))
    assert sheet.shape[1] == 2 * TILE and sheet.shape[0] > 3 * TILE
    assert (sheet[-TILE // 2 :] == 200).mean() > 0.9


def test_other_footage_is_refused(take: Take, tmp_path: Path) -> None:
    late = Take(take.time + 900.0, take.params, take.confidence, take.roi, take.landmarks68, take.arkit, take.header)
    late.save(tmp_path / "take.npz")
    with pytest.raises(CaptureError, match="not the footage"):
        compose_contact_sheet(CLIP, tmp_path / "take.npz", {0: tmp_path / "head.png"}, tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()
