# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the worker thread: footage to Take to Performance, the Take kept on disk. No bpy here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..ddfa_blender.errors import CaptureCancelled, CaptureError
from ..ddfa_blender.morphable_model import MorphableModel
from ..ddfa_blender.performance import Performance
from ..ddfa_blender.settings import CaptureSettings
from ..ddfa_blender.solve import SolveSettings, solve


@dataclass(frozen=True)
class CaptureTask:
    """One capture, with every setting taken down when the user asked for it."""

    video: Path
    take_file: Path
    capture: CaptureSettings
    solve: SolveSettings

    def __call__(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Captured:
        """Run it to the end; nothing is written before everything has worked.

        Raises:
            CaptureError: the footage cannot be used or the take cannot be saved.
            CaptureCancelled: ``cancelled`` said so.
        """
        model = MorphableModel.load()
        try:
            from ..ddfa_blender.capture import capture
        except ImportError as error:
            raise CaptureError(
                f"A part that came with the extension cannot be loaded ({error}); "
                "reinstall the extension for this version of Blender and restart Blender."
            ) from error
        take = capture(self.video, settings=self.capture, progress=progress, cancelled=cancelled)
        performance = solve(take, model, self.solve)
        if cancelled():
            raise CaptureCancelled
        take.save(self.take_file)
        return Captured(model, performance, self.take_file)


@dataclass(frozen=True)
class Captured:
    """What the main thread puts into the scene."""

    model: MorphableModel
    performance: Performance
    take_file: Path


def take_file_name(video: Path) -> str:
    """``clip-1a2b3c4d.npz``: the same for the same footage, apart for namesakes in different folders."""
    digest = hashlib.sha256(str(video).encode()).hexdigest()[:8]
    return f"{video.stem}-{digest}.npz"
