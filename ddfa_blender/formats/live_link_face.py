# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV of Epic's Live Link Face app (ARKit mode): written for Unreal and other tools, and read as a capture.

What this rests on. Epic documents no more than the columns' names, so the rest was read off recordings of the app
that are public (github.com/alexdjulin/LiveLinkFace-CSV-Retarget-For-Motionbuilder): 61 values in the order below with
ten decimals; timecode of the phone's clock, 60 frames to the second with thousandths of a frame. Angles are radians.

Eyes. In those recordings an eye's pitch is +0.611 (35°) at a full look down and −0.438 (25°) at a full look up, its yaw
moves by 0.61 for a full look to the side and is negative towards the subject's left, and its roll is what the order
pitch, yaw, roll from the outside in demands to four decimals (the test repeats the sum). The eyes diverge there by 3.8°
at rest, an offset of the tracker that is not imitated. So with x to the subject's left, y up, z out of the face:
R = Rx(pitch) · Ry(−yaw) · Rz(roll).

Head. Its yaw and pitch count the other way round than the eyes': positive yaw turns to the subject's left, positive
pitch raises the nose, positive roll leans the head to the subject's right shoulder. docs/formats.md lists the sources
and what they are worth. None says the order of the angles; the eyes' is taken: R = Rx(−pitch) · Ry(yaw) · Rz(roll).
All sources are of a phone held upright; lying on its side, it turns the angles (``Angle`` to invert).
"""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..atomic import write_atomically
from ..errors import CaptureError
from ..footage.frame_rate import average_rate
from ..names import ARKIT_INDEX, ARKIT_NAMES, PARAMETER_COUNT
from ..performance import Performance
from ..quaternions import continuous, from_matrices, to_matrices
from ..take import TAKE_VERSION, Take, TakeHeader
from .reading import read_text
from .rotations import X, Y, Z, about, from_angles, to_angles
from .timecode import Timecode, TimecodeRate, elapsed, guess_rate

KIND = "Live Link Face CSV"

TIMECODE, COUNT = "Timecode", "BlendshapeCount"
#: ARKit's channels in the app's order.
_APP_ORDER = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthRight", "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp",
    "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
#: Yaw, pitch, roll of each.
_ANGLES = tuple(f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))
VALUES: tuple[str, ...] = (*(name[0].upper() + name[1:] for name in _APP_ORDER), *_ANGLES)
COLUMNS: tuple[str, ...] = (TIMECODE, COUNT, *VALUES)

#: Places of the head's angles among VALUES.
_HEAD = slice(len(_APP_ORDER), len(_APP_ORDER) + 3)
#: Column of ``arkit`` for each of the app's channels, in the app's order.
_TO_APP = np.array([ARKIT_INDEX[name] for name in _APP_ORDER])
#: Turn of an eye at a weight of 1.
_SIDEWAYS, _DOWN, _UP = math.radians(35.0), math.radians(35.0), math.radians(25.1)
#: Phones before 2018 and early releases of the app have no tongue.
_OPTIONAL = {"tongueOut"}
#: Values that no weight takes: a file in percent, or garbage.
_LARGEST_WEIGHT = 5.0
_LARGEST_ANGLE = math.pi * 1.01
#: Lines of a file: four hours and a half at 60 frames per second.
_MOST_LINES = 1_000_000

AngleUnit = Literal["RADIANS", "DEGREES"]
#: One of the head's three angles.
Angle = Literal["YAW", "PITCH", "ROLL"]
#: In the order of the columns.
ANGLES: tuple[Angle, ...] = ("YAW", "PITCH", "ROLL")
#: Sign that yaw, pitch and roll have in the file, of turns about y, x and z of the model.
_HEAD_SIGNS, _EYE_SIGNS = np.array([1.0, -1.0, 1.0]), np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class LiveLinkTake:
    """N frames of a recording; where the app lost the face, everything but ``time`` is NaN."""

    time: NDArray[np.float64]  # (N,) seconds since the first frame, rising
    arkit: NDArray[np.float64]  # (N, 52), 0…1
    head_rotation: NDArray[np.float64]  # (N, 4) unit quaternion w, x, y, z in model axes, continuous sign
    eyes: NDArray[np.float64]  # (N, 2, 3) yaw, pitch, roll of the left and the right eye as written, radians
    tracked: NDArray[np.bool_]  # (N,)
    start: str  # label of the first frame
    rate: TimecodeRate

    def __len__(self) -> int:
        return len(self.time)

    def take(self, source: str) -> Take:
        """The recording as a take of the bundled model, which is solved and cleaned as any other.

        ``source``: the file's name.
        """
        count = len(self)
        return Take(
            time=self.time,
            params=np.full((count, PARAMETER_COUNT), np.nan, np.float32),
            confidence=self.tracked.astype(np.float32),
            roi=np.full((count, 4), np.nan),
            landmarks68=np.full((count, 68, 3), np.nan, np.float32),
            arkit=self.arkit.astype(np.float32),
            header=TakeHeader(
                source=source,
                width=0,
                height=0,
                fps=average_rate(self.time) or self.rate.value,
                model=KIND,
                model_sha256="",
                settings={"timecode": self.start, "timecode_rate": self.rate.value},
                version=TAKE_VERSION,
            ),
            head_rotation=self.head_rotation,
        )


@dataclass(frozen=True)
class _Layout:
    """Where a file has its columns."""

    clock: int
    count: int  # beyond all columns if there is none
    present: tuple[int, ...]  # columns of values
    places: tuple[int, ...]  # and the place of each among VALUES

    @classmethod
    def of(cls, header: Sequence[str], path: Path | str) -> _Layout:
        """Read a header.

        Raises:
            CaptureError: it is not the app's.
        """
        names = [name.strip().lower() for name in header]
        known = {name.lower(): place for place, name in enumerate(COLUMNS, start=-2)}
        if TIMECODE.lower() not in names:
            raise CaptureError(f"{path} is not a {KIND}: it has no column Timecode; choose another file.")
        missing = [name for name in ARKIT_NAMES if name.lower() not in names and name not in _OPTIONAL]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise CaptureError(
                f"{path} is not a {KIND}: the column {missing[0]}{more} is missing; choose another file."
            )
        twice = next((name for name in known if names.count(name) > 1), None)
        if twice is not None:
            raise CaptureError(f"{path} has the column {twice} twice; choose another file.")
        values = [(column, known[name]) for column, name in enumerate(names) if known.get(name, -1) >= 0]
        count = names.index(COUNT.lower()) if COUNT.lower() in names else len(names)
        present, places = zip(*values, strict=True)
        return cls(names.index(TIMECODE.lower()), count, present, places)


def write_live_link_face(
    performance: Performance, path: Path | str, rate: TimecodeRate | None = None, start: float = 0.0
) -> None:
    """Write a performance as the app would have recorded it.

    Args:
        performance: its frames are written as they are, with fractions of frames in the timecode.
        path: the file, under exactly this name.
        rate: of the timecode; None = the app's 60.
        start: seconds since midnight of the performance's time 0.

    Raises:
        CaptureError: the file cannot be written, or ``start`` is no time of day.
    """
    if not 0.0 <= start < 24 * 3600:
        raise CaptureError("The timecode must start between 0 and 24 hours; enter a time of day.")
    labels = [(rate or TimecodeRate()).text(start + seconds) for seconds in np.asarray(performance.time)]
    values = np.concatenate(
        [
            np.asarray(performance.arkit, dtype=np.float64)[:, _TO_APP],
            head_angles(to_matrices(performance.head_rotation)),
            *(eye_angles(eye) for eye in eye_rotations(performance.arkit)),
        ],
        axis=1,
    )

    def write(file: BinaryIO) -> None:
        file.write((",".join(COLUMNS) + "\n").encode())
        file.writelines(
            f"{label},{len(VALUES)},{','.join(f'{value:.10f}' for value in row)}\n".encode()
            for label, row in zip(labels, values, strict=True)
        )

    write_atomically(path, write)


def read_live_link_face(
    path: Path | str,
    rate: TimecodeRate | None = None,
    angles: AngleUnit = "RADIANS",
    inverted: Collection[Angle] = (),
) -> LiveLinkTake:
    """Read a recording of the app, or what other programs write in its format.

    Columns may come in any order and capitalisation, with others between them, separated by commas, semicolons (with
    decimal commas) or tabs. Rows without values are frames without a face; rows that do not advance in time are left
    out.

    Args:
        path: the file.
        rate: of the timecode; None = told from the labels (``timecode.guess_rate``).
        angles: unit of the head's and the eyes' angles; the app writes radians, some programs degrees.
        inverted: those of the head's angles that count the other way round than the app's of an upright phone.

    Raises:
        CaptureError: the file is missing, no such recording, or holds values that cannot be right.
    """
    rows = _rows(read_text(path, KIND), path)
    layout = _Layout.of(next(rows), path)
    codes: list[Timecode] = []
    numbers, start = array("d"), ""
    # Row by row: an hour as lists of texts would take a gigabyte.
    for line, row in enumerate(rows, start=2):
        codes.append(_timecode(row, layout.clock, line, path))
        numbers.extend(_values(row, layout, line, path))
        start = start or row[layout.clock].strip()
    if not codes:
        raise CaptureError(f"{path} has no frames; record again.")
    values = np.array(numbers).reshape(-1, len(VALUES))
    rate = rate or guess_rate(codes)
    try:
        time = np.array(elapsed(codes, rate))
    except ValueError as error:
        raise CaptureError(f"{path} has timecode of another rate: {error}; choose its rate.") from error
    keep = _advancing(time, path)
    _check(values[keep], angles, path)
    values = values[keep]
    values[:, _HEAD] *= [-1.0 if angle in inverted else 1.0 for angle in ANGLES]
    return _take(time[keep], values, angles, start, rate)


def head_angles(rotations: ArrayLike) -> NDArray[np.float64]:
    """Yaw, pitch, roll (…, 3) of the head in radians, as the app writes them, of rotations (…, 3, 3) in model axes."""
    return _angles(rotations, _HEAD_SIGNS)


def head_rotations(yaw_pitch_roll: ArrayLike) -> NDArray[np.float64]:
    """Inverse of :func:`head_angles`: radians (…, 3) → (…, 3, 3)."""
    return _rotations(yaw_pitch_roll, _HEAD_SIGNS)


def eye_angles(rotations: ArrayLike) -> NDArray[np.float64]:
    """Yaw, pitch, roll (…, 3) of an eye in radians, as the app writes them, of rotations (…, 3, 3) in the head."""
    return _angles(rotations, _EYE_SIGNS)


def rotations_of_eye(yaw_pitch_roll: ArrayLike) -> NDArray[np.float64]:
    """Inverse of :func:`eye_angles`: radians (…, 3) → (…, 3, 3)."""
    return _rotations(yaw_pitch_roll, _EYE_SIGNS)


def _angles(rotations: ArrayLike, signs: NDArray[np.float64]) -> NDArray[np.float64]:
    about_x, about_y, about_z = np.moveaxis(to_angles(rotations, (X, Y, Z)), -1, 0)
    return np.asarray(np.stack([about_y, about_x, about_z], axis=-1) * signs)


def _rotations(yaw_pitch_roll: ArrayLike, signs: NDArray[np.float64]) -> NDArray[np.float64]:
    about_y, about_x, about_z = np.moveaxis(np.asarray(yaw_pitch_roll, dtype=np.float64) * signs, -1, 0)
    return from_angles(np.stack([about_x, about_y, about_z], axis=-1), (X, Y, Z))


def eye_rotations(arkit: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotations (N, 3, 3) of the left and the right eye in the head, from the gaze channels of (N, 52)."""
    weights = np.asarray(arkit, dtype=np.float64)

    def look(direction: str, side: str) -> NDArray[np.float64]:
        return weights[:, ARKIT_INDEX[f"eyeLook{direction}{side}"]]

    def rotation(side: str, left: str, right: str) -> NDArray[np.float64]:
        turn = _SIDEWAYS * (look(left, side) - look(right, side))
        nod = _DOWN * look("Down", side) - _UP * look("Up", side)
        return about(Y, turn) @ about(X, nod)

    return rotation("Left", "Out", "In"), rotation("Right", "In", "Out")


