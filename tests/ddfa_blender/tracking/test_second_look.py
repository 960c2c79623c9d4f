# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.names import ARKIT_NAMES
from ddfa_blender.symmetry import component_parity, mirror_params
from ddfa_blender.tracking.regressor import Regression, Regressor
from ddfa_blender.tracking.second_look import SecondLook
from ddfa_blender.tracking.tracker import FaceFitter

CROPS = np.random.default_rng(3).integers(0, 256, (2, 120, 120, 3), dtype=np.uint8)


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


def test_the_mean_of_both_looks_is_in_the_straight_crop(model: MorphableModel) -> None:
    found, once = SecondLook(Sided(), model, always=True).predict(CROPS), Sided().predict(CROPS)
    left, right = (half.mean(axis=(1, 2, 3)) / 255 for half in (CROPS[:, :, :60], CROPS[:, :, 60:]))
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("eyeBlinkLeft")], right / 2, rtol=1e-5)
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("eyeBlinkRight")], left / 2, rtol=1e-5)
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("jawOpen")], (left + right) / 2, rtol=1e-5)
    np.testing.assert_allclose(found.confidence[:, 0], (left + right) / 2, rtol=1e-5)
    expected = (once.params + mirror_params(once.params, component_parity(model), 120)) / 2
    np.testing.assert_allclose(found.params, expected, rtol=1e-5)
    assert found.params.dtype == np.float32 and len(found) == len(once)


def test_the_bundled_network_says_the_same_of_a_crop_and_its_mirror_image(model: MorphableModel) -> None:
    both = SecondLook(Regressor(), model, always=True)
    here, there = both.predict(CROPS), both.predict(np.ascontiguousarray(CROPS[:, :, ::-1]))
    mirrored = mirror_params(there.params, component_parity(model), 120)
    np.testing.assert_allclose(here.params, mirrored, rtol=1e-3, atol=1e-3)
    assert here.landmarks is not None and there.landmarks is not None
    np.testing.assert_allclose(
        here.landmarks.reshape(2, 68, 2).mean(axis=1) + there.landmarks.reshape(2, 68, 2).mean(axis=1) * [1, -1],
        np.tile([120, 0], (2, 1)), atol=1e-2,
    )  # fmt: skip


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


@pytest.mark.parametrize(("confidence", "share"), [(1.0, 0.0), (0.97, 0.0), (0.95, 0.25), (0.93, 0.5), (0.2, 0.5)])
def test_the_second_look_counts_as_the_first_is_unsure(model: MorphableModel, confidence: float, share: float) -> None:
    network = Counting(confidence)
    found = SecondLook(network, model).predict(CROPS)
    left, right = (half.mean(axis=(1, 2, 3)) / 255 for half in (CROPS[:, :, :60], CROPS[:, :, 60:]))
    expected = (1.0 - share) * left + share * right
    np.testing.assert_allclose(found.arkit[:, ARKIT_NAMES.index("jawOpen")], expected, rtol=1e-4)
    assert network.seen == (2 if confidence >= 0.97 else 4)


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
