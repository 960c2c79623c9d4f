# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.settings import CaptureSettings
from ddfa_blender.tracking.detector import FINEST_SIDE, INPUT_SIDES, Detection
from ddfa_blender.tracking.face_path import FacePath
from ddfa_blender.tracking.regressor import Regression
from ddfa_blender.tracking.roi import crop, extent
from ddfa_blender.tracking.tracker import FaceFitter, Tracker, agreement, branch_points, is_usable
from tests.ddfa_blender.support import SquareDetector, SquareRegressor, square_frame


def center_x(fit: object) -> float:
    points = fit.landmarks68[:, 0]  # type: ignore[attr-defined]
    return float((points.min() + points.max()) / 2.0)


def make(model: MorphableModel, **settings: object) -> tuple[Tracker, SquareDetector]:
    detector = SquareDetector()
    tracker = Tracker(FaceFitter(SquareRegressor(model), model), detector, CaptureSettings(**settings))  # type: ignore[arg-type]
    return tracker, detector


def test_the_larger_face_is_tracked_and_never_left_for_another(model: MorphableModel) -> None:
    tracker, _ = make(model)
    for i in range(40):
        # A second face grows larger than the tracked one.
        frame = square_frame([(90, 120, 60), (240, 120, 30 + 2 * i)])
        fit = tracker.step(frame, i / 25.0)
        assert fit is not None
        assert center_x(fit) == pytest.approx(90, abs=2)


def test_the_hint_chooses_the_face(model: MorphableModel) -> None:
    tracker, _ = make(model, face_hint=(250.0, 100.0))
    fit = tracker.step(square_frame([(90, 120, 80), (240, 120, 40)]), 0.0)
    assert fit is not None
    assert center_x(fit) == pytest.approx(240, abs=2)


class CoarseDetector(SquareDetector):
    """Sees squares below 60 pixels only with its larger input, and looks there only when the smaller shows nothing."""

    def detect(
        self, image_rgb: np.ndarray, *, threshold: float = 0.5, sides: tuple[int, ...] = INPUT_SIDES
    ) -> list[Detection]:
        found = super().detect(image_rgb, threshold=threshold, sides=sides)
        for side in sides:
            seen = [d for d in found if side > INPUT_SIDES[0] or d.box[2] - d.box[0] >= 60]
            if seen:
                return seen
        return []


def test_the_hint_chooses_a_small_face_beside_a_large_one(model: MorphableModel) -> None:
    settings = CaptureSettings(face_hint=(250.0, 100.0))
    tracker = Tracker(FaceFitter(SquareRegressor(model), model), CoarseDetector(), settings)
    fit = tracker.step(square_frame([(90, 120, 80), (240, 120, 40)]), 0.0)
    assert fit is not None
    assert center_x(fit) == pytest.approx(240, abs=2)


def test_a_tracker_on_another_face_goes_to_where_the_picked_one_is_known_to_be(model: MorphableModel) -> None:
    boxes = np.array([[60, 90, 120, 150], [60, 90, 120, 150], [210, 90, 270, 150]], dtype=float)
    path = FacePath(np.array([0.0, 0.2, 0.4]), boxes)
    tracker = Tracker(FaceFitter(SquareRegressor(model), model), SquareDetector(), CaptureSettings(), path=path)
    frame = square_frame([(90, 120, 60), (240, 120, 60)])
    fits = [tracker.step(frame, time) for time in (0.0, 0.2, 0.4, 0.8)]
    assert all(fit is not None for fit in fits)
    np.testing.assert_allclose([center_x(fit) for fit in fits], [90, 90, 240, 240], atol=2)


def test_just_after_a_loss_no_other_face_is_taken_up(model: MorphableModel) -> None:
    tracker, _ = make(model)
    both, other = square_frame([(80, 120, 60), (260, 120, 50)]), square_frame([(260, 120, 50)])
    assert tracker.step(both, 0.0) is not None
    for time in (0.1, 0.2, 0.5):
        assert tracker.step(other, time) is None
    fit = tracker.step(both, 0.6)
    assert fit is not None
    assert center_x(fit) == pytest.approx(80, abs=2)


