# SPDX-License-Identifier: GPL-3.0-or-later
"""A take, solved and cleaned as by default, as the files that other programs read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from .cleaning.cleanup import clean
from .errors import CaptureError
from .face_model import FaceModel
from .formats.bvh import write_bvh
from .formats.live_link_face import write_live_link_face
from .formats.performance_file import save_performance
from .model_folder import ModelFolder
from .performance import Performance
from .solve import solve
from .take import Take

#: Writer of each kind of file.
TRACKS: dict[str, Callable[[Performance, Path], None]] = {
    "csv": write_live_link_face,
    "bvh": write_bvh,
    "json": save_performance,
}


def check_tracks(kinds: Collection[str], model: Path | None) -> None:
    """Make sure, before long work, that a model folder (None: the bundled one) gives files of these ``kinds``.

    Raises:
        CaptureError: its network does not measure what one of them holds, or it is no model folder.
    """
    if model is not None and "csv" in kinds:
        _check_measured(kinds, ModelFolder.at(model).regressor().absent_outputs)


def write_tracks(take: Take, model: FaceModel, files: Mapping[str, Path | None]) -> None:
    """Write the ``files`` by kind, of :data:`TRACKS`; None = not wanted.

    Raises:
        CaptureError: no frame of the take is good enough, its network does not measure what a file holds, or one
            cannot be written.
    """
    wanted = {kind: path for kind, path in files.items() if path is not None}
    if not wanted:
        return
    _check_measured(wanted, take.header.absent_outputs)
    performance = clean(solve(take, model), model)
    for kind, path in wanted.items():
        TRACKS[kind](performance, path)


def _check_measured(kinds: Collection[str], absent_outputs: Collection[str]) -> None:
    if "csv" in kinds and "arkit" in absent_outputs:
        raise CaptureError("The model does not measure ARKit channels; leave --csv out, or use the bundled model.")
