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


@dataclass(frozen=True, eq=False)
class Reliability:
    """Errors of the sources, and how the lips' gap and the 68 points' movement are read."""

    network_error: NDArray[np.float64]  # (52,) root mean square error of the scores
    mesh_error: NDArray[np.float64]  # (10, 10) second moment of the errors of the fitted mesh's components
    lips: LipReading
    landmarks: LandmarkReading | None = None  # None: the points say nothing of the weights
    #: How much of what the mesh tells is news beside the scores, 0…1: where they err together, less than all.
    mesh_counts: float = 1.0

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
        network = np.array([data["network_error"][name] for name in ARKIT_NAMES], dtype=np.float64)
        mesh = np.array(data["mesh_error"], dtype=np.float64)
        if mesh.shape != (EXPRESSION_COUNT, EXPRESSION_COUNT) or not (
            np.isfinite(mesh).all() and (network > 0.0).all()
        ):
            raise ValueError("not a table of errors")
        np.linalg.cholesky(mesh)  # LinAlgError is a ValueError
        lips = LipReading(**{key: float(value) for key, value in data["lips"].items()})
        points = data.get("landmarks")
        counts = float(data.get("mesh_counts", 1.0))
        if not 0.0 < counts <= 1.0:
            raise ValueError("not a share")
        return cls(network, mesh, lips, None if points is None else LandmarkReading.from_json(points), counts)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "network_error": {
                name: round(float(x), 4) for name, x in zip(ARKIT_NAMES, self.network_error, strict=True)
            },
            "mesh_error": [[round(float(x), 5) for x in row] for row in self.mesh_error],
            "mesh_counts": self.mesh_counts,
            "lips": {key: round(float(value), 4) for key, value in vars(self.lips).items()},
            "landmarks": None if self.landmarks is None else self.landmarks.to_json(),
        }

    @property
    def network_information(self) -> NDArray[np.float64]:
        """(52, 52): inverse of the scores' squared errors."""
        return np.diag(1.0 / np.maximum(self.network_error, _SMALLEST_ERROR) ** 2)

    def mesh_information(self, components: NDArray) -> NDArray[np.float64]:
        """(52, 52): what the fitted mesh tells of weights that move the ten components by (52, 10) each."""
        return np.asarray(components @ np.linalg.solve(self.mesh_error, components.T), dtype=np.float64)


@lru_cache(maxsize=1)
def bundled_reliability() -> Reliability:
    """That of the bundled regressor, read once.

    Raises:
        CaptureError: the file is missing or is none.
    """
    return Reliability.load()
