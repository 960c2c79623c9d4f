# SPDX-License-Identifier: GPL-3.0-or-later
"""The real networks on footage made hard: passers-by, small faces, flashes. All of it is our rendered head."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.capture import Engine
from ddfa_blender.faces import find_faces
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.tracking.roi import box_from_landmarks
from ddfa_blender.tracking.tracker import FaceFit, Tracker
from tools.measure_small_faces import RenderedHead, rendered_heads

RATE = 30.0


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="module")
def heads() -> list[RenderedHead]:
    return rendered_heads(66)


def somebody_else(head: RenderedHead) -> RenderedHead:
    """The same head with another skin."""
    return RenderedHead((head.image * np.array([0.6, 0.4, 0.3])).astype(np.uint8), head.landmarks)


def wall(height: int, width: int) -> NDArray[np.uint8]:
    frame = np.full((height, width, 3), (120, 130, 140), np.uint8)
    return frame + np.random.default_rng(7).integers(0, 8, frame.shape, np.uint8)


def off_by(fit: FaceFit | None, truth: NDArray[np.float64]) -> float:
    """How far the face that was found is from a head, as a share of its size; NaN where none was found."""
    if fit is None:
        return np.nan
    box = box_from_landmarks(truth)
    return float(np.linalg.norm(fit.landmarks68[:, :2] - truth, axis=1).mean() / (box[2:] - box[:2]).max())


def track(engine: Engine, frames: list[NDArray[np.uint8]], **settings: object) -> list[FaceFit | None]:
    tracker = Tracker(engine.fitter, engine.detector, CaptureSettings(**settings), rate=RATE)  # type: ignore[arg-type]
    return [tracker.step(frame, i / RATE) for i, frame in enumerate(frames)]


@pytest.mark.parametrize("speed", [16.0, 8.0], ids=["at a run", "at a walk"])
def test_whoever_passes_in_front_does_not_take_the_track_along(
    engine: Engine, heads: list[RenderedHead], speed: float
) -> None:
    frames, truth = [], []
    for i, head in enumerate(heads[: int(460.0 / speed)]):
        frame = wall(240, 700)
        truth.append(head.on(frame, (350.0, 120.0), 70.0))
        somebody_else(head).on(frame, (570.0 - speed * i, 120.0), 75.0)
        frames.append(frame)
    fits = track(engine, frames)
    distances = np.array([off_by(fit, points) for fit, points in zip(fits, truth, strict=True)])
    sure = np.array([fit is not None and fit.confidence >= 0.9 for fit in fits])
    assert np.isnan(distances).any()  # hidden
    assert distances[sure].max() < 0.12
    assert sure[:6].all() and sure[-4:].all()


def test_a_new_face_is_taken_up_in_the_end(engine: Engine, heads: list[RenderedHead]) -> None:
    """The one that was followed is gone: after some seconds anybody will do."""
    tracker = Tracker(engine.fitter, engine.detector, rate=RATE)

    def seen(head: RenderedHead, time: float) -> FaceFit | None:
        frame = wall(360, 640)  # large enough for its coming and going to be no cut
        head.on(frame, (320.0, 180.0), 60.0)
        return tracker.step(frame, time)

    assert [seen(head, i / RATE) is not None for i, head in enumerate(heads[:4])] == [True] * 4
    assert tracker.step(wall(360, 640), 0.2) is None
    later = [0.3, 0.6, 1.0, 1.5, 2.0, 2.5, 3.0, 3.2, 3.4]
    found = [seen(somebody_else(head), time) is not None for head, time in zip(heads[6:], later, strict=False)]
    assert found == [False] * 7 + [True] * 2


def small_head(head: RenderedHead, share: float, middle: tuple[float, float]) -> tuple[NDArray[np.uint8], NDArray]:
    frame = wall(1080, 1920)
    return frame, head.on(frame, middle, share * 1920.0)


def test_a_face_of_two_percent_is_found_at_once_and_followed(engine: Engine, heads: list[RenderedHead]) -> None:
    places = [(800.0 + 6.0 * i, 500.0) for i in range(4)]
    made = [small_head(head, 0.02, place) for head, place in zip(heads, places, strict=False)]
    fits = track(engine, [frame for frame, _ in made])
    assert max(off_by(fit, points) for fit, (_, points) in zip(fits, made, strict=True)) < 0.15


def test_a_small_face_is_found_in_a_photo_and_where_it_is_picked(engine: Engine, heads: list[RenderedHead]) -> None:
    frame, truth = small_head(heads[3], 0.02, (1500.0, 400.0))
    (face,) = find_faces(engine, frame)
    assert off_by(face.fit, truth) < 0.15
    heads[9].on(frame, (500.0, 600.0), 220.0)  # a large one beside it
    (fit,) = track(engine, [frame], face_hint=(1500.0, 400.0))
    assert off_by(fit, truth) < 0.15


def test_a_small_face_is_found_again_where_it_was_lost(engine: Engine, heads: list[RenderedHead]) -> None:
    made = [small_head(head, 0.02, (1300.0, 600.0)) for head in heads[:5]]
    frames = [frame for frame, _ in made]
    frames[2:3] = [wall(1080, 1920)] * 3
    looks: list[tuple[int, ...]] = []
    detect = engine.detector.detect

    class Counting:
        def detect(self, image: NDArray[np.uint8], **how: object) -> list:
            looks.append((max(image.shape[:2]), *how["sides"]))  # type: ignore[misc]
            return detect(image, **how)  # type: ignore[arg-type]

    tracker = Tracker(engine.fitter, Counting(), rate=RATE)
    fits = [tracker.step(frame, i / RATE) for i, frame in enumerate(frames)]
    assert [fit is not None for fit in fits] == [True, True, False, False, False, True, True]
    # The whole picture is searched once, at the beginning; then the surroundings are.
    assert [size for size, *_ in looks].count(1920) == 1


@pytest.mark.parametrize("light", [0, 255])
def test_a_flash_costs_its_own_frame_alone(engine: Engine, heads: list[RenderedHead], light: int) -> None:
    frames = []
    for head in heads[:12]:
        frame = wall(200, 300)
        head.on(frame, (150.0, 100.0), 60.0)
        frames.append(frame)
    frames[5] = np.full_like(frames[5], light)
    assert [fit is not None for fit in track(engine, frames)] == [True] * 5 + [False] + [True] * 6
