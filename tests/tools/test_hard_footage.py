# SPDX-License-Identifier: GPL-3.0-or-later
"""The hard footage shows the head where it says it is, and the table counts what a tracker with known faults does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.morphable_model import MorphableModel
from tests.ddfa_blender.support import square_engine, square_frame
from tools import hard_footage
from tools.hard_footage import KINDS, Shot
from tools.measure_small_faces import RenderedHead

#: Of the heads below: the only landmark that has a colour.
_NOSE = 30


@pytest.fixture(scope="module")
def heads() -> list[RenderedHead]:
    """Grey pictures with a red spot at the tip of the nose."""
    points = np.random.default_rng(2).uniform(90.0, 166.0, (68, 2))
    points[0], points[1], points[_NOSE] = (85.0, 85.0), (171.0, 171.0), (120.0, 140.0)
    image = np.full((256, 256, 3), 128, np.uint8)
    image[130:150, 110:130] = (255, 0, 0)
    return [RenderedHead(image, points)] * 30


@pytest.fixture(scope="module")
def shots(heads: list[RenderedHead]) -> dict[str, list[Shot]]:
    return {name: kind(heads) for name, kind in KINDS.items()}


def reddest(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The middle (2,) of the reddest place, whatever the noise."""
    colour = cv2.blur(image, (9, 9)).astype(float)
    red = colour[..., 0] - colour[..., 1:].mean(axis=-1)
    rows, columns = np.nonzero(red > 0.8 * red.max())
    return np.array([columns.mean(), rows.mean()]) + 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_is_where_the_truth_says(shots: dict[str, list[Shot]], kind: str) -> None:
    seen = [shot for shot in shots[kind] if shot.is_seen]
    assert len(shots[kind]) == 30 and len(seen) >= 10
    # A smeared picture shows the spot all along the way that the camera went in half a frame.
    most = 25.0 if "smeared" in kind else 6.0
    for shot in seen:
        assert shot.image.dtype == np.uint8 and shot.landmarks.shape == (68, 2)
        height, width = shot.image.shape[:2]
        assert ((shot.landmarks >= 0) & (shot.landmarks <= (width, height))).all()
        assert np.linalg.norm(reddest(shot.image) - shot.landmarks[_NOSE]) < most


def test_hidden_heads_are_not_counted_as_seen(shots: dict[str, list[Shot]]) -> None:
    for kind in ("black and white flashes of one frame", "a hand passes", "somebody else passes in front"):
        assert 0 < sum(not shot.is_seen for shot in shots[kind]) < 30, kind
    gone = [shot for shot in shots["leaves the picture and comes back"] if not shot.is_seen]
    assert gone and all(shot.landmarks[:, 0].max() >= shot.image.shape[1] for shot in gone)


def square_shots(
    model: MorphableModel, places: list[tuple[float, float] | None], truth: tuple[float, float]
) -> list[Shot]:
    """Red squares of 80 pixels at ``places``, None = none, while the head is said to be at ``truth``."""
    points = model.landmarks68(np.zeros(40), np.zeros(10))[:, :2] * (1.0, -1.0)
    low, high = points.min(axis=0), points.max(axis=0)
    landmarks = (points - (low + high) / 2.0) * 80.0 / (high - low).max() + truth
    return [Shot(square_frame([(*place, 80.0)] if place else []), landmarks) for place in places]


def test_lost_and_astray_frames_are_counted(model: MorphableModel) -> None:
    here, there = (100.0, 120.0), (220.0, 120.0)
    engine = square_engine(model)
    all_there = hard_footage.row(engine, square_shots(model, [here] * 12, here))
    frames, seen, lost, middle, most, astray = (float(cell) for cell in all_there.split("|"))
    assert (frames, seen, lost, astray) == (12, 12, 0, 0) and middle <= most < 3.0
    frames, seen, lost, *_, astray = (
        float(cell) for cell in hard_footage.row(engine, square_shots(model, [here] * 8 + [None] * 4, here)).split("|")
    )
    assert (frames, seen, lost, astray) == (12, 12, 4, 0)
    elsewhere = hard_footage.row(engine, square_shots(model, [there] * 12, here)).split("|")
    # 120 pixels off a head of 80.
    assert int(elsewhere[-1]) == 12 and float(elsewhere[3]) == pytest.approx(150.0, abs=3.0)


def test_nothing_found_has_no_error(model: MorphableModel) -> None:
    row = hard_footage.row(square_engine(model), square_shots(model, [None] * 5, (100.0, 120.0)))
    assert [cell.strip() for cell in row.split("|")] == ["5", "5", "5", "–", "–", "0"]


@pytest.mark.parametrize("frames", ["0", "29", "133", "-1", "many"])
def test_numbers_of_frames_that_cannot_be_are_refused(frames: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        hard_footage.main(["--frames", frames])
    assert stop.value.code == 2 and "from 30 to 132" in capsys.readouterr().err
