# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.faces import check_boxes, face_in_box, find_faces
from ddfa_blender.morphable_model import MorphableModel
from ddfa_blender.tracking.roi import box_from_landmarks, roi_from_box
from tests.ddfa_blender.support import square_engine, square_frame


def test_the_box_of_a_found_face_is_that_of_its_landmarks(model: MorphableModel) -> None:
    (face,) = find_faces(square_engine(model), square_frame([(160, 120, 80)]))
    np.testing.assert_allclose(face.box, box_from_landmarks(face.fit.landmarks68))
    np.testing.assert_allclose((face.box[:2] + face.box[2:]) / 2.0, [160, 120], atol=1.5)


def test_a_second_look_refines_the_roi(model: MorphableModel) -> None:
    """The final ROI is that of the landmarks, not the one that the detection suggested."""
    (face,) = find_faces(square_engine(model), square_frame([(160, 120, 80)]))
    np.testing.assert_allclose(face.fit.roi, roi_from_box(face.box), atol=2.0)


def test_a_given_box_sets_the_roi(model: MorphableModel) -> None:
    face = face_in_box(square_engine(model), square_frame([(160, 120, 80)]), [110, 70, 210, 170])
    np.testing.assert_allclose(face.fit.roi, roi_from_box([110, 70, 210, 170]))
    assert face.box.tolist() == [110, 70, 210, 170]


def test_faces_that_the_regressor_doubts_are_left_out(model: MorphableModel) -> None:
    engine = square_engine(model)
    engine.detector.detect = lambda image, **_: [  # type: ignore[method-assign]
        type(engine.detector)().detect(square_frame([(160, 120, 80)]))[0]
    ]
    assert find_faces(engine, square_frame([])) == []


@pytest.mark.parametrize("boxes", [[1, 2], {"a": 5}, {"a": [1, 2, 3]}, {"a": [1, 2, "x", 4]}, {"a": [0, 0, 0, 5]}])
def test_senseless_boxes_are_refused(boxes: object) -> None:
    with pytest.raises(CaptureError, match="box"):
        check_boxes(boxes)


def test_what_the_network_does_not_measure_is_not_told(model: MorphableModel) -> None:
    face = face_in_box(square_engine(model), square_frame([(160, 120, 80)]), [110, 70, 210, 170])
    assert face.to_json()["arkit"]["browDownLeft"] == 0.0
    assert face.to_json()["arkit"]["tongueOut"] == 1.0
    assert face.to_json(["arkit"])["arkit"] is None
