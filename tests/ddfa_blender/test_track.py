# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.footage.video import Frame
from ddfa_blender.take import TakeHeader
from ddfa_blender.track import Track
from ddfa_blender.tracking.tracker import FaceFit
from ddfa_blender.tracking.upright_reader import Reading

HEADER = TakeHeader("clip.mp4", 8, 6, 25.0, "net.onnx", "0")


def frame(index: int, time: float) -> Frame:
    return Frame(index, time, np.zeros((6, 8, 3), np.uint8))


def fit(value: float) -> FaceFit:
    """A face whose every number is the same."""
    return FaceFit(
        params=np.full(62, value, np.float32),
        confidence=value,
        roi=np.full(4, value),
        landmarks68=np.full((68, 3), value),
        arkit=np.full(52, value, np.float32),
        crop=np.zeros((120, 120, 3), np.uint8),
    )


def track(times: list[float], first: int = 0, lost: tuple[float, ...] = ()) -> Track:
    made = Track()
    for index, time in enumerate(times, start=first):
        made.add(frame(index, time), None if time in lost else fit(1.0 + time))
    return made


def test_a_take_holds_every_frame_and_nan_where_the_face_was_lost() -> None:
    take = track([0.2, 0.4, 0.6], lost=(0.4,)).take(HEADER)
    np.testing.assert_array_equal(take.time, [0.2, 0.4, 0.6])
    np.testing.assert_array_equal(take.tracked, [True, False, True])
    for values in (take.params, take.roi, take.landmarks68, take.arkit):
        assert np.isnan(values[1]).all()
        np.testing.assert_allclose(values[[0, 2]].reshape(2, -1), np.broadcast_to([[1.2], [1.6]], (2, values[0].size)))


def reading(value: float) -> Reading:
    return Reading(*np.full((2, 52), value, np.float32))


def test_readings_go_with_their_frames() -> None:
    made = track([0.2, 0.4, 0.6], lost=(0.4,))
    assert made.take(HEADER).readings is None, "nobody read them"
    made.readings = [reading(0.2), None, reading(0.6)]
    found = made.take(HEADER).readings
    assert found is not None
    np.testing.assert_allclose(found[[0, 2]], np.repeat([[0.2], [0.6]], 52, axis=1), rtol=1e-6)
    assert np.isnan(found[1]).all()
    gap = track([0.0, 0.1, 0.2, 1.2, 1.3])
    gap.readings = [reading(time) for time in gap.times]
    found = gap.take(HEADER).readings
    assert found is not None and len(found) == 14
    np.testing.assert_allclose(found[[2, 12]], np.repeat([[0.2], [1.2]], 52, axis=1), rtol=1e-6)


def test_faces_that_were_not_read_lie_between_those_that_were() -> None:
    made = track([0.1 * i for i in range(8)], lost=(0.1 * 5,))
    made.readings = [reading(0.0), None, None, reading(0.6), None, None, reading(0.2), None]
    found = made.take(HEADER).readings
    assert found is not None
    np.testing.assert_allclose(found[:, 7], [0.0, 0.2, 0.4, 0.6, 0.6, np.nan, 0.2, 0.2], atol=1e-6)


def test_joined_tracks_have_the_readings_of_both() -> None:
    earlier, later = track([0.0, 0.1, 0.2, 0.3]), track([0.2, 0.3, 0.4, 0.5], first=70)
    for part in (earlier, later):
        part.readings = [reading(time) for time in part.times]
    joined = earlier.continued(later, 1)
    assert [round(float(each.weights[0]), 6) for each in joined.readings if each] == joined.times


def test_pictures_are_not_kept() -> None:
    """An hour of crops would be ten gigabytes."""
    made = track([0.0, 0.1])
    assert all(kept is not None and kept.crop is None for kept in made.fits)
    assert (made.width, made.height) == (8, 6)


def test_a_track_goes_on_with_another_from_the_frame_that_both_have() -> None:
    """The other one's reader sought, so that its count of the file's frames began elsewhere."""
    earlier, later = track([0.0, 0.1, 0.2, 0.3]), track([0.2, 0.3, 0.4, 0.5], first=70)
    joined = earlier.continued(later, 1)
    assert joined.times == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert joined.indices == [0, 1, 2, 3, 4, 5] and joined.decoded == 6 and len(joined) == 6
    np.testing.assert_allclose([kept.confidence for kept in joined.fits if kept], np.add(joined.times, 1.0))
    assert len(earlier) == 4, "the two themselves stay"


def test_nothing_was_decoded_yet() -> None:
    assert Track().decoded == 0 and len(Track()) == 0


def test_missing_frames_stand_in_as_lost_ones_and_the_rate_is_that_of_the_frames() -> None:
    times = [0.0, 0.1, 0.2, 0.3, 1.3, 1.4, 1.5]
    take = track(times).take(HEADER)
    np.testing.assert_allclose(np.diff(take.time), 0.1, atol=1e-9)
    assert len(take) == 16 and take.tracked.sum() == len(times)
    slow = TakeHeader("clip.mp4", 8, 6, 0.01, "net.onnx", "0")  # a mean that a jump of the clock spoilt
    assert track(times).take(slow).header.fps == pytest.approx(10.0)
