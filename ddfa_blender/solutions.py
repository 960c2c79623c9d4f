# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes, their Solutions and Performances: read, solved and cleaned once as long as nothing changes. Thread-safe."""

from __future__ import annotations

import threading
from collections import deque
from functools import cache, lru_cache
from pathlib import Path

from .cleaning.cleanup import CleanUpSettings, clean
from .errors import CaptureError
from .face_model import BUNDLED_BASIS, FaceModel
from .model_folder import MORPHABLE_MODEL, ModelFolder
from .morphable_model import MorphableModel
from .performance import Performance, Solution
from .solve import SolveSettings, solve
from .take import Take

#: An hour of footage is some 150 MB as a Take and 60 MB as a Solution: keep what one or two heads need.
_TAKES, _SOLUTIONS, _PERFORMANCES = 2, 4, 4

_Key = tuple[Path, int, int, FaceModel, SolveSettings]
_performances: deque[tuple[_Key, CleanUpSettings, Performance]] = deque(maxlen=_PERFORMANCES)
_lock = threading.Lock()


def take_at(path: Path | str) -> Take:
    """The take in a file; do not change its arrays.

    Raises:
        CaptureError: it is missing or damaged.
    """
    return _take(*_version(Path(path)))


def solution_of(path: Path | str, model: FaceModel, settings: SolveSettings) -> Solution:
    """The solved take of a file; do not change its arrays.

    Raises:
        CaptureError: the take is missing or damaged, or no frame of it is good enough.
    """
    return _solution(*_version(Path(path)), model, settings)


def performance_of(
    path: Path | str, model: FaceModel, solving: SolveSettings, cleaning: CleanUpSettings
) -> Performance:
    """The solved and cleaned take of a file; do not change its arrays. The same object as long as nothing changes.

    Raises:
        CaptureError: as :func:`solution_of`, or a setting of the cleaning does not fit the take.
    """
    key = (*_version(Path(path)), model, solving)
    # Cleaning holds a table of gains, so that it can be compared but not hashed.
    with _lock:
        for known, cleaned, performance in _performances:
            if known == key and cleaned == cleaning:
                return performance
    performance = clean(_solution(*key), model, cleaning)
    with _lock:
        _performances.appendleft((key, cleaning, performance))
    return performance


def head_model(basis: str, model_folder: Path | None = None) -> MorphableModel:
    """The head for coefficients in a ``basis``: the bundled one, or that of the ``model_folder``.

    Raises:
        CaptureError: neither is such a head.
    """
    if basis == BUNDLED_BASIS:
        return _bundled()
    if model_folder is not None:
        model = face_model(model_folder)
        if model.basis == basis and isinstance(model, MorphableModel):
            return model
    raise CaptureError(
        f"The take was captured with the model {basis}, which has no head to animate; "
        "capture the footage again with the bundled model."
    )


def face_model(model_folder: Path | None) -> FaceModel:
    """The morphable model of a model folder (None = the bundled one), loaded once.

    Raises:
        CaptureError: there is no model folder, or its model is broken.
    """
    folder = ModelFolder.at(model_folder)
    if folder.is_bundled:
        return _bundled()
    stamp = (folder.path / MORPHABLE_MODEL).stat().st_mtime_ns
    return _face_model(folder, stamp)


@cache
def _bundled() -> MorphableModel:
    return MorphableModel.load()


@lru_cache(maxsize=2)
def _face_model(folder: ModelFolder, _modified: int) -> FaceModel:
    return folder.face_model()


def _version(path: Path) -> tuple[Path, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise CaptureError(f"There is no take at {path}; check the path, or capture the footage again.") from error
    return path, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=_TAKES)
def _take(path: Path, _modified: int, _size: int) -> Take:
    return Take.load(path)


@lru_cache(maxsize=_SOLUTIONS)
def _solution(path: Path, modified: int, size: int, model: FaceModel, settings: SolveSettings) -> Solution:
    return solve(_take(path, modified, size), model, settings)
