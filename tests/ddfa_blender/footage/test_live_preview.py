# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddfa_blender.capture import capture
from ddfa_blender.footage.live_preview import SIDE, LivePreview
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.tracking.tracker import FaceFit, FaceFitter
from tests.ddfa_blender.support import SquareRegressor, square_engine, square_frame, write_clip


class Clock:
    """Seconds that pass when told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def face(model: MorphableModel) -> tuple[np.ndarray, FaceFit]:
    frame = square_frame([(160, 120, 80)])
    return frame, FaceFitter(SquareRegressor(model), model).fit(frame, np.array([90.0, 50.0, 230.0, 190.0]))


def test_nothing_is_drawn_while_nobody_looks(face: tuple[np.ndarray, FaceFit], model: MorphableModel) -> None:
    loaded = []
    clock = Clock()
    preview = LivePreview(lambda: loaded.append(1) or model, clock)
    preview(*face)
    assert preview.take() is None and loaded == []
    preview.ask()
    preview(*face)
    picture = preview.take()
    assert picture is not None and picture.shape == (SIDE, SIDE, 3)
    assert preview.take() is None, "each picture is handed over once"
    clock.now += 5.0
    preview(*face)
    assert preview.take() is None, "whoever looked has gone"
    assert loaded == [1]


def test_at_most_eight_pictures_a_second(face: tuple[np.ndarray, FaceFit]) -> None:
    clock, made = Clock(), 0
    preview = LivePreview(clock=clock)
    for _ in range(300):  # three seconds at 100 frames a second
        preview.ask()
        preview(*face)
        made += preview.take() is not None
        clock.now += 0.01
    assert 20 <= made <= 25


def test_the_picture_shows_the_face_large_with_mesh_and_points(
    face: tuple[np.ndarray, FaceFit], model: MorphableModel
) -> None:
    pictures = []
    for load in (None, lambda: model):
        preview = LivePreview(load, Clock())
        preview.ask()
        preview(*face)
        pictures.append(preview.take())
    points, mesh = pictures
    red = (points[..., 0] > 150) & (points[..., 1] < 90)
    assert red[SIDE // 2, SIDE // 2] and 0.2 < red.mean() < 0.7, "the square lies in the middle, not alone"
    changed = (points != mesh).any(axis=-1)
    assert changed[SIDE // 2 - 40 : SIDE // 2 + 40, SIDE // 2 - 40 : SIDE // 2 + 40].mean() > 0.1
    assert not changed[:5, :5].any()


def test_a_lost_face_shows_the_whole_picture_framed() -> None:
    preview = LivePreview(clock=Clock())
    preview.ask()
    preview(square_frame([(160, 120, 80)]), None)
    picture = preview.take()
    assert picture is not None
    assert (picture[0] == 0).all(), "a wide picture leaves the top empty"
    assert (picture[41, 5:-5, 0] > 200).all() and (picture[41, 5:-5, 1] < 90).all()


def test_watching_changes_nothing_in_the_take(tmp_path: Path, model: MorphableModel) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [square_frame([(100 + 3 * i, 120, 80)]) for i in range(8)])
    seen: list[bool] = []
    preview = LivePreview(clock=Clock())

    def watch(image: np.ndarray, fit: FaceFit | None) -> None:
        preview.ask()
        preview(image, fit)
        seen.append(fit is not None)

    watched = capture(clip, engine=square_engine(model), watch=watch)
    plain = capture(clip, engine=square_engine(model))
    assert seen == [True] * 8 and preview.take() is not None
    np.testing.assert_array_equal(watched.landmarks68, plain.landmarks68)
    np.testing.assert_array_equal(watched.params, plain.params)
