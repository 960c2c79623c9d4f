# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the footage and what a frame of it looks like.

All reading is done on one thread; panels ask with every redraw, get what is known by then, and are redrawn when more is
known. What a file says is kept until its time stamp or size changes.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import bpy

from ..ddfa_blender.background import Background
from ..ddfa_blender.errors import CaptureError, unloadable
from ..ddfa_blender.footage.footage_info import FootageFacts, read_facts
from . import previews, redraw
from .footage_sources import Source, part_of, source_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..ddfa_blender.capture import Engine
    from ..ddfa_blender.footage.preview import FrameFaces
    from .properties.footage import FootageSettings

#: Names of the pictures in ``previews``.
FRAME_PICTURE, FACE_PICTURE = "frame", "face {}"
#: Seconds after which a file is looked at again while a panel shows it, and between two looks at the thread.
_STALE_SECONDS, _POLL_SECONDS = 2.0, 0.05
#: Seconds within which a picked face's frame is the one that is shown; properties are of single precision.
_SAME_FRAME = 0.01

_Result = TypeVar("_Result")
_Stamp = tuple[int, int]  # a file's time stamp and size
_Key = tuple[Path, float]  # a file and the rate that numbered pictures are given
Pick = tuple[tuple[float, float], float]  # a point in the picture and the second at which it was picked
_ViewKey = tuple[_Key, _Stamp | None, float, Pick | None]  # a file as it was, the second, and who was picked


@dataclass(frozen=True)
class Reading:
    """What a look at a file gave: facts, or what to do about it."""

    facts: FootageFacts | None
    problem: str
    stamp: _Stamp | None


@dataclass(frozen=True, eq=False)
class View:
    """A frame of the footage that can be shown, or why none can. ``chosen`` is the face to be tracked."""

    key: _ViewKey
    frame: FrameFaces | None
    chosen: int | None
    problem: str
    has_close_ups: bool = True  # they are in the frame's picture, not on their own

    @property
    def face_count(self) -> int:
        """Faces in the frame."""
        return len(self.frame.boxes) if self.frame is not None else 0


_Made = tuple[View, list[tuple[str, "NDArray[np.uint8]"]]]  # with its pictures by name

_background = Background("footage")
_readings: dict[_Key, Reading] = {}
_looked_at: dict[_Key, float] = {}
_made: _Made | None = None  # by the thread: a view and its pictures, not yet shown
_shown: View | None = None
_asked: _ViewKey | None = None  # the key of the newest view that was asked for
# Of the thread alone: the networks, and the newest frame with what it is of.
_engine: Engine | None = None
_looked: tuple[tuple, FrameFaces] | None = None


def peek(source: Source) -> Reading | None:
    """What is known of a file; None while it is being read. Never waits."""
    key, now = (source.path, source.sequence_rate), time.monotonic()
    if now - _looked_at.get(key, -_STALE_SECONDS) >= _STALE_SECONDS:
        _looked_at[key] = now
        _ask("facts", lambda: _read(key))
    return _readings.get(key)


def facts_now(source: Source) -> FootageFacts:
    """The facts, read at once if need be.

    Raises:
        CaptureError: the file cannot be read.
    """
    key = source.path, source.sequence_rate
    _read(key)
    reading = _readings[key]
    if reading.facts is None:
        raise CaptureError(reading.problem)
    return reading.facts


def known_duration(footage: FootageSettings) -> float:
    """Seconds of the footage, 0 while they are not known. Never waits."""
    try:
        source = source_of(footage)
    except CaptureError:
        return 0.0
    reading = _readings.get((source.path, source.sequence_rate))
    return reading.facts.duration if reading is not None and reading.facts is not None else 0.0


def view(footage: FootageSettings, source: Source, reading: Reading) -> View | None:
    """The newest frame that can be shown of this footage; the one asked for follows. Never waits."""
    global _asked  # noqa: PLW0603 (this module is the state)
    if reading.facts is None:
        return None
    try:
        start, end = part_of(source, reading.facts)
    except CaptureError:
        start, end = 0.0, None  # the panel says so beside the strip
    at = min(max(footage.preview_time, start), math.inf if end is None else end)
    key = (source.path, source.sequence_rate), reading.stamp, round(at, 4), footage.picked()
    if key != _asked:
        _asked = key
        _ask("view", lambda: _look(key))
    return _shown if _shown is not None and _shown.key[:2] == key[:2] else None


