# SPDX-License-Identifier: GPL-3.0-or-later
"""Which channels belong to the head, the brows, the eyes and the mouth, and which belong together left and right.

ARKit's names say it themselves. The ten expression components mix the regions, so their parts are worked out from
the model: what a component does near the brows, say, expressed in components again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureError
from ..face_model import FaceModel
from ..names import ARKIT_INDEX, ARKIT_NAMES
from ..symmetry import MIRRORED_LANDMARKS

#: Groups of the face; the head's movement is the fourth.
FACE_GROUPS = ("brows", "eyes", "mouth")


@dataclass(frozen=True)
class GroupValues:
    """A number for each group of channels."""

    head: float = 0.0  # rotation and translation
    brows: float = 0.0
    eyes: float = 0.0  # lids and gaze
    mouth: float = 0.0  # with jaw, cheeks, nose and tongue

    def check(self, low: float, high: float, problem: str) -> None:
        """Raise CaptureError(problem) unless all are finite and within the range."""
        if not all(math.isfinite(value) and low <= value <= high for value in (self.head, *self.face)):
            raise CaptureError(problem)

    @property
    def face(self) -> tuple[float, float, float]:
        """In the order of FACE_GROUPS."""
        return self.brows, self.eyes, self.mouth


def _group(name: str) -> int:
    return 0 if name.startswith("brow") else 1 if name.startswith("eye") else 2


#: (52,) index into FACE_GROUPS.
ARKIT_GROUPS = np.array([_group(name) for name in ARKIT_NAMES])
#: Eyelids that blink, left and right.
BLINKS = (ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"])
#: Gaze: (4, 2) opposite directions of one eye: out and in, up and down; left eye first.
GAZE = np.array([
    [ARKIT_INDEX[f"eyeLook{direction}{side}"] for direction in pair]
    for side in ("Left", "Right") for pair in (("Out", "In"), ("Up", "Down"))
])  # fmt: skip
#: (P, 2) units that do the same on the left and on the right half of the face.
SIDE_PAIRS = np.array([
    [i, ARKIT_INDEX[name.removesuffix("Left") + "Right"]]
    for i, name in enumerate(ARKIT_NAMES)
    if name.endswith("Left") and not name.startswith("eyeLook") and name not in ("jawLeft", "mouthLeft")
])  # fmt: skip
#: (4, 2) units by which both eyes look the same way.
GAZE_PAIRS = np.array([
    [ARKIT_INDEX[f"eyeLook{left}Left"], ARKIT_INDEX[f"eyeLook{right}Right"]]
    for left, right in (("Out", "In"), ("In", "Out"), ("Up", "Up"), ("Down", "Down"))
])  # fmt: skip
#: Units that move the middle of the face to one side; a symmetrical face has none of them.
SIDEWAYS = np.array([ARKIT_INDEX[name] for name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")])

#: Changes below these are not seen: nothing smaller is a peak to keep. Weights of ARKit's units and of components,
#: millimetres, and a quarter of a degree as the length of a quaternion's change.
ARKIT_FLOOR, EXPRESSION_FLOOR, TRANSLATION_FLOOR, ROTATION_FLOOR = 0.02, 0.1, 0.5, math.radians(0.25) / 2.0


def _landmark_groups() -> NDArray[np.intp]:
    groups = np.full(68, 2)  # jaw line, nose, mouth
    groups[17:27] = 0
    groups[36:48] = 1
    return groups


_LANDMARK_GROUPS = _landmark_groups()
#: Distance in millimetres from the middle of the face at which a point belongs to its side entirely.
_SIDE_WIDTH = 10.0


@dataclass(frozen=True, eq=False)
class ExpressionParts:
    """Matrices (3, 10, 10), one for each of FACE_GROUPS; they act on columns of ten coefficients.

    Each is the least-squares answer, on the 68 landmarks, to: which coefficients do only this? The landmarks of a
    region together weigh as much as those of any other, however many it has.
    """

    region: NDArray[np.float64]  # what the expression does in the group's region; the three add up to the whole
    side: NDArray[np.float64]  # the same, with its right half negated
    asymmetry: NDArray[np.float64]  # the part of it that the mirrored face would not show

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, model: FaceModel) -> ExpressionParts:
        """For a model's components; worked out once."""
        basis = model.at_landmarks(model.expression_basis).astype(np.float64)  # (10, 68, 3)
        weight = 1.0 / np.sqrt(np.bincount(_LANDMARK_GROUPS))[_LANDMARK_GROUPS]
        inverse = np.linalg.pinv((basis * weight[:, None]).reshape(len(basis), -1).T, rcond=1e-6)
        side = np.clip(model.at_landmarks(model.mean)[:, 0].astype(np.float64) / _SIDE_WIDTH, -1.0, 1.0)
        odd = (basis - basis[:, MIRRORED_LANDMARKS] * [-1.0, 1.0, 1.0]) / 2.0

        def parts(fields: NDArray) -> NDArray[np.float64]:
            inside = np.arange(len(FACE_GROUPS))[:, None] == _LANDMARK_GROUPS
            weighted = fields * (inside * weight)[:, None, :, None]
            return inverse @ weighted.reshape(len(inside), len(basis), -1).swapaxes(-1, -2)

        return cls(region=parts(basis), side=parts(basis * side[:, None]), asymmetry=parts(odd))
