# SPDX-License-Identifier: GPL-3.0-or-later
"""Small heads are drawn as large as the table says and where the landmarks are; each look is counted for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ddfa_blender.tracking.detection_roi import roi_from_detection
from ddfa_blender.tracking.detector import FINEST_SIDE, INPUT_SIDES, Detection
from ddfa_blender.tracking.roi import box_from_landmarks
from tools import measure_small_faces
from tools.measure_small_faces import GROUNDS, Count, RenderedHead, composed, ground, look, rendered_heads


def head(middle: tuple[int, int] = (60, 40)) -> RenderedHead:
    """A white picture of 120 × 100 pixels, with a green spot and a box of landmarks 40 pixels long about ``middle``."""
    image = np.full((100, 120, 3), 255, np.uint8)
    x, y = middle
    image[y - 3 : y + 3, x - 3 : x + 3] = (0, 255, 0)
    around = np.random.default_rng(1).uniform(-15.0, 15.0, (68, 2))
    around[0], around[1] = (-20.0, -10.0), (20.0, 10.0)
    return RenderedHead(image, around + middle)


@pytest.mark.parametrize("side", [20.0, 40.0, 130.0])
def test_a_head_is_drawn_where_its_landmarks_are(side: float) -> None:
    frame = np.zeros((400, 600, 3), np.uint8)
    box = box_from_landmarks(head().on(frame, (350.0, 150.0), side))
    assert (box[2:] - box[:2]).max() == pytest.approx(side, rel=0.03)
    np.testing.assert_allclose((box[:2] + box[2:]) / 2.0, (350.0, 150.0), atol=1.5)
    green = frame[..., 1].astype(int) - frame[..., 0]
    rows, columns = np.nonzero(green > 0.5 * green.max())
    np.testing.assert_allclose((columns.mean() + 0.5, rows.mean() + 0.5), (350.0, 150.0), atol=1.5)


def test_what_lies_beyond_the_frame_is_left_out() -> None:
    for middle in ((2.0, 3.0), (98.0, 79.0)):
        frame = np.zeros((80, 100, 3), np.uint8)
        head().on(frame, middle, 40.0)
        assert frame[int(middle[1]), int(middle[0]), 1] > 200
        assert not frame[int(79 - middle[1]), int(99 - middle[0])].any()
    frame = np.zeros((80, 100, 3), np.uint8)
    landmarks = head().on(frame, (-500.0, 40.0), 40.0)
    assert not frame.any() and landmarks[:, 0].max() < 0.0


def test_heads_are_a_share_of_the_frame_and_wholly_in_it() -> None:
    shape = (216, 384)
    frames = list(composed([head()] * 10, 0.1, shape))
    assert len(frames) == 10
    for image, landmarks in frames:
        box = box_from_landmarks(landmarks)
        assert image.shape == (*shape, 3) and (box[2:] - box[:2]).max() == pytest.approx(38.4, rel=0.05)
        assert (box[:2] >= 0).all() and (box[2:] <= (384, 216)).all()


def test_grounds_differ_and_are_the_same_each_time() -> None:
    def made() -> list[NDArray[np.uint8]]:
        random = np.random.default_rng(4)
        return [ground(kind, (90, 160), random) for kind in range(GROUNDS)]

    first, again = made(), made()
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert all(picture.shape == (90, 160, 3) and picture.dtype == np.uint8 for picture in first)
    # Light from one side; and noise that is far coarser than a wall's grain.
    assert first[1][:, -40:].mean() > 1.5 * first[1][:, :40].mean()
    assert first[4].std(axis=(0, 1)).min() > 3.0 * first[0].std(axis=(0, 1)).max()


def test_rendered_heads_are_spread_over_the_clip() -> None:
    heads = rendered_heads(3)
    truth = np.load(measure_small_faces.RENDERED_CLIP.with_suffix(".npz"))["landmarks68"]
    for found, expected in zip(heads, (truth[0], truth[round((len(truth) - 1) / 2)], truth[-1]), strict=True):
        np.testing.assert_allclose(found.landmarks, expected)


@dataclass
class Detector:
    """Sees what it is told to with each look, and logs the looks."""

    seen: dict[int, list[Detection]]
    looks: list[int] = field(default_factory=list)

    def detect(self, _image: Any, *, threshold: float = 0.5, sides: tuple[int, ...]) -> list[Detection]:
        (side,) = sides
        self.looks.append(side)
        return self.seen.get(side, [])


def detection(x: float) -> Detection:
    box = np.array([x, 100.0, x + 50.0, 150.0])
    return Detection(
        box, 0.9, box[:2] + 50.0 * np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])
    )


@pytest.mark.parametrize(
    ("confidence", "accepted"), [(0.95, 1), (0.05, 0)], ids=["taken for a face", "not taken for one"]
)
def test_each_look_counts_what_it_finds_and_none_that_it_need_not_take(confidence: float, accepted: int) -> None:
    target, other = detection(100.0), detection(400.0)
    fitter = SimpleNamespace(fit_detection=lambda _frame, _found: SimpleNamespace(confidence=confidence))
    coarse, fine, finest = INPUT_SIDES
    detector = Detector({fine: [target], finest: [other]})
    counts = [Count() for _ in INPUT_SIDES]
    look(
        SimpleNamespace(detector=detector, fitter=fitter),
        np.zeros((9, 9, 3), np.uint8),
        roi_from_detection(target),
        counts,
    )  # type: ignore[arg-type]
    assert detector.looks == [coarse, fine]
    assert [count.detected for count in counts] == [0, 1, 1]
    assert [count.accepted for count in counts] == [0, accepted, accepted]
    assert [count.elsewhere for count in counts] == [0, 0, 0]
    counts = [Count() for _ in INPUT_SIDES]
    look(SimpleNamespace(detector=detector, fitter=fitter), np.zeros((9, 9, 3), np.uint8), None, counts)  # type: ignore[arg-type]
    assert [count.elsewhere for count in counts] == [0, accepted, accepted] and not any(c.detected for c in counts)


def test_the_finest_look_can_be_left_out_and_is_counted() -> None:
    inner = SimpleNamespace(detect=lambda _image, *, threshold, sides: list(sides))
    for finest in (True, False):
        watched = measure_small_faces._Watched(inner, finest=finest)
        kept = watched.detect(np.zeros((9, 9, 3), np.uint8))
        assert watched.looks == finest and (FINEST_SIDE in kept) == finest  # type: ignore[comparison-overlap]
        assert watched.detect(np.zeros((9, 9, 3), np.uint8), sides=(320,)) == [320] and watched.looks == finest  # type: ignore[comparison-overlap]
