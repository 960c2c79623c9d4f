# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's recording that nobody made: every value is known, so that what comes of it can be judged."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddfa_blender.names import ARKIT_NAMES

#: Frames per second, and how long it lasts.
RATE, SECONDS = 30, 3
_ANGLES = tuple(f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))
#: Greatest turn of the head to its left and right, radians.
_YAW = 0.4

Recording = dict[str, NDArray[np.float64]]


def performed() -> Recording:
    """Column → its value on each frame; what is not named stays 0."""
    time = np.arange(RATE * SECONDS) / RATE
    wave = 0.5 - 0.5 * np.cos(2.0 * math.pi * time)  # a second from closed to closed
    blink = np.exp(-(((time - 0.8) / 0.09) ** 2)) + np.exp(-(((time - 2.2) / 0.09) ** 2))
    smile, turn = np.sin(math.pi * time / SECONDS), np.sin(2.0 * math.pi * time / SECONDS)
    return {
        "JawOpen": 0.7 * wave, "EyeBlinkLeft": 0.9 * blink, "EyeBlinkRight": 0.9 * blink,
        "MouthSmileLeft": 0.6 * smile, "HeadYaw": _YAW * turn,
    }  # fmt: skip


def write(path: Path) -> Path:
    """Write it as the app Live Link Face does, with timecodes that begin in the afternoon."""
    values = performed()
    columns = [*(name[0].upper() + name[1:] for name in ARKIT_NAMES), *_ANGLES]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["Timecode", "BlendshapeCount", *columns])
        for frame in range(RATE * SECONDS):
            row = [values[name][frame] if name in values else 0.0 for name in columns]
            second, part = divmod(frame, RATE)
            table.writerow([f"15:20:{second:02d}:{part * 60 // RATE:02d}.000", "61", *(f"{x:.10f}" for x in row)])
    return path


def read(path: Path) -> Recording:
    """The columns of numbers of such a file."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return {name: np.array([float(row[i]) for row in rows]) for i, name in enumerate(header) if i > 0}


def resampled(column: str, count: int, rate: float) -> NDArray[np.float64]:
    """A column on ``count`` frames of a scene of ``rate`` frames per second, from its beginning."""
    values = performed()[column]
    return np.interp(np.arange(count) / rate, np.arange(len(values)) / RATE, values)


def alike(a: Sequence[float] | NDArray[np.float64], b: Sequence[float] | NDArray[np.float64]) -> float:
    """How nearly two tracks of one length move in proportion, −1…1; 0 where one of them does not move."""
    if len(a) != len(b) or np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
