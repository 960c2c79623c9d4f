# SPDX-License-Identifier: GPL-3.0-or-later
"""How far each source of the ARKit weights is to be believed: measured on renders, kept beside the model.

``python -m training.evaluation.arkit_reliability`` measures ``model/arkit_reliability.json`` for a regressor.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..names import ARKIT_NAMES, EXPRESSION_COUNT
from ..paths import model_file
from .landmark_reading import LandmarkReading
from .lips import LipReading

RELIABILITY = "arkit_reliability.json"
#: No source is exact: errors below this are not believed.
_SMALLEST_ERROR = 0.02
#: How much of what an ignorant network would lean to 0 by both share. With all of it, 1, units on footage become too
#: large beside the teacher.
_LEANS = 0.7


@dataclass(frozen=True, eq=False)
class Reliability:
    """Errors of the sources, and how the lips' gap and the 68 points' movement are read."""

    network_error: NDArray[np.float64]  # (52,) root mean square error of the scores
    mesh_error: NDArray[np.float64]  # (10, 10) second moment of the errors of the fitted mesh's components
    lips: LipReading
    landmarks: LandmarkReading | None = None  # None: the points say nothing of the weights
    #: How much of what the mesh tells is news beside the scores, 0…1: where they err together, less than all.
    mesh_counts: float = 1.0
    #: (52,) root mean square error of what is read off the upright face; None: nothing is.
    reading_error: NDArray[np.float64] | None = None
    #: (52,) root mean square of the weights themselves; None: nothing is known of it.
    usual: NDArray[np.float64] | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> Reliability:
        """Read ``model/arkit_reliability.json`` (or ``path``).

        Raises:
            CaptureError: the file is missing or is none.
        """
        file = path or model_file(RELIABILITY)
        try:
            return cls.from_json(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise CaptureError(f"The table {file} cannot be read; reinstall the extension.") from error

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Reliability:
        """Out of what :meth:`to_json` made.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        network = _by_name(data["network_error"])
        reading, usual = (None if data.get(key) is None else _by_name(data[key]) for key in ("reading_error", "usual"))
        mesh = np.array(data["mesh_error"], dtype=np.float64)
        if mesh.shape != (EXPRESSION_COUNT, EXPRESSION_COUNT) or not (
            np.isfinite(mesh).all()
            and all((each > 0.0).all() for each in (network, reading, usual) if each is not None)
        ):
            raise ValueError("not a table of errors")
        np.linalg.cholesky(mesh)  # LinAlgError is a ValueError
        lips = LipReading(**{key: float(value) for key, value in data["lips"].items()})
        points = data.get("landmarks")
        counts = float(data.get("mesh_counts", 1.0))
        if not 0.0 < counts <= 1.0:
            raise ValueError("not a share")
        moved = None if points is None else LandmarkReading.from_json(points)
        return cls(network, mesh, lips, moved, counts, reading, usual)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "network_error": _named_errors(self.network_error),
            "reading_error": None if self.reading_error is None else _named_errors(self.reading_error),
            "usual": None if self.usual is None else _named_errors(self.usual),
            "mesh_error": [[round(float(x), 5) for x in row] for row in self.mesh_error],
            "mesh_counts": self.mesh_counts,
            "lips": {key: round(float(value), 4) for key, value in vars(self.lips).items()},
            "landmarks": None if self.landmarks is None else self.landmarks.to_json(),
        }

    def named(self, scores: NDArray, readings: NDArray | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What both networks say together (N, 52), 0…1, and how much that tells (52,), an inverse of squared errors.

        Each leans to 0 as far as it does not know. What both lean by is no news twice, or a network that always says 0
        would halve what the other one sees.

        Args:
            scores: (N, 52) of the regressor.
            readings: (N, 52) off the upright face; None: nobody read it.
        """
        first = np.clip(np.asarray(scores, dtype=np.float64), 0.0, 1.0)
        if readings is None or self.reading_error is None:
            return first, self.score_information
        second, both = np.clip(np.asarray(readings, dtype=np.float64), 0.0, 1.0), self.information
        shares = self.score_information / both, (both - self.score_information + self._leaning) / both
        return np.minimum(first * shares[0] + second * shares[1], 1.0), both

    @property
    def score_information(self) -> NDArray[np.float64]:
        """(52,): inverse of the scores' squared errors."""
        return np.maximum(_information(self.network_error), self._leaning)

    @property
    def information(self) -> NDArray[np.float64]:
        """(52,): inverse of the squared errors of what both networks say."""
        if self.reading_error is None:
            return self.score_information
        return self.score_information + np.maximum(_information(self.reading_error), self._leaning) - self._leaning

    @property
    def _leaning(self) -> NDArray[np.float64]:
        """(52,): what either network would know of weights that it cannot see: that they are small."""
        return np.zeros(len(ARKIT_NAMES)) if self.usual is None else _LEANS * _information(self.usual)

    def mesh_information(self, components: NDArray) -> NDArray[np.float64]:
        """(52, 52): what the fitted mesh tells of weights that move the ten components by (52, 10) each."""
        return np.asarray(components @ np.linalg.solve(self.mesh_error, components.T), dtype=np.float64)


def _information(error: NDArray) -> NDArray[np.float64]:
    return np.asarray(1.0 / np.maximum(error, _SMALLEST_ERROR) ** 2)


def _by_name(data: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([data[name] for name in ARKIT_NAMES], dtype=np.float64)


def _named_errors(errors: NDArray) -> dict[str, float]:
    return {name: round(float(x), 4) for name, x in zip(ARKIT_NAMES, errors, strict=True)}


@lru_cache(maxsize=1)
def bundled_reliability() -> Reliability:
    """That of the bundled regressor, read once.

    Raises:
        CaptureError: the file is missing or is none.
    """
    return Reliability.load()
