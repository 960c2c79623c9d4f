# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.tracking.regressor import Regression, Regressor
from ddfa_blender.tracking.second_look import SecondLook
from ddfa_blender.tracking.tracker import FaceFitter
from tests.ddfa_blender.support import SquareRegressor, square_frame

#: Two crops, each with a left and a right half of its own brightness.
CROPS = np.repeat(np.array([[40, 200], [250, 90]], np.uint8), 60, axis=1)[:, None, :, None].repeat(120, 1).repeat(3, 3)


class Sided:
    """Says what it is told of a crop by how bright the crop's left half is, and the same of mirrored ones."""

    def __init__(self, *, branch: bool = True) -> None:
        self._branch = branch

    def predict(self, crops: np.ndarray) -> Regression:
        left, right = (half.mean(axis=(1, 2, 3)) for half in (crops[:, :, :60], crops[:, :, 60:]))
        arkit = np.zeros((len(crops), 52), np.float32)
        arkit[:, ARKIT_NAMES.index("eyeBlinkLeft")] = right / 255  # the subject's left is the picture's right
        arkit[:, ARKIT_NAMES.index("jawOpen")] = left / 255
        params = np.tile(np.arange(62, dtype=np.float32), (len(crops), 1))
        landmarks = np.tile(np.linspace(10, 90, 136, dtype=np.float32), (len(crops), 1)) if self._branch else None
        return Regression(params, landmarks, arkit, (left / 255)[:, None].astype(np.float32))


def test_the_mean_of_both_looks_is_on_the_sides_of_the_first(model: MorphableModel) -> None:
    found = SecondLook(Sided(), model, always=True).predict(CROPS)
    left, right = (half.mean(axis=(1, 2, 3)) / 255 for half in (CROPS[:, :, :60], CROPS[:, :, 60:]))
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("eyeBlinkLeft")], right / 2, rtol=0.02)
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("eyeBlinkRight")], left / 2, rtol=0.02)
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("jawOpen")], (left + right) / 2, rtol=0.02)
    np.testing.assert_allclose(found.confidence[:, 0], (left + right) / 2, rtol=0.02)
    assert found.params.dtype == np.float32 and len(found.params) == 2


@pytest.mark.parametrize("place", [(60.0, 60.0), (48.0, 66.0), (75.0, 52.0)])
def test_both_looks_see_a_face_at_the_same_place(model: MorphableModel, place: tuple[float, float]) -> None:
    """The made-up network measures where a red square is and how large; both looks agree on it, so the mean is it."""
    crop = square_frame([(*place, 60)], shape=(120, 120))[None]
    once, twice = (
        SquareRegressor(model).predict(crop),
        SecondLook(SquareRegressor(model), model, always=True).predict(crop),
    )
    assert once.landmarks is not None and twice.landmarks is not None
    np.testing.assert_allclose(twice.landmarks, once.landmarks, atol=0.25)
    np.testing.assert_allclose(twice.params[:, :12], once.params[:, :12], atol=0.25)
    np.testing.assert_allclose(twice.params[0, 0], once.params[0, 0], rtol=0.01)


def test_a_network_without_a_branch_stays_without(model: MorphableModel) -> None:
    assert SecondLook(Sided(branch=False), model, always=True).predict(CROPS).landmarks is None


class Counting(Sided):
    """Is as sure as it is told, and counts the crops that it is shown."""

    def __init__(self, confidence: float) -> None:
        super().__init__()
        self.confidence, self.seen = confidence, 0

    def predict(self, crops: np.ndarray) -> Regression:
        self.seen += len(crops)
        return super().predict(crops)._replace(confidence=np.full((len(crops), 1), self.confidence, np.float32))


@pytest.mark.parametrize(("confidence", "share"), [(1.0, 0.0), (0.901, 0.0), (0.85, 0.25), (0.8, 0.5), (0.2, 0.5)])
def test_the_second_look_counts_as_the_first_is_unsure(model: MorphableModel, confidence: float, share: float) -> None:
    network = Counting(confidence)
    found = SecondLook(network, model).predict(CROPS)
    left, right = (half.mean(axis=(1, 2, 3)) / 255 for half in (CROPS[:, :, :60], CROPS[:, :, 60:]))
    expected = (1.0 - share) * left + share * right
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("jawOpen")], expected, rtol=0.02)
    assert network.seen == (2 if share == 0.0 else 4)


def test_no_crops_are_no_faces(model: MorphableModel) -> None:
    for always in (False, True):
        assert SecondLook(Counting(0.5), model, always=always).predict(CROPS[:0]).params.shape == (0, 62)


def lopsided(model: MorphableModel) -> MorphableModel:
    basis = model.shape_basis.copy()
    basis[0] = np.roll(basis[0], 1, axis=-1)
    return replace(model, shape_basis=basis)


def test_a_lopsided_model_is_refused(model: MorphableModel) -> None:
    with pytest.raises(CaptureError, match="turn High Quality off"):
        SecondLook(Sided(), lopsided(model))


def test_with_a_lopsided_model_one_look_is_all(model: MorphableModel) -> None:
    fitter = FaceFitter.of(Regressor(), lopsided(model))
    assert fitter.fit(CROPS[0], np.array([0.0, 0.0, 120.0, 120.0])).params.shape == (62,)
    with pytest.raises(CaptureError, match="turn High Quality off"):
        fitter.looking_twice()


def test_high_quality_looks_twice_whatever_it_was_before(model: MorphableModel) -> None:
    network, roi = Counting(1.0), np.array([0.0, 0.0, 120.0, 120.0])
    for fitter in (FaceFitter(network, model), FaceFitter(SecondLook(network, model), model)):
        network.seen = 0
        fitter.looking_twice().fit(CROPS[0], roi)
        assert network.seen == 2
