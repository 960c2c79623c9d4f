# SPDX-License-Identifier: GPL-3.0-or-later
"""A take, solved and cleaned as by default, as the files that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from .cleaning.cleanup import clean
from .errors import CaptureError
from .face_model import FaceModel
from .formats.bvh import write_bvh
from .formats.live_link_face import write_live_link_face
from .formats.performance_file import save_performance
from .performance import Performance
from .solve import solve
from .take import Take

#: Writer of each kind of file.
TRACKS: dict[str, Callable[[Performance, Path], None]] = {
    "csv": write_live_link_face,
    "bvh": write_bvh,
    "json": save_performance,
}


def write_tracks(take: Take, model: FaceModel, files: Mapping[str, Path | None]) -> None:
    """Write the ``files`` by kind, of :data:`TRACKS`; None = not wanted.

    Raises:
        CaptureError: no frame of the take is good enough, its network does not measure what a file holds, or one
            cannot be written.
    """
    wanted = {kind: path for kind, path in files.items() if path is not None}
    if not wanted:
        return
    if "csv" in wanted and "arkit" in take.header.absent_outputs:
        raise CaptureError("The model does not measure ARKit channels; leave the CSV out, or use the bundled model.")
    performance = clean(solve(take, model), model)
    for kind, path in wanted.items():
        TRACKS[kind](performance, path)
