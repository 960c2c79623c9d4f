# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests need requirements/training.txt")

from ddfa_blender.names import ARKIT_NAMES  # noqa: E402
from ddfa_blender.projection import CROP_SIZE  # noqa: E402
from ddfa_blender.symmetry import component_parity  # noqa: E402
from training.dataset import Batch  # noqa: E402
from training.face_rotation import FaceRotator  # noqa: E402
from training.label import mirror_label  # noqa: E402
from training.mirror_twins import MirrorTwins  # noqa: E402
from training.views import Still, View, roi_warp  # noqa: E402

from .labels import example_label  # noqa: E402


@pytest.fixture(scope="module")
def twins(model):
    return MirrorTwins(model)


def _batch(*labels, image=None):
    images = np.zeros((len(labels), 8, 8, 3), np.uint8) if image is None else image
    rows = [np.stack([np.asarray(getattr(label, name)).reshape(-1) for label in labels]).astype(np.float32)
            for name in ("params", "landmarks", "arkit", "confidence")]  # fmt: skip
    params, landmarks, arkit, confidence = (torch.from_numpy(each) for each in rows)
    known = torch.linspace(0.1, 1.0, len(ARKIT_NAMES)).repeat(len(labels), 1)
    return Batch(torch.from_numpy(images), params, landmarks, arkit, known, confidence)


def test_a_twin_is_what_the_mirrored_picture_gives(model, twins):
    """A view of the mirrored picture, mirrored as the view is, has the label of the view's twin."""
    label = example_label(model)
    picture = np.random.default_rng(2).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    other = mirror_label(label, component_parity(model))
    rotator = FaceRotator(model)
    seen = [
        Still(image, its, model, rotator).seen_by(View(np.eye(3), roi_warp(its.landmarks, turn, 1.0, shift)), 60)
        for image, its, turn, shift in (
            (picture, label, 12.0, np.array([0.03, 0.02])),
            (np.ascontiguousarray(picture[:, ::-1]), other, -12.0, np.array([-0.03, 0.02])),
        )
    ]
    joined = twins.joined(_batch(seen[0][1], image=seen[0][0][None]))
    assert joined.twins
    np.testing.assert_allclose(joined.params[1], seen[1][1].params, atol=1e-4)
    np.testing.assert_allclose(joined.landmarks[1].reshape(68, 2), seen[1][1].landmarks, atol=1e-3)
    np.testing.assert_allclose(joined.arkit[1], seen[1][1].arkit, atol=1e-6)
    assert np.abs(joined.images[1].numpy().astype(int) - seen[1][0]).mean() < 1.0, "but for rounding"


def test_twins_of_twins_are_the_crops(model, twins):
    batch = _batch(example_label(model), example_label(model))
    again = twins.joined(twins.joined(batch))
    for name in ("params", "landmarks", "arkit", "arkit_known", "confidence"):
        np.testing.assert_allclose(getattr(again, name)[6:], getattr(batch, name), atol=1e-4)


def test_what_is_known_goes_with_its_side(model, twins):
    joined = twins.joined(_batch(example_label(model)))
    left, right = ARKIT_NAMES.index("mouthSmileLeft"), ARKIT_NAMES.index("mouthSmileRight")
    assert joined.arkit_known[1, left] == joined.arkit_known[0, right] != joined.arkit_known[0, left]


def test_the_middle_of_the_crop_stays(twins):
    points = torch.full((1, 136), CROP_SIZE / 2)
    np.testing.assert_array_equal(twins.landmarks(points), points)
