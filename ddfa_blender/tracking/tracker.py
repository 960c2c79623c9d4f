# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow one face through a video: detect, track by the previous frame's landmarks, detect again when lost."""

from __future__ import annotations

import hashlib
import math
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..face_model import FaceModel
from ..projection import CROP_SIZE, project_landmarks
from ..settings import CaptureSettings
from ..timing import StageTimings
from .alignment import motion, moved
from .detection_roi import roi_from_detection
from .detector import COARSE_SIDE, FINE_SIDE, FINEST_SIDE, INPUT_SIDES, Detection
from .face_path import FacePath, apart, longer_side, middle
from .likeness import colour, may_be_one
from .regressor import Regression, Regressor
from .roi import (
    Corners,
    Crop,
    box_from_landmarks,
    crop,
    deviation,
    extent,
    overlap,
    roi_from_box,
    roi_from_extent,
    roi_from_landmarks,
    snapped,
)
from .scene_cut import SceneCuts, Thumbnail
from .second_look import SecondLook
from .window import Cells, Window

#: Mean distance between the landmark branch and the projected model, as a share of the landmarks'
#: box: up to the first the two agree fully, from the second on not at all.
_AGREEMENT_RANGE = (0.03, 0.1)
#: Smallest side of a usable ROI in pixels, and its smallest share inside the picture.
_MINIMUM_SIDE = 16.0
_MINIMUM_INSIDE = 0.35
#: How far the place to look at goes from the last one towards the last frame's landmarks: all the way would hand their
#: noise on from frame to frame.
_PULL = 0.5
#: A face is measured again where the first look was off by more than this share of the ROI's side. Training crops are
#: off by as much (``AugmentationSettings.shift``); measuring again from 2 % on changed no score.
_OFF = 0.05
#: Where a face is found farther than this from where it was expected, as a share of the ROI's side, the network has
#: slid to something else, another face perhaps. The wildest clip tried gives 0.16 at most.
_SLID = 0.3
#: The detector looks for a tracked face in its surroundings, so many sides of the ROI wide, made so many pixels large …
_CHECK_SURROUNDINGS, _CHECK_SIDE = 1.6, 96
#: … and confirms it with this confidence and overlap of the ROIs …
_CHECK_THRESHOLD = 0.3
_CHECK_OVERLAP = 0.3
#: … and after so many refusals in a row the face counts as lost.
_CHECK_REFUSALS = 3
#: Where the network is so sure of a face, the detector looks so many times less often.
_SURE, _SURE_INTERVALS = 0.9, 3
#: While no face is there, only one in so many frames is searched for small faces too, which costs most, and only one
#: in so many, but not more than one in three seconds, for the smallest.
_SMALL_FACE_INTERVAL, _SMALLEST_FACE_INTERVAL = 5, 75
#: Where it is known about where the face is, the detector looks at what lies around that place, so many sides of the
#: ROI wide, made so many pixels large (the second now and then): no face is too small there.
_KNOWN_SURROUNDINGS, _KNOWN_SIDES = 4.0, (256, 512)
#: For so many seconds after a loss only faces near the lost one are taken up.
_PATIENCE = 1.0
#: For so many seconds after a face was seen surely no other is taken up that clearly looks like somebody else.
_LOYALTY = 3.0


class FaceRegressor(Protocol):
    """What the tracker needs of a regressor."""

    def predict(self, crops: NDArray[np.uint8]) -> Regression:
        """See :meth:`ddfa_blender.tracking.regressor.Regressor.predict`."""


class FaceDetector(Protocol):
    """What the tracker needs of a detector."""

    def detect(
        self, image_rgb: NDArray[np.uint8], *, threshold: float = ..., sides: tuple[int, ...] = ...
    ) -> list[Detection]:
        """See :meth:`ddfa_blender.tracking.detector.Detector.detect`."""


@dataclass(frozen=True, eq=False)
class FaceFit:
    """One face, measured in one picture."""

    params: NDArray[np.float32]  # (62,), pixels of the crop of ``roi``
    confidence: float  # 0…1
    roi: NDArray[np.float64]  # (4,) image pixels
    landmarks68: NDArray[np.float64]  # (68, 3) image pixels, y down, z towards the camera
    arkit: NDArray[np.float32]  # (52,), 0…1
    crop: NDArray[np.uint8] | None = None  # (120, 120, 3) RGB that was measured, where it is kept

    @cached_property
    def next_roi(self) -> NDArray[np.float64]:
        """The ROI (4,) around the landmarks that were found."""
        return roi_from_landmarks(self.landmarks68)


