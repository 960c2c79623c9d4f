# SPDX-License-Identifier: GPL-3.0-or-later
"""The 3DDFA-V2 regressor: face crops in, 62 parameters and more out (``model/regressor.onnx``)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import CaptureError
from .names import ARKIT_NAMES, PARAMETER_COUNT
from .paths import model_file
from .projection import CROP_SIZE
from .session import open_session


class Regression(NamedTuple):
    """What the network says of N crops; all float32."""

    params: NDArray[np.float32]  # (N, 62), real units
    landmarks: NDArray[np.float32]  # (N, 136), 68 × (x, y) crop pixels, y down
    arkit: NDArray[np.float32]  # (N, 52), 0…1
    confidence: NDArray[np.float32]  # (N, 1), 0…1: a face is there and uncovered


#: Length of each output, in the order of Regression.
_LENGTHS = (PARAMETER_COUNT, 136, len(ARKIT_NAMES), 1)


class Regressor:
    """A session of the regressor on one thread."""

    def __init__(self, path: Path | None = None) -> None:
        """Load ``model/regressor.onnx`` (or ``path``).

        Raises:
            CaptureError: onnxruntime or the file is missing or broken, or it is another kind of network.
        """
        file = path or model_file("regressor.onnx")
        self._session = open_session(file)
        outputs = {output.name for output in self._session.get_outputs()}
        if not outputs.issuperset(Regression._fields):
            raise CaptureError(f"{file} is not a face regressor; reinstall the extension.")
        #: Name and content hash of the file, for the header of a Take.
        self.name = file.name
        self.digest = hashlib.sha256(file.read_bytes()).hexdigest()

    def predict(self, crops: NDArray[np.uint8]) -> Regression:
        """Regress crops (N, 120, 120, 3) uint8 RGB, as ``roi.crop`` makes them.

        Raises:
            ValueError: the crops have another shape or type.
        """
        if crops.ndim != 4 or crops.shape[1:] != (CROP_SIZE, CROP_SIZE, 3) or crops.dtype != np.uint8:
            raise ValueError(f"expected (N, {CROP_SIZE}, {CROP_SIZE}, 3) uint8, got {crops.shape} {crops.dtype}")
        if len(crops) == 0:
            return Regression(*(np.zeros((0, length), np.float32) for length in _LENGTHS))
        return Regression(*self._session.run(list(Regression._fields), {"image": crops}))