def test_long_after_a_loss_any_face_is_taken_up(model: MorphableModel) -> None:
    tracker, _ = make(model)
    assert tracker.step(square_frame([(80, 120, 60)]), 0.0) is not None
    other = square_frame([(260, 120, 50)])
    assert tracker.step(other, 0.5) is None
    fit = tracker.step(other, 2.0)
    assert fit is not None
    assert center_x(fit) == pytest.approx(260, abs=2)


class Doubting(SquareRegressor):
    """A network that is never quite sure."""

    def predict(self, crops: np.ndarray) -> Regression:
        result = super().predict(crops)
        return result._replace(confidence=np.minimum(result.confidence, np.float32(0.8)))


@pytest.mark.parametrize(("regressor", "looks"), [(SquareRegressor, [30]), (Doubting, [10, 20, 30, 40])])
def test_the_detector_looks_now_and_then_and_less_often_at_a_face_that_is_sure(
    model: MorphableModel, regressor: type[SquareRegressor], looks: list[int]
) -> None:
    detector = SquareDetector()
    tracker = Tracker(FaceFitter(regressor(model), model), detector, CaptureSettings(check_interval=10))
    looked = []
    for i in range(45):
        before = detector.calls
        tracker.step(square_frame([(160, 120, 80)]), i / 25.0)
        if detector.calls > before:
            looked.append(i)
    assert looked == [0, *looks]


@pytest.mark.parametrize(("regressor", "first_refusal"), [(SquareRegressor, 15), (Doubting, 5)])
def test_a_face_that_the_detector_keeps_refusing_is_dropped(
    model: MorphableModel, regressor: type[SquareRegressor], first_refusal: int
) -> None:
    """A regressor that stays sure of itself must not freeze on what is no face."""
    detector = SquareDetector()
    tracker = Tracker(FaceFitter(regressor(model), model), detector, CaptureSettings(check_interval=5))
    frame = square_frame([(160, 120, 80)])
    assert tracker.step(frame, 0.0) is not None
    detector.blind = True
    tracked = [tracker.step(frame, i / 25.0) is not None for i in range(1, 24)]
    # The third refusal in a row, frame by frame, is the last.
    assert tracked == [True] * (first_refusal + 1) + [False] * (22 - first_refusal)


def test_after_a_cut_only_the_detector_may_say_that_there_is_a_face(model: MorphableModel) -> None:
    tracker, detector = make(model)
    frame = square_frame([(160, 120, 80)])
    for i in range(3):
        assert tracker.step(frame, i / 25.0) is not None
    detector.blind = True
    next_shot = np.where(frame == 90, 200, frame).astype(np.uint8)  # the square is still there
    assert tracker.step(next_shot, 3 / 25.0) is None


def test_a_cut_to_a_face_elsewhere_is_followed_at_once(model: MorphableModel) -> None:
    tracker, _ = make(model)
    assert tracker.step(square_frame([(80, 120, 60)]), 0.0) is not None
    cut = square_frame([(260, 120, 60)])
    cut[cut == 90] = 200
    fit = tracker.step(cut, 0.04)
    assert fit is not None
    assert center_x(fit) == pytest.approx(260, abs=2)


def test_small_faces_are_searched_for_only_now_and_then(model: MorphableModel) -> None:
    tracker, detector = make(model)
    for i in range(11):
        assert tracker.step(square_frame([]), i / 25.0) is None
    assert [len(sides) > 1 for sides in detector.sides] == [i % 5 == 0 for i in range(11)]


@pytest.mark.parametrize(("rate", "interval"), [(12.0, 75), (25.0, 75), (60.0, 180)])
def test_the_smallest_faces_are_searched_for_once_in_three_seconds_at_most(
    model: MorphableModel, rate: float, interval: int
) -> None:
    detector = SquareDetector()
    tracker = Tracker(FaceFitter(SquareRegressor(model), model), detector, rate=rate)
    for i in range(190):
        assert tracker.step(square_frame([]), i / rate) is None
    finest = [i for i, sides in enumerate(detector.sides) if FINEST_SIDE in sides]
    assert finest == list(range(0, 190, interval))


