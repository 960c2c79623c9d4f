# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from ddfa_blender.errors import CaptureError
from ddfa_blender.formats.timecode import NOMINAL_RATES, Timecode, TimecodeRate, elapsed, guess_rate

DROP_30, DROP_60 = TimecodeRate(30, True, True), TimecodeRate(60, True, True)


def labels_by_counting(rate: int, dropped: int, count: int) -> list[str]:
    """SMPTE 12M, word for word: count up and skip the first labels of a minute unless it is a multiple of ten."""
    labels, hour, minute, second, frame = [], 0, 0, 0, 0
    for _ in range(count):
        labels.append(f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.000")
        frame += 1
        if frame == rate:
            frame, second = 0, second + 1
        if second == 60:
            second, minute = 0, minute + 1
            frame = 0 if minute % 10 == 0 else dropped
        if minute == 60:
            minute, hour = 0, hour + 1
    return labels


@pytest.mark.parametrize(
    ("rate", "dropped"), [(DROP_30, 2), (DROP_60, 4), (TimecodeRate(30), 0), (TimecodeRate(25), 0)]
)
def test_labels_are_those_that_counting_gives(rate: TimecodeRate, dropped: int) -> None:
    expected = labels_by_counting(rate.nominal, dropped, rate.nominal * 60 * 11)
    found = [rate.text(frame / rate.value) for frame in range(len(expected))]
    assert found == expected
    seconds = [rate.seconds(Timecode.parse(label)) for label in expected]
    np.testing.assert_allclose(seconds, np.arange(len(expected)) / rate.value, atol=1e-6)


def test_an_hour_of_drop_frame_is_an_hour() -> None:
    assert DROP_30.text(3600.0) == "01:00:00:00.108"  # 3.6 ms
    assert TimecodeRate(30, ntsc=True).text(3600.0) == "00:59:56:12.108"


def test_fractions_of_frames() -> None:
    rate = TimecodeRate(60)
    assert rate.text(44867.0 + 47.169 / 60.0) == "12:27:47:47.169"
    assert rate.text(0.9999999) == "00:00:01:00.000"
    assert rate.seconds(Timecode.parse("00:00:01:30.500")) == pytest.approx(1.0 + 30.5 / 60.0)


def test_midnight() -> None:
    rate = TimecodeRate(60)
    assert rate.text(86400.5) == "00:00:00:30.000"
    codes = [
        Timecode.parse(label) for label in ("23:59:59:58.000", "23:59:59:59.000", "00:00:00:00.000", "00:00:00:01.500")
    ]
    np.testing.assert_allclose(elapsed(codes, rate), np.array([0.0, 1.0, 2.0, 3.5]) / 60.0, atol=1e-6)
    assert elapsed([], rate) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12:00:00",
        "25:00:00:00",
        "12:60:00:00",
        "1:2:3:4:5",
        "12:00:00:-1",
        "a:b:c:d",
        "12:00:00:00.",
        "१२:00:00:00",
    ],
)
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a timecode"):
        Timecode.parse(text)


def test_drop_frame_may_have_a_semicolon() -> None:
    assert Timecode.parse("01:00:00;02").semicolon
    assert not Timecode.parse("01:00:00:02").semicolon


def test_labels_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="no frame 30"):
        TimecodeRate(30).seconds(Timecode.parse("00:00:00:30"))
    with pytest.raises(ValueError, match="no frame 1 "):
        DROP_30.seconds(Timecode.parse("00:01:00:01"))


def test_rates_by_number() -> None:
    assert TimecodeRate.of(59.94) == DROP_60
    assert TimecodeRate.of(25.0) == TimecodeRate(25)
    assert TimecodeRate.of(24 / 1.001) == TimecodeRate(24, ntsc=True)
    with pytest.raises(CaptureError, match="use 60"):
        TimecodeRate.of(17.3)
    with pytest.raises(CaptureError, match="choose one of these"):
        TimecodeRate(31)
    with pytest.raises(CaptureError, match="drop-frame"):
        TimecodeRate(25, drop=True)
    with pytest.raises(CaptureError, match="drop-frame"):
        TimecodeRate(30, drop=True)


@pytest.mark.parametrize("nominal", NOMINAL_RATES)
@pytest.mark.parametrize("camera", [24.0, 29.9955, 60.0])
def test_the_rate_is_told_by_where_frames_begin_again(nominal: int, camera: float) -> None:
    rate = TimecodeRate(nominal)
    codes = [Timecode.parse(rate.text(100.3 + i / camera)) for i in range(200)]
    assert guess_rate(codes) == rate


@pytest.mark.parametrize("rate", [DROP_30, DROP_60])
def test_drop_frame_is_told_by_the_labels_left_out(rate: TimecodeRate) -> None:
    codes = [Timecode.parse(rate.text(50.0 + i / rate.value)) for i in range(rate.nominal * 20)]
    assert guess_rate(codes) == rate


def test_without_a_new_second_it_is_the_app_s_rate() -> None:
    assert guess_rate([Timecode.parse(f"00:00:01:{i:02d}.000") for i in range(20)]) == TimecodeRate(60)
    assert guess_rate([]) == TimecodeRate(60)