class FaceFitter:
    """Measures the face in a ROI."""

    def __init__(
        self, regressor: FaceRegressor, model: FaceModel, cut: Crop = crop, *, branch_share: float = 0.0
    ) -> None:
        """Measure with a network and the model of its coefficients.

        ``cut`` makes the crops that it wants. ``branch_share`` (0…1) is how far the 68 points in the picture follow
        its landmark branch instead of the projected model: ten components cannot close an eye, the branch can.
        """
        self._regressor = regressor
        self._model = model
        self._cut = cut
        self._branch_share = branch_share

    @classmethod
    def of(cls, regressor: Regressor, model: FaceModel) -> FaceFitter:
        """Measure as the network's file says; where it is not sure and the model is symmetric, with a second look."""
        looking: FaceRegressor = regressor
        with suppress(CaptureError):  # of a model that has no mirror image
            looking = SecondLook(regressor, model)
        return cls(looking, model, regressor.crop, branch_share=regressor.branch_share)

    def looking_twice(self) -> FaceFitter:
        """One that measures the mirror image of each crop too (see ``second_look.py``).

        Raises:
            CaptureError: the model, somebody else's, has no mirror image.
        """
        regressor = self._regressor
        twice = (
            regressor.always() if isinstance(regressor, SecondLook) else SecondLook(regressor, self._model, always=True)
        )
        return FaceFitter(twice, self._model, self._cut, branch_share=self._branch_share)

    def crop(self, image_rgb: NDArray[np.uint8], roi: NDArray, window: Window | None = None) -> NDArray[np.uint8]:
        """A ROI (4,) of a photo (H, W, 3) as the network wants it; ``window`` is of this photo and covers the ROI."""
        return self._cut(image_rgb, roi) if window is None or self._cut is not crop else window.crop(roi)

    def fit(self, image_rgb: NDArray[np.uint8], roi: NDArray, window: Window | None = None) -> FaceFit:
        """Regress the crop of ``roi`` (4,) of a photo (H, W, 3); ``window`` is what has been read of it there."""
        # Every frame comes here: what is done with few numbers is done in plain Python, and nothing is done twice.
        cut = self.crop(image_rgb, roi, window)
        result = self._regressor.predict(cut[None])
        params = result.params[0]
        landmarks68 = project_landmarks(self._model, params, roi)
        box = extent(landmarks68)
        usable = math.isfinite(params.sum()) and not _is_mirrored(params)
        usable = usable and is_usable(roi_from_extent(box), image_rgb.shape)
        confidence = float(result.confidence[0, 0])
        if result.landmarks is not None:
            apart = branch_points(result.landmarks[0], roi)
            apart -= landmarks68[:, :2]
            confidence *= agreement(apart, box)
            apart *= self._branch_share
            landmarks68[:, :2] += apart
        return FaceFit(
            params=params,
            confidence=min(max(confidence, 0.0), 1.0) if usable else 0.0,
            roi=np.asarray(roi, dtype=np.float64),
            landmarks68=landmarks68,
            arkit=np.minimum(np.maximum(result.arkit[0], 0.0), 1.0),  # what np.clip does, three times as fast
            crop=cut,
        )

    def fit_refined(self, image_rgb: NDArray[np.uint8], roi: NDArray) -> FaceFit:
        """Regress twice, the second time from the ROI of the landmarks that the first fit found.

        The result then hangs on this picture alone, hardly on where one looked at first: that is
        exacter, and on footage it takes off 10 to 30 % of the jitter without any lag.
        """
        first = self.fit(image_rgb, roi)
        return self.fit(image_rgb, first.next_roi) if first.confidence > 0.0 else first

    def fit_detection(self, image_rgb: NDArray[np.uint8], detection: Detection) -> FaceFit:
        """Measure a detected face."""
        return self.fit_refined(image_rgb, roi_from_detection(detection))


def _is_mirrored(params: NDArray[np.float32]) -> bool:
    """Whether the transform of parameters (62,) turns a face inside out."""
    a, b, c, _, d, e, f, _, g, h, i = params[:11].tolist()
    return bool(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) <= 0.0)


def branch_points(landmarks: NDArray, roi: NDArray) -> NDArray[np.float64]:
    """The landmark branch's output (136,) as image pixels (68, 2) of the ROI (4,)."""
    return np.asarray(roi[:2] + landmarks.reshape(68, 2) * ((roi[2] - roi[0]) / CROP_SIZE))


