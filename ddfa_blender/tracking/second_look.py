# SPDX-License-Identifier: GPL-3.0-or-later
"""A second look at a face, mirrored and from a little nearer: the mean of both is steadier and closer than either.

A network's filters do not know that faces are symmetric, so that its errors on a crop and on the mirror image differ,
and partly cancel out. It costs as much as the first look; what a face that is plain to see gains is little. So it is
taken where the network is not sure, a hand lies over the face perhaps, and everywhere if the user wants high quality.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..face_model import FaceModel
from ..projection import CROP_SIZE
from ..symmetry import MIRRORED_CHANNELS, component_parity, mirror_params, mirror_points
from .regressor import Regression

if TYPE_CHECKING:
    from .tracker import FaceRegressor

#: Above the first confidence one look is enough, below the second both looks count the same; between them the second
#: fades in, so that nothing jumps. Faces that are plain to see give 0.98 to 1, with 30 % covered 0.5 to 0.9. With 0.97
#: and 0.93 covered faces gain 1 % more, for twice as many second looks.
_SURE, _UNSURE = 0.9, 0.8
#: How many times as large the second look sees the face. On labelled photos 1.06 to 1.15 are alike and better than 1.
_NEARER = 1.1
_MIDDLE = CROP_SIZE / 2.0
#: The second look's crop out of the first's, in OpenCV's pixels, whose centres are integers.
_WARP = np.array(
    [[-_NEARER, 0.0, (_MIDDLE - 0.5) * (1.0 + _NEARER)], [0.0, _NEARER, (_MIDDLE - 0.5) * (1.0 - _NEARER)]]
)


class SecondLook:
    """A regressor that looks again, at the mirror image from nearer, where it is not sure."""

    def __init__(self, regressor: FaceRegressor, model: FaceModel, *, always: bool = False) -> None:
        """Look with ``regressor``, whose coefficients are those of ``model``; ``always`` twice.

        Raises:
            CaptureError: the model, somebody else's, has no mirror image.
        """
        self._regressor, self._model, self._always = regressor, model, always
        try:
            self._parity = component_parity(model)
        except ValueError as error:
            raise CaptureError(
                "High quality needs a symmetric face model, and that of the model folder is not; turn High Quality off "
                "or use the bundled model."
            ) from error

    def always(self) -> SecondLook:
        """The same, but it looks twice at every crop."""
        return SecondLook(self._regressor, self._model, always=True)

    def predict(self, crops: NDArray[np.uint8]) -> Regression:
        """See :meth:`ddfa_blender.tracking.regressor.Regressor.predict`.

        Raises:
            ValueError, CaptureError: as there.
        """
        if self._always:
            both = self._regressor.predict(np.concatenate([crops, *map(_as_seen_again, crops)]))
            return _blended(
                _rows(both, slice(len(crops))), self._found_again(_rows(both, slice(len(crops), None))), 0.5
            )
        first = self._regressor.predict(crops)
        if not len(crops) or min(first.confidence.ravel().tolist()) >= _SURE:  # nearly every frame of most footage
            return first
        share = 0.5 * np.clip((_SURE - first.confidence) / (_SURE - _UNSURE), 0.0, 1.0)
        second = self._regressor.predict(np.concatenate([_as_seen_again(crop) for crop in crops]))
        return _blended(first, self._found_again(second), share)

    def _found_again(self, found: Regression) -> Regression:
        """What was found by the second look, in the crops of the first."""
        landmarks = found.landmarks
        if landmarks is not None:
            points = mirror_points(landmarks.reshape(-1, 68, 2), CROP_SIZE)
            landmarks = ((points - _MIDDLE) / _NEARER + _MIDDLE).reshape(-1, 136)
        params = mirror_params(found.params, self._parity, CROP_SIZE)
        transform = params[:, :12].reshape(-1, 3, 4)
        transform[:, :2, 3] -= _MIDDLE  # y grows upwards, but the middle is as far
        transform /= _NEARER
        transform[:, :2, 3] += _MIDDLE
        return Regression(params, landmarks, found.arkit[:, MIRRORED_CHANNELS], found.confidence)


def _as_seen_again(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop (120, 120, 3), mirrored and enlarged about its middle, as a batch of one."""
    seen = cv2.warpAffine(np.ascontiguousarray(crop), _WARP, (CROP_SIZE, CROP_SIZE), flags=cv2.INTER_LINEAR)
    return np.asarray(seen, np.uint8)[None]


def _rows(found: Regression, rows: slice) -> Regression:
    landmarks = None if found.landmarks is None else found.landmarks[rows]
    return Regression(found.params[rows], landmarks, found.arkit[rows], found.confidence[rows])


def _blended(first: Regression, second: Regression, share: float | NDArray[np.float32]) -> Regression:
    """Both, the second one with its ``share``, (N, 1) or for all."""

    def mean(here: NDArray[np.float32], there: NDArray) -> NDArray[np.float32]:
        return (here + (there - here) * share).astype(np.float32)

    landmarks = None
    if first.landmarks is not None and second.landmarks is not None:
        landmarks = mean(first.landmarks, second.landmarks)
    return Regression(
        mean(first.params, second.params), landmarks, mean(first.arkit, second.arkit),
        mean(first.confidence, second.confidence),
    )  # fmt: skip