class SmallOnly(SquareDetector):
    """Sees squares below 60 pixels with its finest input alone."""

    def detect(
        self, image_rgb: np.ndarray, *, threshold: float = 0.5, sides: tuple[int, ...] = INPUT_SIDES
    ) -> list[Detection]:
        found = super().detect(image_rgb, threshold=threshold, sides=sides)
        return [d for d in found if d.box[2] - d.box[0] >= 60 or sides == (FINEST_SIDE,)]


def test_the_hint_chooses_the_smallest_face_beside_a_large_one(model: MorphableModel) -> None:
    settings = CaptureSettings(face_hint=(250.0, 100.0))
    tracker = Tracker(FaceFitter(SquareRegressor(model), model), SmallOnly(), settings)
    fit = tracker.step(square_frame([(90, 120, 80), (240, 120, 40)]), 0.0)
    assert fit is not None
    assert center_x(fit) == pytest.approx(240, abs=2)


def test_after_a_loss_only_the_surroundings_are_searched(model: MorphableModel) -> None:
    shapes: list[tuple[int, ...]] = []

    class Sizes(SquareDetector):
        def detect(self, image_rgb: np.ndarray, **how: object) -> list[Detection]:  # type: ignore[override]
            shapes.append(image_rgb.shape[:2])
            return super().detect(image_rgb, **how)  # type: ignore[arg-type]

    whole = (480, 640)
    tracker = Tracker(FaceFitter(SquareRegressor(model), model), Sizes())
    assert tracker.step(square_frame([(160, 120, 30)], whole), 0.0) is not None
    times = [0.1, 0.5, 1.0, 1.1]
    assert [tracker.step(square_frame([], whole), time) for time in times] == [None] * 4
    assert [shape == whole for shape in shapes] == [True, False, False, False, True]
    fit = tracker.step(square_frame([(500, 400, 30)], whole), 1.2)
    assert fit is not None and center_x(fit) == pytest.approx(500, abs=2)


@pytest.mark.parametrize(("jump", "followed"), [(20, True), (45, False)])
def test_a_fit_that_slides_far_off_in_one_frame_needs_the_detector(
    model: MorphableModel, jump: int, followed: bool
) -> None:
    """It may lie on somebody else."""
    tracker, detector = make(model)
    for i in range(3):
        assert tracker.step(square_frame([(120, 120, 80)]), i / 25.0) is not None
    detector.blind = True
    assert (tracker.step(square_frame([(120 + jump, 120, 80)]), 0.12) is not None) is followed
    detector.blind = False
    assert tracker.step(square_frame([(120 + jump, 120, 80)]), 0.16) is not None


def test_a_fit_hangs_on_the_picture_not_on_where_one_looked_first(model: MorphableModel) -> None:
    fitter = FaceFitter(SquareRegressor(model), model)
    frame = square_frame([(160, 120, 80)])
    rois = [np.array([90.0, 60.0, 220.0, 190.0]), np.array([110.0, 75.0, 230.0, 195.0])]
    fits = [fitter.fit_refined(frame, roi) for roi in rois]
    assert np.abs(fits[0].roi - fits[1].roi).max() < 2.0 < np.abs(rois[0] - rois[1]).max()


def test_a_face_that_walks_out_of_the_picture_is_lost(model: MorphableModel) -> None:
    tracker, _ = make(model)
    fits = [tracker.step(square_frame([(250 + 6 * i, 120, 80)]), i / 25.0) for i in range(20)]
    assert fits[0] is not None
    assert fits[-1] is None