def agreement(apart: NDArray, box: Corners) -> float:
    """How well the projected model and the landmark branch agree: 1 = fully, 0 = not at all.

    ``apart`` (68, 2) is what lies between them, ``box`` the model's landmarks' tight box.
    """
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    if not (width > 0.0 and height > 0.0):
        return 0.0
    distance = float(np.add.reduce(np.sqrt(np.einsum("lc,lc->l", apart, apart)))) / len(apart)
    share = distance / math.sqrt(width * height)
    low, high = _AGREEMENT_RANGE
    return min(max((high - share) / (high - low), 0.0), 1.0) if math.isfinite(share) else 0.0


def is_usable(roi: Corners, image_shape: tuple[int, ...]) -> bool:
    """Whether a ROI is finite, large enough and mostly inside a picture of this shape (H, W, …)."""
    x0, y0, x1, y1 = roi
    side = x1 - x0
    height, width = image_shape[:2]
    if not (math.isfinite(x0 + y0 + x1 + y1) and _MINIMUM_SIDE <= side <= 4.0 * max(height, width)):
        return False
    inside = max(min(x1, width) - max(x0, 0.0), 0.0) * max(min(y1, height) - max(y0, 0.0), 0.0)
    return bool(inside >= _MINIMUM_INSIDE * side * side)


