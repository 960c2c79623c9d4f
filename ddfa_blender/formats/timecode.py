# SPDX-License-Identifier: GPL-3.0-or-later
"""SMPTE timecode: labels of frames, HH:MM:SS:FF, with a fraction of a frame behind a dot.

Labels count whole frames. At 29.97 and 59.94 frames per second they fall behind the clock, so drop-frame timecode
leaves out the first two (four) labels of every minute that is not a multiple of ten; no frame is dropped.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ..errors import CaptureError
from ..footage.frame_rate import NTSC

#: Rates that are counted in, frames per second.
NOMINAL_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
_DAY = 24 * 3600
_PATTERN = re.compile(r"\s*([0-9]{1,2}):([0-5]?[0-9]):([0-5]?[0-9])([:;.])([0-9]{1,3})(?:\.([0-9]{1,9}))?\s*\Z")
#: Digits behind the dot.
_DIGITS = 3
#: How far, in frames, a second may seem longer or shorter than its rate where labels have a fraction.
_TOLERANCE = 0.6


@dataclass(frozen=True)
class Timecode:
    """One label as it is written; ``frame`` has the fraction in it."""

    hours: int
    minutes: int
    seconds: int
    frame: float
    semicolon: bool = False  # the sign of drop-frame timecode

    @classmethod
    def parse(cls, text: str) -> Timecode:
        """Read ``HH:MM:SS:FF``, ``HH:MM:SS:FF.fff`` or, drop-frame, ``HH:MM:SS;FF``.

        >>> Timecode.parse("12:27:47:47.169").frame
        47.169

        Raises:
            ValueError: it is no timecode.
        """
        found = _PATTERN.match(text)
        if found is None or int(found[1]) > 23:
            raise ValueError(f"not a timecode: {text[:40]!r}")
        frame = float(f"{found[5]}.{found[6] or 0}")
        return cls(int(found[1]), int(found[2]), int(found[3]), frame, found[4] != ":")

    @property
    def whole_seconds(self) -> int:
        """Since midnight, by the label."""
        return (self.hours * 60 + self.minutes) * 60 + self.seconds


@dataclass(frozen=True)
class TimecodeRate:
    """Labels per second of the label's clock, and how they relate to real time."""

    nominal: int = 60
    ntsc: bool = False  # frames come ``nominal`` ÷ 1.001 per second
    drop: bool = False

    def __post_init__(self) -> None:
        if self.nominal not in NOMINAL_RATES:
            rates = ", ".join(map(str, NOMINAL_RATES))
            raise CaptureError(f"Timecode counts {rates} frames per second; choose one of these.")
        if self.drop and not (self.ntsc and self.nominal % 30 == 0):
            raise CaptureError("Only 29.97, 59.94 and 119.88 frames per second have drop-frame timecode.")

    @classmethod
    def of(cls, rate: float) -> TimecodeRate:
        """The rate of timecode for frames per second: drop-frame where that is usual.

        >>> TimecodeRate.of(30 / 1.001)
        TimecodeRate(nominal=30, ntsc=True, drop=True)
        >>> TimecodeRate.of(23.976)
        TimecodeRate(nominal=24, ntsc=True, drop=False)

        Raises:
            CaptureError: there is no timecode for it.
        """
        for nominal in NOMINAL_RATES:
            if abs(rate - nominal) < 5e-3:
                return cls(nominal)
            if nominal % 6 == 0 and abs(rate - nominal / NTSC) < 5e-3:
                return cls(nominal, ntsc=True, drop=nominal % 30 == 0)
        raise CaptureError(
            f"There is no timecode for {rate:g} frames per second; use 60, which has fractions of frames."
        )

    @property
    def value(self) -> float:
        """Frames per second of real time."""
        return self.nominal / NTSC if self.ntsc else float(self.nominal)

    @property
    def _dropped(self) -> int:
        """Labels left out in a minute."""
        return self.nominal // 15 if self.drop else 0

    def seconds(self, code: Timecode) -> float:
        """Real seconds since the midnight label.

        Raises:
            ValueError: the label does not exist at this rate.
        """
        minutes = code.hours * 60 + code.minutes
        left_out = code.seconds == 0 and code.minutes % 10 and code.frame < self._dropped
        if code.frame >= self.nominal or left_out:
            raise ValueError(f"there is no frame {code.frame:g} in that second at {self.nominal} frames per second")
        count = code.whole_seconds * self.nominal + code.frame - self._dropped * (minutes - minutes // 10)
        return count / self.value

    def text(self, seconds: float) -> str:
        """The label of a moment, ``HH:MM:SS:FF.fff``; past midnight it begins again.

        Colons throughout, drop-frame too: readers of the files that we write split at them.
        """
        scale = 10**_DIGITS
        ticks = round(seconds * self.value * scale)
        frame, fraction = divmod(ticks, scale)
        frame = self._label(frame)
        total, frame = divmod(frame, self.nominal)
        minutes, second = divmod(total % _DAY, 60)
        hour, minute = divmod(minutes, 60)
        return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:02d}.{fraction:0{_DIGITS}d}"

    def _label(self, frame: int) -> int:
        """The number on the label of a frame: with those that drop-frame timecode leaves out."""
        if not self.drop:
            return frame
        dropped = self._dropped
        minute = self.nominal * 60 - dropped  # frames of a minute with labels left out
        tens, rest = divmod(frame, minute * 10 + dropped)
        # The first minute of ten keeps its labels.
        minutes = 0 if rest < self.nominal * 60 else 1 + (rest - self.nominal * 60) // minute
        return frame + dropped * (9 * tens + minutes)


def guess_rate(codes: list[Timecode]) -> TimecodeRate:
    """The rate that consecutive labels are counted in; 60 where they do not tell.

    Told by where the frames begin again at each new second, and by labels left out at new minutes. Whether labels of
    a rate without those are 30 or 30 ÷ 1.001 to the second, no label tells: the whole rate is taken.
    """
    steps = [b.frame - a.frame for a, b in pairwise(codes) if a.whole_seconds == b.whole_seconds]
    step = median(steps) if steps else 0.0
    turns = [(a, b) for a, b in pairwise(codes) if b.whole_seconds - a.whole_seconds == 1]
    plain = [a.frame + step - b.frame for a, b in turns if b.seconds or b.minutes % 10 == 0]
    if step <= 0.0 or not plain:
        return TimecodeRate()
    nominal = min(NOMINAL_RATES, key=lambda rate: abs(rate - median(plain)))
    if nominal % 30:
        return TimecodeRate(nominal)
    minutes = [a.frame + step - b.frame for a, b in turns if not b.seconds and b.minutes % 10]
    drops = bool(minutes) and abs(median(minutes) - (nominal - nominal // 15)) < _TOLERANCE
    drops = drops or any(code.semicolon for code in codes)
    return TimecodeRate(nominal, ntsc=drops, drop=drops)


def elapsed(codes: list[Timecode], rate: TimecodeRate) -> list[float]:
    """Real seconds of labels since the first, across midnight.

    Raises:
        ValueError: a label does not exist at this rate.
    """
    seconds = [rate.seconds(code) for code in codes]
    day = rate.seconds(Timecode(23, 59, 59, math.nextafter(rate.nominal, 0.0)))
    result, nights = [], 0
    for before, now in pairwise([seconds[0], *seconds] if seconds else []):
        nights += now < before - day / 2
        result.append(now + nights * day - seconds[0])
    return result