def test_agreement_is_full_for_the_same_points_and_none_far_away(model: MorphableModel) -> None:
    regression = SquareRegressor(model).predict(square_frame([(60, 60, 70)], (120, 120))[None])
    roi = np.array([10.0, 20.0, 130.0, 140.0])
    branch = branch_points(regression.landmarks[0], roi)
    np.testing.assert_allclose(branch, regression.landmarks[0].reshape(68, 2) + [10.0, 20.0])
    box, nothing = extent(branch), np.zeros((68, 2))
    assert agreement(nothing, box) == 1.0
    assert agreement(nothing + [30.0, 0.0], box) == 0.0
    assert 0.0 < agreement(nothing + [4.0, 0.0], box) < 1.0
    for broken in (np.nan, np.inf):
        assert agreement(nothing + broken, box) == 0.0
    assert agreement(nothing, (5.0, 5.0, 5.0, 9.0)) == agreement(nothing, (np.nan, 0.0, 9.0, 9.0)) == 0.0


class BrokenBranch(SquareRegressor):
    """A network whose landmark branch gives numbers without end."""

    def predict(self, crops: np.ndarray) -> Regression:
        result = super().predict(crops)
        return result._replace(landmarks=result.landmarks * np.float32(np.inf))


def test_a_branch_without_end_is_no_face(model: MorphableModel) -> None:
    with np.errstate(invalid="ignore"):
        fit = FaceFitter(BrokenBranch(model), model).fit(square_frame([(160, 120, 80)]), np.array([40.0, 0, 280, 240]))
    assert fit.confidence == 0.0


@pytest.mark.parametrize(
    ("roi", "usable"),
    [
        ([10, 10, 90, 90], True),
        ([-20, 10, 60, 90], True),
        ([-70, 10, 10, 90], False),  # seven eighths outside
        ([10, 10, 20, 20], False),  # tiny
        ([0, 0, 900, 900], False),  # larger than the picture many times
        ([np.nan, 0, 50, 50], False),
    ],
)
def test_degenerate_rois_are_not_usable(roi: list[float], usable: bool) -> None:
    assert is_usable((roi[0], roi[1], roi[2], roi[3]), (100, 100, 3)) is usable


class WithoutLandmarks(SquareRegressor):
    """A network that has no landmark branch."""

    def predict(self, crops: np.ndarray) -> Regression:
        return super().predict(crops)._replace(landmarks=None)


def test_without_a_landmark_branch_the_confidence_is_the_networks_own(model: MorphableModel) -> None:
    frame, roi = square_frame([(160, 120, 80)]), np.array([100.0, 60.0, 220.0, 180.0])
    regressor = WithoutLandmarks(model)
    fit = FaceFitter(regressor, model).fit(frame, roi)
    assert fit.confidence == pytest.approx(float(regressor.predict(crop(frame, roi)[None]).confidence[0, 0]))


class ShiftedBranch(SquareRegressor):
    """A network whose landmark branch lies 3 crop pixels to the right of its model."""

    def predict(self, crops: np.ndarray) -> Regression:
        result = super().predict(crops)
        return result._replace(landmarks=result.landmarks + np.tile(np.float32([3, 0]), 68))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_points_follow_the_landmark_branch_as_far_as_asked(model: MorphableModel, share: float) -> None:
    frame, roi = square_frame([(160, 120, 80)]), np.array([40.0, 0.0, 280.0, 240.0])
    plain = FaceFitter(ShiftedBranch(model), model).fit(frame, roi)
    fit = FaceFitter(ShiftedBranch(model), model, branch_share=share).fit(frame, roi)
    np.testing.assert_allclose(
        fit.landmarks68 - plain.landmarks68, np.tile([6.0 * share, 0.0, 0.0], (68, 1)), atol=1e-3
    )
    np.testing.assert_array_equal(fit.params, plain.params)
    assert fit.confidence == plain.confidence


def test_the_crop_is_cut_as_the_network_wants_it(model: MorphableModel) -> None:
    """Blackened crops show no red square, so the stand-in is not confident."""
    frame, roi = square_frame([(160, 120, 80)]), np.array([100.0, 60.0, 220.0, 180.0])
    fitter = FaceFitter(SquareRegressor(model), model, lambda image, roi: crop(image, roi) * 0)
    assert (
        fitter.fit(frame, roi).confidence < 0.1 < FaceFitter(SquareRegressor(model), model).fit(frame, roi).confidence
    )