class Tracker:
    """Follows one face; feed it every frame in order.

    What it says of a frame soon hangs on the last frames alone, not on where it began: two trackers that follow the
    same face from different beginnings measure the very same after some frames, and :meth:`state` tells when.
    """

    def __init__(
        self,
        fitter: FaceFitter,
        detector: FaceDetector,
        settings: CaptureSettings | None = None,
        timings: StageTimings | None = None,
        path: FacePath | None = None,
        rate: float = 25.0,
    ) -> None:
        """Track as the settings say; ``path`` is where the face that the user picked is known to be.

        ``rate`` is the footage's, frames per second: what is done only once in some frames is done by its clock.
        """
        self._path = path
        self._fitter = fitter
        self._detector = detector
        self._settings = settings or CaptureSettings()
        self._timings = timings or StageTimings()
        self._rate = rate
        self._cuts = SceneCuts()
        self._current: FaceFit | None = None  # of the previous frame; None = lost
        self._seen: Cells | None = None  # what lay there in the previous frame
        self._last_roi: NDArray | None = None  # where a face was last tracked in this shot
        self._last_time = 0.0
        self._sure: FaceFit | None = None  # the last sight of the face in this shot that was sure, and when that was
        self._sure_time = -np.inf
        self._time = -np.inf  # of the previous frame
        self._refusals = 0
        self._searched: Literal["around", "everywhere"] | None = None  # where the previous frame was, in vain

    def step(self, image_rgb: NDArray[np.uint8], time: float, thumbnail: Thumbnail | None = None) -> FaceFit | None:
        """The face in the next frame (H, W, 3) at ``time`` seconds; None where it is lost.

        ``thumbnail``: the frame's, where somebody has made it.
        """
        if self._cuts.is_cut_to(thumbnail or Thumbnail(image_rgb)):
            # Whatever is there now is not the same picture: only the detector may say that it is a face.
            self._current = self._last_roi = self._searched = self._sure = None
        fit = self._follow(image_rgb, self._current, time) if self._current is not None else None
        if fit is not None and self._strayed(fit, time):
            fit = None
        if fit is None:
            fit = self._search(image_rgb, time)
        self._current, self._time = fit, time
        if fit is None:
            self._refusals = 0
        else:
            self._last_roi, self._last_time = fit.next_roi, time
            if fit.confidence >= _SURE:
                self._sure, self._sure_time = fit, time
        return fit

    def pass_over(self, thumbnail: Thumbnail) -> None:
        """See the next frame go by without looking for a face, so that cuts in those behind it are noticed."""
        self._cuts.is_cut_to(thumbnail)

    def state(self) -> bytes:
        """A digest of all that the next answers hang on besides the next frames: equal = the answers will be."""
        digest = hashlib.blake2b(self._cuts.state(), digest_size=16)
        if self._current is not None:
            digest.update(self._current.roi.tobytes() + self._current.landmarks68.tobytes())
        elif self._last_roi is not None and self._time - self._last_time <= _PATIENCE:
            digest.update(self._last_roi.tobytes() + np.float64(self._last_time).tobytes())
        remembered = None if self._sure is self._current else self._remembered(self._time)
        if remembered is not None:
            digest.update(remembered.tobytes() + np.float64(self._sure_time).tobytes())
        digest.update(f"{self._refusals} {self._searched} {self._time!r}".encode())
        return digest.digest()

    def _due(self, time: float, interval: int) -> bool:
        """Whether this frame is the first of another ``interval`` frames, by the footage's own clock."""
        if not math.isfinite(self._time):
            return True
        return round(self._time * self._rate) // interval != round(time * self._rate) // interval

    def _guide(self, time: float) -> NDArray[np.float64] | None:
        """Where the picked face is known to be, box (4,)."""
        return self._path.box_at(time) if self._path is not None and self._path.covers(time) else None

    def _strayed(self, fit: FaceFit, time: float) -> bool:
        """Another face than the picked one is being followed."""
        known = self._guide(time)
        if known is None:
            return False
        box = box_from_landmarks(fit.landmarks68)
        return apart(box, known) > max(longer_side(box), longer_side(known))

    def _follow(self, image: NDArray[np.uint8], previous: FaceFit, time: float) -> FaceFit | None:
        """Track on from the previous frame; None when the face is lost."""
        with self._timings.stage("regress"):
            window = Window.around(image, previous.roi)
            place = snapped(self._expected(window, previous))
            fit, window = self._measure(image, place, window)
            is_off = fit.confidence > 0.0 and deviation(fit.roi, fit.next_roi) > _OFF
            if is_off:
                fit, window = self._measure(image, snapped(fit.next_roi), window)
            self._seen = window.cells(fit.roi)
        if fit.confidence < self._settings.lose_confidence or deviation(place, fit.next_roi) > _SLID:
            return None
        # Whoever passes in front takes the network along, by and by or in a single frame; then it is sure again.
        is_new = fit.confidence >= _SURE and (is_off or previous.confidence < _SURE)
        if is_new and self._sure is not None and self._is_somebody_else(fit, time):
            self._last_roi = self._sure.next_roi
            return None
        interval = self._settings.check_interval * (_SURE_INTERVALS if fit.confidence >= _SURE else 1)
        if self._refusals == 0 and not self._due(time, interval):
            return fit
        return fit if self._confirm(image, fit) else None

    def _measure(self, image: NDArray[np.uint8], roi: NDArray[np.float64], window: Window) -> tuple[FaceFit, Window]:
        """The face in a ROI (4,), and the window in which that lies: the given one, or another where it lies beyond."""
        window = window if window.covers(roi) else Window.around(image, roi)
        return self._fitter.fit(image, roi, window), window

    def _expected(self, window: Window, previous: FaceFit) -> NDArray[np.float64]:
        """Where the face of the previous frame is in this one, whose window lies where it was: ROI (4,)."""
        here, there = previous.roi.tolist(), previous.next_roi.tolist()
        expected = [a + _PULL * (b - a) for a, b in zip(here, there, strict=True)]
        now = window.cells(previous.roi)
        if self._seen is None or now is None:
            return np.array(expected)
        return moved(expected, motion(self._seen, now), now)

    def _confirm(self, image: NDArray[np.uint8], fit: FaceFit) -> bool:
        """Whether the detector still sees a face there, or has not yet refused often enough."""
        around, corner = surroundings(image, fit.next_roi, _CHECK_SURROUNDINGS)
        found = self._detect(around, _CHECK_THRESHOLD, (_CHECK_SIDE,))
        rois = [roi_from_detection(d) + np.tile(corner, 2) for d in found]
        seen = any(overlap(roi, fit.next_roi) >= _CHECK_OVERLAP for roi in rois)
        self._refusals = 0 if seen else self._refusals + 1
        return self._refusals < _CHECK_REFUSALS

    def _search(self, image: NDArray[np.uint8], time: float) -> FaceFit | None:
        """Look for the face anew; None when there is none."""
        known = self._guide(time)
        if known is None and self._path is not None and self._path.covers(time):
            return None  # the picked face is not there: others are not meant
        if known is not None:
            detections = self._look_around(image, roi_from_box(known), time)
        elif self._last_roi is not None and self._is_patient(time):
            detections = self._look_around(image, self._last_roi, time)
        else:
            detections = self._look_everywhere(image, time)
        for detection in self._ranked(detections, image.shape, time):
            with self._timings.stage("regress"):
                fit = self._fitter.fit_detection(image, detection)
            if known is None and self._is_somebody_else(fit, time):
                continue
            if fit.confidence >= self._settings.accept_confidence:
                self._refusals, self._searched = 0, None
                self._seen = Window.around(image, fit.roi).cells(fit.roi)
                return fit
        return None

    def _look_around(self, image: NDArray[np.uint8], roi: NDArray[np.float64], time: float) -> list[Detection]:
        """Faces about a place (4,) where one was, or is known to be; however small it is in the picture."""
        thorough = self._searched != "around" or self._due(time, _SMALL_FACE_INTERVAL)
        self._searched = "around"
        around, corner = surroundings(image, roi, _KNOWN_SURROUNDINGS)
        found = self._detect(around, self._settings.detection_threshold, _KNOWN_SIDES if thorough else _KNOWN_SIDES[:1])
        return [Detection(d.box + np.tile(corner, 2), d.confidence, d.points + corner) for d in found]

    def _look_everywhere(self, image: NDArray[np.uint8], time: float) -> list[Detection]:
        """Faces in the whole picture, small ones now and then."""
        fresh, self._searched = self._searched != "everywhere", "everywhere"
        small = fresh or self._due(time, _SMALL_FACE_INTERVAL)
        smallest = fresh or self._due(time, max(_SMALLEST_FACE_INTERVAL, round(3.0 * self._rate)))
        threshold, hint = self._settings.detection_threshold, self._settings.face_hint
        if hint is None:
            sides = INPUT_SIDES if smallest else (COARSE_SIDE, FINE_SIDE) if small else (COARSE_SIDE,)
            return self._detect(image, threshold, sides)
        # A picked face may be small beside a large one, which would end the detector's search.
        found = self._detect(image, threshold, (FINE_SIDE,))
        if smallest and not any(np.linalg.norm(middle(d.box) - hint) <= longer_side(d.box) for d in found):
            found = found + self._detect(image, threshold, (FINEST_SIDE,))
        return found

    def _detect(
        self, image: NDArray[np.uint8], threshold: float, sides: tuple[int, ...] = INPUT_SIDES
    ) -> list[Detection]:
        with self._timings.stage("detect"):
            return self._detector.detect(image, threshold=threshold, sides=sides)

    def _is_patient(self, time: float) -> bool:
        """So soon after a loss only the lost face is taken up."""
        return self._last_roi is not None and time - self._last_time <= _PATIENCE

    def _remembered(self, time: float) -> NDArray[np.float64] | None:
        """The colour (3,) of the face that was surely seen a moment ago in this shot."""
        if self._sure is None or self._sure.crop is None or time - self._sure_time > _LOYALTY:
            return None
        return colour(self._sure.crop)

    def _is_somebody_else(self, fit: FaceFit, time: float) -> bool:
        """Whether a face clearly is not the one that was surely seen a moment ago."""
        remembered = self._remembered(time)
        return remembered is not None and fit.crop is not None and not may_be_one(remembered, colour(fit.crop))

    def _ranked(self, detections: list[Detection], shape: tuple[int, ...], time: float) -> list[Detection]:
        """The faces that may be taken up, best first."""
        known = self._guide(time)
        if known is not None:
            near = [d for d in detections if apart(d.box, known) < max(longer_side(d.box), longer_side(known))]
            return sorted(near, key=lambda d: apart(d.box, known))
        if self._last_roi is None or not self._is_patient(time):
            return sorted(detections, key=lambda d: -prominence(d.box, shape, self._settings.face_hint))
        center, side = (self._last_roi[:2] + self._last_roi[2:]) / 2.0, self._last_roi[2] - self._last_roi[0]
        distances = [float(np.linalg.norm((d.box[:2] + d.box[2:]) / 2.0 - center)) for d in detections]
        order = np.argsort(distances, kind="stable")
        return [detections[i] for i in order if distances[i] < side]


def surroundings(image: NDArray[np.uint8], roi: NDArray, sides: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """What lies around a ROI (4,) in a picture (H, W, 3), so many of its sides wide, and its corner (2,); no copy."""
    center, half = (roi[:2] + roi[2:]) / 2.0, sides * (roi[2] - roi[0]) / 2.0
    size = np.array([image.shape[1], image.shape[0]])
    x0, y0 = np.clip(np.floor(center - half), 0, size - 1).astype(int)
    x1, y1 = np.clip(np.ceil(center + half), [x0 + 1, y0 + 1], size).astype(int)
    return image[y0:y1, x0:x1], np.array([x0, y0], dtype=np.float64)


def prominence(box: NDArray, shape: tuple[int, ...], hint: tuple[float, float] | None = None) -> float:
    """Larger for the face to prefer by its box (4,) in a picture of this shape: near the hint, or large and central."""
    if hint is not None:
        return -float(np.linalg.norm(middle(box) - hint))
    size = float(np.sqrt(np.prod(box[2:] - box[:2])))
    center = np.array([shape[1], shape[0]]) / 2.0
    return size * (1.0 - 0.5 * float(np.linalg.norm(middle(box) - center) / np.linalg.norm(center)))