def _rows(text: str, path: Path | str) -> Iterator[list[str]]:
    """The table's rows that are not empty, the header first."""
    if not text.strip():
        raise CaptureError(f"{path} is empty; choose another file.")
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    first = text[start : end if end >= 0 else len(text)]
    delimiter = max((",", ";", "\t"), key=first.count)
    is_header = True
    try:
        for row in csv.reader(_lines(text, path), delimiter=delimiter, strict=True):
            if not any(map(str.strip, row)):
                continue
            yield row if is_header or delimiter == "," else [cell.replace(",", ".") for cell in row]
            is_header = False
    except csv.Error as error:
        raise CaptureError(f"{path} is not a {KIND}; choose another file.") from error
    if is_header:  # separators and nothing else
        raise CaptureError(f"{path} is empty; choose another file.")


def _lines(text: str, path: Path | str) -> Iterator[str]:
    """The lines one by one, without a copy of them all."""
    start = 0
    for _ in range(_MOST_LINES):
        if start >= len(text):
            return
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
    if start < len(text):
        raise CaptureError(f"{path} has more than {_MOST_LINES} lines; record in shorter pieces.")


def _timecode(row: Sequence[str], column: int, line: int, path: Path | str) -> Timecode:
    try:
        return Timecode.parse(row[column])
    except (ValueError, IndexError) as error:
        raise CaptureError(f"Line {line} of {path} has no timecode; the file is damaged, record again.") from error