def shown(footage: FootageSettings) -> View | None:
    """The frame of this footage that is shown now."""
    try:
        source = source_of(footage)
    except CaptureError:
        return None
    return _shown if _shown is not None and _shown.key[0] == (source.path, source.sequence_rate) else None


def finish(seconds: float | None = None) -> bool:
    """Wait until all that was asked for is there, for scripts; False if it has not come within ``seconds``."""
    done = _background.wait(seconds)
    _show()
    return done


def forget() -> None:
    """Stop reading and let go of everything."""
    global _made, _shown, _asked, _engine, _looked  # noqa: PLW0603 (this module is the state)
    _background.stop(10.0)
    if bpy.app.timers.is_registered(_poll):
        bpy.app.timers.unregister(_poll)
    _readings.clear()
    _looked_at.clear()
    _made = _shown = _asked = _engine = _looked = None
    previews.clear()


def _ask(kind: str, task: Callable[[], None]) -> None:
    _background.ask(kind, task)
    # Opening another file ends timers, so that this must be looked at each time.
    if not bpy.app.timers.is_registered(_poll):
        bpy.app.timers.register(_poll, first_interval=_POLL_SECONDS)


def _poll() -> float | None:
    """On the main thread: show what the other one has found."""
    busy = _background.busy
    _show()
    redraw.sidebars()
    return _POLL_SECONDS if busy else None


def _show() -> None:
    """On the main thread: make the pictures of the newest view the ones that panels show."""
    global _shown
    if _made is None or _made[0] is _shown:
        return
    _shown, pictures = _made
    for name, picture in pictures:
        previews.show(name, picture)


def _read(key: _Key) -> None:
    """Look at a file, unless it is as it was."""
    path, rate = key
    stamp = _stamp(path)
    known = _readings.get(key)
    if known is not None and known.stamp == stamp and stamp is not None:
        return
    try:
        _readings[key] = Reading(_guarded(lambda: read_facts(path, rate)), "", stamp)
    except CaptureError as error:
        _readings[key] = Reading(None, str(error), stamp)


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116 (Path.stat would be the same)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _look(key: _ViewKey) -> None:
    """Get the frame of a view and draw its pictures."""
    global _made  # noqa: PLW0603 (this module is the state)
    try:
        _made = _guarded(lambda: _draw(key))
    except CaptureError as error:
        _made = View(key, None, None, str(error)), []


def _draw(key: _ViewKey) -> _Made:
    global _looked  # noqa: PLW0603 (this module is the state)
    (path, rate), _, at, pick = key
    if _looked is None or _looked[0] != key[:3]:
        _looked = key[:3], _faces_at(path, at, rate)
    frame = _looked[1]
    chosen = frame.preferred() if pick is None else None
    if pick is not None and abs(pick[1] - frame.time) < _SAME_FRAME:
        chosen = frame.preferred(pick[0])
    pictures = frame.pictures(chosen)
    named = [(FRAME_PICTURE, pictures.frame)]
    named += [(FACE_PICTURE.format(i + 1), face) for i, face in enumerate(pictures.faces)]
    return View(key, frame, chosen, "", has_close_ups=not pictures.faces), named


def _faces_at(path: Path, at: float, rate: float) -> FrameFaces:
    global _engine  # noqa: PLW0603 (this module is the state)
    from ..ddfa_blender.capture import Engine
    from ..ddfa_blender.footage.preview import look_at

    if _engine is None:
        _engine = Engine.kept()
    return look_at(_engine, path, at, rate)


def _guarded(work: Callable[[], _Result]) -> _Result:
    """Run ``work``; whatever goes wrong becomes a sentence, for a thread has nobody to tell.

    Raises:
        CaptureError: it went wrong.
    """
    try:
        return work()
    except CaptureError:
        raise
    except ImportError as error:
        raise unloadable(error) from error
    except Exception as error:
        raise CaptureError(f"{error or type(error).__name__}; pick other footage.") from error
