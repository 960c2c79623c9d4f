# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.names import ARKIT_NAMES  # noqa: E402
from ddfa_blender.symmetry import MIRRORED_CHANNELS  # noqa: E402
from training.calibration import (  # noqa: E402
    Calibration,
    calibrate,
    calibrated_lids,
    eye_openings,
    logit,
    matching_line,
)
from training.evaluation.apertures import EYES, eye_aspect_ratio  # noqa: E402
from training.network import DeployedRegressor, FaceRegressor, Statistics  # noqa: E402

BLINK = ARKIT_NAMES.index("eyeBlinkLeft")
JAW = ARKIT_NAMES.index("jawOpen")


def _unsure(true, rng, correlation):
    """What a regression with that correlation says: noise of its own, and a spread less by the correlation."""
    noise = rng.normal(size=true.shape) * np.sqrt(1 / correlation**2 - 1) * true.std()
    return correlation**2 * (true - true.mean() + noise) + true.mean()


@pytest.fixture(scope="module")
def calibration():
    rng = np.random.default_rng(3)
    true_logits, true_expression = rng.normal(-1.0, 1.2, (6000, 52)), rng.normal(0.3, 0.7, (6000, 10))
    correlations = np.full(52, 0.9)
    correlations[JAW] = 0.5
    found = np.stack([_unsure(t, rng, c) for t, c in zip(true_logits.T, correlations, strict=True)], axis=1)
    found_expression = np.stack(
        [_unsure(t, rng, 0.88 if i < 5 else 0.4) for i, t in enumerate(true_expression.T)], axis=1
    )
    true_openings = rng.uniform(0.0, 0.35, 6000)
    return calibrate(
        1 / (1 + np.exp(-found)), 1 / (1 + np.exp(-true_logits)), found_expression, true_expression,
        eye_openings(_faces(0.06 + 0.8 * true_openings, rng)), eye_openings(_faces(true_openings, rng)),
    )  # fmt: skip


def _faces(openings, rng):
    """Points (n, 68, 2) of faces rolled by up to 60° whose eyes are ``openings`` (n,) as high as wide."""
    points = rng.uniform(0.0, 120.0, (len(openings), 68, 2))
    angle = rng.uniform(-np.pi / 3, np.pi / 3, len(openings))
    across = np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(15.0, 25.0, (len(openings), 1))
    down = np.stack([-across[:, 1], across[:, 0]], axis=1) * openings[:, None]
    for indices in EYES.values():
        corner = points[:, indices[0]].copy()
        places = ((0, 0), (0.3, -0.5), (0.7, -0.5), (1, 0), (0.7, 0.5), (0.3, 0.5))
        for index, (along, below) in zip(indices, places, strict=True):
            points[:, index] = corner + along * across + below * down
    return points


def test_openings_of_rolled_faces_are_their_height_over_their_width():
    rng = np.random.default_rng(6)
    true = rng.uniform(0.05, 0.4, 30)
    points = _faces(true, rng)
    np.testing.assert_allclose(eye_openings(points), np.stack([true, true], axis=1), atol=1e-9)
    np.testing.assert_allclose(eye_openings(points)[:, 0], eye_aspect_ratio(points, "right"), atol=1e-9)
    np.testing.assert_allclose(eye_openings(_faces(-true, rng))[:, 0], -true, atol=1e-9)  # lids that cross


def test_lids_that_do_not_close_get_the_labels_openings(calibration):
    assert calibration.lid_scale[0] == pytest.approx(1 / 0.8, abs=1e-6)
    assert calibration.lid_offset[0] == pytest.approx(-0.06 / 0.8, abs=1e-6)


def test_lids_that_do_not_follow_are_left_alone():
    rng = np.random.default_rng(7)
    assert calibrated_lids(rng.uniform(size=(500, 2)), rng.uniform(size=(500, 2))) == (1.0, 0.0)


def test_what_follows_the_truth_gets_its_spread_and_the_rest_is_left_alone(calibration):
    assert calibration.arkit_scale[BLINK] == pytest.approx(1 / 0.9, abs=0.03)
    assert calibration.arkit_scale[JAW] == 1.0
    assert calibration.arkit_offset[JAW] == 0.0
    np.testing.assert_allclose(calibration.expression_scale[:5], 1 / 0.88, atol=0.03)
    np.testing.assert_array_equal(calibration.expression_scale[5:], 1.0)


def test_both_sides_of_a_face_are_treated_alike(calibration):
    swap = MIRRORED_CHANNELS
    np.testing.assert_array_equal(calibration.arkit_scale, calibration.arkit_scale[swap])
    np.testing.assert_array_equal(calibration.arkit_offset, calibration.arkit_offset[swap])


def test_nothing_is_made_smaller_or_much_larger():
    rng = np.random.default_rng(4)
    true = rng.normal(size=4000)
    quantiles = np.linspace(0.5, 0.99, 50)
    assert matching_line(3 * true, true, quantiles)[0] == 1.0
    assert matching_line(0.2 * true, true, quantiles)[0] == 1.3
    scale, offset = matching_line(true / 1.2 + 0.5, true, quantiles)
    assert (scale, offset) == (pytest.approx(1.2, abs=1e-6), pytest.approx(-0.6, abs=1e-6))
    assert matching_line(np.zeros(50), true, quantiles)[0] == 1.0


def test_the_heads_compute_what_the_calibration_says(calibration, tmp_path):
    calibration.save(tmp_path / "calibration.npz")
    loaded = Calibration.load(tmp_path / "calibration.npz")
    rng = np.random.default_rng(5)
    draw = [torch.from_numpy(rng.uniform(0.5, 2.0, n).astype(np.float32)) for n in (62, 62, 136, 136, 52)]
    torch.manual_seed(2)
    regressor = DeployedRegressor(FaceRegressor(0.25), Statistics(*draw)).eval()
    torch.nn.init.normal_(regressor.network.heads.bias, std=0.5)
    crops = torch.from_numpy(rng.integers(0, 256, (3, 120, 120, 3)).astype(np.uint8))
    with torch.no_grad():
        before = [part.numpy() for part in regressor(crops)]
        loaded.apply(regressor)
        after = [part.numpy() for part in regressor(crops)]
    expected = before[0].copy()
    expected[:, 52:] = expected[:, 52:] * loaded.expression_scale + loaded.expression_offset
    np.testing.assert_allclose(after[0], expected, atol=1e-4)
    points, moved = (part[1].reshape(-1, 68, 2).astype(float) for part in (before, after))
    np.testing.assert_allclose(
        eye_openings(moved), eye_openings(points) * loaded.lid_scale + loaded.lid_offset, rtol=1e-3, atol=1e-3
    )
    upper_lids = [37, 38, 43, 44]
    np.testing.assert_array_equal(np.delete(moved, upper_lids, axis=1), np.delete(points, upper_lids, axis=1))
    # The fixture's scores stay well inside 1 % and 99 %, where the logit is not cut off.
    np.testing.assert_allclose(logit(after[2]), logit(before[2]) * loaded.arkit_scale + loaded.arkit_offset, atol=1e-4)
    np.testing.assert_array_equal(after[3], before[3])