def _values(row: Sequence[str], layout: _Layout, line: int, path: Path | str) -> list[float]:
    """The app's 61 values in its order; NaN in all of them where it saw no face, 0 in columns that are not there."""
    cells = [row[i] if i < len(row) else "" for i in layout.present]
    if (layout.count < len(row) and row[layout.count].strip() == "0") or not any(map(str.strip, cells)):
        return [math.nan] * len(VALUES)
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError as error:
        raise CaptureError(f"Line {line} of {path} lacks a number; the file is damaged, record again.") from error
    if not all(map(math.isfinite, numbers)):
        raise CaptureError(f"Line {line} of {path} has a number that is none; the file is damaged, record again.")
    values = [0.0] * len(VALUES)
    for place, number in zip(layout.places, numbers, strict=True):
        values[place] = number
    return values


def _advancing(time: NDArray[np.float64], path: Path | str) -> NDArray[np.bool_]:
    """Where time is beyond all before."""
    latest = np.maximum.accumulate(np.concatenate([[-np.inf], time[:-1]]))
    keep = time > latest
    if 2 * int(keep.sum()) < len(time):
        raise CaptureError(f"The timecode of {path} stands still or runs backwards; record again.")
    return keep


def _check(values: NDArray[np.float64], angles: AngleUnit, path: Path | str) -> None:
    seen = values[~np.isnan(values[:, 0])]
    if not len(seen):
        raise CaptureError(f"{path} has no frame with a face; record again.")
    weights, turns = seen[:, : len(_APP_ORDER)], seen[:, len(_APP_ORDER) :]
    if np.abs(weights).max() > _LARGEST_WEIGHT:
        raise CaptureError(f"{path} has weights far beyond 0 to 1; export them as fractions, not as percent.")
    if angles == "RADIANS" and np.abs(turns).max() > _LARGEST_ANGLE:
        raise CaptureError(f"{path} has angles beyond half a turn in radians; read it with angles in degrees.")


def _take(
    time: NDArray[np.float64], values: NDArray[np.float64], angles: AngleUnit, start: str, rate: TimecodeRate
) -> LiveLinkTake:
    tracked = ~np.isnan(values[:, 0])
    arkit = np.empty((len(time), len(ARKIT_NAMES)))
    arkit[:, _TO_APP] = np.clip(values[:, : len(_APP_ORDER)], 0.0, 1.0)
    turns = values[:, len(_APP_ORDER) :].reshape(-1, 3, 3)
    turns = np.radians(turns) if angles == "DEGREES" else turns
    rotation = np.full((len(time), 4), np.nan)
    rotation[tracked] = continuous(from_matrices(head_rotations(turns[tracked, 0])))
    return LiveLinkTake(time, arkit, rotation, turns[:, 1:], tracked, start, rate)
