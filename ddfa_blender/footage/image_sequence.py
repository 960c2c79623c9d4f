# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbered pictures as footage: ``shot_0001.png``, ``shot_0002.png`` …"""

from __future__ import annotations

import re
from pathlib import Path

from numpy.typing import NDArray

from ..errors import CaptureError
from .photo import read_photo

#: What stands before the last number of a file's name (without its suffix), the number, and what follows it.
_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")


def sequence_from(first: Path) -> list[tuple[int, Path]]:
    """The pictures numbered on from ``first`` in its folder, with their numbers; empty when it stands alone.

    Gaps in the numbers stay gaps.

    Raises:
        CaptureError: the folder cannot be listed.
    """
    name = _NUMBERED.fullmatch(first.stem)
    if name is None:
        return []
    pattern = re.compile(re.escape(name[1]) + r"(\d+)" + re.escape(name[3] + first.suffix))
    found: dict[int, Path] = {}
    try:
        for file in first.parent.iterdir():
            match = pattern.fullmatch(file.name)
            if match and int(match[1]) >= int(name[2]):
                found.setdefault(int(match[1]), file)
    except OSError as error:
        raise CaptureError(
            f"The folder {first.parent} cannot be listed ({error.strerror}); check its permissions."
        ) from error
    found[int(name[2])] = first
    return sorted(found.items()) if len(found) > 1 else []


class SequenceReader:
    """Reads the pictures in order; picture ``number`` is shown (number − first number) / ``rate`` seconds in."""

    def __init__(self, files: list[tuple[int, Path]], rate: float) -> None:
        self._files = files
        self._rate = rate
        self._place = -1
        image = read_photo(files[0][1])
        self.size = image.shape[1], image.shape[0]  # width, height

    @property
    def frame_count(self) -> int:
        """Pictures from the first to the last, missing ones included."""
        return self._files[-1][0] - self._files[0][0] + 1

    def grab(self) -> tuple[int, float] | None:
        """Go to the next picture: its index from the first and its time in seconds; None at the end."""
        if self._place + 1 >= len(self._files):
            return None
        self._place += 1
        index = self._files[self._place][0] - self._files[0][0]
        return index, index / self._rate

    def retrieve(self) -> NDArray | None:
        """The picture (H, W, 3) as BGR; None when it cannot be read."""
        try:
            return read_photo(self._files[self._place][1])[..., ::-1]
        except CaptureError:
            return None  # one damaged picture is a lost frame, as in a video

    def seek(self, time: float) -> None:
        """Let :meth:`grab` go on with the picture that is shown at ``time`` seconds."""
        index = round(time * self._rate)
        shown = [place for place, (number, _) in enumerate(self._files) if number - self._files[0][0] <= index]
        self._place = max(shown, default=0) - 1

    def release(self) -> None:
        """Nothing is held open."""
